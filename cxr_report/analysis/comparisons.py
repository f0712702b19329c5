"""Scores of several losses, paired by seed, in; summaries, the omnibus test and every pair out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from cxr_report import stats
from cxr_report.analysis.value import LossSummary, Omnibus, Pair
from cxr_report.metrics import METRICS
from cxr_report.study import Analysis as Plan

__all__ = ["Floats", "PairedScores", "adjusted", "compare", "omnibus_test", "smallest", "summarise", "verdict"]

Floats = NDArray[np.float64]
Verdict = Literal["first better", "second better", "not shown"]
Adjustment = Literal["none", "bonferroni", "holm", "hochberg", "hommel", "bh", "by"]

SNAP = 1e-12
"""Chosen: relative width within which numbers count as equal, as in ``cxr_report.stats``."""


@dataclass(frozen=True, slots=True)
class PairedScores:
    """One metric on test, paired by seed."""

    metric: str
    klass: str
    """Empty = overall."""
    losses: tuple[str, ...]
    """k names."""
    seeds: tuple[int, ...]
    """S seeds."""
    values: Floats
    """``(S, k)``; NaN where undefined."""

    @property
    def higher_is_better(self) -> bool:
        """The metric's direction."""
        return METRICS[self.metric].higher_is_better

    def complete(self) -> Floats:
        """Return the rows ``(S', k)`` of the seeds on which every loss has a score."""
        rows: Floats = self.values[np.isfinite(self.values).all(axis=1)]
        return rows


def summarise(scores: PairedScores, *, alpha: float) -> tuple[LossSummary, ...]:
    """Describe every loss over its seeds: mean, SD, median and the t interval of the mean.

    Seeds on which the metric is undefined are left out of that loss's numbers and counted by ``n_seeds``. The interval
    stays inside the metric's range; with fewer than two seeds, or without any spread, it is undefined.

    Args:
        scores: one metric.
        alpha: the interval covers 1 - alpha.
    """
    return tuple(_summary(scores, loss, scores.values[:, place], alpha) for place, loss in enumerate(scores.losses))


def _summary(scores: PairedScores, loss: str, column: Floats, alpha: float) -> LossSummary:
    known = column[np.isfinite(column)]
    n = len(known)
    mean = float(known.mean()) if n else math.nan
    sd = float(known.std(ddof=1)) if n > 1 else math.nan
    if n > 1 and sd <= SNAP * float(np.abs(known).max()):
        sd = 0.0
    half = float(student.ppf(1 - alpha / 2, n - 1)) * sd / math.sqrt(n) if n > 1 and sd > 0 else math.nan
    bounds = METRICS[scores.metric]
    notes = [] if n == len(column) else [f"undefined on {len(column) - n} of {len(column)} seeds"]
    notes += ["no interval from fewer than two seeds"] if n < 2 else []
    notes += ["no interval, all seeds score the same"] if sd == 0 else []
    return LossSummary(
        loss=loss,
        metric=scores.metric,
        klass=scores.klass,
        n_seeds=n,
        mean=mean,
        sd=sd,
        median=float(np.median(known)) if n else math.nan,
        low=max(mean - half, bounds.low) if not math.isnan(half) else math.nan,
        high=min(mean + half, bounds.high) if not math.isnan(half) else math.nan,
        values=tuple(float(value) for value in column),
        note="; ".join(notes),
    )


def omnibus_test(scores: PairedScores, *, alpha: float, primary: bool) -> Omnibus:
    """Ask with Friedman's test and Iman and Davenport's F whether the losses are equal at all.

    Only seeds enter on which every loss has a score. Fewer than two leave everything undefined.

    Args:
        scores: one metric.
        alpha: equality is rejected where Iman and Davenport's p is at most this.
        primary: whether the metric is the primary one.
    """
    rows = scores.complete()
    if len(rows) < 2:
        return _no_omnibus(scores, len(rows), primary)
    result = stats.friedman(rows, higher_is_better=scores.higher_is_better)
    p_f = float(result.p_f)
    return Omnibus(
        metric=scores.metric,
        n_seeds=len(rows),
        n_losses=len(scores.losses),
        mean_ranks=tuple(float(rank) for rank in result.mean_ranks),
        chi2=float(result.chi2),
        df=float(result.df),
        p=float(result.p),
        kendall_w=float(result.kendall_w),
        f=float(result.f),
        df1=float(result.df1),
        df2=float(result.df2),
        p_f=p_f,
        note=_notes(_left_out(scores, len(rows)), result.note),
        primary=primary,
        rejected=bool(p_f <= alpha),
    )


def _no_omnibus(scores: PairedScores, n: int, primary: bool) -> Omnibus:
    nan = math.nan
    return Omnibus(
        metric=scores.metric,
        n_seeds=n,
        n_losses=len(scores.losses),
        mean_ranks=(nan,) * len(scores.losses),
        chi2=nan,
        df=nan,
        p=nan,
        kendall_w=nan,
        f=nan,
        df1=nan,
        df2=nan,
        p_f=nan,
        note=_notes(_left_out(scores, n), "a test needs at least two seeds"),
        primary=primary,
    )


def compare(scores: PairedScores, *, plan: Plan, primary: bool) -> tuple[Pair, ...]:
    """Compare every two losses on one metric, paired by seed.

    The family over which p values are adjusted is all pairs of this metric.

    Args:
        scores: one metric.
        plan: alpha and adjustment.
        primary: whether the metric is the primary one.
    """
    rows = scores.complete()
    left_out = _left_out(scores, len(rows))
    found = [
        _pair(scores, rows, (i, j), alpha=plan.alpha, primary=primary, left_out=left_out)
        for i, j in combinations(range(len(scores.losses)), 2)
    ]
    p_t = adjusted([pair.p_t for pair in found], plan.adjustment)
    p_w = adjusted([pair.p_wilcoxon for pair in found], plan.adjustment)
    return tuple(
        replace(
            pair,
            p_t_adjusted=t,
            p_wilcoxon_adjusted=w,
            verdict=verdict(pair.difference, t, alpha=plan.alpha, higher_is_better=scores.higher_is_better),
        )
        for pair, t, w in zip(found, p_t, p_w, strict=True)
    )


def _pair(
    scores: PairedScores, rows: Floats, place: tuple[int, int], *, alpha: float, primary: bool, left_out: str
) -> Pair:
    first, second = scores.losses[place[0]], scores.losses[place[1]]
    bare = _no_pair(scores.metric, first, second, n=len(rows), primary=primary, left_out=left_out)
    if len(rows) < 2:
        return bare
    x, y = rows[:, place[0]], rows[:, place[1]]
    t = stats.paired_t(x, y, confidence=1 - alpha)
    w = stats.wilcoxon(x, y)
    effect = stats.cohens_dz(x, y)
    return replace(
        bare,
        difference=float(t.difference),
        low=float(t.low),
        high=float(t.high),
        sd=float(t.sd),
        t=float(t.t),
        df=float(t.df),
        p_t=float(t.p),
        w_plus=float(w.w_plus),
        w_minus=float(w.w_minus),
        n_zero=int(w.n_zero),
        p_wilcoxon=float(w.p),
        d_z=float(effect.estimate),
        d_z_low=float(effect.low),
        d_z_high=float(effect.high),
        note=_notes(left_out, t.note, w.note),
    )


def _no_pair(metric: str, first: str, second: str, *, n: int, primary: bool, left_out: str) -> Pair:
    nan = math.nan
    return Pair(
        metric=metric,
        first=first,
        second=second,
        primary=primary,
        n_seeds=n,
        difference=nan,
        low=nan,
        high=nan,
        sd=nan,
        t=nan,
        df=nan,
        p_t=nan,
        p_t_adjusted=nan,
        w_plus=nan,
        w_minus=nan,
        n_zero=0,
        p_wilcoxon=nan,
        p_wilcoxon_adjusted=nan,
        d_z=nan,
        d_z_low=nan,
        d_z_high=nan,
        verdict="not shown",
        note=_notes(left_out, "a test needs at least two seeds"),
    )


def adjusted(p: Sequence[float], method: Adjustment) -> list[float]:
    """Adjust the p values of one family.

    An undefined p stays undefined but keeps its place in the family, as a comparison that was planned.

    Args:
        p: one per comparison, NaN where undefined.
        method: an adjustment of the plan.
    """
    return [float(value) for value in stats.adjust(p, method)] if len(p) else []


def verdict(difference: float, p: float, *, alpha: float, higher_is_better: bool) -> Verdict:
    """Say which of two losses is shown to be better, if any.

    Args:
        difference: first - second.
        p: adjusted.
        alpha: a difference counts as shown where p is at most this.
        higher_is_better: the metric's direction.
    """
    if not (p <= alpha) or difference == 0 or math.isnan(difference):
        return "not shown"
    return "first better" if (difference > 0) == higher_is_better else "second better"


def smallest(test: str, n_seeds: int, *, n_losses: int, adjustment: Adjustment) -> float:
    """Return the smallest adjusted p that a test over seeds can reach.

    For Wilcoxon's test the family is all pairs; the smallest adjusted p is reached where every pair has the smallest p.

    Args:
        test: ``wilcoxon`` or ``friedman``.
        n_seeds: paired seeds.
        n_losses: k.
        adjustment: of the plan; Friedman's test stands alone.

    Returns:
        In (0, 1]; NaN without seeds.
    """
    if n_seeds < 1:
        return math.nan
    p = float(stats.smallest_p(test, n_seeds, k=n_losses))
    if test == "friedman":
        return p
    return adjusted([p] * math.comb(n_losses, 2), adjustment)[0]


def _left_out(scores: PairedScores, n: int) -> str:
    gone = len(scores.seeds) - n
    return f"{gone} of {len(scores.seeds)} seeds left out, where the metric is undefined" if gone else ""


def _notes(*notes: str) -> str:
    return "; ".join(dict.fromkeys(note for note in notes if note))
