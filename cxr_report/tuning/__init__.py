"""A study with a section tuning in; its trials, what they came to, and the study as its runs are trained out."""

from cxr_report.tuning.configurations import Configuration, configurations
from cxr_report.tuning.outcome import Outcome, Trial
from cxr_report.tuning.record import check_histories, conclude, outcomes, require_all
from cxr_report.tuning.trials import budget, loss_of, of_trials, trial_name, trial_runs, tuning_seeds
from cxr_report.tuning.tuned import tuned

__all__ = [
    "Configuration",
    "Outcome",
    "Trial",
    "budget",
    "check_histories",
    "conclude",
    "configurations",
    "loss_of",
    "of_trials",
    "outcomes",
    "require_all",
    "trial_name",
    "trial_runs",
    "tuned",
    "tuning_seeds",
]
