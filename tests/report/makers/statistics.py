"""Scores of every run in; all that the analysis makes of them without files out, by the analysis's own functions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_report import stats
from cxr_report.analysis.case_covariance import CaseCovariance
from cxr_report.analysis.comparisons import PairedScores, compare, smallest
from cxr_report.analysis.family import Family, adjusted
from cxr_report.analysis.joint import Fit, fit, joint
from cxr_report.analysis.omnibus import omnibus
from cxr_report.analysis.value import BOTH, CASES, Equivalence, Joint, SeedsEquivalence, Target
from cxr_report.metrics import METRICS
from cxr_report.study import Study


@dataclass(frozen=True)
class Cases:
    """The test cases, as far as the analyses over cases count them."""

    ids: NDArray[Any]
    patients: NDArray[Any]

    @classmethod
    def count(cls, cases: int, patients: int) -> Cases:
        """Make ``cases`` cases of ``patients`` patients."""
        return cls(np.arange(cases), np.arange(cases) % patients)


@dataclass(frozen=True)
class Frame:
    """What `cxr_report.analysis.joint` asks of a context."""

    study: Study
    test: Cases

    @property
    def losses(self) -> tuple[str, ...]:
        return tuple(self.study.losses)


@dataclass(frozen=True)
class Spread:
    """The made-up covariance over cases, in squared units of a metric."""

    error: float = 4e-4
    cov1: float = 3e-4
    cov2: float = 2.7e-4
    cov3: float = 2.5e-4

    def matrix(self, losses: int, seeds: int) -> NDArray[np.float64]:
        """Return it for ``losses x seeds`` runs, loss by loss."""
        same_loss = np.kron(np.eye(losses), np.ones((seeds, seeds)))
        same_seed = np.kron(np.ones((losses, losses)), np.eye(seeds))
        one = np.eye(losses * seeds)
        matrix = self.cov3 + (self.cov2 - self.cov3) * same_loss + (self.cov1 - self.cov3) * same_seed
        return np.asarray(matrix + (self.error - self.cov1 - self.cov2 + self.cov3) * one)


def over_cases(
    study: Study, tables: Mapping[str, PairedScores], spreads: Mapping[str, Spread], test: Cases
) -> tuple[tuple[Joint, ...], tuple[Joint, ...]]:
    """Analyse seeds and cases together, and cases with the seeds fixed.

    Args:
        study: the plan.
        tables: metric -> scores of the finished runs.
        spreads: metric -> its covariance; a metric without one, or with an undefined score, has no such analysis.
        test: the cases.
    """
    found: dict[Target, dict[str, Fit]] = {BOTH: {}, CASES: {}}
    for metric, scores in tables.items():
        if metric not in spreads or not scores.values.size or not np.isfinite(scores.values).all():
            continue
        matrix = spreads[metric].matrix(len(scores.losses), len(scores.seeds))
        method = "delong" if metric == "auroc" else "jackknife"
        each = CaseCovariance(scores.values.T.reshape(-1), matrix, method, 0, "")
        for target, own in found.items():
            one = fit(each, study, metric, target=target)
            if one is not None:
                own[metric] = one
    frame: Any = Frame(study, test)
    return joint(frame, found[BOTH]), joint(frame, found[CASES])


def computed(
    study: Study,
    tables: Mapping[str, PairedScores],
    spreads: Mapping[str, Spread],
    test: Cases,
    finished: Mapping[str, PairedScores] | None = None,
) -> dict[str, Any]:
    """Compute the fields of an Analysis that follow from scores and plan.

    Args:
        study: the plan.
        tables: metric -> scores that enter the tests over seeds.
        spreads: metric -> covariance over cases.
        test: the cases.
        finished: the scores of the runs that have predictions, where they are others than ``tables``.
    """
    plan, family, metrics = study.analysis, Family.of(study), tuple(tables)
    both, cases = over_cases(study, finished or tables, spreads, test)
    n = len(tables[metrics[0]].seeds)
    least = {
        name: smallest(
            name, n, comparisons=family.size, n_losses=len(study.losses), adjustment=plan.adjustment
        )
        for name in ("wilcoxon", "friedman")
    }  # fmt: skip
    return {
        "omnibus": tuple(
            each for m in metrics for each in omnibus(tables[m], study, _of(both, m), _of(cases, m))
        ),
        "pairs": compare(tables, study),
        "smallest_wilcoxon_p": least["wilcoxon"],
        "smallest_friedman_p": least["friedman"],
        "joint": both,
        "cases": cases,
        "equivalences": tuple(_equivalences(study, _of(both, metrics[0]))),
        "seeds_equivalences": tuple(_seeds_equivalences(study, tables[metrics[0]])),
    }  # fmt: skip


def _of(found: Sequence[Joint], metric: str) -> Joint | None:
    return next((each for each in found if each.metric == metric), None)


def _equivalences(study: Study, test: Joint | None) -> list[Equivalence]:
    pairs = [pair for pair in test.pairs if pair.in_family] if test is not None else []
    plan, sign = study.analysis, 1 if METRICS[study.metrics.primary].higher_is_better else -1
    rows = []
    for pair in pairs:
        if not pair.se > 0:
            nan = math.nan
            rows.append((pair, nan, nan, nan, nan, "the standard error is 0"))
            continue
        same = stats.equivalence(
            pair.difference, pair.se, pair.df, low=-plan.margin, high=plan.margin, alpha=plan.alpha
        )
        least = stats.noninferiority(sign * pair.difference, pair.se, pair.df, margin=plan.margin)
        rows.append((pair, float(same.p), float(least.p), float(same.low), float(same.high), ""))
    p_same = adjusted([row[1] for row in rows], plan.adjustment)
    p_least = adjusted([row[2] for row in rows], plan.adjustment)
    return [
        Equivalence(
            metric=study.metrics.primary,
            first=pair.first,
            second=pair.second,
            margin=plan.margin,
            difference=pair.difference,
            low=low,
            high=high,
            p_equivalence=same,
            p_equivalence_adjusted=same_adjusted,
            equivalent=bool(same_adjusted <= plan.alpha),
            p_noninferiority=least,
            p_noninferiority_adjusted=least_adjusted,
            noninferior=bool(least_adjusted <= plan.alpha),
            note=note,
        )
        for (pair, same, least, low, high, note), same_adjusted, least_adjusted in zip(
            rows, p_same, p_least, strict=True
        )
    ]


def _seeds_equivalences(study: Study, scores: PairedScores) -> list[SeedsEquivalence]:
    family, margin, nan = Family.of(study), study.analysis.margin, math.nan
    rows, found = scores.complete(), []
    for i, j in family.pairs():
        if not family.holds((i, j)):
            continue
        bare = SeedsEquivalence(
            scores.metric, scores.losses[i], scores.losses[j], margin, *[nan] * 7, "a test needs at least two seeds"
        )
        if len(rows) > 1:
            x, y = rows[:, i], rows[:, j]
            two = stats.tost(x, y, low=-margin, high=margin)
            t = stats.bayes_correlated_t(x, y, rope=margin)
            ranks = stats.bayes_signed_rank(x, y, rope=margin, rng=np.random.default_rng(0), samples=500)
            bare = replace(
                bare,
                p_tost=float(two.p),
                t_left=float(t.p_left),
                t_rope=float(t.p_rope),
                t_right=float(t.p_right),
                rank_left=float(ranks.p_left),
                rank_rope=float(ranks.p_rope),
                rank_right=float(ranks.p_right),
                note="",
            )
        found.append(bare)
    return found
