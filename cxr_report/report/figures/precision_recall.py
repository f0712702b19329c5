"""Precision-recall curves on test: mean over the seeds with a band, overall and per class."""

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
    sets = [entry for entry in analysis.curves if entry.name == "pr" and any(curve.x for curve in entry.curves)]
    if not sets:
        return None
    say, found = speech(analysis), canvas.looks(list(short(analysis).values()))
    columns = 3 if len(sets) in (5, 6) else min(4 if len(sets) <= 16 else 5 if len(sets) <= 25 else 6, len(sets))
    rows, width = math.ceil(len(sets) / columns), {1: 3.4, 2: 4.2}.get(columns, canvas.WIDTH)
    side, tall = (width - 0.45) / columns - 0.08, canvas.legend_lines(found, width) * 0.16
    with canvas.canvas((side + 0.3) * rows + 0.45 + tall, width) as figure:
        panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).ravel()
        for place, (panel, entry) in enumerate(zip(panels, sets, strict=False)):
            _panel(panel, entry, found, _share(analysis, entry), say.text("undefined"))
            panel.set_title(canvas.wrapped(_name(analysis, entry), 72 // columns))
            if place >= len(sets) - columns:
                panel.set_xlabel(say.text("Sensitivity (recall)"))
                panel.tick_params(labelbottom=True)
            if place % columns == 0:
                panel.set_ylabel(say.text("Precision"))
        for panel in panels[len(sets) :]:
            panel.set_visible(False)
        canvas.legend(figure, found, width)
        alt = _alt(analysis, sets[0])
        svg = canvas.save(figure, "precision-recall", alt)
    return Picture(
        key="precision-recall",
        number="",
        title=say.text(MACRO[analysis.study.task], band=say.note(sets[0].band)),
        n=counted(analysis, single=True),
        alt=alt,
        svg=svg,
    )


def _name(analysis: Analysis, entry: CurveSet) -> str:
    if entry.klass:
        return entry.klass
    return analysis.classes[-1] if analysis.study.task == "binary" else speech(analysis).text("Macro mean")


def _share(analysis: Analysis, entry: CurveSet) -> float:
    """Return the share of positive cases, of the macro curve its mean over the classes that have both kinds."""
    shares = analysis.data.prevalence
    if entry.klass or analysis.study.task == "binary":
        return shares.get(entry.klass or analysis.classes[-1], math.nan)
    both = [share for share in shares.values() if 0.0 < share < 1.0]
    return sum(both) / len(both) if both else math.nan


def _panel(panel: Axes, entry: CurveSet, found: list[canvas.Look], share: float, undefined: str) -> None:
    """Draw the curves of one class; ``undefined`` is what is said where there is none."""
    panel.set_aspect("equal")
    panel.set_xlim(0, 1)
    panel.set_ylim(0, 1)
    panel.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
    panel.set_yticks([0, 0.5, 1], ["0", "0.5", "1"])
    if math.isfinite(share):
        panel.plot([0, 1], [share, share], color=canvas.GREY, linestyle=(0, (1, 1.5)), linewidth=0.8)
    drawn = [pair for pair in zip(entry.curves, found, strict=True) if pair[0].x and math.isfinite(pair[0].mean[-1])]
    for curve, look in drawn:
        panel.fill_between(curve.x, curve.low, curve.high, color=look.colour, alpha=0.07, linewidth=0, step="pre")
        panel.step(curve.x, curve.mean, where="pre", color=look.colour, linestyle=look.dash, linewidth=1.0)
    if not drawn:
        panel.text(0.5, 0.5, undefined, ha="center", va="center", color=canvas.GREY)


def _alt(analysis: Analysis, entry: CurveSet) -> str:
    say, told = speech(analysis), []
    for curve in entry.curves:
        at = [mean for x, mean in zip(curve.x, curve.mean, strict=True) if abs(x - AT) < 1e-9 and math.isfinite(mean)]
        told += [f"{analysis.labels[curve.loss]} {numerals.value(at[0])}"] if at else []
    text = say.text("Precision-recall curves of {n} loss functions on the test set.", n=str(len(analysis.losses)))
    if not told:
        return text
    values, share = "; ".join(told), numerals.value(_share(analysis, entry))
    more = say.text(
        "Mean precision at a sensitivity of 80 %: {values}; share of positive cases: {share}.",
        values=values,
        share=share,
    )
    return f"{text} {more}"
