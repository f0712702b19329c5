"""ROC curves on test: mean over the seeds with a band, overall and per class."""

from __future__ import annotations

from matplotlib.axes import Axes

from cxr_report.analysis.value import Analysis, Curve, CurveSet
from cxr_report.report.figures import canvas, curves
from cxr_report.report.figures.picture import Picture
from cxr_report.report.language import phrase, speech
from cxr_report.report.names import counted

__all__ = ["draw"]

AT = 0.1
"""Chosen: one minus the specificity whose sensitivity the alternative text gives."""


def draw(analysis: Analysis) -> Picture | None:
    """Draw one panel per class or finding, the macro mean first.

    Returns:
        None where no curve is defined.
    """
    shown = curves.sets(analysis, "roc")
    if not shown:
        return None
    say, alt = speech(analysis), _alt(analysis, shown[0])
    way = curves.Way("roc", say.text("1 − specificity"), say.text("Sensitivity"), _diagonal, _line)
    told = phrase(
        "Receiver operating characteristic curves on the test set, as the mean over classes and for each class against "
        "the rest. Lines are means over seeds at equal specificity; bands: {band}. The uncertainty over cases is not "
        "part of the bands"
    )
    if len(shown) == 1:
        told = phrase(
            "Receiver operating characteristic curves on the test set. Lines are means over seeds at equal "
            "specificity; bands: {band}. The uncertainty over cases is not part of the bands"
        )
    if analysis.study.task == "multilabel":
        told = phrase(
            "Receiver operating characteristic curves on the test set, as the mean over findings and for each finding. "
            "Lines are means over seeds at equal specificity; bands: {band}. The uncertainty over cases is not part of "
            "the bands"
        )
    return Picture(
        key="roc",
        number="",
        title=say.text(told, band=say.note(shown[0].band)),
        n=counted(analysis, single=True),
        alt=alt,
        svg=curves.draw(analysis, shown, way, alt),
    )


def _diagonal(panel: Axes, _: CurveSet) -> None:
    panel.plot([0, 1], [0, 1], color=canvas.PALE, linewidth=0.8)


def _line(panel: Axes, curve: Curve, look: canvas.Look) -> None:
    panel.fill_between(curve.x, curve.low, curve.high, color=look.colour, alpha=0.07, linewidth=0)
    panel.plot(curve.x, curve.mean, color=look.colour, linestyle=look.dash, linewidth=1.0)


def _alt(analysis: Analysis, entry: CurveSet) -> str:
    say, values = speech(analysis), curves.means_at(analysis, entry, AT)
    text = say.text("ROC curves of {n} loss functions on the test set.", n=str(len(analysis.losses)))
    if not values:
        return text
    return f"{text} {say.text('Mean sensitivity at 90 % specificity: {values}.', values=values)}"
