"""The power of a next study against the number of its seeds, and of its cases."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import PercentFormatter, ScalarFormatter

from cxr_report.analysis.value import Analysis, Planning, PowerCurve
from cxr_report.report import numerals
from cxr_report.report.figures import canvas
from cxr_report.report.figures.picture import Picture
from cxr_report.report.language import Speech, speech
from cxr_report.report.names import counted, spoken

__all__ = ["draw"]

BLUE = "#0072b2"


def draw(analysis: Analysis) -> Picture | None:
    """Draw power against seeds beside power against cases.

    Returns:
        None where nothing can be planned by this study.
    """
    if not analysis.planning:
        return None
    say, plan = speech(analysis), analysis.planning[0]
    with canvas.canvas(2.65) as figure:
        left, right = figure.subplots(1, 2, sharey=True)
        _panel(left, plan.seeds, plan.n_seeds, plan.wanted)
        _panel(right, plan.cases, plan.n_cases, plan.wanted)
        left.set_ylabel(say.text("Power"))
        left.set_xlabel(say.text("Seeds per loss function"))
        right.set_xlabel(say.text("Test cases"))
        left.set_title(say.text("With {n} test cases", n=numerals.count(plan.n_cases)))
        right.set_title(say.text("With {n} seeds", n=str(plan.n_seeds)))
        right.set_xscale("log")
        ticks = [plan.n_cases * times for times in (0.25, 0.5, 1, 2, 4, 8)]
        right.set_xticks(ticks, [numerals.count(round(tick)) for tick in ticks])
        right.minorticks_off()
        left.xaxis.set_major_formatter(ScalarFormatter())
        _key(say, figure, plan)
        alt = _alt(say, plan)
        svg = canvas.save(figure, "power", alt)
    return Picture(
        key="power",
        number="",
        title=say.text(
            "Planning of a next study: power to find a true difference of {margin} in {metric}, the planned margin, at "
            "the first step of the declared family, with the variance components of this study. It is no power of this "
            "study, and the differences found here play no part in it",
            margin=numerals.general(plan.margin),
            metric=spoken(plan.metric, say),
        ),
        n=counted(analysis),
        alt=alt,
        svg=svg,
    )


def _panel(panel: Axes, curve: PowerCurve, here: int, wanted: float) -> None:
    canvas.frame(panel, grid="y")
    panel.axhline(wanted, color=canvas.GREY, linewidth=0.8, linestyle=(0, (1, 1.5)))
    panel.axvline(here, color=canvas.PALE, linewidth=0.8)
    panel.fill_between(curve.sizes, curve.cautious, curve.power, color=BLUE, alpha=0.12, linewidth=0)
    panel.plot(curve.sizes, curve.power, color=BLUE, linewidth=1.4)
    panel.plot(curve.sizes, curve.cautious, color=BLUE, linewidth=1.0, linestyle=(0, (5, 2)))
    panel.set_xlim(curve.sizes[0], curve.sizes[-1])
    panel.set_ylim(0, 1)
    panel.yaxis.set_major_formatter(PercentFormatter(1, symbol="\N{NO-BREAK SPACE}%"))


def _key(say: Speech, figure: Figure, plan: Planning) -> None:
    share = numerals.percent(plan.wanted, 0)
    figure.legend(
        handles=[
            Line2D([], [], color=BLUE, linewidth=1.4, label=say.text("variances as estimated")),
            Line2D([], [], color=BLUE, linestyle=(0, (5, 2)), label=say.text("their upper 80 % bound")),
            Line2D([], [], color=canvas.GREY, linestyle=(0, (1, 1.5)), label=share),
            Patch(facecolor=canvas.PALE, label=say.text("as many as here")),
        ],
        loc="outside upper center",
        ncols=4,
    )


def _alt(say: Speech, plan: Planning) -> str:
    at_seeds, at_cases = (_reach(say, plan, curve, kind) for curve, kind in _kinds(plan))
    head = say.text(
        "Power of a next study to find a true difference of {margin}, against seeds and against test cases.",
        margin=numerals.general(plan.margin),
    )
    return f"{head} {at_seeds} {at_cases}"


def _kinds(plan: Planning) -> tuple[tuple[PowerCurve, str], tuple[PowerCurve, str]]:
    return (plan.seeds, "seeds"), (plan.cases, "cases")


def _reach(say: Speech, plan: Planning, curve: PowerCurve, kind: str) -> str:
    told = {"wanted": numerals.percent(plan.wanted, 0)}
    if curve.needed is None:
        return say.text(
            "No number of seeds gives a power of {wanted} with these cases."
            if kind == "seeds"
            else "No number of cases gives a power of {wanted} with these seeds.",
            **told,
        )
    return say.text(
        "A power of {wanted} takes {n} seeds with these cases."
        if kind == "seeds"
        else "A power of {wanted} takes {n} cases with these seeds.",
        n=numerals.count(curve.needed),
        **told,
    )
