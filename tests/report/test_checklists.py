"""Reporting checklists: every item is there, and answered only by a section that stands in the report and says it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cxr_report.analysis.value import Analysis
from cxr_report.report import document, page
from cxr_report.report.checklists import GUIDELINES, TOPICS, Answer, Told
from cxr_report.report.cohort import cohort
from cxr_report.report.language import entries
from cxr_report.report.tables import Table

SECTIONS = (
    "abstract", "methods-data", "methods-training", "methods-losses", "methods-analysis", "results-main",
    "results-decisions", "results-precision", "results-multiverse", "results-subgroups", "results-ensembles",
    "results-external-other", "limitations", "files", "time-and-machine-section",
)  # fmt: skip

Makes = Callable[..., Analysis]


def numbers(*parts: str) -> list[str]:
    """Write out ``1-3`` and ``12a-c``."""
    found = []
    for part in parts:
        both = re.fullmatch(r"(\d+)([a-z])-([a-z])", part)
        if both:
            found += [f"{both[1]}{chr(letter)}" for letter in range(ord(both[2]), ord(both[3]) + 1)]
        elif "-" in part:
            low, high = part.split("-")
            found += [str(number) for number in range(int(low), int(high) + 1)]
        else:
            found.append(part)
    return found


PUBLISHED = {
    "CLAIM": numbers("1-44"),
    "TRIPOD+AI": numbers(
        "1-2", "3a-c", "4", "5a-b", "6a-c", "7", "8a-c", "9a-c", "10-11", "12a-g", "13-17", "18a-f", "19", "20a-c",
        "21-22", "23a-b", "24-26", "27a-c",
    ),
    "STARD-AI": numbers(
        "1-14", "15a-d", "16a-c", "17a-b", "18-25", "26a-b", "27-39", "40a-b",
    ),
}  # fmt: skip
"""Guideline -> numbers of its items, as the published tables have them: 44, 52 and 48."""


def answered(analysis: Analysis, topic: str, sections: tuple[str, ...] = SECTIONS) -> Answer:
    return TOPICS[topic].place(Told(analysis, cohort(analysis), sections))


def content(analysis: Analysis, **changed: Any) -> Analysis:
    return replace(analysis, data=replace(analysis.data, content={**analysis.data.content, **changed}))


def study(analysis: Analysis, **changed: Any) -> Analysis:
    return replace(analysis, study=analysis.study.model_copy(update=changed))


def test_every_item_of_the_published_checklists_is_there_once_and_in_order() -> None:
    assert {each.name: [number for number, _ in each.items] for each in GUIDELINES} == PUBLISHED
    assert [len(items) for items in PUBLISHED.values()] == [44, 52, 48]


def test_every_question_is_put_by_an_item_and_every_item_puts_one() -> None:
    assert {topic for each in GUIDELINES for _, topic in each.items} == set(TOPICS)


def test_no_two_questions_are_worded_alike() -> None:
    asked = [topic.asks for topic in TOPICS.values()]
    assert len(set(asked)) == len(asked)


def test_demographics_are_reported_only_where_every_split_knows_them(made_up: Makes) -> None:
    known = made_up()
    splits = known.data.content["splits"]
    assert answered(known, "demographics").sections == ("methods-data",)
    without = {**splits, "val": {**splits["val"], "demographics": {}}}
    assert answered(content(known, splits=without), "demographics").sections == ()


@pytest.mark.parametrize(("kind", "there"), [("medmnist", True), ("phantom", True), ("folder", False)])
def test_a_source_is_reported_only_where_it_can_be_looked_up(kind: str, there: bool, made_up: Makes) -> None:
    analysis = content(made_up(), source={"kind": kind, "name": "a"})
    assert bool(answered(analysis, "sources").sections) == there


def test_the_truth_is_known_to_the_program_only_where_it_made_it(made_up: Makes) -> None:
    assert answered(made_up(source="phantom"), "standard").sections == ("methods-data",)
    assert answered(made_up(), "standard").sections == ()


def test_a_network_of_the_authors_own_is_not_described(made_up: Makes) -> None:
    analysis = made_up()
    own = analysis.study.model.model_copy(update={"name": "custom"})
    assert answered(analysis, "model").sections == ("methods-training",)
    assert answered(study(analysis, model=own), "model").sections == ()


def test_rare_classes_are_treated_only_by_a_loss_that_weighs_them(made_up: Makes) -> None:
    assert answered(made_up(losses=2), "imbalance").sections == ("methods-losses",)
    plain = made_up(losses=2)
    only = {name: loss for name, loss in plain.study.losses.items() if loss.loss == "cross-entropy"}
    assert answered(study(plain, losses=only), "imbalance").sections == ()


def test_a_split_that_was_given_tells_nothing_of_its_parts(made_up: Makes) -> None:
    made = content(made_up(), split_rule={"kind": "made", "seed": 1})
    given = content(made_up(), split_rule={"kind": "given"})
    assert answered(made, "alike").sections == ("methods-data",)
    assert not answered(made, "alike").whole
    assert answered(given, "alike").sections == ()


def test_unknown_labels_are_spoken_of_with_findings_alone(made_up: Makes) -> None:
    assert answered(made_up(task="multilabel"), "missing-labels").sections == ("methods-analysis",)
    assert answered(made_up(), "missing-labels").sections == ()


def test_other_diagnoses_are_told_only_where_there_are_more_than_two_classes(made_up: Makes) -> None:
    assert answered(made_up(), "alternatives").sections == ("methods-data",)
    assert answered(made_up(task="binary"), "alternatives").sections == ()


def test_an_accuracy_is_named_only_where_the_primary_metric_is_one(made_up: Makes) -> None:
    assert answered(made_up(), "accuracy-named").sections == ("abstract",)
    errors = replace(made_up(), metrics=("brier", "auroc"))
    assert answered(errors, "accuracy-named").sections == ()


@pytest.mark.parametrize("topic", ["crosstab", "failures"])
def test_without_confusion_matrices_no_case_is_set_against_its_truth(topic: str, made_up: Makes) -> None:
    assert answered(made_up(), topic).sections == ("results-main",)
    assert answered(replace(made_up(), confusions=()), topic).sections == ()


@pytest.mark.parametrize(
    "topic",
    ["technology", "preparation", "missing", "partitions", "disjoint", "software", "start", "training", "selection",
     "internal", "flow", "applied", "building", "development", "inputs-handled", "criteria", "devices"],
)  # fmt: skip
def test_what_only_a_training_knows_is_not_told_of_given_numbers(topic: str, made_up: Makes) -> None:
    trained = made_up()
    told = Told(trained, cohort(trained), SECTIONS)
    assert TOPICS[topic].place(told).sections != ()
    data = trained.study.data.model_copy(update={"table": _Given()})
    given = study(trained, data=data)
    assert TOPICS[topic].place(replace(told, analysis=given)).sections == ()


class _Given:
    """A table of given numbers, as far as a study asks whether it has one."""

    content = "predictions"
    scale = "probabilities"


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_an_answer_names_only_sections_that_stand_in_the_report(topic: str, made_up: Makes) -> None:
    told = Told(made_up(source="phantom"), cohort(made_up(source="phantom")), ("limitations",))
    assert set(TOPICS[topic].place(told).sections) <= {"limitations"}


def test_other_sources_answer_by_whatever_name_they_have(made_up: Makes) -> None:
    assert answered(made_up(), "external").sections == ("results-external-other",)
    assert answered(made_up(), "external", ("results-main",)).sections == ()


@pytest.mark.parametrize(
    "shape", [{"source": "phantom"}, {"secondary": (), "task": "binary", "losses": 2}, {"task": "multilabel"}]
)
def test_every_number_of_a_section_is_that_of_its_heading(
    shape: dict[str, Any], made_up: Makes, machine: Callable[..., Table]
) -> None:
    source = page.render(document.compose(made_up(**shape), machine()))
    headings = dict(re.findall(r'<section[^>]*? id="([\w-]+)"[^>]*>\s*<h[23]>\s*(.*?)</h[23]>', source))
    tables = [source.split(f'id="{each.key}"', 1)[1].split("</table>")[0] for each in GUIDELINES]
    links = [link for table in tables for link in re.findall(r'<a class="ref" href="#([\w-]+)">(.*?)</a>', table)]
    assert len(links) > 40
    for anchor, number in links:
        assert anchor in headings
        if re.match(r"\d", headings[anchor]):
            assert headings[anchor].split()[0] == number
        else:
            assert not re.match(r"\d", number)


def test_a_table_counts_what_is_answered_and_says_not_reported_of_the_rest(
    made_up: Makes, machine: Callable[..., Table]
) -> None:
    for table in document.compose(made_up(), machine()).checklists.tables:
        cells = [row[2].text for body in table.bodies for row in body.rows]
        silent = cells.count("not reported")
        assert 0 < silent < len(cells)
        assert table.n == f"n = {len(cells)} items, {len(cells) - silent} of them answered"


def test_a_korean_report_asks_and_answers_in_korean(made_up: Makes, machine: Callable[..., Table]) -> None:
    analysis = made_up()
    korean = study(analysis, report=analysis.study.report.model_copy(update={"language": "ko"}))
    english, other = (document.compose(each, machine()).checklists for each in (analysis, korean))
    assert other.title == entries("ko")["Reporting checklists"]
    for one, two in zip(english.tables, other.tables, strict=True):
        for row, translated in zip(one.bodies[0].rows, two.bodies[0].rows, strict=True):
            assert row[0].text == translated[0].text
            assert re.findall(r'href="(.*?)"', row[2].markup) == re.findall(r'href="(.*?)"', translated[2].markup)
            left = translated[1].text + re.sub("<.*?>", "", translated[2].markup)
            assert not re.search(r"[A-Za-z]{4,}", left), left


@pytest.mark.parametrize("topic", ["background", "context", "purpose"])
def test_only_the_authors_own_introduction_speaks_of_medicine(topic: str, made_up: Makes) -> None:
    analysis = made_up()
    own = analysis.study.report.model_copy(update={"introduction": "Why chest radiographs matter."})
    sections = (*SECTIONS, "introduction")
    assert answered(analysis, topic, sections).sections == ()
    assert answered(study(analysis, report=own), topic, sections).sections == ("introduction",)


def test_performance_is_reported_in_groups_only_where_there_are_some(made_up: Makes) -> None:
    assert answered(made_up(), "performance-groups").whole
    without = tuple(key for key in SECTIONS if key != "results-subgroups")
    assert answered(made_up(), "performance-groups", without) == Answer(("results-main",), whole=False)


def test_what_is_known_of_patients_is_a_part_of_their_characteristics(made_up: Makes) -> None:
    assert answered(made_up(), "characteristics") == Answer(("methods-data",), whole=False)
    assert answered(content(made_up(), splits={}), "characteristics").sections == ()
