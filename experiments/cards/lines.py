"""By which lines of its diffraction pattern is a stock known, and what is left over in it?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from experiments.cards.parts import Part

N_LINES, LEAST_PCT = 6, 10.0
"""The first lines that are at least this strong: enough to know a cubic phase by, and within every diffractometer."""


class XrdLine(Part):
    """One line of the stock's diffraction pattern, for both radiations.

    Attributes
    ----------
    hkl : str
    spacing_A : float
    mo_deg, cu_deg : float
        Two-theta with Mo and Cu K-alpha, weighted wavelengths.
    mo_pct, cu_pct : float
        Intensity relative to the strongest line.
    """

    hkl: str
    spacing_A: float
    mo_deg: float
    cu_deg: float
    mo_pct: float
    cu_pct: float


class Leftover(Part):
    """The strongest line of a salt that is not hidden by the antiperovskite: where it shows if some is left over.

    Attributes
    ----------
    salt : str
    mo_deg, cu_deg : float
        Two-theta with Mo and Cu K-alpha.
    """

    salt: str
    mo_deg: float
    cu_deg: float


def stock_lines(halide_cl: float, cache_dir: Path | None = None) -> tuple[XrdLine, ...]:
    """Simulate the first strong lines of the antiperovskite, with both radiations.

    Parameters
    ----------
    halide_cl : float
        x, 0 to 1.
    cache_dir : path or None
        Folder in which simulated patterns are kept.
    """
    from featurizers.diffraction import xrd

    molybdenum, copper = (xrd(halide_cl, radiation, cache_dir=cache_dir).lines for radiation in ("MoKa", "CuKa"))
    by_hkl = {line.hkl: line for line in copper}
    strong = [line for line in molybdenum if line.intensity_pct >= LEAST_PCT]
    return tuple(
        XrdLine(
            hkl=line.hkl,
            spacing_A=line.spacing_A,
            mo_deg=line.two_theta_deg,
            cu_deg=by_hkl[line.hkl].two_theta_deg,
            mo_pct=line.intensity_pct,
            cu_pct=by_hkl[line.hkl].intensity_pct,
        )
        for line in strong[:N_LINES]
    )


def leftover_lines(halide_cl: float, salts: Sequence[str], cache_dir: Path | None = None) -> tuple[Leftover, ...]:
    """Find where salts that did not react would show beside the antiperovskite.

    Parameters
    ----------
    halide_cl : float
        x, 0 to 1.
    salts : sequence of str
        Of `featurizers.impurities.IMPURITIES`.
    cache_dir : path or None
        Folder in which simulated patterns are kept.
    """
    molybdenum, copper = (_look_for(halide_cl, radiation, cache_dir) for radiation in ("MoKa", "CuKa"))
    return tuple(
        Leftover(salt=salt, mo_deg=molybdenum[salt], cu_deg=copper[salt])
        for salt in salts
        if salt in molybdenum and salt in copper
    )


def _look_for(halide_cl: float, radiation: str, cache_dir: Path | None) -> dict[str, float]:
    from featurizers.diffraction import xrd

    strongest = max(xrd(halide_cl, radiation, cache_dir=cache_dir).lines, key=lambda line: line.intensity_pct)
    # A pattern of which nothing but the main line was seen: every visible line of a salt is still to be looked for.
    result = xrd(halide_cl, radiation, peaks=[strongest.two_theta_deg], cache_dir=cache_dir)
    return {each.name: each.look_for.two_theta_deg for each in result.impurities if each.look_for}
