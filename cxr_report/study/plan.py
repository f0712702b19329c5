"""The sections of a study file that say what will be concluded from the runs, and how: written before they exist."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from cxr_report.errors import nearest
from cxr_report.metrics import METRICS
from cxr_report.study.sections import Loss, Section

__all__ = [
    "LEAST_ALPHA",
    "LEAST_SQUARE",
    "MOST_SQUARE",
    "Adjustment",
    "Analysis",
    "Components",
    "Metrics",
    "Multiverse",
    "NoiseFloor",
    "PairTest",
]

LEAST_ALPHA = 1e-6
"""Chosen: shared among the most comparisons of a family, it is still told apart from 0 in 1 - alpha."""

LEAST_SQUARE, MOST_SQUARE = 1e-300, 1e200
"""Chosen: of a mean square and of a case part that is not 0; between them neither roots nor sums leave the numbers."""

Adjustment = Literal["none", "bonferroni", "holm", "hochberg", "hommel", "bh", "by"]
PairTest = Literal["mrmc", "mrmc-seeds-fixed", "paired-t", "wilcoxon", "sign-flip"]


class Metrics(Section):
    """The number that the conclusion rests on, and the others."""

    primary: str = "auroc"
    secondary: tuple[str, ...] = ("balanced_accuracy", "average_precision", "brier")

    @model_validator(mode="after")
    def _known(self) -> Metrics:
        for name in (self.primary, *self.secondary):
            if name not in METRICS and not METRICS.is_own(name):
                raise ValueError(f"unknown metric {name!r}; allowed: {', '.join(METRICS)}{nearest(name, METRICS)}")
        if self.primary in self.secondary or len(set(self.secondary)) < len(self.secondary):
            raise ValueError("a metric is named twice; each may stand once, as primary or as secondary")
        return self


class Multiverse(Section):
    """What is looked at again beside the planned analysis: descriptive, and frozen with the plan."""

    metrics: tuple[str, ...] = Field((), description="empty: the primary and the secondary metrics")
    thresholds: tuple[Literal["argmax", "youden"], ...] = Field(("argmax", "youden"), min_length=1)
    tests: tuple[PairTest, ...] = Field(("mrmc", "mrmc-seeds-fixed", "paired-t", "wilcoxon", "sign-flip"), min_length=1)
    adjustments: tuple[Adjustment, ...] = Field(("none", "bonferroni", "holm", "hommel"), min_length=1)
    intervals: tuple[Literal["unadjusted", "simultaneous"], ...] = Field(("unadjusted", "simultaneous"), min_length=1)

    @model_validator(mode="after")
    def _each_once(self) -> Multiverse:
        for field in type(self).model_fields:
            entries = getattr(self, field)
            twice = [entry for entry in entries if entries.count(entry) > 1]
            if twice:
                raise ValueError(f"{field} names {twice[0]!r} twice; each may stand once")
        return self


class Components(Section):
    """What a pilot, or the user, expects of the variances; the design gate computes power from it."""

    ms: float = Field(
        ge=LEAST_SQUARE,
        le=MOST_SQUARE,
        description="mean square of loss x seed, in squared units of the primary metric",
    )
    case: float = Field(ge=0.0, le=MOST_SQUARE, description="cov2 - cov3 of the case sampling")
    seeds: int | None = Field(None, ge=2, description="seeds of the pilot that ms comes from; none: ms is known")
    cases: int | None = Field(None, ge=2, description="test cases that ms and case refer to; none: those of the study")


class Analysis(Section):
    """The analysis plan, written before the runs exist."""

    alpha: float = Field(0.05, ge=LEAST_ALPHA, lt=0.5)
    adjustment: Adjustment = "holm"
    baseline: str = Field("", description="the loss that the others are held against; default: the first one")
    family: Literal["baseline", "all"] = Field("baseline", description="comparisons that p is adjusted over")
    omnibus: Literal["mrmc", "iman-davenport", "friedman", "rm-anova", "mixed-model"] = "mrmc"
    hierarchy: tuple[str, ...] = Field((), description="secondary metrics tested after the primary one, in this order")
    margin: float = Field(0.01, gt=0.0, description="difference of the primary metric too small to matter")
    subgroup_minimum: int = Field(30, ge=10, description="cases below which a subgroup is refused")
    on_diverged: Literal["drop-seed", "worst-score"] = "drop-seed"
    multiverse: Multiverse = Multiverse()
    components: Components | None = None


class NoiseFloor(Section):
    """Runs that differ by nothing that should matter: what the comparisons would show if no loss were better."""

    seeds: bool = Field(False, description="train the baseline with as many further seeds again")
    identical: dict[str, Loss] = Field(
        default_factory=dict, description="losses mathematically identical to one of the study's"
    )

    @field_validator("identical")
    @classmethod
    def _by_name(cls, value: dict[str, Loss]) -> dict[str, Loss]:
        return dict(sorted(value.items()))  # JSON is written with sorted keys; the order shall not depend on it
