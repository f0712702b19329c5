"""The two rows that are no run: what pixels alone and metadata alone reach."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from cxr_report import data
from cxr_report.data.cases import DataSet
from cxr_report.inference import controls
from cxr_report.progress import Silent
from cxr_report.runs import SPLITS, StudyFolder, read_arrays
from cxr_report.study import Study

MakeData = Callable[..., DataSet]
MakeStudy = Callable[..., Study]


def with_metadata(dataset: DataSet, make: Callable[[Any], dict[str, NDArray[Any]]]) -> DataSet:
    """Give every split metadata made from its labels."""
    splits = {
        name: dataclasses.replace(dataset.split(name), metadata=make(dataset.split(name).labels))
        for name in ("train", *SPLITS)
    }
    return dataclasses.replace(dataset, **splits)


def logits_of(folder: StudyFolder, name: str, split: str = "test") -> NDArray[np.float32]:
    return read_arrays(folder.control(name).predictions(split), ["logits"])["logits"]


def run(study: Study, folder: StudyFolder, dataset: DataSet) -> None:
    controls.evaluate(study, folder=folder, dataset=dataset, progress=Silent())


@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel"])
def test_a_control_leaves_logits_of_every_case_and_the_hashes_that_analysis_checks(
    task: str, make_dataset: MakeData, make_study: MakeStudy, tmp_path: Path
) -> None:
    dataset, folder = make_dataset(task), StudyFolder(tmp_path / "small")
    run(make_study(task), folder, dataset)
    for split in SPLITS:
        found = read_arrays(folder.control("pixels").predictions(split), ["ids", "logits"])
        assert found["ids"].tolist() == dataset.split(split).ids.tolist()
        assert found["logits"].shape == (len(dataset.split(split)), len(dataset.classes))
        assert found["logits"].dtype == np.float32
        assert np.isfinite(found["logits"]).all()
    told = json.loads(folder.control("pixels").evaluation_json.read_text())
    assert told["fingerprint"] == dataset.fingerprint
    assert sorted(told["predictions_sha256"]) == sorted(SPLITS)


def test_the_pixel_control_learns_what_stands_in_the_pixels(
    make_dataset: MakeData, make_study: MakeStudy, tmp_path: Path
) -> None:
    dataset, folder = make_dataset("binary", train=80), StudyFolder(tmp_path / "small")
    for name in ("train", *SPLITS):
        dataset.split(name).images[:, :6, :6] = 40 + 100 * dataset.split(name).labels[:, None, None]
    run(make_study("binary"), folder, dataset)
    assert (logits_of(folder, "pixels").argmax(axis=1) == dataset.test.labels).all()


def test_without_metadata_that_vary_there_is_no_metadata_control(
    make_dataset: MakeData, make_study: MakeStudy, tmp_path: Path
) -> None:
    folder = StudyFolder(tmp_path / "small")
    same = with_metadata(
        make_dataset(),
        lambda labels: {
            "width": np.full(len(labels), 28),
            "age": np.full(len(labels), 55.3),
            "sex": np.full(len(labels), ""),
        },
    )
    assert controls.metadata_features(make_dataset()) is None
    assert controls.metadata_features(same) is None
    run(make_study(), folder, make_dataset())
    assert not folder.control("metadata").path.exists()
    assert folder.control("pixels").evaluation_json.exists()


def sizes(labels: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    """Sizes that vary at random, but whose ratio is the class."""
    width = np.random.default_rng(len(labels)).integers(200, 2000, len(labels))
    return {"width": width, "height": (width * (1.0 + 0.3 * labels)).round().astype(np.int64)}


def test_the_metadata_control_sees_a_class_that_only_the_aspect_ratio_tells(
    make_dataset: MakeData, make_study: MakeStudy, tmp_path: Path
) -> None:
    dataset = with_metadata(make_dataset("binary", train=120, test=60), sizes)
    folder = StudyFolder(tmp_path / "small")
    run(make_study("binary"), folder, dataset)
    assert (logits_of(folder, "metadata").argmax(axis=1) == dataset.test.labels).mean() > 0.95


def test_what_is_not_known_is_a_feature_of_its_own_and_new_values_do_no_harm(
    make_dataset: MakeData, make_study: MakeStudy, tmp_path: Path
) -> None:
    def some(labels: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        views = np.where(labels == 1, "AP", "PA")
        views[0] = f"only in a split of {len(labels)}"
        return {"age": np.where(labels == 1, np.nan, 50.0), "view": views, "sex": np.full(len(labels), "")}

    dataset = with_metadata(make_dataset("binary", train=60), some)
    folder = StudyFolder(tmp_path / "small")
    run(make_study("binary"), folder, dataset)
    right = logits_of(folder, "metadata").argmax(axis=1) == dataset.test.labels
    assert right[1:].all()


def test_at_most_twenty_values_of_a_text_become_features(make_dataset: MakeData) -> None:
    dataset = with_metadata(make_dataset(), lambda labels: {"view": np.arange(len(labels)).astype(str)})
    features = controls.metadata_features(dataset)
    assert features is not None
    assert features[0].shape == (len(dataset.train), controls.LEVELS)


def test_a_finding_is_fitted_on_the_cases_where_it_is_known(
    make_dataset: MakeData, make_study: MakeStudy, tmp_path: Path
) -> None:
    dataset = make_dataset("multilabel", train=60)
    labels = dataset.train.labels.copy()
    labels[40:, 0] = np.nan
    labels[:, 1], labels[:, 2] = 1.0, np.nan
    hidden = dataclasses.replace(dataset, train=dataclasses.replace(dataset.train, labels=labels))
    folder = StudyFolder(tmp_path / "small")
    run(make_study("multilabel"), folder, hidden)
    logits = logits_of(folder, "pixels")
    shorter = dataclasses.replace(
        dataset, train=dataclasses.replace(dataset.train, images=dataset.train.images[:40], labels=labels[:40])
    )
    recipe, study = controls.PIXELS, make_study("multilabel")
    alone = controls.fit(
        tuple(part[:40] if row == 0 else part for row, part in enumerate(controls.pixel_features(hidden))),
        shorter.train.labels,
        dataset.classes,
        study,
        recipe,
    )["test"]
    np.testing.assert_array_equal(logits[:, 0], alone[:, 0])
    np.testing.assert_allclose(logits[:, 1], np.log(60.5 / 0.5), rtol=1e-6)
    np.testing.assert_array_equal(logits[:, 2], 0.0)


def test_a_class_that_train_lacks_is_never_predicted(
    make_dataset: MakeData, make_study: MakeStudy, tmp_path: Path
) -> None:
    dataset = make_dataset()
    lacking = dataclasses.replace(dataset, train=dataclasses.replace(dataset.train, labels=dataset.train.labels % 2))
    run(make_study(), StudyFolder(tmp_path / "small"), lacking)
    assert (logits_of(StudyFolder(tmp_path / "small"), "pixels").argmax(axis=1) != 2).all()


def test_a_control_is_the_same_again_and_is_not_done_again(
    make_dataset: MakeData, make_study: MakeStudy, tmp_path: Path
) -> None:
    dataset = with_metadata(make_dataset(), sizes)
    first, second = StudyFolder(tmp_path / "first"), StudyFolder(tmp_path / "second")
    run(make_study(), first, dataset)
    run(make_study(), second, dataset)
    files = [path.relative_to(first.path) for path in first.path.rglob("*") if path.is_file()]
    assert len(files) == 6
    assert all((first.path / file).read_bytes() == (second.path / file).read_bytes() for file in files)
    before = {file: (first.path / file).stat().st_mtime_ns for file in files}
    run(make_study(), first, dataset)
    assert {file: (first.path / file).stat().st_mtime_ns for file in files} == before


@pytest.mark.parametrize("change", ["fingerprint", "predictions", "missing", "broken"])
def test_a_stale_control_is_done_again(
    change: str, make_dataset: MakeData, make_study: MakeStudy, tmp_path: Path
) -> None:
    dataset, folder = make_dataset(), StudyFolder(tmp_path / "small")
    run(make_study(), folder, dataset)
    control = folder.control("pixels")
    right = control.predictions("test").read_bytes()
    if change == "fingerprint":
        dataset = dataclasses.replace(dataset, fingerprint="0" * 64)
    elif change == "predictions":
        control.predictions("test").write_bytes(right[:-1] + b"?")
    elif change == "missing":
        control.predictions("test").unlink()
    else:
        control.evaluation_json.write_text("{")
    run(make_study(), folder, dataset)
    assert control.predictions("test").read_bytes() == right
    assert json.loads(control.evaluation_json.read_text())["fingerprint"] == dataset.fingerprint


def aurocs(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> list[float]:
    """One-vs-rest AUROC per class."""
    odds = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    shares = odds / odds.sum(axis=1, keepdims=True)
    return [float(roc_auc_score(labels == k, shares[:, k])) for k in range(logits.shape[1])]


def controls_of(study: Study, root: Path, cache: Path) -> tuple[StudyFolder, DataSet]:
    dataset = data.load(study, study_file=root / "study.toml", cache=cache, workers=1, progress=Silent())
    folder = StudyFolder(cache / study.name)
    run(study, folder, dataset)
    return folder, dataset


def test_the_controls_reach_their_reference_points_on_three_classes_of_chest_x_rays(
    shared_data: Path, make_study: MakeStudy, tmp_path: Path
) -> None:
    """The reference is a regression on squashed images; the original size alone gives the collection away."""
    section = {"source": "manifest", "path": "cxr3/manifest.csv", "image_size": 64, "resize": "squash"}
    folder, dataset = controls_of(make_study(data=section), shared_data, tmp_path)
    pixels = aurocs(logits_of(folder, "pixels"), dataset.test.labels)
    by_name = dict(zip(dataset.classes, pixels, strict=True))
    assert np.mean(pixels) == pytest.approx(0.870, abs=0.005)
    assert by_name == pytest.approx({"covid19": 0.940, "no_finding": 0.860, "pneumonia": 0.810}, abs=0.02)
    metadata = dict(zip(dataset.classes, aurocs(logits_of(folder, "metadata"), dataset.test.labels), strict=True))
    assert metadata["covid19"] > 0.99
    assert metadata["pneumonia"] > 0.65


def test_the_pixel_control_reaches_its_reference_point_on_pneumoniamnist(
    shared_data: Path, make_study: MakeStudy, tmp_path: Path
) -> None:
    section = {
        "source": "medmnist",
        "path": "medmnist/pneumoniamnist.npz",
        "image_size": 28,
        "allow_leakage": True,
        "positive": "pneumonia",
    }
    folder, dataset = controls_of(make_study("binary", data=section), shared_data, tmp_path)
    assert aurocs(logits_of(folder, "pixels"), dataset.test.labels)[1] == pytest.approx(0.923, abs=0.01)
    assert not folder.control("metadata").path.exists()
