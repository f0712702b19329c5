"""Tables of predictions: what is read, what is written, and the one sentence for each fault."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tables_given import NAMES, Row, prediction_rows, write

from cxr_report import ledger
from cxr_report.data import read_strata
from cxr_report.errors import Refusal
from cxr_report.intake import Asked, Intake, read
from cxr_report.intake.outcome import log_odds
from cxr_report.intake.predictions import GivenPredictions
from cxr_report.metrics import metric_value, sigmoid, softmax
from cxr_report.runs import StudyFolder, read_arrays, read_json, sha256
from cxr_report.stats import delong


def taken(folder: Path, rows: list[Row], *, dialect: dict[str, str] | None = None, **asked: Any) -> Intake:
    return read(write(folder / "cases.csv", rows, **(dialect or {})), Asked(**{"task": "binary", **asked}))


def found_in(intake: Intake) -> GivenPredictions:
    assert isinstance(intake.found, GivenPredictions)
    return intake.found


def refusal(folder: Path, rows: list[Row], **asked: Any) -> str:
    with pytest.raises(Refusal) as caught:
        taken(folder, rows, **asked)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def probabilities(task: str, logits: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return sigmoid(logits) if task == "multilabel" else softmax(logits)


@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel"])
@pytest.mark.parametrize("scale", ["prob", "logit"])
def test_predictions_come_back_as_they_were_given(tmp_path: Path, task: str, scale: str) -> None:
    rows = prediction_rows(task, scale=scale, cases=30)
    found = found_in(taken(tmp_path, rows, task=task))
    cases = found.cases["test"]
    assert list(cases.names) == sorted({row["case"] for row in rows})
    assert found.layout.classes == NAMES[task]
    for row in rows:
        logits = found.logits[row["loss"], row["seed"]]["test"][[cases.names.index(row["case"])]]
        shown = probabilities(task, logits) if scale == "prob" else logits
        assert shown[0] == pytest.approx([row[f"{scale}_{name}"] for name in NAMES[task]], rel=1e-12)
        label = cases.labels[cases.names.index(row["case"])]
        if task == "multilabel":
            assert label.tolist() == [row[f"truth_{name}"] for name in NAMES[task]]
        else:
            assert NAMES[task][int(label[0])] == row["truth"]


def test_equal_probabilities_stay_equal_and_rank_as_before(tmp_path: Path) -> None:
    rows = [
        {**row, "prob_pneumonia": round(row["prob_pneumonia"], 2), "prob_normal": round(1 - row["prob_pneumonia"], 2)}
        for row in prediction_rows(cases=200, seeds=1)
    ]
    found = found_in(taken(tmp_path, rows))
    labels = found.cases["test"].labels[:, 0]
    for loss in found.losses:
        own = {row["case"]: row["prob_pneumonia"] for row in rows if row["loss"] == loss}
        score = np.array([own[name] for name in found.cases["test"].names])
        logits = found.logits[loss, 1]["test"]
        gap = logits[:, 1] - logits[:, 0]
        assert len(np.unique(gap)) == len(np.unique(score))
        assert metric_value("auroc", "binary", labels.astype(int), logits) == delong(labels, score[:, None]).auc[0]


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=50))
def test_log_odds_are_finite_and_keep_order_and_ties(values: list[float]) -> None:
    p = np.unique(np.round(values, 12))
    odds = log_odds(p)
    assert np.isfinite(odds).all()
    assert (np.diff(odds) > 0).all()
    assert sigmoid(odds) == pytest.approx(p, abs=1e-15)


def test_one_column_of_a_binary_task_is_that_of_the_positive_class(tmp_path: Path) -> None:
    both = prediction_rows(seeds=2)
    for one, name in (("prob_pneumonia", "pneumonia"), ("score", "positive")):
        rows = [
            {
                **{key: row[key] for key in ("loss", "seed", "case")},
                "truth": int(row["truth"] == "pneumonia"),
                one: row["prob_pneumonia"],
            }
            for row in both
        ]
        intake = taken(tmp_path, rows)
        found = found_in(intake)
        assert intake.study.data.positive == name
        assert found.layout.classes[1] == name
        logits = found.logits["ce", 1]["test"]
        wanted = found_in(taken(tmp_path, both)).logits["ce", 1]["test"]
        if one == "score":
            assert logits[:, 1] - logits[:, 0] == pytest.approx(sigmoid(wanted[:, 1] - wanted[:, 0]), rel=1e-12)
            assert intake.study.metrics.secondary == ("average_precision",)
            assert not intake.study.decides
        else:
            assert np.array_equal(logits, wanted)


def test_the_positive_class_is_that_of_the_second_column_or_the_one_named(tmp_path: Path) -> None:
    rows = prediction_rows(seeds=2)
    assert taken(tmp_path, rows).study.data.positive == "pneumonia"
    turned = taken(tmp_path, rows, positive="normal")
    assert turned.study.data.positive == "normal"
    assert found_in(turned).layout.classes == ("pneumonia", "normal")
    plain = found_in(taken(tmp_path, rows))
    assert np.array_equal(found_in(turned).cases["test"].labels, 1 - plain.cases["test"].labels)
    one, other = found_in(turned).logits["ce", 1]["test"], plain.logits["ce", 1]["test"]
    assert (one[:, 1] - one[:, 0]) == pytest.approx(-(other[:, 1] - other[:, 0]), rel=1e-9)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**31),
    task=st.sampled_from(["binary", "multiclass", "multilabel"]),
    dialect=st.sampled_from([(",", "."), (";", ","), (";", ".")]),
)
def test_the_order_of_rows_and_the_dialect_change_nothing_that_is_written(
    tmp_path: Path, seed: int, task: str, dialect: tuple[str, str]
) -> None:
    rows = prediction_rows(task, cases=24, val=8, seeds=2, per_patient=2)
    order = np.random.default_rng(seed).permutation(len(rows))
    first = next(place for place in order if rows[place]["loss"] == "ce")
    shuffled = [rows[first], *(rows[place] for place in order if place != first)]
    named = {"delimiter": dialect[0], "decimal": dialect[1]}
    written = []
    for number, (each, kind) in enumerate(((rows, {}), (shuffled, named))):
        folder = StudyFolder(tmp_path / f"{seed}-{task}-{number}" / "cases")
        taken(tmp_path, each, dialect=kind, task=task).write(folder)
        files = sorted(file for file in folder.path.rglob("*.npz"))
        written.append({folder.relative(file): file.read_bytes() for file in files})
        written[-1]["fingerprint"] = read_json(folder.data_json)["fingerprint"].encode()
    assert written[0] == written[1]
    assert len(written[0]) == 2 + 2 * 2 * 2 + 1


def test_the_folder_holds_truth_predictions_and_their_hashes_and_no_name_of_a_case(tmp_path: Path) -> None:
    rows = prediction_rows("multilabel", cases=30, val=10, per_patient=3)
    rows = [{**row, "truth_nodule": "" if row["case"] == "case 12" else row["truth_nodule"]} for row in rows]
    intake = taken(tmp_path, rows, task="multilabel")
    folder = StudyFolder(tmp_path / "runs" / "cases")
    intake.write(folder)
    told = read_json(folder.data_json)
    assert told["splits"]["test"]["unknown"] == {"effusion": 0, "nodule": 1}
    assert (told["patients"]["known"], told["patients"]["number"], told["patients"]["most_images"]) == (True, 10, 3)
    assert "1 patient has both validation and test cases" in told["notes"]
    for split, size in (("val", 10), ("test", 20)):
        truth = read_arrays(folder.truth(split), ("ids", "patients", "labels", "classes"))
        assert (truth["labels"].shape, truth["labels"].dtype) == ((size, 2), np.float32)
        assert len(set(truth["ids"].tolist())) == size
        for loss, seed in intake.study.planned_runs():
            run = folder.run(loss, seed)
            file = run.predictions(split)
            assert np.array_equal(read_arrays(file, ("ids",))["ids"], truth["ids"])
            account = read_json(run.evaluation_json)
            assert account["predictions_sha256"][split] == sha256(file)
            assert account["fingerprint"] == told["fingerprint"]
    everything = b"".join(file.read_bytes() for file in folder.path.rglob("*") if file.is_file())
    assert b"case 1" not in everything
    assert "case 1".encode("utf-32-le") not in everything
    assert ledger.read(folder).study == intake.study


def test_sex_age_and_view_become_words_of_the_truth_file(tmp_path: Path) -> None:
    extra = {"sex": ("F", "male", ""), "age": ("41", "070Y", ""), "view": ("PA", "ap", "PA")}
    rows = [
        {**row, **{name: words[int(row["case"].split()[1]) % 3] for name, words in extra.items()}}
        for row in prediction_rows(cases=30)
    ]
    folder = StudyFolder(tmp_path / "runs" / "cases")
    taken(tmp_path, rows).write(folder)
    words = read_strata(folder, "test")
    assert sorted(set(words["sex"].tolist())) == ["", "female", "male"]
    assert sorted(set(words["age"].tolist())) == ["", "40-64", "65+"]
    assert sorted(set(words["view"].tolist())) == ["AP", "PA"]
    assert read_json(folder.data_json)["splits"]["test"]["demographics"]["age"]["mean"] == 55.5


def test_without_patients_every_case_is_its_own(tmp_path: Path) -> None:
    rows = [{key: value for key, value in row.items() if key != "patient"} for row in prediction_rows(cases=12)]
    folder = StudyFolder(tmp_path / "runs" / "cases")
    taken(tmp_path, rows).write(folder)
    assert read_arrays(folder.truth("test"), ("patients",))["patients"].tolist() == list(range(12))
    assert read_json(folder.data_json)["patients"]["known"] is False
    assert not folder.truth("val").exists()


def test_the_usual_plan_is_cut_to_what_the_table_can_answer(tmp_path: Path) -> None:
    plain = taken(tmp_path, prediction_rows()).study
    assert (plain.metrics.primary, plain.metrics.secondary) == (
        "auroc",
        ("balanced_accuracy", "average_precision", "brier"),
    )
    assert plain.analysis.multiverse.thresholds == ("argmax",)
    assert taken(tmp_path, prediction_rows(val=15)).study.analysis.multiverse.thresholds == ("argmax", "youden")
    single = taken(tmp_path, prediction_rows(seeds=1)).study
    assert single.seeds == (1,)
    assert single.analysis.multiverse.tests == ("mrmc-seeds-fixed",)
    assert "auroc" in taken(tmp_path, prediction_rows(), primary="brier").study.scored_metrics()
    assert taken(tmp_path, prediction_rows(), primary="brier").study.metrics.secondary == (
        "balanced_accuracy",
        "average_precision",
    )


def test_a_run_that_is_missing_is_named_and_may_be_dropped(tmp_path: Path) -> None:
    rows = [row for row in prediction_rows() if (row["loss"], row["seed"]) != ("focal", 2)]
    assert "focal has no row with seed 2" in refusal(tmp_path, rows)
    study = taken(tmp_path, rows, incomplete="drop-seed").study
    assert study.seeds == (1, 3)
    assert study.data.table is not None
    assert study.data.table.left_out == {2: ("focal",)}


def changed(place: int, rows: list[Row] | None = None, **cells: Any) -> list[Row]:
    rows = rows or prediction_rows()
    return [*rows[:place], {**rows[place], **cells}, *rows[place + 1 :]]


def renamed(rows: list[Row], **names: str) -> list[Row]:
    return [{names.get(key, key): value for key, value in row.items()} for row in rows]


def cut(rows: list[Row], *columns: str) -> list[Row]:
    return [{key: value for key, value in row.items() if key not in columns} for row in rows]


ROWS = prediction_rows()
OTHER = {"normal": "pneumonia", "pneumonia": "normal"}
FINDINGS = prediction_rows("multilabel")
MANY = prediction_rows("multiclass")


@pytest.mark.parametrize(
    ("rows", "asked", "told"),
    [
        (ROWS, {"task": ""}, "--task: is needed for predictions and is never guessed; allowed: binary, multiclass"),
        (ROWS, {"task": "multi-class"}, "got 'multi-class', did you mean 'multiclass'"),
        ([*ROWS, ROWS[50]], {}, "line 242: ce with seed 2 has case 'case 10' in line 52 already"),
        (changed(50, truth=OTHER[ROWS[50]["truth"]]), {}, "line 52, column truth: case"),
        (changed(50, truth="covid"), {}, "line 52, column truth: is 'covid'; allowed: normal, pneumonia"),
        (changed(50, truth=""), {}, "line 52, column truth: is empty; allowed: normal, pneumonia"),
        (changed(50, patient="p99"), {}, "line 52, column patient: case 'case 10' has another patient than in line 12"),
        (changed(50, prob_normal="x"), {}, "line 52, column prob_normal: 'x' is no number"),
        (changed(50, prob_normal="nan"), {}, "line 52, column prob_normal: 'nan' is not a finite number"),
        (changed(50, prob_normal=1.5), {}, "line 52, column prob_normal: 1.5 is no probability"),
        (changed(50, prob_normal=0.5, prob_pneumonia=0.4), {}, "52: the probabilities prob_normal, prob_pneumonia add"),
        (changed(50, prob_normal=0.5, prob_pneumonia=0.4), {}, "add up to 0.9; allowed: 1, within 0.001"),
        (changed(50, case=""), {}, "line 52, column case: is empty"),
        (changed(50, seed="a"), {}, "line 52, column seed: 'a' is no whole number"),
        (ROWS[:50] + ROWS[51:], {}, "ce with seed 2 lacks 1 of 40 cases, the first is 'case 10'; allowed: the same"),
        (renamed(ROWS, prob_normal="logit_normal"), {}, "prob_pneumonia and logit_normal are on different scales"),
        (renamed(ROWS, prob_normal="score"), {}, "prob_pneumonia and score are on different scales"),
        (cut(ROWS, "prob_normal", "prob_pneumonia"), {}, "has no column of predictions"),
        (cut(ROWS, "truth"), {}, "has no column 'truth'; --task binary needs it"),
        (renamed(ROWS, truth="label"), {}, "has no column 'truth'"),
        (cut(ROWS, "case"), {}, "has no column 'case'; predictions have loss, seed, case, truth"),
        (renamed(ROWS, patient="patients"), {}, "unknown column 'patients'; allowed: loss, seed, case, truth"),
        (renamed(ROWS, patient="patients"), {}, "did you mean 'patient'"),
        (renamed(ROWS, prob_normal="prob_"), {}, "the column 'prob_' names no class"),
        (MANY, {}, "--task binary needs one or two columns of predictions, got prob_a, prob_b, prob_c"),
        (cut(MANY, "prob_b", "prob_c"), {"task": "multiclass"}, "--task multiclass needs at least two columns"),
        (MANY, {"task": "multiclass", "positive": "a"}, "--positive goes with --task binary"),
        (ROWS, {"positive": "pneumona"}, "--positive: 'pneumona' is not among the classes normal, pneumonia, did you"),
        (ROWS, {"task": "multilabel"}, "has no column 'truth_normal'; --task multilabel needs"),
        (renamed(FINDINGS, truth_nodule="truth_nodul"), {"task": "multilabel"}, "has no column 'truth_nodule'"),
        ([{**row, "truth_mass": 1} for row in FINDINGS], {"task": "multilabel"}, "truth_mass has no predictions"),
        (changed(50, FINDINGS, truth_nodule="2"), {"task": "multilabel"}, "truth_nodule: is '2'; allowed: 1, 0, and"),
        (changed(50, FINDINGS, prob_nodule=-0.1), {"task": "multilabel"}, "column prob_nodule: -0.1 is no probability"),
        (renamed(cut(ROWS, "prob_normal"), prob_pneumonia="score"), {"task": "multilabel"}, "goes with --task binary"),
        ([{**row, "split": "train"} for row in ROWS], {}, "column split: is 'train'; allowed: val, test, since"),
        ([{**row, "split": "validation"} for row in ROWS], {}, "every case is for validation"),
        (changed(50, [{**row, "split": "test"} for row in ROWS], split="val"), {}, "has another split than in line 12"),
        ([{**row, "truth": "normal"} for row in ROWS], {}, "all 40 test cases are of the class 'normal'"),
        ([row for row in ROWS if row["loss"] == "ce"], {}, "holds the single loss ce"),
        (ROWS, {"primary": "dice"}, "unknown metric 'dice'"),
        (ROWS, {"primary": "auroc_hand_till"}, "auroc_hand_till is not defined for binary"),
        (ROWS, {"primary": "sensitivity_youden"}, "sensitivity_youden needs validation cases"),
        (ROWS, {"higher": ("auroc",)}, "--higher and --lower go with a table of scores"),
        (ROWS, {"baseline": "fokal"}, "--baseline: 'fokal' is not among the losses of the table: ce, focal"),
        (ROWS, {"margin": 2.0}, "analysis.margin: must be less than 1 for auroc"),
    ],
)  # fmt: skip
def test_a_fault_is_one_sentence(tmp_path: Path, rows: list[Row], asked: dict[str, Any], told: str) -> None:
    said = refusal(tmp_path, rows, **asked)
    assert told in said, said


def test_probabilities_of_three_decimals_are_taken_and_of_one_are_not(tmp_path: Path) -> None:
    def rounded(digits: int) -> list[Row]:
        return [
            {key: round(value, digits) if isinstance(value, float) else value for key, value in row.items()}
            for row in MANY
        ]

    assert taken(tmp_path, rounded(3), task="multiclass").study.task == "multiclass"
    assert "add up to" in refusal(tmp_path, rounded(1), task="multiclass")


def test_a_probability_of_exactly_zero_or_one_is_given_a_finite_logit(tmp_path: Path) -> None:
    rows = changed(0, prob_normal=0.0, prob_pneumonia=1.0)
    found = found_in(taken(tmp_path, rows))
    logits = found.logits["ce", 1]["test"][found.cases["test"].names.index("case 0")]
    assert logits.tolist() == [0.0, 37.0]
    assert math.isfinite(float(logits.sum()))


def test_other_predictions_do_not_enter_the_same_folder(tmp_path: Path) -> None:
    folder = StudyFolder(tmp_path / "runs" / "cases")
    taken(tmp_path, ROWS).write(folder)
    taken(tmp_path, ROWS[::-1], baseline="ce").write(StudyFolder(tmp_path / "other" / "cases"))
    taken(tmp_path, ROWS).write(folder)
    with pytest.raises(Refusal, match="holds a comparison of other numbers"):
        taken(tmp_path, changed(50, prob_normal=0.5, prob_pneumonia=0.5)).write(folder)


@pytest.mark.parametrize("column", ["loss", "case", "patient"])
def test_a_name_that_cannot_be_shown_is_refused(tmp_path: Path, column: str) -> None:
    rows = [{**row, column: f"{row[column]}\x1b[31m"} for row in prediction_rows(cases=8)]
    assert f"column {column}: " in refusal(tmp_path, rows)
    assert "holds the character U+001B" in refusal(tmp_path, rows)


def test_a_class_that_cannot_be_shown_is_refused(tmp_path: Path) -> None:
    rows = [
        {name.replace("prob_normal", "prob_nor\x08mal"): value for name, value in row.items()}
        for row in prediction_rows(cases=8)
    ]
    assert "'prob_nor\\x08mal', holds the character U+0008" in refusal(tmp_path, rows)
