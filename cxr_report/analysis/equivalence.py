"""Differences and the margin of the plan in, whether two losses are practically the same or one is no worse out."""

from __future__ import annotations

import math
from dataclasses import replace

from cxr_report import stats
from cxr_report.analysis.comparisons import Floats, PairedScores, left_out, notes
from cxr_report.analysis.context import generator
from cxr_report.analysis.family import Family, adjusted
from cxr_report.analysis.joint import Fit, pairs
from cxr_report.analysis.value import Equivalence, JointPair, SeedsEquivalence
from cxr_report.metrics import METRICS
from cxr_report.study import Study

__all__ = ["equivalences", "seeds_equivalences"]

_NAN = math.nan

NO_BASELINE = "non-inferiority is asked against the baseline alone, and the family is of all pairs"
"""What the note of a comparison says of which neither loss is the one to be held against the other."""


def equivalences(fit: Fit | None, study: Study) -> tuple[Equivalence, ...]:
    """Test every comparison of the family for equivalence and for non-inferiority, over seeds and cases.

    Two one-sided t tests with the standard error and the degrees of freedom of the pair, against the plan's margin on
    either side; and, where the family compares with the baseline, one against the margin on the worse side, in the
    metric's direction: a family of all pairs names no loss that the other is held against. Each of the two questions is
    adjusted over the family by the plan's method. A difference that is not shown is no equivalence; where the standard
    error is 0 or undefined neither is ever claimed.

    Sources: Schuirmann 1987, doi 10.1007/BF01068419; Piaggio et al. 2012, doi 10.1001/jama.2012.87802.

    Args:
        fit: the analysis of the primary metric with seeds and cases random; None where it has none.
        study: family, margin, alpha and adjustment.

    Returns:
        One per comparison of the family; none without an analysis. Of a family of all pairs non-inferiority is NaN,
        with a note.
    """
    if fit is None:
        return ()
    low, high = fit.result.plan.bounds
    found = [_equivalence(fit.metric, row, study, high - low) for row in pairs(fit.result, study) if row.in_family]
    same = adjusted([each.p_equivalence for each in found], study.analysis.adjustment)
    no_worse = adjusted([each.p_noninferiority for each in found], study.analysis.adjustment)
    return tuple(_decided(*each, alpha=study.analysis.alpha) for each in zip(found, same, no_worse, strict=True))


def _decided(each: Equivalence, same: float, no_worse: float, *, alpha: float) -> Equivalence:
    return replace(
        each,
        p_equivalence_adjusted=same,
        equivalent=same <= alpha,
        p_noninferiority_adjusted=no_worse,
        noninferior=no_worse <= alpha,
    )


def _equivalence(metric: str, row: JointPair, study: Study, span: float) -> Equivalence:
    margin, alpha = study.analysis.margin, study.analysis.alpha
    bare = _undecided(metric, row, margin)
    if not row.se > 0 or math.isnan(row.difference):
        return replace(bare, note=notes(row.note, "without a standard error nothing is equivalent"))
    same = stats.equivalence(row.difference, row.se, row.df, low=-margin, high=margin, alpha=alpha)
    found = replace(
        bare, low=max(float(same.low), -span), high=min(float(same.high), span), p_equivalence=float(same.p)
    )
    if study.analysis.family != "baseline":
        return replace(found, note=NO_BASELINE)
    gain = row.difference if METRICS[metric].higher_is_better else -row.difference
    no_worse = stats.noninferiority(gain, row.se, row.df, margin=margin, alpha=alpha)
    return replace(found, p_noninferiority=float(no_worse.p))


def _undecided(metric: str, row: JointPair, margin: float) -> Equivalence:
    return Equivalence(
        metric=metric,
        first=row.first,
        second=row.second,
        margin=margin,
        difference=row.difference,
        low=_NAN,
        high=_NAN,
        p_equivalence=_NAN,
        p_equivalence_adjusted=_NAN,
        equivalent=False,
        p_noninferiority=_NAN,
        p_noninferiority_adjusted=_NAN,
        noninferior=False,
        note="",
    )


def seeds_equivalences(table: PairedScores, study: Study) -> tuple[SeedsEquivalence, ...]:
    """Ask the same over seeds, on these cases only: by two one-sided t tests and by two posteriors.

    Seeds are independent, so that the correlation of the correlated t is 0. Where the differences of all seeds are
    equal nothing is said, neither by the tests nor by the posteriors.

    Sources: Schuirmann 1987, doi 10.1007/BF01068419; Corani & Benavoli 2015, doi 10.1007/s10994-015-5486-z; Benavoli et
    al. 2017, https://jmlr.org/papers/v18/16-305.html.

    Args:
        table: the primary metric.
        study: family and margin.

    Returns:
        One per comparison of the family.
    """
    family, rows = Family.of(study), table.complete()
    return tuple(
        _over_seeds(table, rows, place, study.analysis.margin) for place in family.pairs() if family.holds(place)
    )


def _over_seeds(table: PairedScores, rows: Floats, place: tuple[int, int], margin: float) -> SeedsEquivalence:
    bare = _nothing_said(table, place, margin, left_out(table, len(rows)))
    if len(rows) < 2:
        return replace(bare, note=notes(bare.note, "a test needs at least two seeds"))
    x, y = rows[:, place[0]], rows[:, place[1]]
    tost = stats.tost(x, y, low=-margin, high=margin)
    if math.isnan(tost.p):
        return replace(bare, note=notes(bare.note, tost.note))
    t = stats.bayes_correlated_t(x, y, rope=margin, correlation=0.0)
    rng = generator(f"signed rank of {bare.first} and {bare.second} in {table.metric}")
    rank = stats.bayes_signed_rank(x, y, rope=margin, rng=rng)
    return replace(
        bare,
        p_tost=float(tost.p),
        t_left=float(t.p_left),
        t_rope=float(t.p_rope),
        t_right=float(t.p_right),
        rank_left=float(rank.p_left),
        rank_rope=float(rank.p_rope),
        rank_right=float(rank.p_right),
    )


def _nothing_said(table: PairedScores, place: tuple[int, int], margin: float, note: str) -> SeedsEquivalence:
    return SeedsEquivalence(
        metric=table.metric,
        first=table.losses[place[0]],
        second=table.losses[place[1]],
        margin=margin,
        p_tost=_NAN,
        t_left=_NAN,
        t_rope=_NAN,
        t_right=_NAN,
        rank_left=_NAN,
        rank_rope=_NAN,
        rank_right=_NAN,
        note=note,
    )
