"""What is said of external test sets is held to the analysis, and planted confusions are found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from report_grammar import further, sections
from report_grammar.sections import check_numbers, look_up
from report_grammar.words import Broken
from report_makers.drawn import random_analysis
from report_makers.external import external_tests

from cxr_report.analysis.value import Analysis, ExternalTest, to_plain
from cxr_report.report import narrative
from cxr_report.report.narrative import external
from cxr_report.report.narrative.further import further as written
from cxr_report.report.narrative.prose import Paragraph
from cxr_report.report.sections import beyond
from cxr_report.report.tables import to_csv
from cxr_report.report.tables.appendix import settings
from cxr_report.report.tables.table import Table
from cxr_report.study import External, Phantom


def drawn(seed: int) -> Analysis:
    """Draw an analysis with external test sets and nothing else beyond the comparisons."""
    analysis = random_analysis(seed)
    counts = {"cases": 12, "patients": 9, "positive": dict.fromkeys(analysis.classes, 4)}
    data = replace(analysis.data, content={**analysis.data.content, "splits": {"test": counts}})
    bare = replace(analysis, rankings=(), variances=(), data=data)
    return replace(bare, external=external_tests(bare, np.random.default_rng([seed, 3])))


@pytest.fixture(scope="module")
def analyses() -> list[Analysis]:
    """The same random analyses for every confusion."""
    return [each for each in map(drawn, range(60)) if each.external]


def told(analysis: Analysis) -> tuple[Paragraph, ...]:
    return tuple(each for each in written(analysis) if each.section.startswith("external-"))


def check(analysis: Analysis, said_of: Analysis) -> None:
    """Hold what is said of one analysis to another one, which is the same unless the narrator is confused."""
    further.check_further(analysis, told(said_of))
    sections.check_abstract(analysis, narrative.abstract(said_of))
    sections.check_limitations(analysis, narrative.limitations(said_of))


def test_every_sentence_is_true_and_every_form_is_met(analyses: list[Analysis]) -> None:
    met: set[str] = set()
    for analysis in analyses:
        check(analysis, analysis)
        plain = to_plain(analysis)
        for part in (told, narrative.abstract, narrative.limitations):
            check_numbers(plain, part(analysis))
        met |= further.check_further(analysis, told(analysis))
    assert {name for name, _ in further.FORMS if name.startswith("external")} <= met


def check_all(analyses: list[Analysis], confusion: Callable[[Analysis], Analysis]) -> None:
    """Hold what a confused narrator writes to the analyses as they are."""
    for analysis in analyses:
        check(analysis, confusion(analysis))


def changed(change: Callable[[ExternalTest], ExternalTest]) -> Callable[[Analysis], Analysis]:
    """Make a confusion from a change of every set."""
    return lambda analysis: replace(analysis, external=tuple(map(change, analysis.external)))


def _turned(pair: Any) -> Any:
    other = {"first better": "second better", "second better": "first better"}
    return replace(pair, verdict=other.get(pair.verdict, pair.verdict))


def _by_raw_p(analysis: Analysis) -> Analysis:
    alpha = analysis.study.analysis.alpha

    def shown(pair: Any) -> Any:
        found = pair.in_family and pair.p <= alpha and pair.verdict == "not shown"
        return replace(pair, verdict="first better") if found else pair

    return changed(lambda each: _pairs(each, shown))(analysis)


def _pairs(found: ExternalTest, change: Callable[[Any], Any]) -> ExternalTest:
    return replace(found, joint=tuple(replace(test, pairs=tuple(map(change, test.pairs))) for test in found.joint))


def _swapped(found: ExternalTest) -> ExternalTest:
    return replace(found, orders=tuple(replace(each, same=not each.same) for each in found.orders))


def _own_told_as_external(analysis: Analysis) -> Analysis:
    own = tuple(each for each in analysis.summaries if not each.klass)
    return changed(lambda each: replace(each, summaries=own, joint=analysis.joint))(analysis)


CONFUSIONS: dict[str, Callable[[Analysis], Analysis]] = {
    "added later told as planned": changed(lambda each: replace(each, planned=True)),
    "after the analysis told as before it": changed(lambda each: replace(each, after_analysis=not each.after_analysis)),
    "better for worse": changed(lambda each: _pairs(each, _turned)),
    "raw p decides": _by_raw_p,
    "every pair in the family": changed(lambda each: _pairs(each, lambda pair: replace(pair, in_family=True))),
    "own results for external ones": _own_told_as_external,
    "means over seeds for joint ones": changed(lambda each: replace(each, joint=())),
    "bounds swapped": changed(
        lambda each: replace(
            each,
            joint=tuple(
                replace(test, means=tuple(replace(m, low=m.high, high=m.low) for m in test.means))
                for test in each.joint
            ),
        )
    ),
    "sign of the change": changed(
        lambda each: replace(each, changes=tuple(replace(c, difference=-c.difference) for c in each.changes))
    ),
    "change of another metric": lambda analysis: changed(
        lambda each: replace(
            each,
            changes=tuple(
                replace(c, metric=analysis.metrics[-1 - analysis.metrics.index(c.metric)]) for c in each.changes
            ),
        )
    )(analysis),
    "changes kept quiet": changed(lambda each: replace(each, changes=())),
    "order turned": changed(_swapped),
    "order kept quiet": changed(lambda each: replace(each, orders=())),
    "absent classes kept quiet": changed(lambda each: replace(each, absent=())),
    "overlap kept quiet": changed(lambda each: replace(each, content={**each.content, "overlap": {}})),
    "patients named where none are known": changed(
        lambda each: replace(each, content={**each.content, "patients_known": True})
    ),
    "cases for patients": changed(lambda each: replace(each, n_cases=each.n_patients, n_patients=each.n_cases)),
    "fewer seeds kept quiet": lambda analysis: changed(lambda each: replace(each, seeds=analysis.seeds))(analysis),
    "one set kept quiet": lambda analysis: replace(analysis, external=analysis.external[:1]),
    "none told": lambda analysis: replace(analysis, external=()),
    "sets swapped": lambda analysis: replace(analysis, external=analysis.external[::-1]),
}


@pytest.mark.parametrize("confusion", CONFUSIONS.values(), ids=CONFUSIONS)
def test_a_confused_narrator_is_found(confusion: Callable[[Analysis], Analysis], analyses: list[Analysis]) -> None:
    with pytest.raises(Broken):
        check_all(analyses, confusion)


def test_a_bug_of_the_narrator_itself_is_found(analyses: list[Analysis], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(external, "_SHOWN", ("first better",))
    with pytest.raises(Broken):
        check_all(analyses, lambda analysis: analysis)


def test_every_set_has_a_section_with_three_tables_and_every_number_has_its_place(analyses: list[Analysis]) -> None:
    for analysis in analyses:
        plain = to_plain(analysis)
        found = [section for section in beyond(analysis) if section.key.startswith("results-external-")]
        assert [section.key for section in found] == [f"results-external-{each.name}" for each in analysis.external]
        for section, each in zip(found, analysis.external, strict=True):
            assert len(section.tables) == 2 + bool(each.joint)
            assert section.paragraphs
            assert each.title in section.title
            assert ("added later" in section.title) != each.planned
            for table in section.tables:
                _held(table, plain)


def _held(table: Table, plain: Any) -> None:
    assert to_csv(table)
    for body in table.bodies:
        for row in body.rows:
            for cell in row:
                if cell.key and len(cell.values) == 1:
                    found, value = look_up(plain, cell.key), cell.values[0]
                    assert found == value or (found != found and value != value), cell.key
                elif cell.key and not cell.key.endswith("low_simultaneous"):
                    low = look_up(plain, f"{cell.key}.low")
                    assert low == cell.values[0] or low != low, cell.key


def test_every_setting_of_an_external_set_has_a_row_of_its_own_under_the_name_of_the_set() -> None:
    study = drawn(0).study
    sets = (
        External(name="east", source="phantom", phantom=Phantom(seed=5)),
        External(name="west", source="folder", path="other", classes={"TB": "ill"}),
    )
    asked = study.model_copy(update={"data": study.data.model_copy(update={"external": sets})})
    rows = {row[0].text: row[1].text for body in settings(replace(drawn(0), study=asked)).bodies for row in body.rows}
    told = {name: value for name, value in rows.items() if name.startswith("external")}
    assert told["external.east.phantom.seed"] == "5"
    assert told["external.west.path"] == "other"
    assert told["external.west.classes.TB"] == "ill"
    assert not {
        name for name in told if name.endswith((".label", ".positive", ".columns", "east.path", "west.phantom"))
    }
    assert not [value for value in rows.values() if "{" in value or value in ("", "None")]


def test_a_study_without_external_sets_has_no_such_section() -> None:
    analysis = replace(drawn(0), external=())
    assert not [section for section in beyond(analysis) if "external" in section.key]
    assert external.brief(analysis) == external.method(analysis) == ()
