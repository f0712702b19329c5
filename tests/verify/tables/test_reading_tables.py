"""Tables in every layout are read, and what is at fault is named by file, line and column in one sentence."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxr_report.errors import Refusal
from cxr_report.verify.tables import Audit, Said, audit, audit_grid, parse
from cxr_report.verify.tables.cell import read_cell
from cxr_report.verify.tables.grid import LARGEST
from cxr_report.verify.tables.printed import read_printed


def read(text: str, said: Said | None = None) -> Audit:
    return audit_grid(parse(text, "t.csv"), said or Said())


SAME = (
    "method,metric,value,sd,n_seeds,n_test\nA,accuracy,0.912,0.013,3,50\n",
    "Method,Accuracy,Accuracy SD,Seeds,N\nA,0.912,0.013,3,50\n",
    "model;acc;sd;runs;n\nA;0,912;0,013;3;50\n",
    "model\tacc\truns\tn\nA\t.912 ± .013\t3\t50\n",
    "| Loss | Acc. | seeds | n |\n|:--|--:|--|--|\n| A | 0.912 (0.013) | 3 | 50 |\n",
    "Table 2\n\nLoss | ACC ↑ | seeds | n\n--- | --- | --- | ---\nA | $0.912 \\pm 0.013$ | 3 | 50\n\nEnd.\n",
    'method,metric,value,n_seeds,n_test\r\n"A",Accuracy,0.912+/-0.013,3,50\r\n',
    "\ufeffmethod,metric,value,sd,n_seeds,n_test\nA,accuracy,0.912,0.013,3,50",
    "method,acc (%),seeds,n\nA,91.2 ± 1.3,3,50\n",
    "method,acc,seeds,n\nA,91.2 ± 1.3 %,3,50\n",
)


@pytest.mark.parametrize("text", SAME)
def test_one_table_in_ten_layouts_is_one_table(text: str) -> None:
    (entry,) = read(text.removeprefix("\ufeff") if text[0] == "\ufeff" else text).table.entries
    assert entry.measure is not None
    assert (entry.method, entry.measure.key) == ("A", "accuracy")
    assert (entry.value.value, entry.value.places) == (Fraction(912, 1000), 3)
    assert entry.sd is not None
    assert (entry.sd.value, entry.sd.places) == (Fraction(13, 1000), 3)
    assert (entry.sizes.seeds, entry.sizes.n) == (3, 50)


def test_how_the_table_was_read_is_said() -> None:
    notes = read("model;acc;f1;runs;n;year\nA;91,2;0,90;3;50;2021\n").table.notes
    assert notes[0] == "cells separated by semicolons, decimal commas"
    assert "read as per cent: acc" in notes
    assert "read as fractions: f1" in notes
    assert "columns that were not read: year" in notes


@pytest.mark.parametrize(
    "cell", ["**0.91**", "__0.91__", "<b>0.91</b>", r"\textbf{0.91}", "**0.91 ± 0.02**", "**0.91** (0.02)"]
)
def test_bold_print_is_seen(cell: str) -> None:
    found = read_cell(cell)
    assert (found.value, found.bold) == ("0.91", True)


def test_a_model_and_its_loss_name_a_method_together_and_a_column_of_numbers_names_none() -> None:
    entries = read("model,loss,accuracy\nResNet,focal,0.91\nResNet,ce,0.90\n").table.entries
    assert [entry.method for entry in entries] == ["ResNet, focal", "ResNet, ce"]
    found = read("model,loss,accuracy\nA,0.31,0.91\nB,0.33,0.90\n").table
    assert [entry.method for entry in found.entries] == ["A", "B"]
    assert "columns that were not read: loss" in found.notes


def test_a_flag_column_marks_the_winner() -> None:
    entries = read("method,accuracy,winner\nA,0.91,yes\nB,0.90,\n").table.entries
    assert [entry.bold for entry in entries] == [True, False]


def test_intervals_beside_values_are_left_aside_and_said() -> None:
    found = read("method,accuracy,n\nA,0.91 (0.85-0.95),100\n")
    assert found.table.entries[0].sd is None
    assert "intervals beside values were not read" in found.table.notes


def test_decimals_are_those_of_print() -> None:
    assert read_printed("0.910").places == 3
    assert read_printed("91.0 %").places == 3
    assert read_printed("0.91").unit == Fraction(1, 100)


FAULTS = {
    "t.csv: is empty": "",
    "t.csv: is empty; ": " ;;\n\n",
    "t.csv: is empty; allowed": '"",""\n',
    "t.csv: line 1: 'x' is no header": "x\n1\n",
    "t.csv: holds a header and no row": "method,accuracy\n",
    "t.csv: line 1: names no metric among method, colour": "method,colour\nA,red\n",
    "t.csv: line 1: has a column of values and no column named metric": "method,value\nA,0.9\n",
    "t.csv: line 3, column value: 'abc' is no number": "method,metric,value\nA,acc,0.9\nB,acc,abc\n",
    "t.csv: line 2, column acc: '1e-3' is no number": "method,acc\nA,1e-3\n",
    "t.csv: line 2, column n: '12.5' is no count": "method,acc,n\nA,0.9,12.5\n",
    "t.csv: line 2, column n: '1,000' is no count": 'method,acc,n\nA,0.9,"1,000"\n',
    "t.csv: line 2: has 2 cells, the header has 3": "method,acc,n\nA,0.9\n",
    "t.csv: line 2: has 4 cells, the header has 3": "method,acc,n\nA,0.9,5,6\n",
    "t.csv: line 3, column acc: '0,9' has a decimal comma, while": "method;acc\nA;0.9\nB;0,9\n",
    "t.csv: line 3, column acc: '0.9' stands beside '91.2'": "method,acc\nA,91.2\nB,0.9\n",
    "t.csv: line 3, column acc: '0.9' has no per cent sign": "method,acc\nA,91.2 %\nB,0.9\n",
    "t.csv: line 3: A, accuracy stands on line 2 too": "method,acc\nA,0.91\nA,0.92\n",
    "t.csv: line 2: 60 positives of 50 test cases": "method,acc,n,positives\nA,0.9,50,60\n",
    "t.csv: line 2: 20 positives and 20 negatives make 40, while 50": "method,f1,n,pos,neg\nA,0.9,50,20,20\n",
    "t.csv: line 2: class counts 20/10/5 make 35, while 50": "method,acc,n,class_counts\nA,0.9,50,20/10/5\n",
    "t.csv: line 2, column class_counts: 'many' is no list": "method,acc,class_counts\nA,0.9,many\n",
    "t.csv: line 2, column bold: 'perhaps' is no flag": "method,acc,bold\nA,0.9,perhaps\n",
    "t.csv: line 2, column sd: '-0.1' is negative": "method,acc,sd\nA,0.9,-0.1\n",
    "t.csv: line 1: two columns are named 'acc'": "method,acc,acc\nA,0.9,0.9\n",
    "t.csv: line 1: column 2 has no name": "method,,acc\nA,0.9,0.9\n",
    "t.csv: line 1: columns 'n' and 'cases' both hold the n": "method,n,cases,acc\nA,5,5,0.9\n",
    "t.csv: line 1: column 'sd' may belong to any of 2 metrics": "method,acc,f1,sd\nA,0.9,0.9,0.1\n",
    "t.csv: line 2, column method: is empty": "method,acc\n,0.9\n",
    "t.csv: line 2, column metric: is empty": "method,metric,value\nA,,0.9\n",
    "t.csv: line 2, column 1: 'A\\x07' holds the character U+0007": "method,acc\nA\x07,0.9\n",
    "t.csv: line 3: cannot be read as CSV": 'method,acc\nA,0.9\n"B,0.8\n',
    "t.csv: holds no value": "method,acc\nA,-\n",
    "t.csv: has 501 rows; allowed: 500": "method,acc\n" + "".join(f"M{i},0.9\n" for i in range(501)),
    "t.csv: line 2, column 1: has 400 characters": f"method,acc\n{'A' * 400},0.9\n",
}


@pytest.mark.parametrize("sentence", FAULTS)
def test_a_fault_is_named_in_one_sentence(sentence: str) -> None:
    with pytest.raises(Refusal) as fault:
        read(FAULTS[sentence])
    assert str(fault.value).startswith(sentence)
    assert "\n" not in str(fault.value)
    assert "; allowed: " in str(fault.value)


def test_a_missing_file_a_folder_and_foreign_bytes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="there is no such file"):
        audit(tmp_path / "none.csv")
    with pytest.raises(Refusal, match="a folder"):
        audit(tmp_path)
    (tmp_path / "latin.csv").write_bytes("method,acc\nMäth,0.9\n".encode("latin-1"))
    with pytest.raises(Refusal, match="line 2: holds bytes that are no UTF-8"):
        audit(tmp_path / "latin.csv")
    (tmp_path / "zip.csv").write_bytes(b"PK\x03\x04\0\0half an archive")
    with pytest.raises(Refusal, match="no text"):
        audit(tmp_path / "zip.csv")


def test_of_a_file_of_a_gigabyte_no_more_than_the_limit_is_read(tmp_path: Path) -> None:
    import tracemalloc

    large = tmp_path / "large.csv"
    with large.open("wb") as stream:
        stream.write(b"method,acc\n")
        os.truncate(stream.fileno(), 1_000_000_000)
    tracemalloc.start()
    with pytest.raises(Refusal, match="is larger than 1,000,000 bytes"):
        audit(large)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * LARGEST


def test_a_table_can_be_typed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = io.BytesIO(b"| Loss | Acc | n |\n|--|--|--|\n| A | 0.91 | 30 |\n")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=typed))
    found = audit("-")
    assert found.table.name == "standard input"
    assert len(found.impossible) == 1


_CELLS = st.one_of(
    st.sampled_from(
        ["0.9", "91,2", "**0.9**", "±", "0.9 ± 0.1", "=1+1", '"', "|", "", "-", "nan", "1e9", "%", "A", "½", "٣"]
    ),
    st.text(max_size=8),
)
_HEADS = st.sampled_from(
    ["method", "acc", "f1", "n", "seeds", "value", "metric", "sd", "positives", "bold", "acc sd", "x"]
)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(_HEADS, min_size=1, max_size=6),
    st.lists(st.lists(_CELLS, max_size=6), max_size=5),
    st.sampled_from(",;\t|"),
)
def test_whatever_is_given_is_audited_or_refused_in_one_sentence(
    heads: list[str], rows: list[list[str]], separator: str
) -> None:
    text = "\n".join(separator.join(row) for row in [heads, ["---"] * len(heads), *rows])
    fault = fault_of(lambda: read(text))
    assert "\n" not in fault
    assert not fault or fault.startswith("t.csv: ")


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_audited_or_refused(text: str) -> None:
    fault = fault_of(lambda: read(text))
    assert not fault or fault.startswith("t.csv: ")


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_audited_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "any.csv"
    file.write_bytes(data)
    fault = fault_of(lambda: audit(file))
    assert not fault or "any.csv: " in fault


def fault_of(asked: Callable[[], Audit]) -> str:
    """What is refused, or nothing where the table was audited."""
    try:
        found = asked()
    except Refusal as refusal:
        return str(refusal)
    assert found.findings
    return ""
