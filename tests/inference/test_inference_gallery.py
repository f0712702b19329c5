"""gallery.npz: the right cases and nothing but by decision; made anew where stale, taken away where it must go."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from torch import nn

from cxr_report import inference
from cxr_report.data import gallery as showcase
from cxr_report.data.cases import DataSet
from cxr_report.errors import Refusal
from cxr_report.inference import gallery, graph
from cxr_report.progress import Silent
from cxr_report.runs import RunFolder, StudyFolder, read_arrays, write_arrays, write_json
from cxr_report.study import Study

Labels = NDArray[np.int64]


@dataclasses.dataclass(frozen=True)
class Place:
    """A study of two losses and three seeds whose labels are planted."""

    study: Study
    folder: StudyFolder
    dataset: DataSet
    runs: list[RunFolder]

    def show(self, *, decision: bool | None = True) -> Path:
        shown = self.study.report.model_copy(update={"show_cases": decision})
        study = self.study.model_copy(update={"report": shown})
        gallery.evaluate(study, self.runs, folder=self.folder, data=self.dataset, progress=Silent())
        return self.folder.gallery


@pytest.fixture(scope="session")
def graphs(form: graph.Template, folding: Callable[[int], nn.Module], weights_of: Callable[..., Any]) -> list[bytes]:
    """Exported graphs of the small network with other weights."""
    return [
        graph.finish(graph.optimise(graph.fill(form, weights_of(folding(seed)), where="here")), {}) for seed in range(6)
    ]


@pytest.fixture
def plant(
    tmp_path: Path, make_study: Callable[..., Study], make_dataset: Callable[..., DataSet], graphs: list[bytes]
) -> Callable[..., Place]:
    """Make a study folder with given labels ``(2, 3, N)`` of classes, or ``(2, 3, N, 3)`` of findings."""

    def make(labels: Labels, task: str = "multiclass", name: str = "small") -> Place:
        study, folder = make_study(task, seeds=[1, 2, 3]), StudyFolder(tmp_path / name)
        dataset, runs = make_dataset(task, test=labels.shape[2]), []
        for place, (loss, seed) in enumerate(study.compared_runs()):
            run = folder.run(loss, seed)
            own = labels.reshape(6, *labels.shape[2:])[place]
            logits = np.eye(3)[own] if task == "multiclass" else own - 0.5
            write_arrays(run.predictions("test"), ids=dataset.test.ids, logits=logits.astype(np.float32))
            write_json(run.evaluation_json, {"format": 1})
            run.onnx.write_bytes(graphs[place])
            runs.append(run)
        return Place(study, folder, dataset, runs)

    return make


def usual(by_loss: int, by_seed: int, steady: int = 5) -> Labels:
    """Plant labels: some that depend on the loss, some on the seed alone, some on nothing."""
    labels = np.zeros((2, 3, by_loss + by_seed + steady), dtype=np.int64)
    labels[1, :, :by_loss] = 2
    labels[0, 1, by_loss : by_loss + by_seed] = 1
    return labels


def test_real_images_are_shown_by_decision_alone(plant: Callable[..., Place]) -> None:
    place = plant(usual(2, 2))
    assert place.study.data.source == "medmnist"
    assert not place.show(decision=None).exists()
    assert not place.show(decision=False).exists()
    assert place.show(decision=True).exists()


def test_without_the_decision_no_pixel_is_in_any_file(plant: Callable[..., Place]) -> None:
    place = plant(usual(2, 2))
    rows = [image.tobytes() for image in place.dataset.test.images[:4]]
    place.show(decision=None)
    files = [file.read_bytes() for file in place.folder.path.rglob("*") if file.is_file()]
    assert not any(row in content for row in rows for content in files)
    place.show(decision=True)
    assert all(row in place.folder.gallery.read_bytes() for row in rows)


def test_a_decision_that_is_taken_back_takes_the_pixels_away(plant: Callable[..., Place]) -> None:
    place = plant(usual(2, 2))
    assert place.show().exists()
    assert not place.show(decision=False).exists()


def test_what_is_shown_is_what_was_planted(plant: Callable[..., Place]) -> None:
    place = plant(usual(2, 3))
    found = showcase.read(place.show())
    rows = [place.dataset.test.ids.tolist().index(name) for name in found.ids]
    assert found.kinds.tolist() == ["loss"] * 2 + ["seed"] * 3
    assert sorted(rows) == [0, 1, 2, 3, 4]
    np.testing.assert_array_equal(found.images, place.dataset.test.images[rows])
    np.testing.assert_array_equal(found.truth, place.dataset.test.labels[rows])
    np.testing.assert_array_equal(found.labels, np.moveaxis(usual(2, 3), 2, 0)[rows])
    for labels, kind, pair in zip(found.labels, found.kinds, found.pairs, strict=True):
        first, second = (labels[tuple(run)] for run in pair)
        assert first != second
        assert (pair[0][0] != pair[1][0]) == (kind == "loss")
        assert (pair[0][1] == pair[1][1]) == (kind == "loss")
    assert found.mapped
    assert found.maps.max(axis=(2, 3)).max() == 255


@pytest.mark.parametrize(("by_loss", "by_seed", "shown"), [(20, 20, (6, 6)), (20, 2, (10, 2)), (1, 20, (1, 11))])
def test_at_most_twelve_are_shown_half_and_half_where_both_are_there(
    by_loss: int, by_seed: int, shown: tuple[int, int], plant: Callable[..., Place]
) -> None:
    kinds = showcase.read(plant(usual(by_loss, by_seed)).show()).kinds.tolist()
    assert (kinds.count("loss"), kinds.count("seed")) == shown


def test_the_largest_disagreement_comes_first_and_of_equal_ones_the_first_id(plant: Callable[..., Place]) -> None:
    labels = usual(14, 0)
    labels[1, 0, :10] = 0  # two of three seeds of the second loss
    place = plant(labels)
    ids = place.dataset.test.ids
    assert showcase.read(place.show()).ids.tolist() == [*sorted(ids[10:14]), *sorted(ids[:10])[:8]]


def test_equal_inputs_give_equal_bytes(plant: Callable[..., Place]) -> None:
    first, second = plant(usual(2, 2)).show(), plant(usual(2, 2), name="other").show()
    assert first.read_bytes() == second.read_bytes()


def test_a_gallery_that_stands_is_left_alone_and_a_stale_one_is_made_anew(
    plant: Callable[..., Place], graphs: list[bytes]
) -> None:
    place = plant(usual(2, 2))
    before = place.show().stat().st_mtime_ns
    assert place.show().stat().st_mtime_ns == before
    old = showcase.read(place.folder.gallery)
    place.runs[0].onnx.write_bytes(graphs[1])
    new = showcase.read(place.show())
    assert (old.sha256 != new.sha256).sum() == 1
    assert not np.array_equal(old.maps, new.maps)


def test_a_damaged_gallery_is_made_anew(plant: Callable[..., Place]) -> None:
    place = plant(usual(2, 2))
    whole = place.show().read_bytes()
    place.folder.gallery.write_bytes(whole[:1000])
    assert place.show().read_bytes() == whole


def test_where_no_label_changes_there_is_no_gallery(plant: Callable[..., Place]) -> None:
    assert not plant(usual(0, 0)).show().exists()


def test_findings_are_shown_one_a_case_and_a_truth_that_is_not_known_as_such(plant: Callable[..., Place]) -> None:
    labels = np.zeros((2, 3, 4, 3), dtype=np.int64)
    labels[1, :2, 0, 0] = 1
    labels[1, :, 0, 2] = 1
    place = plant(labels, "multilabel")
    place.dataset.test.labels[0, 2] = np.nan
    found = showcase.read(place.show())
    assert (len(found), found.findings.tolist(), found.truth.tolist()) == (1, [2], [-1])
    assert found.labels[0].tolist() == [[0, 0, 0], [1, 1, 1]]


def test_a_network_without_a_last_feature_map_is_shown_without_maps(
    plant: Callable[..., Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "activation", lambda *given: None)
    found = showcase.read(plant(usual(2, 2)).show())
    assert not found.mapped
    assert len(found) == 4


@pytest.mark.parametrize(
    "other", [{"labels": np.zeros((4, 2, 9), int)}, {"pairs": np.full((4, 2, 2), 7)}, {"images": np.zeros((4, 8, 8))}]
)
def test_arrays_that_do_not_fit_are_refused(other: dict[str, Any], plant: Callable[..., Place]) -> None:
    file = plant(usual(2, 2)).show()
    showcase.write(file, dataclasses.replace(showcase.read(file), **other))
    with pytest.raises(Refusal, match="is damaged"):
        showcase.read(file)


def test_the_stage_shows_cases_by_decision_and_takes_them_away_without_predicting_again(
    make_study: Callable[..., Study],
    make_dataset: Callable[..., DataSet],
    train_all: Callable[..., list[RunFolder]],
    tmp_path: Path,
) -> None:
    study, folder, dataset = make_study(), StudyFolder(tmp_path / "small"), make_dataset()
    runs = train_all(study, folder, dataset)
    inference.export(study, study_file=Path("small.toml"), folder=folder, dataset=dataset, progress=Silent())

    def evaluate(decision: bool | None) -> None:
        shown = study.model_copy(update={"report": study.report.model_copy(update={"show_cases": decision})})
        inference.evaluate(shown, folder=folder, dataset=dataset, progress=Silent())

    evaluate(None)
    assert not folder.gallery.exists()
    before = {run.path: run.evaluation_json.stat().st_mtime_ns for run in runs}
    evaluate(True)
    found = showcase.read(folder.gallery)
    assert found.mapped
    for place, name in enumerate(found.ids):
        row = dataset.test.ids.tolist().index(name)
        for k, loss in enumerate(found.losses):
            for s, seed in enumerate(found.seeds):
                logits = read_arrays(folder.run(str(loss), int(seed)).predictions("test"), ["logits"])["logits"]
                assert found.labels[place, k, s] == logits[row].argmax()
    evaluate(False)
    assert not folder.gallery.exists()
    assert {run.path: run.evaluation_json.stat().st_mtime_ns for run in runs} == before
