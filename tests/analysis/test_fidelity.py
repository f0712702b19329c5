"""Torch and variants held against the exported models: what agrees is told so, what does not is found."""

from __future__ import annotations

import importlib
import math
import shutil
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxr_report import stats
from cxr_report.analysis import analyse, load
from cxr_report.analysis.case_covariance import CaseCovariance
from cxr_report.analysis.context import Context
from cxr_report.analysis.fidelity import UNMOVED, conclusions, shift
from cxr_report.analysis.value import Agreement, Analysis
from cxr_report.errors import Refusal
from cxr_report.inference import proof
from cxr_report.runs import SPLITS, TORCH, RunFolder, StudyFolder, read_arrays, read_json, sha256, write_arrays
from cxr_report.runs import write_json as write

Make = Callable[..., StudyFolder]
Shown = Callable[..., tuple[StudyFolder, Analysis]]
BOTH = (("fp16", 2e-3), ("int8", 0.05))
KINDS: dict[str, dict[str, Any]] = {
    "multiclass": {},
    "binary": {"task": "binary", "primary": "brier", "secondary": ("auroc", "sensitivity_youden")},
    "findings": {"task": "multilabel", "unknown": 0.1, "losses": 3},
    "patients": {"images_per_patient": 3, "losses": 3},
}
fidelity = importlib.import_module("cxr_report.analysis.fidelity")


def of(analysis: Analysis, name: str) -> Agreement:
    (found,) = (each for each in analysis.agreements if each.arithmetic == name)
    return found


def logits(run: RunFolder, name: str = "", split: str = "test") -> Any:
    return read_arrays(run.predictions(split, name), ["ids", "logits"])["logits"]


def put(run: RunFolder, name: str, values: Any, split: str = "test") -> None:
    """Write logits of an arithmetic and record their hash where it belongs."""
    file = run.predictions(split, name)
    write_arrays(file, ids=read_arrays(file, ["ids"])["ids"], logits=values)
    witness = run.export_json if name == TORCH else run.evaluation_json
    told = read_json(witness)
    entry = told["torch_predictions_sha256"] if name == TORCH else told["variants"][name]["predictions_sha256"]
    entry[split] = sha256(file)
    write(witness, told)


def swap(folder: StudyFolder, name: str, losses: tuple[str, str] = ("cross-entropy", "focal")) -> None:
    """Let an arithmetic give each of two losses the logits of the other."""
    for seed in range(1, 6):
        first, second = (folder.run(loss, seed) for loss in losses)
        for split in SPLITS:
            ours, theirs = logits(first, name, split), logits(second, name, split)
            put(first, name, theirs, split)
            put(second, name, ours, split)


# --- what is told


@pytest.mark.parametrize("kind", KINDS)
def test_differences_of_rounding_change_nothing_and_are_measured(kind: str, shown: Shown) -> None:
    folder, analysis = shown(**KINDS[kind], arithmetics=BOTH)
    assert [each.arithmetic for each in analysis.agreements] == ["torch", "fp16", "int8"]
    torch, fp16, int8 = analysis.agreements
    assert torch.replaces
    assert torch.flips == 0
    assert 0 < torch.max_delta < fp16.max_delta < int8.max_delta < 0.5
    pairs = [
        (logits(folder.run(loss, seed)), logits(folder.run(loss, seed), "int8"))
        for loss in analysis.losses
        for seed in analysis.seeds
    ]
    assert int8.max_delta == max(float(np.abs(x.astype(np.float64) - y).max()) for x, y in pairs)
    several = analysis.study.task == "multilabel"
    flips = [((x > 0) != (y > 0)) if several else x.argmax(axis=1) != y.argmax(axis=1) for x, y in pairs]
    assert int8.flips == sum(int(each.sum()) for each in flips) > 0
    assert int8.n_labels == sum(each.size for each in flips)
    assert int8.n_runs == len(pairs)
    assert int8.n_rankings == len(analysis.metrics)
    assert int8.n_decisions == len(analysis.metrics) * (len(analysis.losses) - 1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_shift_is_the_difference_of_the_means_in_both_arithmetics(
    kind: str, shown: Shown, contexts: Callable[..., Context]
) -> None:
    _, analysis = shown(**KINDS[kind], arithmetics=BOTH)
    context = contexts(**KINDS[kind], arithmetics=BOTH)
    other = fidelity._in(context, [run.arithmetics["int8"] for run in context.material.runs])
    for each in of(analysis, "int8").shifts:
        place = analysis.losses.index(each.loss)
        ours, theirs = (c.paired(each.metric).values[:, place] for c in (context, other))
        assert each.difference == pytest.approx(np.mean(theirs - ours), abs=1e-12)
        if not each.note:
            assert each.low < each.difference < each.high


def test_the_interval_is_that_of_the_joint_analysis_with_the_arithmetics_as_modalities(shown: Shown) -> None:
    folder, analysis = shown(arithmetics=BOTH)
    labels = read_arrays(folder.truth("test"), ["labels"])["labels"]
    for each in of(analysis, "int8").shifts:
        if each.metric != "auroc":
            continue
        runs = [folder.run(each.loss, seed) for seed in analysis.seeds]
        table = np.stack([[logits(run, "int8") for run in runs], [logits(run) for run in runs]]).astype(np.float64)
        exponentials = np.exp(table - table.max(axis=-1, keepdims=True))
        found = stats.mrmc(labels, exponentials / exponentials.sum(axis=-1, keepdims=True))
        (row,) = found.differences(error="pair")
        for name in ("se", "df", "low", "high"):
            assert getattr(each, name) == pytest.approx(getattr(row, name), rel=1e-6)
        assert each.difference == pytest.approx(row.estimate, rel=1e-9)


def test_a_metric_that_no_case_moves_has_a_difference_of_zero_and_no_interval(shown: Shown) -> None:
    _, analysis = shown(arithmetics=BOTH)
    still = [each for each in of(analysis, "torch").shifts if each.metric == "balanced_accuracy"]
    assert len(still) == len(analysis.losses)
    for each in still:
        assert each.difference == 0.0
        assert math.isnan(each.low)
        assert each.note == UNMOVED


def test_differences_far_below_rounding_between_losses_still_have_an_interval(shown: Shown) -> None:
    _, analysis = shown(arithmetics=BOTH)
    moved = [each for each in of(analysis, "torch").shifts if each.metric == "brier"]
    assert moved
    for each in moved:
        assert 0 < abs(each.difference) < 1e-7
        assert 0 < each.se < 1e-6
        assert each.high - each.low > each.se


def test_a_single_finished_seed_has_intervals_over_cases_alone(made: Make) -> None:
    folder = made(losses=2, seeds=2, arithmetics=BOTH, missing=((0, 2),))
    found = of(load(analyse(folder, partial=True)), "int8")
    for each in found.shifts:
        assert each.n_seeds == 1
        assert each.note or math.isinf(each.df)


# --- what is found


def test_a_variant_that_exchanges_two_losses_turns_ranking_and_decisions_and_is_barred(made: Make) -> None:
    folder = made(arithmetics=BOTH, test=400, effect=0.5)
    before = load(analyse(folder))
    assert of(before, "fp16").replaces
    swap(folder, "fp16")
    after = load(analyse(folder))
    found = of(after, "fp16")
    assert not found.replaces
    assert found.rankings_changed >= 1
    assert found.decisions_changed >= 1
    (turned,) = (each for each in found.changes if each.kind == "ranking" and each.metric == "auroc")
    assert turned.role == "primary"
    first = turned.before.split(", ")
    exchanged = {"cross-entropy": "focal", "focal": "cross-entropy"}
    assert turned.after.split(", ") == [exchanged.get(loss, loss) for loss in first]
    assert of(after, "int8").replaces
    assert (after.joint, after.pairs, after.rankings) == (before.joint, before.pairs, before.rankings)


def test_torch_that_concludes_otherwise_is_an_error_and_nothing_is_written(made: Make) -> None:
    folder = made(test=400, effect=0.5)
    swap(folder, TORCH)
    with pytest.raises(Refusal, match="do not lead to the same conclusions: the ranking by auroc is") as caught:
        analyse(folder)
    assert "cross-entropy by auroc is" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not folder.analysis().path.exists()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("split", SPLITS)
def test_a_graph_that_is_not_the_trained_network_is_refused_although_it_concludes_the_same(
    kind: str, split: str, made: Make
) -> None:
    """Other logits by a common factor leave every label and every rank as it was, and no hash tells."""
    folder = made(**KINDS[kind])
    run = folder.run("focal", 2)
    put(run, TORCH, (0.999 * logits(run, split=split)).astype(np.float32), split)
    with pytest.raises(Refusal) as caught:
        analyse(folder)
    words = "validation" if split == "val" else "test"
    told = str(caught.value)
    assert "focal/seed-0002/export.json: the exported graph of loss focal, seed 2 differs from the trained one" in told
    largest = float(np.abs(logits(run, TORCH, split).astype(np.float64)).max())
    apart = float(np.abs(logits(run, TORCH, split).astype(np.float64) - logits(run, split=split)).max())
    assert f"by up to {apart:.3g} in a logit" in told
    assert f"{words} cases, allowed are {1e-4 * largest:.3g}" in told
    assert not folder.analysis().path.exists()


def test_where_nothing_could_be_decided_nothing_says_that_an_arithmetic_may_replace(made: Make) -> None:
    folder = made(losses=2, seeds=2, arithmetics=BOTH, diverged=((1, 1), (1, 2)))
    found = of(load(analyse(folder)), "fp16")
    assert (found.n_rankings, found.n_decisions) == (0, 0)
    assert found.undecided
    assert not found.replaces
    assert not found.barred


def test_torch_is_held_to_the_planned_metrics_and_others_are_told(made: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """A factor on the logits leaves the order of the cases of a binary study, and so the AUROC, but not the Brier."""
    monkeypatch.setattr(proof, "TOLERANCE", 1e3)
    folder = made(task="binary", losses=2, test=400, effect=0.5, secondary=("brier",))
    before = load(analyse(folder))
    means = {s.loss: s.mean for s in before.summaries if s.metric == "brier" and not s.klass}
    better = min(means, key=lambda loss: means[loss])
    for seed in before.seeds:
        run = folder.run(better, seed)
        put(run, TORCH, (0.01 * logits(run)).astype(np.float32))
    found = of(load(analyse(folder)), TORCH)
    assert {(each.metric, each.role) for each in found.changes} == {("brier", "exploratory")}
    assert found.rankings_changed == 1
    plan = folder.path.parent / "plan.toml"
    plan.write_text('[metrics]\nprimary = "brier"\n')
    with pytest.raises(Refusal, match="the ranking by brier is"):
        analyse(folder, name="other", plan=plan)


def test_losses_that_are_the_same_function_have_no_order_to_be_turned(shown: Shown, monkeypatch: Any) -> None:
    order: tuple[tuple[str, ...], ...] = (("a",), ("b",), ("c",))
    turned: tuple[tuple[str, ...], ...] = (("b",), ("a",), ("c",))
    assert fidelity._signs(order, set()) != fidelity._signs(turned, set())
    assert fidelity._signs(order, {frozenset("ab")}) == fidelity._signs(turned, {frozenset("ab")})
    tied: tuple[tuple[str, ...], ...] = (("a", "b"), ("c",))
    assert fidelity._signs(order, set()) != fidelity._signs(tied, set())


def test_logits_that_are_not_finite_bar_a_variant_and_are_counted(made: Make) -> None:
    folder = made(arithmetics=BOTH)
    run = folder.run("focal", 2)
    broken = logits(run, "fp16")
    broken[3, 1] = np.inf
    put(run, "fp16", broken)
    found = of(load(analyse(folder)), "fp16")
    assert found.not_finite == 1
    assert not found.replaces
    assert math.isnan(found.max_delta)
    assert found.shifts == ()


# --- files


def published(folder: StudyFolder, examples: ModuleType) -> StudyFolder:
    examples.publish(folder)
    return folder


def test_a_published_folder_is_enough(made: Make, examples: ModuleType) -> None:
    folder = made(arithmetics=BOTH)
    whole = load(analyse(folder))
    shutil.rmtree(folder.analysis().path)
    assert not list(published(folder, examples).path.rglob("*.onnx"))
    assert load(analyse(folder)) == whole


@pytest.mark.parametrize("name", ["torch", "int8"])
@pytest.mark.parametrize("split", SPLITS)
def test_changed_logits_of_an_arithmetic_break_the_chain(name: str, split: str, made: Make) -> None:
    folder = made(arithmetics=BOTH, losses=2, seeds=2)
    file = folder.run("weighted", 2).predictions(split, name)
    write_arrays(file, ids=read_arrays(file, ["ids"])["ids"], logits=read_arrays(file, ["logits"])["logits"][:, ::-1])
    witness = "export.json" if name == "torch" else "evaluation.json"
    with pytest.raises(Refusal, match=rf"predictions-{split}\.{name}\.npz does not match the hash that .*{witness}"):
        analyse(folder)


@pytest.mark.parametrize("name", ["torch", "fp16"])
def test_logits_of_an_arithmetic_that_are_gone_make_the_study_incomplete(name: str, made: Make) -> None:
    folder = made(arithmetics=BOTH, losses=2, seeds=2)
    folder.run("weighted", 2).predictions("test", name).unlink()
    with pytest.raises(Refusal, match=rf"(?s)1 file is missing.*weighted/seed-0002/predictions-test\.{name}\.npz"):
        analyse(folder)


def test_a_changed_graph_of_a_variant_breaks_the_chain(made: Make) -> None:
    folder = made(arithmetics=BOTH, losses=2, seeds=2)
    folder.run("weighted", 2).graph("int8").write_bytes(b"another")
    with pytest.raises(Refusal, match=r"model\.int8\.onnx does not match the hash that .*evaluation\.json"):
        analyse(folder)


def test_a_variant_of_another_graph_is_refused(made: Make) -> None:
    folder = made(arithmetics=BOTH, losses=2, seeds=2)
    run = folder.run("weighted", 2)
    told = read_json(run.evaluation_json)
    told["variants"]["int8"]["onnx_sha256"] = "0" * 64
    write(run.evaluation_json, told)
    with pytest.raises(Refusal, match="the variant int8 was made from another graph"):
        analyse(folder)


def test_every_file_of_an_arithmetic_is_an_input_and_a_new_one_makes_the_analysis_stale(made: Make) -> None:
    folder = made(arithmetics=BOTH, losses=2, seeds=2)
    before = load(analyse(folder))
    names = {f"weighted/seed-0002/predictions-{s}.{n}.npz" for s in SPLITS for n in ("torch", "fp16", "int8")}
    assert names <= set(before.inputs)
    run = folder.run("weighted", 2)
    put(run, "int8", (logits(run) + np.float32(0.01)).astype(np.float32))
    after = load(analyse(folder))
    assert {name for name in before.inputs if before.inputs[name] != after.inputs[name]} == {
        "weighted/seed-0002/predictions-test.int8.npz"
    }
    assert of(after, "int8") != of(before, "int8")


def test_equal_inputs_give_equal_bytes(made: Make) -> None:
    first, second = (made(arithmetics=BOTH, losses=2, seeds=3) for _ in range(2))
    assert analyse(first).statistics.read_bytes() == analyse(second).statistics.read_bytes()


def test_the_cpu_is_compared_for_the_runs_whose_reference_was_computed_elsewhere(made: Make) -> None:
    folder = made(arithmetics=(("cpu", 1e-6),), losses=2, seeds=2)
    assert [each.arithmetic for each in load(analyse(folder)).agreements] == ["torch"]
    run = folder.run("weighted", 2)
    write(run.evaluation_json, {**read_json(run.evaluation_json), "provider": "CUDAExecutionProvider"})
    found = of(load(analyse(folder)), "cpu")
    assert found.n_runs == 1
    assert 0 < found.max_delta < 1e-4
    assert found.replaces


# --- the shift alone


def plan_of(seeds: int) -> Any:
    """The few things of a context that a shift asks for."""
    study = SimpleNamespace(analysis=SimpleNamespace(alpha=0.05))
    return SimpleNamespace(losses=("one",), finished=tuple(range(seeds)), study=study)


def drawn(seed: int, seeds: int) -> CaseCovariance:
    rng = np.random.default_rng(seed)
    half = rng.normal(size=(2 * seeds, 4 * seeds))
    return CaseCovariance(0.8 + 0.05 * rng.normal(size=2 * seeds), 1e-4 * half @ half.T, "jackknife", 0, "")


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), seeds=st.integers(2, 6), times=st.floats(1e-6, 1e3))
def test_a_shift_scales_with_the_metric(seed: int, seeds: int, times: float) -> None:
    found, plan = drawn(seed, seeds), plan_of(seeds)
    one = shift(found, "auroc", "one", 0, plan)
    scaled = CaseCovariance(times * found.theta, times**2 * found.covariance, "jackknife", 0, "")
    other = shift(scaled, "auroc", "one", 0, plan)
    for name in ("difference", "se", "low", "high"):
        assert getattr(other, name) == pytest.approx(times * getattr(one, name), rel=1e-6)
    assert other.df == pytest.approx(one.df, rel=1e-6)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), seeds=st.integers(2, 6))
def test_a_shift_does_not_depend_on_the_order_of_the_seeds(seed: int, seeds: int) -> None:
    found, plan = drawn(seed, seeds), plan_of(seeds)
    order = np.random.default_rng(seed).permutation(seeds)
    places = np.concatenate([order, order + seeds])
    turned = CaseCovariance(found.theta[places], found.covariance[np.ix_(places, places)], "jackknife", 0, "")
    one, other = (shift(each, "auroc", "one", 0, plan) for each in (found, turned))
    for name in ("difference", "se", "df", "low", "high"):
        assert getattr(other, name) == pytest.approx(getattr(one, name), rel=1e-9)


def test_the_interval_of_a_shift_covers_what_is_true() -> None:
    """Coverage over seeds and cases drawn anew: differences of runs with a spread of seeds and one of cases."""
    rng, hits, times = np.random.default_rng(3), 0, 600
    plan = plan_of(6)
    for _ in range(times):
        cases, common = rng.normal(size=(6, 40)) * 0.02, rng.normal(size=40) * 0.03
        values = 0.002 + 0.004 * rng.normal(size=6) + (cases + common).mean(axis=1)
        own = np.cov(cases + common) / 40
        covariance = np.zeros((12, 12))
        covariance[6:, 6:] = own
        found = CaseCovariance(np.concatenate([np.zeros(6), values]), covariance, "jackknife", 0, "")
        each = shift(found, "auroc", "one", 0, plan)
        hits += each.low <= 0.002 <= each.high
    assert 0.92 < hits / times < 0.985


def test_conclusions_rest_on_what_decides(contexts: Callable[..., Context]) -> None:
    context = contexts(losses=3, primary="ece", secondary=("auroc",))
    found = conclusions(context, (), (), ())
    assert set(found.rankings) == {"ece", "auroc"}
    assert found.decisions == {}
    for metric, sign in (("ece", 1), ("auroc", -1)):
        means = context.paired(metric).values.mean(axis=0)
        order = sorted(range(3), key=lambda place: sign * means[place])
        assert [group[0] for group in found.rankings[metric]] == [context.losses[place] for place in order]


def test_a_metric_without_a_joint_analysis_is_decided_over_seeds(shown: Shown) -> None:
    _, analysis = shown(losses=3, primary="ece", secondary=("auroc",), arithmetics=BOTH)
    assert of(analysis, "torch").n_decisions == 4
    assert of(analysis, "torch").replaces
