"""How often tests reject losses that are equal for other seeds and cases, against the number of seeds."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from cxr_report.conformance import PopulationClaim, Rejections
from cxr_report.report import numerals
from cxr_report.report.figures import canvas
from cxr_report.report.figures.picture import Picture
from cxr_report.report.language import ENGLISH, Speech, phrase

__all__ = ["draw"]

COMPARES = {"two losses": phrase("Tests of two losses"), "all losses": phrase("Tests of all losses")}

_SHOWN: dict[str, tuple[str, str, Any]] = {
    "paired_t": ("#0072b2", "s", "-"),
    "rm_anova": ("#0072b2", "s", "-"),
    "rm_anova_gg": ("#56b4e9", "v", (0, (3, 1.5))),
    "friedman": ("#332288", "P", (0, (1, 1.2))),
    "iman_davenport": ("#aa4499", "D", (0, (6, 2, 1, 2))),
    "delong": ("#e69f00", "v", (0, (3, 1.5))),
    "fixed_pair": ("#d55e00", "^", (0, (5, 2))),
    "fixed": ("#d55e00", "^", (0, (5, 2))),
    "joint_pair": (canvas.INK, "o", "-"),
    "joint": (canvas.INK, "o", "-"),
}
"""Test -> colour, mark and line; targets have the colours of the figure of differences."""

_OTHER: tuple[str, str, Any] = ("#882255", "X", "-")


def draw(claim: PopulationClaim, say: Speech = ENGLISH) -> Picture:
    """Draw the rejection rates of tests of two losses, and of all losses, with their Monte-Carlo errors."""
    with canvas.canvas(4.4) as figure:
        panels = figure.subplots(1, 2, sharey=True)
        for panel, (compares, title) in zip(panels, COMPARES.items(), strict=True):
            _panel(say, panel, claim, [test for test in claim.tests if test.compares == compares])
            panel.set_title(say.text(title))
        panels[0].set_ylabel(say.text("Share of simulated studies with p below α"))
        alt = _alt(say, claim)
        svg = canvas.save(figure, "population", alt)
    model = claim.model
    return Picture(
        key="population",
        number="",
        title=say.text(
            "How often tests call losses different that are equal for other seeds and other cases, in simulated "
            "studies. Dashed grey line: α = {alpha}; a test that holds the claim about both stays on it. Bars: two "
            "Monte-Carlo standard errors",
            alpha=numerals.general(claim.alpha),
        ),
        n=say.text(
            "n = {studies} studies per number of seeds, of {losses} losses and {cases} cases",
            studies=numerals.count(claim.replications),
            losses=f"{model['losses']:.0f}",
            cases=f"{model['cases']:.0f}",
        ),
        alt=alt,
        svg=svg,
    )


def _panel(say: Speech, panel: Axes, claim: PopulationClaim, tests: list[Rejections]) -> None:
    canvas.frame(panel, grid="y")
    panel.axhline(claim.alpha, color=canvas.GREY, linewidth=0.9, linestyle=(0, (3, 2)))
    places = range(len(claim.seeds))
    handles = []
    for test in tests:
        colour, marker, dash = _SHOWN.get(test.name, _OTHER)
        panel.errorbar(
            places, test.rates, yerr=[2 * error for error in test.errors], color=colour, marker=marker, linestyle=dash,
            linewidth=1.1, markersize=4, elinewidth=0.7, capsize=0,
        )  # fmt: skip
        label = canvas.wrapped(_named(say, test), 50)
        handles.append(Line2D([], [], color=colour, marker=marker, linestyle=dash, linewidth=1.1, label=label))
    panel.set_xticks(list(places), [str(n) for n in claim.seeds])
    panel.set_xlabel(say.text("Seeds per loss"))
    panel.set_ylim(0, 1.06 * max(rate for test in claim.tests for rate in test.rates))
    panel.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.46, -0.16), fontsize=7.5)


_WHOSE = {
    "seeds": phrase("{test}, over seeds"),
    "cases": phrase("{test}, over cases"),
    "both": phrase("{test}, over both"),
}


def _named(say: Speech, test: Rejections) -> str:
    title = test.title.replace("chi-squared", "χ²").replace("Obuchowski-Rockette", "Obuchowski\N{EN DASH}Rockette")
    return say.text(_WHOSE[test.target], test=say.note(title.replace("Iman-Davenport", "Iman–Davenport")))


def _alt(say: Speech, claim: PopulationClaim) -> str:
    def told(target: str) -> str:
        rates = [rate for test in claim.tests if test.target == target for rate in test.rates]
        return say.text("{low} to {high}", low=numerals.percent(min(rates)), high=numerals.percent(max(rates)))

    return say.text(
        "Rejection rates where all losses are equal, for {first} to {last} seeds: tests over seeds {seeds}, tests over "
        "cases {cases}, joint tests {both}; nominal {alpha}.",
        first=str(claim.seeds[0]),
        last=str(claim.seeds[-1]),
        seeds=told("seeds"),
        cases=told("cases"),
        both=told("both"),
        alpha=numerals.percent(claim.alpha),
    )
