"""Time and machine: what the runs recorded, added up, with every difference between runs shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from cxr_report.analysis.value import Analysis
from cxr_report.report import machine
from cxr_report.runs import StudyFolder, write_json
from cxr_report.study.plan import NoiseFloor


def _record(folder: StudyFolder, seed: int, minutes: int, device: str, **more: Any) -> None:
    write_json(
        folder.run("bce", seed).run_json,
        {
            "device": device,
            "versions": {"torch": "2.13.0", "python": "3.11.7", "system": "Linux x86_64"},
            "start": "2024-05-01T10:00:00+00:00",
            "finished": f"2024-05-01T10:{minutes:02d}:00+00:00",
            "resumed": [],
            **more,
        },
    )


def test_what_the_runs_recorded_is_added_up(tmp_path: Path, made_up: Callable[..., Analysis]) -> None:
    analysis = made_up(task="multilabel", losses=2, seeds=3, classes=2)
    folder = StudyFolder(tmp_path / "study")
    _record(folder, 1, 2, "cpu: A")
    _record(folder, 2, 6, "cpu: A", git_commit="abc")
    _record(folder, 3, 50, "cuda: B", resumed=[{"time": "2024-05-01T10:20:00+00:00"}])
    write_json(folder.run("bce", 1).evaluation_json, {"provider": "CPUExecutionProvider", "images_per_second": 800.4})
    table = machine.table(folder, analysis)
    told = {row[0].text: row[1].text for row in table.bodies[0].rows}
    assert table.n == "n = 3 trained and 1 evaluated runs"
    assert told["First run started"] == "2024-05-01 10:00 UTC"
    assert told["Last run finished"] == "2024-05-01 10:50 UTC"
    assert (
        told["Training time per run, median (range)"]
        == "4.0\N{NO-BREAK SPACE}min (2.0\N{NO-BREAK SPACE}min to 6.0\N{NO-BREAK SPACE}min)"
    )
    assert told["Training time, all runs added up"] == "8.0\N{NO-BREAK SPACE}min"
    assert told["Runs resumed after an interruption"] == "1"
    assert told["Device of training"] == "cpu: A [2]; cuda: B [1]"
    assert told["torch"] == "2.13.0"
    assert told["Commit"] == "abc"
    assert told["Images per second through the exported network, median (range)"] == "800 (800 to 800)"


def test_a_variant_is_told_with_provider_speed_and_size(tmp_path: Path, made_up: Callable[..., Analysis]) -> None:
    analysis = made_up(task="multilabel", losses=2, seeds=3, classes=2)
    folder = StudyFolder(tmp_path / "study")
    for seed, speed in ((1, 900.0), (2, 1100.0)):
        noted = {"provider": "CPUExecutionProvider", "images_per_second": speed, "graph_bytes": 4321}
        write_json(folder.run("bce", seed).evaluation_json, {"variants": {"int8": noted}})
    told = {row[0].text: row[1].text for row in machine.table(folder, analysis).bodies[0].rows}
    assert told["Provider of the variant int8"] == "CPUExecutionProvider"
    assert told["Images per second through the variant int8, median (range)"] == "1000 (900 to 1100)"
    assert told["Bytes of the graph of the variant int8, median (range)"] == "4321 (4321 to 4321)"


def test_a_folder_without_records_gives_an_empty_table_and_no_error(
    tmp_path: Path, made_up: Callable[..., Analysis]
) -> None:
    folder = StudyFolder(tmp_path / "study")
    assert machine.table(folder, made_up()).rows == 0
    assert machine.files(folder, made_up()) == ()


def test_the_runs_of_the_noise_floor_are_counted_and_named(tmp_path: Path, made_up: Callable[..., Analysis]) -> None:
    analysis = made_up(task="multilabel", losses=2, seeds=3, classes=2)
    floor = NoiseFloor(seeds=True)
    analysis = replace(analysis, study=analysis.study.model_copy(update={"noise_floor": floor}))
    folder = StudyFolder(tmp_path / "study")
    _record(folder, 1, 2, "cpu: A")
    for seed in analysis.study.floor_seeds:
        _record(folder, seed, 2, "cpu: A")
    assert machine.table(folder, analysis).n == "n = 4 trained and 0 evaluated runs, 3 of them for the noise floor"
