"""How the losses are called where there is little room, and what a caption counts: an Analysis in, short texts out."""

from __future__ import annotations

from cxr_report.analysis.value import Analysis
from cxr_report.report import numerals

__all__ = ["adjustment", "counted", "short"]

ROOM = 22
"""Chosen: characters that a name may have beside another one in a table, or above a small panel."""

_ADJUSTMENTS = {
    "none": "no adjustment for multiple comparisons",
    "bonferroni": "Bonferroni’s adjustment",
    "holm": "Holm’s adjustment",
    "hochberg": "Hochberg’s adjustment",
    "hommel": "Hommel’s adjustment",
    "bh": "Benjamini and Hochberg’s adjustment",
    "by": "Benjamini and Yekutieli’s adjustment",
}


def adjustment(analysis: Analysis) -> str:
    """Return how the plan's adjustment for multiple comparisons is called."""
    return _ADJUSTMENTS[analysis.study.analysis.adjustment]


def short(analysis: Analysis) -> dict[str, str]:
    """Return a short name for every loss: its label, or else its key in the study, or else a code.

    Returns:
        Loss -> name of at most `ROOM` characters; no two are equal.
    """
    found: dict[str, str] = {}
    for place, loss in enumerate(analysis.losses, start=1):
        fitting = [name for name in (analysis.labels[loss], loss) if len(name) <= ROOM and name not in found.values()]
        found[loss] = fitting[0] if fitting else f"L{place}"
    return found


def counted(analysis: Analysis) -> str:
    """Return what stands behind most tables and figures, to close their captions."""
    cases, patients = numerals.count(analysis.data.n_test), numerals.count(analysis.data.n_test_patients)
    whose = f" of {patients} patients" if analysis.data.patients_known else ""
    seeds = len(analysis.seeds)
    return f"n = {cases} test cases{whose}, {seeds} {'seed' if seeds == 1 else 'seeds'} per loss function"
