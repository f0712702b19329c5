"""The built-in synthetic radiographs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cxr_report.data import Cases, DataSet
from cxr_report.data.phantom import list_phantom
from cxr_report.errors import Refusal
from cxr_report.study import Data, Phantom, Study

Ask = Callable[..., Study]
Read = Callable[..., DataSet]


def images(size: int = 32, task: str = "multiclass", **settings: object) -> list[NDArray[np.uint8]]:
    data = Data(source="phantom", image_size=size, phantom=Phantom(**{"patients": 12, **settings}))  # type: ignore[arg-type]
    listing = list_phantom(data, task=task)  # type: ignore[arg-type]
    return [listing.origin.read(place).pixels for place in range(len(listing.records))]


def test_equal_seeds_give_equal_bytes_in_any_order(ask: Ask, read: Read, tmp_path: Path) -> None:
    study = ask(source="phantom", image_size=32, phantom={"patients": 40})
    one = read(study, workers=1, cache=tmp_path / "a")
    two = read(study, workers=3, cache=tmp_path / "b")
    assert one.fingerprint == two.fingerprint
    assert np.array_equal(one.train.images, two.train.images)
    other = read(ask(source="phantom", image_size=32, phantom={"patients": 40, "seed": 1}))
    assert other.fingerprint != one.fingerprint


def test_a_patient_does_not_depend_on_how_many_there_are() -> None:
    few, many = images(patients=12), images(patients=24)
    assert all(np.array_equal(a, b) for a, b in zip(few, many[: len(few)], strict=True))


def test_every_image_is_another_one(ask: Ask, read: Read) -> None:
    loaded = read(ask(source="phantom", image_size=32, phantom={"patients": 60, "images_per_patient": 3.0}))
    told = loaded.description
    assert told["flow"]["kept"] == pytest.approx(180, abs=40)
    assert told["patients"]["with_several_images"] > 30
    assert sum(entry["count"] for entry in told["leakage"]["images"].values()) == 0
    assert len({image.tobytes() for image in loaded.train.images}) == len(loaded.train)


def test_images_of_one_patient_resemble_each_other_more_than_others() -> None:
    data = Data(source="phantom", image_size=48, phantom=Phantom(patients=40, images_per_patient=2.5, seed=3))
    listing = list_phantom(data, task="multiclass")
    flat = np.array([listing.origin.read(i).pixels.ravel() for i in range(len(listing.records))], dtype=float)
    similar = np.corrcoef(flat)
    patient = np.array([record.patient for record in listing.records])
    same = (patient[:, None] == patient[None, :]) & ~np.eye(len(patient), dtype=bool)
    assert similar[same].mean() > similar[patient[:, None] != patient[None, :]].mean() + 0.02


@pytest.mark.parametrize(
    ("task", "findings", "classes"),
    [
        ("multiclass", ["consolidation", "nodule"], ("normal", "consolidation", "nodule")),
        ("binary", ["effusion"], ("normal", "effusion")),
        ("binary", ["effusion", "nodule"], ("normal", "abnormal")),
        ("multilabel", ["cardiomegaly", "effusion"], ("cardiomegaly", "effusion")),
    ],
)
def test_tasks_have_their_classes(
    ask: Ask, read: Read, task: str, findings: list[str], classes: tuple[str, ...]
) -> None:
    phantom = {"patients": 60, "findings": findings}
    loaded = read(ask(task, source="phantom", image_size=16, phantom=phantom))
    assert loaded.classes == classes
    assert loaded.train.labels.ndim == (2 if task == "multilabel" else 1)


def test_prevalence_is_kept() -> None:
    data = Data(source="phantom", phantom=Phantom(patients=4000, prevalence=0.2, images_per_patient=1.0))
    labels = np.array([record.label for record in list_phantom(data, task="multiclass").records])
    assert np.bincount(labels) / len(labels) == pytest.approx([0.6, 0.2, 0.2], abs=0.02)
    findings = np.array([record.label for record in list_phantom(data, task="multilabel").records])
    assert findings.mean(axis=0) == pytest.approx([0.2, 0.2], abs=0.02)
    assert (findings.sum(axis=1) == 2).mean() == pytest.approx(0.04, abs=0.01)


@pytest.mark.parametrize("finding", ["consolidation", "effusion", "nodule", "cardiomegaly"])
def test_a_finding_brightens_its_patient_and_difficulty_hides_it(finding: str) -> None:
    """With prevalence near 1 and near 0 the same patients are drawn with and without the finding."""

    def change(difficulty: float) -> float:
        shared = {"images_per_patient": 1.0, "findings": (finding,), "difficulty": difficulty}
        ill = np.array(images(64, "multilabel", prevalence=0.999999, **shared), dtype=float)
        well = np.array(images(64, "multilabel", prevalence=0.000001, **shared), dtype=float)
        return float((ill - well).mean())

    assert change(0.0) > change(0.5) > change(1.0) > 0.05


def test_metadata_are_plausible_and_say_little_of_the_class(ask: Ask, read: Read) -> None:
    loaded = read(ask(source="phantom", image_size=16, phantom={"patients": 400}))
    told = loaded.description["splits"]["train"]["demographics"]
    assert set(told["sex"]) == {"F", "M"}
    assert set(told["view"]) == {"AP", "PA"}
    assert 18 <= told["age"]["min"] < told["age"]["max"] <= 95
    ages = loaded.train.metadata["age"]
    means = [ages[loaded.train.labels == place].mean() for place in range(3)]
    assert np.ptp(means) < 12


def test_a_radiograph_looks_like_one() -> None:
    """Lungs are dark, the middle is bright, the heart lies on the right of the picture."""
    mean = np.mean(images(64, patients=60, prevalence=0.01), axis=0)
    lungs = mean[18:34, 12:22].mean(), mean[18:34, 42:52].mean()
    spine = mean[18:34, 30:34].mean()
    assert max(lungs) < 0.6 * spine
    assert abs(lungs[0] - lungs[1]) < 15
    assert mean[38:44, 40:45].mean() > mean[38:44, 19:24].mean() + 15
    assert mean[52:60, 20:44].mean() > 1.5 * max(lungs)
    assert mean[:3, :3].mean() < 0.6 * spine


def test_every_size_shows_the_same_scene() -> None:
    small = np.array(images(32), dtype=float)
    large = images(128)
    for one, other in zip(small, large, strict=True):
        reduced = np.asarray(Image.fromarray(other).resize((32, 32), Image.Resampling.BOX), dtype=float)
        assert np.corrcoef(one.ravel(), reduced.ravel())[0, 1] > 0.97


@pytest.mark.parametrize(
    ("task", "data", "reason"),
    [
        ("multiclass", {"phantom": {"findings": ["nodul"]}}, "unknown finding 'nodul'.*did you mean 'nodule'"),
        ("multiclass", {"phantom": {"findings": ["nodule", "nodule"]}}, "named twice"),
        ("multiclass", {"phantom": {"prevalence": 0.5}}, "no room for normal patients"),
        ("multiclass", {"classes": ["a", "b"]}, "classes are normal, consolidation, effusion in this order"),
        ("binary", {"positive": "ill"}, "positive class is 'abnormal'"),
    ],
)
def test_impossible_settings_are_refused(ask: Ask, read: Read, task: str, data: dict[str, object], reason: str) -> None:
    with pytest.raises(Refusal, match=f"study.toml: data.*{reason}"):
        read(ask(task, source="phantom", **data))


def test_it_says_that_it_is_synthetic(ask: Ask, read: Read) -> None:
    told = read(ask(source="phantom", image_size=16, phantom={"patients": 40})).description
    assert told["synthetic"] is True
    assert told["source"] == {"kind": "phantom", "name": "phantom"}


def pixels(cases: Cases) -> NDArray[np.float64]:
    small = [
        np.asarray(Image.fromarray(image).resize((32, 32), Image.Resampling.BOX)).ravel() for image in cases.images
    ]
    return np.array(small, dtype=np.float64)


def test_pixels_alone_reach_between_060_and_080(ask: Ask, read: Read) -> None:
    """The demo's setting: 64 pixels, 600 patients; logistic regression on 32 x 32 standardised pixels, macro AUROC."""
    linear = pytest.importorskip("sklearn.linear_model", reason="scikit-learn comes with the extras train and infer")
    from sklearn.metrics import roc_auc_score

    loaded = read(ask(source="phantom", phantom={"seed": 1}))
    train, test = pixels(loaded.train), pixels(loaded.test)
    mean, sd = train.mean(axis=0), train.std(axis=0) + 1e-9
    model = linear.LogisticRegression(C=0.01, max_iter=300).fit((train - mean) / sd, loaded.train.labels)
    reached = roc_auc_score(loaded.test.labels, model.predict_proba((test - mean) / sd), multi_class="ovr")
    assert 0.60 < reached < 0.80


@pytest.mark.slow
@pytest.mark.torch
def test_a_small_network_reaches_between_085_and_097(ask: Ask, read: Read) -> None:
    """The demo's setting, 12 epochs of a plain network: better than pixels alone, and short of what saturates."""
    torch = pytest.importorskip("torch", reason="torch comes with the extra train")
    from sklearn.metrics import roc_auc_score

    from cxr_report.study import Augmentation, Model
    from cxr_report.training import augmentation, models

    study = ask(source="phantom", phantom={"seed": 1})
    loaded = read(study)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = models.build(Model(), 3, study_file=Path("study.toml"), image_size=64)
    network.normalise_by(loaded.description["pixel_mean"][0], loaded.description["pixel_sd"][0])
    draw = torch.Generator().manual_seed(0)
    images = torch.from_numpy(np.array(loaded.train.images))[:, None].float() / 255
    labels = torch.from_numpy(loaded.train.labels)
    steps = 12 * (len(images) // 32)
    optimiser = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=steps)
    for step in range(steps):
        batch = torch.randint(len(images), (32,), generator=draw)
        shown = augmentation.augment(images[batch], Augmentation(), draw)
        loss = torch.nn.functional.cross_entropy(network(shown), labels[batch])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        assert torch.isfinite(loss), step
    network.eval()
    with torch.no_grad():
        told = network(torch.from_numpy(np.array(loaded.test.images))[:, None]).softmax(dim=1).numpy()
    assert 0.85 < roc_auc_score(loaded.test.labels, told, multi_class="ovr") < 0.97
