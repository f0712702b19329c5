"""The flow of data: from the files that were found to the cases of each split, every exclusion counted."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, Rectangle

from cxr_report.report.figures import canvas
from cxr_report.report.figures.picture import Picture
from cxr_report.report.language import ENGLISH, Speech
from cxr_report.report.numerals import count

__all__ = ["Flow", "draw"]

AXIS = 1.05
"""Inches from the left: where the way goes down."""


@dataclass(frozen=True, slots=True)
class Flow:
    """What was counted on the way."""

    found: int
    excluded: dict[str, int]
    """Reason -> how many."""
    kept: int
    splits: dict[str, tuple[int, int | None]]
    """Split as printed -> cases, patients (None where the source does not know them)."""


def draw(flow: Flow, say: Speech = ENGLISH) -> Picture:
    """Draw the boxes and arrows."""
    reasons = [f"{canvas.wrapped(say.note(reason), 38)}: {count(number)}" for reason, number in flow.excluded.items()]
    lines = sum(reason.count("\n") + 1 for reason in reasons)
    right_height = 0.2 + 0.15 * (lines + 1)
    gap = max(0.2, right_height - 0.6)
    height = 0.34 + gap + 0.34 + 0.34 + 0.46
    with canvas.canvas(height + 0.1, 5.4, arranged=False) as figure:
        panel = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        panel.set_axis_off()
        panel.set_xlim(0, 5.4)
        panel.set_ylim(0, height + 0.1)
        top = height
        _box(panel, 0.15, top, 1.8, 0.34, say.text("Images found: {n}", n=count(flow.found)))
        kept = top - 0.34 - gap
        _arrow(panel, (AXIS, top - 0.34), (AXIS, kept))
        middle = top - 0.34 - gap / 2
        _arrow(panel, (AXIS, middle), (2.5, middle))
        told = "\n".join([say.text("Excluded" if reasons else "Excluded: none"), *reasons])
        _box(panel, 2.5, middle + right_height / 2, 2.7, right_height, told, left=True)
        _box(panel, 0.15, kept, 1.8, 0.34, say.text("Cases in the study: {n}", n=count(flow.kept)))
        _splits(say, panel, flow, kept)
        alt = _alt(say, flow)
        svg = canvas.save(figure, "flow", alt)
    return Picture(
        key="flow",
        number="",
        title=say.text("From the images of the source to the cases of the study"),
        n=say.text("n = {cases} cases", cases=count(flow.kept)),
        alt=alt,
        svg=svg,
    )


def _splits(say: Speech, panel: Axes, flow: Flow, kept: float) -> None:
    spine, top = kept - 0.34 - 0.14, kept - 0.34 - 0.34
    width, gap = 1.62, 0.12
    left = 0.15
    centres = [left + width / 2 + place * (width + gap) for place in range(len(flow.splits))]
    panel.plot([AXIS, AXIS], [kept - 0.34, spine], color=canvas.GREY, linewidth=0.8)
    panel.plot([min(*centres, AXIS), max(*centres, AXIS)], [spine, spine], color=canvas.GREY, linewidth=0.8)
    for centre, (name, (cases, patients)) in zip(centres, flow.splits.items(), strict=True):
        _arrow(panel, (centre, spine), (centre, top))
        told = (
            say.text("{cases} cases, patients not known", cases=count(cases))
            if patients is None
            else say.text("{cases} cases, {patients} patients", cases=count(cases), patients=count(patients))
        )
        _box(panel, centre - width / 2, top, width, 0.44, f"{say.text(name)}\n{told}")


def _box(panel: Axes, x: float, top: float, width: float, height: float, text: str, *, left: bool = False) -> None:
    panel.add_patch(
        Rectangle((x, top - height), width, height, facecolor="#f5f5f5", edgecolor=canvas.GREY, linewidth=0.7)
    )
    where, align = (x + 0.08, "left") if left else (x + width / 2, "center")
    panel.text(where, top - height / 2, text, ha=align, va="center", linespacing=1.3)


def _arrow(panel: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    panel.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="-|>", mutation_scale=7, color=canvas.GREY, linewidth=0.8, shrinkA=0, shrinkB=0
        )
    )


def _alt(say: Speech, flow: Flow) -> str:
    gone = "; ".join(f"{say.note(reason)}: {count(number)}" for reason, number in flow.excluded.items())
    splits = "; ".join(
        say.text("{split}: {cases} cases", split=say.text(name), cases=count(cases))
        if patients is None
        else say.text(
            "{split}: {cases} cases of {patients} patients",
            split=say.text(name),
            cases=count(cases),
            patients=count(patients),
        )
        for name, (cases, patients) in flow.splits.items()
    )
    return say.text(
        "Flow diagram. Images found: {found}. Excluded: {excluded}. Kept: {kept} cases. {splits}.",
        found=count(flow.found),
        excluded=gone or say.text("none"),
        kept=count(flow.kept),
        splits=splits,
    )
