"""The primary metric in subgroups of the test cases: what is computed, what is counted, and what is refused."""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cxr_report import metrics, stats
from cxr_report.analysis.context import Context
from cxr_report.analysis.gather import Truth
from cxr_report.analysis.subgroups import subgroups
from cxr_report.analysis.value import Subgroup
from cxr_report.data.strata import strata

Contexts = Callable[..., Context]
KNOWN = {"losses": 2, "seeds": 3, "test": 300, "attributes": ("sex", "view", "age")}


def named(rows: tuple[Subgroup, ...]) -> dict[tuple[str, str], Subgroup]:
    return {(row.attribute, row.value): row for row in rows}


def with_test(context: Context, **changes: object) -> Context:
    truth = replace(context.test, **changes)
    return replace(context, material=replace(context.material, truth={**context.material.truth, "test": truth}))


def test_every_value_of_every_attribute_is_a_row_and_those_not_known_come_last(contexts: Contexts) -> None:
    context = contexts(**KNOWN)
    rows = subgroups(context)
    assert [(row.attribute, row.value) for row in rows] == [
        ("sex", "female"),
        ("sex", "male"),
        ("sex", ""),
        ("view", "AP"),
        ("view", "PA"),
        ("view", ""),
        ("age", "0-17"),
        ("age", "18-39"),
        ("age", "40-64"),
        ("age", "65+"),
        ("age", ""),
    ]
    for attribute in ("sex", "view", "age"):
        words = context.test.attributes[attribute].tolist()
        assert {row.value: row.n_cases for row in rows if row.attribute == attribute} == Counter(words)


@pytest.mark.parametrize(
    "recipe",
    [
        {"task": "binary", "images_per_patient": 2},
        {"task": "multiclass", "losses": 3, "family": "all"},
        {"task": "multilabel", "unknown": 0.1},
    ],
)
def test_numbers_are_the_joint_analysis_of_the_cases_of_the_subgroup(recipe: dict, contexts: Contexts) -> None:
    context = contexts(**{**KNOWN, **recipe})
    task, labels, patients = recipe["task"], context.test.labels, context.test.patients
    ranking = np.float64 if task == "multilabel" else metrics.margins
    flat = np.array([ranking(each) for each in context.logits()])
    scores = flat.reshape(len(context.losses), -1, *flat.shape[1:])
    scores = scores[..., 1] if task == "binary" else scores
    inside = context.test.attributes["sex"] == "female"
    row = named(subgroups(context))["sex", "female"]
    groups = patients[inside] if "images_per_patient" in recipe else None
    expected = stats.mrmc(labels[inside], scores[:, :, inside], groups=groups)
    assert (row.refused, row.metric) == ("", "auroc")
    assert row.n_patients == len(set(patients[inside].tolist()))
    for mine, theirs in zip(row.means, expected.means, strict=True):
        assert (mine.estimate, mine.se, mine.low) == pytest.approx((theirs.estimate, theirs.se, theirs.low))
    differences = {(each.i, each.j): each for each in expected.differences()}
    assert len(row.pairs) == context.family.size
    for pair in row.pairs:
        i, j = context.losses.index(pair.first), context.losses.index(pair.second)
        found = differences[min(i, j), max(i, j)]
        assert (abs(pair.difference), pair.se, pair.p) == pytest.approx((abs(found.estimate), found.se, found.p))
    whole = labels[inside] == 1 if task == "multilabel" else labels[inside][:, None] == np.arange(len(row.positives))
    assert list(row.positives.values()) == whole.sum(axis=0).tolist()


def test_nothing_is_adjusted_and_nothing_is_judged(contexts: Contexts) -> None:
    pairs = [pair for row in subgroups(contexts(**KNOWN, effect=2.0)) for pair in row.pairs]
    assert min(pair.p for pair in pairs) < 0.05
    for pair in pairs:
        assert (pair.in_family, pair.verdict) == (False, "outside the family")
        assert np.isnan([pair.p_adjusted, pair.low_simultaneous, pair.high_simultaneous]).all()
        assert pair.low < pair.difference < pair.high


def test_cases_that_are_not_known_are_counted_and_refused(contexts: Contexts) -> None:
    context = contexts(**KNOWN)
    row = named(subgroups(context))["sex", ""]
    assert row.n_cases == int((context.test.attributes["sex"] == "").sum()) > 10
    assert sum(row.positives.values()) == row.n_cases
    assert (row.refused, row.means, row.pairs) == ("not known", (), ())


def test_a_small_subgroup_is_refused_by_the_number_of_the_plan(contexts: Contexts) -> None:
    context = contexts(**KNOWN)
    words = np.array(["male"] * 270 + ["female"] * 30)
    assert named(subgroups(with_test(context, attributes={"sex": words})))["sex", "female"].refused == ""
    words[270] = "male"
    row = named(subgroups(with_test(context, attributes={"sex": words})))["sex", "female"]
    assert (row.n_cases, row.refused, row.means, row.pairs) == (29, "fewer than 30 cases", (), ())
    plan = context.study.analysis.model_copy(update={"subgroup_minimum": 10})
    other = replace(context, study=context.study.model_copy(update={"analysis": plan}))
    assert named(subgroups(with_test(other, attributes={"sex": words})))["sex", "female"].means


@pytest.mark.parametrize(("n", "sentence"), [(0, "no positive case of covid19"), (1, "one positive case of covid19")])
def test_a_subgroup_without_two_cases_of_a_class_is_refused(n: int, sentence: str, contexts: Contexts) -> None:
    context = contexts(**KNOWN)
    labels = np.where(context.test.labels == 2, 0, context.test.labels)
    labels[:n] = 2
    labels[200:210] = 2
    words = np.array(["male"] * 150 + ["female"] * 150)
    rows = named(subgroups(with_test(context, labels=labels, attributes={"sex": words})))
    assert rows["sex", "male"].refused == sentence
    assert rows["sex", "male"].positives["covid19"] == n
    assert rows["sex", "female"].refused == ""


def test_a_binary_subgroup_of_positive_cases_alone_is_refused_for_its_negative_ones(contexts: Contexts) -> None:
    context = contexts(**{**KNOWN, "task": "binary"})
    words = np.where(context.test.labels == 1, "male", "female")
    rows = named(subgroups(with_test(context, attributes={"sex": words})))
    assert rows["sex", "male"].refused == "no negative case of pneumonia"
    assert rows["sex", "female"].refused == "no positive case of pneumonia"


def test_findings_count_their_known_labels_alone(contexts: Contexts) -> None:
    context = contexts(**{**KNOWN, "task": "multilabel"})
    labels = context.test.labels.copy()
    words = np.array(["male"] * 150 + ["female"] * 150)
    labels[:150, 0] = np.nan
    labels[0, 0] = 0.0
    rows = named(subgroups(with_test(context, labels=labels, attributes={"sex": words})))
    assert rows["sex", "male"].refused == "no positive case of no_finding"
    labels[1:3, 0] = 1.0
    rows = named(subgroups(with_test(context, labels=labels, attributes={"sex": words})))
    assert rows["sex", "male"].refused == "one negative case of no_finding"


def test_positive_images_of_a_single_patient_have_no_variance_and_are_refused(contexts: Contexts) -> None:
    context = contexts(**{**KNOWN, "task": "binary", "images_per_patient": 2})
    words = np.array(["male"] * 150 + ["female"] * 150)
    labels = context.test.labels.copy()
    labels[:150] = 0
    labels[:2] = 1
    row = named(subgroups(with_test(context, labels=labels, attributes={"sex": words})))["sex", "male"]
    assert row.positives["pneumonia"] == 2
    assert row.refused == "the metric or its variance is undefined among these cases"


@pytest.mark.parametrize(
    ("recipe", "sentence"),
    [
        ({"primary": "ece"}, "the metric or its variance is undefined among these cases"),
        ({"diverged": ((0, 1), (0, 2))}, "a comparison over seeds needs at least two of them"),
        ({"diverged": ((0, 1), (0, 2), (0, 3))}, "a comparison over seeds needs at least two of them"),
    ],
)
def test_a_metric_without_a_covariance_and_too_few_seeds_are_refused(
    recipe: dict, sentence: str, contexts: Contexts
) -> None:
    large = [row for row in subgroups(contexts(**KNOWN, **recipe)) if row.value and row.n_cases >= 30]
    assert {(row.refused, row.means, row.pairs) for row in large} == {(sentence, (), ())}


def test_without_attributes_there_are_no_subgroups(contexts: Contexts) -> None:
    assert subgroups(contexts(losses=2, seeds=3)) == ()


def test_a_subgroup_of_all_cases_has_the_numbers_of_the_study(contexts: Contexts, shown) -> None:
    context = contexts(**KNOWN)
    everyone = with_test(context, attributes={"view": np.full(300, "PA")})
    _, analysis = shown(**KNOWN)
    (row,) = subgroups(everyone)
    assert row.means == analysis.joint[0].means
    assert row.pairs[0].p == analysis.joint[0].pairs[0].p


def test_real_radiographs_are_counted_and_refused_as_their_table_says(shared_data: Path, contexts: Contexts) -> None:
    """Sex, view and age of 224 real test images, with drawn predictions."""
    with (shared_data / "cxr3" / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["split"] == "test"]
    names = ("no_finding", "pneumonia", "covid19")
    labels = np.array([names.index(row["label"]) for row in rows])
    columns = {name: np.array([row[name] for row in rows]) for name in ("sex", "view")}
    age = np.array([float(row["age"] or math.nan) for row in rows])
    _, patients = np.unique([row["patient_id"] for row in rows], return_inverse=True)
    context = contexts(losses=2, seeds=3, test=len(rows))
    rng = np.random.default_rng(5)
    runs = tuple(
        replace(run, logits={"test": (np.eye(3)[labels] + rng.normal(size=(len(rows), 3))).astype(np.float32)})
        for run in context.material.runs
    )
    truth = Truth(context.test.ids, patients, labels, strata({**columns, "age": age}))
    material = replace(context.material, runs=runs, truth={**context.material.truth, "test": truth})
    found = named(subgroups(replace(context, material=material)))
    assert {value: row.n_cases for (name, value), row in found.items() if name == "sex"} == {
        "female": 97,
        "male": 122,
        "": 5,
    }
    assert found["view", "AP"].refused == "one positive case of covid19"
    assert found["view", "AP SUPINE"].refused == "fewer than 30 cases"
    assert found["view", "PA"].positives == {"no_finding": 38, "pneumonia": 69, "covid19": 20}
    assert found["sex", ""].refused == "not known"
    women = {row["patient_id"] for row in rows if row["sex"] == "F"}
    assert found["sex", "female"].n_patients == len(women) < 97
    inside = columns["sex"] == "F"
    scores = np.array([metrics.margins(run.logits["test"]) for run in runs]).reshape(2, 3, len(rows), 3)
    expected = stats.mrmc(labels[inside], scores[:, :, inside], groups=patients[inside])
    assert [each.se for each in found["sex", "female"].means] == pytest.approx([each.se for each in expected.means])


def test_scores_without_cases_have_no_subgroups(contexts: Contexts, given_table) -> None:
    context = contexts(**KNOWN)
    assert subgroups(replace(context, study=given_table("scores", primary="dice:higher"))) == ()
    assert subgroups(replace(context, study=given_table("predictions", scale="ranking")))
