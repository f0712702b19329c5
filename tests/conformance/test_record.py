"""A record keeps everything but the digits of the deviations, and never says more agreement or less than there was."""

import json
import math
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr_report import cli
from cxr_report.conformance import Check, Conformance, encode, refuse_target, text_table
from cxr_report.conformance.record import rounded_up
from cxr_report.errors import Refusal


def check_of(deviation, tolerance=1e-8, held_to="relative"):
    return Check("stats.x", "R 4.2.2, x", 3, deviation, deviation, held_to, tolerance, "double precision")


def back(conformance):
    return [Check(**entry) for entry in json.loads(encode(conformance))["checks"]]


@given(st.floats(1e-300, 1e300))
def test_rounding_up_never_falls_below_and_adds_at_most_one_digit(value):
    rounded = rounded_up(value)
    assert value <= rounded <= 2 * value
    assert rounded_up(rounded) == rounded


@pytest.mark.parametrize(
    ("value", "rounded"), [(0.0, 0.0), (math.inf, math.inf), (9.1e-4, 1e-3), (3e-4, 3e-4), (0.21, 0.3)]
)
def test_rounding_up_in_numbers(value, rounded):
    assert rounded_up(value) == rounded


@given(st.floats(0, 2e-8), st.sampled_from(["absolute", "relative"]))
def test_the_record_agrees_exactly_where_the_check_does(deviation, held_to):
    check = check_of(deviation, held_to=held_to)
    (kept,) = back(Conformance((check,), {}))
    assert kept.agrees == check.agrees
    assert (kept.function, kept.witness, kept.values, kept.reason) == ("stats.x", "R 4.2.2, x", 3, "double precision")


def test_nothing_checked_is_no_agreement():
    assert not Conformance((), {}).agrees


def test_the_table_says_which_function_deviates():
    table = text_table(Conformance((check_of(1e-9), check_of(math.inf)), {"numpy": "2"}))
    lines = table.splitlines()
    assert lines[1].endswith("yes")
    assert lines[2].endswith("NO")
    assert lines[3] == "2 checks of 1 functions, 6 values: 1 deviates (numpy 2)"


def test_a_record_is_written_to_a_regular_file_in_a_folder_that_is_there(tmp_path):
    refuse_target(tmp_path / "new.json")
    (tmp_path / "old.json").write_text("{}")
    refuse_target(tmp_path / "old.json")
    os.mkfifo(tmp_path / "pipe")
    for name, told in (("pipe", "no regular file but a pipe"), (".", "no regular file but a folder")):
        with pytest.raises(Refusal, match=told):
            refuse_target(tmp_path / name)
    with pytest.raises(Refusal, match=r"--write .*none/new\.json: there is no folder .*none"):
        refuse_target(tmp_path / "none" / "new.json")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder of the kernel, absent here")
def test_a_record_is_not_written_among_the_folders_of_the_kernel():
    with pytest.raises(Refusal, match="--write /proc/x: no file can be kept in /proc"):
        refuse_target(Path("/proc/x"))


def test_the_command_refuses_a_target_before_it_computes_anything(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("cxr_report.conformance.measure", lambda: pytest.fail("was computed"))
    monkeypatch.setattr(sys, "argv", ["cxr-report", "conformance", "--write", str(tmp_path)])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 2
    assert "is no regular file but a folder" in capsys.readouterr().err
