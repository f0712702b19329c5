"""Sources of chest X-rays in, cases with their truth out: decoded, split by patient, fingerprinted."""

from cxr_report.data.cases import Cases, DataSet, ExternalCases
from cxr_report.data.loading import Inventory, inspect, load
from cxr_report.data.strata import read_strata
from cxr_report.data.truth import Truth, add_external, read_truth, write

__all__ = [
    "Cases",
    "DataSet",
    "ExternalCases",
    "Inventory",
    "Truth",
    "add_external",
    "inspect",
    "load",
    "read_strata",
    "read_truth",
    "write",
]
