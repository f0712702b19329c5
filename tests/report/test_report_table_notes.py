"""What the tables say below their rows, and what they leave out or mark where there is a reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from report_makers.drawn import random_analysis

from cxr_report.analysis.value import BOTH, CASES, Analysis
from cxr_report.report.tables import (
    calibration,
    class_pairs,
    comparisons,
    equivalence,
    floor,
    joint,
    omnibus,
    results,
    subgroups,
    to_csv,
)


def test_a_pair_without_a_part_of_the_cases_has_a_dagger_that_is_explained(made_up: Callable[..., Analysis]) -> None:
    analysis = made_up()
    (first, *rest) = analysis.joint
    bare, *others = first.pairs
    told = replace(first, pairs=(replace(bare, note="no sign of the case part"), *others))
    marked = replace(analysis, joint=(told, *rest))
    for before, after in (
        (comparisons.headline(analysis), comparisons.headline(marked)),
        (joint.comparisons(analysis, BOTH, "joint"), joint.comparisons(marked, BOTH, "joint")),
    ):
        assert before is not None
        assert after is not None
        assert "†" not in to_csv(after), "the file names the losses alone"
        assert "†" not in " ".join([*before.notes, *(row[0].text for row in before.bodies[0].rows)])
        rows = [row[0].text.endswith("†") for row in after.bodies[0].rows]
        assert sum(rows) == sum(each.in_family for each in told.pairs if each.note)
        assert sum(note.startswith("† No sign of the case part") for note in after.notes) == sum(rows)


def test_of_a_family_of_all_pairs_no_non_inferiority_is_printed() -> None:
    for analysis in map(random_analysis, (2, 4, 40)):
        table = equivalence.equivalence(analysis)
        assert table is not None
        asked = any(column.name == "p_noninferiority" for column in table.columns)
        assert asked == (analysis.study.analysis.family == "baseline")


def test_a_calibration_error_is_said_to_be_tested_exactly_where_it_is(made_up: Callable[..., Analysis]) -> None:
    for secondary, words in ((("ece",), "tested over seeds only (secondary, exploratory)"), (("brier",), "not tested")):
        table = calibration.calibration(made_up(secondary=secondary))
        assert table is not None
        assert f"is {words}." in " ".join(table.notes)


def test_a_note_of_the_same_test_on_every_metric_is_told_once(made_up: Callable[..., Analysis]) -> None:
    analysis = made_up()
    noted = replace(
        analysis,
        omnibus=tuple(replace(test, note="few seeds" if test.test == "friedman" else "") for test in analysis.omnibus),
    )
    notes = omnibus.omnibus(noted, analysis.metrics[1:], "omnibus-secondary").notes
    assert "Friedman’s χ² (all metrics): few seeds." in notes


def test_every_finding_is_told_with_the_cases_whose_label_is_known(made_up: Callable[..., Analysis]) -> None:
    analysis = made_up(task="multilabel", classes=3, losses=3, seeds=2)
    half = tuple(
        replace(entry, counts=((100, 20), (30, 50)), n_seeds=2) if entry.klass == analysis.classes[0] else
        replace(entry, counts=((300, 48), (50, 50)), n_seeds=2)
        for entry in analysis.confusions
    )  # fmt: skip
    analysis = replace(analysis, confusions=half)
    (table,) = results.classes(analysis, "auroc", dict.fromkeys(analysis.classes, 40))
    assert [row[1].values for row in table.bodies[0].rows] == [(40, 100), (40, 224), (40, 224)]
    assert table.n.startswith("n = up to 224 test cases")
    assert "with a known label" in class_pairs.class_pairs(analysis).bodies[0].title  # type: ignore[union-attr]


def test_only_controls_that_are_there_are_explained(made_up: Callable[..., Analysis]) -> None:
    analysis = made_up()
    alone = replace(analysis, controls=tuple(each for each in analysis.controls if each.name == "pixels"))
    for table in results.classes(alone, "auroc", {}):
        assert "Metadata" not in " ".join(table.notes)


def test_the_parts_of_a_table_of_classes_are_set_in_one_size(made_up: Callable[..., Analysis]) -> None:
    for losses in (3, 6, 11):
        tables = list(results.classes(made_up(task="multilabel", losses=losses, seeds=2), "auroc", {}))
        assert len({table.dense for table in tables}) == 1


def test_the_rates_under_equal_losses_are_told_with_their_claim_once_and_no_rate_is_nothing(
    made_up: Callable[..., Analysis],
) -> None:
    rates = tuple(
        replace(rate, claim=BOTH, rate=0.0 if n == 0 else 0.05, n_simulations=10_000,
                note="components below 0 count as 0" + ("; any of 3 comparisons, adjusted (holm)" if n == 0 else ""))
        for n, rate in enumerate(made_up().null_rates)
    )  # fmt: skip
    table = floor.null_rates(replace(made_up(), null_rates=rates))
    assert table is not None
    assert "claim" not in [column.name for column in table.columns]
    assert table.bodies[0].rows[0][1].text == "<0.0003"
    assert table.bodies[0].rows[0][1].values == (0.0,)
    notes = " ".join(table.notes)
    assert "All tests: components below 0 count as 0." in notes
    assert "family-wise, any of 3 comparisons, with Holm’s adjustment." in notes
    assert "Every test is read as a claim about other seeds and" in notes
    mixed = floor.null_rates(replace(made_up(), null_rates=(replace(rates[0], claim=CASES), *rates[1:])))
    assert mixed is not None
    assert "claim" in [column.name for column in mixed.columns]


def test_subgroups_of_few_cases_of_a_class_are_warned_of_and_an_empty_column_is_left_out(
    made_up: Callable[..., Analysis],
) -> None:
    analysis = made_up()
    told = next(group for group in analysis.subgroups if group.means)
    ends = [replace(mean, high=1.0) for mean in told.means]
    few = replace(told, positives=dict.fromkeys(told.positives, 7), refused="", means=tuple(ends))
    own = replace(analysis, subgroups=(few,))
    sizes, found = subgroups.sizes(own), subgroups.results(own)
    assert sizes is not None
    assert found is not None
    assert "refused" not in [column.name for column in sizes.columns]
    assert sum("Fewer than 10 cases of a class" in note for note in sizes.notes) == 1
    assert results.CUT in found.notes
    assert f"{few.n_cases} images" in found.bodies[0].title
    refused = subgroups.sizes(replace(own, subgroups=(replace(few, refused="fewer than 30 cases"),)))
    assert refused is not None
    assert "refused" in [column.name for column in refused.columns]
