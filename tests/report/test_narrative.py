"""The report's sentences say what the Analysis says: a grammar reads them back, and planted bugs do not get past it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxr_report.analysis.value import Analysis, to_plain
from cxr_report.report import narrative, numerals
from cxr_report.report.narrative import abstracts, beyond, completion, facts, limits, prose, seeds
from cxr_report.report.narrative.prose import Number, Paragraph, Sentence


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


grammar = _load("narrative_grammar")
random_analysis: Callable[[int], Analysis] = _load("random_analyses").random_analysis


def check(analysis: Analysis) -> None:
    """Hold everything that is written about an analysis to it."""
    grammar.check_results(analysis, narrative.results(analysis))
    grammar.check_abstract(analysis, narrative.abstract(analysis))
    grammar.check_limitations(analysis, narrative.limitations(analysis))
    grammar.check_methods(analysis, narrative.analysis_methods(analysis))
    plain = to_plain(analysis)
    for part in (narrative.results, narrative.abstract, narrative.limitations, narrative.analysis_methods):
        grammar.check_numbers(plain, part(analysis))


def check_all(analyses: list[Analysis]) -> None:
    """Hold what is written about many analyses to them."""
    for analysis in analyses:
        check(analysis)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_every_sentence_is_true_and_nothing_that_must_be_said_is_left_out(seed: int) -> None:
    check(random_analysis(seed))


def test_the_random_analyses_meet_every_form_of_sentence(analyses: list[Analysis]) -> None:
    met = set()
    for analysis in analyses:
        reader = grammar.Reader(analysis)
        texts = grammar.plain(narrative.abstract(analysis))
        for part in (narrative.results, narrative.limitations, narrative.analysis_methods):
            texts += [paragraph.text() for paragraph in part(analysis)]
        met |= {name for text in texts for name, _ in reader.sentences(text)}
    assert {name for name, _ in grammar.FORMS} - met <= {"wilcoxon-undefined"}


# ten and more bugs of a narrator, each planted in turn


def _flipped_sign(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(prose, "difference", lambda number, key: Number(numerals.difference(-number), key, number))


def _raw_p_for_adjusted(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(facts, "decisive", lambda pair: ("p_t", pair.p_t))


def _adjusted_wilcoxon_for_t(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(facts, "decisive", lambda pair: ("p_wilcoxon_adjusted", pair.p_wilcoxon_adjusted))


def _wrong_alpha(patch: pytest.MonkeyPatch) -> None:
    right = prose.exactly
    patch.setattr(
        prose,
        "exactly",
        lambda number, key: Number("0.05", key, number) if key.endswith("alpha") else right(number, key),
    )


def _wrong_level(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(prose, "percent_of", lambda alpha, key: Number("95\N{NO-BREAK SPACE}%", key, alpha))


def _count_off_by_one(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(prose, "count", lambda number, key="": Number(numerals.count(number + 1), key, number))


def _seeds_planned_for_seeds_compared(patch: pytest.MonkeyPatch) -> None:
    right = seeds._wilcoxon
    patch.setattr(
        seeds, "_wilcoxon", lambda analysis, pairs: right(replace(analysis, seeds=analysis.planned_seeds), pairs)
    )


def _wrong_winner(patch: pytest.MonkeyPatch) -> None:
    def worst(analysis: Analysis, metric: str, klass: str = "") -> Any:
        found = [each for each in facts.summaries_of(analysis, metric, klass) if each[1].mean == each[1].mean]
        higher = grammar.METRICS[metric].higher_is_better
        return sorted(found, key=lambda each: each[1].mean if higher else -each[1].mean)[:1]

    patch.setattr(facts, "best", worst)


def _highest_is_best(patch: pytest.MonkeyPatch) -> None:
    def highest(analysis: Analysis, metric: str, klass: str = "") -> Any:
        found = [each for each in facts.summaries_of(analysis, metric, klass) if each[1].mean == each[1].mean]
        return sorted(found, key=lambda each: -each[1].mean)[:1]

    patch.setattr(facts, "best", highest)


def _median_for_mean(patch: pytest.MonkeyPatch) -> None:
    right = facts.summaries_of
    patch.setattr(
        facts,
        "summaries_of",
        lambda analysis, metric, klass="": [
            (key, replace(entry, mean=entry.median)) for key, entry in right(analysis, metric, klass)
        ],
    )


def _significant_when_not(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(facts, "shown", list)


def _not_significant_when_it_is(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(facts, "shown", lambda pairs: [])


def _raw_p_decides(patch: pytest.MonkeyPatch) -> None:
    right = facts.pairs_of

    def by_raw(analysis: Analysis, metric: str) -> Any:
        alpha, higher = analysis.study.analysis.alpha, grammar.METRICS[metric].higher_is_better
        return [
            (key, replace(pair, verdict="first better" if (pair.difference > 0) == higher else "second better"))
            if pair.p_t <= alpha
            else (key, pair)
            for key, pair in right(analysis, metric)
        ]

    patch.setattr(facts, "pairs_of", by_raw)


def _direction_of_the_metric_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(facts, "better_of", lambda pair: pair.first if pair.difference > 0 else pair.second)
    patch.setattr(facts, "worse_of", lambda pair: pair.second if pair.difference > 0 else pair.first)


def _better_and_worse_swapped(patch: pytest.MonkeyPatch) -> None:
    better, worse = facts.better_of, facts.worse_of
    patch.setattr(facts, "better_of", worse)
    patch.setattr(facts, "worse_of", better)


def _bounds_of_a_mean_swapped(patch: pytest.MonkeyPatch) -> None:
    right = seeds._over_seeds
    patch.setattr(
        seeds,
        "_over_seeds",
        lambda analysis, key, entry: right(analysis, key, replace(entry, low=entry.high, high=entry.low)),
    )


def _bounds_of_a_difference_swapped(patch: pytest.MonkeyPatch) -> None:
    right = seeds._pair
    patch.setattr(
        seeds, "_pair", lambda analysis, key, pair: right(analysis, key, replace(pair, low=pair.high, high=pair.low))
    )


def _one_pair_lost(patch: pytest.MonkeyPatch) -> None:
    right = facts.pairs_of
    patch.setattr(facts, "pairs_of", lambda analysis, metric: right(analysis, metric)[:-1])


def _pairs_of_another_metric(patch: pytest.MonkeyPatch) -> None:
    right = facts.pairs_of
    patch.setattr(facts, "pairs_of", lambda analysis, metric: right(analysis, analysis.metrics[-1]))


def _per_cent_for_share(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(prose, "share", lambda number, key="": Number(f"{number:.1f}\N{NO-BREAK SPACE}%", key, number))


def _value_in_per_cent(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(prose, "value", lambda number, key: Number(numerals.value(100 * number), key, number))


def _p_rounded_to_zero(patch: pytest.MonkeyPatch) -> None:
    def rounded(number: float, key: str, *, alpha: float) -> Any:
        return ("\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}", Number(f"{number:.3f}", key, number))

    patch.setattr(prose, "p_of", rounded)


def _smallest_p_of_one_pair(patch: pytest.MonkeyPatch) -> None:
    right = seeds._wilcoxon

    def alone(analysis: Analysis, pairs: Any) -> Sentence:
        return right(replace(analysis, smallest_wilcoxon_p=2.0 ** (1 - len(analysis.seeds))), pairs)

    patch.setattr(seeds, "_wilcoxon", alone)


def _omnibus_by_chi2(patch: pytest.MonkeyPatch) -> None:
    right = facts.omnibus_of

    def by_chi2(analysis: Analysis, metric: str) -> Any:
        key, test = right(analysis, metric)
        return key, replace(test, rejected=bool(test.p <= analysis.study.analysis.alpha))

    patch.setattr(facts, "omnibus_of", by_chi2)


def _no_evidence_told_as_equality(patch: pytest.MonkeyPatch) -> None:
    right = seeds.omnibus

    def equal(analysis: Analysis, metric: str) -> Sentence:
        said = right(analysis, metric)
        ends = {"; this does not show that they are equal.": "; so they are equal."}
        return replace(
            said, pieces=tuple(ends.get(piece, piece) if isinstance(piece, str) else piece for piece in said.pieces)
        )

    patch.setattr(seeds, "omnibus", equal)


def _seeds_told_as_seeds_and_cases(patch: pytest.MonkeyPatch) -> None:
    right = abstracts._verdict
    patch.setattr(
        abstracts, "_verdict", lambda analysis, target, pairs, metric: right(analysis, "joint", pairs, metric)
    )


def _divergence_kept_quiet(patch: pytest.MonkeyPatch) -> None:
    right = completion.finished
    patch.setattr(completion, "finished", lambda analysis: right(replace(analysis, diverged=())))


def _rule_for_divergence_swapped(patch: pytest.MonkeyPatch) -> None:
    right = completion._after_divergence

    def other(analysis: Analysis) -> Sentence:
        rule = "worst-score" if analysis.study.analysis.on_diverged == "drop-seed" else "drop-seed"
        plan = analysis.study.analysis.model_copy(update={"on_diverged": rule})
        return right(replace(analysis, study=analysis.study.model_copy(update={"analysis": plan})))

    patch.setattr(completion, "_after_divergence", other)


def _synthetic_data_kept_quiet(patch: pytest.MonkeyPatch) -> None:
    right = abstracts.conclusion
    patch.setattr(
        abstracts, "conclusion", lambda analysis: tuple(said for said in right(analysis) if said.kind != "synthetic")
    )


def _limitation_left_out(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(limits, "_state", lambda analysis: iter(()))


def _loss_below_the_control_kept_quiet(patch: pytest.MonkeyPatch) -> None:
    right = beyond._control

    def praising(analysis: Analysis, metric: str, key: str, control: Any) -> Any:
        return (
            right(analysis, metric, key, control)[0],
            prose.sentence("x", "The mean of every loss was higher; the difference was not tested."),
        )

    patch.setattr(beyond, "_control", praising)


def _another_adjustment(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(facts, "by_adjustment", lambda analysis: facts.ADJUSTMENTS["holm"])


def _key_of_another_number(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        prose, "difference", lambda number, key: Number(numerals.difference(number), key.replace("low", "high"), number)
    )


def _interval_over_seeds_told_as_over_patients(patch: pytest.MonkeyPatch) -> None:
    def over_seeds(analysis: Analysis, entry: Any) -> Any:
        found = facts.joint_mean(analysis, entry.metric, entry.loss)
        if found is None or entry.klass:
            return []
        low, high = Number(numerals.value(entry.low), "", entry.low), Number(numerals.value(entry.high), "", entry.high)
        return [f"; over seeds and {facts.case_unit(analysis)} ", low, " to ", high]

    patch.setattr(seeds, "_over_patients", over_seeds)


def _shortcut_kept_quiet(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(beyond, "_shortcuts", lambda analysis, key, control: [])


def _shortcut_hidden_by_the_mean_of_the_losses(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(facts, "shortcuts", lambda analysis, control: {})


BUGS = [value for name, value in list(globals().items()) if name.startswith("_") and callable(value)
        and getattr(value, "__annotations__", {}).get("patch") == "pytest.MonkeyPatch"]  # fmt: skip


def test_there_are_more_than_ten_bugs() -> None:
    assert len(BUGS) > 10


@pytest.fixture(scope="module")
def analyses() -> list[Analysis]:
    """The same random analyses for every bug."""
    return [random_analysis(seed) for seed in range(80)]


def test_without_a_bug_they_all_pass(analyses: list[Analysis]) -> None:
    check_all(analyses)


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.__name__.strip("_"))
def test_a_planted_bug_is_found(
    bug: Callable[[pytest.MonkeyPatch], None], analyses: list[Analysis], monkeypatch: pytest.MonkeyPatch
) -> None:
    bug(monkeypatch)
    with pytest.raises(grammar.Broken):
        check_all(analyses)


def test_numbers_are_marked_for_a_readers_program_and_words_escaped() -> None:
    paragraph = Paragraph("main", "", (prose.sentence("x", "A < B: ", prose.value(0.91234, "summaries.0.mean"), "."),))
    assert paragraph.html() == ('A &lt; B: <span data-key="summaries.0.mean" data-value="0.91234">0.912</span>.')
    assert paragraph.text() == "A < B: 0.912."


def test_an_undefined_number_is_marked_as_null() -> None:
    assert prose.value(float("nan"), "x").html() == '<span data-key="x" data-value="null">–</span>'


@pytest.mark.parametrize(
    ("metric", "said"),
    [("auroc", "AUROC"), ("brier", "Brier score"), ("balanced_accuracy", "balanced accuracy"), ("f1", "F1 score")],
)
def test_a_metric_is_spoken_of_as_inside_a_sentence(metric: str, said: str) -> None:
    assert facts.spoken(metric) == said


@pytest.mark.parametrize(
    ("p", "alpha", "text"), [(0.0625, 0.05, "0.063"), (0.0125, 0.05, "0.013"), (0.0625, 0.0628, "0.0625")]
)
def test_half_a_p_is_rounded_up_unless_that_hides_the_decision(p: float, alpha: float, text: str) -> None:
    assert numerals.p_value(p, alpha) == text
