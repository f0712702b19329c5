"""What becomes of runs that ended without a finite loss."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from cxr_report.analysis.value import Analysis
from cxr_report.runs import StudyFolder

Shown = Callable[..., tuple[StudyFolder, Analysis]]


def test_drop_seed_takes_the_seed_from_all_losses(shown: Shown) -> None:
    _, analysis = shown(diverged=((1, 2),))
    _, whole = shown()
    assert analysis.seeds == (1, 3, 4, 5)
    assert not analysis.partial
    assert [(run.loss, run.seed, run.epoch, run.reason) for run in analysis.diverged] == [
        ("weighted", 2, 3, "the loss became NaN")
    ]
    assert all(pair.n_seeds == 4 for pair in analysis.pairs)
    assert analysis.imputed == {}
    full = {(s.loss, s.metric, s.klass): s.values for s in whole.summaries}
    for entry in analysis.summaries:
        kept = full[entry.loss, entry.metric, entry.klass]
        assert entry.values == pytest.approx((kept[0], *kept[2:]), nan_ok=True)


def test_worst_score_gives_the_run_the_worst_that_any_finished_run_reached(shown: Shown) -> None:
    _, analysis = shown(diverged=((1, 2),), on_diverged="worst-score")
    assert analysis.seeds == (1, 2, 3, 4, 5)
    values = {(s.loss, s.metric): s.values for s in analysis.summaries if not s.klass}
    done = [run for run in analysis.runs if run.state == "done"]
    for metric, worst in (("auroc", min), ("brier", max), ("balanced_accuracy", min)):
        expected = worst(run.values[metric] for run in done)
        assert values["weighted", metric][1] == expected == analysis.imputed[metric]
    assert all(pair.n_seeds == 5 for pair in analysis.pairs)


def test_the_other_rule_for_diverged_runs_stands_beside_as_sensitivity_analysis(shown: Shown) -> None:
    _, dropped = shown(diverged=((1, 2),))
    _, imputed = shown(diverged=((1, 2),), on_diverged="worst-score")
    _, whole = shown()
    of_primary = tuple(pair for pair in imputed.pairs if pair.metric == "auroc")
    assert dropped.sensitivity == of_primary
    assert imputed.sensitivity == tuple(pair for pair in dropped.pairs if pair.metric == "auroc")
    assert whole.sensitivity == ()


def test_the_joint_analysis_keeps_to_seeds_with_predictions(shown: Shown) -> None:
    for rule in ("drop-seed", "worst-score"):
        _, analysis = shown(diverged=((1, 2),), on_diverged=rule)
        assert analysis.joint[0].n_seeds == 4


@pytest.mark.parametrize("rule", ["drop-seed", "worst-score"])
def test_a_study_of_diverged_runs_alone_is_undefined_and_says_so(rule: str, shown: Shown) -> None:
    _, analysis = shown(losses=2, seeds=2, diverged=((0, 1), (0, 2), (1, 1), (1, 2)), on_diverged=rule)
    assert all(math.isnan(entry.mean) for entry in analysis.summaries)
    assert all(pair.verdict == "not shown" and math.isnan(pair.p_t) and pair.note for pair in analysis.pairs)
    assert all(not test.rejected and test.note for test in analysis.omnibus)
    assert analysis.joint == ()
    assert len(analysis.diverged) == 4


def test_one_seed_left_gives_means_and_no_tests(shown: Shown) -> None:
    _, analysis = shown(losses=2, seeds=2, diverged=((0, 1),))
    entry = next(entry for entry in analysis.summaries if entry.metric == "auroc" and not entry.klass)
    assert entry.n_seeds == 1
    assert 0 < entry.mean <= 1
    assert math.isnan(entry.low)
    assert entry.note == "no interval from fewer than two seeds"
    assert math.isnan(analysis.pairs[0].p_t)
    assert analysis.smallest_wilcoxon_p == 1.0
