"""An Analysis in, the sentences of the report out: abstract, methods of analysis, results, limitations."""

from cxr_report.report.narrative.abstracts import abstract
from cxr_report.report.narrative.checklists import checklists
from cxr_report.report.narrative.introduction import introduction
from cxr_report.report.narrative.limits import limitations
from cxr_report.report.narrative.methods import analysis_methods
from cxr_report.report.narrative.outcome import results
from cxr_report.report.narrative.prose import Number, Paragraph, Sentence
from cxr_report.report.narrative.sizes import sizes
from cxr_report.report.narrative.tuning import tuning_methods

__all__ = [
    "Number",
    "Paragraph",
    "Sentence",
    "abstract",
    "analysis_methods",
    "checklists",
    "introduction",
    "limitations",
    "results",
    "sizes",
    "tuning_methods",
]
