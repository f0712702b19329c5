"""Scores of several losses, paired by seed, in; their order, how stable it is and which of them are told apart out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from cxr_report import stats
from cxr_report.analysis.comparisons import Floats, PairedScores, left_out, notes
from cxr_report.analysis.context import generator
from cxr_report.analysis.family import role
from cxr_report.analysis.value import Cliques, Ranking
from cxr_report.study import Study

__all__ = ["cliques", "rankings"]

_FEW = "a ranking needs at least two seeds"


def rankings(tables: Mapping[str, PairedScores], study: Study) -> tuple[Ranking, ...]:
    """Rank the losses on every metric, and describe how firm the ranking stands over the seeds of these cases.

    Mean ranks and Nemenyi's critical difference as in Friedman's test; the exact Wilcoxon p of every pair by Holm, over
    all pairs whatever the family and the plan's adjustment are, for a diagram compares all with all; ranks and
    Kendall's tau when the seeds are drawn anew. Only seeds enter on which every loss has a score.

    Sources: Demsar 2006, https://jmlr.org/papers/v7/demsar06a.html; Benavoli, Corani & Mangili 2016,
    https://jmlr.org/papers/v17/benavoli16a.html (Wilcoxon's test for pairs).

    Args:
        tables: metric -> scores.
        study: alpha, and the role of each metric.

    Returns:
        One per metric, in the order given; NaN with a note where fewer than two seeds are left.
    """
    return tuple(_ranking(scores, study) for scores in tables.values())


def _ranking(scores: PairedScores, study: Study) -> Ranking:
    rows, alpha = scores.complete(), study.analysis.alpha
    gone = left_out(scores, len(rows))
    if len(rows) < 2:
        return _undefined(scores, study, len(rows), notes(gone, _FEW))
    better = scores.higher_is_better
    drawn = stats.rank_bootstrap(
        rows, rng=generator(f"ranking of {scores.metric}"), higher_is_better=better, confidence=1 - alpha
    )
    nemenyi = stats.nemenyi(rows, higher_is_better=better)
    order = np.argsort(nemenyi.mean_ranks, kind="stable")
    found = {"nemenyi": np.asarray(nemenyi.p), "wilcoxon-holm": _wilcoxon(rows)}
    return Ranking(
        metric=scores.metric,
        role=role(study, scores.metric),
        n_seeds=len(rows),
        losses=scores.losses,
        mean_ranks=_numbers(nemenyi.mean_ranks),
        low=_numbers(drawn.low),
        high=_numbers(drawn.high),
        critical_difference=float(stats.critical_difference(len(scores.losses), len(rows), alpha)),
        procedures=tuple(cliques(name, p, scores.losses, order=order, alpha=alpha) for name, p in found.items()),
        distribution=_table(drawn.distribution),
        tau=float(drawn.tau),
        tau_low=float(drawn.tau_low),
        tau_high=float(drawn.tau_high),
        note=notes(gone, nemenyi.note, drawn.note),
    )


def _wilcoxon(rows: Floats) -> Floats:
    """Return the exact p of every pair, Holm-adjusted over all pairs, `(k, k)`; NaN where two losses score the same."""
    places = list(combinations(range(rows.shape[1]), 2))
    raw = [float(stats.wilcoxon(rows[:, i], rows[:, j]).p) for i, j in places]
    table = np.eye(rows.shape[1])
    for (i, j), p in zip(places, stats.adjust(raw, "holm"), strict=True):
        table[i, j] = table[j, i] = p
    return table


def cliques(procedure: str, p: Floats, losses: Sequence[str], *, order: NDArray[np.int64], alpha: float) -> Cliques:
    """Sort the losses that are not told apart into runs, where runs can say it.

    Args:
        procedure: its name.
        p: `(k, k)` adjusted p values, symmetric; an undefined one tells nothing apart.
        losses: k names.
        order: `(k,)` places of the losses from the best mean rank to the worst.
        alpha: two losses are told apart where p is at most this.

    Returns:
        The matrix, whether its relation is transitive, and the runs; overlapping ones too, which are not drawn.

    Example:
        >>> p = np.array([[1.0, 0.2, 0.01], [0.2, 1.0, 0.3], [0.01, 0.3, 1.0]])
        >>> found = cliques("nemenyi", p, ("a", "b", "c"), order=np.arange(3), alpha=0.05)
        >>> found.transitive, found.cliques
        (False, (('a', 'b'), ('b', 'c')))
    """
    alike = ~(p <= alpha)
    runs = _runs(alike[np.ix_(order, order)])
    told = np.eye(len(losses), dtype=bool)
    for first, last in runs:
        inside = order[first : last + 1]
        told[np.ix_(inside, inside)] = True
    complete, transitive = bool((told == alike).all()), bool(((alike.astype(np.int64) @ alike > 0) == alike).all())
    return Cliques(
        procedure=procedure,
        p=_table(p),
        transitive=transitive,
        drawn=complete and transitive,
        cliques=tuple(tuple(losses[place] for place in order[a : b + 1]) for a, b in runs) if complete else (),
    )


def _runs(alike: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return first and last place of the longest runs, two places or more, within which all are alike."""
    k = len(alike)
    found: list[tuple[int, int]] = []
    for first in range(k):
        last = first
        while last + 1 < k and alike[first : last + 1, last + 1].all():
            last += 1
        if last > first and (not found or last > found[-1][1]):
            found.append((first, last))
    return found


def _numbers(values: Floats) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _table(values: Floats) -> tuple[tuple[float, ...], ...]:
    return tuple(_numbers(row) for row in values)


def _undefined(scores: PairedScores, study: Study, n: int, note: str) -> Ranking:
    k = len(scores.losses)
    none = (math.nan,) * k
    empty = _table(np.where(np.eye(k) == 1, 1.0, np.nan))
    return Ranking(
        metric=scores.metric,
        role=role(study, scores.metric),
        n_seeds=n,
        losses=scores.losses,
        mean_ranks=none,
        low=none,
        high=none,
        critical_difference=math.nan,
        procedures=tuple(Cliques(name, empty, False, False, ()) for name in ("nemenyi", "wilcoxon-holm")),
        distribution=(none,) * k,
        tau=math.nan,
        tau_low=math.nan,
        tau_high=math.nan,
        note=note,
    )
