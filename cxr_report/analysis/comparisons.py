"""Scores of several losses, paired by seed, in; summaries of every loss and comparisons of every pair out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from cxr_report import stats
from cxr_report.analysis.family import Adjustment, Family, adjusted, role, serial, verdict
from cxr_report.analysis.value import LossSummary, Pair
from cxr_report.metrics import METRICS
from cxr_report.study import Study

__all__ = ["Floats", "PairedScores", "compare", "left_out", "notes", "smallest", "summarise"]

Floats = NDArray[np.float64]

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


def compare(tables: Mapping[str, PairedScores], study: Study) -> tuple[Pair, ...]:
    """Compare every two losses on every metric, paired by seed.

    Args:
        tables: metric -> scores, the primary metric among them.
        study: family, alpha, adjustment and hierarchy.

    Returns:
        Metric by metric in the order given, every pair of the losses.
    """
    family = Family.of(study)
    bare = {metric: _pairs(scores, study, family) for metric, scores in tables.items()}
    p_t = serial(study, {metric: [p.p_t for p in pairs if p.in_family] for metric, pairs in bare.items()})
    p_w = serial(study, {metric: [p.p_wilcoxon for p in pairs if p.in_family] for metric, pairs in bare.items()})
    return tuple(
        pair
        for metric, pairs in bare.items()
        for pair in _judged(pairs, p_t[metric], p_w[metric], alpha=study.analysis.alpha)
    )


def _judged(pairs: Sequence[Pair], p_t: Sequence[float], p_w: Sequence[float], *, alpha: float) -> list[Pair]:
    """Write adjusted p values and verdicts into the pairs of the family."""
    t, w = iter(p_t), iter(p_w)
    return [_decided(pair, next(t), next(w), alpha) if pair.in_family else pair for pair in pairs]


def _decided(pair: Pair, p_t: float, p_w: float, alpha: float) -> Pair:
    better = METRICS[pair.metric].higher_is_better
    said = verdict(pair.difference, p_t, alpha=alpha, higher_is_better=better)
    return replace(pair, p_t_adjusted=p_t, p_wilcoxon_adjusted=p_w, verdict=said)


def _pairs(scores: PairedScores, study: Study, family: Family) -> list[Pair]:
    rows = scores.complete()
    gone = left_out(scores, len(rows))
    found = []
    for place in family.pairs():
        bare = _no_pair(scores, place, study, family, n=len(rows), gone=gone)
        if len(rows) < 2:
            found.append(bare)
            continue
        x, y = rows[:, place[0]], rows[:, place[1]]
        found.append(_tested(bare, x, y, alpha=study.analysis.alpha, family=family.size))
    return found


def _tested(bare: Pair, x: Floats, y: Floats, *, alpha: float, family: int) -> Pair:
    t, w, flips = stats.paired_t(x, y, confidence=1 - alpha), stats.wilcoxon(x, y), stats.sign_flip(x, y, rng=_signs())
    wide = stats.paired_t(x, y, confidence=1 - alpha / family)
    effect = stats.cohens_dz(x, y)
    return replace(
        bare,
        difference=float(t.difference),
        low=float(t.low),
        high=float(t.high),
        low_simultaneous=float(wide.low) if bare.in_family else math.nan,
        high_simultaneous=float(wide.high) if bare.in_family else math.nan,
        sd=float(t.sd),
        t=float(t.t),
        df=float(t.df),
        p_t=float(t.p),
        w_plus=float(w.w_plus),
        w_minus=float(w.w_minus),
        n_zero=int(w.n_zero),
        p_wilcoxon=float(w.p),
        p_sign_flip=float(flips.p),
        d_z=float(effect.estimate),
        d_z_low=float(effect.low),
        d_z_high=float(effect.high),
        note=notes(bare.note, t.note, w.note),
    )


def _signs() -> np.random.Generator:
    """Return the random signs of the permutation test beyond 16 seeds: the same for every pair."""
    return np.random.default_rng(0)


def _no_pair(scores: PairedScores, place: tuple[int, int], study: Study, family: Family, *, n: int, gone: str) -> Pair:
    nan = math.nan
    inside = family.holds(place)
    return Pair(
        metric=scores.metric,
        first=scores.losses[place[0]],
        second=scores.losses[place[1]],
        role=role(study, scores.metric),
        in_family=inside,
        n_seeds=n,
        difference=nan,
        low=nan,
        high=nan,
        low_simultaneous=nan,
        high_simultaneous=nan,
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
        p_sign_flip=nan,
        d_z=nan,
        d_z_low=nan,
        d_z_high=nan,
        verdict="not shown" if inside else "outside the family",
        note=notes(gone, "a test needs at least two seeds" if n < 2 else ""),
    )


def smallest(test: str, n_seeds: int, *, comparisons: int, n_losses: int, adjustment: Adjustment) -> float:
    """Return the smallest adjusted p that a test over seeds can reach.

    For Wilcoxon's test it is reached where every comparison of the family has the smallest p.

    Args:
        test: ``wilcoxon``, ``sign_flip`` or ``friedman``.
        n_seeds: paired seeds.
        comparisons: size of the family; Friedman's test stands alone.
        n_losses: k.
        adjustment: of the plan.

    Returns:
        In (0, 1]; NaN without seeds.
    """
    if n_seeds < 1:
        return math.nan
    p = float(stats.smallest_p(test, n_seeds, k=n_losses))
    if test == "friedman":
        return p
    return adjusted([p] * comparisons, adjustment)[0]


def left_out(scores: PairedScores, n: int) -> str:
    """Say how many seeds a test leaves out, where the metric is undefined; empty where none.

    Args:
        scores: one metric.
        n: seeds that are left.
    """
    gone = len(scores.seeds) - n
    return f"{gone} of {len(scores.seeds)} seeds left out, where the metric is undefined" if gone else ""


def notes(*told: str) -> str:
    """Join notes, each once, leaving out those that are empty."""
    return "; ".join(dict.fromkeys(note for note in told if note))
