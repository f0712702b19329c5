"""Precision-recall curves, the map of all pairs and the planning of a next study: what is drawn and said is so."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from report_makers.drawn import random_analysis
from report_makers.further import enriched

from cxr_report.analysis.value import Analysis
from cxr_report.report import document, numerals, page
from cxr_report.report.answers import deciding, shown
from cxr_report.report.figures import Picture, power, precision_recall, significance
from cxr_report.report.narrative.planning import planning
from cxr_report.report.narrative.prose import Sentence
from cxr_report.report.tables import Table

Makes = Callable[..., Analysis]
DRAWN: dict[str, Callable[[Analysis], Picture | None]] = {
    "precision-recall": precision_recall.draw,
    "significance": significance.draw,
    "power": power.draw,
}
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def rich() -> list[Analysis]:
    """Random analyses with decisions of every kind, some of them with nothing to plan by."""
    return [enriched(random_analysis(seed), np.random.default_rng([seed, 1])) for seed in range(14)]


def in_korean(analysis: Analysis) -> Analysis:
    report = analysis.study.report.model_copy(update={"language": "ko"})
    return replace(analysis, study=analysis.study.model_copy(update={"report": report}))


def picture(name: str, analysis: Analysis) -> Picture:
    found = DRAWN[name](analysis)
    assert found is not None
    return found


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize(
    "shape",
    [
        {},
        {"task": "multilabel", "losses": 3, "classes": 14, "seeds": 2},
        {"losses": 12, "seeds": 2, "classes": 9, "class_names": tuple(f"class-{n}" for n in range(9))},
        {"losses": 4, "family": "all", "long_names": True},
    ],
    ids=["usual", "findings", "many losses", "all pairs, long names"],
)
def test_a_figure_is_sound_markup_that_fits_on_a_page(name: str, shape: dict[str, Any], made_up: Makes) -> None:
    root = ElementTree.fromstring(picture(name, made_up(**shape)).svg)
    assert float(root.attrib["width"].removesuffix("pt")) <= 6.3 * 72 + 0.1
    assert float(root.attrib["height"].removesuffix("pt")) <= 9.0 * 72
    assert [element.tag for element in root.iter()].count(f"{SVG}title") == 1
    coordinates = " ".join(element.attrib.get("d", "") for element in root.iter())
    assert "nan" not in coordinates


@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_tells_the_same_numbers_in_both_languages(name: str, made_up: Makes) -> None:
    analysis = made_up()
    english, korean = picture(name, analysis), picture(name, in_korean(analysis))
    numbers = [sorted(re.findall(r"\d+(?:\.\d+)?", each.alt)) for each in (english, korean)]
    assert numbers[0] == numbers[1] != []
    assert re.search("[가-힣]", korean.alt)
    assert re.search("[가-힣]", korean.title)
    for label in sorted(analysis.labels.values(), key=len, reverse=True):
        korean = replace(korean, alt=korean.alt.replace(label, ""))
    assert set(re.findall("[A-Za-z]{4,}", korean.alt + korean.title)) <= {"AUROC", "Holm"}


def test_the_curves_are_told_at_a_sensitivity_of_80_per_cent_with_the_share_of_positive_cases(made_up: Makes) -> None:
    analysis = made_up()
    (macro,) = [entry for entry in analysis.curves if (entry.name, entry.klass) == ("pr", "")]
    alt = picture("precision-recall", analysis).alt
    for curve in macro.curves:
        at = curve.mean[int(np.argmin(np.abs(np.array(curve.x) - 0.8)))]
        assert f"{analysis.labels[curve.loss]} {at:.3f}" in alt
    share = np.mean(list(analysis.data.prevalence.values()))
    assert alt.endswith(f"share of positive cases: {share:.3f}.")


def test_without_curves_nothing_is_drawn(made_up: Makes) -> None:
    assert precision_recall.draw(replace(made_up(), curves=())) is None
    assert power.draw(replace(made_up(), planning=())) is None
    assert significance.draw(made_up(losses=2)) is None


def test_the_map_shows_adjusted_p_inside_of_the_family_and_raw_p_outside(rich: list[Analysis]) -> None:
    drawn = [analysis for analysis in rich if len(analysis.losses) > 2]
    assert any(deciding(each, each.metrics[0]).outside for each in drawn)
    for analysis in drawn:
        found, alpha = deciding(analysis, analysis.metrics[0]), analysis.study.analysis.alpha
        root = ElementTree.fromstring(picture("significance", analysis).svg)
        texts = [(element.text or "").strip() for element in root.iter(f"{SVG}text")]
        for answer in found.every:
            p = answer.p_adjusted if answer.in_family else answer.p
            assert numerals.p_value(p, alpha) in texts


def test_the_map_names_exactly_the_pairs_whose_difference_is_shown(rich: list[Analysis]) -> None:
    drawn = [analysis for analysis in rich if len(analysis.losses) > 2]
    told = [(analysis, picture("significance", analysis).alt) for analysis in drawn]
    assert {"No pair of the family" in alt for _, alt in told} == {True, False}
    for analysis, alt in told:
        pairs = [row for row in deciding(analysis, analysis.metrics[0]).family if shown(row)]
        assert alt.count(" better than ") == len(pairs)
        for row in pairs:
            assert f"{analysis.labels[row.better]} better than {analysis.labels[row.worse]} (p " in alt


@pytest.mark.parametrize("family", ["baseline", "all"])
def test_a_pair_outside_of_the_family_is_said_to_decide_nothing(family: str, made_up: Makes) -> None:
    title = picture("significance", made_up(family=family)).title
    assert ("from which nothing is concluded" in title) == (family == "baseline")


def said(analysis: Analysis) -> list[Sentence]:
    return [each for paragraph in planning(analysis) for each in paragraph.sentences]


def check_planning(analysis: Analysis) -> None:
    """Hold what is said of a next study against the analysis; raises where it says anything else."""
    (plan,), sentences = analysis.planning, said(analysis)
    kinds = [each.kind for each in sentences]
    assert kinds[0] == ("planning-seeds" if plan.seeds.needed else "planning-seeds-none")
    assert kinds[1] == ("planning-cases" if plan.cases.needed else "planning-cases-none")
    numbers = {number.key: number for each in sentences for number in each.numbers()}
    wanted = {"margin": plan.margin, "wanted": plan.wanted, "n_cases": plan.n_cases, "n_seeds": plan.n_seeds}
    wanted |= {"seeds.needed": plan.seeds.needed} if plan.seeds.needed else {}
    wanted |= {"cases.needed": plan.cases.needed} if plan.cases.needed else {}
    assert {key: number.value for key, number in numbers.items()} == {f"planning.0.{k}": v for k, v in wanted.items()}
    text = " ".join(each.text() for each in sentences)
    assert re.search(r"no number of seeds", text) is None or plan.seeds.needed is None
    if plan.seeds.needed:
        assert f"need {numerals.count(plan.seeds.needed)} seeds per loss function" in text
    if plan.cases.needed:
        assert f"need {numerals.count(plan.cases.needed)} test cases" in text
    assert "no power of this study" in text


def test_what_a_next_study_needs_is_what_the_analysis_holds(rich: list[Analysis]) -> None:
    assert {bool(each.planning[0].seeds.needed) for each in rich if each.planning} == {True, False}
    check_all(rich)


def check_all(analyses: list[Analysis]) -> None:
    for analysis in analyses:
        if analysis.planning:
            check_planning(analysis)


def test_a_planning_that_mixes_seeds_and_cases_up_is_found(
    rich: list[Analysis], monkeypatch: pytest.MonkeyPatch
) -> None:
    from cxr_report.report.narrative import planning as room

    right = room._seeds

    def mixed(analysis: Analysis) -> Sentence:
        plan = analysis.planning[0]
        return right(replace(analysis, planning=(replace(plan, seeds=plan.cases),)))

    monkeypatch.setattr(room, "_seeds", mixed)
    with pytest.raises(AssertionError):
        check_all(rich)


def test_nothing_is_said_where_nothing_can_be_planned(made_up: Makes, machine: Callable[..., Table]) -> None:
    analysis = replace(made_up(), planning=())
    assert said(analysis) == []
    assert "results-planning" not in [section.key for section in document.compose(analysis, machine()).sections]


def test_planning_claims_the_same_in_korean(rich: list[Analysis]) -> None:
    for analysis in rich:
        english, korean = said(analysis), said(in_korean(analysis))
        assert [each.kind for each in english] == [each.kind for each in korean]
        for one, two in zip(english, korean, strict=True):
            assert sorted((n.key, n.text) for n in one.numbers()) == sorted((n.key, n.text) for n in two.numbers())
            assert not set(re.findall("[A-Za-z]{4,}", two.text())) - {"AUROC", "Brier", "Cohen", "Matthews", "Youden"}


def test_every_figure_stands_where_the_text_points_to_it(made_up: Makes, machine: Callable[..., Table]) -> None:
    source = page.render(document.compose(made_up(), machine()))
    for key in DRAWN:
        assert f'<figure class="wide" id="{key}">' in source
        assert f'href="#{key}"' in source
