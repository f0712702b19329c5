"""A whole page in Korean: nothing is left in English, its numbers are those of the English page, its font is there."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cxr_report.analysis.value import Analysis
from cxr_report.errors import Refusal
from cxr_report.report import document, hangul, page
from cxr_report.report.tables.table import Table

SHAPES: dict[str, dict[str, Any]] = {
    "phantom": {"source": "phantom"},
    "findings": {"task": "multilabel", "losses": 3, "classes": 5, "seeds": 3},
    "diverged": {"diverged": 2, "losses": 3, "seeds": 6},
}

ALLOWED = re.compile(
    r"""cxr_report|[a-z_-]+\.(?:csv|json|html)|SHA-256|doi:\S+|AUROC|AUPRC|ONNX|onnx|torch|PyTorch|SciPy|PNG|DICOM|MedMNIST
    |(?:Res|Dense)Net-?\d*|AdamW|Poly-1|softmax|LDAM|ZLPR|Obuchowski|Rockette|Hillis|DeLong|Holm|Bonferroni|Benjamini
    |Hochberg|Yekutieli|Hommel|Wilcoxon|Friedman|Kendall|Nemenyi|Iman|Davenport|Greenhouse|Geisser|Youden|Brier|Cohen
    |Matthews|Hand|Till|Kullback|Leibler|Cov[123]|float(?:16|32)|int8|fp16|CLAIM|TRIPOD|STARD|logits?|Bonf|Homm|calibration|BibTeX""",
    re.VERBOSE,
)
"""Names of people, programs, files and formats, which Korean papers write in Latin letters too."""

OWN = ("settings", "conformance", "references", "time-and-machine-section", "checklists")
"""Parts that hold names of settings, functions, other programs and English works."""


@pytest.fixture(scope="module", params=SHAPES)
def pages(
    request: pytest.FixtureRequest, made_up: Callable[..., Analysis], machine: Callable[..., Table]
) -> tuple[Analysis, str, str]:
    """An analysis, its English page, its Korean page."""
    english = made_up(**SHAPES[request.param])
    shown = english.study.report.model_copy(update={"language": "ko"})
    korean = replace(english, study=english.study.model_copy(update={"report": shown}))
    rendered = [page.render(document.compose(each, machine())) for each in (english, korean)]
    return english, rendered[0], rendered[1]


def spoken(text: str) -> str:
    """What a reader sees or hears of a page: texts, labels and alternative texts, without script and style."""
    body = re.sub(r"(?s)<(script|style|code)\b.*?</\1>", " ", text[text.index("<body") :])
    for part in OWN:
        body = without(body, part)
    heard = re.findall(r'(?:aria-label|data-(?:ascending|descending|original|between|undefined))="([^"]*)"', body)
    return html.unescape(" ".join([re.sub(r"(?s)<[^>]+>", " ", body), *heard]))


def without(body: str, key: str) -> str:
    """Cut out the element with an id: a section, or the block of a table."""
    found = re.search(rf'<(section|div)[^>]* id="{key}"', body)
    if found is None:
        return body
    depth, at = 0, found.start()
    for tag in re.finditer(rf"<(/?){found[1]}\b", body[at:]):
        depth += -1 if tag[1] else 1
        if depth == 0:
            return body[:at] + body[at + tag.end() :]
    return body[:at]


def left(analysis: Analysis, text: str) -> list[str]:
    names = {*analysis.labels.values(), *analysis.losses, *analysis.classes, analysis.study.name}
    names |= {analysis.study.report.title, *analysis.study.report.authors, *(each.title for each in analysis.external)}
    names |= {loss for twin in analysis.twins for loss in (twin.first, twin.second)}
    names |= {name for loss in analysis.study.losses.values() for name in loss.parameters}
    text = re.sub(r"(?<=-)\s+", "", text)  # names that a figure has broken behind a hyphen
    for name in sorted(names - {""}, key=len, reverse=True):
        text = text.replace(name, " ")
    return sorted(set(re.findall(r"[A-Za-z][A-Za-z’'-]{3,}", ALLOWED.sub(" ", text))))


def test_no_english_is_left(pages: tuple[Analysis, str, str]) -> None:
    analysis, _, korean = pages
    assert left(analysis, spoken(korean)) == []


def test_the_search_for_english_finds_it(pages: tuple[Analysis, str, str]) -> None:
    analysis, english, _ = pages
    assert len(left(analysis, spoken(english))) > 100


def test_every_number_stands_as_often_with_the_same_place_and_value(pages: tuple[Analysis, str, str]) -> None:
    _, english, korean = pages
    marked = re.compile(r'data-key="([^"]*)" data-value="([^"]*)"')
    assert Counter(marked.findall(korean)) == Counter(marked.findall(english))
    assert len(marked.findall(korean)) > 100


def test_the_page_says_its_language_and_brings_its_font(pages: tuple[Analysis, str, str]) -> None:
    _, english, korean = pages
    assert '<html lang="ko">' in korean
    assert f'font-family:"{hangul.FAMILY}"' not in english
    if hangul.faces() is None:
        pytest.skip("neither NanumMyeongjo nor NanumGothic is installed")
    assert korean.count(f'@font-face{{font-family:"{hangul.FAMILY}"') == 2


def test_without_the_font_one_sentence_says_where_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hangul, "faces", lambda: None)
    hangul.require("en")
    with pytest.raises(Refusal, match=r"^report\.language: 'ko' needs the font .*fonts-nanum.*koreanize-matplotlib"):
        hangul.require("ko")
