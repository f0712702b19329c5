"""A DataSet in, data.json and the truth files out; and the truth back, for stages that never see an image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_report.data.cases import Cases, DataSet
from cxr_report.runs import SPLITS, StudyFolder, read_arrays, write_arrays, write_json
from cxr_report.study import Study

__all__ = ["METADATA", "Truth", "read_truth", "write"]

METADATA = ("sex", "age", "view", "width", "height")
"""Columns that a truth file always has, filled with "not known" where the source is silent."""


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
    metadata: Mapping[str, NDArray[Any]]
    """``(N,)`` columns: sex, view (str, "" = not known), age (years, NaN), width, height (pixels before resizing)."""

    def __len__(self) -> int:
        return len(self.ids)


def write(dataset: DataSet, study: Study, folder: StudyFolder) -> None:
    """Write data.json and the truth of the predicted splits; data.json comes last.

    Args:
        dataset: what `load` returned.
        study: the study it was loaded for.
        folder: where the study lies.
    """
    for split in SPLITS:
        write_arrays(folder.truth(split), **_arrays(dataset.split(split), dataset.classes))
    write_json(folder.data_json, {"task": study.task, **dataset.description})


def read_truth(folder: StudyFolder, split: str) -> Truth:
    """Read the truth of one predicted split.

    Args:
        folder: the study.
        split: ``val`` or ``test``.

    Raises:
        Refusal: the file is missing or damaged.
    """
    found = read_arrays(folder.truth(split), ("ids", "patients", "labels", "classes", *METADATA))
    return Truth(
        found["ids"],
        found["patients"],
        found["labels"],
        tuple(str(name) for name in found["classes"]),
        {name: found[name] for name in METADATA},
    )


def _arrays(cases: Cases, classes: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    return {
        "ids": cases.ids,
        "patients": cases.patients,
        "labels": cases.labels,
        "classes": np.array(classes),
        **cases.metadata,
    }
