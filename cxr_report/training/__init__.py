"""A study and its data in, trained weights out: losses, models, the loop, and the fleet of many runs at once."""

from cxr_report.training.estimate import Cost, measure_epoch
from cxr_report.training.fleet import check, train
from cxr_report.training.trials import trials

__all__ = ["Cost", "check", "measure_epoch", "train", "trials"]
