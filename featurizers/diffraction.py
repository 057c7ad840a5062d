"""Which composition and which impurity does a measured diffraction pattern show?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from datasets.errors import InputError, Problem, nearest
from datasets.materials import phases
from datasets.recipe import antiperovskite_formula
from featurizers.cache import ResultCache, result_cache
from featurizers.impurities import (
    IMPURITIES,
    TOLERANCE_DEG,
    ImpurityScore,
    Line,
    bright,
    rank_impurities,
    verdict,
)
from featurizers.structures import (
    LITHIUM_OCCUPANCY,
    EdgeComposition,
    antiperovskite_structure,
    composition_from_edge,
    phase_structure,
    vegard_edge_A,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pymatgen.core.structure import Structure

WAVELENGTH_A = {"MoKa": 0.71073, "CuKa": 1.54184}
"""Weighted K-alpha wavelengths in angstrom, those of pymatgen's calculator of the same names."""

SMALLEST_SPACING_A = 1.0
"""Simulated patterns end at this lattice spacing."""


@dataclass(frozen=True)
class XrdResult:
    """A simulated pattern and what a measured one means.

    Attributes
    ----------
    halide_cl : float
        x of the simulated Li2OHCl_xBr_1-x.
    lattice_parameter_A : float
        Its cell edge.
    radiation : {"MoKa", "CuKa"}
        The radiation.
    lines : tuple of Line
        Its pattern, by angle.
    composition : EdgeComposition or None
        What the measured cell edge means, where one was given.
    peaks_deg : tuple of float
        The extra peaks given.
    range_deg : tuple of two floats or None
        The range taken to be measured.
    impurities : tuple of ImpurityScore
        Best first; empty without extra peaks.
    impurity_lines : dict of str to tuple of Line
        The simulated pattern of each impurity scored.
    sentence : str
        All of it in words.
    """

    halide_cl: float
    lattice_parameter_A: float
    radiation: str
    lines: tuple[Line, ...]
    composition: EdgeComposition | None
    peaks_deg: tuple[float, ...]
    range_deg: tuple[float, float] | None
    impurities: tuple[ImpurityScore, ...]
    impurity_lines: dict[str, tuple[Line, ...]]
    sentence: str

    @property
    def formula(self) -> str:
        """Formula of the simulated antiperovskite, x rounded to two decimals."""
        return antiperovskite_formula(round(self.halide_cl, 2))

    def to_dict(self) -> dict[str, Any]:
        """Give everything as plain lists and numbers, for JSON."""
        plain = asdict(self) | {"formula": self.formula}
        plain["lines"] = [line._asdict() for line in self.lines]
        plain["composition"] = self.composition and self.composition._asdict()
        plain["impurities"] = [_plain(impurity) for impurity in self.impurities]
        del plain["impurity_lines"]
        return plain


def xrd(
    halide_cl: float | None = None,
    radiation: str = "MoKa",
    lattice_parameter_A: float | None = None,
    peaks: Sequence[float] | None = None,
    range_deg: tuple[float, float] | None = None,
    cache_dir: Path | str | None = None,
) -> XrdResult:
    """Simulate the pattern of an antiperovskite, read its cell edge and name the impurity behind extra peaks.

    Parameters
    ----------
    halide_cl : float, optional
        x in Li2OHCl_xBr_1-x; without it, that of the cell edge.
    radiation : {"MoKa", "CuKa"}
        Mo or Cu K-alpha.
    lattice_parameter_A : float, optional
        Measured cell edge in angstrom; without it, that of Vegard's law.
    peaks : sequence of float, optional
        Measured peaks that are not the antiperovskite's, degrees two-theta.
    range_deg : tuple of two floats, optional
        The range of two-theta in which all peaks were looked for. Without it, the range that the given peaks span:
        nothing is then held against an impurity whose other lines lie below the first or above the last.
    cache_dir : path or None
        Folder in which simulated patterns are kept; with all of them there, pymatgen is not imported.

    Returns
    -------
    XrdResult

    Raises
    ------
    datasets.errors.InputError
        When something is out of range, with everything that is.
    """
    given = tuple(sorted(peaks or ()))
    _check(halide_cl, radiation, lattice_parameter_A, given, range_deg)
    composition = None if lattice_parameter_A is None else composition_from_edge(lattice_parameter_A)
    x = _simulated_x(halide_cl, composition)
    edge_A = vegard_edge_A(x) if lattice_parameter_A is None else lattice_parameter_A
    patterns = _patterns(x, edge_A, radiation, IMPURITIES if given else (), cache_dir)
    main = patterns.pop(_MAIN)
    sentences = [_pattern_sentence(x, edge_A, radiation, composition)]
    if composition:
        sentences.append(composition.sentence + _agreement(halide_cl, composition))
    impurities: tuple[ImpurityScore, ...] = ()
    if given:
        range_deg = range_deg or (given[0] - TOLERANCE_DEG, given[-1] + TOLERANCE_DEG)
        impurities = rank_impurities(patterns, main, given, range_deg)
        sentences.append(verdict(impurities, given))
    sentence = " ".join(sentences)
    return XrdResult(x, edge_A, radiation, main, composition, given, range_deg, impurities, patterns, sentence)


def parse_peaks(text: str) -> tuple[float, ...]:
    """Read peak positions from text such as ``"15.7, 22.3, 26.5"``.

    Raises
    ------
    datasets.errors.InputError
        With every part that is not a number.

    Examples
    --------
    >>> parse_peaks("15.7, 22.3,26.5")
    (15.7, 22.3, 26.5)
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    wrong = [part for part in parts if not _is_number(part)]
    if wrong or not parts:
        expected = 'degrees two-theta with a decimal point, separated by commas, such as "15.7,22.3,26.5"'
        raise InputError("peaks", [Problem("", part, expected) for part in wrong or [text]])
    return tuple(map(float, parts))


def picture(result: XrdResult, path: Path | str, cache_dir: Path | str | None = None) -> None:
    """Draw the pattern, and below it that of the best impurity beside the extra peaks.

    Parameters
    ----------
    result : XrdResult
        What `xrd` gave.
    path : path
        PNG or SVG, by its ending; written whole or not at all.
    cache_dir : path or None
        Folder in which pictures are kept: to import matplotlib takes longer than all the rest of a second look.

    Raises
    ------
    datasets.errors.InputError
        When the ending is another.
    """
    path = Path(path)
    kind = path.suffix.lower().lstrip(".")
    if kind not in ("png", "svg"):
        raise InputError("out", [Problem("", str(path), "a file name that ends in .png or .svg")])
    kept = None if cache_dir is None else Path(cache_dir) / f"xrd_{_picture_key(result)}.{kind}"
    drawn = kept.read_bytes() if kept is not None and kept.is_file() else _drawn(result, kind)
    for file in (path, kept):
        if file is not None:
            _write_whole(file, drawn)


def _picture_key(result: XrdResult) -> str:
    # What is drawn depends on the result, on matplotlib, and on the code below.
    source = Path(__file__).read_bytes()
    return sha256(repr((result, version("matplotlib"))).encode() + source).hexdigest()[:16]


def _drawn(result: XrdResult, kind: str) -> bytes:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    _draw(figure, result)
    data = BytesIO()
    figure.savefig(data, format=kind, dpi=150)
    return data.getvalue()


def _write_whole(path: Path, data: bytes) -> None:
    part = path.with_name(f".{path.stem}.{uuid4().hex}{path.suffix}")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        part.write_bytes(data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


_MAIN = "antiperovskite"
_BLUE, _ORANGE, _GREY = "#0072B2", "#D55E00", "#666666"


def _draw(figure: Figure, result: XrdResult) -> None:
    axes = figure.add_subplot()
    for number, peak in enumerate(result.peaks_deg):
        label = None if number else "extra peaks given"
        axes.axvline(peak, color=_GREY, linestyle=":", linewidth=1.2, zorder=0, label=label)
    _sticks(axes, result.lines, 1, _BLUE, f"{result.formula}, a = {result.lattice_parameter_A:.4f} A")
    best = result.impurities[0] if result.impurities else None
    explains = best is not None and best.score > 0
    if best and explains:
        _sticks(axes, result.impurity_lines[best.name], -1, _ORANGE, f"{best.name}, the best explanation")
    axes.axhline(0, color="black", linewidth=0.8)
    radiation = result.radiation.replace("Ka", " K-alpha")
    axes.set(xlabel=f"two-theta, degrees ({radiation})", ylabel="simulated intensity, %")
    axes.set_ylim(-130 if explains else 0, 130)
    axes.yaxis.set_major_formatter(lambda value, _: f"{abs(value):g}")
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper center", ncols=3, frameon=False, fontsize=9)


def _sticks(axes: Axes, lines: Sequence[Line], sign: int, color: str, label: str) -> None:
    angles = [line.two_theta_deg for line in lines]
    axes.vlines(angles, 0, [sign * line.intensity_pct for line in lines], color=color, linewidth=2, label=label)
    vertical = "bottom" if sign > 0 else "top"
    plate = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
    for line in bright(lines):
        place = (line.two_theta_deg, sign * (line.intensity_pct + 3))
        axes.annotate(line.hkl, place, ha="center", va=vertical, fontsize=8, rotation=90, color=color, bbox=plate)


def _patterns(
    x: float, edge_A: float, radiation: str, impurities: Sequence[str], cache_dir: Path | str | None
) -> dict[str, tuple[Line, ...]]:
    structures: dict[str, Any] = {f"{x:.6f} {edge_A:.6f}": lambda: antiperovskite_structure(x, edge_A)}
    structures |= {name: lambda name=name: phase_structure(name) for name in impurities}
    found = _cache(radiation, cache_dir).get(structures, lambda key: _simulate(structures[key](), radiation))
    named = dict(zip((_MAIN, *impurities), found.values(), strict=True))
    return {name: tuple(Line(*line) for line in lines) for name, lines in named.items()}


def _cache(radiation: str, cache_dir: Path | str | None) -> ResultCache:
    known = [(name, phases()[name].lattice, phases()[name].sites) for name in IMPURITIES]
    definition = (known, LITHIUM_OCCUPANCY, SMALLEST_SPACING_A)
    return result_cache(f"diffraction_{radiation}", cache_dir, ["pymatgen-core"], definition)


def _simulate(structure: Structure, radiation: str) -> list[Line]:
    from pymatgen.analysis.diffraction.xrd import XRDCalculator

    pattern = XRDCalculator(radiation).get_pattern(structure, two_theta_range=(0, _largest_angle_deg(radiation)))
    return [
        Line(" ".join(_label(each["hkl"]) for each in hkls[:2]), float(angle), float(spacing), float(intensity))
        for angle, intensity, spacing, hkls in zip(pattern.x, pattern.y, pattern.d_hkls, pattern.hkls, strict=True)
    ]


def _largest_angle_deg(radiation: str) -> float:
    return 2 * math.degrees(math.asin(WAVELENGTH_A[radiation] / (2 * SMALLEST_SPACING_A)))


def _label(hkl: Sequence[int]) -> str:
    return f"({''.join(map(str, hkl))})"


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _plain(impurity: ImpurityScore) -> dict[str, Any]:
    misfit = impurity.misfit_deg if impurity.explained else None
    return impurity._asdict() | {"misfit_deg": misfit, "look_for": impurity.look_for and impurity.look_for._asdict()}


def _simulated_x(halide_cl: float | None, composition: EdgeComposition | None) -> float:
    if halide_cl is not None or composition is None:
        return halide_cl or 0.0
    return min(max(composition.halide_cl, 0.0), 1.0)


def _pattern_sentence(x: float, edge_A: float, radiation: str, composition: EdgeComposition | None) -> str:
    origin = "by Vegard's law" if composition is None else "as measured"
    formula = antiperovskite_formula(round(x, 2))
    return f"Simulated: cubic {formula}, a = {edge_A:.4f} A {origin}, {radiation.replace('Ka', ' K-alpha')}."


def _agreement(halide_cl: float | None, composition: EdgeComposition) -> str:
    if halide_cl is None:
        return ""
    agrees = abs(halide_cl - composition.halide_cl) <= 2 * composition.uncertainty
    return f" That {'agrees' if agrees else 'does not agree'} with x = {halide_cl:g}."


def _check(
    halide_cl: float | None,
    radiation: str,
    lattice_parameter_A: float | None,
    peaks: Sequence[float],
    range_deg: tuple[float, float] | None,
) -> None:
    problems = []
    if halide_cl is None and lattice_parameter_A is None:
        problems.append(Problem("halide_cl", None, "x in 0 to 1, or else a lattice parameter"))
    if halide_cl is not None and not 0 <= halide_cl <= 1:
        problems.append(Problem("halide_cl", halide_cl, "0 (bromide) to 1 (chloride)"))
    if radiation not in WAVELENGTH_A:
        problems.append(Problem("radiation", radiation, " or ".join(WAVELENGTH_A) + nearest(radiation, WAVELENGTH_A)))
    if lattice_parameter_A is not None and not _EDGES_A[0] <= lattice_parameter_A <= _EDGES_A[1]:
        expected = f"the edge of the cubic cell in angstrom, {_EDGES_A[0]:g} to {_EDGES_A[1]:g}"
        problems.append(Problem("lattice_parameter", lattice_parameter_A, expected))
    low, high = range_deg or (0, 180)
    if not 0 <= low < high <= 180:
        problems.append(Problem("range", range_deg, "two angles in degrees two-theta, the smaller first"))
    if radiation in WAVELENGTH_A:
        high = min(high, _largest_angle_deg(radiation))
    expected = f"degrees two-theta between {low:g} and {high:.1f}, the range looked through and simulated"
    problems += [Problem("peaks", peak, expected) for peak in peaks if not low < peak < high]
    if problems:
        raise InputError("xrd", problems)


_EDGES_A = (3.5, 4.5)
