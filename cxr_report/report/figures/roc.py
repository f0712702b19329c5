"""ROC curves on test: mean over the seeds with a band, overall and per class."""

from __future__ import annotations

import math

from matplotlib.axes import Axes

from cxr_report.analysis.value import Analysis, CurveSet
from cxr_report.report import numerals
from cxr_report.report.figures import canvas
from cxr_report.report.figures.picture import Picture
from cxr_report.report.language import phrase, speech
from cxr_report.report.names import counted, short

__all__ = ["draw"]


def draw(analysis: Analysis) -> Picture | None:
    """Draw one panel per class or finding, the macro mean first.

    Returns:
        None where no curve is defined.
    """
    sets = [entry for entry in analysis.curves if entry.name == "roc" and any(curve.x for curve in entry.curves)]
    if not sets:
        return None
    say, found = speech(analysis), canvas.looks(list(short(analysis).values()))
    columns = 3 if len(sets) in (5, 6) else min(4 if len(sets) <= 16 else 5 if len(sets) <= 25 else 6, len(sets))
    rows = math.ceil(len(sets) / columns)
    width = {1: 3.4, 2: 4.2}.get(columns, canvas.WIDTH)
    side = (width - 0.45) / columns - 0.08
    tall = canvas.legend_lines(found, width) * 0.16
    with canvas.canvas((side + 0.3) * rows + 0.45 + tall, width) as figure:
        panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).ravel()
        for place, (panel, entry) in enumerate(zip(panels, sets, strict=False)):
            _panel(panel, entry, found, say.text("undefined"))
            panel.set_title(canvas.wrapped(_name(entry, analysis), 72 // columns))
            if place >= len(sets) - columns:
                panel.set_xlabel(say.text("1 − specificity"))
                panel.tick_params(labelbottom=True)
            if place % columns == 0:
                panel.set_ylabel(say.text("Sensitivity"))
        for panel in panels[len(sets) :]:
            panel.set_visible(False)
        canvas.legend(figure, found, width)
        alt = _alt(sets[0], analysis)
        svg = canvas.save(figure, "roc", alt)
    told = phrase(
        "Receiver operating characteristic curves on the test set, as the mean over classes and for each class against "
        "the rest. Lines are means over seeds at equal specificity; bands: {band}. The uncertainty over cases is not "
        "part of the bands"
    )
    if len(sets) == 1:
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
        title=say.text(told, band=say.note(sets[0].band)),
        n=counted(analysis, single=True),
        alt=alt,
        svg=svg,
    )


def _name(entry: CurveSet, analysis: Analysis) -> str:
    if entry.klass:
        return entry.klass
    return analysis.classes[-1] if analysis.study.task == "binary" else speech(analysis).text("Macro mean")


def _panel(panel: Axes, entry: CurveSet, found: list[canvas.Look], undefined: str) -> None:
    """Draw the curves of one class; ``undefined`` is what is said where there is none."""
    panel.set_aspect("equal")
    panel.set_xlim(0, 1)
    panel.set_ylim(0, 1)
    panel.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
    panel.set_yticks([0, 0.5, 1], ["0", "0.5", "1"])
    panel.plot([0, 1], [0, 1], color=canvas.PALE, linewidth=0.8)
    for curve, look in zip(entry.curves, found, strict=True):
        if curve.x and math.isfinite(curve.mean[-1]):
            panel.fill_between(curve.x, curve.low, curve.high, color=look.colour, alpha=0.07, linewidth=0)
            panel.plot(curve.x, curve.mean, color=look.colour, linestyle=look.dash, linewidth=1.0)
    if not any(curve.x and math.isfinite(curve.mean[-1]) for curve in entry.curves):
        panel.text(0.5, 0.5, undefined, ha="center", va="center", color=canvas.GREY)


def _alt(entry: CurveSet, analysis: Analysis) -> str:
    told = []
    for curve in entry.curves:
        at = [mean for x, mean in zip(curve.x, curve.mean, strict=True) if abs(x - 0.1) < 1e-9 and math.isfinite(mean)]
        told += [f"{analysis.labels[curve.loss]} {numerals.value(at[0])}"] if at else []
    say = speech(analysis)
    text = say.text("ROC curves of {n} loss functions on the test set.", n=str(len(analysis.losses)))
    if not told:
        return text
    return f"{text} {say.text('Mean sensitivity at 90 % specificity: {values}.', values='; '.join(told))}"
