"""From a study's folder to statistics.json: what is refused, what is redone, and what the numbers are."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats as witness

from cxr_report import ledger, metrics, runs, stats
from cxr_report.analysis import analyse, load
from cxr_report.analysis.assemble import FORMAT
from cxr_report.analysis.value import Analysis, from_plain, to_plain
from cxr_report.errors import Refusal
from cxr_report.runs import StudyFolder
from cxr_report.study import Report

Make = Callable[..., StudyFolder]
Shown = Callable[..., tuple[StudyFolder, Analysis]]
RECIPES = (
    {},
    {"task": "binary", "images_per_patient": 2},
    {"task": "multilabel", "unknown": 0.1, "losses": 3},
    {"losses": 2, "seeds": 2, "primary": "brier", "secondary": ("auroc",)},
    {"losses": 6, "seeds": 10, "secondary": ()},
)
BESIDE = (
    "obuchowski-rockette interval",
    "equivalence",
    "two one-sided t tests",
    "obuchowski-rockette, nested: the baseline against itself",
)
"""Tests that stand beside the comparisons."""


def scores_of(folder: StudyFolder) -> pd.DataFrame:
    return read(folder.analysis().scores)


def read(file: Path) -> pd.DataFrame:
    """Read a table as text, so that a number is what ``float`` makes of it."""
    with file.open(encoding="utf-8", newline="") as stream:
        return pd.DataFrame(list(csv.DictReader(stream)))


def numbers(table: pd.DataFrame) -> np.ndarray:
    return np.array([float(cell) if cell else np.nan for cell in table["value"]])


@pytest.mark.parametrize("recipe", RECIPES)
def test_equal_folders_give_equal_bytes(recipe: dict, made: Make) -> None:
    outputs = []
    for _ in range(2):
        folder = made(**recipe)
        found = analyse(folder)
        outputs.append([file.read_bytes() for file in (found.scores, found.comparisons, found.statistics)])
    assert outputs[0] == outputs[1]


def test_a_moved_folder_gives_equal_bytes(made: Make, tmp_path: Path) -> None:
    folder = made()
    first = analyse(folder).statistics.read_bytes()
    other = StudyFolder(Path(shutil.copytree(folder.path, tmp_path / "elsewhere" / "example")))
    shutil.rmtree(other.analysis().path)
    assert analyse(other).statistics.read_bytes() == first
    assert str(tmp_path).encode() not in first


def test_the_same_command_again_does_nothing(made: Make) -> None:
    folder = made()
    found = analyse(folder)
    before = [file.stat().st_mtime_ns for file in (found.scores, found.comparisons, found.statistics)]
    analyse(folder)
    assert [file.stat().st_mtime_ns for file in (found.scores, found.comparisons, found.statistics)] == before


@pytest.mark.parametrize("name", ["scores", "comparisons", "statistics"])
@pytest.mark.parametrize("damage", ["taken away", "changed"])
def test_an_output_that_is_absent_or_changed_is_made_again(name: str, damage: str, made: Make) -> None:
    folder = made()
    file = getattr(analyse(folder), name)
    before = file.read_bytes()
    if damage == "changed":
        file.write_bytes(before[: len(before) // 2])
    else:
        file.unlink()
    analyse(folder)
    assert file.read_bytes() == before


def test_times_and_machine_facts_change_nothing(made: Make) -> None:
    folder = made()
    found = analyse(folder)
    before = found.statistics.stat().st_mtime_ns
    run = folder.run("focal", 1)
    runs.write_json(run.run_json, {**runs.read_json(run.run_json), "start": "2030-01-01", "device": "another"})
    runs.write_json(run.evaluation_json, {**runs.read_json(run.evaluation_json), "images_per_second": 1.0})
    analyse(folder)
    assert found.statistics.stat().st_mtime_ns == before


def test_a_new_prediction_makes_the_analysis_stale(made: Make) -> None:
    folder = made()
    before = load(analyse(folder))
    run = folder.run("focal", 1)
    arrays = runs.read_arrays(run.predictions("test"), ["ids", "logits"])
    runs.write_arrays(run.predictions("test"), ids=arrays["ids"], logits=arrays["logits"][:, ::-1])
    told = runs.read_json(run.evaluation_json)
    told["predictions_sha256"]["test"] = runs.sha256(run.predictions("test"))
    runs.write_json(run.evaluation_json, told)
    runs.write_arrays(run.predictions("test", runs.TORCH), ids=arrays["ids"], logits=arrays["logits"][:, ::-1])
    told = runs.read_json(run.export_json)
    told["torch_predictions_sha256"]["test"] = runs.sha256(run.predictions("test", runs.TORCH))
    runs.write_json(run.export_json, told)
    after = load(analyse(folder))
    changed = {name for name in before.inputs if before.inputs[name] != after.inputs[name]}
    assert changed == {
        f"focal/seed-0001/{name}" for name in ("predictions-test.npz", "predictions-test.torch.npz", "export.json")
    }
    assert after.summaries != before.summaries


def test_a_changed_history_makes_the_analysis_stale(made: Make) -> None:
    folder = made()
    before = load(analyse(folder))
    run = folder.run("focal", 1)
    runs.write_text(run.history, run.history.read_text().rsplit("\n", 2)[0] + "\n6,0.3,0.9,0.5,0.001\n")
    assert load(analyse(folder)).curves != before.curves


def test_a_published_folder_is_analysed_alike(made: Make, examples) -> None:
    whole, published = made(), made()
    examples.publish(published)
    assert not list(published.path.rglob("*.onnx"))
    assert analyse(published).statistics.read_bytes() == analyse(whole).statistics.read_bytes()


@pytest.mark.parametrize(
    ("file", "witness_name"),
    [
        ("weights.safetensors", "export.json"),
        ("model.onnx", "export.json"),
        ("predictions-test.npz", "evaluation.json"),
        ("predictions-val.npz", "evaluation.json"),
    ],
)
@pytest.mark.parametrize("analysed_before", [True, False])
def test_a_break_in_the_chain_names_both_files(file: str, witness_name: str, analysed_before: bool, made: Make) -> None:
    folder = made()
    if analysed_before:
        analyse(folder)
    run = folder.run("focal", 2)
    shutil.copy(folder.run("focal", 3).path / file, run.path / file)
    with pytest.raises(Refusal, match=rf"focal/seed-0002/{file} .*focal/seed-0002/{witness_name}"):
        analyse(folder)


def test_an_evaluation_of_another_graph_is_refused(made: Make) -> None:
    folder = made()
    run = folder.run("focal", 2)
    runs.write_json(run.evaluation_json, {**runs.read_json(run.evaluation_json), "onnx_sha256": "0" * 64})
    with pytest.raises(Refusal, match=r"seed-0002/evaluation.json was made from another graph .*seed-0002/export.json"):
        analyse(folder)


def test_an_evaluation_of_other_data_is_refused(made: Make) -> None:
    folder = made()
    runs.write_json(folder.data_json, {**runs.read_json(folder.data_json), "fingerprint": "0" * 64})
    with pytest.raises(Refusal, match=r"evaluation.json was made on other data than data.json"):
        analyse(folder)


def test_a_control_that_does_not_match_its_hash_is_refused(made: Make) -> None:
    folder = made()
    control = folder.control("pixels")
    shutil.copy(control.predictions("val"), control.predictions("test"))
    with pytest.raises(Refusal, match=r"controls/pixels/predictions-test.npz .*controls/pixels/evaluation.json"):
        analyse(folder)


def rewrite(folder: StudyFolder, **arrays: np.ndarray) -> None:
    """Write the test predictions of one run, with the hash that belongs to them."""
    run = folder.run("focal", 2)
    there = runs.read_arrays(run.predictions("test"), ["ids", "logits"])
    runs.write_arrays(run.predictions("test"), **{**there, **arrays})
    told = runs.read_json(run.evaluation_json)
    told["predictions_sha256"]["test"] = runs.sha256(run.predictions("test"))
    runs.write_json(run.evaluation_json, told)


def test_predictions_of_other_cases_are_refused(made: Make) -> None:
    folder = made()
    ids = runs.read_arrays(folder.truth("test"), ["ids"])["ids"]
    rewrite(folder, ids=ids[::-1])
    with pytest.raises(Refusal, match=r"focal/seed-0002/predictions-test.npz: its ids are not those of truth-test.npz"):
        analyse(folder)


@pytest.mark.parametrize(
    ("logits", "sentence"),
    [
        (np.full((90, 3), np.nan, np.float32), "not finite"),
        (np.zeros((90, 2), np.float32), r"must have shape \(90, 3\)"),
    ],
)
def test_logits_that_cannot_be_are_refused(logits: np.ndarray, sentence: str, made: Make) -> None:
    folder = made()
    rewrite(folder, logits=logits)
    with pytest.raises(Refusal, match=rf"focal/seed-0002/predictions-test.npz: .*{sentence}"):
        analyse(folder)


def test_an_incomplete_study_is_refused_with_the_list_of_what_is_missing(made: Make) -> None:
    folder = made(missing=((1, 2),))
    folder.run("focal", 4).evaluation_json.unlink()
    shutil.rmtree(folder.control("pixels").path)
    with pytest.raises(Refusal) as refused:
        analyse(folder)
    first, *listed = str(refused.value).splitlines()
    assert "incomplete" in first
    assert "--partial" in first
    assert listed == [
        "weighted/seed-0002/history.csv",
        "weighted/seed-0002/export.json",
        "weighted/seed-0002/predictions-val.npz",
        "weighted/seed-0002/predictions-test.npz",
        "weighted/seed-0002/evaluation.json",
        "weighted/seed-0002/predictions-val.torch.npz",
        "weighted/seed-0002/predictions-test.torch.npz",
        "focal/seed-0004/evaluation.json",
        "controls/pixels/predictions-val.npz",
        "controls/pixels/predictions-test.npz",
        "controls/pixels/evaluation.json",
    ]
    assert not folder.analysis().path.exists()


def test_one_missing_file_is_told_in_the_singular(made: Make) -> None:
    folder = made()
    folder.run("focal", 4).evaluation_json.unlink()
    with pytest.raises(Refusal, match=r"the study is incomplete, 1 file is missing; run the study"):
        analyse(folder)


def test_an_incomplete_study_can_be_analysed_in_part(made: Make) -> None:
    folder = made(missing=((1, 2),), controls=())
    found = analyse(folder, partial=True)
    assert found.path.name == "analysis-partial"
    analysis = load(found)
    assert analysis.partial
    assert "weighted/seed-0002/export.json" in analysis.missing
    assert analysis.seeds == (1, 3, 4, 5)
    assert analysis.planned_seeds == (1, 2, 3, 4, 5)
    states = {(run.loss, run.seed): run.state for run in analysis.runs}
    assert states["weighted", 2] == "missing"
    assert states["focal", 2] == "done"
    assert all(pair.n_seeds == 4 for pair in analysis.pairs)
    assert not folder.analysis().path.exists()


def test_a_partial_analysis_goes_stale_as_the_study_grows(made: Make, examples) -> None:
    folder = made(missing=((1, 2), (1, 3)))
    assert load(analyse(folder, partial=True)).seeds == (1, 4, 5)
    further = made(missing=((1, 2),))
    shutil.copytree(further.run("weighted", 3).path, folder.run("weighted", 3).path)
    assert load(analyse(folder, partial=True)).seeds == (1, 3, 4, 5)


def test_without_a_seed_that_every_loss_finished_nothing_is_analysed(made: Make) -> None:
    folder = made(seeds=2, missing=((0, 1), (1, 2)))
    with pytest.raises(Refusal, match="no seed is finished for every loss"):
        analyse(folder, partial=True)


def test_without_the_truth_nothing_is_analysed(made: Make) -> None:
    folder = made()
    folder.truth("test").unlink()
    with pytest.raises(Refusal, match=r"(?s)nothing can be analysed without .*truth-test.npz"):
        analyse(folder, partial=True)


@pytest.mark.parametrize("recipe", RECIPES)
def test_scores_are_those_of_the_metrics_with_thresholds_from_validation(recipe: dict, shown: Shown) -> None:
    folder, analysis = shown(**recipe)
    table, task = scores_of(folder), analysis.study.task
    assert list(table.columns) == ["loss", "seed", "split", "class", "metric", "value", "n"]
    loss, seed = analysis.losses[-1], analysis.seeds[-1]
    truth = {s: runs.read_arrays(folder.truth(s), ["labels"])["labels"] for s in ("val", "test")}
    logits = {s: runs.read_arrays(folder.run(loss, seed).predictions(s), ["logits"])["logits"] for s in ("val", "test")}
    thresholds = metrics.choose_thresholds(task, truth["val"], logits["val"])
    for split in ("val", "test"):
        rows = table[(table.loss == loss) & (table.seed == str(seed)) & (table.split == split)]
        expected = metrics.scores(task, truth[split], logits[split], classes=analysis.classes, thresholds=thresholds)
        assert list(zip(rows["metric"], rows["class"], strict=True)) == [(e.metric, e.klass) for e in expected]
        np.testing.assert_array_equal(numbers(rows), [e.value for e in expected])
        assert rows["n"].tolist() == [str(e.n) for e in expected]
    assert analysis.thresholds[f"{loss}/{seed}"] == tuple(thresholds)


def test_controls_stand_in_the_scores_as_rows_without_a_seed(shown: Shown) -> None:
    folder, analysis = shown(controls=("pixels", "metadata"))
    table = scores_of(folder)
    controls = table[table.loss.str.startswith("control:")]
    assert set(controls.loss) == {"control:pixels", "control:metadata"}
    assert set(controls.seed) == {""}
    assert [control.name for control in analysis.controls] == ["pixels", "metadata"]
    row = controls[
        (controls.loss == "control:pixels")
        & (controls.split == "test")
        & (controls.metric == "auroc")
        & (controls["class"] == "")
    ]
    assert numbers(row)[0] == analysis.controls[0].values["auroc"] == pytest.approx(analysis.controls[0].auroc.estimate)


@pytest.mark.parametrize("recipe", RECIPES)
def test_summaries_are_mean_sd_median_and_t_interval_of_the_scores(recipe: dict, shown: Shown) -> None:
    folder, analysis = shown(**recipe)
    table = scores_of(folder)
    table = table[table.split == "test"].assign(value=numbers)
    assert {(s.metric, s.klass) for s in analysis.summaries} == set(zip(table["metric"], table["class"], strict=True))
    for entry in analysis.summaries:
        values = table[
            (table.loss == entry.loss) & (table.metric == entry.metric) & (table["class"] == entry.klass)
        ].value.to_numpy()
        np.testing.assert_array_equal(values, entry.values)
        if np.isnan(values).any() or np.ptp(values) < 1e-9:
            continue
        assert entry.mean == pytest.approx(values.mean())
        assert entry.sd == pytest.approx(values.std(ddof=1))
        assert entry.median == pytest.approx(np.median(values))
        low, high = witness.t.interval(0.95, len(values) - 1, values.mean(), witness.sem(values))
        bounds = metrics.METRICS[entry.metric]
        assert entry.low == pytest.approx(max(low, bounds.low), abs=1e-12)
        assert entry.high == pytest.approx(min(high, bounds.high), abs=1e-12)


@pytest.mark.parametrize("recipe", RECIPES)
def test_tests_over_seeds_agree_with_scipy(recipe: dict, shown: Shown) -> None:
    _, analysis = shown(**recipe)
    values = {(s.metric, s.loss): np.array(s.values) for s in analysis.summaries if not s.klass}
    for pair in analysis.pairs:
        x, y = values[pair.metric, pair.first], values[pair.metric, pair.second]
        expected = witness.ttest_rel(x, y)
        low, high = expected.confidence_interval(0.95)
        assert (pair.difference, pair.t, pair.p_t) == pytest.approx(
            ((x - y).mean(), expected.statistic, expected.pvalue), rel=1e-9
        )
        assert (pair.low, pair.high) == pytest.approx((low, high), rel=1e-9)
        if pair.n_zero == 0 and len(set(np.abs(x - y).round(12))) == len(x):
            assert pair.p_wilcoxon == pytest.approx(witness.wilcoxon(x, y, method="exact").pvalue)
    for test in analysis.omnibus:
        columns = [values[test.metric, loss] for loss in analysis.losses]
        if len(columns) > 2 and test.test == "friedman":
            expected = witness.friedmanchisquare(*columns)
            assert (test.statistic, test.p) == pytest.approx((expected.statistic, expected.pvalue))


def test_comparisons_with_the_baseline_are_one_family_per_metric(shown: Shown) -> None:
    _, analysis = shown()
    for metric in analysis.metrics:
        pairs = [pair for pair in analysis.pairs if pair.metric == metric]
        assert len(pairs) == 6
        inside = [pair for pair in pairs if pair.in_family]
        assert [pair.second for pair in inside] == ["cross-entropy"] * 3
        np.testing.assert_allclose([p.p_t_adjusted for p in inside], stats.adjust([p.p_t for p in inside], "holm"))
        assert [pair.primary for pair in pairs] == [metric == "auroc"] * 6
    assert analysis.smallest_wilcoxon_p == 3 / 16


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_test_of_the_analysis_stands_in_comparisons(recipe: dict, shown: Shown) -> None:
    folder, analysis = shown(**recipe)
    table = read(folder.analysis().comparisons)
    joint = sum(len(each.pairs) for each in (*analysis.joint, *analysis.cases))
    done = [run for run in analysis.runs if run.state == "done"]
    ensembles = table[table.target == "cases, these ensembles"]
    assert len(ensembles) == sum(len(each.scores) + len(each.pairs) for each in analysis.ensembles)
    table = table[table.target != "cases, these ensembles"]
    compared = table[~table.test.isin(BESIDE) & (table["class"] == "") & (table.group == "")]
    assert len(compared) == len(analysis.omnibus) + 3 * len(analysis.pairs) + joint + len(done)
    assert set(table.target) == {"seeds, these cases", "cases, these runs", "seeds and cases"}
    intervals = table[table.test == "delong interval"]
    assert [float(low) for low in intervals.low] == [run.auroc.low for run in done]
    assert [(row.first, int(row.seed)) for row in intervals.itertuples()] == [(run.loss, run.seed) for run in done]
    t = table[table.test == "paired t"].reset_index()
    for row, pair in zip(t.itertuples(), analysis.pairs, strict=True):
        assert (row.metric, row.first, row.second) == (pair.metric, pair.first, pair.second)
        assert float(row.estimate) == pair.difference
        assert row.decision == pair.verdict
        if pair.in_family:
            assert float(row.p_adjusted) == pair.p_t_adjusted
        assert row.role == ("primary" if pair.primary else "exploratory")


def test_the_interval_of_a_binary_run_is_delongs_by_patient(shown: Shown) -> None:
    folder, analysis = shown(task="binary", images_per_patient=2)
    truth = runs.read_arrays(folder.truth("test"), ["labels", "patients"])
    for run in analysis.runs:
        logits = runs.read_arrays(folder.run(run.loss, run.seed).predictions("test"), ["logits"])["logits"]
        score = logits[:, 1].astype(float) - logits[:, 0]
        expected = stats.auc_interval(truth["labels"], score, groups=truth["patients"])
        assert (run.auroc.estimate, run.auroc.low, run.auroc.high) == pytest.approx(
            (expected.auc, expected.low, expected.high)
        )
        assert run.auroc.estimate == pytest.approx(run.values["auroc"])


@pytest.mark.parametrize("recipe", RECIPES[:3])
def test_the_joint_analysis_has_the_means_and_differences_of_the_tables(recipe: dict, shown: Shown) -> None:
    _, analysis = shown(**recipe)
    joint = analysis.joint[0]
    means = {s.loss: s.mean for s in analysis.summaries if s.metric == "auroc" and not s.klass}
    assert {row.loss: row.estimate for row in joint.means} == pytest.approx(means)
    assert joint.n_cases == analysis.data.n_test
    pairs = {(pair.first, pair.second): pair for pair in analysis.pairs if pair.metric == "auroc"}
    for pair in joint.pairs:
        assert pair.difference == pytest.approx(pairs[pair.first, pair.second].difference)
        assert pair.low < pair.difference < pair.high
        assert pair.p_adjusted >= pair.p if pair.in_family else np.isnan(pair.p_adjusted)


@pytest.mark.parametrize("recipe", [{}, {"task": "multilabel", "unknown": 0.1, "losses": 3}])
def test_what_was_written_is_read_back(recipe: dict, shown: Shown, tmp_path: Path) -> None:
    folder, analysis = shown(**recipe)
    bare = replace(analysis, study=analysis.study.model_copy(update={"report": Report()}))
    runs.write_json(tmp_path / "first.json", to_plain(bare))
    again = from_plain(runs.read_json(tmp_path / "first.json"))
    runs.write_json(tmp_path / "second.json", to_plain(again))
    written = folder.analysis().statistics.read_bytes()
    assert (tmp_path / "first.json").read_bytes() == (tmp_path / "second.json").read_bytes() == written
    assert tuple(again.study.losses) == analysis.losses


def test_infinity_survives_the_file(shown: Shown, tmp_path: Path) -> None:
    _, analysis = shown()
    endless = replace(analysis, omnibus=(replace(analysis.omnibus[0], df2=float("inf")), *analysis.omnibus[1:]))
    runs.write_json(tmp_path / "statistics.json", to_plain(endless))
    assert from_plain(runs.read_json(tmp_path / "statistics.json")).omnibus[0].df2 == float("inf")


def test_the_report_section_may_change_without_a_new_analysis(made: Make) -> None:
    folder = made(title="First")
    found = analyse(folder)
    before = found.statistics.read_bytes()
    frozen = ledger.read(folder)
    assert load(found).study.report.title == "First"
    changed = frozen.study.model_copy(update={"report": Report(title="Second")})
    ledger.freeze(changed, folder)
    analyse(folder)
    assert found.statistics.read_bytes() == before
    assert load(found).study.report.title == "Second"


def test_seeds_added_after_a_first_analysis_make_it_exploratory(made: Make) -> None:
    folder = made(seeds=3)
    assert load(analyse(folder)).exploratory == ()
    more = made(seeds=4)
    for loss in ("cross-entropy", "weighted", "focal", "smoothing"):
        shutil.copytree(more.run(loss, 4).path, folder.run(loss, 4).path)
    ledger.freeze(ledger.read(more).study, folder)
    analysis = load(analyse(folder))
    assert analysis.seeds == (1, 2, 3, 4)
    assert analysis.exploratory == ("seeds 4 added after a first analysis",)


def test_a_statistics_file_that_is_none_is_refused_in_one_sentence(made: Make) -> None:
    folder = made()
    found = analyse(folder)
    content = runs.read_json(found.statistics)
    runs.write_json(found.statistics, {**content, "pairs": "none"})
    with pytest.raises(Refusal, match=r"statistics.json: is damaged \(1 faults, the first at pairs"):
        load(found)
    runs.write_json(found.statistics, {"format": 99})
    with pytest.raises(Refusal, match=f"no analysis of format {FORMAT}"):
        load(found)
