"""A Study in, its DataSet out: listed, decoded, split by patient, checked for leakage, fingerprinted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_report.data.cases import Cases, DataSet
from cxr_report.data.casting import (
    fingerprint_of,
    labels_of,
    metadata_of,
    patients_of,
    pseudonyms,
    refuse_bad,
    renumbered,
)
from cxr_report.data.decoding import Decoded, arranged, decode
from cxr_report.data.description import Source, describe
from cxr_report.data.external import Known, Reader, names_of
from cxr_report.data.leakage import crossings, refuse_crossings
from cxr_report.data.listing import Listing
from cxr_report.data.sources import list_source
from cxr_report.data.splits import joined_groups, label_matrix, stratified_split
from cxr_report.errors import Refusal
from cxr_report.progress import Progress
from cxr_report.study import SplitRule, Study

__all__ = ["Inventory", "inspect", "load"]

SPLITS = ("train", "val", "test")
SPLITTING = 0x53504C
"""The purpose "split" in the derivation of random numbers."""


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
    listing = list_source(study.data, study_file, task=study.task)
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
    listing = list_source(study.data, study_file, task=study.task)
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
    refuse_bad(study, listing, found)
    labels = labels_of(study, listing, found)
    patients, told = patients_of(listing, found)
    matrix = label_matrix(labels, len(listing.classes))
    split, made = _splits(study.data.split, listing, found, joined_groups(patients, found.sha256), matrix)
    order = np.argsort(split, kind="stable")
    keys = [listing.records[place].key for place in found.index]
    twins, shared = crossings(found.sha256, split), crossings(patients, split)
    if not study.data.allow_leakage:
        refuse_crossings(twins, shared, keys)
    _check_classes(study, listing.classes, matrix, split)
    ids = np.array(keys) if study.data.publish_names else pseudonyms(found.sha256)
    patients = renumbered(patients, order)
    images = arranged(found, order, cache)
    metadata = metadata_of(listing, found)
    cases = _cut(images, order, split, labels, ids, patients, metadata)
    fingerprint = fingerprint_of(listing.classes, dict(zip(SPLITS, cases, strict=True)))
    source = Source(listing, found, split, made, patients, told, ids, twins, shared, matrix, metadata)
    known = Known(found.sha256, names_of(listing, found, study.data.phantom), split, tuple(keys))
    reader = Reader(study, study_file, cache, workers, progress)
    return DataSet(
        listing.classes,
        *cases,
        fingerprint,
        describe(study, source, cases, fingerprint),
        tuple(reader.read(each, listing.classes, known) for each in study.data.external),
    )


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
