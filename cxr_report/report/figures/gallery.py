"""Test cases whose label depends on the loss or on the seed: image, class-activation maps, and what each loss says."""

from __future__ import annotations

import base64
import io
import re
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from cxr_report.analysis.value import Analysis
from cxr_report.data.gallery import BY_LOSS, BY_SEED, Gallery
from cxr_report.report import numerals
from cxr_report.report.figures import canvas
from cxr_report.report.figures.picture import Picture
from cxr_report.report.language import phrase, speech
from cxr_report.report.names import counting, number_of_seeds, short

__all__ = ["draw"]

SIDE = 112
"""Chosen: pixels of a shown image at most, about 120 to the inch; a dozen cases then weigh half a megabyte at most."""

FINE = 48
"""Chosen: places on a side at which a map's lines are drawn, two hundredths of an inch apart."""

LEVELS = (0.5, 0.8)
"""Chosen: shares of a map's largest value at which its lines lie."""

OVERLAY = "#e69f00"
"""Okabe and Ito's orange; shade and lines tell the same without colour."""

TILE, GAP, COLUMNS = 0.95, 0.05, 2
ABOVE, UNDER, LINE, APART = 0.34, 0.31, 0.125, 0.16
"""Inches: an image, the gap to the next, and the text above, under and below the images of a case."""

TALLEST = 8.2
"""Inches: all rows of one figure, so that figure and caption fit on a page."""

ROWS = 3
"""Chosen: half a dozen cases a figure, so that both kinds of a full gallery have one figure each."""


@dataclass(frozen=True, slots=True)
class _Case:
    """What is said beside one case's images."""

    place: int
    name: str
    truth: str
    runs: tuple[str, str]
    """The two runs that contradict each other, and"""
    says: tuple[str, str]
    """what they say."""
    under: tuple[tuple[str, str], tuple[str, str]]
    """The two lines under each of their maps: the loss; seed and label."""
    votes: tuple[str, ...]
    """One line per loss: labels with the numbers of seeds that give them."""


_TITLES = {
    (BY_LOSS, True): phrase(
        "{shown} of {total} test cases whose label depends on the loss function, the largest disagreement first: "
        "image and class-activation maps of two runs that contradict each other, {what} (lines: "
        "50 % and 80 % of the map’s largest value; darkened: below 50 %); below, the seeds of each loss function that "
        "give a label. The maps show where a network looks, not why"
    ),
    (BY_LOSS, False): phrase(
        "{shown} of {total} test cases whose label depends on the loss function, the largest disagreement first; "
        "below, the seeds of each loss function that give a label. There are no class-activation maps, for the "
        "exported graphs have no last feature map whose mean goes into one linear layer"
    ),
    (BY_SEED, True): phrase(
        "{shown} of {total} test cases whose label depends on the seed and not on the loss function, the largest "
        "disagreement first: image and class-activation maps of two seeds that contradict each other, {what} "
        "(lines: 50 % and 80 % of the map’s largest value; darkened: below 50 %); below, the seeds of "
        "each loss function that give a label. The maps show where a network looks, not why"
    ),
    (BY_SEED, False): phrase(
        "{shown} of {total} test cases whose label depends on the seed and not on the loss function, the largest "
        "disagreement first; below, the seeds of each loss function that give a label. There are no class-activation "
        "maps, for the exported graphs have no last feature map whose mean goes into one linear layer"
    ),
}

_ALTS = {
    BY_LOSS: phrase(
        "Of {n} test cases {total} have a label that depends on the loss function; {shown} of them: {cases}."
    ),
    BY_SEED: phrase(
        "Of {n} test cases {total} have a label that depends on the seed and not on the loss function; {shown} of "
        "them: {cases}."
    ),
}


def draw(analysis: Analysis, gallery: Gallery | None) -> tuple[Picture, ...]:
    """Draw half a dozen cases a figure: first those of the loss, then those of the seed.

    Args:
        analysis: classes, names of the losses, and the counts of all such cases.
        gallery: the cases; None: none are shown.
    """
    if gallery is None or not analysis.label_changes:
        return ()
    return tuple(_drawn(analysis, gallery))


def _drawn(analysis: Analysis, gallery: Gallery) -> Iterator[Picture]:
    lines = len(analysis.losses)
    height = ABOVE + TILE + (UNDER if gallery.mapped else 0.06) + LINE * lines + APART
    together = COLUMNS * max(1, min(ROWS, int(TALLEST / height)))
    for kind in (BY_LOSS, BY_SEED):
        places = np.flatnonzero(gallery.kinds == kind)
        for turn, start in enumerate(range(0, len(places), together)):
            cases = [_case(analysis, gallery, int(place)) for place in places[start : start + together]]
            key = f"gallery-{kind}{f'-{turn + 1}' if turn else ''}"
            yield _picture(analysis, gallery, cases, key=key, height=height)


def _picture(analysis: Analysis, gallery: Gallery, cases: list[_Case], *, key: str, height: float) -> Picture:
    say, counts = speech(analysis), analysis.label_changes[0]
    kind = str(gallery.kinds[cases[0].place])
    total = numerals.count(counts.by_loss if kind == BY_LOSS else counts.by_seed - counts.both)
    n, shown = numerals.count(counts.n_cases), numerals.count(len(cases))
    alt = say.text(
        _ALTS[kind], n=n, total=total, shown=shown, cases="; ".join(_spoken(analysis, each) for each in cases)
    )
    several = analysis.study.task == "multilabel"
    what = say.text("each of the finding, whatever its run says" if several else "each for what its run says")
    rows = -(-len(cases) // COLUMNS)
    with canvas.canvas(height * rows, arranged=False) as figure:
        for turn, case in enumerate(cases):
            row, column = divmod(turn, COLUMNS)
            corner = (column * canvas.WIDTH / COLUMNS, height * (rows - row))
            _block(figure, gallery, case, corner)
        svg = _PIXELS.sub(_grey, canvas.save(figure, key, alt))
    return Picture(
        key=key,
        number="",
        title=say.text(_TITLES[kind, gallery.mapped], shown=shown, total=total, what=what),
        n=counting(
            say.text("{cases} test cases", cases=n),
            say.text("{seeds} per loss function", seeds=number_of_seeds(len(gallery.seeds), say=say)),
        ),
        alt=alt,
        svg=svg,
    )


def _case(analysis: Analysis, gallery: Gallery, place: int) -> _Case:
    say, names, finding = speech(analysis), list(short(analysis).values()), int(gallery.findings[place])

    def called(label: int) -> str:
        if finding < 0:
            return analysis.classes[label]
        return say.text("not known" if label < 0 else "present" if label else "absent")

    labels, pair = gallery.labels[place], [tuple(map(int, run)) for run in gallery.pairs[place]]
    truth = called(int(gallery.truth[place]))
    told = (
        say.text("Truth: {label}", label=truth)
        if finding < 0
        else say.text("{finding}, truth: {label}", finding=analysis.classes[finding], label=truth)
    )
    runs = [say.text("{loss}, seed {seed}", loss=names[loss], seed=str(gallery.seeds[seed])) for loss, seed in pair]
    says = [called(int(labels[run])) for run in pair]
    under = [
        (names[loss], say.text("seed {seed}: {label}", seed=str(gallery.seeds[seed]), label=label))
        for (loss, seed), label in zip(pair, says, strict=True)
    ]
    return _Case(
        place=place,
        name=say.text("Case {id}", id=textwrap.shorten(str(gallery.ids[place]), 40, placeholder="…")),
        truth=told,
        runs=(runs[0], runs[1]),
        says=(says[0], says[1]),
        under=(under[0], under[1]),
        votes=tuple(f"{name}: {_votes(row, called)}" for name, row in zip(names, labels, strict=True)),
    )


def _votes(row: NDArray[np.int64], called: Callable[[int], str]) -> str:
    """List a loss's labels, the most frequent one first, with the number of seeds that give each."""
    counted = sorted(Counter(row.tolist()).items(), key=lambda each: (-each[1], each[0]))
    return ", ".join(f"{called(label)}\N{NO-BREAK SPACE}{number}" for label, number in counted)


def _spoken(analysis: Analysis, case: _Case) -> str:
    return speech(analysis).text(
        "{truth}, {first} says {one}, {second} says {other}",
        truth=case.truth,
        first=case.runs[0],
        one=case.says[0],
        second=case.runs[1],
        other=case.says[1],
    )


def _block(figure: Figure, gallery: Gallery, case: _Case, corner: tuple[float, float]) -> None:
    """Set one case; ``corner``: its left upper corner in inches from the figure's left lower one."""
    wide, high = figure.get_size_inches()
    left, top = corner
    image = _small(gallery.images[case.place])

    def write(x: float, y: float, text: str, size: float, colour: str = canvas.INK) -> None:
        figure.text(x / wide, y / high, text, fontsize=size, va="top", color=colour)

    write(left, top, canvas.wrapped(case.name, 50), 7.5, colour=canvas.GREY)
    write(left, top - 0.14, canvas.wrapped(case.truth, 50), 8)
    for turn in range(3 if gallery.mapped else 1):
        x, y = left + turn * (TILE + GAP), top - ABOVE - TILE
        panel = figure.add_axes((x / wide, y / high, TILE / wide, TILE / high))
        panel.set_axis_off()
        panel.imshow(np.repeat(image[..., None], 3, axis=2), interpolation="none")
        if turn:
            _overlay(panel, gallery.maps[case.place, turn - 1], image.shape)
            write(x, y - 0.03, _clipped(case.under[turn - 1][0]), 6.5, colour=canvas.GREY)
            write(x, y - 0.15, _clipped(case.under[turn - 1][1]), 7)
    bottom = top - ABOVE - TILE - (UNDER if gallery.mapped else 0.06)
    for turn, line in enumerate(case.votes):
        write(left, bottom - LINE * turn, textwrap.shorten(line, 62, placeholder="…"), 7)


def _small(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Make an image no larger than it is printed."""
    height, width = image.shape
    factor = SIDE / max(height, width)
    if factor >= 1:
        return image
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BOX))


def _overlay(panel: Axes, drawn: NDArray[np.uint8], shape: tuple[int, ...]) -> None:
    """Lay a map over its image: a tint, and shade and lines that are seen on black, on white and without colour."""
    if not drawn.any():
        return
    height, width = shape
    whole = Image.fromarray(drawn.astype(np.float32)).resize((FINE, FINE), Image.Resampling.BILINEAR)
    values = np.asarray(whole) / 255.0
    levels = [level for level in LEVELS if values.min() < level < values.max()]
    if not levels:
        return
    x, y = ((np.arange(FINE) + 0.5) * side / FINE - 0.5 for side in (width, height))
    if levels[0] == LEVELS[0]:
        panel.contourf(x, y, values, levels=[-1, LEVELS[0]], colors=["black"], alpha=0.45)
    panel.contourf(x, y, values, levels=[*levels, 1.01], colors=[OVERLAY], alpha=0.25)
    panel.contour(x, y, values, levels=levels, colors="black", linewidths=1.5)
    panel.contour(x, y, values, levels=levels, colors="white", linewidths=0.7)
    panel.set_xlim(-0.5, width - 0.5)
    panel.set_ylim(height - 0.5, -0.5)


def _grey(found: re.Match[str]) -> str:
    """Write an image, which matplotlib keeps in four colours, in the one that it has."""
    stream = io.BytesIO()
    Image.open(io.BytesIO(base64.b64decode(found[1]))).convert("L").save(stream, format="png", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode('ascii')}"


_PIXELS = re.compile("data:image/png;base64,([A-Za-z0-9+/=\\s]+)")


def _clipped(text: str) -> str:
    """Keep what fits under an image; a letter of Hangul is as wide as two of Latin."""
    room, kept = 24.0, ""
    for letter in text:
        room -= 1.0 if ord(letter) < 0x1100 else 1.9
        if room < 0:
            return f"{kept.rstrip()}…"
        kept += letter
    return kept
