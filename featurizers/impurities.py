"""Which known impurity explains the extra peaks of a diffraction pattern?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

IMPURITIES = ("LiCl", "LiBr", "LiOH", "Li2O", "Li2CO3")
"""What is left over when the antiperovskite is made, or forms from it in air."""

TOLERANCE_DEG = 0.35
"""How far a measured peak may lie from a simulated line and still be it, in degrees two-theta."""

FAINT_PCT = 5.0
"""Lines weaker than this, relative to the strongest of the phase, are neither expected to be seen nor hide another."""

STRONG_PCT = 20.0
"""A line at least this strong, relative to the strongest of the phase, counts against the phase when it is absent."""

CONVINCING_SCORE = 0.5
TIE = 0.1


class Line(NamedTuple):
    """One simulated reflection.

    Attributes
    ----------
    hkl : str
        Miller indices, such as ``(110)``.
    two_theta_deg : float
        Position in degrees.
    spacing_A : float
        Lattice spacing in angstrom.
    intensity_pct : float
        Relative to the strongest line.
    """

    hkl: str
    two_theta_deg: float
    spacing_A: float
    intensity_pct: float


class ImpurityScore(NamedTuple):
    """How well one impurity explains the extra peaks.

    Attributes
    ----------
    name : str
        The phase.
    score : float
        seen x explained - absent: 1 when all is as it should be, 0 or less when it is not this phase.
    seen_pct : float
        Share of its simulated intensity, in the measured range and not hidden by the main phase, at a measured peak.
    absent_pct : float
        Share of that intensity in strong lines that were not measured.
    explained : tuple of float
        The measured peaks at which it has a line, degrees two-theta.
    misfit_deg : float
        Mean distance of those peaks from its lines; infinite without any.
    look_for : Line or None
        Its strongest line outside the range assumed to be measured and not hidden: where to look next.
    """

    name: str
    score: float
    seen_pct: float
    absent_pct: float
    explained: tuple[float, ...]
    misfit_deg: float
    look_for: Line | None


def rank_impurities(
    patterns: Mapping[str, Sequence[Line]],
    main: Sequence[Line],
    peaks_deg: Sequence[float],
    range_deg: tuple[float, float],
) -> tuple[ImpurityScore, ...]:
    """Score every impurity, best first; the smaller misfit decides between equal scores.

    Parameters
    ----------
    patterns : mapping of str to sequence of Line
        The simulated pattern of each.
    main : sequence of Line
        That of the main phase.
    peaks_deg : sequence of float
        The extra peaks.
    range_deg : tuple of two floats
        The range that was measured.
    """
    scores = [score_impurity(name, lines, main, peaks_deg, range_deg) for name, lines in patterns.items()]
    return tuple(sorted(scores, key=lambda impurity: (-impurity.score, impurity.misfit_deg)))


def score_impurity(
    name: str,
    lines: Sequence[Line],
    main: Sequence[Line],
    peaks_deg: Sequence[float],
    range_deg: tuple[float, float],
) -> ImpurityScore:
    """Score how well one phase explains extra peaks.

    Only lines that could have been seen count: in the measured range, at least `FAINT_PCT` strong, and no main-phase
    line of that strength within `TOLERANCE_DEG`.

    Parameters
    ----------
    name : str
        The phase.
    lines, main : sequence of Line
        Its simulated pattern, and that of the main phase.
    peaks_deg : sequence of float
        The extra peaks.
    range_deg : tuple of two floats
        The range that was measured.
    """
    main_deg = [line.two_theta_deg for line in bright(main)]
    visible = [line for line in bright(lines) if not _is_near(line, main_deg)]
    looked_at = [line for line in visible if range_deg[0] <= line.two_theta_deg <= range_deg[1]]
    seen = [line for line in looked_at if _is_near(line, peaks_deg)]
    strong_absent = [line for line in looked_at if line not in seen and line.intensity_pct >= STRONG_PCT]
    total = sum(line.intensity_pct for line in looked_at) or math.inf
    seen_share = sum(line.intensity_pct for line in seen) / total
    absent_share = sum(line.intensity_pct for line in strong_absent) / total
    distances = {peak: min((abs(peak - line.two_theta_deg) for line in seen), default=math.inf) for peak in peaks_deg}
    explained = tuple(peak for peak, distance in distances.items() if distance <= TOLERANCE_DEG)
    score = seen_share * len(explained) / len(peaks_deg) - absent_share
    misfit = sum(distances[peak] for peak in explained) / len(explained) if explained else math.inf
    outside = [line for line in visible if line not in looked_at]
    look_for = max(outside, key=lambda line: line.intensity_pct, default=None)
    return ImpurityScore(name, score, 100 * seen_share, 100 * absent_share, explained, misfit, look_for)


def verdict(impurities: Sequence[ImpurityScore], peaks_deg: Sequence[float]) -> str:
    """Say in words which impurity explains the extra peaks, and where to look to be sure.

    Parameters
    ----------
    impurities : sequence of ImpurityScore
        At least two, best first.
    peaks_deg : sequence of float
        The extra peaks.
    """
    best, second = impurities[0], impurities[1]
    one = len(peaks_deg) == 1
    peaks = "the extra peak" if one else f"the {len(peaks_deg)} extra peaks"
    ranking = f"it scores {best.score:.2f}, the next, {second.name}, {second.score:.2f}"
    if best.score < CONVINCING_SCORE:
        nearest = f"; {best.name} comes nearest: {ranking}." if best.score > 0 else "."
        return f"None of {', '.join(IMPURITIES)} explains {peaks}{nearest}"
    if second.score > best.score - TIE:
        scores = f"{best.score:.2f} and {second.score:.2f}"
        text = f"{best.name} and {second.name} explain {peaks} about equally well: they score {scores}."
    else:
        count = "" if len(best.explained) == len(peaks_deg) else f"{len(best.explained)} of "
        text = f"{best.name} explains {count}{peaks}: {ranking}."
    line = best.look_for
    return f"{text} To be sure, look for {best.name} {line.hkl} at {line.two_theta_deg:.1f} deg." if line else text


def bright(lines: Sequence[Line]) -> list[Line]:
    """Keep the lines that can be expected to be seen."""
    return [line for line in lines if line.intensity_pct >= FAINT_PCT]


def _is_near(line: Line, angles_deg: Sequence[float]) -> bool:
    return any(abs(line.two_theta_deg - angle) <= TOLERANCE_DEG for angle in angles_deg)
