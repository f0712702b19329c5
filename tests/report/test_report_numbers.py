"""Every number in a table or a sentence leads to its full precision, but for settings and words of a method."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from typing import Any

import pytest

from cxr_report.analysis.value import Analysis
from cxr_report.report import document, page
from cxr_report.report.tables import Table

numbers = importlib.import_module("report_checks.numbers")


@pytest.mark.parametrize(
    "shape",
    [
        {"source": "phantom", "losses": 6, "seeds": 10},
        {"task": "binary", "losses": 2, "seeds": 3},
        {"task": "multilabel", "losses": 3, "classes": 5},
        {"diverged": 2, "losses": 3, "seeds": 6},
        {"joint": False, "losses": 3},
    ],
    ids=["three classes", "binary", "findings", "diverged", "scores over seeds alone"],
)
def test_no_number_stands_for_itself_alone(
    shape: dict[str, Any], made_up: Callable[..., Analysis], machine: Callable[..., Table]
) -> None:
    source = page.render(document.compose(made_up(**shape), machine()))
    assert source.count("data-value=") > 200
    assert list(numbers.unmarked(source)) == []


def test_a_number_without_a_place_is_found_in_a_cell_and_in_a_sentence(phantom_page: str) -> None:
    cell = re.sub(
        r'(<tbody>\s*<tr>(?:(?!</tr>).)*?<td) data-key="joint[^"]*" data-value="[^"]*"', r"\1", phantom_page, count=1
    )
    assert cell != phantom_page
    assert [place for place, *_ in numbers.unmarked(cell)]
    told = phantom_page.replace('<section id="results-main">', '<section id="results-main"><p>It was 0.912.</p>', 1)
    assert [(place, number) for place, number, _ in numbers.unmarked(told)] == [("results-main", "0.912")]


def test_a_place_goes_with_an_exact_number(phantom_page: str) -> None:
    body = phantom_page[phantom_page.index("<main") : phantom_page.index("</main>")]
    tags = re.findall(r"<(?:span|td|th)[^>]*data-key=[^>]*>", body)
    assert len(tags) > 300
    assert [tag for tag in tags if not re.search(r'data-value="(?:null|-?[\d.]+(?:e-?\d+)?)(?: |")', tag)] == []
