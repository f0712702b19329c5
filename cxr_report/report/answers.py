"""An Analysis in; the answer to every comparison of two losses, for each inference target and in one form, out."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cxr_report.analysis.value import BOTH, CASES, SEEDS, Analysis, Joint, Pair, Role, Target, Verdict

__all__ = ["Answer", "Answers", "answers", "deciding", "over_seeds", "role_of", "shown"]


@dataclass(frozen=True, slots=True)
class Answer:
    """One comparison of two losses, for one target. Difference = first - second."""

    key: str
    """Place in statistics.json."""
    first: str
    second: str
    in_family: bool
    difference: float
    low: float
    """Unadjusted interval."""
    high: float
    low_simultaneous: float
    high_simultaneous: float
    statistic: float
    """t."""
    df: float
    p: float
    p_adjusted: float
    d_z: float
    """Effect size over seeds; NaN for other targets."""
    verdict: Verdict
    note: str
    p_field: str = "p"
    """What p is called in statistics.json, there and with ``_adjusted``."""

    @property
    def p_key(self) -> str:
        """Where p stands."""
        return f"{self.key}.{self.p_field}"

    @property
    def p_adjusted_key(self) -> str:
        """Where the adjusted p stands."""
        return f"{self.key}.{self.p_field}_adjusted"

    @property
    def better(self) -> str:
        """The loss that is shown to be better."""
        return self.first if self.verdict == "first better" else self.second

    @property
    def worse(self) -> str:
        """The other loss."""
        return self.second if self.verdict == "first better" else self.first


@dataclass(frozen=True, slots=True)
class Answers:
    """All comparisons on one metric, for one target."""

    metric: str
    target: Target
    key: str
    """Place of the joint analysis in statistics.json; empty for the tests over seeds."""
    test: Joint | None
    """None for the tests over seeds."""
    every: tuple[Answer, ...]
    """Every pair of losses."""

    @property
    def family(self) -> tuple[Answer, ...]:
        """The declared family."""
        return tuple(each for each in self.every if each.in_family)

    @property
    def outside(self) -> tuple[Answer, ...]:
        """The other pairs."""
        return tuple(each for each in self.every if not each.in_family)

    @property
    def defined(self) -> tuple[Answer, ...]:
        """Those of the family whose test is defined."""
        return tuple(each for each in self.family if not math.isnan(each.p))


def shown(answer: Answer) -> bool:
    """Say whether one of the two losses is shown to be better."""
    return answer.verdict in ("first better", "second better")


def answers(analysis: Analysis, metric: str, target: Target) -> Answers | None:
    """Return the comparisons on a metric for a target; None where there is no such analysis."""
    if target == SEEDS:
        return over_seeds(analysis, metric)
    name, found = ("joint", analysis.joint) if target == BOTH else ("cases", analysis.cases)
    for place, test in enumerate(found):
        if test.metric == metric:
            return Answers(metric, target, f"{name}.{place}", test, tuple(_joint(f"{name}.{place}", test)))
    return None


def over_seeds(analysis: Analysis, metric: str) -> Answers:
    """Return the comparisons on a metric over seeds, which every analysis has, be they undefined."""
    rows = [(f"pairs.{place}", pair) for place, pair in enumerate(analysis.pairs) if pair.metric == metric]
    return Answers(metric, SEEDS, "", None, tuple(_over_seeds(key, pair) for key, pair in rows))


def deciding(analysis: Analysis, metric: str) -> Answers:
    """Return the answers on which the conclusion on a metric rests.

    Seeds and cases together, wherever that analysis exists. Otherwise the tests over seeds, or, where there are fewer
    than two seeds to test over, the analysis of cases with the seeds fixed.
    """
    joint, cases = answers(analysis, metric, BOTH), answers(analysis, metric, CASES)
    if joint is not None:
        return joint
    tested = any(pair.n_seeds > 1 for pair in analysis.pairs if pair.metric == metric)
    return cases if cases is not None and not tested else over_seeds(analysis, metric)


def role_of(analysis: Analysis, metric: str) -> Role:
    """Say what the plan makes of a metric."""
    if metric == analysis.study.metrics.primary:
        return "primary"
    return "hierarchy" if metric in analysis.study.analysis.hierarchy else "exploratory"


def _joint(key: str, test: Joint) -> list[Answer]:
    return [
        Answer(
            key=f"{key}.pairs.{place}",
            first=pair.first,
            second=pair.second,
            in_family=pair.in_family,
            difference=pair.difference,
            low=pair.low,
            high=pair.high,
            low_simultaneous=pair.low_simultaneous,
            high_simultaneous=pair.high_simultaneous,
            statistic=pair.t,
            df=pair.df,
            p=pair.p,
            p_adjusted=pair.p_adjusted,
            d_z=math.nan,
            verdict=pair.verdict,
            note=pair.note or test.note,
        )
        for place, pair in enumerate(test.pairs)
    ]


def _over_seeds(key: str, pair: Pair) -> Answer:
    return Answer(
        key=key,
        first=pair.first,
        second=pair.second,
        in_family=pair.in_family,
        difference=pair.difference,
        low=pair.low,
        high=pair.high,
        low_simultaneous=pair.low_simultaneous,
        high_simultaneous=pair.high_simultaneous,
        statistic=pair.t,
        df=pair.df,
        p=pair.p_t,
        p_adjusted=pair.p_t_adjusted,
        d_z=pair.d_z,
        verdict=pair.verdict,
        note=pair.note,
        p_field="p_t",
    )
