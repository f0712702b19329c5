"""A study's plan in, what it can show at all out, before anything is trained."""

from cxr_report.gate.design import (
    Design,
    Prospect,
    cases_needed,
    prospect,
    seeds_needed,
    seeds_to_reach,
    smallest_adjusted,
)
from cxr_report.gate.expectation import Expectation, Pilot, of_components, of_pilot, read_pilot
from cxr_report.gate.outlook import Caveat, Gate, Reach, gate, of_study, refuse
from cxr_report.gate.question import Question, answer
from cxr_report.gate.table import paired_table, power_table
from cxr_report.gate.words import sentences

__all__ = [
    "Caveat",
    "Design",
    "Expectation",
    "Gate",
    "Pilot",
    "Prospect",
    "Question",
    "Reach",
    "answer",
    "cases_needed",
    "gate",
    "of_components",
    "of_pilot",
    "of_study",
    "paired_table",
    "power_table",
    "prospect",
    "read_pilot",
    "refuse",
    "seeds_needed",
    "seeds_to_reach",
    "sentences",
    "smallest_adjusted",
]
