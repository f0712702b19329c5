"""An Analysis in, the sentences on whether the losses are equal at all out."""

from __future__ import annotations

import math

from cxr_report.analysis.value import BOTH, Analysis, Omnibus, Target
from cxr_report.report.answers import answers
from cxr_report.report.names import short_target
from cxr_report.report.narrative import facts, prose
from cxr_report.report.narrative.prose import Piece, Sentence, sentence
from cxr_report.report.numerals import listed

__all__ = ["TESTS", "omnibus"]

TESTS = {
    "mrmc": "Obuchowski–Rockette F",
    "mrmc-seeds-fixed": "Obuchowski–Rockette χ²",
    "iman-davenport": "Iman–Davenport F",
    "friedman": "Friedman χ²",
    "rm-anova": "repeated-measures ANOVA F",
    "mixed-model": "mixed-model χ²",
}
"""How a test's statistic is called."""

_EFFECTS = {"Kendall's W": "Kendall’s W", "generalised eta2": "generalised η²"}


def omnibus(analysis: Analysis, metric: str) -> tuple[Sentence, ...]:
    """Tell the planned test of all losses at once, how the others turn out, and that none gates the comparisons."""
    found = [(f"omnibus.{place}", test) for place, test in enumerate(analysis.omnibus) if test.metric == metric]
    key, planned = next(each for each in found if each[1].planned)
    sentences = [*_instead(analysis, planned), _planned(analysis, key, planned)]
    if planned.test == "mrmc":
        sentences += _no_case_term(analysis, metric)
    others = [test for _, test in found if not test.planned]
    gate = sentence("no-gate", "None of these tests gates the comparisons of two losses.")
    return (*sentences, _beside(analysis, others), gate)


def _instead(analysis: Analysis, planned: Omnibus) -> list[Sentence]:
    """Say which test stands in the place of the planned one, where the metric does not have that."""
    named = analysis.study.analysis.omnibus
    if planned.test == named:
        return []
    text = (
        f"The plan names the {TESTS[named]}, which {facts.spoken(planned.metric)} does not have here; the "
        f"{TESTS[planned.test]} stands in its place."
    )
    return [sentence("omnibus-instead", text)]


def _planned(analysis: Analysis, key: str, test: Omnibus) -> Sentence:
    name, alpha = facts.spoken(test.metric), analysis.study.analysis.alpha
    where = facts.over(analysis, test.target)
    if math.isnan(test.p):
        text = f"{where} equality of the losses in {name} could not be tested: {facts.noted(test.note)}."
        return sentence("no-omnibus", text)
    losses, threshold = prose.count(test.n_losses, f"{key}.n_losses"), prose.exactly(alpha, facts.ALPHA)
    detail = _detail(analysis, key, test)
    if test.rejected:
        end = (f" losses in {name} was rejected at α = ", threshold, *detail, ".")
        return sentence("omnibus", f"{where} equality of the ", losses, end)
    middle = (f"{where} there was no evidence at α = ", threshold, " against equality of the ", losses)
    return sentence("omnibus", *middle, f" losses in {name}", *detail, "; this does not show that they are equal.")


def _detail(analysis: Analysis, key: str, test: Omnibus) -> list[Piece]:
    pieces: list[Piece] = [f" ({TESTS[test.test]}(", prose.exactly(test.df1, f"{key}.df1")]
    if math.isfinite(test.df2) or test.test == "mrmc":
        pieces += [", ", prose.exactly(test.df2, f"{key}.df2")]
    pieces += [") = ", prose.statistic(test.statistic, f"{key}.statistic")]
    pieces += [", p", *prose.p_of(test.p, f"{key}.p", alpha=analysis.study.analysis.alpha)]
    if not math.isnan(test.effect_value):
        pieces += [f"; {_EFFECTS[test.effect]} = ", prose.statistic(test.effect_value, f"{key}.effect_value")]
    return [*pieces, ")"]


def _no_case_term(analysis: Analysis, metric: str) -> list[Sentence]:
    """Say where the test over seeds and patients has no term for the cases."""
    found = answers(analysis, metric, BOTH)
    test = found.test if found is not None else None
    if test is None or math.isnan(test.p) or test.cov2 > test.cov3:
        return []
    return [
        sentence(
            "no-case-term",
            "Cov2 was not larger than Cov3, so the case term is 0 and this test equals the analysis of variance over "
            f"seeds: it adds no evidence about other {facts.case_unit(analysis)}.",
        )
    ]


def _beside(analysis: Analysis, others: list[Omnibus]) -> Sentence:
    rejecting = [test for test in others if test.rejected]
    begin: tuple[Piece, ...] = ("Of the ", prose.count(len(others)), " other tests, each for its own target, ")
    if not rejecting:
        return sentence("omnibus-beside", *begin, "none rejected it.")
    grouped: dict[Target, list[str]] = {}
    for test in rejecting:
        grouped.setdefault(test.target, []).append(TESTS[test.test])
    names = "; ".join(f"{listed(tests)} ({short_target(analysis, target)})" for target, tests in grouped.items())
    if len(rejecting) == len(others) > 1:
        begin = ("All ", prose.count(len(others)), " other tests, each for its own target, ")
        return sentence("omnibus-beside", *begin, f"rejected it: {names}.")
    return sentence("omnibus-beside", *begin, prose.count(len(rejecting)), f" rejected it: {names}.")
