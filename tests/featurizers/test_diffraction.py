import json
import math
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.analysis.diffraction.xrd import WAVELENGTHS, XRDCalculator

from datasets.errors import InputError
from featurizers.diffraction import WAVELENGTH_A, parse_peaks, picture, xrd
from featurizers.impurities import IMPURITIES
from featurizers.structures import phase_structure

PAPER_PEAKS = (15.7, 22.3, 26.5)


def test_wavelengths_are_pymatgens():
    assert {name: WAVELENGTHS[name] for name in WAVELENGTH_A} == WAVELENGTH_A


@settings(max_examples=10, deadline=None)
@given(st.sampled_from([0.0, 0.3, 1.0]), st.sampled_from(sorted(WAVELENGTH_A)), st.sampled_from([3.8, 3.9774, 4.2]))
def test_lines_obey_bragg(x, radiation, edge):
    for line in xrd(x, radiation, lattice_parameter_A=edge).lines:
        h, k, l = map(int, line.hkl[1:4])  # noqa: E741 - Miller's letters
        spacing = edge / math.sqrt(h * h + k * k + l * l)
        assert line.spacing_A == pytest.approx(spacing)
        assert math.sin(math.radians(line.two_theta_deg / 2)) == pytest.approx(WAVELENGTH_A[radiation] / 2 / spacing)


def test_the_ratio_of_the_first_lines_tells_chloride_from_bromide():
    def ratio(x):
        first, second, *_ = xrd(x).lines
        return first.intensity_pct / second.intensity_pct

    assert [ratio(x) for x in (1, 0.5, 0)] == pytest.approx([0.13, 0.33, 0.47], abs=0.01)


def test_the_papers_extra_peaks_are_lithium_chloride():
    result = xrd(0.5, "MoKa", 3.9774, PAPER_PEAKS)
    score = {impurity.name: impurity for impurity in result.impurities}
    assert result.impurities[0].name == "LiCl"
    assert set(score) == set(IMPURITIES)
    assert score["LiCl"].score == pytest.approx(1)
    # Its many lines lie closer to the peaks, by chance; those that are missing tell.
    assert score["Li2CO3"].misfit_deg < score["LiCl"].misfit_deg
    assert score["Li2CO3"].score < 0.5
    assert "LiCl explains the 3 extra peaks" in result.sentence
    assert "look for LiCl (111) at 13.8 deg" in result.sentence
    assert "agrees with x = 0.5" in result.sentence


def test_copper_does_not_fit_the_papers_peaks():
    assert "None of" in xrd(0.5, "CuKa", 3.9774, PAPER_PEAKS).sentence


def test_in_a_named_range_the_missing_strongest_line_counts():
    narrow, wide = (xrd(0.5, peaks=PAPER_PEAKS, range_deg=span).impurities for span in (None, (5, 27)))
    assert narrow[0].score == pytest.approx(1)
    licl = next(impurity for impurity in wide if impurity.name == "LiCl")
    assert licl.score < 0.5
    assert licl.absent_pct > 20


@pytest.mark.parametrize("name", IMPURITIES)
def test_an_impuritys_own_lines_are_named_after_it(name):
    pattern = XRDCalculator("CuKa").get_pattern(phase_structure(name), two_theta_range=(10, 60))
    peaks = [float(angle) for angle, intensity in zip(pattern.x, pattern.y, strict=True) if intensity > 10]
    assert xrd(0.5, "CuKa", peaks=peaks).impurities[0].name == name


def test_a_cell_edge_alone_is_enough():
    result = xrd(lattice_parameter_A=3.9774)
    assert result.halide_cl == pytest.approx(0.508, abs=0.001)
    assert result.formula == "Li2OHCl0.51Br0.49"
    assert result.impurities == ()
    assert xrd(lattice_parameter_A=4.2).halide_cl == 0
    assert "does not agree with x = 1" in xrd(1.0, lattice_parameter_A=4.0).sentence


def test_the_result_is_json():
    plain = json.loads(json.dumps(xrd(0.5, peaks=[15.7], lattice_parameter_A=3.98).to_dict(), allow_nan=False))
    assert plain["formula"] == "Li2OHCl0.5Br0.5"
    assert plain["lines"][0]["hkl"] == "(100)"
    assert plain["composition"]["halide_cl"] == pytest.approx(0.489, abs=0.001)
    assert {impurity["name"] for impurity in plain["impurities"]} == set(IMPURITIES)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "halide_cl: got nothing, expected x in 0 to 1, or else a lattice parameter"),
        ({"halide_cl": 1.5}, "halide_cl: got 1.5"),
        ({"halide_cl": 0.5, "radiation": "MoKA"}, "radiation: got 'MoKA', expected MoKa or CuKa; did you mean MoKa"),
        ({"lattice_parameter_A": 39.774}, "lattice_parameter: got 39.774"),
        ({"halide_cl": 0.5, "peaks": [-3.0]}, "peaks: got -3.0"),
        ({"halide_cl": 0.5, "peaks": [60.0]}, "peaks: got 60.0, expected degrees two-theta between 0 and 41.6"),
        ({"halide_cl": 0.5, "peaks": [9.0], "range_deg": (10, 30)}, "peaks: got 9.0, expected .* between 10 and 30.0"),
        ({"halide_cl": 0.5, "range_deg": (30, 10)}, "range: got"),
        ({"halide_cl": -1, "radiation": "x"}, "2 problems"),
    ],
)
def test_wrong_input_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        xrd(**arguments)


@pytest.mark.parametrize("text", ["", "15,7;22,3", "a,b", "nan", "15.7 22.3"])
def test_peaks_that_are_no_numbers_are_refused(text):
    with pytest.raises(InputError, match="expected degrees two-theta with a decimal point"):
        parse_peaks(text)


@pytest.mark.parametrize(
    ("name", "begins"), [("a.png", b"\x89PNG"), ("new folder/b.svg", b"<?xml"), ("c.PNG", b"\x89PNG")]
)
@pytest.mark.parametrize("peaks", [None, PAPER_PEAKS])
def test_the_picture_is_drawn(tmp_path, name, begins, peaks):
    picture(xrd(0.5, peaks=peaks), tmp_path / name)
    assert (tmp_path / name).read_bytes().startswith(begins)
    assert [file.name for file in (tmp_path / name).parent.iterdir()] == [(tmp_path / name).name]


def test_a_picture_of_another_kind_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"expected a file name that ends in \.png or \.svg"):
        picture(xrd(0.5), tmp_path / "a.pdf")


@pytest.mark.slow
def test_a_second_look_needs_neither_pymatgen_nor_pandas(tmp_path):
    xrd(0.5, peaks=PAPER_PEAKS, cache_dir=tmp_path)
    code = (
        "import sys; from featurizers.diffraction import xrd\n"
        f"print(xrd(0.5, peaks={PAPER_PEAKS}, cache_dir={str(tmp_path)!r}).impurities[0].name)\n"
        "assert not {'matminer', 'pymatgen', 'pandas', 'sklearn', 'matplotlib'} & set(sys.modules), 'imported'\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "LiCl\n"


def test_a_picture_drawn_before_is_the_same_and_needs_no_matplotlib(tmp_path):
    code = (
        "import sys\nfrom featurizers.diffraction import picture, xrd\n"
        f"cache = {str(tmp_path / 'cache')!r}\n"
        "result = xrd(0.5, lattice_parameter_A=float(sys.argv[2]), cache_dir=cache)\n"
        "picture(result, sys.argv[1], cache)\nprint('matplotlib' in sys.modules)"
    )

    def draw(name, edge="3.9774"):
        command = [sys.executable, "-c", code, str(tmp_path / name), edge]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    assert [draw("one.png"), draw("two.png"), draw("other.png", "3.98")] == ["True", "False", "True"]
    one, two, other = ((tmp_path / name).read_bytes() for name in ("one.png", "two.png", "other.png"))
    assert one == two != other
