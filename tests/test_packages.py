"""The five packages are those of this checkout, although `datasets` is also the name of another project."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("datasets", "featurizers", "models", "screening", "experiments")


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_from_this_checkout(package, tmp_path):
    code = f"import {package}; print({package}.__file__)"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()) == ROOT / package / "__init__.py"


def test_the_other_datasets_is_not_locked():
    locked = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "\ndatasets==" not in locked
    assert "\ntorch==" not in locked


def test_the_lock_names_no_index_and_every_requirement_has_hashes():
    locked = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in locked
    assert "index" not in locked.split("==")[0]
    pins = locked.count("==")
    assert 0 < pins <= locked.count("--hash=sha256:")
