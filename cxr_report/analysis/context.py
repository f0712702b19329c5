"""What every part of an analysis is computed from, and the way to arrange it by loss, seed and case."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cxr_report.analysis.comparisons import PairedScores
from cxr_report.analysis.family import Family
from cxr_report.analysis.gather import Material, Truth
from cxr_report.analysis.pooling import Pooled
from cxr_report.analysis.scoring import ScoredRun, worst
from cxr_report.analysis.survey import Survey
from cxr_report.study import Study

__all__ = ["Context", "generator"]


def generator(purpose: str) -> np.random.Generator:
    """Return the random numbers of one purpose: the same in every analysis, independent of those of another purpose."""
    return np.random.default_rng(int.from_bytes(hashlib.sha256(purpose.encode()).digest()[:16]))


@dataclass(frozen=True, slots=True)
class Context:
    """A study as it is analysed, its files and its scores."""

    study: Study
    found: Survey
    material: Material
    scored: tuple[ScoredRun, ...]
    """Every metric of every finished run, in the order of ``material.runs``."""
    family: Family
    floor: tuple[ScoredRun, ...] = ()
    """Every metric of every finished run of the noise floor, in the order of ``material.floor``."""
    pooled: tuple[Pooled, ...] = ()
    """The ensembles over seeds, in the study's order of the losses."""

    @property
    def losses(self) -> tuple[str, ...]:
        """K names, in the study's order."""
        return tuple(self.study.losses)

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that are compared, the primary one first."""
        return (self.study.metrics.primary, *self.study.metrics.secondary)

    @property
    def imputing(self) -> bool:
        """Whether a diverged run is given the worst score in the tests over seeds."""
        return self.study.analysis.on_diverged == "worst-score"

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds of the tests over seeds: finished for every loss, after what the plan does with diverged runs."""
        return self.found.finished_seeds(with_diverged=self.imputing)

    @property
    def finished(self) -> tuple[int, ...]:
        """The S seeds on which every loss has predictions; none where scores alone are given."""
        return self.found.finished_seeds(with_diverged=False) if self.study.predicted else ()

    @property
    def test(self) -> Truth:
        """The test cases."""
        return self.material.truth["test"]

    def paired(self, metric: str, klass: str = "") -> PairedScores:
        """Arrange one metric on test by seed and loss; a diverged run has the worst score of any finished run.

        Args:
            metric: its name.
            klass: a class, or empty for overall.
        """
        values = {(run.loss, run.seed): run.value(metric, klass) for run in self.scored}
        for run in self.found.diverged:
            values[run.loss, run.seed] = worst(self.scored, metric, klass)
        table = np.array([[values[loss, seed] for loss in self.losses] for seed in self.seeds], dtype=np.float64)
        return PairedScores(metric, klass, self.losses, self.seeds, table.reshape(len(self.seeds), len(self.losses)))

    def under_the_other_rule(self) -> Context:
        """Return the same with the other rule for diverged runs: left out with their seed, or given the worst score."""
        other = "drop-seed" if self.imputing else "worst-score"
        plan = self.study.analysis.model_copy(update={"on_diverged": other})
        return replace(self, study=self.study.model_copy(update={"analysis": plan}))

    def logits(self) -> NDArray[np.float32]:
        """Stack the test logits of the finished seeds, ``(k S, N, C)``, loss by loss."""
        known = {(run.loss, run.seed): run.logits["test"] for run in self.material.runs}
        return np.stack([known[loss, seed] for loss in self.losses for seed in self.finished])

    def thresholds(self) -> NDArray[np.float64]:
        """Stack the thresholds chosen on validation, ``(k S, C)``, in the order of `logits`."""
        known = {(run.loss, run.seed): run.thresholds for run in self.scored}
        return np.array([known[loss, seed] for loss in self.losses for seed in self.finished], dtype=np.float64)
