import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from featurizers.cache import ResultCache, result_cache


@pytest.fixture
def path(tmp_path):
    return tmp_path / "new folder" / "cache.json"


def test_a_result_is_computed_once_and_kept(path):
    calls = []
    assert ResultCache(path).get(["a"], lambda name: calls.append(name) or 1) == {"a": 1}
    assert ResultCache(path).get(["a"], lambda name: calls.append(name) or 2) == {"a": 1}
    assert calls == ["a"]


@pytest.mark.parametrize("content", [b"", b"{", b"[1, 2]", b'{"a": 1', b"\xff\xfe\x00", b"null"])
def test_a_corrupt_file_is_written_anew(path, content):
    path.parent.mkdir()
    path.write_bytes(content)
    assert ResultCache(path).get(["a"], len) == {"a": 1}
    assert json.loads(path.read_text()) == {"a": 1}


def test_parallel_writers_leave_a_whole_file(path):
    caches = [ResultCache(path) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda cache: [cache.get([f"{n:04d}"], int) for n in range(20)], caches))
    assert json.loads(path.read_text()) == {f"{n:04d}": n for n in range(20)}
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_what_others_wrote_is_kept(path):
    one, other = ResultCache(path), ResultCache(path)
    one.get(["a"], len)
    other.get(["bb"], len)
    assert json.loads(path.read_text()) == {"a": 1, "bb": 2}


def test_without_a_path_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert ResultCache(None).get(["a"], len) == {"a": 1}
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_a_warning(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.warns(UserWarning, match="cannot be written"):
        assert ResultCache(tmp_path / "file" / "cache.json").get(["a"], len) == {"a": 1}


def test_another_version_or_definition_is_another_file(tmp_path, monkeypatch):
    def name(definition):
        return result_cache("kind", tmp_path, ["numpy"], definition).path.name

    first = name("one")
    assert first == name("one")
    assert first != name("two")
    monkeypatch.setattr("featurizers.cache.version", lambda _: "0.0.1")
    assert name("one") != first
    assert name("one").startswith("kind_numpy-0.0.1_")
