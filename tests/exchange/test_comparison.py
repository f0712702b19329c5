"""Two analyses differ in what differs, and in nothing that only stands elsewhere."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr_report.errors import Refusal
from cxr_report.exchange.comparison import ROUNDING, compare
from cxr_report.exchange.leaves import leaves
from cxr_report.exchange.listing import SHOWN, encode, table
from cxr_report.exchange.sides import Side, read
from cxr_report.runs import StudyFolder

Analysed = Callable[..., StudyFolder]


@pytest.fixture(scope="session")
def side(analysed: Analysed) -> Side:
    """One side: two losses, two seeds."""
    return read(analysed(losses=3, seeds=2).path)


def changed(side: Side, change: Callable[[Any], None]) -> Side:
    """Return a side whose statistics were changed."""
    statistics = copy.deepcopy(dict(side.statistics))
    change(statistics)
    return replace(side, statistics=statistics)


def shuffled(value: Any, rng: np.random.Generator) -> Any:
    """Put the entries of every list of records into another order."""
    if isinstance(value, dict):
        return {key: shuffled(entry, rng) for key, entry in value.items()}
    if isinstance(value, list) and value and all(isinstance(entry, dict) for entry in value):
        order = (
            rng.permutation(len(value)) if "low" not in value[0] or "accuracy" not in value[0] else range(len(value))
        )
        return [shuffled(value[place], rng) for place in order]
    return value


def test_a_side_differs_in_nothing_from_itself(side: Side) -> None:
    found = compare(side, side)
    assert not found.changed
    assert (found.rounded, found.first()) == (0, "")
    assert found.compared_scores == len(side.scores) > 100
    assert found.compared_statistics > 1000
    assert table(found).endswith("Nothing changed; every number is the same to its last digit.")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_order_of_records_means_nothing(side: Side, seed: int) -> None:
    rng = np.random.default_rng(seed)
    assert not compare(side, replace(side, statistics=shuffled(dict(side.statistics), rng))).changed


def test_every_number_of_the_statistics_is_compared(side: Side) -> None:
    """Each leaf of the file, changed alone, is found as one change at one place."""
    places = [key for key, value in leaves(side.statistics).items() if isinstance(value, float)]
    assert len(places) == len(set(places)) > 1000
    total = json.dumps({key: entry for key, entry in side.statistics.items() if key != "study"})
    floats = sum(isinstance(value, float) for value in flat(json.loads(total)))
    assert len(places) == floats


def flat(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [entry for each in value.values() for entry in flat(each)]
    if isinstance(value, list):
        return [entry for each in value for entry in flat(each)]
    return [value]


def test_a_changed_number_is_named_by_its_meaning(side: Side) -> None:
    def change(statistics: Any) -> None:
        statistics["joint"][0]["pairs"][1]["p"] += 0.25

    pair = side.statistics["joint"][0]["pairs"][1]
    found = compare(side, changed(side, change))
    (only,) = found.statistics
    assert only.key == f"joint[auroc, seeds and cases].pairs[{pair['first']} - {pair['second']}].p"
    assert only.absolute == pytest.approx(0.25)
    assert not found.decisions
    assert found.first().startswith(only.key)


def test_a_changed_verdict_is_a_decision_of_the_plan_and_stands_first(side: Side) -> None:
    def change(statistics: Any) -> None:
        statistics["joint"][0]["pairs"][0]["verdict"] = "second better"
        statistics["joint"][1]["pairs"][0]["verdict"] = "second better"

    pair = side.statistics["joint"][0]["pairs"][0]
    found = compare(side, changed(side, change))
    assert [decision.planned for decision in found.decisions] == [True, False]
    first = found.decisions[0]
    assert first.what == f"{pair['first']} against {pair['second']} on auroc, seeds and cases"
    assert (first.before, first.after) == ("not shown", f"{pair['second']} better")
    lines = table(found).splitlines()
    assert lines[3] == "Decisions: 2 changed, 1 of them of the plan"
    assert lines[5].split()[0] == "plan"
    assert lines[-1] == (
        "Changed: 1 decision of the plan, 1 other one, 0 scores, 2 statistics; 0 numbers differ by rounding alone."
    )


@pytest.mark.parametrize(
    ("change", "what", "planned"),
    [
        (lambda s: s["omnibus"][0].update(rejected=True), "any difference on auroc by mrmc, seeds and cases", True),
        (lambda s: s["equivalences"][0].update(equivalent=True), "equivalence of cross-entropy and weighted on", True),
        (lambda s: s["equivalences"][0].update(noninferior=True), "non-inferiority of weighted to cross-entropy", True),
        (lambda s: s["rankings"][0].update(mean_ranks=[2.5, 2.5, 1.0]), "order of the mean ranks on auroc", True),
        (lambda s: s["rankings"][0]["procedures"][0].update(cliques=[]), "losses not told apart on auroc by", False),
        (lambda s: s["multiverse"][0]["rows"][0].update(verdict="worse"), "by", False),
        (lambda s: s["cases"][0]["pairs"][0].update(verdict="first better"), "cases, these runs", False),
        (lambda s: s["pairs"][0].update(verdict="first better"), "seeds, these cases", False),
    ],
)  # fmt: skip
def test_every_kind_of_conclusion_is_a_decision(side: Side, change: Any, what: str, planned: bool) -> None:
    found = compare(side, changed(side, change))
    assert found.decisions
    assert any(what in decision.what for decision in found.decisions)
    assert all(decision.planned == planned for decision in found.decisions)


def test_the_order_of_ranks_says_which_are_equal(side: Side) -> None:
    def change(statistics: Any) -> None:
        statistics["rankings"][0]["mean_ranks"] = [2.5, 2.5, 1.0]

    (decision, *_) = compare(side, changed(side, change)).decisions
    assert decision.after == "focal > cross-entropy = weighted"


def test_what_differs_by_rounding_is_counted_apart_and_changes_nothing(side: Side) -> None:
    def change(statistics: Any) -> None:
        pair = statistics["joint"][0]["pairs"][0]
        pair["p"] *= 1 + 0.9 * ROUNDING
        pair["se"] *= 1 + 0.9 * ROUNDING

    scores = {key: repr(float(value) * (1 + 1e-12)) if value else value for key, value in side.scores.items()}
    found = compare(side, replace(changed(side, change), scores=scores))
    assert not found.changed
    assert found.rounded_statistics == 2
    assert found.rounded_scores == sum(bool(value) and float(value) != 0 for value in side.scores.values())
    assert (
        table(found).splitlines()[-1].startswith(f"Nothing changed; {found.rounded} numbers differ by rounding alone")
    )


@given(value=st.floats(1e-300, 1e300), share=st.floats(1.5, 1e6))
def test_more_than_rounding_is_a_change(value: float, share: float) -> None:
    made = {"study": {}, "runs": [], "x": value}
    there, here = (Side("a", {**made, "x": each}, {}, {}) for each in (value, value * (1 + share * ROUNDING)))
    assert compare(there, here).statistics[0].key == "x"


def test_undefined_and_a_number_differ_and_undefined_and_undefined_do_not() -> None:
    def side(value: Any) -> Side:
        return Side("a", {"study": {}, "runs": [], "x": value}, {}, {})

    (only,) = compare(side(None), side(0.0)).statistics
    assert math.isnan(only.absolute)
    assert not compare(side(None), side(None)).changed
    assert compare(side("inf"), side("-inf")).statistics[0].absolute == math.inf
    assert compare(side(True), side(1)).changed
    assert not compare(side(1), side(1.0)).changed


def test_scores_are_gathered_by_loss_seed_and_metric_with_the_largest_change_first(side: Side) -> None:
    scores = dict(side.scores)
    keys = [key for key in scores if key[:3] == ("focal", "1", "auroc") and scores[key]]
    assert len(keys) > 2
    for step, key in enumerate(keys, start=1):
        scores[key] = repr(float(scores[key]) - 0.01 * step)
    other = next(key for key in scores if key[:3] == ("weighted", "2", "brier"))
    scores[other] = repr(float(scores[other]) + 0.5)
    gone = next(key for key in scores if key[:3] == ("weighted", "1", "accuracy"))
    del scores[gone]
    found = compare(side, replace(side, scores=scores))
    assert [(each.loss, each.seed, each.metric) for each in found.scores] == [
        ("weighted", "2", "brier"),
        ("focal", "1", "auroc"),
        ("weighted", "1", "accuracy"),
    ]
    second = found.scores[1]
    assert (second.changed, second.rounded) == (len(keys), 0)
    assert second.largest == pytest.approx(0.01 * len(keys))
    assert second.where == ", ".join(part for part in keys[-1][3:5] if part)
    assert (second.before, second.after) == (side.scores[keys[-1]], scores[keys[-1]])
    assert found.scores[2].after == "absent"
    assert math.isnan(found.scores[2].largest)
    assert found.changed_scores == len(keys) + 2


def test_settings_runs_and_files_are_named(analysed: Analysed, side: Side) -> None:
    other = read(analysed(losses=3, seeds=3, alpha=0.1).path)
    found = compare(side, other)
    settings = {each.name: (each.before, each.after) for each in found.settings}
    assert settings["analysis.alpha"] == (0.05, 0.1)
    assert settings["seeds"] == ([1, 2], [1, 2, 3])
    assert "losses.focal.parameters.gamma" not in settings
    assert [(each.loss, each.seed, each.before, each.after) for each in found.runs] == [
        (loss, 3, "absent", "done") for loss in ("cross-entropy", "weighted", "focal")
    ]
    files = {each.name: (each.before, each.after) for each in found.files}
    assert files["focal/seed-0003/predictions-test.npz"][0] == ""
    assert len(files["focal/seed-0003/predictions-test.npz"][1]) == 64
    assert "focal/seed-0001/predictions-test.npz" not in files


def test_losses_in_another_order_change_no_number(side: Side) -> None:
    """The pairs come the other way round, with the signs that belong to it."""

    def turn(statistics: Any) -> None:
        from cxr_report.exchange.orientation import oriented, pairs_of

        turned = oriented(statistics, frozenset(pair[::-1] for pair in pairs_of(statistics)))
        statistics.clear()
        statistics.update(turned)

    found = compare(side, changed(side, turn))
    assert {each.key.rpartition(".")[2] for each in found.statistics} <= {
        "noninferior", "p_noninferiority", "p_noninferiority_adjusted",
        "noninferior of the second", "p_noninferiority of the second", "p_noninferiority_adjusted of the second",
    }  # fmt: skip
    assert not [decision for decision in found.decisions if "non-inferiority" not in decision.what]


def test_the_json_holds_everything_and_the_table_only_the_first(analysed: Analysed, side: Side) -> None:
    found = compare(side, read(analysed(losses=3, seeds=2, seed=1).path))
    told = json.loads(encode(found))
    assert told["changed"] is True
    assert len(told["statistics"]) == len(found.statistics) > SHOWN
    assert len(told["decisions"]) == len(found.decisions)
    lines = table(found).splitlines()
    assert f"  and {len(found.statistics) - SHOWN} more; --json lists all" in lines
    place = next(number for number, line in enumerate(lines) if line.startswith("Statistics:"))
    assert lines[place + 2].startswith("  joint[auroc")


def test_statistics_that_are_not_built_like_any_are_refused_in_one_sentence(side: Side) -> None:
    def change(statistics: Any) -> None:
        del statistics["joint"][0]["pairs"][0]["verdict"]

    with pytest.raises(Refusal, match="is damaged \\(lacks 'verdict'\\)"):
        compare(side, changed(side, change))
