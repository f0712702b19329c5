"""An Analysis in, the sentences of the sections that follow the comparisons out, one paragraph a section."""

from __future__ import annotations

from cxr_report.analysis.value import Analysis
from cxr_report.report.narrative import alternatives, ensembles, external, fidelity, floor, groups, precision, ranks
from cxr_report.report.narrative import labels as label_changes
from cxr_report.report.narrative.prose import Paragraph

__all__ = ["further"]


def further(analysis: Analysis) -> tuple[Paragraph, ...]:
    """Write what stands beyond the comparisons.

    Returns:
        Paragraphs that are not empty; ``section`` says where each belongs.
    """
    paragraphs = (
        Paragraph("class-pairs", "", groups.class_pairs(analysis)),
        Paragraph("precision", "", precision.variances(analysis)),
        Paragraph("ranks", "", ranks.ranks(analysis)),
        Paragraph("floor", "", floor.floor(analysis)),
        Paragraph("multiverse", "", alternatives.alternatives(analysis)),
        Paragraph("calibration", "", groups.calibration(analysis)),
        Paragraph("subgroups", "", groups.subgroups(analysis)),
        Paragraph("sensitivity", "", groups.sensitivity(analysis)),
        Paragraph("ensembles", "", ensembles.ensembles(analysis)),
        Paragraph("labels", "", label_changes.labels(analysis)),
        Paragraph("fidelity", "", fidelity.fidelity(analysis)),
        *(
            Paragraph(f"external-{found.name}", "", external.external(analysis, place))
            for place, found in enumerate(analysis.external)
        ),
    )
    return tuple(paragraph for paragraph in paragraphs if paragraph.sentences)
