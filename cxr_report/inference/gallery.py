"""Predictions and test images come in; gallery.npz goes out: cases whose label depends on the loss or on the seed.

Pixels of patients are published by decision: nothing is written unless the study says so, and what an earlier decision
wrote is taken away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import cxr_report.inference.record as record
from cxr_report.data.cases import DataSet
from cxr_report.data.gallery import BY_LOSS, BY_SEED, LARGEST, Gallery, read, write
from cxr_report.errors import Refusal
from cxr_report.inference.activation import activation, require
from cxr_report.metrics.changes import Changes, changes, votes
from cxr_report.metrics.predictions import decide
from cxr_report.progress import Progress
from cxr_report.runs import RunFolder, StudyFolder, read_arrays, sha256
from cxr_report.study import Study

__all__ = ["complete", "evaluate"]

Place = tuple[int, int]
"""A run, by the places of its loss and its seed."""


@dataclass(frozen=True, slots=True)
class _Runs:
    """The runs of every loss on the seeds that all of them have finished."""

    losses: tuple[str, ...]
    seeds: tuple[int, ...]
    folders: dict[Place, RunFolder]

    def files(self, folder: StudyFolder) -> Iterator[tuple[str, str]]:
        """Yield names and hashes of what a gallery is made from: predictions on test, and graphs."""
        for _, run in sorted(self.folders.items()):
            for file in (run.predictions("test"), run.onnx):
                yield folder.relative(file), sha256(file)

    def labels(self, task: str) -> NDArray[np.int64]:
        """Return ``(K, S, N)`` classes, or ``(K, S, N, L)`` findings."""
        found = [
            [self._labels(task, self.folders[loss, seed]) for seed in range(len(self.seeds))]
            for loss in range(len(self.losses))
        ]
        return np.array(found, dtype=np.int64)

    @staticmethod
    def _labels(task: str, run: RunFolder) -> NDArray[np.int64]:
        return decide(task, read_arrays(run.predictions("test"), ["logits"])["logits"])


@dataclass(frozen=True, slots=True)
class _Shown:
    """One case that is shown."""

    row: int
    finding: int
    """-1 where labels are classes."""
    kind: str
    pair: tuple[Place, Place]


def evaluate(
    study: Study, runs: Iterable[RunFolder], *, folder: StudyFolder, data: DataSet, progress: Progress
) -> None:
    """Write gallery.npz where cases shall be shown and some change their label; take it away where not.

    Args:
        study: whether cases are shown, and the task.
        runs: those that are compared.
        folder: where the study lies.
        data: the test images.
        progress: who is told.

    Raises:
        Refusal: cases shall be shown, and onnx is not installed.
    """
    file = folder.gallery
    found = _finished(study, runs)
    if not study.report.shows_cases(study.data.source) or not study.decides or found is None:
        file.unlink(missing_ok=True)
        return
    files = tuple(found.files(folder))
    if complete(folder, files, data.fingerprint):
        return
    require()
    shown = _chosen(found.labels(study.task), data.test.ids)
    if not shown:
        file.unlink(missing_ok=True)
        return
    gallery = _gallery(study, found, shown, data, files)
    write(file, gallery)
    maps = "with class-activation maps" if gallery.mapped else "without maps: their graphs have no last feature map"
    progress.say(f"{file}: shows the pixels of {len(shown)} test cases in the report, {maps} (report.show_cases)")


def complete(folder: StudyFolder, files: tuple[tuple[str, str], ...], fingerprint: str) -> bool:
    """Say whether gallery.npz is there and was made from just these files and images."""
    try:
        found = read(folder.gallery)
    except Refusal:
        return False
    made_from = tuple(zip(found.files.tolist(), found.sha256.tolist(), strict=True))
    return made_from == files and found.fingerprint.tolist() == [fingerprint]


def _finished(study: Study, runs: Iterable[RunFolder]) -> _Runs | None:
    """Keep the seeds that every loss has predicted with."""
    there = {(run.loss, run.seed): run for run in runs if run.predictions("test").exists() and record.told(run)}
    losses = tuple(study.losses)
    seeds = tuple(seed for seed in study.seeds if all((loss, seed) in there for loss in losses))
    if not seeds:
        return None
    folders = {(k, s): there[loss, seed] for k, loss in enumerate(losses) for s, seed in enumerate(seeds)}
    return _Runs(losses, seeds, folders)


def _chosen(labels: NDArray[np.int64], ids: NDArray[np.str_]) -> list[_Shown]:
    """Choose what is shown: half by the loss and half by the seed alone, more of one where the other has fewer.

    The largest disagreement comes first, and of equal ones the first id.
    """
    wide = labels if labels.ndim == 4 else labels[..., None]
    found = changes(wide)
    by_loss = found.by_loss.any(axis=1)
    by_seed = found.by_seed.any(axis=1) & ~by_loss
    apart, split = found.apart.max(axis=(0, 1)), np.where(found.by_seed, found.split.max(axis=0), 0.0)
    first = _ordered(np.flatnonzero(by_loss), apart, ids)
    second = _ordered(np.flatnonzero(by_seed), split, ids)
    half = LARGEST // 2
    room = max(half, LARGEST - len(second))
    first = first[:room]
    second = second[: LARGEST - len(first)]
    single = labels.ndim == 3
    return [_by_loss(row, int(apart[row].argmax()), wide, found, single) for row in first] + [
        _by_seed(row, int(split[row].argmax()), wide, found, single) for row in second
    ]


def _ordered(rows: NDArray[np.intp], strength: NDArray[np.float64], ids: NDArray[np.str_]) -> list[int]:
    return sorted((int(row) for row in rows), key=lambda row: (-float(strength[row].max()), str(ids[row])))


def _by_loss(row: int, finding: int, labels: NDArray[np.int64], found: Changes, single: bool) -> _Shown:
    """Hold the two losses that are furthest apart against each other, with one seed where one shows both labels."""
    apart = found.apart[:, :, row, finding]
    i, j = (int(place) for place in np.unravel_index(apart.argmax(), apart.shape))
    says = [labels[loss, :, row, finding] == found.most[loss, row, finding] for loss in (i, j)]
    common = np.flatnonzero(says[0] & says[1])
    seeds = (int(common[0]),) * 2 if len(common) else tuple(int(each.argmax()) for each in says)
    return _Shown(row, -1 if single else finding, BY_LOSS, ((i, seeds[0]), (j, seeds[1])))


def _by_seed(row: int, finding: int, labels: NDArray[np.int64], found: Changes, single: bool) -> _Shown:
    """Hold two seeds of the most divided loss against each other: of its most frequent label and of the next one."""
    loss = int(found.split[:, row, finding].argmax())
    own = labels[loss, :, row, finding]
    order = np.argsort(-votes(labels[:, :, row, finding])[:, loss], kind="stable")
    first, second = (int(np.flatnonzero(own == label)[0]) for label in order[:2])
    return _Shown(row, -1 if single else finding, BY_SEED, ((loss, first), (loss, second)))


def _gallery(
    study: Study, runs: _Runs, shown: list[_Shown], data: DataSet, files: tuple[tuple[str, str], ...]
) -> Gallery:
    rows = np.array([each.row for each in shown])
    findings = np.array([each.finding for each in shown], dtype=np.int64)
    labels = runs.labels(study.task)
    images = np.ascontiguousarray(data.test.images[rows])
    told = [labels[..., each.row] if each.finding < 0 else labels[:, :, each.row, each.finding] for each in shown]
    predicted = np.array(told, dtype=np.int64)
    return Gallery(
        ids=data.test.ids[rows],
        kinds=np.array([each.kind for each in shown]),
        images=images,
        truth=_truth(data.test.labels, shown),
        findings=findings,
        losses=np.array(runs.losses),
        seeds=np.array(runs.seeds, dtype=np.int64),
        labels=predicted,
        pairs=np.array([each.pair for each in shown], dtype=np.int64),
        maps=_maps(runs, shown, images, predicted),
        files=np.array([name for name, _ in files]),
        sha256=np.array([digest for _, digest in files]),
        fingerprint=np.array([data.fingerprint]),
    )


def _truth(labels: NDArray[np.generic], shown: list[_Shown]) -> NDArray[np.int64]:
    known = [labels[each.row] if each.finding < 0 else labels[each.row, each.finding] for each in shown]
    return np.array([-1 if value != value else int(value) for value in known], dtype=np.int64)


def _maps(
    runs: _Runs, shown: list[_Shown], images: NDArray[np.uint8], predicted: NDArray[np.int64]
) -> NDArray[np.uint8]:
    """Map what both runs of every case say; of a finding both maps are of that finding. Each graph is opened once."""
    wanted: dict[Place, list[tuple[int, int, int]]] = {}
    for place, each in enumerate(shown):
        for side, (loss, seed) in enumerate(each.pair):
            klass = int(predicted[place, loss, seed]) if each.finding < 0 else each.finding
            wanted.setdefault((loss, seed), []).append((place, side, klass))
    found: dict[tuple[int, int], NDArray[np.uint8]] = {}
    for run, entries in wanted.items():
        classes = np.array([klass for _, _, klass in entries])
        drawn = activation(runs.folders[run].onnx.read_bytes(), images[[place for place, _, _ in entries]], classes)
        if drawn is None:
            return np.zeros((len(shown), 2, 0, 0), dtype=np.uint8)
        found |= {(place, side): _levels(each) for (place, side, _), each in zip(entries, drawn, strict=True)}
    return np.stack([np.stack([found[place, side] for side in (0, 1)]) for place in range(len(shown))])


def _levels(drawn: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Keep what speaks for a class, in 256 levels of the map's own largest value."""
    positive = np.clip(drawn, 0.0, None)
    largest = float(positive.max())
    levels: NDArray[np.uint8] = np.rint(255.0 * positive / largest if largest > 0 else positive).astype(np.uint8)
    return levels
