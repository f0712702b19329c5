"""An Analysis in, the sentences of the results section out, one paragraph beside each table."""

from __future__ import annotations

from cxr_report.analysis.value import Analysis
from cxr_report.report.narrative import (
    completion,
    controls,
    decisions,
    equivalence,
    exact,
    leaders,
    omnibus,
    secondary,
)
from cxr_report.report.narrative.prose import Paragraph

__all__ = ["results"]


def results(analysis: Analysis) -> tuple[Paragraph, ...]:
    """Write the results: who leads, what is decided and on what grounds, and what stands beside it.

    Args:
        analysis: everything that the tables say too.

    Returns:
        Paragraphs that are not empty; ``section`` says beside which table each belongs.
    """
    primary = analysis.study.metrics.primary
    paragraphs = (
        Paragraph("diverged", "", (*completion.finished(analysis), *completion.left_out(analysis))),
        Paragraph("main", "", leaders.main(analysis, primary)),
        Paragraph("decisions", "", decisions.decisions(analysis)),
        Paragraph("equivalence", "", equivalence.equivalence(analysis)),
        Paragraph("omnibus", "", omnibus.omnibus(analysis, primary)),
        Paragraph("beside", "", (*decisions.beside(analysis), exact.wilcoxon(analysis))),
        Paragraph("secondary", "", secondary.secondary(analysis)),
        Paragraph("classes", "", leaders.classes(analysis, primary)),
        Paragraph("controls", "", controls.controls(analysis, primary)),
    )
    return tuple(paragraph for paragraph in paragraphs if paragraph.sentences)
