"""Reporting checklists: their items in words of our own, and the sections of this report that answer them."""

from cxr_report.report.checklists.guidelines import GUIDELINES, Guideline
from cxr_report.report.checklists.places import Answer, Told
from cxr_report.report.checklists.topics import TOPICS, Topic

__all__ = ["GUIDELINES", "TOPICS", "Answer", "Guideline", "Told", "Topic"]
