"""The HTML page: one file, nothing of a user's text is markup, every number leads back to statistics.json."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from cxr_report.analysis.value import Analysis, to_plain
from cxr_report.report import document, names, page, templates
from cxr_report.report.tables import Table

VOID = ("meta", "wbr", "br", "img", "link", "input", "hr")


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    content: list[Element | str] = field(default_factory=list)

    @property
    def children(self) -> list[Element]:
        return [part for part in self.content if isinstance(part, Element)]

    def walk(self) -> Iterator[Element]:
        yield self
        for child in self.children:
            yield from child.walk()

    def all(self, tag: str) -> list[Element]:
        return [element for element in self.walk() if element.tag == tag]

    def full_text(self) -> str:
        return "".join(part if isinstance(part, str) else part.full_text() for part in self.content)


class Tree(HTMLParser):
    """A strict little parser: every element that is opened must be closed, in order."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("root", {})
        self.open = [self.root]
        self.feed(source)
        self.close()
        assert len(self.open) == 1, f"not closed: {[element.tag for element in self.open[1:]]}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {key: value or "" for key, value in attrs})
        self.open[-1].content.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].content.append(Element(tag, {key: value or "" for key, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self.open[-1].content.append(data)


@pytest.fixture(scope="module")
def tree(phantom_page: str) -> Element:
    return Tree(phantom_page).root


def test_the_page_is_one_file_that_refers_to_nothing_outside_of_itself(phantom_page: str, tree: Element) -> None:
    assert {"link", "img", "iframe", "object", "base"} & {element.tag for element in tree.walk()} == set()
    assert all(target.startswith(("data:", "#")) for target in re.findall(r"url\([\"']?([^\"')]+)", phantom_page))
    assert "@import" not in phantom_page
    links = [e.attributes["href"] for e in tree.walk() if "href" in e.attributes and e.tag != "use"]
    assert {link.split("/")[2] for link in links if "://" in link} <= {"doi.org"}


def test_the_one_script_is_the_packages_own_and_the_only_one_that_the_page_allows(phantom_page: str) -> None:
    (script,) = Tree(phantom_page).root.all("script")
    assert script.attributes == {}
    source = (templates.find() / "report.js").read_text(encoding="utf-8")
    assert script.full_text() == source
    digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
    policies = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', phantom_page)
    assert policies == [
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; font-src data:; img-src data:"
    ]


def test_every_link_inside_the_page_has_its_target_and_no_id_stands_twice(tree: Element) -> None:
    ids = [element.attributes["id"] for element in tree.walk() if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    inner = {
        value.removeprefix("#")
        for element in tree.walk()
        for key, value in element.attributes.items()
        if key in ("href", "xlink:href") and value.startswith("#")
    }
    assert inner <= set(ids)


def test_equal_inputs_give_an_equal_page_in_another_process_too(phantom_page: str) -> None:
    code = (
        "import importlib.util, sys\n"
        f"spec = importlib.util.spec_from_file_location('made_up', {str(_conftest())!r})\n"
        "module = importlib.util.module_from_spec(spec); sys.modules['made_up'] = module\n"
        "spec.loader.exec_module(module)\n"
        "from cxr_report.report import document, page\n"
        "shape = module.Shape(source='phantom')\n"
        "sys.stdout.buffer.write(page.render(document.compose(module.build(shape), module.machine_table())).encode())\n"
    )
    again = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=_environment())
    assert again.stdout.decode() == phantom_page


def _conftest() -> Path:
    return Path(__file__).with_name("conftest.py")


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONHASHSEED": "123", "PYTHONPATH": ":".join(path for path in sys.path if path)}


def test_only_the_marked_block_depends_on_time_and_machine(
    phantom_page: str, made_up: Callable[..., Analysis], machine: Callable[..., Table]
) -> None:
    other = page.render(document.compose(made_up(source="phantom"), machine("кластер with 64 GPUs ☃")))
    assert phantom_page.count(page.BEGIN) == phantom_page.count(page.END) == 1
    assert phantom_page.count('data-block="time-and-machine"') == 1
    assert other != phantom_page
    assert [part.split(page.END)[-1] for part in other.split(page.BEGIN)] == [
        part.split(page.END)[-1] for part in phantom_page.split(page.BEGIN)
    ]


def test_synthetic_data_stands_in_the_title_block(tree: Element) -> None:
    front = next(element for element in tree.all("header") if element.attributes.get("class") == "front")
    assert "Synthetic data" in front.full_text()


def test_real_data_are_not_called_synthetic(made_up: Callable[..., Analysis], machine: Callable[..., Table]) -> None:
    composed = document.compose(made_up(), machine())
    assert composed.marks == ()
    assert "Synthetic data" not in page.render(composed)


def test_partial_and_exploratory_stand_in_the_title_block(
    made_up: Callable[..., Analysis], machine: Callable[..., Table]
) -> None:
    analysis = made_up(partial=True, exploratory=("seeds 9 added after a first analysis",))
    composed = document.compose(analysis, machine())
    assert composed.marks == ("Partial", "Exploratory")
    front = Tree(page.render(composed)).root.all("header")[0].full_text()
    assert "1 file was missing" in front
    assert "seeds 9 added after a first analysis" in front


ATTACK = '<script>alert(1)</script><b>&amp;{{ 7 * 7 }}{% raw %}" onload="x" --> </style> $x$ \\input{x}'


def test_markup_in_a_users_text_stays_text(made_up: Callable[..., Analysis], machine: Callable[..., Table]) -> None:
    analysis = made_up(title=ATTACK, class_names=("a", ATTACK, "=1+1"), exploratory=(ATTACK,))
    study = analysis.study
    losses = {name: loss.model_copy(update={"label": ATTACK}) for name, loss in study.losses.items()}
    report = study.report.model_copy(update={"authors": (ATTACK,)})
    analysis = _replaced(analysis, study.model_copy(update={"losses": losses, "report": report}))
    source = page.render(document.compose(analysis, machine()))
    root = Tree(source).root
    assert "b49" not in {element.tag for element in root.walk()}
    assert [each.full_text() for each in root.all("script")] == [
        (templates.find() / "report.js").read_text(encoding="utf-8")
    ]
    assert all(not key.startswith("on") for element in root.walk() for key in element.attributes)
    assert ATTACK in root.all("h1")[0].full_text()
    assert ATTACK in root.all("title")[0].full_text()
    assert source.count(page.BEGIN) == 1
    assert "49" not in root.all("h1")[0].full_text()


def _replaced(analysis: Analysis, study: Any) -> Analysis:
    return replace(analysis, study=study, labels=dict.fromkeys(analysis.losses, ATTACK))


def test_a_users_text_cannot_take_the_place_of_the_fonts(
    made_up: Callable[..., Analysis], machine: Callable[..., Table]
) -> None:
    source = page.render(document.compose(made_up(title=page.FACES), machine()))
    assert Tree(source).root.all("h1")[0].full_text() == page.FACES
    assert source.index("@font-face") < source.index("<title>")


def test_every_figure_is_drawn_numbered_and_told_in_words(tree: Element) -> None:
    figures = tree.all("figure")
    numbers = [figure.all("figcaption")[0].all("b")[0].full_text() for figure in figures]
    main = [number for number in numbers if "A" not in number]
    assert main == [f"Figure {place}." for place in range(1, len(main) + 1)]
    assert numbers[len(main) :] == [f"Figure A{place}." for place in range(1, len(numbers) - len(main) + 1)]
    assert len(main) >= 6
    for figure in figures:
        (picture,) = figure.all("svg")
        assert picture.attributes["role"] == "img"
        (title,) = picture.all("title")
        assert picture.attributes["aria-labelledby"] == title.attributes["id"]
        assert len(title.full_text()) > 60
        assert len(picture.all("path")) + len(picture.all("use")) > 5
        assert re.search(r"\(n = \d[\d\u202f]* .*\)\.$", figure.all("figcaption")[0].full_text())


def test_the_alternative_text_of_a_figure_states_a_finding_and_no_caption(tree: Element) -> None:
    for figure in tree.all("figure"):
        told, caption = figure.all("title")[0].full_text(), figure.all("figcaption")[0].full_text()
        assert re.search(r"\d", told), f"{figure.attributes['id']}: no number of what is to be seen"
        assert told not in caption
        assert ": " in told or " with " in told, f"{figure.attributes['id']}: names the drawing alone"


def test_the_contents_list_every_section_of_the_page(tree: Element) -> None:
    (contents,) = [each for each in tree.all("nav") if "contents" in each.attributes["class"]]
    links = {link.attributes["href"]: link.full_text() for link in contents.all("a")}
    shown = [
        (f"#{section.attributes['id']}", head.full_text())
        for section in tree.all("section")
        for head in section.children
        if head.tag in ("h2", "h3")
    ]
    assert list(links.items()) == shown
    assert len(shown) > 15


def test_columns_say_what_they_answer_for_and_whether_they_are_adjusted(tree: Element) -> None:
    (table,) = [each for each in tree.all("div") if each.attributes.get("id") == "headline"]
    heads = [
        (each.full_text(), each.attributes.get("data-p", ""), each.attributes.get("data-chance", ""))
        for each in table.all("thead")[0].all("tr")[-1].children
    ]
    assert heads == [
        ("First − second", "", ""), ("Difference", "", "both"), ("unadjusted", "raw", "both"),
        ("simultaneous", "adjusted", "both"), ("p", "raw", "both"), ("p adj.", "adjusted", "both"),
        ("p", "raw", "seeds"), ("p", "raw", "cases"), ("dz", "", "seeds"), ("First is", "", "both"),
    ]  # fmt: skip
    whole = {
        each.attributes["id"]: each.attributes.get("data-chance") for each in tree.all("div") if "id" in each.attributes
    }
    assert (whole["pairs"], whole["joint"], whole["cases"], whole["main"]) == ("seeds", "both", "cases", None)
    (omnibus,) = [each for each in tree.all("div") if each.attributes.get("id") == "omnibus"]
    rows = {row.children[1].full_text(): row.attributes.get("data-chance") for row in omnibus.all("tbody")[0].all("tr")}
    assert set(rows.values()) == {"both", "seeds", "cases"}


def test_every_formula_is_told_in_words(tree: Element) -> None:
    for picture in tree.all("svg"):
        assert picture.all("title")[0].full_text().strip()


def test_every_table_is_numbered_and_says_what_it_counts(tree: Element) -> None:
    captions = [table.all("caption")[0].full_text() for table in tree.all("table")]
    numbers = [caption.split(".")[0] for caption in captions]
    main = [number for number in numbers if "A" not in number.split()[1]]
    appendix = [number for number in numbers if number not in main]
    assert main == [f"Table {place}" for place in range(1, len(main) + 1)]
    assert appendix == [f"Table A{place}" for place in range(1, len(appendix) + 1)]
    assert [caption for caption in captions if not re.search(r"\(n = \d+.*\)\.$", caption)] == []


def test_every_head_of_a_table_has_a_scope_and_every_row_a_head(tree: Element) -> None:
    for table in tree.all("table"):
        assert {head.attributes.get("scope") for head in table.all("th")} <= {"col", "row", "colgroup", "rowgroup"}
        for body in table.all("tbody"):
            assert all(row.children[0].tag == "th" for row in body.all("tr"))
        width = {
            sum(int(cell.attributes.get("colspan", "1")) for cell in row.children if cell.tag in ("th", "td"))
            for row in table.all("tr")
        }
        assert len(width) == 1, "rows of different widths"


def test_every_number_with_a_key_leads_to_itself_in_the_statistics(
    tree: Element, made_up: Callable[..., Analysis]
) -> None:
    plain = to_plain(made_up(source="phantom"))
    marked = [element for element in tree.walk() if element.attributes.get("data-key")]
    assert len(marked) > 300
    for element in marked:
        found = _at(plain, element.attributes["data-key"])
        shown = [float("nan") if v == "null" else float(v) for v in element.attributes["data-value"].split()]
        wanted = [found["low"], found["high"]] if isinstance(found, dict) else [found]
        for told, meant in zip(shown, wanted, strict=False):
            assert told == pytest.approx(float(meant), nan_ok=True, rel=0, abs=0)


def _at(plain: Any, key: str) -> Any:
    for part in key.split("."):
        plain = plain[int(part)] if isinstance(plain, list | tuple) else plain[part]
    return plain


def test_headings_do_not_skip_a_level(tree: Element) -> None:
    levels = [int(e.tag[1]) for e in tree.walk() if re.fullmatch(r"h[1-6]", e.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_reference_is_cited_and_has_a_number(tree: Element) -> None:
    entries = {e.attributes["id"] for e in tree.all("li") if e.attributes.get("id", "").startswith("ref-")}
    cited = {e.attributes["href"].removeprefix("#") for e in tree.all("a") if e.attributes["href"].startswith("#ref-")}
    in_tables = {f"ref-{number}" for number in _cited_in_losses(tree)}
    assert entries == cited | in_tables
    assert len(entries) > 10


def _cited_in_losses(tree: Element) -> set[str]:
    (table,) = [e for e in tree.all("div") if e.attributes.get("id") == "losses"]
    cells = [row.children[-1].full_text() for body in table.all("tbody") for row in body.all("tr")]
    return {number for cell in cells for number in re.findall(r"\d+", cell)}


@pytest.mark.parametrize(
    "shape",
    [
        {"task": "binary", "losses": 2, "seeds": 2, "joint": False},
        {"task": "multilabel", "losses": 6, "seeds": 2, "classes": 14, "long_names": True},
        {"undefined": ("brier", "balanced_accuracy", "average_precision"), "losses": 2},
        {"undefined": ("auroc",), "joint": False, "losses": 2},
        {"diverged": 2, "losses": 2, "seeds": 6},
        {"secondary": (), "losses": 7, "seeds": 2},
        {"losses": 2, "classes": 5, "class_names": ("x" * 64, "b", "c", "d", "e")},
    ],
    ids=[
        "two losses",
        "14 findings",
        "undefined metrics",
        "undefined primary",
        "diverged",
        "no secondary",
        "long class",
    ],
)
def test_a_study_of_any_shape_gives_a_sound_page(
    shape: dict[str, Any], made_up: Callable[..., Analysis], machine: Callable[..., Table]
) -> None:
    source = page.render(document.compose(made_up(**shape), machine()))
    root = Tree(source).root
    shown = [element.full_text() for tag in ("td", "text", "figcaption", "caption") for element in root.all(tag)]
    assert [text for text in shown if re.search(r"\bnan\b|\bNaN\b|\bNone\b|\binf\b", text)] == []
    assert len(source) < 3_000_000


def test_no_caption_counts_patients_where_the_source_names_none(made_up: Callable[..., Analysis]) -> None:
    analysis = made_up()
    nameless = replace(
        analysis, data=replace(analysis.data, content={**analysis.data.content, "patients": {"known": False}})
    )
    assert "patients" in names.counted(analysis)
    assert "patients" not in names.counted(nameless)


def test_every_figure_and_table_is_pointed_to_from_the_text(tree: Element) -> None:
    shown = [each.attributes["id"] for each in tree.all("figure")]
    shown += [each.attributes["id"] for each in tree.all("div") if "table" in each.attributes.get("class", "").split()]
    cited = {link.attributes["href"].removeprefix("#") for part in tree.all("p") for link in part.all("a")}
    assert [key for key in shown if key not in cited] == []


def test_no_paragraph_holds_a_reference_alone(tree: Element) -> None:
    texts = [part.full_text().strip() for part in tree.all("p")]
    assert [text for text in texts if re.fullmatch(r"See (Figure|Table)[^.]*\.", text)] == []


def test_names_of_two_people_and_apostrophes_are_set_as_such_and_a_setting_stays_on_its_line() -> None:
    written = str(page._typeset("Kullback-Leibler's gamma = 2 & the rest"))
    assert written == "Kullback–Leibler’s gamma\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}2 &amp; the rest"
    assert "’" in page._breakable("the author's own")
