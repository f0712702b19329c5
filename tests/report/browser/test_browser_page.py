"""The page in a real browser: it opens, sorts, toggles, tells exact numbers, prints, and every reader can use it."""

from __future__ import annotations

import io
import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pypdf import PdfReader

from cxr_report.analysis.value import Analysis
from cxr_report.report import document, page
from cxr_report.report.tables import Table

pytestmark = pytest.mark.browser
Open = Callable[..., Any]
P, CHANCE = ("both", "raw", "adjusted"), ("all", "seeds", "cases", "both")


def _heads(opened: Any, table: str) -> list[str]:
    return [
        head.inner_text().split("↕")[0].strip()
        for head in opened.page.query_selector_all(f"#{table} thead tr:last-child > *")
        if head.is_visible()
    ]


def _values(opened: Any, table: str, column: int) -> list[str]:
    cells = opened.page.query_selector_all(f"#{table} tbody tr:not(.title) > :nth-child({column})")
    return [cell.get_attribute("data-value") for cell in cells]


def _click(opened: Any, table: str, column: int) -> None:
    opened.page.click(f"#{table} thead tr:last-child > :nth-child({column}) .sort")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_opens_without_a_complaint_or_a_request(
    scheme: str, width: int, opened: Open, phantom_page: str
) -> None:
    found = opened(phantom_page, scheme=scheme, width=width)
    found.page.wait_for_load_state("networkidle")
    assert found.complaints == []
    assert {url.split(":")[0] for url in found.requests} <= {"file", "data"}
    assert len([url for url in found.requests if url.startswith("file")]) == 1
    assert found.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"


def test_the_fonts_of_the_page_are_those_inside_of_it(opened: Open, phantom_page: str) -> None:
    found = opened(phantom_page)
    told = found.page.evaluate("document.fonts.ready.then(all => Array.from(all).map(each => each.status))")
    assert "loaded" in told
    assert "error" not in told


def test_a_column_is_sorted_by_the_exact_number_and_back_again(opened: Open, phantom_page: str) -> None:
    found = opened(phantom_page)
    before = _values(found, "headline", 5)
    exact = [float(value) for value in before]
    assert sorted(exact) != exact
    head = found.page.locator("#headline thead tr:last-child > :nth-child(5)")
    _click(found, "headline", 5)
    assert [float(value) for value in _values(found, "headline", 5)] == sorted(exact)
    assert head.get_attribute("aria-sort") == "ascending"
    assert "ascending" in found.page.inner_text(".view .status")
    _click(found, "headline", 5)
    assert [float(value) for value in _values(found, "headline", 5)] == sorted(exact, reverse=True)
    assert head.get_attribute("aria-sort") == "descending"
    _click(found, "headline", 5)
    assert _values(found, "headline", 5) == before
    assert head.get_attribute("aria-sort") is None


def test_a_column_is_sorted_by_the_keyboard(opened: Open, phantom_page: str) -> None:
    found = opened(phantom_page)
    found.page.focus("#headline thead tr:last-child > :nth-child(5) .sort")
    found.page.keyboard.press("Enter")
    values = [float(value) for value in _values(found, "headline", 5)]
    assert values == sorted(values)
    found.page.keyboard.press("Space")
    values = [float(value) for value in _values(found, "headline", 5)]
    assert values == sorted(values, reverse=True)


def test_groups_of_rows_keep_their_places_and_undefined_numbers_come_last(
    opened: Open, made_up: Callable[..., Analysis], machine: Callable[..., Table]
) -> None:
    analysis = made_up(losses=4)
    pairs = tuple(
        replace(pair, p_t=math.nan, t=math.nan) if place in (0, 4) else pair
        for place, pair in enumerate(analysis.pairs)
    )
    found = opened(page.render(document.compose(replace(analysis, pairs=pairs), machine())))
    script = """key => Array.from(document.querySelectorAll(`#${key} tbody`)).map(body => ({
        title: body.querySelector('tr.title') ? body.querySelector('tr.title').innerText : '',
        first: body.rows[0].className,
        pairs: Array.from(body.querySelectorAll('tr:not(.title) > th')).map(each => each.innerText).sort() }))"""
    before = found.page.evaluate(script, "pairs-secondary")
    _click(found, "pairs-secondary", 6)
    assert found.page.evaluate(script, "pairs-secondary") == before
    assert {each["first"] for each in before} == {"title"}
    for table in ("pairs", "pairs-secondary"):
        for _ in range(2):
            _click(found, table, 6)
            bodies = found.page.evaluate(
                """key => Array.from(document.querySelectorAll(`#${key} tbody`)).map(body => Array.from(
                body.querySelectorAll('tr:not(.title)')).map(row => row.cells[5].dataset.value))""",
                table,
            )
            for values in bodies:
                defined = [value for value in values if value != "null"]
                assert values[: len(defined)] == defined
    assert "null" in _values(found, "pairs", 6)


def test_words_are_sorted_as_words_and_every_table_with_rows_can_be(opened: Open, phantom_page: str) -> None:
    found = opened(phantom_page)
    sortable = found.page.query_selector_all("table[data-sortable]")
    assert len(sortable) > 20
    assert all(table.query_selector(".sort") for table in sortable)
    _click(found, "headline", 1)
    names = [cell.inner_text() for cell in found.page.query_selector_all("#headline tbody th")]
    assert names == sorted(names, key=str.casefold)


def test_raw_and_adjusted_p_values_are_shown_as_asked(opened: Open, phantom_page: str) -> None:
    found = opened(phantom_page)
    whole = _heads(found, "headline")
    assert {"p", "p adj.", "unadjusted", "simultaneous"} <= set(whole)
    found.choose("p", "raw")
    assert "p" in _heads(found, "headline")
    assert not {"p adj.", "simultaneous"} & set(_heads(found, "headline"))
    found.choose("p", "adjusted")
    assert {"p adj.", "simultaneous"} <= set(_heads(found, "headline"))
    assert not {"p", "unadjusted"} & set(_heads(found, "headline"))
    found.choose("p", "both")
    assert _heads(found, "headline") == whole


def test_answers_for_seeds_cases_or_both_are_shown_as_asked(opened: Open, phantom_page: str) -> None:
    found = opened(phantom_page)
    whole = _heads(found, "headline")

    def keys(table: str) -> set[str]:
        cells = found.page.query_selector_all(f"#{table} [data-key]")
        return {cell.get_attribute("data-key").split(".")[0] for cell in cells if cell.is_visible()}

    assert keys("headline") == {"joint", "pairs", "cases"}
    for chosen, place in (("seeds", "pairs"), ("cases", "cases"), ("both", "joint")):
        found.choose("chance", chosen)
        assert keys("headline") == {place}
        shown = {table: keys(table) for table in ("pairs", "cases", "joint")}
        assert {table for table, found_ in shown.items() if found_} == {place}
        assert found.page.is_visible("#pairs caption")
        assert (
            "First is" in _heads(found, "headline") if chosen == "both" else "First is" not in _heads(found, "headline")
        )
        rows = found.page.query_selector_all("#omnibus tbody tr")
        assert 0 < len([row for row in rows if row.is_visible()]) < len(rows)
    found.choose("chance", "all")
    assert keys("headline") == {"joint", "pairs", "cases"}
    assert _heads(found, "headline") == whole


@pytest.mark.parametrize(("p", "chance"), tuple(itertools.product(P, CHANCE)))
def test_heads_span_just_the_columns_that_are_shown(p: str, chance: str, opened: Open, phantom_page: str) -> None:
    found = opened(phantom_page)
    found.choose("p", p)
    found.choose("chance", chance)
    widths = found.page.evaluate(
        """Array.from(document.querySelectorAll('.table:not(.aside) > table')).map(table => new Set(
        Array.from(table.rows).filter(row => !row.classList.contains('off')).map(row => Array.from(row.cells)
        .filter(cell => !cell.classList.contains('off')).reduce((sum, cell) => sum + cell.colSpan, 0))).size)"""
    )
    assert len(widths) > 10
    assert set(widths) == {1}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_reader_can_use_the_page_in_every_state(scheme: str, opened: Open, small_page: str) -> None:
    found = opened(small_page, scheme="dark" if scheme == "light" else "light")
    found.choose("theme", scheme)
    told = {}
    for p, chance in (*((p, "all") for p in P), *(("both", chance) for chance in CHANCE[1:])):
        found.choose("p", p)
        found.choose("chance", chance)
        told[p, chance] = found.violations()
    assert {state: each for state, each in told.items() if each} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_every_reader_can_use_the_page_as_it_opens(scheme: str, width: int, opened: Open, small_page: str) -> None:
    assert opened(small_page, scheme=scheme, width=width).violations() == []


@pytest.mark.parametrize(
    ("planted", "rule"),
    [
        ("<button></button>", "button-name"),
        ("<table><tr><td headers='nowhere'>x</td></tr></table>", "td-headers-attr"),
        ("<p><a href='#main' class='planted'>a</a> <img src='data:,'></p>", "image-alt"),
        ("<style>.quiet { color: #bbb }</style><p class='quiet'>hardly to be read</p>", "color-contrast"),
    ],
)
def test_a_planted_violation_is_found(planted: str, rule: str, opened: Open, small_page: str) -> None:
    found = opened(small_page.replace("<main>", f"<main>{planted}", 1))
    assert rule in {each.split(":")[0] for each in found.violations()}


def test_light_and_dark_follow_the_system_and_the_switch(opened: Open, phantom_page: str) -> None:
    def paper(found: Any) -> str:
        return str(found.page.evaluate("getComputedStyle(document.body).backgroundColor"))

    light, dark = opened(phantom_page), opened(phantom_page, scheme="dark")
    white, black = paper(light), paper(dark)
    assert white != black
    light.choose("theme", "dark")
    dark.choose("theme", "light")
    assert (paper(light), paper(dark)) == (black, white)
    light.choose("theme", "system")
    assert paper(light) == white


def test_the_contents_tell_the_section_that_is_read(opened: Open, phantom_page: str) -> None:
    found = opened(phantom_page)
    titles = [link.inner_text() for link in found.page.query_selector_all(".contents a")]
    shown = [head.inner_text() for head in found.page.query_selector_all("main h2, main h3")]
    assert titles == shown
    for key in ("results-main", "references"):
        found.page.evaluate("key => document.getElementById(key).scrollIntoView()", key)
        found.page.wait_for_function(
            "key => document.querySelector('.contents [aria-current]').hash === '#' + key", arg=key, timeout=5000
        )
        assert len(found.page.query_selector_all(".contents [aria-current]")) == 1
        assert found.page.locator(".contents").bounding_box()["y"] >= 0, "the contents stay in sight"


def test_an_exact_number_is_told_to_the_mouse_and_to_the_keyboard(opened: Open, phantom_page: str) -> None:
    found = opened(phantom_page)
    cell = found.page.locator("#headline tbody tr:first-child td[data-key]").first
    key, value = cell.get_attribute("data-key"), cell.get_attribute("data-value")
    tip = found.page.locator(".tip")
    assert not tip.is_visible()
    cell.hover()
    assert tip.inner_text().split() == [value, key]
    found.page.keyboard.press("Escape")
    assert not tip.is_visible()
    cell.focus()
    assert tip.inner_text().split() == [value, key]
    assert cell.get_attribute("aria-describedby") == "exact-number"
    found.page.keyboard.press("ArrowRight")
    other = found.page.locator("#headline tbody tr:first-child td[data-key]").nth(1)
    low, high = other.get_attribute("data-value").split()
    assert tip.inner_text().split()[:3] == [low, "to", high]
    found.page.keyboard.press("ArrowDown")
    below = found.page.locator("#headline tbody tr:nth-child(2) td[data-key]").nth(1)
    assert tip.inner_text().split()[0] == below.get_attribute("data-value").split()[0]


def test_every_number_with_a_place_can_be_reached_and_each_group_is_one_stop(opened: Open, phantom_page: str) -> None:
    found = opened(phantom_page)
    script = """() => { const groups = new Map();
        for (const each of document.querySelectorAll('main [data-key][data-value]')) {
          if (each.offsetParent === null) continue;
          const group = each.closest('table, p, li');
          groups.set(group, (groups.get(group) || []).concat(each.tabIndex));
        } return Array.from(groups.values()) }"""
    assert sum(map(len, found.page.evaluate(script))) > 300
    for chance in CHANCE:
        found.choose("chance", chance)
        told = found.page.evaluate(script)
        assert len(told) > 10
        assert all(set(stops) <= {-1, 0} and stops.count(0) == 1 for stops in told), chance


def test_paper_shows_everything_and_no_control(opened: Open, phantom_page: str) -> None:
    found = opened(phantom_page, scheme="dark")
    found.choose("p", "adjusted")
    found.choose("chance", "seeds")
    found.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    printed = PdfReader(io.BytesIO(found.page.pdf(prefer_css_page_size=True)))
    text = " ".join(" ".join(sheet.extract_text() for sheet in printed.pages).split())
    for control in ("as the system", "answers for other", "p values and intervals"):
        assert control not in text
    assert "Contents" not in text.split("Abstract")[0]
    for shown in ("Seeds and cases", "simultaneous", "Cases, these runs", "References", "Time and machine"):
        assert shown in text
    assert (round(float(printed.pages[0].mediabox.width)), round(float(printed.pages[0].mediabox.height))) == (595, 842)


def test_without_a_script_everything_can_be_read(opened: Open, phantom_page: str) -> None:
    found = opened(phantom_page, script=False)
    assert found.page.is_visible("#headline tbody td")
    assert found.page.is_visible(".contents a")
    assert not found.page.is_visible(".view input")
    assert not found.page.is_visible(".tip")


def test_a_foreign_script_does_not_run(opened: Open, phantom_page: str) -> None:
    planted = "<script>document.title = 'taken'</script><p onclick=\"document.title = 'taken'\" id='bait'>x</p>"
    found = opened(phantom_page.replace("<main>", f"<main>{planted}", 1))
    found.page.click("#bait")
    assert "taken" not in found.page.title()
    assert any("Content Security Policy" in each for each in found.complaints)


ATTACK = "\"><img src=x onerror=alert(1)><script>alert(1)</script>' {{ 7*7 }} </title></style> {}"


def test_a_users_markup_runs_nowhere_and_sorting_tells_it_as_text(
    opened: Open, made_up: Callable[..., Analysis], machine: Callable[..., Table]
) -> None:
    analysis = made_up(title=ATTACK, class_names=("a", ATTACK, "c"))
    labels = dict.fromkeys(analysis.losses, ATTACK)
    found = opened(page.render(document.compose(replace(analysis, labels=labels), machine())))
    dialogs: list[str] = []
    found.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    for button in found.page.query_selector_all(".sort")[:40]:
        button.click()
    assert dialogs == []
    assert found.complaints == []
    assert found.page.query_selector_all("main img") == []
    assert ATTACK in found.page.inner_text("h1")
