"""Scores of every run in; all that the analysis makes of them without files out, by the analysis's own functions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_report.analysis.case_covariance import CaseCovariance
from cxr_report.analysis.comparisons import PairedScores, compare, smallest
from cxr_report.analysis.equivalence import equivalences, seeds_equivalences
from cxr_report.analysis.family import Family
from cxr_report.analysis.joint import fits, joint, on_defined_seeds, without_joint
from cxr_report.analysis.omnibus import omnibus
from cxr_report.analysis.rankings import rankings
from cxr_report.analysis.value import BOTH, CASES, Joint
from cxr_report.analysis.variance import variances
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


def covariances(tables: Mapping[str, PairedScores], spreads: Mapping[str, Spread]) -> dict[str, CaseCovariance]:
    """Make up the covariance over cases of every metric; one without a spread has none, as ECE."""
    found = {}
    for metric, scores in tables.items():
        if scores.seeds:
            matrix = spreads.get(metric, Spread()).matrix(len(scores.losses), len(scores.seeds))
            method: Any = ("delong" if metric == "auroc" else "jackknife") if metric in spreads else "none"
            note = "" if metric in spreads else "it has no covariance over cases that could be trusted"
            theta = scores.values.T.reshape(-1)
            matrix[~np.isfinite(theta)] = matrix[:, ~np.isfinite(theta)] = math.nan
            each = CaseCovariance(theta, matrix, method, 0, note)
            found[metric] = on_defined_seeds(each, len(scores.losses))
    return found


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
    family, metrics = Family.of(study), tuple(tables)
    found = covariances(finished or tables, spreads)
    frame: Any = Frame(study, test)
    both, fixed = fits(frame, found, target=BOTH), fits(frame, found, target=CASES)
    joints, cases = joint(frame, both), joint(frame, fixed)
    n, k = len(tables[metrics[0]].seeds), len(study.losses)
    least = [
        smallest(name, n, comparisons=family.size, n_losses=k, adjustment=study.analysis.adjustment)
        for name in ("wilcoxon", "friedman")
    ]
    return {
        "omnibus": tuple(each for m in metrics for each in omnibus(tables[m], study, _of(joints, m), _of(cases, m))),
        "pairs": compare(tables, study),
        "smallest_wilcoxon_p": least[0],
        "smallest_friedman_p": least[1],
        "joint": joints,
        "without_joint": without_joint(found, k),
        "cases": cases,
        "equivalences": equivalences(both.get(metrics[0]), study),
        "seeds_equivalences": seeds_equivalences(tables[metrics[0]], study),
        "rankings": rankings(tables, study),
        "variances": variances(both, len(test.ids)),
    }


def _of(found: Sequence[Joint], metric: str) -> Joint | None:
    return next((each for each in found if each.metric == metric), None)
