"""The truth file of one split in, its cases out, once they are seen to be of this study and as many as counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_report.data import read_strata
from cxr_report.errors import Refusal
from cxr_report.runs import StudyFolder, read_arrays

__all__ = ["Truth", "read_cases"]


@dataclass(frozen=True, slots=True)
class Truth:
    """The cases of one split."""

    ids: NDArray[np.str_]
    """``(N,)``."""
    patients: NDArray[np.int64]
    """``(N,)``; equal = same patient."""
    labels: NDArray[Any]
    """``(N,)`` class indices, or ``(N, L)`` of 0 / 1 / NaN."""
    attributes: Mapping[str, NDArray[np.str_]] = field(default_factory=dict)
    """Sex, view and band of age in words, ``(N,)`` each; empty = not known; only those known of any of the cases."""

    @property
    def groups(self) -> NDArray[np.int64] | None:
        """The patients where one has several cases, else None: then cases are independent."""
        return self.patients if len(np.unique(self.patients)) < len(self.patients) else None


def read_cases(folder: StudyFolder, split: str, task: str, described: Mapping[str, Any]) -> Truth:
    """Read the truth of one split.

    Args:
        folder: the study.
        split: ``val`` or ``test``.
        task: binary, multiclass or multilabel.
        described: content of data.json, as `description.describe` returns it.

    Raises:
        Refusal: the file is damaged, an array is of another kind than the task has, or data.json counts other cases.
    """
    file, classes = folder.truth(split), described["classes"]
    arrays = read_arrays(file, ["ids", "patients", "labels"], optional=["classes"])
    fault = next(_faults(arrays, task, len(classes)), "")
    if fault:
        raise Refusal(f"{file}: {fault}; put the right file back, or delete it and run the study again")
    odd = next(_miscounts(arrays, described["splits"][split], classes), "")
    if odd:
        raise Refusal(
            f"{folder.relative(file)} does not hold the cases that {folder.relative(folder.data_json)} counts: {odd}; "
            "put the right files back, or delete both and run the study again"
        )
    known = {name: words for name, words in read_strata(folder, split).items() if (words != "").any()}
    return Truth(ids=arrays["ids"], patients=arrays["patients"], labels=arrays["labels"], attributes=known)


def _faults(arrays: Mapping[str, NDArray[Any]], task: str, classes: int) -> Iterator[str]:
    """Say which array is of another kind or shape, or holds other values, than it must."""
    ids, patients, labels = arrays["ids"], arrays["patients"], arrays["labels"]
    if ids.dtype.kind != "U" or ids.ndim != 1 or not len(ids) or len(np.unique(ids)) < len(ids):
        yield f"the array ids must hold one text a case, all different and at least one, got {_kind(ids)}"
    if patients.dtype.kind != "i" or patients.shape != (len(ids),):
        yield f"the array patients must hold one whole number for each of {len(ids)} cases, got {_kind(patients)}"
    if task == "multilabel":
        right = labels.dtype.kind == "f" and labels.shape == (len(ids), classes)
        if not right or not (np.isnan(labels) | (labels == 0) | (labels == 1)).all():
            yield f"the array labels must hold 0, 1 or NaN in shape ({len(ids)}, {classes}), got {_kind(labels)}"
    elif labels.dtype.kind != "i" or labels.shape != (len(ids),) or labels.min() < 0 or labels.max() >= classes:
        yield f"the array labels must hold a whole number from 0 to {classes - 1} a case, got {_kind(labels)}"


def _kind(array: NDArray[Any]) -> str:
    """Say what an array is: its type, its shape and, of numbers, between which values they lie."""
    span = ""
    if array.dtype.kind in "iuf" and array.size:
        span = f" from {array.min()} to {array.max()}"
    return f"{array.dtype} of shape {array.shape}{span}"


def _miscounts(arrays: Mapping[str, NDArray[Any]], counted: Mapping[str, Any], classes: list[str]) -> Iterator[str]:
    """Say where the cases are not those that data.json counts; patients only where the source knows them."""
    labels, patients = arrays["labels"], len(np.unique(arrays["patients"]))
    named = arrays.get("classes", np.array(classes)).tolist()
    if named != classes:
        yield f"classes {named}, there {classes}"
    if len(labels) != counted["cases"]:
        yield f"{len(labels)} cases, counted {counted['cases']}"
    if counted["patients"] not in (None, patients):
        yield f"{patients} patients, counted {counted['patients']}"
    matrix = labels if labels.ndim == 2 else np.eye(len(classes))[labels]
    sums = {"positive": matrix == 1, "negative": matrix == 0, "unknown": np.isnan(matrix)}
    for kind, places in sums.items():
        for name, here in zip(classes, places.sum(axis=0).tolist(), strict=True):
            if here != counted[kind][name]:
                yield f"{here} cases {kind} for {name}, counted {counted[kind][name]}"
