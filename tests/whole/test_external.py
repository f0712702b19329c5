"""An external test set the whole way: planned or added to a finished study, on synthetic and on real radiographs."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cxr_report import ledger, stages, standing
from cxr_report.analysis import load
from cxr_report.errors import Refusal
from cxr_report.progress import Silent

Copy = Callable[..., stages.Workplace]

OTHER = """
[[data.external]]
name = "other"
label = "Other Hospital"
source = "phantom"

[data.external.phantom]
seed = 5
patients = 60
images_per_patient = 1.5
difficulty = 0.6
"""

PNEUMONIA = """
task = "binary"
seeds = 3

[data]
source = "medmnist"
path = "{medmnist}"
image_size = 28
allow_leakage = true

[[data.external]]
name = "cxr3"
label = "NIH and COVID collection"
source = "manifest"
path = "{cxr3}"
split = "test"
classes = {{ no_finding = "normal" }}

[training]
epochs = 3
batch_size = 64

[losses.ce]
loss = "cross-entropy"

[losses.smoothing]
loss = "label-smoothing"
"""


def stamps(root: Path) -> dict[str, int]:
    return {path.relative_to(root).as_posix(): path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()}


def text_of(place: stages.Workplace) -> str:
    return place.folder.report().html.read_text(encoding="utf-8")


def test_a_set_added_to_a_finished_study_is_predicted_and_reported_and_no_run_is_touched(
    copy: Copy, tiny_text: str
) -> None:
    place = copy(tiny_text + OTHER)
    own = load(place.folder.analysis())
    before = stamps(place.folder.path)
    stages.run(place)
    after = stamps(place.folder.path)
    touched = {name for name in before if after.get(name) != before[name]}
    runs = [f"{loss}/seed-{seed:04d}" for loss in ("ce", "focal") for seed in (1, 2)]
    assert {name for name in touched if not name.startswith(("analysis/", "report/"))} == {
        "study.json",
        "data.json",
        *(f"{run}/evaluation.json" for run in runs),
    }
    new = {name for name in set(after) - set(before) if not name.startswith("report/")}
    assert new == {"truth-external-other.npz", *(f"{run}/predictions-external-other.npz" for run in runs)}
    found = load(place.folder.analysis())
    assert (found.joint, found.pairs, found.exploratory) == (own.joint, own.pairs, ())
    assert [each.planned for each in found.external] == [False]
    assert "External test set, added later: Other Hospital" in text_of(place)
    assert "added after a first analysis, so that what is said of it is exploratory" in text_of(place)
    assert "No external test set was used" not in text_of(place)
    assert "external test set other: predicted by 4 of 4 runs" in standing.table(place.folder)
    stages.run(place)
    assert stamps(place.folder.path) == after


def test_what_a_paper_publishes_is_enough_for_the_set_too(copy: Copy, tiny_text: str) -> None:
    place = copy(tiny_text + OTHER)
    stages.run(place)
    right = place.folder.analysis().statistics.read_bytes()
    for pattern in ("*.pt", "*.safetensors", "*.onnx"):
        for file in place.folder.path.rglob(pattern):
            file.unlink()
    place.folder.analysis().statistics.unlink()
    stages.analyse(place.folder)
    assert place.folder.analysis().statistics.read_bytes() == right


def test_a_planned_set_says_so_and_a_changed_or_lost_one_is_refused(copy: Copy, tiny_text: str, tmp_path: Path) -> None:
    source = copy().folder
    file = tmp_path / "second.toml"
    file.write_text(tiny_text.replace('name = "tiny"', 'name = "second"') + OTHER)
    place = stages.Workplace.open(file, tmp_path / "runs")
    stages.run(place, reuse=source.path)
    assert ledger.read(place.folder).external("other").kind == "planned"
    assert "was part of the study from its beginning" in text_of(place)
    told = json.loads(place.folder.run("ce", 1).run_json.read_text())
    assert told["taken_from"] == "tiny", "an external set is no part of what a run is"
    file.write_text(file.read_text().replace("seed = 5", "seed = 6"))
    with pytest.raises(Refusal, match=r"data\.external\.other\.phantom\.seed \(5 there, 6 asked for\)"):
        stages.run(stages.Workplace.open(file, tmp_path / "runs"))


def test_other_cases_under_the_same_section_are_refused(copy: Copy, tiny_text: str) -> None:
    place = copy(tiny_text + OTHER)
    stages.run(place)
    told = json.loads(place.folder.data_json.read_text())
    told["external"][0]["fingerprint"] = "0" * 64
    place.folder.data_json.write_text(json.dumps(told))
    with pytest.raises(
        Refusal, match=r"set other was added with other data.*another name and take its runs over with --reuse"
    ):
        stages.run(place)


def test_trained_and_not_evaluated_is_incomplete_and_partial_says_for_what(copy: Copy, tiny_text: str) -> None:
    place = copy(tiny_text + OTHER)
    stages.train(place)
    with pytest.raises(Refusal, match=r"ce/seed-0001/predictions-external-other\.npz"):
        stages.analyse(place.folder)
    stages.analyse(place.folder, partial=True)
    found = load(place.folder.analysis("partial"))
    assert found.seeds == (1, 2)
    assert found.external[0].seeds == ()
    stages.report(place.folder, partial=True)
    assert "No comparison of the losses on it" in place.folder.report("partial").html.read_text()
    stages.evaluate(place)
    stages.analyse(place.folder)
    assert load(place.folder.analysis()).external[0].seeds == (1, 2)


def test_the_forecast_counts_its_cases_and_reads_it(tiny_text: str, tmp_path: Path) -> None:
    (tmp_path / "tiny.toml").write_text(tiny_text + OTHER)
    place = stages.Workplace.open(tmp_path / "tiny.toml", tmp_path / "runs")
    told = standing.forecast(place, workers=1, progress=Silent())
    assert "external test set other: 96 cases" in told


def test_a_set_that_shares_people_with_the_training_cases_is_refused_before_anything_is_written(
    tiny_text: str, tmp_path: Path
) -> None:
    same = OTHER.replace("seed = 5", "seed = 0").replace("patients = 60", "patients = 90")
    (tmp_path / "tiny.toml").write_text(tiny_text + same)
    place = stages.Workplace.open(tmp_path / "tiny.toml", tmp_path / "runs")
    with pytest.raises(Refusal, match="shares cases with what the runs learn from"):
        stages.train(place)
    assert not place.folder.path.exists()


@pytest.mark.slow
def test_models_of_one_collection_are_held_against_another(shared_data: Path, tmp_path: Path) -> None:
    file = tmp_path / "pneumonia.toml"
    paths: dict[str, Any] = {
        "medmnist": (shared_data / "medmnist/pneumoniamnist.npz").as_posix(),
        "cxr3": (shared_data / "cxr3/manifest.csv").as_posix(),
    }
    file.write_text(PNEUMONIA.format(**paths))
    place = stages.Workplace.open(file, tmp_path / "runs")
    stages.run(place)
    analysis = load(place.folder.analysis())
    (found,) = analysis.external
    assert found.positives == {"normal": 100, "pneumonia": 100}
    assert found.content["flow"]["excluded"]["of a class that the study leaves out"] == 118 - 94
    told = [row for row in found.changes if row.metric == "auroc"]
    for row in told:
        print(f"{row.loss}: own {row.own:.3f}, external {row.external:.3f}, change {row.low:.3f} to {row.high:.3f}")
    assert all(row.high < 0 for row in told), "children's films of one hospital do not carry over to adults of another"
    with (shared_data / "cxr3/manifest.csv").open(encoding="utf-8") as stream:
        names = [Path(row["path"]).stem.encode() for row in csv.DictReader(stream)]
    for path in place.folder.path.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert not [name for name in names if len(name) >= 8 and name in content], path.name
