"""Shards of a study trained by processes of their own in one folder, at once: the same study as trained by one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cxr_report import ledger, stages
from cxr_report.errors import Refusal
from cxr_report.holding import Shard, held
from cxr_report.progress import Silent
from cxr_report.runs import RunFolder, StudyFolder

BINARIES = Path(sys.executable).parent
STUDY = """
name = "tiny"
task = "multiclass"
seeds = 2

[data]
source = "phantom"
image_size = 32

[data.phantom]
patients = 60
difficulty = 0.3

[model]
width = 4

[training]
epochs = 2
batch_size = 16

[losses.ce]
loss = "cross-entropy"

[losses.focal]
loss = "focal"

[noise_floor]
seeds = true
"""
RUNS = [("ce", 1), ("focal", 1), ("ce", 2), ("focal", 2), ("ce", 1000001), ("ce", 1000002)]
"""In the order in which they are trained: seed by seed, the noise floor last."""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    file = tmp_path / "tiny.toml"
    file.write_text(STUDY)
    return file


def trained(folder: StudyFolder) -> list[tuple[str, int]]:
    return [run for run in RUNS if folder.run(*run).weights.exists()]


def results(run: RunFolder) -> tuple[bytes, bytes]:
    return run.weights.read_bytes(), run.history.read_bytes()


def test_a_shard_trains_every_nth_planned_run_and_the_noise_floors_among_them(study: Path) -> None:
    place = stages.Workplace.open(study, study.parent / "runs")
    assert sorted(place.study.planned_runs()) == sorted(RUNS)
    assert stages.train_shard(place, Shard(2, 4), workers=1) == place.folder.path
    assert trained(place.folder) == [RUNS[1], RUNS[5]]
    before = {run: results(place.folder.run(*run)) for run in trained(place.folder)}
    stages.train_shard(place, Shard(2, 4), workers=1)
    assert {run: results(place.folder.run(*run)) for run in trained(place.folder)} == before


class Watched(Silent):
    """Progress that tries to drive the whole study while a shard is at work."""

    def __init__(self, folder: StudyFolder) -> None:
        self.folder = folder
        self.refusals: list[str] = []

    def run(self, state: object) -> None:
        try:
            with held(self.folder):
                raise AssertionError("the study was free")
        except Refusal as refusal:
            self.refusals.append(str(refusal))


def test_while_a_shard_is_at_work_the_study_cannot_be_driven(study: Path) -> None:
    place = stages.Workplace.open(study, study.parent / "runs")
    watched = Watched(place.folder)
    stages.train_shard(place, Shard(6, 6), progress=watched, workers=1)
    assert watched.refusals
    assert all("shard 6/6 of this study is being trained" in said for said in watched.refusals)
    with held(place.folder):
        pass


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_shards_that_start_at_once_train_the_study_that_one_process_would(study: Path) -> None:
    command = [BINARIES / "cxr-report", "run", study, "--runs", study.parent / "shards", "--workers", "1"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    jobs = [
        subprocess.Popen(
            [*command, "--shard", f"{number}/3"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for number in (1, 2, 3)
    ]
    ends = [(job.communicate(timeout=500), job.returncode) for job in jobs]
    assert [code for _, code in ends] == [0, 0, 0], [said[1] for said, _ in ends]
    far = StudyFolder(study.parent / "shards" / "tiny")
    assert {said[0].strip() for said, _ in ends} == {str(far.path)}
    assert trained(far) == RUNS
    assert not list(far.path.glob("**/.*.part"))
    assert len(ledger.read(far).ledger) == 1, "the study was begun once"
    assert not far.analysis().path.exists()

    near = stages.Workplace.open(study, study.parent / "one")
    stages.train(near)
    for run in RUNS:
        assert results(far.run(*run)) == results(near.folder.run(*run))
    assert far.data_json.read_bytes() == near.folder.data_json.read_bytes()
    hashes = {json.loads(far.run(*run).run_json.read_text())["ledger_sha256"] for run in RUNS}
    assert hashes == {ledger.read(far).ledger_sha256}
    whole = stages.Workplace.open(study, study.parent / "shards")
    stages.run(whole)
    assert far.report().manifest.exists()
    assert trained(far) == RUNS
