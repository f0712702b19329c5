"""What a report holds in, its sections with their numbers out, in the order in which they stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from cxr_report.analysis.value import Analysis
from cxr_report.report.language import phrase, speech
from cxr_report.report.sections import Section

__all__ = ["headings"]

_RESULTS = ("runs", "main", "decisions", "equivalence", "omnibus", "beside")
"""Sections of the results that every report has."""

_UNNUMBERED = {
    "files": phrase("appendix, files"),
    "time-and-machine-section": phrase("appendix, time and machine"),
}


def headings(analysis: Analysis, results: Iterable[str], sections: Iterable[Section]) -> Mapping[str, str]:
    """Return the number of every section, as the page counts them.

    Args:
        analysis: everything.
        results: names of the results that some reports have: secondary, classes.
        sections: those of the results beyond the comparisons.

    Returns:
        Anchor -> number, or what to call a section without one.
    """
    say = speech(analysis)
    found = {"abstract": say.text("abstract"), "introduction": "1"}
    methods = ("data", "training", "losses", "analysis") if analysis.study.trained else ("data", "losses", "analysis")
    found |= {f"methods-{name}": f"2.{place}" for place, name in enumerate(methods, start=1)}
    keys = [*(f"results-{name}" for name in (*_RESULTS, *results)), *(section.key for section in sections)]
    found |= {key: f"3.{place}" for place, key in enumerate(keys, start=1)}
    last = {key: say.text(name) for key, name in _UNNUMBERED.items()}
    return MappingProxyType({**found, "limitations": "4", **last})
