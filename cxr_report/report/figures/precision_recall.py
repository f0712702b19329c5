"""Precision-recall curves on test: mean over the seeds with a band, overall and per class."""

from __future__ import annotations

import math

from matplotlib.axes import Axes

from cxr_report.analysis.value import Analysis, Curve, CurveSet
from cxr_report.report import numerals
from cxr_report.report.figures import canvas, curves
from cxr_report.report.figures.picture import Picture
from cxr_report.report.language import phrase, speech
from cxr_report.report.names import counted

__all__ = ["draw"]

AT = 0.8
"""Chosen: the sensitivity whose precision the alternative text gives."""

MACRO = {
    "multiclass": phrase(
        "Precision-recall curves on the test set, as the mean over classes and for each class against the rest. Lines "
        "are means over seeds at equal sensitivity, each precision that of the highest threshold which reaches it; "
        "bands: {band}. The uncertainty over cases is not part of the bands. Dotted: share of positive cases, the "
        "precision of a score without information"
    ),
    "multilabel": phrase(
        "Precision-recall curves on the test set, as the mean over findings and for each finding. Lines are means over "
        "seeds at equal sensitivity, each precision that of the highest threshold which reaches it; bands: {band}. The "
        "uncertainty over cases is not part of the bands. Dotted: share of positive cases, the precision of a score "
        "without information"
    ),
    "binary": phrase(
        "Precision-recall curves on the test set. Lines are means over seeds at equal sensitivity, each precision that "
        "of the highest threshold which reaches it; bands: {band}. The uncertainty over cases is not part of the "
        "bands. Dotted: share of positive cases, the precision of a score without information"
    ),
}
"""Task -> caption."""


def draw(analysis: Analysis) -> Picture | None:
    """Draw one panel per class or finding, the macro mean first.

    Returns:
        None where no curve is defined.
    """
    shown = curves.sets(analysis, "pr")
    if not shown:
        return None
    say, alt = speech(analysis), _alt(analysis, shown[0])

    def reference(panel: Axes, entry: CurveSet) -> None:
        share = _share(analysis, entry)
        if math.isfinite(share):
            panel.plot([0, 1], [share, share], color=canvas.GREY, linestyle=(0, (1, 1.5)), linewidth=0.8)

    way = curves.Way("precision-recall", say.text("Sensitivity (recall)"), say.text("Precision"), reference, _line)
    return Picture(
        key="precision-recall",
        number="",
        title=say.text(MACRO[analysis.study.task], band=say.note(shown[0].band)),
        n=counted(analysis, single=True),
        alt=alt,
        svg=curves.draw(analysis, shown, way, alt),
    )


def _share(analysis: Analysis, entry: CurveSet) -> float:
    """Return the share of positive cases, of the macro curve its mean over the classes that have both kinds."""
    shares = analysis.data.prevalence
    if entry.klass or analysis.study.task == "binary":
        return shares.get(entry.klass or analysis.classes[-1], math.nan)
    both = [share for share in shares.values() if 0.0 < share < 1.0]
    return sum(both) / len(both) if both else math.nan


def _line(panel: Axes, curve: Curve, look: canvas.Look) -> None:
    panel.fill_between(curve.x, curve.low, curve.high, color=look.colour, alpha=0.07, linewidth=0, step="pre")
    panel.step(curve.x, curve.mean, where="pre", color=look.colour, linestyle=look.dash, linewidth=1.0)


def _alt(analysis: Analysis, entry: CurveSet) -> str:
    say, values = speech(analysis), curves.means_at(analysis, entry, AT)
    text = say.text("Precision-recall curves of {n} loss functions on the test set.", n=str(len(analysis.losses)))
    if not values:
        return text
    more = say.text(
        "Mean precision at a sensitivity of 80 %: {values}; share of positive cases: {share}.",
        values=values,
        share=numerals.value(_share(analysis, entry)),
    )
    return f"{text} {more}"
