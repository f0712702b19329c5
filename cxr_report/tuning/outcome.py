"""What the trials of one loss came to: their scores on validation in, the chosen configuration out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean

from cxr_report.metrics import METRICS
from cxr_report.tuning.configurations import Configuration

__all__ = ["Outcome", "Training", "Trial"]


@dataclass(frozen=True, slots=True)
class Training:
    """One training of a trial."""

    score: float
    """Primary metric on validation at the epoch that a run would keep; NaN where it diverged or is undefined."""
    epoch: int
    """That epoch, 1-based; 0 where the training diverged."""
    history_sha256: str
    """Of the trial's history.csv."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One configuration and its trainings, in the order of the tuning seeds."""

    configuration: Configuration
    trainings: tuple[Training, ...]

    @property
    def score(self) -> float:
        """The mean over the trainings; NaN where one of them has no score."""
        return fmean(one.score for one in self.trainings)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The tuning of one loss."""

    loss: str
    metric: str
    seeds: tuple[int, ...]
    fingerprint: str
    """sha256 of the decoded data."""
    trials: tuple[Trial, ...]
    """In the order of their numbers, from 1 on."""

    @property
    def chosen(self) -> Trial:
        """The trial with the best mean score, of equals the earliest; the written one where no trial has a score."""
        return self.trials[(self._best(len(self.trials)) or 1) - 1]

    @property
    def defined(self) -> bool:
        """Whether any trial has a score."""
        return self._best(len(self.trials)) > 0

    @property
    def values(self) -> Mapping[str, float]:
        """The values of the chosen configuration."""
        return self.chosen.configuration.values

    def curve(self) -> tuple[float, ...]:
        """Return the best score so far after every trial; NaN before the first one that has a score."""
        best = [self._best(count) for count in range(1, len(self.trials) + 1)]
        return tuple(self.trials[number - 1].score if number else math.nan for number in best)

    def _best(self, count: int) -> int:
        """Return the number of the best of the first ``count`` trials; 0 where none has a score."""
        sign = 1.0 if METRICS[self.metric].higher_is_better else -1.0
        known = [trial for trial in self.trials[:count] if not math.isnan(trial.score)]
        if not known:
            return 0
        return max(known, key=lambda trial: sign * trial.score).configuration.number  # of equals max takes the first
