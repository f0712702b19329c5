"""Study folders made of random predictions, in the layout that training and evaluation leave behind.

Nothing is trained: logits are drawn so that every loss has a strength of its own, shared by its seeds, on cases of
differing difficulty. Weights and graphs are a few random bytes, with the hashes that a real run would carry.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_report import ledger, runs
from cxr_report.data.truth import binding
from cxr_report.runs import RunFolder, StudyFolder
from cxr_report.study import Study, parse
from cxr_report.study.whole import FLOOR_STEP

SOFTMAX_LOSSES: dict[str, dict[str, Any]] = {
    "cross-entropy": {"loss": "cross-entropy", "label": "CE"},
    "weighted": {"loss": "weighted-cross-entropy"},
    "focal": {"loss": "focal", "gamma": 2.0},
    "smoothing": {"loss": "label-smoothing", "epsilon": 0.1},
    "focal-5": {"loss": "focal", "gamma": 5.0},
    "smoothing-3": {"loss": "label-smoothing", "epsilon": 0.3},
}
SIGMOID_LOSSES: dict[str, dict[str, Any]] = {
    "bce": {"loss": "bce"},
    "weighted": {"loss": "weighted-bce"},
    "focal": {"loss": "sigmoid-focal"},
    "focal-5": {"loss": "sigmoid-focal", "gamma": 5.0},
    "weighted-2": {"loss": "weighted-bce", "power": 2.0},
    "weighted-half": {"loss": "weighted-bce", "power": 0.5},
}
IDENTICAL: dict[str, dict[str, Any]] = {
    "softmax": {"kl": {"loss": "kl-divergence"}},
    "sigmoid": {"plain": {"loss": "weighted-bce", "power": 0.0}},
}
"""Losses of the noise floor; each is the same function as the first loss above."""
NAMES = ("no_finding", "pneumonia", "covid19", "effusion", "nodule", "cardiomegaly")


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a study folder shall look like."""

    task: str = "multiclass"
    losses: int = 4
    seeds: int = 5
    classes: int = 3
    """Forced to 2 for a binary study."""
    val: int = 60
    test: int = 90
    images_per_patient: int = 1
    patients_known: bool = True
    effect: float = 0.25
    """How far apart the losses' strengths lie; 0 = all losses are drawn alike."""
    strength: float = 1.2
    epochs: int = 6
    diverged: tuple[tuple[int, int], ...] = ()
    """(position of the loss, seed) of runs that ended without a finite loss."""
    missing: tuple[tuple[int, int], ...] = ()
    """(position of the loss, seed) of runs that do not exist."""
    on_diverged: str = "drop-seed"
    adjustment: str = "holm"
    alpha: float = 0.05
    primary: str = "auroc"
    secondary: tuple[str, ...] = ("balanced_accuracy", "average_precision", "brier")
    source: str = "phantom"
    allow_leakage: bool = False
    unknown: float = 0.0
    """Share of labels that are not known, in a multilabel study."""
    controls: tuple[str, ...] = ("pixels",)
    title: str = "A comparison of loss functions"
    family: str = "baseline"
    floor_seeds: bool = False
    """Whether the first loss has as many further seeds again."""
    floor_effect: float = 0.0
    """How far the strength of those further runs lies from that of the first ones."""
    identical: bool = False
    """Whether the noise floor has a loss that is the same function as the first one."""
    rounding: float = 0.0
    """SD of what the logits of that loss differ by; 0 = all bits agree."""
    floor_diverged: tuple[int, ...] = ()
    """Places in ``Study.floor_runs()`` of runs that ended without a finite loss."""
    floor_missing: tuple[int, ...] = ()
    """Places of those that do not exist."""
    arithmetics: tuple[tuple[str, float], ...] = ()
    """Variants that the plan asks for, each with the SD of what its logits differ by from the model's."""
    torch: float = 1e-6
    """SD of what torch's logits differ by from the model's."""
    attributes: tuple[str, ...] = ()
    """Of sex, age and view those that the source knows, of most cases."""
    external: int = 0
    """Cases of an external test set named ``other``; 0 = the study has none."""
    external_lacks: tuple[int, ...] = ()
    """Classes of which it has no case (softmax), or that are not known in any (multilabel)."""
    external_strength: float = -0.4
    """How much stronger all runs are on it."""
    external_added: bool = False
    """Whether it was added to the ledger later."""
    external_missing: tuple[tuple[int, int], ...] = ()
    """(position of the loss, seed) of finished runs that have not predicted it."""
    seed: int = 0
    """Of all random numbers of the folder."""


EXTERNAL = "external-other"
"""The split under which its files stand."""


def study_of(recipe: Recipe, *, external: bool = True) -> Study:
    """Write the study that a recipe describes, with its external test set or without."""
    losses = SIGMOID_LOSSES if recipe.task == "multilabel" else SOFTMAX_LOSSES
    data: dict[str, Any] = {"source": recipe.source, "allow_leakage": recipe.allow_leakage}
    if recipe.source == "manifest":
        data |= {"path": "images/manifest.csv", "classes": list(class_names(recipe))}
        data |= {"positive": class_names(recipe)[1]} if recipe.task == "binary" else {}
    if recipe.source == "medmnist":
        data |= {"path": "pneumoniamnist.npz"}
    if recipe.external and external:
        data["external"] = [{"name": "other", "label": "Other Hospital", "source": "phantom", "phantom": {"seed": 9}}]
    return parse(
        {
            "name": "example",
            "task": recipe.task,
            "data": data,
            "training": {"epochs": recipe.epochs},
            "losses": {name: losses[name] for name in list(losses)[: recipe.losses]},
            "seeds": recipe.seeds,
            "metrics": {"primary": recipe.primary, "secondary": list(recipe.secondary)},
            "analysis": {
                "on_diverged": recipe.on_diverged,
                "adjustment": recipe.adjustment,
                "alpha": recipe.alpha,
                "family": recipe.family,
            },
            "noise_floor": {
                "seeds": recipe.floor_seeds,
                "identical": IDENTICAL["sigmoid" if recipe.task == "multilabel" else "softmax"]
                if recipe.identical
                else {},
            },
            "inference": {"variants": [name for name, _ in recipe.arithmetics]},
            "report": {"title": recipe.title, "authors": ["A. Author", "B. Author"]},
        },
        "study.toml",
    )


def class_names(recipe: Recipe) -> tuple[str, ...]:
    """Name the classes of a recipe."""
    return NAMES[: 2 if recipe.task == "binary" else recipe.classes]


def make_study(root: Path, recipe: Recipe | None = None) -> StudyFolder:
    """Write a finished study (but for what the recipe leaves out) into ``root/example``."""
    recipe = recipe or Recipe()
    rng = np.random.default_rng(recipe.seed)
    folder = StudyFolder(root / "example")
    study = study_of(recipe)
    truths = {split: _truth(recipe, split, rng) for split in ("val", "test")}
    for split, (ids, patients, labels) in truths.items():
        attributes = _attributes(recipe, split, len(ids))
        runs.write_arrays(folder.truth(split), ids=ids, patients=patients, labels=labels, **attributes)
    told = {**data_json(recipe, truths), **binding(folder, truths)}
    runs.write_json(folder.data_json, told)
    if recipe.external_added:
        ledger.freeze(study_of(recipe, external=False), folder)
    if recipe.external:
        runs.write_json(folder.data_json, told | {"external": [_external_block(folder, recipe)]})
    ledger.freeze(study, folder)
    hardness = {split: rng.normal(size=(len(ids), 1)) for split, (ids, _, _) in truths.items()}
    for place, loss in enumerate(study.losses):
        for seed in study.seeds:
            drawn = np.random.default_rng([recipe.seed, place, seed])
            strength = recipe.strength + recipe.effect * (place % 3) + 0.1 * drawn.normal()
            if (place, seed) in recipe.missing:
                continue
            if (place, seed) in recipe.diverged:
                _write_diverged(folder.run(loss, seed), recipe)
                continue
            logits = {
                split: _logits(labels, recipe, strength, hardness[split], drawn)
                for split, (_, _, labels) in truths.items()
            }
            _write_run(folder.run(loss, seed), recipe, {s: t[0] for s, t in truths.items()}, logits, drawn)
            if recipe.external and (place, seed) not in recipe.external_missing:
                _predict_external(folder, folder.run(loss, seed), recipe, strength + recipe.external_strength)
    _write_floor(folder, study, recipe, truths, hardness)
    for name in recipe.controls:
        drawn = np.random.default_rng([recipe.seed, len(name)])
        for split, (ids, _, labels) in truths.items():
            weak = _logits(labels, recipe, recipe.strength / 2, hardness[split], drawn)
            runs.write_arrays(folder.control(name).predictions(split), ids=ids, logits=weak)
        control = folder.control(name)
        predictions = {split: runs.sha256(control.predictions(split)) for split in truths}
        runs.write_json(control.evaluation_json, {"format": 1, "control": name, "predictions_sha256": predictions})
    return folder


def _external_block(folder: StudyFolder, recipe: Recipe) -> dict[str, Any]:
    """Write the truth of the external test set and return its block of data.json."""
    rng = np.random.default_rng([recipe.seed, 17])
    ids, patients, labels = _truth(replace(recipe, test=recipe.external), "test", rng)
    names = class_names(recipe)
    if recipe.task == "multilabel":
        labels[:, list(recipe.external_lacks)] = np.nan
        known = ~np.isnan(labels).all(axis=1)
        ids, patients, labels = ids[known], patients[known], labels[known]
    else:
        kept = [place for place in range(len(names)) if place not in recipe.external_lacks]
        labels = np.array(kept)[labels % len(kept)]
    ids = np.array([f"e{name}" for name in ids])
    runs.write_arrays(folder.truth(EXTERNAL), ids=ids, patients=patients, labels=labels)
    matrix = np.eye(len(names))[labels] if labels.ndim == 1 else labels
    none = {split: {"count": 0, "list": []} for split in ("train", "val", "test")}
    return {
        "name": "other",
        "source": {"kind": "phantom", "name": "phantom"},
        "synthetic": True,
        "fingerprint": hashlib.sha256(b"other").hexdigest(),
        "taken": "all",
        "cases": len(ids),
        "patients": len(np.unique(patients)) if recipe.patients_known else None,
        "positive": dict(zip(names, (matrix == 1).sum(axis=0).tolist(), strict=True)),
        "negative": dict(zip(names, (matrix == 0).sum(axis=0).tolist(), strict=True)),
        "unknown": dict(zip(names, np.isnan(matrix).sum(axis=0).tolist(), strict=True)),
        "demographics": {"sex": {"F": 40, "M": len(ids) - 40}},
        "flow": {"found": len(ids) + 1, "excluded": {"image that cannot be read": 1}, "kept": len(ids)},
        "patients_known": recipe.patients_known,
        "several_images": 0,
        "overlap": {"images": none, "patients": none},
        "notes": [],
        "truth_sha256": runs.sha256(folder.truth(EXTERNAL)),
    }


def _predict_external(folder: StudyFolder, run: RunFolder, recipe: Recipe, strength: float) -> None:
    truth = runs.read_arrays(folder.truth(EXTERNAL), ["ids", "labels"])
    drawn = np.random.default_rng([recipe.seed, 23, run.seed, len(run.loss)])
    hardness = np.random.default_rng([recipe.seed, 29]).normal(size=(len(truth["ids"]), 1))
    logits = _logits(truth["labels"], recipe, strength, hardness, drawn)
    runs.write_arrays(run.predictions(EXTERNAL), ids=truth["ids"], logits=logits)
    told = runs.read_json(run.evaluation_json)
    noted = {
        "fingerprint": hashlib.sha256(b"other").hexdigest(),
        "onnx_sha256": told["onnx_sha256"],
        "predictions_sha256": runs.sha256(run.predictions(EXTERNAL)),
    }
    runs.write_json(run.evaluation_json, {**told, "external": {"other": noted}})


def _write_floor(
    folder: StudyFolder,
    study: Study,
    recipe: Recipe,
    truths: dict[str, tuple[NDArray[Any], NDArray[Any], NDArray[Any]]],
    hardness: dict[str, NDArray[np.float64]],
) -> None:
    """Write further runs of the first loss, and those of its identical loss, which repeat the draws of the first."""
    for place, (loss, seed) in enumerate(study.floor_runs()):
        drawn, noise = np.random.default_rng([recipe.seed, 0, seed]), np.random.default_rng([recipe.seed, 99, seed])
        further = recipe.floor_effect if loss in study.losses else 0.0
        strength = recipe.strength + further + 0.1 * drawn.normal()
        if place in recipe.floor_missing:
            continue
        if place in recipe.floor_diverged:
            _write_diverged(folder.run(loss, seed), recipe)
            continue
        logits = {}
        for split, (_, _, labels) in truths.items():
            exact = _logits(labels, recipe, strength, hardness[split], drawn)
            apart = 0.0 if loss in study.losses else recipe.rounding
            logits[split] = (exact + apart * noise.normal(size=exact.shape)).astype(np.float32)
        _write_run(folder.run(loss, seed), recipe, {s: t[0] for s, t in truths.items()}, logits, drawn)


def _attributes(recipe: Recipe, split: str, size: int) -> dict[str, NDArray[np.str_]]:
    """Draw what is known of the cases beside their labels; a tenth of each is not known."""
    drawn = np.random.default_rng([recipe.seed, len(split), 7])
    columns = {
        "sex": drawn.choice(["female", "male"], size),
        "age": drawn.choice(["0-17", "18-39", "40-64", "65+"], size, p=[0.1, 0.2, 0.4, 0.3]),
        "view": drawn.choice(["PA", "AP"], size, p=[0.7, 0.3]),
    }
    unknown = {name: drawn.random(size) < 0.1 for name in columns}
    return {name: np.where(unknown[name], "", columns[name]) for name in recipe.attributes}


def publish(folder: StudyFolder) -> None:
    """Take away what a paper does not publish: checkpoints, weights and graphs."""
    for ending in ("*.pt", "*.safetensors", "*.onnx"):
        for file in folder.path.rglob(ending):
            file.unlink()


def data_json(recipe: Recipe, truths: dict[str, tuple[NDArray[Any], NDArray[Any], NDArray[Any]]]) -> dict[str, Any]:
    """Write the content of data.json."""
    names = class_names(recipe)
    splits = {}
    for split, times in (("train", 4), ("val", 1), ("test", 1)):
        labels = truths["test" if split == "train" else split][2]
        matrix = np.eye(len(names))[labels] if labels.ndim == 1 else labels
        cases = times * len(labels)
        splits[split] = {
            "cases": cases,
            "patients": cases // recipe.images_per_patient,
            "positive": dict(zip(names, (times * (matrix == 1).sum(axis=0)).tolist(), strict=True)),
            "negative": dict(zip(names, (times * (matrix == 0).sum(axis=0)).tolist(), strict=True)),
            "unknown": dict(zip(names, (times * np.isnan(matrix).sum(axis=0)).tolist(), strict=True)),
            "demographics": {},
        }
    total = sum(split["cases"] for split in splits.values())
    crossings = {
        border: {"count": count, "list": [[["0a"], ["0b"]]] * count}
        for border, count in (("train-val", 8 if recipe.allow_leakage else 0), ("train-test", 0), ("val-test", 0))
    }
    none = {border: {"count": 0, "list": []} for border in crossings}
    return {
        "format": 1,
        "task": recipe.task,
        "source": {"kind": recipe.source, "name": "phantom" if recipe.source == "phantom" else "images"},
        "synthetic": recipe.source == "phantom",
        "fingerprint": fingerprint(recipe),
        "image_size": 64,
        "resize": "pad",
        "classes": list(names),
        "class_words": None,
        "splits": splits,
        "split_rule": {"kind": "made", "made": ["val", "test"], "seed": 0, "validation": 0.2, "test": 0.2},
        "flow": {"found": total + 2, "excluded": {"image that cannot be read": 2}, "kept": total},
        "patients": {
            "known": recipe.patients_known,
            "number": total // recipe.images_per_patient if recipe.patients_known else None,
            "cases_without": 0 if recipe.patients_known else total,
            "with_several_images": total // recipe.images_per_patient if recipe.images_per_patient > 1 else 0,
            "most_images": recipe.images_per_patient,
        },
        "leakage": {"allowed": recipe.allow_leakage, "images": crossings, "patients": none},
        "pixel_mean": [0.48],
        "pixel_sd": [0.24],
        "original_size": {"width": [64.0, 64.0, 64.0], "height": [64.0, 64.0, 64.0]},
        "blank_images": 0,
        "notes": [],
    }


def fingerprint(recipe: Recipe) -> str:
    """Return what stands for the hash of the decoded images."""
    return hashlib.sha256(repr(recipe.seed).encode()).hexdigest()


def _truth(recipe: Recipe, split: str, rng: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    size = recipe.val if split == "val" else recipe.test
    count = len(class_names(recipe))
    ids = np.array([hashlib.sha256(f"{split}{place}".encode()).hexdigest()[:12] for place in range(size)])
    patients = np.arange(size, dtype=np.int64) // recipe.images_per_patient + (0 if split == "val" else 10_000)
    if recipe.task == "multilabel":
        labels = (rng.random((size, count)) < 0.35).astype(np.float32)
        labels[rng.random(labels.shape) < recipe.unknown] = np.nan
        labels[0], labels[1] = 1.0, 0.0
        return ids, patients, labels
    shares = np.linspace(1.5, 0.5, count)
    classes = rng.choice(count, size, p=shares / shares.sum())
    classes[: 2 * count] = np.tile(np.arange(count), 2)
    return ids, patients, classes.astype(np.int64)


def _logits(
    labels: NDArray[Any], recipe: Recipe, strength: float, hardness: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float32]:
    count = len(class_names(recipe))
    shape = (len(labels), count)
    if labels.ndim == 2:
        signal = np.where(np.isnan(labels), 0.5, labels) * 2 - 1.2
        return (strength * signal + 0.6 * hardness * signal + rng.normal(size=shape)).astype(np.float32)
    signal = np.eye(count)[labels]
    return (strength * signal - 0.5 * hardness * signal + 0.8 * rng.normal(size=shape)).astype(np.float32)


def _history(recipe: Recipe, epochs: int, rng: np.random.Generator) -> str:
    lines = ["epoch,train_loss,val_loss,val_primary,learning_rate"]
    for epoch in range(1, epochs + 1):
        train = 1.1 * np.exp(-0.3 * epoch) + 0.02 * rng.random()
        val = 1.0 * np.exp(-0.2 * epoch) + 0.05 * rng.random() + 0.1
        score = 1 - 0.4 * np.exp(-0.4 * epoch) - 0.02 * rng.random()
        lines.append(f"{epoch},{float(train)!r},{float(val)!r},{float(score)!r},0.001")
    return "\n".join(lines) + "\n"


def _write_diverged(run: RunFolder, recipe: Recipe) -> None:
    runs.write_json(
        run.run_json, {"loss": run.loss, "seed": run.seed, "device": "cpu", "started": "2024-01-01T00:00:00"}
    )
    runs.write_text(run.history, _history(recipe, 2, np.random.default_rng(run.seed)))
    runs.write_json(run.diverged, {"loss": run.loss, "seed": run.seed, "epoch": 3, "reason": "the loss became NaN"})


def _write_run(
    run: RunFolder,
    recipe: Recipe,
    ids: dict[str, NDArray[Any]],
    logits: dict[str, NDArray[np.float32]],
    rng: np.random.Generator,
) -> None:
    runs.write_json(
        run.run_json, {"loss": run.loss, "seed": run.seed, "device": "cpu", "started": "2024-01-01T00:00:00"}
    )
    runs.write_text(run.history, _history(recipe, recipe.epochs, rng))
    runs.write_bytes(run.weights, rng.bytes(64))
    runs.write_bytes(run.onnx, rng.bytes(64))
    for split, values in logits.items():
        runs.write_arrays(run.predictions(split), ids=ids[split], logits=values)
    compared = run.loss in study_of(recipe).losses and run.seed < FLOOR_STEP
    write_arithmetic(run, ids, logits, runs.TORCH, recipe.torch)
    for name, apart in recipe.arithmetics if compared else ():
        runs.write_bytes(run.graph(name), name.encode())
        write_arithmetic(run, ids, logits, name, apart)
    runs.write_json(
        run.export_json,
        {
            "format": 2,
            "loss": run.loss,
            "seed": run.seed,
            "weights_sha256": runs.sha256(run.weights),
            "onnx_sha256": runs.sha256(run.onnx),
            "torch_predictions_sha256": {split: runs.sha256(run.predictions(split, runs.TORCH)) for split in logits},
            "opset": 20,
            "size": {"parameters": 11_173, "multiply_accumulates": 1_234_567},
            "proof": {
                "split": "val",
                "cases": recipe.val,
                "max_difference": float(1e-6 * rng.random()),
                "max_logit": 5.0,
                "flips_outside": 0,
                "flips_inside": 0,
                "flipped": [],
            },
        },
    )
    runs.write_json(
        run.evaluation_json,
        {
            "format": 1,
            "loss": run.loss,
            "seed": run.seed,
            "onnx_sha256": runs.sha256(run.onnx),
            "fingerprint": fingerprint(recipe),
            "predictions_sha256": {split: runs.sha256(run.predictions(split)) for split in logits},
            "provider": "CPUExecutionProvider",
            "images_per_second": 1000.0,
            "variants": {name: _variant(run, name) for name, _ in recipe.arithmetics if compared},
        },
    )


def write_arithmetic(
    run: RunFolder, ids: dict[str, NDArray[Any]], logits: dict[str, NDArray[np.float32]], name: str, apart: float
) -> None:
    """Write the predictions of a run in another arithmetic: its logits, and noise."""
    noise = np.random.default_rng([run.seed, *f"{run.loss} {name}".encode()])
    for split, values in logits.items():
        moved = (values + apart * noise.normal(size=values.shape)).astype(np.float32)
        runs.write_arrays(run.predictions(split, name), ids=ids[split], logits=moved)


def _variant(run: RunFolder, name: str) -> dict[str, Any]:
    """Write what evaluation.json notes of a variant."""
    return {
        "onnx_sha256": runs.sha256(run.onnx),
        "graph_sha256": runs.sha256(run.graph(name)),
        "graph_bytes": run.graph(name).stat().st_size,
        "predictions_sha256": {split: runs.sha256(run.predictions(split, name)) for split in ("val", "test")},
        "images_per_second": 2000.0,
    }
