"""Seeds that not every loss finished, and classes that a split lacks, are counted and named."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from cxr_report.analysis.completeness import absent, left_out
from cxr_report.analysis.context import Context
from cxr_report.analysis.gather import Truth
from cxr_report.analysis.value import AbsentClass, LeftOut

Contexts = Callable[..., Context]
OUT = "left out of every comparison"
WORST = "given the worst score in the tests over seeds"


def test_a_complete_study_leaves_nothing_out(contexts: Contexts) -> None:
    context = contexts(losses=2, seeds=3)
    assert left_out(context) == ()
    assert absent(context) == ()


def test_seeds_are_named_with_the_losses_that_lack_them_and_why(contexts: Contexts) -> None:
    context = contexts(losses=3, seeds=4, diverged=((0, 2), (2, 2)), missing=((1, 3),))
    assert left_out(context) == (
        LeftOut(2, ("cross-entropy", "focal"), "diverged", OUT),
        LeftOut(3, ("weighted",), "missing", OUT),
    )
    assert context.finished == (1, 4)


def test_the_worst_score_is_told_where_the_plan_gives_it(contexts: Contexts) -> None:
    context = contexts(losses=3, seeds=4, diverged=((0, 2), (1, 3)), missing=((2, 3),), on_diverged="worst-score")
    assert left_out(context) == (
        LeftOut(2, ("cross-entropy",), "diverged", WORST),
        LeftOut(3, ("weighted",), "diverged", OUT),
        LeftOut(3, ("focal",), "missing", OUT),
    )
    assert context.seeds == (1, 2, 4)


def test_a_run_whose_primary_metric_is_undefined_is_named(contexts: Contexts) -> None:
    context = contexts(losses=2, seeds=3)
    scored = list(context.scored)
    place = next(at for at, run in enumerate(scored) if (run.loss, run.seed) == ("weighted", 2))
    row = scored[place].rows["test"]["auroc", ""]
    rows = {**scored[place].rows["test"], ("auroc", ""): replace(row, value=math.nan)}
    scored[place] = replace(scored[place], rows={**scored[place].rows, "test": rows})
    found = left_out(replace(context, scored=tuple(scored)))
    assert found == (LeftOut(2, ("weighted",), "undefined", OUT),)


def test_the_noise_floor_leaves_no_seed_out(contexts: Contexts) -> None:
    context = contexts(losses=2, seeds=3, floor_seeds=True, identical=True, floor_diverged=(0, 4), floor_missing=(1,))
    assert left_out(context) == ()


def with_labels(context: Context, **labels: np.ndarray) -> Context:
    truth = dict(context.material.truth)
    for split, values in labels.items():
        truth[split] = Truth(truth[split].ids, truth[split].patients, values)
    return replace(context, material=replace(context.material, truth=truth))


def test_a_class_without_cases_is_named_in_each_split(contexts: Contexts) -> None:
    context = contexts(losses=2, seeds=3)
    val, test = (context.material.truth[split].labels for split in ("val", "test"))
    found = absent(with_labels(context, val=np.where(val == 2, 0, val), test=np.where(test == 1, 0, test)))
    assert found == (AbsentClass("val", "covid19", "positive"), AbsentClass("test", "pneumonia", "positive"))


def test_a_split_of_one_class_has_no_negative_case_of_it(contexts: Contexts) -> None:
    context = contexts(losses=2, seeds=3)
    assert absent(with_labels(context, val=np.zeros(60, dtype=np.int64))) == (
        AbsentClass("val", "no_finding", "negative"),
        AbsentClass("val", "pneumonia", "positive"),
        AbsentClass("val", "covid19", "positive"),
    )


def test_of_a_binary_task_the_positive_class_speaks_for_both(contexts: Contexts) -> None:
    context = contexts(task="binary", losses=2, seeds=3)
    assert absent(with_labels(context, test=np.ones(90, dtype=np.int64))) == (
        AbsentClass("test", "pneumonia", "negative"),
    )


def test_a_finding_that_is_known_of_no_case_lacks_both(contexts: Contexts) -> None:
    context = contexts(task="multilabel", losses=2, seeds=3)
    labels = context.material.truth["test"].labels.copy()
    labels[:, 1] = np.nan
    labels[labels[:, 2] == 0, 2] = np.nan
    assert absent(with_labels(context, test=labels)) == (
        AbsentClass("test", "pneumonia", "positive"),
        AbsentClass("test", "pneumonia", "negative"),
        AbsentClass("test", "covid19", "negative"),
    )
