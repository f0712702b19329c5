"""Cases: one split's images with their truth, ready to be learned from or predicted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_report.runs import external_split

__all__ = ["Cases", "DataSet", "ExternalCases"]


@dataclass(frozen=True, slots=True)
class Cases:
    """The cases of one split, in a fixed order."""

    images: NDArray[np.uint8]
    """``(N, H, W)`` grey, memory-mapped and read-only."""
    labels: NDArray[Any]
    """``(N,)`` int64 class indices, or ``(N, L)`` float32 of 0 / 1 / NaN for multilabel."""
    ids: NDArray[np.str_]
    """``(N,)`` unique names: hash prefixes, or relative paths where the study publishes names."""
    patients: NDArray[np.int64]
    """``(N,)`` pseudonymous patient numbers; equal = same patient."""
    metadata: Mapping[str, NDArray[Any]]
    """Columns ``(N,)`` where the source has them: sex, view (str, "" = not known), age (float, years, NaN),
    width, height (int64, original pixels)."""

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class ExternalCases:
    """Test cases of another source, with the study's classes."""

    name: str
    cases: Cases
    """Labels count the study's classes, of which the source may lack some."""
    fingerprint: str
    """As that of a study's data."""
    description: Mapping[str, Any]
    """Its block of ``data.json``."""

    @property
    def split(self) -> str:
        """Under which its files stand beside those of ``val`` and ``test``."""
        return external_split(self.name)


@dataclass(frozen=True, slots=True)
class DataSet:
    """All splits of a study's data."""

    classes: tuple[str, ...]
    """Names in the order of the logits; binary: the positive class is the second."""
    train: Cases
    val: Cases
    test: Cases
    fingerprint: str
    """sha256 over classes, decoded images, labels, ids, patients, metadata and splits."""
    description: Mapping[str, Any]
    """What ``data.json`` holds: source, counts, exclusions, demographics, leakage."""
    external: tuple[ExternalCases, ...] = ()
    """Test sets of other sources; the fingerprint does not depend on them."""

    def split(self, name: str) -> Cases:
        """Return the cases of ``train``, ``val`` or ``test``, or of an external test set by its split."""
        known = {"train": self.train, "val": self.val, "test": self.test}
        return (known | {each.split: each.cases for each in self.external})[name]
