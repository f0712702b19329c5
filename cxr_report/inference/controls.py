"""Cases come in; predictions of two controls that are no runs go out: what pixels alone and metadata alone reach."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import cxr_report.inference.record as record
from cxr_report.data.cases import Cases, DataSet
from cxr_report.errors import Refusal
from cxr_report.progress import Progress
from cxr_report.runs import SPLITS, RunFolder, StudyFolder, sha256, write_arrays, write_json
from cxr_report.study import Study

__all__ = ["METADATA", "PIXELS", "Recipe", "evaluate", "fit", "metadata_features", "pixel_features", "require"]

FORMAT = 1
"""Of a control's evaluation.json; a control of another format is redone."""

SIDE = 32
"""Chosen: pixels a side of the pixel control, as in the reference point 0.870 macro AUROC on cxr3."""

LEVELS = 20
"""Chosen: at most this many of the commonest values of a text column become features; further ones count as other."""

ITERATIONS = 5000
"""Chosen: ten times what any of the measured fits took."""

Features = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
"""Standardised features ``(N, F)`` of train, val and test."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What decides a control's predictions, besides the data."""

    name: str
    """Its folder under ``controls``."""
    features: str
    """What it sees, for the reader of evaluation.json."""
    inverse_penalty: float
    """C of scikit-learn: the inverse weight of the L2 penalty."""


PIXELS = Recipe("pixels", f"at most {SIDE} x {SIDE} pixels (box-averaged), each standardised on train", 0.01)
"""C measured: the best of 1e-4, 1e-3, 1e-2, 0.1, 1 on the validation cases of cxr3 (0.885 to 0.890 macro AUROC, padded
or squashed) and of PneumoniaMNIST (0.992)."""

METADATA = Recipe("metadata", "sex, age, view, original width, height and width/height, standardised on train", 1.0)
"""C chosen: scikit-learn's default; a dozen features need little penalty."""


def require() -> None:
    """Ask for scikit-learn.

    Raises:
        Refusal: it is not installed.
    """
    try:
        import sklearn  # noqa: F401
    except ImportError:
        raise Refusal(
            "the control rows need scikit-learn, which the base install leaves out; "
            "install the extra: pip install 'cxr_report[infer]'"
        ) from None


def evaluate(study: Study, *, folder: StudyFolder, dataset: DataSet, progress: Progress) -> None:
    """Fit and predict every control that is missing or stale; the pixel control comes last and is always there.

    Args:
        study: what is asked.
        folder: where the study lies.
        dataset: the data; metadata that say nothing (absent, or one value in all of train) give no control.
        progress: who is told.
    """
    sources: tuple[tuple[Recipe, Callable[[DataSet], Features | None]], ...]
    sources = ((METADATA, metadata_features), (PIXELS, pixel_features))
    for recipe, source in sources:
        run = folder.control(recipe.name)
        if complete(run, recipe, dataset.fingerprint):
            continue
        features = source(dataset)
        if features is None:
            if not complete(folder.control(PIXELS.name), PIXELS, dataset.fingerprint):
                progress.say(f"control {recipe.name}: left out, for nothing of that kind is known that varies")
            continue
        progress.say(f"control {recipe.name}: logistic regression on {recipe.features}")
        _write(run, recipe, fit(features, dataset.train.labels, dataset.classes, study, recipe), dataset)


def complete(run: RunFolder, recipe: Recipe, fingerprint: str) -> bool:
    """Say whether a control's evaluation.json names its recipe, the data and the predictions that are there."""
    facts = {"format": FORMAT, "recipe": dataclasses.asdict(recipe), "fingerprint": fingerprint}
    return record.stands(run, facts)


def pixel_features(dataset: DataSet) -> Features:
    """Return the standardised pixels of all splits, box-averaged to at most 32 x 32."""
    return _standardised(*(_small(cases.images) for cases in (dataset.train, dataset.val, dataset.test)))


def metadata_features(dataset: DataSet) -> Features | None:
    """Return what is known of the cases besides their pixels, or None where nothing varies.

    Text is one column per value seen in train, "not known" being one of them; a number is itself, its mean where it is
    not known, and a column that says so. Of the original size also the aspect ratio, which a resize may hide and a
    straight line through width and height cannot express.
    """
    columns: list[Features] = []
    for name in ("sex", "view"):
        if _everywhere(dataset, name):
            columns += _levels(*(_text(cases, name) for cases in (dataset.train, dataset.val, dataset.test)))
    for values in _numbers(dataset):
        columns += _with_indicator(*values)
    if not columns:
        return None
    train, val, test = (np.stack([column[split] for column in columns], axis=1) for split in range(3))
    varying = np.ptp(train, axis=0) > 0
    if not varying.any():
        return None
    return _standardised(train[:, varying], val[:, varying], test[:, varying])


def fit(
    features: Features, labels: NDArray[Any], classes: tuple[str, ...], study: Study, recipe: Recipe
) -> dict[str, NDArray[np.float32]]:
    """Fit a logistic regression on train and return logits ``(N, C)`` of val and test.

    One multinomial regression where a case has one label; one regression per finding of a multilabel study, on the
    cases whose finding is known. The same numbers on every call: one thread, and no chance in it.

    Args:
        features: of all splits.
        labels: of train, ``(N,)`` class indices or ``(N, L)`` of 0 / 1 / NaN.
        classes: names of the C classes or findings.
        study: what is asked; only its task counts.
        recipe: with the penalty.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        if study.task == "multilabel":
            each = [_one_finding(features, labels[:, finding], recipe) for finding in range(len(classes))]
            parts = [np.stack([finding[split] for finding in each], axis=1) for split in range(len(SPLITS))]
        else:
            parts = _one_label(features, labels, len(classes), recipe)
    return {split: part.astype(np.float32) for split, part in zip(SPLITS, parts, strict=True)}


def _one_label(
    features: Features, labels: NDArray[np.int64], classes: int, recipe: Recipe
) -> list[NDArray[np.float64]]:
    """Return log-probabilities up to a constant per case; a class that train lacks comes 1/N below the least."""
    train, *others = features
    model = _regression(train, labels, recipe)
    parts = []
    for split in others:
        scores = model.decision_function(split)
        columns = np.stack([np.zeros_like(scores), scores], axis=1) if scores.ndim == 1 else scores
        logits = np.repeat(columns.min(axis=1, keepdims=True) - np.log(len(train)), classes, axis=1)
        logits[:, model.classes_] = columns
        parts.append(logits)
    return parts


def _one_finding(features: Features, labels: NDArray[np.float32], recipe: Recipe) -> list[NDArray[np.float64]]:
    """Return the log-odds of one finding; where train knows only one answer, the smoothed log-odds of that answer."""
    train, *others = features
    known = ~np.isnan(labels)
    positives = int((labels[known] == 1).sum())
    negatives = int(known.sum()) - positives
    if not positives or not negatives:
        constant = np.log((positives + 0.5) / (negatives + 0.5))
        return [np.full(len(split), constant) for split in others]
    model = _regression(train[known], labels[known].astype(np.int64), recipe)
    return [model.decision_function(split) for split in others]


def _regression(features: NDArray[np.float64], labels: NDArray[np.int64], recipe: Recipe) -> Any:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=recipe.inverse_penalty, max_iter=ITERATIONS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a control needs no further decimals
        return model.fit(features, labels)


def _small(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    side = min(SIDE, *images.shape[1:])
    small = np.empty((len(images), side * side))
    for row, image in enumerate(images):
        small[row] = np.asarray(Image.fromarray(np.asarray(image)).resize((side, side), Image.Resampling.BOX)).ravel()
    return small


def _standardised(train: NDArray[Any], val: NDArray[Any], test: NDArray[Any]) -> Features:
    mean = train.mean(axis=0)
    spread = np.where(np.ptp(train, axis=0) > 0, train.std(axis=0), 1.0)
    return (train - mean) / spread, (val - mean) / spread, (test - mean) / spread


def _everywhere(dataset: DataSet, name: str) -> bool:
    return all(name in cases.metadata for cases in (dataset.train, dataset.val, dataset.test))


def _text(cases: Cases, name: str) -> NDArray[np.str_]:
    return np.asarray(cases.metadata[name]).astype(np.str_)


def _levels(train: NDArray[np.str_], val: NDArray[np.str_], test: NDArray[np.str_]) -> list[Features]:
    values, counts = np.unique(train, return_counts=True)
    common = sorted(values[np.argsort(-counts, kind="stable")][:LEVELS])
    return [
        ((train == value).astype(np.float64), (val == value).astype(np.float64), (test == value).astype(np.float64))
        for value in common
    ]


def _numbers(dataset: DataSet) -> list[Features]:
    splits = (dataset.train, dataset.val, dataset.test)
    found: dict[str, Features] = {}
    for name in ("age", "width", "height"):
        if _everywhere(dataset, name):
            train, val, test = (np.asarray(cases.metadata[name], dtype=np.float64) for cases in splits)
            found[name] = (train, val, test)
    if "width" in found and "height" in found:
        (w0, w1, w2), (h0, h1, h2) = found["width"], found["height"]
        found["aspect"] = (w0 / h0, w1 / h1, w2 / h2)
    return list(found.values())


def _with_indicator(train: NDArray[np.float64], val: NDArray[np.float64], test: NDArray[np.float64]) -> list[Features]:
    known = train[np.isfinite(train)]
    if not len(known):
        return []
    mean = known.mean()
    filled = [np.where(np.isfinite(values), values, mean) for values in (train, val, test)]
    absent = [(~np.isfinite(values)).astype(np.float64) for values in (train, val, test)]
    return [(filled[0], filled[1], filled[2]), (absent[0], absent[1], absent[2])]


def _write(run: RunFolder, recipe: Recipe, logits: Mapping[str, NDArray[np.float32]], dataset: DataSet) -> None:
    import sklearn

    for split in SPLITS:
        write_arrays(run.predictions(split), ids=dataset.split(split).ids, logits=logits[split])
    account = {
        "format": FORMAT,
        "control": recipe.name,
        "model": "logistic regression (multinomial, or one per finding), L2 penalty",
        "recipe": dataclasses.asdict(recipe),
        "fingerprint": dataset.fingerprint,
        "predictions_sha256": {split: sha256(run.predictions(split)) for split in SPLITS},
        "scikit_learn": sklearn.__version__,
    }
    write_json(run.evaluation_json, account)
