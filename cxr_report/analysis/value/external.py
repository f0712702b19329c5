"""What is told of an external test set: the same runs on cases of another source, and what changes with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cxr_report.analysis.value.comparisons import Joint
from cxr_report.analysis.value.groups import AbsentClass
from cxr_report.analysis.value.numbers import Number
from cxr_report.analysis.value.runs import LossSummary

__all__ = ["Change", "ExternalTest", "Order"]


@dataclass(frozen=True, slots=True)
class Change:
    """One metric of one loss on the external test set minus that on the study's own test cases, by the same runs."""

    loss: str
    metric: str
    n_seeds: int
    """Seeds with a value on both."""
    own: Number
    """Mean over these seeds on the study's test cases."""
    external: Number
    """The same on the external test set."""
    difference: Number
    """external - own."""
    se: Number
    """Over seeds, which are paired, and over the cases of both sets, which are independent."""
    df: Number
    low: Number
    """1 - alpha interval, unadjusted."""
    high: Number
    note: str
    """Why something is undefined, else empty."""


@dataclass(frozen=True, slots=True)
class Order:
    """The losses by their mean of the primary metric, best first, on the same seeds."""

    metric: str
    own: tuple[str, ...]
    """On the study's test cases; equal means in the study's order."""
    external: tuple[str, ...]
    same: bool
    """Whether every two losses lie the same way round in both, or are equal in both."""
    tau: Number
    """Kendall's tau-b of the means; NaN where all means of a set are equal."""
    note: str


@dataclass(frozen=True, slots=True)
class ExternalTest:
    """The losses on test cases of another source. Nothing was trained, chosen or tuned on them."""

    name: str
    title: str
    """How the report calls it."""
    planned: bool
    """Whether the study began with it; one that was added later is exploratory."""
    after_analysis: bool
    """Whether it was added after results had been seen."""
    content: dict[str, Any]
    """Its block of data.json."""
    n_cases: int
    n_patients: int
    positives: dict[str, int]
    """Class or finding -> cases that have it."""
    seeds: tuple[int, ...]
    """That enter the summaries: finished and predicted for every loss, after ``on_diverged``."""
    absent: tuple[AbsentClass, ...]
    """Classes or findings without a positive or without a negative case in it."""
    summaries: tuple[LossSummary, ...]
    """Every loss on every metric that is compared, over seeds, on these cases."""
    joint: tuple[Joint, ...]
    """Seeds and cases of this source together; a family of its own, adjusted for itself."""
    without_joint: dict[str, str]
    """Metric that is not in ``joint`` -> why."""
    changes: tuple[Change, ...]
    """From the study's test cases to these: every loss on every metric that is compared."""
    orders: tuple[Order, ...]
    """At most one, of the primary metric."""

    @property
    def patients_known(self) -> bool:
        """Whether its source names the patients; where it does not, every case counts as one of its own."""
        return bool(self.content.get("patients_known", False))

    @property
    def shared_images(self) -> int:
        """How many images of the study's own test cases are in it too."""
        return _count(self.content, "images", "test")

    @property
    def learned_images(self) -> int:
        """How many images of the training and validation cases are in it too."""
        return _count(self.content, "images", "train") + _count(self.content, "images", "val")

    @property
    def shared_patients(self) -> int:
        """How many patients of the study's own test cases are in it too, as far as names tell."""
        return _count(self.content, "patients", "test")

    @property
    def learned_patients(self) -> int:
        """How many patients of the training and validation cases are in it too, as far as names tell."""
        return _count(self.content, "patients", "train") + _count(self.content, "patients", "val")


def _count(content: dict[str, Any], what: str, split: str) -> int:
    return int(content.get("overlap", {}).get(what, {}).get(split, {}).get("count", 0))
