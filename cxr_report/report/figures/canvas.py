"""The figures' common language: sizes, fonts, colours and marks, and the way from a drawing to SVG."""

from __future__ import annotations

import io
import logging
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import matplotlib
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from cxr_report.report import fonts, hangul, numerals
from cxr_report.report.figures.picture import tidy

__all__ = [
    "GREY",
    "INK",
    "PALE",
    "WIDTH",
    "Look",
    "canvas",
    "frame",
    "legend",
    "legend_lines",
    "looks",
    "save",
    "wrapped",
]

WIDTH = 6.3
"""Inches: the width of the text on an A4 page with margins of 25 mm."""

INK = "#1a1a1a"
GREY = "#5f5f5f"
PALE = "#d9d9d9"

LEGEND = 40
"""Chosen: characters after which a label is broken in a legend."""

_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#aa4499", "#e69f00", "#56b4e9", "#332288", "#882255")
"""Okabe and Ito's and Tol's colours (colour-blind safe), ordered so that neighbours differ in lightness too."""

_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
_DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.2)), (0, (6, 2, 1, 2)), (0, (3, 1.5)), (0, (8, 2, 1, 2, 1, 2)))

_SETTINGS: dict[str, Any] = {
    "svg.fonttype": "none",  # text stays text: selectable, searchable, set in the page's own font
    "svg.hashsalt": "cxr_report",
    "font.family": [fonts.FAMILY, hangul.FAMILY, "DejaVu Sans"],
    "font.size": 8.5,
    "axes.titlesize": 9,
    "axes.titleweight": "normal",
    "axes.labelsize": 8.5,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "legend.handlelength": 2.4,
    "text.parse_math": False,  # a dollar sign in a class's name is a dollar sign
    "text.color": INK,
    "text.usetex": False,
    "axes.unicode_minus": True,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.5,
    "lines.linewidth": 1.2,
    "lines.markersize": 4,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "figure.constrained_layout.h_pad": 0.05,
    "figure.constrained_layout.w_pad": 0.05,
    "path.simplify": True,
}


@dataclass(frozen=True, slots=True)
class Look:
    """How one loss is drawn in every figure."""

    label: str
    colour: str
    marker: str
    dash: Any


def looks(labels: Sequence[str]) -> list[Look]:
    """Give every loss, in the study's order, a colour, a mark and a kind of line of its own."""
    return [
        Look(
            label,
            _COLOURS[place % len(_COLOURS)],
            _MARKERS[place % len(_MARKERS)],
            _DASHES[(place + place // len(_COLOURS)) % len(_DASHES)],
        )
        for place, label in enumerate(labels)
    ]


@contextmanager
def canvas(height: float, width: float = WIDTH, *, arranged: bool = True) -> Iterator[Figure]:
    """Open an empty figure under the common settings, which are left as they were.

    Args:
        height: in inches.
        width: in inches.
        arranged: whether matplotlib makes room for titles and labels.
    """
    with matplotlib.rc_context(), warnings.catch_warnings():
        matplotlib.rcdefaults()  # a reader's own matplotlibrc must not change the report
        settings: Any = matplotlib.rcParams
        settings.update(_SETTINGS)
        _know_hangul()
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # text stays text: the reader's fonts help
        warnings.filterwarnings("ignore", message="constrained_layout not applied")
        figure = Figure(figsize=(width, height), layout="constrained" if arranged else None)
        FigureCanvasSVG(figure)
        yield figure


@cache
def _know_hangul() -> None:
    """Tell matplotlib of the Korean font, by which it measures; without it, it need not say that it has none."""
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    for file, weight in zip(hangul.faces() or (), (400, 700), strict=False):
        known = font_manager.fontManager.ttflist
        known.append(font_manager.FontEntry(fname=str(file), name=hangul.FAMILY, weight=weight))


def save(figure: Figure, name: str, alt: str) -> str:
    """Write a figure as SVG that can stand inside a page; must be called under its `canvas`."""
    stream = io.StringIO()
    figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return tidy(stream.getvalue(), name, alt)


def frame(axes: Axes, *, grid: str = "") -> None:
    """Lay a quiet grid behind what is drawn; ``grid`` is ``x``, ``y``, ``both`` or empty."""
    axes.set_axisbelow(True)
    if grid:
        axes.grid(True, axis=grid)  # type: ignore[arg-type]


def legend(figure: Figure, found: Sequence[Look], width: float = WIDTH) -> None:
    """Put one legend of the losses above all panels, in as many columns as the labels leave room for.

    Args:
        figure: where.
        found: the losses.
        width: of the figure, in inches.
    """
    handles = [
        Line2D([], [], color=look.colour, linestyle=look.dash, label=wrapped(look.label, LEGEND)) for look in found
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=_legend_columns(found, width))


def legend_lines(found: Sequence[Look], width: float = WIDTH) -> int:
    """Return how many lines of text the legend takes."""
    columns = _legend_columns(found, width)
    lines = [wrapped(look.label, LEGEND).count("\n") + 1 for look in found]
    rows = -(-len(lines) // columns)
    return max(sum(lines[start : start + rows]) for start in range(0, len(lines), rows))


def _legend_columns(found: Sequence[Look], width: float) -> int:
    longest = max(hangul.breadth(line) for look in found for line in wrapped(look.label, LEGEND).split("\n"))
    return max(1, min(len(found), int(16 * width) // (longest + 8)))


def wrapped(text: str, width: int) -> str:
    """Break a long name into lines, never within a setting such as ``gamma = 2``."""
    kept = text.replace(" = ", f"{numerals.NO_BREAK}={numerals.NO_BREAK}")
    room = width if not hangul.spoken(text) else max(1, round(width * len(text) / hangul.breadth(text)))
    return "\n".join(textwrap.wrap(kept, room) or [""])
