"""The order of the losses on the primary metric: a critical-difference diagram, and how stable the ranks are."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from cxr_report.analysis.value import Analysis, Cliques, Ranking
from cxr_report.metrics import METRICS
from cxr_report.report import numerals
from cxr_report.report.figures import canvas
from cxr_report.report.figures.picture import Picture
from cxr_report.report.language import Speech, phrase, speech
from cxr_report.report.names import counting, number_of_seeds, short, tested

__all__ = ["draw", "drawn_cliques", "powerless"]

LEFT, RIGHT = 1.75, 4.55
"""Inches from the left edge: the first and the last rank of the axis, with room for labels on both sides."""

AXIS = 0.62
"""Inches from the top edge."""

BAR, LINE = 0.1, 0.17
"""Inches between two bars, and between two lines of labels."""

TILE = (0.5, 0.22)
"""Inches: largest width, and height, of a tile."""

NEMENYI, WILCOXON = "nemenyi", "wilcoxon-holm"


@dataclass(frozen=True, slots=True)
class _Order:
    """A ranking, the losses from the best to the worst."""

    ranking: Ranking
    names: tuple[str, ...]
    ranks: tuple[float, ...]
    places: tuple[int, ...]
    """Of each loss in the study's order."""

    @classmethod
    def of(cls, ranking: Ranking, names: dict[str, str]) -> _Order:
        places = sorted(range(len(ranking.losses)), key=lambda place: ranking.mean_ranks[place])
        return cls(
            ranking,
            tuple(names[ranking.losses[place]] for place in places),
            tuple(ranking.mean_ranks[place] for place in places),
            tuple(places),
        )

    def x(self, rank: float) -> float:
        """Return where a rank lies, in inches."""
        return LEFT + (RIGHT - LEFT) * (rank - 1) / max(len(self.names) - 1, 1)


def draw(analysis: Analysis) -> Picture | None:
    """Draw the ranking on the primary metric; None where it is undefined.

    Bars join losses that are not told apart. Those of Nemenyi's test may overlap, for its runs say all that the test
    says; those of Wilcoxon's are drawn only where being not told apart is transitive.
    """
    ranking = next((each for each in analysis.rankings if each.metric == analysis.metrics[0]), None)
    if ranking is None or any(math.isnan(rank) for rank in ranking.mean_ranks):
        return None
    order = _Order.of(ranking, short(analysis))
    bars = list(_bars(order, powerless=powerless(ranking, analysis.study.analysis.alpha)))
    lower = AXIS + 0.16 + BAR * len(bars) + LINE * math.ceil(len(order.names) / 2) + 0.45
    height = lower + TILE[1] * len(order.names) + 0.08
    say = speech(analysis)
    with canvas.canvas(height, arranged=False) as figure:
        panel = figure.add_axes((0, 0, 1, 1))
        panel.set_axis_off()
        panel.set_xlim(0, canvas.WIDTH)
        panel.set_ylim(height, 0)
        _axis(say, panel, order)
        _draw_bars(panel, bars)
        _labels(panel, order, AXIS + 0.16 + BAR * len(bars))
        _stability(say, panel, order, lower)
        alt = _alt(say, order)
        svg = canvas.save(figure, "ranking", alt)
    return _picture(analysis, order, svg, alt)


def _picture(analysis: Analysis, order: _Order, svg: str, alt: str) -> Picture:
    ranking = order.ranking
    say, alpha = speech(analysis), analysis.study.analysis.alpha
    kinds = [each.procedure for each in ranking.procedures if drawn_cliques(each, powerless=powerless(ranking, alpha))]
    told = [
        say.text(
            "Ranks on test {metric} over seeds, on these cases. Above: mean ranks, 1 is best; CD: Nemenyi’s critical "
            "difference.",
            metric=say.text(METRICS[ranking.metric].title),
        )
    ]
    if kinds:
        bars = ", ".join(say.text(_BARS[kind]) for kind in kinds)
        told.append(say.text("Bars join losses not told apart at α: {procedures}.", procedures=bars))
    if powerless(ranking, alpha) and any(each.procedure == WILCOXON for each in ranking.procedures):
        told.append(
            say.text(
                "With {seeds} the exact Wilcoxon test of all pairs cannot reach α and has no bars.",
                seeds=number_of_seeds(ranking.n_seeds, say=say),
            )
        )
    told.append(
        say.text(
            "Below: per cent of the resamples of the seeds in which a loss held a rank, its mean rank and the "
            "bootstrap interval"
        )
    )
    return Picture(
        key="ranking",
        number="",
        title=" ".join(told),
        n=counting(number_of_seeds(ranking.n_seeds, say=say), tested(analysis)),
        alt=alt,
        svg=svg,
    )


_BARS = {
    NEMENYI: phrase("solid by Nemenyi’s test"),
    WILCOXON: phrase("hollow by the exact Wilcoxon test with Holm’s adjustment"),
}


def drawn_cliques(procedure: Cliques, *, powerless: bool = False) -> tuple[tuple[str, ...], ...]:
    """Return the runs of losses that are drawn as bars.

    Args:
        procedure: of all pairs.
        powerless: whether the exact Wilcoxon test can tell none apart, so that its one bar over all would say nothing.
    """
    if procedure.procedure == NEMENYI:
        return procedure.cliques
    return procedure.cliques if procedure.drawn and not powerless else ()


def powerless(ranking: Ranking, alpha: float) -> bool:
    """Say whether the exact Wilcoxon test of all pairs is unable to reach alpha with so few seeds.

    Its smallest p over n seeds is 2 / 2ⁿ, and Holm's adjustment multiplies the smallest of all by their number.
    """
    k = len(ranking.losses)
    return k * (k - 1) / 2 * 2.0 ** (1 - ranking.n_seeds) > alpha


def _bars(order: _Order, *, powerless: bool) -> Iterator[tuple[str, float, float]]:
    """Yield procedure, beginning and end of every bar, in inches."""
    ranks = dict(zip(order.ranking.losses, order.ranking.mean_ranks, strict=True))
    for procedure in order.ranking.procedures:
        for clique in drawn_cliques(procedure, powerless=powerless):
            inside = [ranks[loss] for loss in clique]
            yield procedure.procedure, order.x(min(inside)) - 0.05, order.x(max(inside)) + 0.05


def _axis(say: Speech, panel: Axes, order: _Order) -> None:
    panel.plot([LEFT, RIGHT], [AXIS, AXIS], color=canvas.INK, linewidth=0.8)
    for rank in range(1, len(order.names) + 1):
        panel.plot([order.x(rank)] * 2, [AXIS - 0.05, AXIS], color=canvas.INK, linewidth=0.8)
        panel.text(order.x(rank), AXIS - 0.07, str(rank), ha="center", va="bottom", fontsize=8)
    panel.text(LEFT - 0.15, AXIS - 0.07, say.text("Mean rank"), ha="right", va="bottom", fontsize=8, color=canvas.GREY)
    width = order.ranking.critical_difference
    end, text = order.x(1 + width), f"CD = {numerals.statistic(width)}"
    if end > canvas.WIDTH - 1.0:
        panel.text(LEFT, 0.2, say.text("{cd}, wider than the axis", cd=text), va="center", fontsize=8)
        return
    panel.plot([LEFT, end], [0.2, 0.2], color=canvas.INK, linewidth=1.2, marker="|", markersize=6)
    panel.text(end + 0.1, 0.2, text, va="center", fontsize=8)


def _draw_bars(panel: Axes, bars: Sequence[tuple[str, float, float]]) -> None:
    for place, (procedure, start, end) in enumerate(bars):
        face = canvas.INK if procedure == NEMENYI else "white"
        corner = (start, AXIS + 0.07 + BAR * place)
        panel.add_patch(
            Rectangle(corner, end - start, 0.05, facecolor=face, edgecolor=canvas.INK, linewidth=0.7, zorder=3)
        )


def _labels(panel: Axes, order: _Order, top: float) -> None:
    """Lead a line from every mean rank to a label, the better half to the left."""
    half = math.ceil(len(order.names) / 2)
    for place, (name, rank) in enumerate(zip(order.names, order.ranks, strict=True)):
        left = place < half
        y = top + LINE * (place if left else len(order.names) - 1 - place) + 0.06
        x, end = order.x(rank), LEFT - 0.12 if left else RIGHT + 0.12
        panel.plot([x, x, end], [AXIS, y, y], color=canvas.GREY, linewidth=0.7)
        panel.plot([x], [AXIS], "o", color=canvas.INK, markersize=3)
        text, at = f"{name} ({numerals.statistic(rank)})", end - 0.05 if left else end + 0.05
        panel.text(at, y, text, ha="right" if left else "left", va="center", fontsize=8)


def _stability(say: Speech, panel: Axes, order: _Order, top: float) -> None:
    ranking, k = order.ranking, len(order.names)
    width = min(TILE[0], (RIGHT - LEFT) / k)
    panel.text(LEFT - 0.1, top - 0.08, say.text("Rank"), ha="right", fontsize=8, color=canvas.GREY)
    for column in range(k):
        panel.text(LEFT + width * (column + 0.5), top - 0.08, str(column + 1), ha="center", fontsize=8)
    beside = LEFT + width * k + 0.15
    panel.text(beside, top - 0.08, say.text("Mean rank (interval)"), fontsize=8, color=canvas.GREY)
    for row, place in enumerate(order.places):
        y = top + TILE[1] * (row + 0.5)
        panel.text(LEFT - 0.1, y, order.names[row], ha="right", va="center", fontsize=8)
        for column, share in enumerate(ranking.distribution[place]):
            _tile(panel, (LEFT + width * column, top + TILE[1] * row), width, share)
        band = say.interval(ranking.low[place], ranking.high[place], 2)
        panel.text(beside, y, f"{numerals.statistic(order.ranks[row])} ({band})", va="center", fontsize=8)


def _tile(panel: Axes, corner: tuple[float, float], width: float, share: float) -> None:
    if math.isnan(share):
        return
    face = tuple(1 - share * (1 - part) for part in (0.0, 0.447, 0.698))  # from white to the blue of seeds
    panel.add_patch(Rectangle(corner, width, TILE[1], facecolor=face, edgecolor=canvas.PALE, linewidth=0.6))
    if share >= 0.005:
        ink, text = "white" if share > 0.6 else canvas.INK, numerals.fixed(100 * share, 0)
        middle = (corner[0] + width / 2, corner[1] + TILE[1] / 2)
        panel.text(*middle, text, ha="center", va="center", fontsize=min(7.5, 19 * width), color=ink)


def _alt(say: Speech, order: _Order) -> str:
    ranking = order.ranking
    listed = "; ".join(f"{n} ({numerals.statistic(r)})" for n, r in zip(order.names, order.ranks, strict=True))
    first = ranking.distribution[order.places[0]][0]
    return say.text(
        "Mean ranks of the loss functions on {metric} over {n} seeds: {ranks}. Nemenyi’s critical difference is {cd}. "
        "{loss} held rank 1 in {share} of the resamples of the seeds.",
        metric=say.text(METRICS[ranking.metric].title),
        n=str(ranking.n_seeds),
        ranks=listed,
        cd=numerals.statistic(ranking.critical_difference),
        loss=order.names[0],
        share=numerals.percent(first, 0),
    )
