"""The figures: drawn whatever the study looks like, without a trace in matplotlib's settings, told in words."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import matplotlib
import pytest

from cxr_report.analysis.value import Analysis
from cxr_report.losses import CATALOGUE
from cxr_report.metrics import METRICS
from cxr_report.report import fonts
from cxr_report.report.figures import (
    Picture,
    canvas,
    confusion,
    differences,
    flow,
    formula,
    learning,
    ranking,
    roc,
    seeds,
    standalone,
)
from cxr_report.report.figures.picture import tidy

SVG = "{http://www.w3.org/2000/svg}"
DRAWN: dict[str, Callable[[Analysis], Picture | None]] = {
    "learning": learning.draw,
    "seeds": lambda analysis: seeds.draw(analysis)[0],
    "roc": roc.draw,
    "confusion": confusion.draw,
    "differences": differences.draw,
}
SHAPES: dict[str, dict[str, Any]] = {
    "usual": {},
    "two losses": {"task": "binary", "losses": 2, "seeds": 2, "joint": False},
    "findings": {"task": "multilabel", "losses": 3, "classes": 14, "seeds": 2},
    "undefined": {"undefined": ("auroc", "brier"), "joint": False},
    "many pairs": {"losses": 12, "seeds": 2, "classes": 9, "class_names": tuple(f"class-{n}" for n in range(9))},
    "many findings": {
        "task": "multilabel",
        "losses": 3,
        "seeds": 2,
        "classes": 40,
        "class_names": tuple(f"f{n}" for n in range(40)),
    },
    "many metrics": {"secondary": tuple(name for name in METRICS if name != "auroc")},
}


CASES = [
    *((name, shape) for shape in ("usual", "two losses", "findings", "undefined") for name in DRAWN),
    *((name, "many pairs") for name in ("learning", "confusion", "differences")),
    *((name, "many findings") for name in ("roc", "confusion")),
    ("seeds", "many metrics"),
]
"""Every figure of the common shapes, and of the large ones those that grow with what is large."""

_KEPT: dict[tuple[str, int], ElementTree.Element] = {}


def _drawn(name: str, analysis: Analysis) -> ElementTree.Element:
    """Draw a figure once for all tests that look at it; analyses are made up once, too."""
    key = (name, id(analysis))
    if key not in _KEPT:
        picture = DRAWN[name](analysis)
        assert picture is not None
        _KEPT[key] = ElementTree.fromstring(picture.svg)
    return _KEPT[key]


@pytest.mark.parametrize(("name", "shape"), CASES)
def test_a_figure_is_sound_markup_that_can_stand_inside_a_page(
    name: str, shape: str, made_up: Callable[..., Analysis]
) -> None:
    root = _drawn(name, made_up(**SHAPES[shape]))
    tags = [element.tag for element in root.iter()]
    assert f"{SVG}style" not in tags
    assert f"{SVG}metadata" not in tags
    assert tags.count(f"{SVG}title") == 1
    assert tags.count(f"{SVG}text") > 5, "text is text, not outlines"
    assert all("style" not in element.attrib for element in root.iter())
    ids = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
    assert all(own.startswith(f"{name}-") for own in ids)
    coordinates = " ".join(element.attrib.get("d", "") for element in root.iter())
    assert "nan" not in coordinates
    assert "inf" not in coordinates


@pytest.mark.parametrize(("name", "shape"), CASES)
def test_a_figure_fits_on_a_page(name: str, shape: str, made_up: Callable[..., Analysis]) -> None:
    root = _drawn(name, made_up(**SHAPES[shape]))
    assert float(root.attrib["width"].removesuffix("pt")) <= 6.3 * 72 + 0.1
    assert float(root.attrib["height"].removesuffix("pt")) <= 9.0 * 72


def test_the_alternative_text_of_the_dots_names_the_best_and_the_worst_loss(made_up: Callable[..., Analysis]) -> None:
    analysis = made_up()
    means = {entry.loss: entry.mean for entry in analysis.summaries if entry.metric == "auroc" and not entry.klass}
    best, worst = max(means, key=lambda loss: means[loss]), min(means, key=lambda loss: means[loss])
    assert f"Best mean AUROC: {best} with {means[best]:.3f}; worst: {worst}" in seeds.draw(analysis)[0].alt


def test_more_metrics_than_a_page_holds_are_dealt_to_several_figures(made_up: Callable[..., Analysis]) -> None:
    pictures = seeds.draw(made_up(**SHAPES["many metrics"]))
    assert [picture.key for picture in pictures] == ["seeds", "seeds-2", "seeds-3"]
    texts = ["".join(e.itertext()) for p in pictures for e in ElementTree.fromstring(p.svg).iter(f"{SVG}text")]
    assert [
        name
        for name in SHAPES["many metrics"]["secondary"]
        if f"{METRICS[name].title} →" not in texts and f"{METRICS[name].title} ←" not in texts
    ] == []


def test_the_alternative_text_of_the_differences_names_what_is_shown_and_no_more(
    made_up: Callable[..., Analysis],
) -> None:
    analysis = made_up(losses=6, seeds=10)
    shown = [pair for pair in analysis.joint[0].pairs if pair.verdict in ("first better", "second better")]
    assert shown
    alt = differences.draw(analysis).alt
    assert f"{len(shown)} of them" in alt
    assert alt.count(" − ") == len(shown)


def test_drawing_leaves_matplotlibs_settings_alone(made_up: Callable[..., Analysis]) -> None:
    before = dict(matplotlib.rcParams)
    seeds.draw(made_up())
    formula.draw("x^2", "x", "x squared")
    assert dict(matplotlib.rcParams) == before


def test_a_readers_own_settings_do_not_change_a_figure(made_up: Callable[..., Analysis]) -> None:
    analysis = made_up()
    usual = seeds.draw(analysis)
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red", "svg.fonttype": "path"}):
        assert seeds.draw(analysis) == usual


def test_dollar_signs_and_markup_in_a_name_are_drawn_as_they_are(made_up: Callable[..., Analysis]) -> None:
    picture = roc.draw(made_up(class_names=("a$x^2$b", "<b>c</b>", "d")))
    assert picture is not None
    texts = ["".join(element.itertext()) for element in ElementTree.fromstring(picture.svg).iter(f"{SVG}text")]
    assert "a$x^2$b" in texts
    assert "<b>c</b>" in texts


def test_a_character_that_the_fonts_lack_is_no_error_and_stays_text(made_up: Callable[..., Analysis]) -> None:
    picture = roc.draw(made_up(class_names=("폐렴", "b", "c")))
    assert picture is not None
    assert "폐렴" in picture.svg


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_formula_of_the_catalogue_is_drawn_and_told(name: str) -> None:
    entry = CATALOGUE[name]
    drawn = formula.draw(entry.formula, name, entry.spoken)
    root = ElementTree.fromstring(drawn)
    assert root.findtext(f"{SVG}title") == entry.spoken
    assert len(list(root.iter(f"{SVG}use"))) > 3


def test_a_formula_that_cannot_be_set_stays_text() -> None:
    assert formula.draw(r"\nosuchcommand{<b>", "x", "x") == r"<code>\nosuchcommand{&lt;b&gt;</code>"


def test_the_flow_counts_every_exclusion() -> None:
    picture = flow.draw(flow.Flow(20, {"unreadable": 3, "no label": 2}, 15, {"Training": (10, 9), "Test": (5, None)}))
    texts = ["".join(e.itertext()) for e in ElementTree.fromstring(picture.svg).iter(f"{SVG}text")]
    for wanted in ("Images found: 20", "unreadable: 3", "no label: 2", "Cases in the study: 15"):
        assert any(wanted in text for text in texts), wanted
    assert "Test: 5 cases" in picture.alt
    assert "Training: 10 cases of 9 patients" in picture.alt


def test_a_figures_file_brings_its_own_font(made_up: Callable[..., Analysis]) -> None:
    (picture,) = seeds.draw(made_up())
    file = standalone(picture.svg, fonts.face_rules([picture.svg], fonts.FACES[:1]))
    root = ElementTree.fromstring(file)
    style = root.find(f"{SVG}style")
    assert style is not None
    assert re.search(r"@font-face\{font-family:\"STIXGeneral\".*data:font/woff2;base64,", style.text or "")
    assert "http" not in re.sub(r"http://www\.w3\.org/[a-z0-9/]+", "", file)


def test_the_matrices_say_which_runs_they_add_up_that_comparisons_leave_out(made_up: Callable[..., Analysis]) -> None:
    analysis = made_up(seeds=6, diverged=2)
    picture, usual = confusion.draw(analysis), confusion.draw(made_up())
    assert picture is not None
    assert usual is not None
    assert "seeds 1 and 2 included, which the comparisons leave out" in picture.title
    assert "the seeds of each loss function" in usual.title


def test_wilcoxons_bar_is_left_out_where_no_pair_could_be_told_apart(made_up: Callable[..., Analysis]) -> None:
    few, many = made_up(seeds=5).rankings[0], made_up(seeds=12).rankings[0]
    assert ranking.powerless(few, 0.05)
    assert not ranking.powerless(many, 0.05)
    told = replace(few.procedures[1], drawn=True, cliques=(few.losses,))
    assert ranking.drawn_cliques(told, powerless=False) == (few.losses,)
    assert ranking.drawn_cliques(told, powerless=True) == ()
    picture = ranking.draw(made_up(seeds=5))
    assert picture is not None
    assert "cannot reach α and has no bars" in picture.title


def test_a_setting_in_a_name_is_never_broken() -> None:
    lines = canvas.wrapped("focal loss, gamma = 2, alpha = 0.25", 9).split("\n")
    assert not any(line.startswith("=") or line.endswith("=") for line in lines)


def test_ids_that_hang_on_the_place_in_memory_leave_no_trace() -> None:
    form = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><defs>'
        '<clipPath id="{clip}"><path d="M 0 0"/></clipPath><path id="{mark}" d="M 1 1"/></defs>'
        '<g clip-path="url(#{clip})"><use xlink:href="#{mark}"/></g><g id="unused"/></svg>'
    )
    one, other = (tidy(form.format(clip=clip, mark=mark), "f", "told") for clip, mark in (("p1a", "m2"), ("pff", "m9")))
    assert one == other
    assert 'clip-path="url(#f-1)"' in one
    assert 'href="#f-2"' in one
    assert "unused" not in one
