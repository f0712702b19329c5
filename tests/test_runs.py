"""Files appear whole, depend on their content alone, and are refused in one sentence when damaged."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr_report import runs
from cxr_report.errors import Refusal


def test_a_write_that_fails_leaves_the_old_file_and_no_stray(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    runs.write_text(file, "old")
    writer = runs.whole(file)
    writer.__enter__().write(b"half")
    error = OSError("disk full")
    assert not writer.__exit__(OSError, error, None), "the error must go on to the caller"
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_the_strays_of_killed_writers_are_swept_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / ".model.onnx.abc.part").write_bytes(b"half")
    kept = tmp_path / "sub" / "model.onnx"
    kept.write_bytes(b"whole")
    assert runs.sweep(tmp_path) == 1
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [kept]


def test_equal_arrays_give_equal_bytes_whatever_the_order(tmp_path: Path) -> None:
    ids, logits = np.array(["a", "bc"]), np.arange(6, dtype=np.float32).reshape(2, 3)
    runs.write_arrays(tmp_path / "1.npz", ids=ids, logits=logits)
    runs.write_arrays(tmp_path / "2.npz", logits=np.asfortranarray(logits), ids=ids)
    assert (tmp_path / "1.npz").read_bytes() == (tmp_path / "2.npz").read_bytes()
    back = runs.read_arrays(tmp_path / "1.npz", ["ids", "logits"])
    assert back["ids"].tolist() == ["a", "bc"]
    assert np.array_equal(back["logits"], logits)


def test_a_pickle_in_an_npz_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "evil.npz"
    np.savez(file, ids=np.array([{"a": 1}], dtype=object))
    with pytest.raises(Refusal, match=r"evil\.npz"):
        runs.read_arrays(file, ["ids"])
    file.write_bytes(pickle.dumps(np.zeros(3)))
    with pytest.raises(Refusal, match=r"evil\.npz"):
        runs.read_arrays(file, ["ids"])


@pytest.mark.parametrize("damage", ["missing", "cut", "empty", "name"])
def test_a_damaged_npz_is_named(tmp_path: Path, damage: str) -> None:
    file = tmp_path / "p.npz"
    runs.write_arrays(file, ids=np.arange(1000))
    whole = file.read_bytes()
    if damage == "missing":
        file.unlink()
    elif damage != "name":
        file.write_bytes(whole[:200] if damage == "cut" else b"")
    with pytest.raises(Refusal, match=r"p\.npz"):
        runs.read_arrays(file, ["other" if damage == "name" else "ids"])


def test_json_is_sorted_and_writes_what_is_undefined_as_null(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    runs.write_json(file, {"b": float("nan"), "a": (np.float64(1.5), np.int64(2)), "c": np.array([np.inf])})
    assert file.read_text() == '{\n "a": [\n  1.5,\n  2\n ],\n "b": null,\n "c": [\n  null\n ]\n}\n'


@pytest.mark.parametrize("content", [b"{", b"", b"\xff", b"9" * 5000, b"[" * 200_000])
def test_what_cannot_be_read_as_json_is_refused_in_one_sentence(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(content)
    with pytest.raises(Refusal, match=r"a\.json: is not valid JSON"):
        runs.read_json(file)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes, which this system lacks")
def test_a_pipe_in_the_place_of_a_json_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.json")
    with pytest.raises(Refusal, match=r"a\.json: is no regular file but a pipe"):
        runs.read_json(tmp_path / "a.json")


@given(
    value=st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_json_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    file = tmp_path_factory.mktemp("json") / "v.json"
    runs.write_json(file, value)
    assert runs.read_json(file) == value


def test_the_files_of_a_study_lie_where_the_design_says() -> None:
    folder = runs.StudyFolder(Path("runs/s"))
    run = folder.run("ce", 3)
    assert folder.relative(run.predictions("test")) == "ce/seed-0003/predictions-test.npz"
    assert folder.relative(folder.analysis().statistics) == "analysis/statistics.json"
    assert folder.relative(folder.analysis("partial").scores) == "analysis-partial/scores.csv"
    assert folder.relative(folder.report().figure("roc")) == "report/figures/roc.svg"
    assert folder.relative(folder.report().table("main", "tex")) == "report/tables/main.tex"
    assert folder.cache == Path("runs/.cache")
