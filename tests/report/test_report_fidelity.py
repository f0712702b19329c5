"""The arithmetics in the report: every number keyed, nothing where nothing is, and bars that are not kept quiet."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from report_grammar import further, sections
from report_grammar.words import Broken
from report_makers.fidelity import made_agreements

from cxr_report.analysis.value import Agreement, Analysis, to_plain
from cxr_report.report import narrative
from cxr_report.report.narrative.fidelity import fidelity
from cxr_report.report.narrative.further import further as written
from cxr_report.report.tables import fidelity as tables
from cxr_report.report.tables import to_csv


@pytest.fixture(params=range(6))
def agreed(request: pytest.FixtureRequest, made_up: Callable[..., Analysis]) -> Analysis:
    """Make-up analyses with arithmetics, some of which change conclusions or break."""
    analysis = made_up(losses=3)
    return replace(analysis, agreements=made_agreements(analysis, np.random.default_rng(request.param)))


def barred(analysis: Analysis) -> list[Agreement]:
    return [each for each in analysis.agreements if each.changes or each.not_finite]


def test_every_number_of_the_table_is_that_of_the_analysis(agreed: Analysis) -> None:
    made, plain = tables.agreements(agreed), to_plain(agreed)
    assert made is not None
    assert made.rows == len(agreed.agreements)
    for row in made.bodies[0].rows:
        for cell in row:
            if cell.key and len(cell.values) == 1:
                found = sections.look_up(plain, cell.key)
                assert cell.values == (found,) or (found != found and cell.text == "–")
            elif cell.key:
                place = sections.look_up(plain, cell.key)
                assert all(x == y or x != x for x, y in zip(cell.values, (place["low"], place["high"]), strict=True))


def test_an_arithmetic_may_replace_the_reference_only_where_it_changes_nothing(agreed: Analysis) -> None:
    made = tables.agreements(agreed)
    assert made is not None
    told = [row[-1].text for row in made.bodies[0].rows]
    assert [text == "yes" for text in told] == [each not in barred(agreed) for each in agreed.agreements]


def test_the_largest_shift_is_that_of_the_primary_metric(agreed: Analysis) -> None:
    made, primary = tables.agreements(agreed), agreed.study.metrics.primary
    assert made is not None
    place = [column.name for column in made.columns].index("shift")
    for row, each in zip(made.bodies[0].rows, agreed.agreements, strict=True):
        own = [abs(one.difference) for one in each.shifts if one.metric == primary]
        value = row[place].values[0]
        assert (value is None) == (not own)
        if isinstance(value, float):
            assert abs(value) == max(own)


def test_the_listing_holds_every_shift_at_full_precision(agreed: Analysis) -> None:
    made = tables.listing(agreed)
    assert made is not None
    rows = list(csv.DictReader(io.StringIO(to_csv(made))))
    shifts = [(each.arithmetic, one) for each in agreed.agreements for one in each.shifts]
    assert len(rows) == len(shifts)
    for row, (name, one) in zip(rows, shifts, strict=True):
        assert (row["arithmetic"], row["metric"], row["loss"], row["note"]) == (name, one.metric, one.loss, one.note)
        assert float(row["difference"]) == one.difference
        assert (float(row["low"]) if row["low"] else math.nan) == pytest.approx(one.low, nan_ok=True, rel=1e-15)


def test_a_bar_is_named_among_the_limitations_and_not_kept_quiet(agreed: Analysis) -> None:
    sections.check_limitations(agreed, narrative.limitations(agreed))
    if barred(agreed):
        for quiet in (replace(agreed, agreements=()), replace(agreed, agreements=agreed.agreements[:1])):
            with pytest.raises(Broken):
                sections.check_limitations(agreed, narrative.limitations(quiet))


def undecided(analysis: Analysis) -> Analysis:
    """Take every decision away, as where no seed is finished for two losses."""
    bare = [replace(each, n_decisions=0, changes=()) for each in analysis.agreements]
    return replace(analysis, agreements=tuple(bare))


def test_without_a_decision_to_compare_there_is_no_verdict_and_nothing_is_barred_for_it(agreed: Analysis) -> None:
    bare = undecided(agreed)
    made = tables.agreements(bare)
    assert made is not None
    told = [row[-1].text for row in made.bodies[0].rows]
    assert told == ["no" if each.not_finite else "–" for each in bare.agreements]
    assert made.notes[-1] == "May replace –: no decision to compare."
    kinds = [sentence.kind for sentence in fidelity(bare)]
    assert kinds == ["fidelity-broken" if each.not_finite else "fidelity-undecided" for each in bare.agreements]
    sections.check_limitations(bare, narrative.limitations(bare))
    for each, said in zip(fidelity(bare), fidelity(agreed), strict=True):
        if each.kind == "fidelity-undecided":
            assert "0 decisions" not in each.text()
            assert said.kind != each.kind


def test_a_verdict_without_a_decision_is_found_by_the_grammar(agreed: Analysis) -> None:
    bare = undecided(agreed)
    for analysis, said_of in ((bare, agreed), (agreed, bare)):
        reader = further.Further(analysis)
        (paragraph,) = (each for each in written(said_of) if each.section == "fidelity")
        found = list(reader.sentences(paragraph.text()))
        name, words = next(each for each in found if each[0] != "fidelity-broken")
        with pytest.raises(Broken):
            reader.check(name, words)


def test_without_runs_of_its_own_a_report_says_nothing_of_arithmetic(made_up: Callable[..., Analysis]) -> None:
    bare = replace(made_up(losses=3), agreements=())
    assert tables.agreements(bare) is None
    assert tables.listing(bare) is None
    assert fidelity(bare) == ()
    assert "conclusions do not hold" not in narrative.limitations(bare)[0].text()
