"""Labels that depend on the loss or on the seed are counted as whoever opens the predictions would count them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cxr_report.analysis import analyse, load
from cxr_report.analysis.value import Analysis, LabelChanges
from cxr_report.runs import StudyFolder, read_arrays


def analysed(folder: StudyFolder, **options: Any) -> Analysis:
    return load(analyse(folder, **options))


def by_hand(folder: StudyFolder, analysis: Analysis, seeds: tuple[int, ...]) -> LabelChanges:
    """Count case by case, finding by finding, with plain loops over the files."""
    logits = {
        (loss, seed): read_arrays(folder.run(loss, seed).predictions("test"), ["logits"])["logits"]
        for loss in analysis.losses
        for seed in seeds
    }
    several = analysis.study.task == "multilabel"
    by_loss, by_seed, cases = set(), set(), analysis.data.n_test
    for case in range(cases):
        for finding in range(len(analysis.classes) if several else 1):
            most = set()
            for loss in analysis.losses:
                rows = [logits[loss, seed][case] for seed in seeds]
                told = Counter(bool(row[finding] >= 0) if several else int(np.argmax(row)) for row in rows)
                (first, count), *others = told.most_common()
                if others:
                    by_seed.add(case)
                if not others or others[0][1] < count:
                    most.add(first)
            if len(most) > 1:
                by_loss.add(case)
    return LabelChanges(
        n_cases=cases,
        n_losses=len(analysis.losses),
        n_seeds=len(seeds),
        by_loss=len(by_loss),
        by_seed=len(by_seed),
        both=len(by_loss & by_seed),
    )


@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel"])
def test_cases_are_counted_as_by_hand(task: str, made: Callable[..., StudyFolder]) -> None:
    folder = made(task=task, losses=3, seeds=4, strength=0.6, unknown=0.1 if task == "multilabel" else 0.0)
    analysis = analysed(folder)
    expected = by_hand(folder, analysis, analysis.seeds)
    assert analysis.label_changes == (expected,)
    assert 0 < expected.both < expected.by_seed < expected.n_cases


def test_only_seeds_that_every_loss_has_finished_are_counted(made: Callable[..., StudyFolder]) -> None:
    folder = made(losses=2, seeds=4, diverged=((1, 2),), on_diverged="worst-score")
    analysis = analysed(folder)
    assert analysis.label_changes == (by_hand(folder, analysis, (1, 3, 4)),)


def test_a_single_seed_cannot_change_a_label(made: Callable[..., StudyFolder]) -> None:
    (found,) = analysed(made(losses=2, seeds=2, diverged=((1, 2),))).label_changes
    assert (found.n_seeds, found.by_seed, found.both) == (1, 0, 0)
    assert found.by_loss > 0
