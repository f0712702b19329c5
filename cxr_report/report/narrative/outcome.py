"""An Analysis in, the sentences of the results section out, one paragraph beside each table."""

from __future__ import annotations

from cxr_report.analysis.value import Analysis
from cxr_report.report.narrative import beyond, completion, seeds
from cxr_report.report.narrative.prose import Paragraph

__all__ = ["results"]


def results(analysis: Analysis) -> tuple[Paragraph, ...]:
    """Write the results: who leads, whether the losses differ at all, which pairs do, and what stands beside it.

    Args:
        analysis: everything that the tables say too.

    Returns:
        Paragraphs that are not empty; ``section`` says beside which table each belongs.
    """
    primary = analysis.study.metrics.primary
    paragraphs = (
        Paragraph("diverged", "", completion.finished(analysis)),
        Paragraph("main", "", seeds.main(analysis, primary)),
        Paragraph("omnibus", "", (seeds.omnibus(analysis, primary),)),
        Paragraph("beside", "", seeds.pairs(analysis, primary)),
        Paragraph("secondary", "", beyond.secondary(analysis)),
        Paragraph("decisions", "", beyond.joint(analysis)),
        Paragraph("classes", "", beyond.classes(analysis, primary)),
        Paragraph("controls", "", beyond.controls(analysis, primary)),
    )
    return tuple(paragraph for paragraph in paragraphs if paragraph.sentences)
