"""A listing and what was decoded of it in, the columns of Cases out: labels, patients, names, metadata."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_report.data.cases import Cases
from cxr_report.data.decoding import Decoded
from cxr_report.data.listing import Listing, itemised
from cxr_report.study import Study, canonical

__all__ = [
    "fingerprint_of",
    "labels_of",
    "metadata_of",
    "patients_of",
    "pseudonyms",
    "refuse_bad",
    "renumbered",
]

ID_LENGTH = 16
"""Hexadecimal digits of a case's name; 64 bits keep a million cases apart with certainty in all but 1e-7 of studies."""


def refuse_bad(study: Study, listing: Listing, found: Decoded) -> None:
    """Refuse images that cannot be used, unless the study skips them; no usable image at all is refused in any case.

    Raises:
        Refusal: with the full list.
    """
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


def labels_of(study: Study, listing: Listing, found: Decoded) -> NDArray[Any]:
    """Return the labels of the decoded cases, ``(N,)`` class indices or ``(N, L)`` of 0 / 1 / NaN."""
    kind = np.float32 if study.task == "multilabel" else np.int64
    return np.array([listing.records[place].label for place in found.index], dtype=kind)


def patients_of(listing: Listing, found: Decoded) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
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


def pseudonyms(images: NDArray[np.str_]) -> NDArray[np.str_]:
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


def renumbered(patients: NDArray[np.int64], order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count patients by their first appearance in the final order."""
    numbers: dict[int, int] = {}
    result = np.empty_like(patients)
    for place in order.tolist():
        result[place] = numbers.setdefault(int(patients[place]), len(numbers))
    return result


def metadata_of(listing: Listing, found: Decoded) -> dict[str, NDArray[Any]]:
    """Return what is known of the decoded cases beside their labels, ``(N,)`` a column; see `Cases.metadata`."""
    records = [listing.records[place] for place in found.index]
    own = {
        "sex": np.array([record.sex for record in records], dtype=np.str_),
        "age": np.array([record.age for record in records], dtype=np.float64),
        "view": np.array([record.view for record in records], dtype=np.str_),
    }
    heads = {"sex": found.sex, "age": found.age, "view": found.view}
    columns = {name: own[name] if name in listing.columns else heads[name] for name in own}
    return {**columns, "width": found.width, "height": found.height}


def fingerprint_of(classes: tuple[str, ...], splits: Mapping[str, Cases]) -> str:
    """Hash classes, ids, patients, labels, metadata and pixels of cases.

    Args:
        classes: names, in the order of the logits.
        splits: name -> cases, in a fixed order.
    """
    whole = hashlib.sha256(canonical({"classes": list(classes)}))
    for name, split in splits.items():
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
