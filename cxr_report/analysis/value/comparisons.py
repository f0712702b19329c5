"""What is told of differences: tests of all losses at once, of pairs over seeds, and over seeds and cases together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cxr_report.analysis.value.numbers import Number

__all__ = [
    "BOTH",
    "CASES",
    "SEEDS",
    "ClassComparison",
    "Joint",
    "JointMean",
    "JointPair",
    "LeftOut",
    "Omnibus",
    "OmnibusTest",
    "Pair",
    "Role",
    "Target",
    "Verdict",
]

Target = Literal["seeds and cases", "seeds, these cases", "cases, these runs"]
"""What a test generalises to."""

BOTH: Target = "seeds and cases"
SEEDS: Target = "seeds, these cases"
CASES: Target = "cases, these runs"

Role = Literal["primary", "hierarchy", "exploratory"]
"""Of a metric: the conclusion rests on it; it is tested after the primary one in the declared order; or neither."""

Verdict = Literal["first better", "second better", "not shown", "outside the family"]
"""By the adjusted p at alpha and the metric's direction; a pair outside the declared family is not judged."""

OmnibusTest = Literal["mrmc", "mrmc-seeds-fixed", "iman-davenport", "friedman", "rm-anova", "mixed-model"]


@dataclass(frozen=True, slots=True)
class Omnibus:
    """Are the losses equal at all, by one test? It gates nothing."""

    metric: str
    test: OmnibusTest
    target: Target
    n_seeds: int
    n_losses: int
    statistic: Number
    """F, or chi2 for Friedman, the mixed model's likelihood ratio and seeds fixed."""
    df1: Number
    df2: Number
    """Infinite for a chi2; for repeated-measures ANOVA both degrees of freedom are Greenhouse and Geisser's."""
    p: Number
    effect: Literal["Kendall's W", "generalised eta2", ""]
    effect_value: Number
    role: Role
    planned: bool
    """Whether the plan names this test."""
    rejected: bool
    """Whether p is at most alpha."""
    note: str

    @property
    def primary(self) -> bool:
        """Whether the metric is the primary one."""
        return self.role == "primary"


@dataclass(frozen=True, slots=True)
class Pair:
    """One comparison of two losses on one metric over seeds, on these cases. Difference = first - second."""

    metric: str
    first: str
    second: str
    """The baseline, where the pair holds it."""
    role: Role
    in_family: bool
    """Whether the pair belongs to the declared family over which p values are adjusted."""
    n_seeds: int
    difference: Number
    low: Number
    """1 - alpha interval of the paired t, unadjusted."""
    high: Number
    low_simultaneous: Number
    """Bonferroni-simultaneous 1 - alpha interval over the family; NaN outside of it."""
    high_simultaneous: Number
    sd: Number
    t: Number
    df: Number
    p_t: Number
    p_t_adjusted: Number
    """Over the family of this metric; NaN outside of it."""
    w_plus: Number
    w_minus: Number
    n_zero: int
    p_wilcoxon: Number
    """Exact, two-sided."""
    p_wilcoxon_adjusted: Number
    p_sign_flip: Number
    """Permutation of the signs of the differences, exact up to 16 seeds."""
    d_z: Number
    d_z_low: Number
    d_z_high: Number
    verdict: Verdict
    """By the adjusted p of the paired t: of these cases alone, beside the decision over seeds and cases."""
    note: str

    @property
    def primary(self) -> bool:
        """Whether the metric is the primary one."""
        return self.role == "primary"


@dataclass(frozen=True, slots=True)
class JointMean:
    """The metric of one loss, with its uncertainty for the target of the analysis."""

    loss: str
    estimate: Number
    se: Number
    df: Number
    low: Number
    high: Number


@dataclass(frozen=True, slots=True)
class JointPair:
    """The difference of two losses (first - second), with its uncertainty for the target of the analysis."""

    first: str
    second: str
    """The baseline, where the pair holds it."""
    in_family: bool
    difference: Number
    se: Number
    df: Number
    t: Number
    p: Number
    p_adjusted: Number
    """Over the family, by the plan's adjustment and, for a metric of the hierarchy, not below those before it."""
    low: Number
    """1 - alpha interval, unadjusted."""
    high: Number
    low_simultaneous: Number
    """Bonferroni-simultaneous 1 - alpha interval over the family; NaN outside of it."""
    high_simultaneous: Number
    verdict: Verdict
    """By the adjusted p at alpha."""
    note: str


@dataclass(frozen=True, slots=True)
class Joint:
    """Obuchowski and Rockette's analysis of one metric: losses as modalities, seeds as readers."""

    metric: str
    role: Role
    target: Target
    """Seeds and cases (the decision), or cases with the seeds fixed."""
    covariance: Literal["delong", "jackknife", "bootstrap"]
    """How the covariance over cases was estimated."""
    n_seeds: int
    n_cases: int
    n_patients: int
    f: Number
    df1: Number
    df2: Number
    """Infinite where the seeds are fixed."""
    p: Number
    rejected: bool
    """Whether equality of all losses is rejected at alpha."""
    ms_loss: Number
    ms_seed: Number
    ms_loss_seed: Number
    var_seed: Number
    var_loss_seed: Number
    var_error: Number
    cov1: Number
    """Same seed, other loss."""
    cov2: Number
    """Same loss, other seed."""
    cov3: Number
    """Both differ."""
    means: tuple[JointMean, ...]
    pairs: tuple[JointPair, ...]
    """Every pair of losses."""
    redrawn: int
    """Resamples that lacked a class and were drawn again, where the covariance is a bootstrap's."""
    note: str

    @property
    def primary(self) -> bool:
        """Whether the metric is the primary one."""
        return self.role == "primary"


@dataclass(frozen=True, slots=True)
class ClassComparison:
    """The primary metric of one class or finding, over seeds and cases together."""

    klass: str
    metric: str
    n_positive: int
    """Test cases of the class."""
    covariance: Literal["delong", "jackknife", "bootstrap", "none"]
    means: tuple[JointMean, ...]
    pairs: tuple[JointPair, ...]
    """Those of the family; p adjusted over the comparisons of all classes together."""
    note: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A seed that is not finished for every loss, and what the plan does with it."""

    seed: int
    losses: tuple[str, ...]
    """Those that lack it."""
    reason: Literal["diverged", "missing", "undefined"]
    handling: Literal["left out of every comparison", "given the worst score in the tests over seeds"]
