"""How often tests reject losses that are equal for other seeds and cases, against the number of seeds."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from cxr_report.conformance import PopulationClaim, Rejections
from cxr_report.report import numerals
from cxr_report.report.figures import canvas
from cxr_report.report.figures.picture import Picture

__all__ = ["draw"]

COMPARES = ("two losses", "all losses")

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


def draw(claim: PopulationClaim) -> Picture:
    """Draw the rejection rates of tests of two losses, and of all losses, with their Monte-Carlo errors."""
    with canvas.canvas(4.4) as figure:
        panels = figure.subplots(1, 2, sharey=True)
        for panel, compares in zip(panels, COMPARES, strict=True):
            _panel(panel, claim, [test for test in claim.tests if test.compares == compares])
            panel.set_title(f"Tests of {compares}")
        panels[0].set_ylabel("Share of simulated studies with p below α")
        alt = _alt(claim)
        svg = canvas.save(figure, "population", alt)
    model = claim.model
    return Picture(
        key="population",
        number="",
        title=(
            "How often tests call losses different that are equal for other seeds and other cases, in simulated "
            f"studies. Dashed grey line: α = {numerals.general(claim.alpha)}; a test that holds the claim about both "
            "stays on it. Bars: two Monte-Carlo standard errors"
        ),
        n=(
            f"n = {numerals.count(claim.replications)} studies per number of seeds, of {model['losses']:.0f} losses "
            f"and {model['cases']:.0f} cases"
        ),
        alt=alt,
        svg=svg,
    )


def _panel(panel: Axes, claim: PopulationClaim, tests: list[Rejections]) -> None:
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
        label = canvas.wrapped(_named(test), 50)
        handles.append(Line2D([], [], color=colour, marker=marker, linestyle=dash, linewidth=1.1, label=label))
    panel.set_xticks(list(places), [str(n) for n in claim.seeds])
    panel.set_xlabel("Seeds per loss")
    panel.set_ylim(0, 1.06 * max(rate for test in claim.tests for rate in test.rates))
    panel.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.46, -0.16), fontsize=7.5)


def _named(test: Rejections) -> str:
    whose = {"seeds": "over seeds", "cases": "over cases", "both": "over both"}[test.target]
    title = test.title.replace("chi-squared", "χ²").replace("Obuchowski-Rockette", "Obuchowski\N{EN DASH}Rockette")
    return f"{title.replace('Iman-Davenport', 'Iman–Davenport')}, {whose}"


def _alt(claim: PopulationClaim) -> str:
    def told(target: str) -> str:
        rates = [rate for test in claim.tests if test.target == target for rate in test.rates]
        return f"{numerals.percent(min(rates))} to {numerals.percent(max(rates))}"

    return (
        f"Rejection rates where all losses are equal, for {claim.seeds[0]} to {claim.seeds[-1]} seeds: tests over "
        f"seeds {told('seeds')}, tests over cases {told('cases')}, joint tests {told('both')}; nominal "
        f"{numerals.percent(claim.alpha)}."
    )
