"""A Study in, its DataSet out: listed, decoded, split by patient, checked for leakage, fingerprinted."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_report.data.cases import Cases, DataSet
from cxr_report.data.decoding import Decoded, arranged, decode
from cxr_report.data.description import Source, describe
from cxr_report.data.folder import list_folder
from cxr_report.data.leakage import crossings, refuse_crossings
from cxr_report.data.listing import Listing, itemised
from cxr_report.data.manifest import list_manifest
from cxr_report.data.medmnist import list_medmnist
from cxr_report.data.phantom import list_phantom
from cxr_report.data.splits import joined_groups, label_matrix, stratified_split
from cxr_report.errors import Refusal
from cxr_report.progress import Progress
from cxr_report.study import SplitRule, Study, canonical, resolved_path

__all__ = ["Inventory", "inspect", "load"]

SPLITS = ("train", "val", "test")
SPLITTING = 0x53504C
"""The purpose "split" in the derivation of random numbers."""

ID_LENGTH = 16
"""Hexadecimal digits of a case's name; 64 bits keep a million cases apart with certainty in all but 1e-7 of studies."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """What a source offers, as far as it can be told without decoding."""

    kind: str
    images: int
    classes: tuple[str, ...]
    splits: Mapping[str, int]
    """Cases per given split; empty where the source gives none."""


def inspect(study: Study, study_file: Path) -> Inventory:
    """Say what a study's source holds, without decoding an image.

    Raises:
        Refusal: the source is missing or its layout is at fault.
    """
    listing = _listing(study, study_file)
    splits = Counter(record.split for record in listing.records if record.split is not None)
    return Inventory(listing.kind, len(listing.records), listing.classes, dict(splits))


def load(study: Study, *, study_file: Path, cache: Path, workers: int, progress: Progress) -> DataSet:
    """Read a study's data.

    Args:
        study: what is asked.
        study_file: its file; ``data.path`` is relative to it.
        cache: folder in which decoded images are kept, and found again.
        workers: threads that decode; the result does not depend on it.
        progress: who is told.

    Returns:
        All splits; equal inputs give equal fingerprints, wherever they lie.

    Raises:
        Refusal: the source, a file, the splits or the labels are at fault; lists are complete.
    """
    listing = _listing(study, study_file)
    for note in listing.notes:
        progress.say(f"data: {note}")
    found = decode(
        listing,
        cache,
        size=study.data.image_size,
        workers=workers,
        keep_bad=study.data.on_bad_image == "skip",
        progress=progress,
    )
    _check_bad(study, listing, found)
    labels = _labels(study, listing, found)
    patients, told = _patients(listing, found)
    matrix = label_matrix(labels, len(listing.classes))
    split, made = _splits(study.data.split, listing, found, joined_groups(patients, found.sha256), matrix)
    order = np.argsort(split, kind="stable")
    keys = [listing.records[place].key for place in found.index]
    twins, shared = crossings(found.sha256, split), crossings(patients, split)
    if not study.data.allow_leakage:
        refuse_crossings(twins, shared, keys)
    _check_classes(study, listing.classes, matrix, split)
    ids = np.array(keys) if study.data.publish_names else _pseudonyms(found.sha256)
    patients = _renumbered(patients, order)
    images = arranged(found, order, cache)
    metadata = _metadata(listing, found)
    cases = _cut(images, order, split, labels, ids, patients, metadata)
    fingerprint = _fingerprint(listing.classes, cases)
    source = Source(listing, found, split, made, patients, told, ids, twins, shared, matrix, metadata)
    return DataSet(listing.classes, *cases, fingerprint, describe(study, source, cases, fingerprint))


def _listing(study: Study, study_file: Path) -> Listing:
    data = study.data
    try:
        if data.source == "phantom":
            return list_phantom(data, task=study.task)
        path = resolved_path(data.path, study_file)
        sources = {"folder": list_folder, "manifest": list_manifest, "medmnist": list_medmnist}
        return sources[data.source](data, path, task=study.task)
    except Refusal as refusal:
        if str(refusal).startswith("data."):
            raise Refusal(f"{study_file}: {refusal}") from None
        raise


def _check_bad(study: Study, listing: Listing, found: Decoded) -> None:
    bad = [
        f"{listing.records[place].key} {reason}"
        for place, reason in zip(found.bad_index.tolist(), found.bad_reason.tolist(), strict=True)
    ]
    if not len(found.index):
        raise itemised(f"{listing.name}: not one of {len(bad)} images can be read", bad)
    if bad and study.data.on_bad_image == "refuse":
        count = f"{len(bad)} {'image' if len(bad) == 1 else 'images'}"
        raise itemised(
            f"{listing.name}: {count} of {len(listing.records)} cannot be used; mend them, or state "
            "data.on_bad_image = 'skip' and the report counts them",
            bad,
        )


def _labels(study: Study, listing: Listing, found: Decoded) -> NDArray[Any]:
    kind = np.float32 if study.task == "multilabel" else np.int64
    return np.array([listing.records[place].label for place in found.index], dtype=kind)


def _patients(listing: Listing, found: Decoded) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Give every patient a number, and say for which cases the source told one; else a case is its own patient."""
    numbers: dict[tuple[str, str | int], int] = {}
    patients, told = [], []
    for place, group in zip(found.index.tolist(), found.group.tolist(), strict=True):
        stated = listing.records[place].patient
        key: tuple[str, str | int] = ("case", place)
        if stated is not None:
            key = ("stated", stated)
        elif group >= 0 and "patient" not in listing.columns:
            key = ("header", group)
        told.append(key[0] != "case")
        patients.append(numbers.setdefault(key, len(numbers)))
    return np.array(patients, dtype=np.int64), np.array(told, dtype=np.bool_)


def _splits(
    rule: SplitRule, listing: Listing, found: Decoded, groups: NDArray[np.int64], matrix: NDArray[np.float64]
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return ``(N,)`` the split of each case, and the names of the splits that were cut here."""
    given = [listing.records[place].split for place in found.index]
    split = np.array([-1 if name is None else SPLITS.index(name) for name in given], dtype=np.int64)
    if (split < 0).all():
        split[:] = 0
    elif not (split == 0).any():
        raise Refusal(f"{listing.name}: gives splits, but none of its usable images is for training")
    missing = [place for place in (1, 2) if not (split == place).any()]
    if not missing:
        return split, ()
    share = {1: rule.validation, 2: rule.test}
    shares = [1.0 - sum(share[place] for place in missing), *(share[place] for place in missing)]
    pool = np.flatnonzero(split == 0)
    rng = np.random.default_rng(np.random.SeedSequence([rule.seed, SPLITTING]))
    cut = stratified_split(groups[pool], matrix[pool], shares=shares, rng=rng)
    split[pool] = np.array([0, *missing])[cut]
    return split, tuple(SPLITS[place] for place in missing)


def _check_classes(
    study: Study, classes: tuple[str, ...], matrix: NDArray[np.float64], split: NDArray[np.int64]
) -> None:
    for place, name in enumerate(SPLITS):
        here = matrix[split == place]
        if not len(here):
            raise Refusal(f"data: the split {name} holds no case; more patients are needed, or another data.split")
        present, absent = (here == 1).any(axis=0), (here == 0).any(axis=0)
        if study.task == "multilabel":
            usable = present & absent
            lacking = [finding for finding, good in zip(classes, usable, strict=True) if not good]
            if not usable.any() or (name == "train" and lacking):
                raise Refusal(f"data: the split {name} has no known case with, or none without, {', '.join(lacking)}")
        elif present.sum() < 2:
            only = classes[int(np.argmax(present))]
            raise Refusal(f"data: the split {name} holds the single class {only!r}; at least 2 are needed")
        elif name == "train" and not present.all():
            lacking = [finding for finding, good in zip(classes, present, strict=True) if not good]
            raise Refusal(f"data: the split train holds no case of {', '.join(lacking)}")


def _pseudonyms(images: NDArray[np.str_]) -> NDArray[np.str_]:
    """Name cases by their content alone: a hash of a file's name could be guessed from a list of names."""
    seen: Counter[str] = Counter()
    names = []
    for image in images.tolist():
        names.append(hashlib.sha256(f"{image}:{seen[image]}".encode()).hexdigest())
        seen[image] += 1
    length = ID_LENGTH
    while len({name[:length] for name in names}) < len(names):
        length += 1
    return np.array([name[:length] for name in names])


def _renumbered(patients: NDArray[np.int64], order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count patients by their first appearance in the final order."""
    numbers: dict[int, int] = {}
    result = np.empty_like(patients)
    for place in order.tolist():
        result[place] = numbers.setdefault(int(patients[place]), len(numbers))
    return result


def _metadata(listing: Listing, found: Decoded) -> dict[str, NDArray[Any]]:
    records = [listing.records[place] for place in found.index]
    own = {
        "sex": np.array([record.sex for record in records], dtype=np.str_),
        "age": np.array([record.age for record in records], dtype=np.float64),
        "view": np.array([record.view for record in records], dtype=np.str_),
    }
    heads = {"sex": found.sex, "age": found.age, "view": found.view}
    columns = {name: own[name] if name in listing.columns else heads[name] for name in own}
    return {**columns, "width": found.width, "height": found.height}


def _cut(
    images: NDArray[np.uint8],
    order: NDArray[np.int64],
    split: NDArray[np.int64],
    labels: NDArray[Any],
    ids: NDArray[np.str_],
    patients: NDArray[np.int64],
    metadata: Mapping[str, NDArray[Any]],
) -> tuple[Cases, Cases, Cases]:
    ends = np.cumsum(np.bincount(split, minlength=len(SPLITS)))
    cases = []
    for place, end in enumerate(ends.tolist()):
        start = end - int((split == place).sum())
        mine = order[start:end]
        columns = {name: values[mine] for name, values in metadata.items()}
        cases.append(Cases(images[start:end], labels[mine], ids[mine], patients[mine], columns))
    return cases[0], cases[1], cases[2]


def _fingerprint(classes: tuple[str, ...], cases: tuple[Cases, Cases, Cases]) -> str:
    whole = hashlib.sha256(canonical({"classes": list(classes)}))
    for name, split in zip(SPLITS, cases, strict=True):
        whole.update(canonical({"split": name, "ids": split.ids.tolist(), "shape": list(split.images.shape)}))
        whole.update(split.patients.astype("<i8").tobytes())
        whole.update(_label_bytes(split.labels))
        whole.update(canonical({name: _plain(values) for name, values in split.metadata.items()}))
        for first in range(0, len(split), 1024):
            whole.update(split.images[first : first + 1024].tobytes())
    return whole.hexdigest()


def _plain(values: NDArray[Any]) -> list[Any]:
    return [None if value != value else value for value in values.tolist()]  # NaN alone differs from itself


def _label_bytes(labels: NDArray[Any]) -> bytes:
    """Write labels as small integers, NaN as -1, since a NaN has more than one form in memory."""
    plain: NDArray[Any] = np.where(np.isnan(labels), -1, labels) if labels.dtype.kind == "f" else labels
    return plain.astype("<i8").tobytes()
