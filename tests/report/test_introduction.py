"""The introduction: the authors' own words as they wrote them, or the design and no claim."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cxr_report.analysis.value import Analysis
from cxr_report.report import document, narrative, page
from cxr_report.report.tables import Table
from cxr_report.study import Report

Makes = Callable[..., Analysis]


def with_report(analysis: Analysis, **changed: Any) -> Analysis:
    report = analysis.study.report.model_copy(update=changed)
    return replace(analysis, study=analysis.study.model_copy(update={"report": report}))


def text_of(analysis: Analysis) -> str:
    return " ".join(paragraph.text() for paragraph in narrative.introduction(analysis))


def test_the_authors_text_stands_in_their_paragraphs_and_nothing_else(made_up: Makes) -> None:
    own = with_report(made_up(), introduction="First line\nof one.\n\n \n\nSecond.\n")
    assert [paragraph.text() for paragraph in narrative.introduction(own)] == ["First line of one.", "Second."]


def test_markup_in_the_authors_text_stays_text(made_up: Makes, machine: Callable[..., Table]) -> None:
    own = with_report(made_up(), introduction="<b>Bold</b> & {braces} {{ doc }} <script>x</script>")
    source = page.render(document.compose(own, machine()))
    section = source.split('<section id="introduction"', 1)[1].split("</section>")[0]
    assert "&lt;b&gt;Bold&lt;/b&gt; &amp; {braces} {{ doc }} &lt;script&gt;x&lt;/script&gt;" in section


@pytest.mark.parametrize("text", ["a\x00b", "fine\n\x07"])
def test_characters_that_cannot_be_shown_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="holds the character"):
        Report(introduction=text)


@pytest.mark.parametrize("shape", [{}, {"source": "phantom"}, {"task": "multilabel", "losses": 6}])
def test_without_one_the_design_is_told_and_no_result(shape: dict[str, Any], made_up: Makes) -> None:
    analysis = made_up(**shape)
    text = text_of(analysis)
    assert f"compares {len(analysis.losses)} loss functions" in text
    assert all(label in text for label in analysis.labels.values())
    assert ("synthetic" in text) == (shape.get("source") == "phantom")
    assert f"±{analysis.study.analysis.margin:g}" in text
    assert not re.search(r"better|higher|lower|best|p =|first run", text)


def test_the_introduction_depends_on_no_result(made_up: Makes) -> None:
    analysis = made_up()
    blind = replace(analysis, summaries=(), pairs=(), joint=(), cases=(), omnibus=())
    assert narrative.introduction(blind) == narrative.introduction(analysis)


def test_korean_says_the_same(made_up: Makes) -> None:
    analysis = made_up()
    (english,), (korean,) = (
        narrative.introduction(analysis),
        narrative.introduction(with_report(analysis, language="ko")),
    )
    for one, two in zip(english.sentences, korean.sentences, strict=True):
        assert one.kind == two.kind
        assert [(n.key, n.value) for n in one.numbers()] == [(n.key, n.value) for n in two.numbers()]
    text = korean.text()
    for label in sorted(analysis.labels.values(), key=len, reverse=True):
        text = text.replace(label, "")
    assert set(re.findall("[A-Za-z]{4,}", text)) <= {"AUROC"}
