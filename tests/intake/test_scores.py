"""Tables of scores: what is read, what is made of it, and the one sentence for each fault."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tables_given import Row, score_rows, write

from cxr_report import ledger
from cxr_report.analysis import analyse, load
from cxr_report.errors import Refusal
from cxr_report.intake import Asked, Intake, read
from cxr_report.intake.scores import GivenScores
from cxr_report.runs import StudyFolder, read_json, sha256

OWN = {"dice": 0.8, "hd95": 3.0}


def taken(folder: Path, rows: list[Row], *, dialect: dict[str, str] | None = None, **asked: Any) -> Intake:
    return read(write(folder / "results.csv", rows, **(dialect or {})), Asked(**{"primary": "auroc", **asked}))


def refusal(folder: Path, rows: list[Row], **asked: Any) -> str:
    with pytest.raises(Refusal) as caught:
        taken(folder, rows, **asked)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_every_value_lands_at_its_loss_seed_and_metric(tmp_path: Path) -> None:
    rows = score_rows()
    found = taken(tmp_path, rows).found
    assert isinstance(found, GivenScores)
    assert (found.losses, found.seeds, found.metrics) == (("ce", "focal", "dice"), (1, 2, 3, 4), ("auroc", "brier"))
    for number, row in enumerate(rows, start=2):
        cell = (
            found.losses.index(row["loss"]),
            found.seeds.index(row["seed"]),
            found.metrics.index(row["metric"]),
        )
        assert found.values[cell] == row["value"]
        assert found.lines[cell] == number


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(8)), dialect=st.sampled_from([(",", "."), (";", ","), (";", ".")]))
def test_the_order_of_rows_and_the_dialect_change_nothing_that_is_written(
    tmp_path: Path, order: list[int], dialect: tuple[str, str]
) -> None:
    rows = score_rows(("ce", "focal"), seeds=2)
    first = [row for row in rows if row["loss"] == "ce"][:1]
    shuffled = first + [rows[place] for place in order if rows[place] is not first[0]]
    written = []
    for number, (each, kind) in enumerate(((rows, (",", ".")), (shuffled, dialect))):
        folder = StudyFolder(tmp_path / f"{number}" / "results")
        named = {"delimiter": kind[0], "decimal": kind[1]}
        taken(tmp_path, each, dialect=named, secondary=("brier",)).write(folder)
        folder.study_json.unlink()
        written.append(folder.given_scores.read_bytes())
    assert written[0] == written[1]


def test_the_study_is_frozen_with_the_plan_and_tells_nothing_of_a_training(tmp_path: Path) -> None:
    intake = taken(
        tmp_path,
        score_rows(),
        secondary=("brier",),
        baseline="focal",
        margin=0.02,
        alpha=0.01,
        family="all",
        adjustment="hommel",
        title="Given numbers",
        name="given",
    )
    folder = StudyFolder(tmp_path / "runs" / "given")
    intake.write(folder)
    study = ledger.read(folder).study
    assert study == intake.study
    assert (study.name, study.task, study.data.path, study.data.source) == ("given", "none", "results.csv", "table")
    assert (study.metrics.primary, study.metrics.secondary) == ("auroc", ("brier",))
    plan = study.analysis
    assert (plan.baseline, plan.margin, plan.alpha, plan.family, plan.adjustment) == (
        "focal",
        0.02,
        0.01,
        "all",
        "hommel",
    )
    assert plan.omnibus == "iman-davenport"
    assert plan.multiverse.tests == ("paired-t", "wilcoxon", "sign-flip")
    assert plan.multiverse.thresholds == ("argmax",)
    assert study.report.title == "Given numbers"
    assert "training" not in read_json(folder.study_json)["study"]


def test_the_given_scores_are_written_with_every_digit_and_hashed(tmp_path: Path) -> None:
    rows = [*score_rows(), *score_rows(dice=0.7)]
    intake = taken(tmp_path, rows, secondary=("dice",), higher=("dice",))
    folder = StudyFolder(tmp_path / "runs" / intake.study.name)
    intake.write(folder)
    there = list(csv.DictReader(io.StringIO(folder.given_scores.read_text())))
    found = {(row["loss"], int(row["seed"]), row["metric"]): float(row["value"]) for row in there}
    wanted = {
        (row["loss"], row["seed"], {"dice": "dice:higher"}.get(row["metric"], row["metric"])): row["value"]
        for row in rows
        if row["metric"] != "brier"
    }
    assert found == wanted
    assert read_json(folder.data_json)["fingerprint"] == sha256(folder.given_scores)


def test_names_of_losses_become_folders_and_stay_as_labels(tmp_path: Path) -> None:
    losses = ("Cross entropy", "Focal (γ = 2)", "focal (g=2)", "report")
    study = taken(tmp_path, score_rows(losses), baseline="Focal (γ = 2)").study
    assert {name: loss.label for name, loss in study.losses.items()} == {
        "Cross-entropy": "Cross entropy",
        "Focal-2": "Focal (γ = 2)",
        "focal-g-2": "focal (g=2)",
        "loss-report": "report",
    }
    assert study.analysis.baseline == "Focal-2"


def test_without_secondary_metrics_named_all_others_of_the_table_are(tmp_path: Path) -> None:
    study = taken(tmp_path, score_rows(auroc=0.8, ece=0.1, kappa=0.5), primary="ece").study
    assert study.metrics.secondary == ("auroc", "kappa")


def test_a_single_metric_needs_no_option(tmp_path: Path) -> None:
    assert taken(tmp_path, score_rows(brier=0.2), primary="").study.metrics.primary == "brier"


@pytest.mark.parametrize(
    ("asked", "primary"),
    [
        ({"primary": "dice", "higher": ("dice",), "lower": ("hd95",)}, "dice:higher"),
        ({"primary": "hd95", "higher": ("dice",), "lower": ("hd95",)}, "hd95:lower"),
        ({"primary": "dice:higher", "lower": ("hd95",), "secondary": ("hd95",)}, "dice:higher"),
        ({"primary": "dice", "higher": ("dice",), "secondary": ()}, "dice:higher"),
    ],
)
def test_a_metric_of_the_users_own_carries_its_direction(tmp_path: Path, asked: dict[str, Any], primary: str) -> None:
    study = taken(tmp_path, score_rows(**OWN), **asked).study
    assert study.metrics.primary == primary


@pytest.mark.parametrize(("margin", "told"), [(None, True), (0.02, False)])
def test_a_margin_that_nobody_stated_for_a_metric_of_ones_own_is_told(
    tmp_path: Path, margin: float | None, told: bool
) -> None:
    folder = StudyFolder(tmp_path / "runs" / "results")
    taken(tmp_path, score_rows(dice=0.8), primary="", higher=("dice",), margin=margin).write(folder)
    note = "the margin 0.01 was not stated and is the program's own"
    assert (note in read_json(folder.data_json)["notes"]) == told


def test_the_table_itself_may_state_a_direction(tmp_path: Path) -> None:
    rows = [{**row, "metric": "dice:higher"} for row in score_rows(dice=0.8)]
    assert taken(tmp_path, rows, primary="").study.metrics.primary == "dice:higher"


def test_a_plan_file_is_taken_and_options_come_before_it(tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text(
        "[metrics]\nprimary = 'dice'\nsecondary = ['hd95']\n"
        "[analysis]\nmargin = 2.0\nalpha = 0.01\nfamily = 'all'\nhierarchy = ['hd95']\nomnibus = 'friedman'\n"
        "[analysis.multiverse]\nmetrics = ['hd95']\ntests = ['paired-t']\n"
    )
    study = taken(
        tmp_path, score_rows(**OWN), primary="", plan=plan, higher=("dice",), lower=("hd95",), alpha=0.02
    ).study
    assert (study.metrics.primary, study.metrics.secondary) == ("dice:higher", ("hd95:lower",))
    assert (study.analysis.margin, study.analysis.alpha, study.analysis.family) == (2.0, 0.02, "all")
    assert (study.analysis.hierarchy, study.analysis.omnibus) == (("hd95:lower",), "friedman")
    assert (study.analysis.multiverse.metrics, study.analysis.multiverse.tests) == (("hd95:lower",), ("paired-t",))


def without(rows: list[Row], *cells: tuple[str, int]) -> list[Row]:
    return [row for row in rows if (row["loss"], row["seed"]) not in cells]


def test_a_missing_cell_is_named_with_what_is_allowed(tmp_path: Path) -> None:
    said = refusal(tmp_path, without(score_rows(), ("focal", 3)))
    assert "focal has no row with seed 3" in said
    assert "--incomplete drop-seed, which leaves seed 3 out of every loss" in said


def test_a_missing_value_of_one_metric_is_named(tmp_path: Path) -> None:
    rows = [row for row in score_rows() if (row["loss"], row["seed"], row["metric"]) != ("dice", 2, "brier")]
    assert "dice has no brier with seed 2" in refusal(tmp_path, rows)
    assert taken(tmp_path, rows, secondary=()).study.seeds == (1, 2, 3, 4)


def test_many_missing_cells_are_counted(tmp_path: Path) -> None:
    rows = without(score_rows(seeds=9), *(("focal", seed) for seed in range(1, 8)))
    said = refusal(tmp_path, rows)
    assert "(and 2 more missing cells)" in said
    assert "leaves seeds 1, 2, 3, 4, 5, 6, 7 out" in said


def test_a_dropped_seed_leaves_every_loss_and_is_told(tmp_path: Path) -> None:
    intake = taken(tmp_path, without(score_rows(), ("focal", 3), ("dice", 3)), incomplete="drop-seed")
    assert intake.study.seeds == (1, 2, 4)
    table = intake.study.data.table
    assert table is not None
    assert table.left_out == {3: ("focal", "dice")}
    folder = StudyFolder(tmp_path / "runs" / "results")
    intake.write(folder)
    assert "seed 3 left out of every loss, since focal, dice lack it" in read_json(folder.data_json)["notes"]
    assert ",3," not in folder.given_scores.read_text()
    assert ledger.read(folder).study == intake.study


def test_too_few_seeds_are_refused(tmp_path: Path) -> None:
    assert "holds 1 seed that every loss has; allowed: at least 2" in refusal(tmp_path, score_rows(seeds=1))
    rows = without(score_rows(seeds=2), ("focal", 2))
    assert "after seed 2 was left out" in refusal(tmp_path, rows, incomplete="drop-seed")


def changed(place: int, **cells: Any) -> list[Row]:
    rows = score_rows()
    return [*rows[:place], {**rows[place], **cells}, *rows[place + 1 :]]


DOUBLE = [*score_rows(), score_rows()[3]]


@pytest.mark.parametrize(
    ("rows", "asked", "told"),
    [
        (DOUBLE, {}, "line 26: ce with seed 2 has a value of brier in line 5 already"),
        (changed(4, value="high"), {}, "line 6, column value: 'high' is no number"),
        (changed(4, value="NaN"), {}, "line 6, column value: 'NaN' is not a finite number"),
        (changed(4, value=""), {}, "line 6, column value: is empty"),
        (changed(4, seed="one"), {}, "line 6, column seed: 'one' is no whole number"),
        (changed(4, loss=""), {}, "line 6, column loss: is empty"),
        (changed(4, metric=""), {}, "line 6, column metric: is empty"),
        (
            changed(4, loss="c\x07e"),
            {},
            "line 6, column loss: 'c\\x07e' holds the character U+0007; allowed: characters",
        ),
        (changed(4, loss='"c\ne"'), {}, "line 7, column loss: 'c\\ne' holds the character U+000A"),
        (changed(4, metric="au\u2028roc"), {}, "column metric: 'au\\u2028roc' holds the character U+2028"),
        (changed(4, value=81.3), {}, "line 6, column value: 81.3 is no value of auroc, which lies in [0, 1]"),
        (
            [{**row, "class": "a"} for row in score_rows()],
            {},
            "unknown column 'class'; allowed: loss, seed, metric, value",
        ),
        (
            [{"los": row["loss"], **{key: row[key] for key in ("seed", "metric", "value")}} for row in score_rows()],
            {},
            "has no column 'loss'; scores have the columns loss, seed, metric, value; its columns are "
            "los, seed, metric, value, did you mean 'los'",
        ),
        ([{"a": 1, "b": 2}], {}, "has the columns a, b; scores have the columns"),
        ([{**row, "case": 1} for row in score_rows()], {}, "has columns of two forms, metric, value and case"),
        (score_rows(("ce",)), {}, "holds the single loss ce; at least 2 are needed"),
        (score_rows(), {"primary": ""}, "holds the metrics auroc, brier; state by --primary"),
        (score_rows(), {"primary": "auorc"}, "--primary: 'auorc' is not among the metrics of"),
        (score_rows(), {"primary": "auorc"}, "did you mean 'auroc'"),
        (score_rows(), {"secondary": ("briar",)}, "--secondary: 'briar' is not among the metrics"),
        (score_rows(), {"secondary": ("auroc",)}, "a metric is named twice"),
        (
            score_rows(),
            {"baseline": "cee"},
            "--baseline: 'cee' is not among the losses of the table: ce, focal, dice, did",
        ),
        (score_rows(), {"task": "binary"}, "--task goes with predictions"),
        (score_rows(), {"incomplete": "drop"}, "--incomplete: got 'drop'; allowed: refuse, drop-seed, did you mean"),
        (score_rows(), {"positive": "x"}, "--positive goes with predictions"),
        (score_rows(), {"adjustment": "holmes"}, "analysis.adjustment: got 'holmes'; allowed: none, bonferroni"),
        (score_rows(), {"family": "some"}, "analysis.family: got 'some'; allowed: baseline, all"),
        (score_rows(), {"alpha": 0.7}, "analysis.alpha"),
        (score_rows(), {"margin": -1.0}, "analysis.margin"),
        (score_rows(), {"name": "a/b"}, "a study's name is 1 to 64 letters"),
        (
            score_rows(),
            {"higher": ("auroc", "brier")},
            "--higher brier: brier has a direction of its own, lower is better",
        ),
        (score_rows(), {"lower": ("nll",)}, "--lower: 'nll' is not among the metrics"),
        (score_rows(), {"primary": "auroc:lower"}, "auroc has a direction of its own"),
        (score_rows(dice=0.8), {"primary": "dice"}, "nothing says whether higher or lower values of 'dice' are better"),
        (score_rows(AUROC=0.8), {"primary": "AUROC"}, "nothing says whether"),
        (score_rows(AUROC=0.8), {"primary": "AUROC"}, "did you mean 'auroc'"),
        (score_rows(), {"alpha": 1e-20}, "analysis.alpha: must be greater than or equal to 0.000001, got 1e-20"),
        (score_rows(), {"title": "a\tb"}, "report.title: 'a\\tb' holds the character U+0009"),
        (
            [*score_rows(dice=0.8)[:-1], {**score_rows(dice=0.8)[-1], "value": -1e150}],
            {"primary": "dice", "higher": ("dice",)},
            "-1e+150 is no value of dice, which lies in [-1e+100, 1e+100]",
        ),
        (score_rows(auroc=0.8, dice=0.8), {}, "values of 'dice' are better"),
        (
            score_rows(dice=0.8),
            {"primary": "dice", "higher": ("dice",), "lower": ("dice",)},
            "dice is named by --higher and by --lower",
        ),
        (score_rows(dice=0.8), {"primary": "dice:lower", "higher": ("dice",)}, "dice:lower contradicts the option"),
    ],
)
def test_a_fault_is_one_sentence(tmp_path: Path, rows: list[Row], asked: dict[str, Any], told: str) -> None:
    assert told in refusal(tmp_path, rows, **asked)


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        ("[training]\nepochs = 3\n", "training: a plan for a table holds the sections metrics and analysis only"),
        ("metrics = 3\n", "metrics: must be a table of keys"),
        (
            "[analysis]\nmultiverse = 3\n",
            "plan.toml: analysis.multiverse: must be a table of keys, such as [analysis.multiverse], got 3",
        ),
        ("[analysis.multiverse]\ntests = []\n", "analysis.multiverse.tests: is too short; allowed: at least 1, got 0"),
        ("[metrics]\nsecondary = 3\n", "plan.toml: metrics.secondary: must be a list of names, got 3"),
        ("[metrics]\nsecondary = ['briar']\n", "plan.toml: metrics.secondary: 'briar' is not among"),
        ("[analysis]\nbaseline = 'cee'\n", "plan.toml: analysis.baseline: 'cee' is not among"),
        ("[analysis]\nalpha = 0.7\n", "plan.toml: analysis.alpha: must be less than 0.5"),
        ("[analysis\n", "is not valid TOML"),
        ("[analysis]\nomnibus = 'mrmc'\n", "plan.toml: analysis.omnibus: mrmc needs predictions case by case"),
        ("[analysis]\nhierarchy = 'brier'\n", "plan.toml: analysis.hierarchy: must be a list of names"),
        ("[analysis]\nhierarchy = ['brie']\n", "analysis.hierarchy: 'brie' is not among the metrics"),
        ("[analysis]\nalhpa = 0.1\n", "analysis.alhpa: unknown key"),
        ("[analysis.multiverse]\nmetrics = ['brie']\n", "plan.toml: analysis.multiverse.metrics: 'brie' is not among"),
    ],
)
def test_a_faulty_plan_is_one_sentence(tmp_path: Path, plan: str, told: str) -> None:
    file = tmp_path / "plan.toml"
    file.write_text(plan)
    assert told in refusal(tmp_path, score_rows(), plan=file)


def test_a_plan_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "there is no such plan" in refusal(tmp_path, score_rows(), plan=tmp_path / "none.toml")


def test_a_table_without_rows_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "empty.csv"
    file.write_text("loss,seed,metric,value\n")
    with pytest.raises(Refusal, match="holds no row"):
        read(file, Asked())


def test_other_numbers_or_another_plan_do_not_enter_the_same_folder(tmp_path: Path) -> None:
    folder = StudyFolder(tmp_path / "runs" / "results")
    taken(tmp_path, score_rows()).write(folder)
    taken(tmp_path, score_rows()).write(folder)
    with pytest.raises(Refusal, match="holds a comparison of other numbers"):
        taken(tmp_path, changed(4, value=0.123)).write(folder)
    with pytest.raises(Refusal, match=r"analysis\.alpha"):
        taken(tmp_path, score_rows(), alpha=0.1).write(folder)


def test_a_plan_is_blamed_for_what_it_says_and_an_option_for_what_it_says(tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    file.write_text("[metrics]\nprimary = 'auorc'\n")
    assert refusal(tmp_path, score_rows(), primary="", plan=file).startswith(f"{file}: metrics.primary: 'auorc' is not")
    assert refusal(tmp_path, score_rows(), primary="briar", plan=file).startswith("--primary: 'briar' is not")


def test_a_plan_that_is_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    pipe = tmp_path / "plan.toml"
    os.mkfifo(pipe)
    assert "is no regular file but a pipe or a device" in refusal(tmp_path, score_rows(), plan=pipe)


def test_dropping_seeds_is_offered_only_where_enough_would_be_left(tmp_path: Path) -> None:
    some = refusal(tmp_path, without(score_rows(seeds=3), ("focal", 2)))
    assert some.endswith("every loss with every seed, or --incomplete drop-seed, which leaves seed 2 out of every loss")
    none = refusal(tmp_path, without(score_rows(seeds=3), ("focal", 2), ("dice", 3)))
    assert none.endswith("allowed: every loss with every seed")


def test_a_loss_called_as_a_file_of_the_study_is_given_another_name(tmp_path: Path) -> None:
    labels = ("tuning", "report", "controls", "truth-test", "study.json")
    intake = taken(tmp_path, score_rows(labels))
    assert list(intake.study.losses) == [f"loss-{label}" for label in labels]
    assert [loss.label for loss in intake.study.losses.values()] == list(labels)


def test_one_metric_is_said_in_the_singular(tmp_path: Path) -> None:
    assert ", 1 metric; " in taken(tmp_path, score_rows(auroc=0.8)).said()
    assert ", 2 metrics; " in taken(tmp_path, score_rows()).said()


def test_the_largest_values_of_a_metric_of_ones_own_can_be_computed_with(tmp_path: Path) -> None:
    rows = [{**row, "value": (-1) ** place * 1e100} for place, row in enumerate(score_rows(dice=0.8))]
    found = taken(tmp_path, rows, primary="dice", higher=("dice",), margin=1.0)
    folder = StudyFolder(tmp_path / "runs" / found.study.name)
    found.write(folder)
    assert load(analyse(folder)).pairs
