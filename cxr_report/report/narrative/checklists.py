"""An Analysis in, what the appendix says of reporting checklists out."""

from __future__ import annotations

from cxr_report.analysis.value import Analysis
from cxr_report.report.language import speech
from cxr_report.report.narrative.prose import Paragraph, sentence

__all__ = ["checklists"]


def checklists(analysis: Analysis) -> tuple[Paragraph, ...]:
    """Say how the checklists were filled in; their tables are listed after the colon."""
    said = speech(analysis)(
        "For every item of three reporting guidelines, the program looked up which section of this report answers it; "
        "how well it does is for the reader to judge:"
    )
    return (Paragraph("", "", (sentence("checklists", said),)),)
