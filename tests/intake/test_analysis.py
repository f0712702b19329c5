"""What compare computes from a table, held against direct calls of the statistics on the numbers of the table."""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tables_given import Row, prediction_rows, score_rows, write

from cxr_report import stats
from cxr_report.analysis import analyse, load
from cxr_report.analysis.value import BOTH, CASES, SEEDS, Analysis
from cxr_report.errors import Refusal
from cxr_report.intake import Asked, read
from cxr_report.metrics import metric_value
from cxr_report.runs import StudyFolder, read_arrays, write_arrays


def analysed(folder: Path, rows: list[Row], **asked: Any) -> tuple[StudyFolder, Analysis]:
    intake = read(write(folder / "results.csv", rows), Asked(**asked))
    study = StudyFolder(folder / "runs" / intake.study.name)
    intake.write(study)
    return study, load(analyse(study))


def table(rows: list[Row], metric: str) -> np.ndarray[Any, Any]:
    """Arrange the scores of a table, ``(S, k)``."""
    losses, seeds = list(dict.fromkeys(row["loss"] for row in rows)), sorted({row["seed"] for row in rows})
    values = {(row["loss"], row["seed"]): row["value"] for row in rows if row["metric"] == metric}
    return np.array([[values[loss, seed] for loss in losses] for seed in seeds])


OWN = {"dice": 0.8, "hd95": 3.0, "auroc": 0.7}


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Row], Analysis]:
    rows = score_rows(("ce", "focal", "ldam"), seeds=6, **OWN)
    asked = {"primary": "dice", "higher": ("dice",), "lower": ("hd95",), "margin": 0.005, "family": "all"}
    return rows, analysed(tmp_path_factory.mktemp("scores"), rows, **asked)[1]


def test_scores_are_compared_over_seeds_by_the_very_functions(scores: tuple[list[Row], Analysis]) -> None:
    rows, found = scores
    assert found.metrics == ("dice:higher", "hd95:lower", "auroc")
    for theirs, ours in (("dice", "dice:higher"), ("hd95", "hd95:lower"), ("auroc", "auroc")):
        values, higher = table(rows, theirs), ours != "hd95:lower"
        rank = stats.friedman(values, higher_is_better=higher)
        iman = next(test for test in found.omnibus if (test.metric, test.test) == (ours, "iman-davenport"))
        assert (iman.statistic, iman.p, iman.planned) == (rank.f, rank.p_f, True)
        anova = next(test for test in found.omnibus if (test.metric, test.test) == (ours, "rm-anova"))
        assert (anova.statistic, anova.p) == (stats.rm_anova(values).f, stats.rm_anova(values).p_gg)
        ranking = next(each for each in found.rankings if each.metric == ours)
        assert ranking.mean_ranks == tuple(rank.mean_ranks)
        mine = [pair for pair in found.pairs if pair.metric == ours]
        raw = []
        for pair in mine:
            x, y = values[:, found.losses.index(pair.first)], values[:, found.losses.index(pair.second)]
            t, w = stats.paired_t(x, y), stats.wilcoxon(x, y)
            assert (pair.difference, pair.t, pair.p_t, pair.low, pair.high) == (t.difference, t.t, t.p, t.low, t.high)
            assert (pair.w_plus, pair.p_wilcoxon) == (w.w_plus, w.p)
            raw.append(t.p)
        assert [pair.p_t_adjusted for pair in mine] == list(stats.adjust(raw, "holm"))


def test_the_direction_of_a_metric_of_ones_own_decides_who_is_better(tmp_path: Path) -> None:
    rows = score_rows(("ce", "focal"), seeds=8, hd95=3.0)
    rows = [{**row, "value": row["value"] + (1.0 if row["loss"] == "focal" else 0.0)} for row in rows]
    _, lower = analysed(tmp_path, rows, lower=("hd95",), name="lower")
    _, higher = analysed(tmp_path, rows, higher=("hd95",), name="higher")
    assert (lower.pairs[0].first, lower.pairs[0].second) == ("focal", "ce")
    assert lower.pairs[0].verdict == "second better"
    assert higher.pairs[0].verdict == "first better"
    assert lower.pairs[0].p_t == higher.pairs[0].p_t


def test_scores_alone_say_nothing_of_cases_classes_or_curves(scores: tuple[list[Row], Analysis]) -> None:
    _, found = scores
    assert not found.study.trained
    assert (found.joint, found.cases, found.class_comparisons, found.subgroups) == ((), (), (), ())
    assert (found.curves, found.confusions, found.calibrations, found.controls) == ((), (), (), ())
    assert (found.twins, found.seed_floor, found.equivalences, found.variances) == ((), (), (), ())
    assert {test.target for test in found.omnibus} == {SEEDS}
    assert {group.target for group in found.multiverse} == {SEEDS}
    assert {row.planned for group in found.multiverse for row in group.rows} == {True, False}
    assert found.data.n_test == 0
    assert len(found.seeds_equivalences) == 3
    assert {run.state for run in found.runs} == {"done"}


def test_a_dropped_seed_is_told(tmp_path: Path) -> None:
    rows = [row for row in score_rows() if (row["loss"], row["seed"]) != ("focal", 2)]
    _, found = analysed(tmp_path, rows, primary="auroc", incomplete="drop-seed")
    (gone,) = found.left_out
    assert (gone.seed, gone.losses, gone.reason) == (2, ("focal",), "missing")
    assert gone.handling == "left out of every comparison"
    assert found.seeds == (1, 3, 4)
    assert not found.partial
    kept = table([row for row in rows if row["seed"] != 2], "auroc")
    assert found.pairs[0].difference == stats.paired_t(kept[:, 1], kept[:, 0]).difference


def test_a_changed_number_in_the_folder_is_found_out(tmp_path: Path) -> None:
    folder, _ = analysed(tmp_path, score_rows(), primary="auroc")
    text = folder.given_scores.read_text()
    folder.given_scores.write_text(text.replace("0.8", "0.9", 1))
    with pytest.raises(Refusal, match=r"scores-given\.csv does not match the hash that data\.json records"):
        analyse(folder)


def stacked(rows: list[Row], column: str) -> tuple[list[str], list[int], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Arrange a column of predictions ``(k, S, N)``, and the truth ``(N,)``, in the order of the names of the cases."""
    losses, seeds = list(dict.fromkeys(row["loss"] for row in rows)), sorted({row["seed"] for row in rows})
    by_run: dict[tuple[str, int], dict[str, float]] = defaultdict(dict)
    truth = {}
    for row in rows:
        by_run[row["loss"], row["seed"]][row["case"]] = row[column]
        truth[row["case"]] = row["truth"]
    names = sorted(truth)
    values = np.array([[[by_run[loss, seed][name] for name in names] for seed in seeds] for loss in losses])
    return losses, seeds, values, np.array([truth[name] for name in names])


@pytest.mark.parametrize("per_patient", [1, 2])
def test_binary_predictions_are_compared_over_seeds_and_cases_by_the_very_functions(
    tmp_path: Path, per_patient: int
) -> None:
    rows = prediction_rows(losses=("ce", "focal", "ldam"), cases=80, seeds=4, per_patient=per_patient)
    _, found = analysed(tmp_path, rows, task="binary", primary="auroc", family="all")
    losses, _, values, words = stacked(rows, "prob_pneumonia")
    truth = (words == "pneumonia").astype(int)
    names = sorted({row["case"] for row in rows})
    patients = np.array([int(name.split()[1]) // per_patient for name in names])
    wanted = stats.mrmc(truth, values, groups=patients if per_patient > 1 else None)
    joint = next(each for each in found.joint if each.metric == "auroc")
    assert joint.covariance == "delong"
    assert (joint.f, joint.df2, joint.p) == pytest.approx((wanted.f, wanted.df2, wanted.p), rel=1e-9)
    assert joint.n_patients == len(set(patients.tolist()))
    for pair, row in zip(joint.pairs, wanted.differences(error="pair"), strict=True):
        sign = 1 if losses.index(pair.first) < losses.index(pair.second) else -1
        assert pair.p == pytest.approx(row.p, rel=1e-8)
        assert pair.difference == pytest.approx(sign * row.estimate, rel=1e-9)
    fixed = stats.mrmc(truth, values, seeds="fixed", groups=patients if per_patient > 1 else None)
    cases = next(each for each in found.cases if each.metric == "auroc")
    assert cases.p == pytest.approx(fixed.p, rel=1e-9)
    assert found.thresholds[f"{losses[0]}/1"] == pytest.approx((math.nan, math.nan), nan_ok=True)


@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel"])
@pytest.mark.parametrize("val", [0, 30])
def test_every_metric_of_every_run_is_that_of_its_predictions(tmp_path: Path, task: str, val: int) -> None:
    rows = prediction_rows(task, scale="logit", cases=80, val=val, seeds=2)
    folder, found = analysed(tmp_path, rows, task=task, primary="auroc")
    truth = read_arrays(folder.truth("test"), ("labels",))["labels"]
    assert len(truth) == 80 - val
    scored = {"sensitivity_youden", "specificity_youden"} & set(found.runs[0].values)
    assert bool(scored) == bool(val)
    for run in found.runs:
        logits = read_arrays(folder.run(run.loss, run.seed).predictions("test"), ("logits",))["logits"]
        own = [
            row for row in rows if (row["loss"], row["seed"], row.get("split", "test")) == (run.loss, run.seed, "test")
        ]
        columns = [key for key in own[0] if key.startswith("logit_")]
        given = np.array([[row[key] for key in columns] for row in sorted(own, key=lambda row: row["case"])])
        given = given if task != "binary" or logits[0, 0] != 0 else given - given[:, :1]
        assert np.array_equal(logits, given)
        for metric in ("auroc", "balanced_accuracy", "brier", "log_loss", "ece"):
            assert run.values[metric] == metric_value(metric, task, truth, logits)


def test_predictions_without_validation_have_no_threshold_of_youden_in_the_multiverse(tmp_path: Path) -> None:
    _, found = analysed(tmp_path, prediction_rows(seeds=3), task="binary", primary="balanced_accuracy")
    assert {group.threshold for group in found.multiverse} <= {"", "argmax"}
    assert {group.target for group in found.multiverse} == {BOTH, CASES, SEEDS}


def test_one_seed_is_compared_over_cases_alone(tmp_path: Path) -> None:
    rows = prediction_rows(losses=("ce", "focal", "ldam"), cases=100, seeds=1)
    _, found = analysed(tmp_path, rows, task="binary", primary="auroc")
    assert found.joint == ()
    _, _, values, words = stacked(rows, "prob_pneumonia")
    truth = (words == "pneumonia").astype(int)
    cases = next(each for each in found.cases if each.metric == "auroc")
    pair = next(each for each in cases.pairs if (each.first, each.second) == ("focal", "ce"))
    direct = stats.delong_test(truth, values[1, 0], values[0, 0])
    assert (pair.difference, pair.p) == pytest.approx((direct.difference, direct.p), rel=1e-8)
    assert pair.verdict in ("first better", "second better", "not shown")
    planned = [test for test in found.omnibus if test.planned and test.metric == "auroc"]
    assert [(test.test, test.target) for test in planned] == [("mrmc-seeds-fixed", CASES)]
    assert {group.target for group in found.multiverse} == {CASES}
    assert any(row.planned for group in found.multiverse for row in group.rows)
    assert all(math.isnan(each.p_t) and "two seeds" in each.note for each in found.pairs)
    assert "one seed" in found.without_joint["auroc"]


def test_a_score_is_ranked_and_nothing_else_is_said_of_it(tmp_path: Path) -> None:
    rows = [
        {**{key: row[key] for key in ("loss", "seed", "case")}, "truth": int(row["truth"] == "pneumonia")}
        | {"score": 100 * row["prob_pneumonia"] - 7}
        for row in prediction_rows(losses=("ce", "focal"), cases=60)
    ]
    _, found = analysed(tmp_path, rows, task="binary")
    assert set(found.runs[0].values) == {"auroc", "average_precision", "sensitivity_at_specificity_90"}
    assert (found.calibrations, found.confusions) == ((), ())
    _, _, values, truth = stacked(rows, "score")
    assert found.joint[0].p == pytest.approx(stats.mrmc(truth, values).p, rel=1e-9)


def test_predictions_that_were_changed_are_found_out(tmp_path: Path) -> None:
    folder, _ = analysed(tmp_path, prediction_rows(), task="binary")
    file = folder.run("ce", 1).predictions("test")
    arrays = read_arrays(file, ("ids", "logits"))
    write_arrays(file, ids=arrays["ids"], logits=arrays["logits"] * 1.01)
    with pytest.raises(Refusal, match=r"predictions-test\.npz does not match the hash that .*evaluation\.json records"):
        analyse(folder)


def test_a_missing_run_of_the_folder_is_named(tmp_path: Path) -> None:
    folder, _ = analysed(tmp_path, prediction_rows(), task="binary")
    folder.run("ce", 2).predictions("test").unlink()
    with pytest.raises(Refusal, match=r"ce/seed-0002/predictions-test\.npz"):
        analyse(folder)


def van_dyke(file: Path) -> list[Row]:
    """Write the readings with losses for treatments and seeds for readers."""
    with file.open() as stream:
        return [
            {
                "loss": f"treatment {row['treatment']}",
                "seed": int(row["reader"]),
                "case": row["case"],
                "truth": row["truth"],
                "score": row["rating"],
            }
            for row in csv.DictReader(stream)
        ]


def test_the_van_dyke_readings_come_out_as_published(tmp_path: Path, shared_data: Path) -> None:
    """Published, by the jackknife: AUC 0.89704 and 0.94084, F(1, 15.26) = 4.46, p = 0.0517, difference -0.04380.

    The covariance of AUROC is estimated by DeLong here, and F(1, 15.07) = 4.48, p = 0.0512 on these data. The jackknife
    of the predictions that compare has written gives the published numbers.
    """
    folder, found = analysed(tmp_path, van_dyke(shared_data / "mrmc" / "VanDyke.csv"), task="binary")
    (joint,) = [each for each in found.joint if each.metric == "auroc"]
    assert [mean.estimate for mean in joint.means] == pytest.approx([0.89704, 0.94084], abs=5e-6)
    truth = read_arrays(folder.truth("test"), ("labels",))["labels"]
    gaps = np.stack(
        [
            [
                np.diff(read_arrays(folder.run(loss, seed).predictions("test"), ("logits",))["logits"], axis=1)[:, 0]
                for seed in found.seeds
            ]
            for loss in found.losses
        ]
    )
    jackknife = stats.mrmc(truth, gaps, covariance="jackknife")
    assert (jackknife.f, jackknife.df2, jackknife.p) == pytest.approx((4.46, 15.26, 0.0517), abs=5e-3)
    assert jackknife.var_error == pytest.approx(0.00080229, abs=5e-9)
    delong = stats.mrmc(truth, gaps, covariance="delong")
    assert (joint.f, joint.df2, joint.p) == pytest.approx((4.48, 15.07, 0.0512), abs=5e-3)
    assert (joint.covariance, joint.f, joint.df2, joint.p) == ("delong", *_near(delong.f, delong.df2, delong.p))
    (pair,) = joint.pairs
    assert (pair.first, pair.second) == ("treatment-2", "treatment-1")
    assert pair.difference == pytest.approx(0.04380, abs=5e-6)
    (cases,) = [each for each in found.cases if each.metric == "auroc"]
    assert cases.f * cases.df1 == pytest.approx(stats.mrmc(truth, gaps, seeds="fixed").chi2, rel=1e-9)
    published = stats.mrmc(truth, gaps, covariance="jackknife", seeds="fixed")
    assert (published.chi2, published.p) == pytest.approx((5.47595, 0.0193), abs=5e-5)
    anova = next(test for test in found.omnibus if (test.metric, test.test) == ("auroc", "rm-anova"))
    assert (anova.statistic, anova.p) == pytest.approx((8.70, 0.0420), abs=5e-3)


def _near(*values: float) -> tuple[Any, ...]:
    return tuple(pytest.approx(value, rel=1e-9) for value in values)
