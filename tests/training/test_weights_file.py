"""weights.safetensors: equal weights give equal bytes; a finished run is known by its identity."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load, load_file

from cxr_report.errors import Refusal
from cxr_report.runs import StudyFolder, write_bytes, write_json
from cxr_report.training.weights import encode, finished

CODE = """
import hashlib, torch
from cxr_report.training.weights import encode
metadata = {"identity": "x", "loss": "ce", "seed": "1", "epoch": "3", "epochs": "4"}
print(hashlib.sha256(encode({"b": torch.ones(2, 3), "a": torch.arange(3)}, metadata)).hexdigest())
"""


def test_the_bytes_do_not_change_from_process_to_process() -> None:
    told = {
        subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    }
    assert len(told) == 1


def test_the_library_reads_back_what_was_written(tmp_path: Path) -> None:
    weights = {"b": torch.randn(2, 3), "a": torch.arange(3), "empty": torch.zeros(0)}
    content = encode(weights, {"identity": "ä"})
    write_bytes(tmp_path / "w.safetensors", content)
    for found in (load(content), load_file(tmp_path / "w.safetensors")):
        assert found.keys() == weights.keys()
        assert all(torch.equal(found[name], weights[name]) for name in weights)


def test_a_run_is_finished_by_its_weights_or_by_diverging(tmp_path: Path) -> None:
    folder = StudyFolder(tmp_path)
    run = folder.run("ce", 1)
    assert not finished(run, "right", folder)
    write_json(run.diverged, {"identity": "right"})
    assert finished(run, "right", folder)
    write_bytes(run.weights, encode({"a": torch.ones(1)}, {"identity": "right"}))
    assert finished(run, "right", folder)


@pytest.mark.parametrize("kind", ["weights", "diverged"])
def test_a_finished_run_of_another_plan_is_refused_with_both_names(tmp_path: Path, kind: str) -> None:
    folder = StudyFolder(tmp_path)
    run = folder.run("ce", 1)
    if kind == "weights":
        write_bytes(run.weights, encode({"a": torch.ones(1)}, {"identity": "stale"}))
    else:
        write_json(run.diverged, {"identity": "stale"})
    with pytest.raises(Refusal, match=rf"ce/seed-0001/{kind}\.\w+ is run stale, but study.json with data.json asks"):
        finished(run, "right", folder)


def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    folder = StudyFolder(tmp_path)
    write_bytes(folder.run("ce", 1).weights, b"nothing")
    with pytest.raises(Refusal, match="is damaged"):
        finished(folder.run("ce", 1), "right", folder)
