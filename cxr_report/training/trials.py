"""A study with a section tuning in, the trainings of its trials as assignments for the fleet out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cxr_report.study import Study
from cxr_report.training.bench import Assignment
from cxr_report.tuning import of_trials, trial_runs

if TYPE_CHECKING:
    from cxr_report.data.cases import DataSet

__all__ = ["trials"]


def trials(study: Study, dataset: DataSet) -> list[Assignment]:
    """Return every training of the trials, which are losses of the study that `tuning.of_trials` gives.

    Args:
        study: as written.
        dataset: its fingerprint is part of what a training is.
    """
    tried = of_trials(study)
    return [
        Assignment(name, seed, tried.run_identity(name, seed, dataset.fingerprint), trial=True)
        for name, seed in trial_runs(study)
    ]
