"""What does `lirap xrd` print of a pattern and of the impurities scored?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from screening.tables import Column, Table

if TYPE_CHECKING:
    from featurizers.diffraction import XrdResult

FAINTEST_PCT = 5.0


def lines_table(result: XrdResult) -> Table:
    """Write the lines of the simulated pattern, but not the faintest."""
    columns = [
        Column("hkl"),
        Column("two-theta (deg)", True),
        Column("spacing (A)", True),
        Column("intensity (%)", True),
    ]
    rows = [
        [line.hkl, f"{line.two_theta_deg:.2f}", f"{line.spacing_A:.4f}", f"{line.intensity_pct:.0f}"]
        for line in result.lines
        if line.intensity_pct >= FAINTEST_PCT
    ]
    title = f"{result.formula}, a = {result.lattice_parameter_A:.4f} A, {result.radiation}"
    return Table(title, f"Simulated lines of at least {FAINTEST_PCT:g} % of the strongest.", columns, rows)


def impurities_table(result: XrdResult) -> Table:
    """Write how well each known impurity explains the extra peaks."""
    columns = [Column("impurity"), Column("score", True), Column("seen (%)", True), Column("absent (%)", True)]
    columns += [Column("peaks explained"), Column("misfit (deg)", True)]
    rows = [
        [
            each.name,
            f"{each.score:.2f}",
            f"{each.seen_pct:.0f}",
            f"{each.absent_pct:.0f}",
            ", ".join(f"{peak:g}" for peak in each.explained),
            f"{each.misfit_deg:.2f}" if each.explained else "",
        ]
        for each in result.impurities
    ]
    caption = (
        "Seen: share of the simulated intensity at a peak given. Absent: share in strong lines that are missing and "
        "not hidden by the main phase. Score: seen, times the share of the peaks explained, less absent."
    )
    return Table("Which impurity explains the extra peaks", caption, columns, rows)
