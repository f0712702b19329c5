"""The reader of CSV files: dialects that are accepted, and the line that a fault is found in."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cxr_report.errors import Refusal
from cxr_report.intake import sheet as room
from cxr_report.intake.sheet import Numerals, open_sheet

EXPECTED = ("loss", "seed", "metric", "value")


def opened(folder: Path, content: str | bytes) -> room.Sheet:
    file = folder / "t.csv"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return open_sheet(file, expected=EXPECTED)


def read(folder: Path, content: str | bytes) -> tuple[list[int], list[float], Numerals]:
    sheet = opened(folder, content)
    numerals = Numerals(sheet)
    lines: list[int] = []
    values: list[float] = []
    for batch in sheet.batches():
        values += numerals.reals(batch, "value").tolist()
        lines += list(batch.lines)
    return lines, values, numerals


def refusal(folder: Path, content: str | bytes) -> str:
    with pytest.raises(Refusal) as caught:
        read(folder, content)
    return str(caught.value)


@pytest.mark.parametrize(
    ("content", "decimal"),
    [
        ("loss,seed,metric,value\nce,1,auroc,0.5\nce,2,auroc,1\n", "."),
        ("loss;seed;metric;value\nce;1;auroc;0,5\nce;2;auroc;1\n", ","),
        ("loss;seed;metric;value\nce;1;auroc;0.5\nce;2;auroc;1\n", "."),
        ('loss,seed,metric,value\nce,1,auroc,"0,5"\nce,2,auroc,1\n', ","),
        ("\ufeffloss,seed,metric,value\r\nce,1,auroc,0.5\r\nce,2,auroc,1", "."),
        (" loss , seed,metric , value\n ce, 1 ,auroc , 0.5 \nce,2,auroc,1\n\n,,,\n", "."),
        ('"loss";"seed";"metric";"a,b";"value"\nce;1;auroc;x;0,5\nce;2;auroc;x;1\n', ","),
    ],
)
def test_every_dialect_gives_the_same_numbers(tmp_path: Path, content: str, decimal: str) -> None:
    lines, values, numerals = read(tmp_path, content)
    assert values == [0.5, 1.0]
    assert lines == [2, 3]
    assert numerals.decimal == decimal


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("loss,seed,metric,value\nce,1,auroc,0.5\nce,1,auroc\n", "line 3: has 3 cells, the header has 4"),
        ("loss,seed,metric,value\nce,1,auroc,0.5,9\n", "line 2: has 5 cells"),
        ("loss,seed,metric,value\n\n\nce,1,auroc,high\n", "line 4, column value: 'high' is no number"),
        ("loss,seed,metric,value\nce,1,auroc,\n", "line 2, column value: is empty"),
        ("loss,seed,metric,value\nce,1,auroc,nan\n", "line 2, column value: 'nan' is not a finite number"),
        ("loss,seed,metric,value\nce,1,auroc,-inf\n", "line 2, column value: '-inf' is not a finite number"),
        ("loss,seed,metric,value\nce,1,auroc,1_0\n", "line 2, column value: '1_0' is no number"),
        ("loss,seed,metric,value\nce,1,auroc,1e999\n", "line 2, column value: '1e999' is no number"),
        ("loss;seed;metric;value\nce;1;a;0,5\nce;2;a;0.5\n", "line 3, column value: '0.5' has a decimal point"),
        ("loss;seed;metric;value\nce;1;a;0.5\nce;2;a;0,5\n", "line 3, column value: '0,5' has a decimal comma"),
        (
            "loss;seed;metric;value\nce;1;a;1.234,5\n",
            "line 2, column value: '1.234,5' is no number; allowed: one decimal",
        ),
        ("", "line 1: is empty"),
        ("loss\tseed\tmetric\tvalue\n", "separated by tabs"),
        ("loss,seed,seed,value\n", "line 1: two columns are named 'seed'"),
        ("loss,,metric,value\n", "line 1: column 2 has no name"),
        ('loss,seed,metric,value\nce,"1"x,auroc,3\n', "line 2"),
        ('loss,"seed,metric,value\nce,1,auroc,3\n', "line 1: a quotation mark is opened and not closed"),
        (
            "loss,seed,metric\x1b[2J,value\n",
            "line 1: the name of column 3, 'metric\\x1b[2J', holds the character U+001B",
        ),
        ("loss,seed,metric,value,\x00\n", "line 1: the name of column 5, '\\x00', holds the character U+0000"),
        ("loss,seed,metric," + "v" * 1001 + "\n", "line 1: cell 4 has 1001 characters; allowed: 1000 in a cell"),
        ("loss,seed,metric,value\nce,1,auroc,0.5\n" + "c" * 130_000 + ",2,auroc,1\n", "line 3: cell 1 has 130000"),
        (b"loss,seed,metric,value\n\xff\xfe,1,auroc,3\n", "cannot be read as a CSV table in UTF-8"),
        (b"\xff\xfel\x00o\x00", "cannot be read as a CSV table in UTF-8"),
    ],
)
def test_a_fault_is_named_with_its_line_and_column(tmp_path: Path, content: str | bytes, told: str) -> None:
    said = refusal(tmp_path, content)
    assert told in said
    assert said.startswith(str(tmp_path / "t.csv"))
    assert "\n" not in said


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="there is no such file"):
        open_sheet(tmp_path / "none.csv", expected=EXPECTED)
    with pytest.raises(Refusal, match="is no regular file but a folder"):
        open_sheet(tmp_path, expected=EXPECTED)


@pytest.mark.parametrize("text", ["1.5", "-1", "x", "", "2147483648", "1e3", "²", "9" * 400])
def test_a_seed_is_a_whole_number(tmp_path: Path, text: str) -> None:
    sheet = opened(tmp_path, f"loss,seed,metric,value\nce,3.0,a,1\nce,{text},a,1\n")
    (batch,) = sheet.batches()
    with pytest.raises(Refusal, match="line 3, column seed"):
        Numerals(sheet).wholes(batch, "seed")


def test_zeros_before_a_seed_are_none_of_its_digits(tmp_path: Path) -> None:
    sheet = opened(tmp_path, f"loss,seed,metric,value\nce,{'0' * 400}7,a,1\n")
    (batch,) = sheet.batches()
    assert Numerals(sheet).wholes(batch, "seed").tolist() == [7]


def test_what_is_no_regular_file_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    with pytest.raises(Refusal, match=r"pipe\.csv: is no regular file but a pipe or a device"):
        open_sheet(pipe, expected=EXPECTED)


@pytest.mark.parametrize("name", [b"rt\xff.csv", b"a\nb.csv"])
def test_a_file_whose_name_cannot_be_shown_is_refused(tmp_path: Path, name: bytes) -> None:
    file = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    file.write_text("loss,seed,metric,value\nce,1,auroc,0.5\n")
    with pytest.raises(Refusal, match="allowed: a name in UTF-8 without control characters") as caught:
        open_sheet(file, expected=EXPECTED)
    assert str(caught.value).isprintable()


def test_whole_numbers_may_carry_an_empty_fraction(tmp_path: Path) -> None:
    sheet = opened(tmp_path, "loss,seed,metric,value\nce,3.0,a,1\nce,007,a,1\nce,2147483647,a,1\n")
    (batch,) = sheet.batches()
    assert Numerals(sheet).wholes(batch, "seed").tolist() == [3, 7, 2147483647]


def test_lines_are_those_of_the_file_across_batches_and_line_ends_in_cells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "BATCH", 2)
    rows = ['"a\nb",1,x,0.5', "c,1,x,0.5", "", "d,1,x,0.5", "e,1,x,?"]
    said = refusal(tmp_path, "loss,seed,metric,value\n" + "\n".join(rows))
    assert "line 7, column value: '?'" in said


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=30),
    dialect=st.sampled_from([(",", "."), (";", ","), (";", ".")]),
)
def test_every_finite_number_comes_back_bit_by_bit(
    tmp_path: Path, values: list[float], dialect: tuple[str, str]
) -> None:
    delimiter, decimal = dialect
    head = delimiter.join(EXPECTED)
    rows = [delimiter.join(["ce", "1", "m", repr(value).replace(".", decimal)]) for value in values]
    _, found, _ = read(tmp_path, "\n".join([head, *rows]))
    assert np.array_equal(np.array(found), np.array(values))


def test_text_is_held_a_batch_at_a_time(tmp_path: Path) -> None:
    file = tmp_path / "long.csv"
    file.write_text("loss,seed,metric,value\n" + "ce,1,auroc,0.123456\n" * (3 * room.BATCH))
    sheet = open_sheet(file, expected=EXPECTED)
    sizes = [len(batch.lines) for batch in sheet.batches()]
    assert sizes == [room.BATCH] * 3
