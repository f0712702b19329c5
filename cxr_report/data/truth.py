"""A DataSet in, data.json and the truth files out; and the truth back, for stages that never see an image."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_report.data.cases import Cases, DataSet
from cxr_report.data.strata import read_strata, strata
from cxr_report.runs import SPLITS, StudyFolder, read_arrays, read_json, sha256, write_arrays, write_json
from cxr_report.study import Study

__all__ = ["BINDING", "EXTERNAL", "SIZES", "Truth", "add_external", "binding", "read_truth", "write"]

SIZES = ("width", "height")
"""Columns that a truth file always has."""

BINDING = "truth_sha256"
"""The entry of data.json that binds the truth files: split -> sha256."""


EXTERNAL = "external"
"""The entry of data.json that holds one block per external test set; absent where there is none."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What is true of the cases of one split."""

    ids: NDArray[np.str_]
    """``(N,)`` unique."""
    patients: NDArray[np.int64]
    """``(N,)`` equal = same patient."""
    labels: NDArray[Any]
    """``(N,)`` int64 class indices, or ``(N, L)`` float32 of 0 / 1 / NaN."""
    classes: tuple[str, ...]
    sizes: Mapping[str, NDArray[np.int64]]
    """``(N,)`` width and height, pixels before resizing."""
    strata: Mapping[str, NDArray[np.str_]]
    """``(N,)`` sex, view and band of age in words, "" = not known; only what the source knows, see `read_strata`."""

    def __len__(self) -> int:
        return len(self.ids)


def write(dataset: DataSet, study: Study, folder: StudyFolder) -> None:
    """Write data.json and the truth of the predicted splits; data.json comes last, with the hashes of the truth.

    Args:
        dataset: what `load` returned.
        study: the study it was loaded for.
        folder: where the study lies.
    """
    known = _known(dataset)
    for split in SPLITS:
        write_arrays(folder.truth(split), **_arrays(dataset.split(split), dataset.classes, known))
    told = {"task": study.task, **dataset.description, **binding(folder, SPLITS)}
    write_json(folder.data_json, told | _external(dataset, folder))


def add_external(dataset: DataSet, folder: StudyFolder) -> None:
    """Write the external test sets that data.json does not tell of yet, and leave everything else as it is.

    Args:
        dataset: what `load` returned.
        folder: where the study lies; its data.json stands.
    """
    told = read_json(folder.data_json)
    there = {block["name"]: block for block in told.get(EXTERNAL, ())}
    bound = all(
        each.name in there
        and folder.truth(each.split).exists()
        and there[each.name].get(BINDING) == sha256(folder.truth(each.split))
        for each in dataset.external
    )
    if not bound:
        write_json(folder.data_json, told | _external(dataset, folder))


def _external(dataset: DataSet, folder: StudyFolder) -> dict[str, list[dict[str, Any]]]:
    """Write the truth of the external test sets and return their entry of data.json."""
    blocks = []
    for each in dataset.external:
        words = strata(each.cases.metadata)
        known = tuple(name for name in words if (words[name] != "").any())
        file = folder.truth(each.split)
        write_arrays(file, **_arrays(each.cases, dataset.classes, known))
        blocks.append({**each.description, BINDING: sha256(file)})
    return {EXTERNAL: blocks} if blocks else {}


def binding(folder: StudyFolder, splits: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return the entry of data.json that says which truth files belong to it.

    Args:
        folder: the study; its truth files are written already.
        splits: those that have one.

    Returns:
        ``truth_sha256`` -> split -> 64 hexadecimal digits.

    Raises:
        Refusal: a truth file is missing.
    """
    return {BINDING: {split: sha256(folder.truth(split)) for split in splits}}


def read_truth(folder: StudyFolder, split: str) -> Truth:
    """Read the truth of one predicted split.

    Args:
        folder: the study.
        split: ``val`` or ``test``.

    Raises:
        Refusal: the file is missing or damaged.
    """
    found = read_arrays(folder.truth(split), ("ids", "patients", "labels", "classes", *SIZES))
    return Truth(
        found["ids"],
        found["patients"],
        found["labels"],
        tuple(str(name) for name in found["classes"]),
        {name: found[name] for name in SIZES},
        read_strata(folder, split),
    )


def _known(dataset: DataSet) -> tuple[str, ...]:
    """Return the columns of which at least one case of any split is known."""
    words = [strata(cases.metadata) for cases in (dataset.train, dataset.val, dataset.test)]
    return tuple(name for name in words[0] if any((split[name] != "").any() for split in words))


def _arrays(cases: Cases, classes: tuple[str, ...], known: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    words = strata(cases.metadata)
    return {
        "ids": cases.ids,
        "patients": cases.patients,
        "labels": cases.labels,
        "classes": np.array(classes),
        **{name: cases.metadata[name] for name in SIZES},
        **{name: words[name] for name in known},
    }
