"""What does each column of a cell table mean, and what may stand in it?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from datasets.materials import co_coatings

Kind = Literal["text", "choice", "number", "count"]
Direction = Literal["maximize", "minimize"]


class Column(NamedTuple):
    """One column of a cell table.

    Attributes
    ----------
    name : str
        Its name, with the unit in it.
    unit : str
        Unit of its values; empty for text.
    meaning : str
        What the value says.
    kind : {"text", "choice", "number", "count"}
        Free text, one of a few words, a number, or a whole number.
    required : bool
        Whether a table must have the column. A single value in it may still be blank where it does not apply.
    low, high : float or None
        The least and the largest value that is taken as meant; None for text.
    hint : str
        What to look at when a value is outside of that.
    """

    name: str
    unit: str
    meaning: str
    kind: Kind
    required: bool = False
    low: float | None = None
    high: float | None = None
    hint: str = ""

    @property
    def is_number(self) -> bool:
        """Whether the values are numbers."""
        return self.kind in ("number", "count")

    @property
    def span(self) -> str:
        """Say in words which numbers are taken; empty for text.

        Examples
        --------
        >>> CELL_COLUMNS["retention_pct"].span
        '2 to 110 %'
        """
        return "" if self.low is None else f"{self.low:g} to {self.high:g} {self.unit}".rstrip()


class Target(NamedTuple):
    """A result that recipes are judged by.

    Attributes
    ----------
    name : str
        Its column in the cell table.
    label : str
        How it is called in pictures and sentences.
    unit : str
        Its unit.
    direction : {"maximize", "minimize"}
        Which way is better.
    resolution : float
        The smallest difference, in its unit, that one measurement can show.
    """

    name: str
    label: str
    unit: str
    direction: Direction
    resolution: float


class Evidence(NamedTuple):
    """How well a row of the cell table is supported.

    Attributes
    ----------
    name : str
        The grade, as it stands in the column ``evidence``.
    meaning : str
        Where the numbers were read.
    reading_error : float
        Standard deviation that reading adds to a value, in units of the target's resolution: an assumption.
    """

    name: str
    meaning: str
    reading_error: float


LARGEST_WT_PCT = 20.0
"""More than this of a coating is a composite and no coating."""

MELT_TEMPERATURE_RANGE_C = (100.0, 900.0)
"""Below nothing melts, above no nickel-rich cathode survives."""

_PER_GRAM = "per gram of cathode active material, not of the mixture and not per cm2"
_PERCENT = "in percent: 80, not 0.8"

_CAPACITY_RANGE_mAh_g = (20.0, 350.0)

_COLUMNS = (
    Column("cell_id", "", "Name of the cell, once in a table.", "text", required=True),
    Column(
        "source",
        "",
        "Where the cell comes from: a DOI, a lab, a series. Cells of one source share their offset. "
        "Without the column: the name of the file.",
        "text",
    ),
    Column("evidence", "", "How the numbers were read, one of the grades below. Blank: measured.", "choice"),
    Column("sample_label", "", "What the lab calls the sample.", "text"),
    Column("cam", "", "Formula of the cathode active material.", "text"),
    Column("halide_cl", "", "x in Li2OHCl_xBr_1-x. Blank without antiperovskite.", "number", True, 0.0, 1.0),
    Column(
        "antiperovskite_wt_pct",
        "%",
        "Mass of antiperovskite, relative to the cathode active material; 0 without.",
        "number",
        True,
        0.0,
        LARGEST_WT_PCT,
        "in percent of the mass of cathode active material",
    ),
    Column("oxide", "", "Name of the co-coating; none or blank without.", "choice", True),
    Column(
        "oxide_wt_pct",
        "%",
        "Mass of the oxide, relative to the cathode active material; 0 or blank without.",
        "number",
        True,
        0.0,
        LARGEST_WT_PCT,
        "in percent of the mass of cathode active material",
    ),
    Column("process", "", "How the coating was put on.", "text"),
    Column(
        "melt_temperature_C",
        "C",
        "Temperature of melt infiltration. Blank without antiperovskite.",
        "number",
        True,
        *MELT_TEMPERATURE_RANGE_C,
        hint="in degrees Celsius, not kelvin",
    ),
    Column(
        "cooling",
        "",
        "quench: into liquid nitrogen; ambient: out of the furnace under argon; slow: over two hours in the furnace. "
        "Blank without antiperovskite.",
        "choice",
        True,
    ),
    Column("solid_electrolyte", "", "Formula of the solid electrolyte.", "text"),
    Column("anode", "", "Counter electrode.", "text"),
    Column(
        "temperature_C",
        "C",
        "Temperature of the test.",
        "number",
        False,
        -40.0,
        150.0,
        "in degrees Celsius, not kelvin",
    ),
    Column("pressure_MPa", "MPa", "Pressure on the cell during the test.", "number", False, 0.0, 1000.0),
    Column("v_min_V", "V", "Lower cut-off, against Li+/Li.", "number", False, 0.0, 6.0, "in volt, not millivolt"),
    Column("v_max_V", "V", "Upper cut-off, against Li+/Li.", "number", False, 0.0, 6.0, "in volt, not millivolt"),
    Column("rate_first_C", "C", "C-rate of the first cycle.", "number", False, 0.001, 20.0),
    Column(
        "q_charge_first_mAh_g",
        "mAh/g",
        "First charge capacity.",
        "number",
        False,
        *_CAPACITY_RANGE_mAh_g,
        hint=_PER_GRAM,
    ),
    Column(
        "q_discharge_first_mAh_g",
        "mAh/g",
        "First discharge capacity.",
        "number",
        False,
        *_CAPACITY_RANGE_mAh_g,
        hint=_PER_GRAM,
    ),
    Column(
        "ce_first_pct",
        "%",
        "First-cycle coulombic efficiency, discharge over charge.",
        "number",
        False,
        2.0,
        101.0,
        "in percent: 84, not 0.84",
    ),
    Column("rate_cycling_C", "C", "C-rate of the long-term cycling.", "number", False, 0.001, 20.0),
    Column("n_cycles", "", "Cycle at which end capacity and retention were read.", "count", False, 1.0, 100_000.0),
    Column(
        "q_discharge_end_mAh_g",
        "mAh/g",
        "Discharge capacity at that cycle.",
        "number",
        False,
        5.0,
        _CAPACITY_RANGE_mAh_g[1],
        _PER_GRAM,
    ),
    Column(
        "retention_pct",
        "%",
        "End capacity relative to that of the reference cycle.",
        "number",
        False,
        2.0,
        110.0,
        _PERCENT,
    ),
    Column(
        "retention_reference_cycle",
        "",
        "The cycle that counts as 100 % retention.",
        "count",
        False,
        1.0,
        100_000.0,
    ),
    Column(
        "interfacial_resistance_ohm",
        "ohm",
        "Resistance of the interface from impedance.",
        "number",
        False,
        0.001,
        100_000.0,
        "in ohm, not kiloohm",
    ),
    Column("note", "", "Anything a reader should know.", "text"),
)

CELL_COLUMNS: dict[str, Column] = {column.name: column for column in _COLUMNS}
"""Every column that a cell table may have, by name, in the order in which tables come back."""

TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        Target("q_discharge_first_mAh_g", "first discharge capacity", "mAh/g", "maximize", 1.0),
        Target("retention_pct", "capacity retention", "%", "maximize", 1.0),
        Target("ce_first_pct", "first-cycle efficiency", "%", "maximize", 1.0),
        Target("q_discharge_end_mAh_g", "end capacity", "mAh/g", "maximize", 1.0),
        Target("interfacial_resistance_ohm", "interfacial resistance", "ohm", "minimize", 1.0),
    )
}
"""Every result that recipes can be judged by, by name of its column."""

EVIDENCE: dict[str, Evidence] = {
    grade.name: grade
    for grade in (
        Evidence("measured", "One's own cycler data; only the scatter between cells counts.", 0.0),
        Evidence("paper-table", "Read from a printed table: rounded.", 0.3),
        Evidence("paper-text", 'Read from a paper\'s running text, often with "about".', 1.0),
        Evidence("paper-figure", "Read off a printed curve.", 2.0),
        Evidence("abstract", "Read from an abstract alone, conditions mostly unknown.", 3.0),
        Evidence("simulated", "Drawn by a simulator, measured by nobody.", 0.0),
    )
}
"""The grades of evidence, from the best on; the simulated one stands apart."""

_BEGIN, _END = "<!-- columns: begin -->", "<!-- columns: end -->"


def columns_markdown() -> str:
    """Write the columns, the co-coatings, the targets and the grades of evidence as ``docs/data.md`` shows them."""
    oxides = ", ".join(f"`{name}`" for name in co_coatings())
    return "\n\n".join((_column_table(), f"Known co-coatings: {oxides}.", _target_table(), _evidence_table()))


def _column_table() -> str:
    header = ("column", "required", "values", "meaning")
    rows = [(f"`{c.name}`", "yes" if c.required else "", c.span or c.kind, c.meaning) for c in _COLUMNS]
    return _markdown(header, rows)


def _target_table() -> str:
    header = ("target", "called", "unit", "better", "resolution")
    rows = [
        (f"`{t.name}`", t.label, t.unit, "more" if t.direction == "maximize" else "less", f"{t.resolution:g}")
        for t in TARGETS.values()
    ]
    return _markdown(header, rows)


def _evidence_table() -> str:
    header = ("evidence", "meaning", "error of reading, in resolutions")
    return _markdown(header, [(f"`{e.name}`", e.meaning, f"{e.reading_error:g}") for e in EVIDENCE.values()])


def _markdown(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def with_columns(page: str) -> str:
    """Put the generated tables between the two markers of a page.

    Parameters
    ----------
    page : str
        Text of ``docs/data.md``.
    """
    before, rest = page.split(_BEGIN)
    after = rest.split(_END)[1]
    return f"{before}{_BEGIN}\n\n{columns_markdown()}\n\n{_END}{after}"


if __name__ == "__main__":
    path = Path(__file__).parents[1] / "docs" / "data.md"
    path.write_text(with_columns(path.read_text(encoding="utf-8")), encoding="utf-8")
