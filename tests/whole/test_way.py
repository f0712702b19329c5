"""The whole way on a tiny study: what stands at the end, what the same command does again, what may be added."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cxr_report import ledger, stages, standing
from cxr_report.errors import Refusal
from cxr_report.progress import Silent

Copy = Callable[..., stages.Workplace]

PER_STUDY = ("study.json", "data.json", "truth-val.npz", "truth-test.npz")
PER_RUN = (
    "run.json",
    "history.csv",
    "weights.safetensors",
    "model.onnx",
    "export.json",
    "predictions-val.npz",
    "predictions-test.npz",
    "evaluation.json",
)
PER_ANALYSIS = ("analysis/scores.csv", "analysis/comparisons.csv", "analysis/statistics.json")
PER_REPORT = ("report/report.html", "report/report.pdf", "report/manifest.json")


class Sentences(Silent):
    """Progress that remembers what was said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)


def stamps(root: Path) -> dict[str, tuple[int, int]]:
    return {
        path.relative_to(root).as_posix(): (path.stat().st_mtime_ns, path.stat().st_ino)
        for path in root.rglob("*")
        if path.is_file()
    }


def test_every_file_of_the_design_stands(finished: stages.Workplace) -> None:
    root = finished.folder.path
    runs = [f"{loss}/seed-{seed:04d}/{name}" for loss in ("ce", "focal") for seed in (1, 2) for name in PER_RUN]
    wanted = [*PER_STUDY, *runs, *PER_ANALYSIS, *PER_REPORT]
    assert [name for name in wanted if not (root / name).is_file()] == []
    assert list((root / "report" / "figures").glob("*.svg"))
    assert {path.suffix for path in (root / "report" / "tables").iterdir()} == {".csv", ".tex"}
    assert (root / "report" / "report.pdf").read_bytes().startswith(b"%PDF-")


def test_no_temporary_file_no_pickle_and_no_decoded_image_is_left(finished: stages.Workplace) -> None:
    files = [path for path in finished.folder.path.rglob("*") if path.is_file()]
    assert [path for path in files if path.name.endswith((".part", ".npy", ".pkl", ".lock"))] == []


def test_no_path_of_the_machine_stands_in_any_file(finished: stages.Workplace) -> None:
    secret = str(finished.study_file.parent).encode()
    home = str(Path(stages.__file__).parents[1]).encode()
    guilty = [
        path.name
        for path in finished.folder.path.rglob("*")
        if path.is_file() and (secret in path.read_bytes() or home in path.read_bytes())
    ]
    assert guilty == []


def test_the_same_command_again_changes_nothing(finished: stages.Workplace) -> None:
    before = stamps(finished.folder.path)
    stages.run(finished)
    assert stamps(finished.folder.path) == before


def test_status_says_that_all_is_there(finished: stages.Workplace) -> None:
    table = standing.table(finished.folder)
    assert "runs: 4 evaluated" in table
    assert table.endswith("analysis: there\nreport: there")


def test_a_title_may_change_and_only_the_report_follows(copy: Copy, tiny_text: str) -> None:
    place = copy(tiny_text + '\n[report]\ntitle = "Quite another title"\n')
    before = stamps(place.folder.path)
    stages.run(place)
    after = stamps(place.folder.path)
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed
    assert {name.split("/")[0] for name in changed} == {"study.json", "report"}
    assert "Quite another title" in place.folder.report().html.read_text()


def test_another_plan_in_the_same_folder_is_refused_and_nothing_changes(copy: Copy, tiny_text: str) -> None:
    place = copy(tiny_text.replace("epochs = 2", "epochs = 3"))
    before = stamps(place.folder.path)
    with pytest.raises(Refusal, match=r"training\.epochs \(2 there, 3 asked for\)"):
        stages.run(place)
    assert stamps(place.folder.path) == before


def test_other_data_under_the_same_plan_are_refused(copy: Copy) -> None:
    place = copy()
    told = json.loads(place.folder.data_json.read_text())
    place.folder.data_json.write_text(json.dumps({**told, "fingerprint": "0" * 64}))
    with pytest.raises(Refusal, match="started with other data"):
        stages.run(place)


def test_a_seed_added_after_the_analysis_is_trained_and_the_report_calls_itself_exploratory(
    copy: Copy, tiny_text: str
) -> None:
    place = copy(tiny_text.replace("seeds = 2", "seeds = 3"))
    old = {name: stamp for name, stamp in stamps(place.folder.path).items() if "/seed-000" in name}
    stages.run(place)
    new = stamps(place.folder.path)
    assert {name: new[name] for name in old} == old, "finished runs were touched"
    assert place.folder.run("ce", 3).evaluation_json.exists()
    assert ledger.read(place.folder).exploratory() == ("seeds 3 added after a first analysis",)
    assert "exploratory" in place.folder.report().html.read_text().lower()


def test_equal_finished_runs_of_another_study_are_taken_and_not_trained_again(
    copy: Copy, tiny_text: str, tmp_path: Path
) -> None:
    source = copy().folder
    file = tmp_path / "second.toml"
    file.write_text(tiny_text.replace('name = "tiny"', 'name = "second"').replace("losses.ce", "losses.renamed"))
    place = stages.Workplace.open(file, tmp_path / "runs")
    teller = Sentences()
    stages.run(place, progress=teller, reuse=source.path)
    assert any(line.startswith("4 finished runs taken") for line in teller.said)
    told = json.loads(place.folder.run("renamed", 1).run_json.read_text())
    assert told["taken_from"] == "tiny"
    assert told["plan_sha256"] == ledger.read(place.folder).plan_sha256
    assert place.folder.run("renamed", 1).weights.read_bytes() == source.run("ce", 1).weights.read_bytes()


def test_an_incomplete_study_is_refused_with_the_list_or_analysed_as_partial(copy: Copy) -> None:
    place = copy()
    shutil.rmtree(place.folder.run("focal", 2).path)
    with pytest.raises(Refusal, match=r"focal/seed-0002"):
        stages.analyse(place.folder)
    stages.analyse(place.folder, partial=True)
    stages.report(place.folder, partial=True)
    text = place.folder.report("partial").html.read_text().lower()
    assert "partial" in text


def test_what_a_paper_publishes_is_enough_for_analysis_and_report(copy: Copy) -> None:
    place = copy()
    before = {name: (place.folder.path / name).read_bytes() for name in PER_ANALYSIS}
    for pattern in ("*.pt", "*.safetensors", "*.onnx"):
        for file in place.folder.path.rglob(pattern):
            file.unlink()
    shutil.rmtree(place.folder.analysis().path)
    shutil.rmtree(place.folder.report().path)
    stages.analyse(place.folder)
    stages.report(place.folder)
    assert {name: (place.folder.path / name).read_bytes() for name in PER_ANALYSIS} == before


def test_a_changed_prediction_is_found_by_its_hash_and_named(copy: Copy) -> None:
    place = copy()
    file = place.folder.run("ce", 1).predictions("test")
    content = bytearray(file.read_bytes())
    content[-200] ^= 1
    file.write_bytes(bytes(content))
    with pytest.raises(Refusal) as caught:
        stages.analyse(place.folder)
    assert "predictions-test.npz" in str(caught.value)
    assert "evaluation.json" in str(caught.value)


def test_the_forecast_measures_and_leaves_the_folder_alone(tiny_text: str, tmp_path: Path) -> None:
    (tmp_path / "tiny.toml").write_text(tiny_text)
    place = stages.Workplace.open(tmp_path / "tiny.toml", tmp_path / "runs")
    told = standing.forecast(place, workers=2, progress=Silent())
    assert "2 losses x 2 seeds = 4 runs, 0 finished, 4 to train" in told
    assert "one epoch of one run:" in told
    assert not place.folder.path.exists()
