"""CITATION.cff is valid in version 1.2.0 of the format, whatever stands in title and names."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr_report.errors import Refusal, unprintable
from cxr_report.exchange import licence
from cxr_report.exchange.citation import Work, check_date, text

yaml = pytest.importorskip("yaml", reason="PyYAML, which reads the file back, is not here")

REQUIRED = {"authors", "cff-version", "message", "title"}
KEYS = {*REQUIRED, "type", "license", "identifiers", "version", "date-released"}
"""Those of the format's schema 1.2.0 that are used here; it allows no others than its own."""

PLAN = "0" * 64
shown = st.text(min_size=1, max_size=40).filter(lambda said: bool(said.strip()) and not unprintable(said))


def read(work: Work) -> dict[str, Any]:
    told: dict[str, Any] = yaml.load(text(work), Loader=yaml.BaseLoader)
    return told


def check(told: dict[str, Any]) -> None:
    """Hold a file against the rules of the schema that concern its fields."""
    assert set(told) >= REQUIRED
    assert set(told) <= KEYS
    assert told["cff-version"] == "1.2.0"
    assert told["type"] in ("software", "dataset")
    assert told["title"]
    assert told["message"]
    assert told["license"] in licence.KNOWN
    assert told["authors"]
    assert len({tuple(sorted(author.items())) for author in told["authors"]}) == len(told["authors"])
    for author in told["authors"]:
        assert set(author) in ({"name"}, {"family-names", "given-names"})
        assert all(author.values())
    for entry in told["identifiers"]:
        assert set(entry) <= {"type", "value", "description"}
        assert entry["type"] in ("doi", "url", "swh", "other")
    assert re.fullmatch(r"[0-9]{4}-(0[1-9]|1[012])-(0[1-9]|[12][0-9]|3[01])", told.get("date-released", "2026-01-01"))


@given(title=shown, authors=st.lists(shown, min_size=1, max_size=4), version=st.one_of(st.just(""), shown))
def test_title_names_and_version_come_back_as_they_were(title: str, authors: list[str], version: str) -> None:
    told = read(Work(title, tuple(authors), "CC-BY-4.0", PLAN, version, "2026-02-28"))
    check(told)
    assert told["title"] == title
    assert told.get("version", "") == version
    plain = list(dict.fromkeys(author.strip() for author in authors if "," not in author))
    assert [entry["name"] for entry in told["authors"] if "name" in entry and "," not in entry["name"]] == plain


def test_a_comma_parts_family_and_given_name_and_nothing_else_is_taken_apart() -> None:
    told = read(Work("x", ("Curie, Marie", "B. Author", "Curie, Marie"), "MIT", PLAN))
    assert told["authors"] == [{"family-names": "Curie", "given-names": "Marie"}, {"name": "B. Author"}]


def test_a_name_given_twice_or_not_at_all_stands_once_or_not_at_all() -> None:
    told = read(Work("x", ("A", " A", "", "B"), "MIT", PLAN))
    check(told)
    assert told["authors"] == [{"name": "A"}, {"name": "B"}]


def test_without_a_date_there_is_none_so_that_bytes_are_the_same_on_every_day() -> None:
    assert "date-released" not in read(Work("x", ("A",), "MIT", PLAN))


@pytest.mark.parametrize("authors", [(), ("",), ("  ", "")])
def test_nobody_cannot_be_cited(authors: tuple[str, ...]) -> None:
    with pytest.raises(Refusal, match="the study names no author; say --author"):
        text(Work("x", authors, "MIT", PLAN))


def test_what_cannot_be_printed_is_refused() -> None:
    with pytest.raises(Refusal, match=r"holds the character U\+000A"):
        text(Work("x", ("A\nB",), "MIT", PLAN))


@pytest.mark.parametrize("day", ["2026-02-30", "28.2.2026", "20260228", "2026-2-8"])
def test_a_day_that_is_none_is_refused(day: str) -> None:
    with pytest.raises(Refusal, match="must be a day of the calendar such as 2026-02-28"):
        check_date(day)
