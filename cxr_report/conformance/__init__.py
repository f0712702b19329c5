"""Stored reference values of other programs and publications in, how far this installation is from them out."""

from cxr_report.conformance.catalogue import COMPARISONS, measure, run_checks
from cxr_report.conformance.comparison import Comparison, Tolerance
from cxr_report.conformance.population import PopulationClaim, Rejections, population_claim
from cxr_report.conformance.record import encode, recorded, refuse_target
from cxr_report.conformance.stored import stored_names, witness
from cxr_report.conformance.table import text_table
from cxr_report.conformance.value import Check, Conformance

__all__ = [
    "COMPARISONS",
    "Check",
    "Comparison",
    "Conformance",
    "PopulationClaim",
    "Rejections",
    "Tolerance",
    "encode",
    "measure",
    "population_claim",
    "recorded",
    "refuse_target",
    "run_checks",
    "stored_names",
    "text_table",
    "witness",
]
