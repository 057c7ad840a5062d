import pandas as pd
import pytest

from datasets.cell_files import read_raw
from datasets.cells import henkel2025, read_cells
from datasets.errors import InputError

TEXT = """cell_id,halide_cl,antiperovskite_wt_pct,oxide,oxide_wt_pct,melt_temperature_C,cooling,retention_pct,note
bare,,0,none,0,,,66,bei 45 °C
coated,0.5,1,none,0,350,quench,80,"gequencht, zügig"
"""
GERMAN = TEXT.replace('"gequencht, zügig"', "zügig").replace(",", ";").replace(".", ",")


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r").encode(),
        TEXT.replace("\n", ",,,\n").encode(),
        TEXT.rstrip().encode(),
        TEXT.replace(",", ";").encode(),
        TEXT.replace(",", "\t").encode(),
    ],
    ids=["plain", "byte order mark", "CRLF", "CR", "blank ends", "no last newline", "semicolons", "tabs"],
)
def test_usual_spellings_of_a_table_are_read(tmp_path, data):
    path = tmp_path / "cells.csv"
    path.write_bytes(data)
    cells = read_cells(path)
    assert list(cells["cell_id"]) == ["bare", "coated"]
    assert cells["halide_cl"][1] == 0.5
    assert "zügig" in cells["note"][1]


def test_tab_separated_values_are_read(tmp_path):
    path = tmp_path / "cells.tsv"
    henkel2025().to_csv(path, sep="\t", index=False)
    pd.testing.assert_frame_equal(read_cells(path), henkel2025())


def test_rows_are_counted_as_a_spreadsheet_counts_them(tmp_path):
    path = tmp_path / "cells.csv"
    path.write_text('\ncell_id,note\na,"two\nlines"\n,\nb\n')
    raw = read_raw(path)
    assert raw.header_row == 2
    assert list(raw.fields.index) == [3, 5]
    assert raw.fields.to_numpy().tolist() == [["a", "two\nlines"], ["b", ""]]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "got an empty file, expected a table with a header and at least one row"),
        (b"\n , \n\n", "got an empty file"),
        (b"\xef\xbb\xbf", "got an empty file"),
        (TEXT.splitlines()[0].encode(), "got a header and nothing below, expected at least one row"),
        (TEXT.encode("utf-16"), "got text in UTF-16, expected text in UTF-8; in Excel: save as 'CSV UTF-8"),
        (TEXT.encode("utf-16-le"), "got text in UTF-16"),
        (b"\x89PNG\r\n\x1a\n\x00\x01", r"got a binary file, which begins b'\\x89PNG"),
        (TEXT.encode("latin-1"), "row 2, column note: got 'bei 45 °C', expected text in UTF-8"),
        (TEXT.replace("note", "Größe").encode("latin-1"), "row 1: got 'Größe', expected text in UTF-8"),
        (GERMAN.encode(), "row 3, column halide_cl: got '0,5', expected a decimal point, not a comma: 0.5"),
        (TEXT.replace("0.5", "0,5").encode(), "row 3: got 10, expected 9 values as in the header; write decimals"),
        (TEXT.replace('zügig"', "zügig").encode(), "line 3: got 'unexpected end of data', expected quotes that open"),
    ],
    ids=[
        "empty",
        "blank",
        "only a byte order mark",
        "header only",
        "UTF-16",
        "UTF-16 without mark",
        "binary",
        "latin-1",
        "latin-1 header",
        "decimal comma",
        "unquoted comma",
        "open quote",
    ],
)
def test_bad_text_is_named(tmp_path, data, message):
    path = tmp_path / "cells.csv"
    path.write_bytes(data)
    with pytest.raises(InputError, match=message):
        read_cells(path)


def test_every_field_in_a_wrong_encoding_is_named(tmp_path):
    path = tmp_path / "cells.csv"
    path.write_bytes(TEXT.replace("80", "0.8").encode("latin-1"))
    with pytest.raises(InputError, match=r"cells\.csv: 3 problems") as caught:
        read_cells(path)
    places = [problem.where for problem in caught.value.problems]
    assert places == ["row 2, column note", "row 3, column retention_pct", "row 3, column note"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.csv", "got no such file"),
        (".", "got a folder, expected a file"),
        ("cells.xls", "got a file .xls, expected one of .csv, .tsv, .xlsx, .xlsm, .parquet"),
        ("cells", "got a file without suffix, expected one of"),
        ("cells.xlsx", "got a file that openpyxl cannot read .*, expected an unencrypted Excel workbook"),
        ("cells.parquet", "got a file that Arrow cannot read .*, expected a Parquet file"),
    ],
)
def test_file_that_is_no_table_is_refused(tmp_path, name, message):
    for written in ("cells.xls", "cells", "cells.xlsx", "cells.parquet"):
        (tmp_path / written).write_text(TEXT)
    with pytest.raises(InputError, match=message):
        read_cells(tmp_path / name)


@pytest.mark.parametrize("suffix", ["xlsx", "parquet"])
@pytest.mark.parametrize("keep", [0.0, 0.5, 0.99])
def test_file_cut_short_is_refused(tmp_path, suffix, keep):
    whole = tmp_path / f"whole.{suffix}"
    getattr(henkel2025(), {"xlsx": "to_excel", "parquet": "to_parquet"}[suffix])(whole)
    part = tmp_path / f"part.{suffix}"
    part.write_bytes(whole.read_bytes()[: int(keep * whole.stat().st_size)])
    with pytest.raises(InputError, match=r"cannot read|an empty file"):
        read_cells(part)


def test_sheet_named_cells_is_read_else_the_first(tmp_path):
    path = tmp_path / "cells.xlsx"
    with pd.ExcelWriter(path) as book:
        pd.DataFrame({"plan": ["buy argon"]}).to_excel(book, sheet_name="todo", index=False)
        henkel2025().to_excel(book, sheet_name="Cells", index=False)
    assert len(read_cells(path)) == 6
    with pd.ExcelWriter(path) as book:
        henkel2025().head(2).to_excel(book, sheet_name="any", index=False)
        pd.DataFrame({"plan": ["buy argon"]}).to_excel(book, sheet_name="todo", index=False)
    assert len(read_cells(path)) == 2


def test_named_index_of_a_parquet_file_is_a_column(tmp_path):
    path = tmp_path / "cells.parquet"
    henkel2025().set_index("cell_id").to_parquet(path)
    pd.testing.assert_frame_equal(read_cells(path), henkel2025())
