"""An Analysis in, the sentences on whether the losses are equal at all out."""

from __future__ import annotations

import math

from cxr_report.analysis.value import BOTH, Analysis, Omnibus, Target
from cxr_report.report.answers import answers
from cxr_report.report.language import phrase, speech
from cxr_report.report.names import short_target
from cxr_report.report.narrative import facts, prose
from cxr_report.report.narrative.prose import Piece, Sentence, sentence
from cxr_report.report.pieces import Said

__all__ = ["TESTS", "omnibus"]

TESTS = {
    "mrmc": "Obuchowski–Rockette F",
    "mrmc-seeds-fixed": "Obuchowski–Rockette χ²",
    "iman-davenport": "Iman–Davenport F",
    "friedman": "Friedman χ²",
    "rm-anova": phrase("repeated-measures ANOVA F"),
    "mixed-model": phrase("mixed-model χ²"),
}
"""How a test's statistic is called, to be said by a `Speech`; those that bear names are the same in every language."""

_EFFECTS = {"Kendall's W": phrase("Kendall’s W"), "generalised eta2": phrase("generalised η²")}


def omnibus(analysis: Analysis, metric: str) -> tuple[Sentence, ...]:
    """Tell the planned test of all losses at once, how the others turn out, and that none gates the comparisons."""
    found = [(f"omnibus.{place}", test) for place, test in enumerate(analysis.omnibus) if test.metric == metric]
    key, planned = next(each for each in found if each[1].planned)
    sentences = [*_instead(analysis, planned), _planned(analysis, key, planned)]
    if planned.test == "mrmc":
        sentences += _no_case_term(analysis, metric)
    others = [test for _, test in found if not test.planned]
    gate = speech(analysis)("None of these tests gates the comparisons of two losses.")
    return (*sentences, _beside(analysis, others), sentence("no-gate", gate))


def _instead(analysis: Analysis, planned: Omnibus) -> list[Sentence]:
    """Say which test stands in the place of the planned one, where the metric does not have that."""
    say, named = speech(analysis), analysis.study.analysis.omnibus
    if planned.test == named:
        return []
    said = say(
        "The plan names the {named}, which {metric} does not have here; the {test} stands in its place.",
        named=say.text(TESTS[named]),
        metric=facts.spoken(planned.metric, say),
        test=say.text(TESTS[planned.test]),
    )
    return [sentence("omnibus-instead", said)]


def _planned(analysis: Analysis, key: str, test: Omnibus) -> Sentence:
    say = speech(analysis)
    told: dict[str, Said] = {"where": facts.over(analysis, test.target), "metric": facts.spoken(test.metric, say)}
    if math.isnan(test.p):
        why = facts.noted(test.note, say)
        said = say("{where} equality of the losses in {metric} could not be tested: {why}.", why=why, **told)
        return sentence("no-omnibus", said)
    said = say(
        phrase("{where} equality of the {n} losses in {metric} was rejected at α = {alpha} ({test}).")
        if test.rejected
        else phrase(
            "{where} there was no evidence at α = {alpha} against equality of the {n} losses in {metric} ({test}); "
            "this does not show that they are equal."
        ),
        n=prose.count(test.n_losses, f"{key}.n_losses"),
        alpha=prose.exactly(analysis.study.analysis.alpha, facts.ALPHA),
        test=_detail(analysis, key, test),
        **told,
    )
    return sentence("omnibus", said)


def _detail(analysis: Analysis, key: str, test: Omnibus) -> tuple[Piece, ...]:
    say, df = speech(analysis), [prose.exactly(test.df1, f"{key}.df1")]
    if math.isfinite(test.df2) or test.test == "mrmc":
        df.append(prose.exactly(test.df2, f"{key}.df2"))
    told: dict[str, Said] = {
        "test": say.text(TESTS[test.test]),
        "df": say.rowed(df),
        "statistic": prose.statistic(test.statistic, f"{key}.statistic"),
        "p": prose.p_of(test.p, f"{key}.p", alpha=analysis.study.analysis.alpha),
    }
    if math.isnan(test.effect_value):
        return say("{test}({df}) = {statistic}, p{p}", **told)
    return say(
        "{test}({df}) = {statistic}, p{p}; {effect} = {size}",
        effect=say.text(_EFFECTS[test.effect]),
        size=prose.statistic(test.effect_value, f"{key}.effect_value"),
        **told,
    )


def _no_case_term(analysis: Analysis, metric: str) -> list[Sentence]:
    """Say where the test over seeds and patients has no term for the cases."""
    found = answers(analysis, metric, BOTH)
    test = found.test if found is not None else None
    if test is None or math.isnan(test.p) or test.cov2 > test.cov3:
        return []
    said = speech(analysis)(
        "Cov2 was not larger than Cov3, so the case term is 0 and this test equals the analysis of variance over "
        "seeds: it adds no evidence about other {unit}.",
        unit=facts.case_unit(analysis),
    )
    return [sentence("no-case-term", said)]


def _beside(analysis: Analysis, others: list[Omnibus]) -> Sentence:
    say, total = speech(analysis), prose.count(len(others))
    rejecting = [test for test in others if test.rejected]
    if not rejecting:
        none = say("Of the {total} other tests, each for its own target, none rejected it.", total=total)
        return sentence("omnibus-beside", none)
    if len(rejecting) == len(others) > 1:
        every = say(
            "All {total} other tests, each for its own target, rejected it: {tests}.",
            total=total,
            tests=_named(analysis, rejecting),
        )
        return sentence("omnibus-beside", every)
    some = say(
        "Of the {total} other tests, each for its own target, {n} rejected it: {tests}.",
        total=total,
        n=prose.count(len(rejecting)),
        tests=_named(analysis, rejecting),
    )
    return sentence("omnibus-beside", some)


def _named(analysis: Analysis, tests: list[Omnibus]) -> tuple[Piece, ...]:
    """Name tests, those for the same target together."""
    say = speech(analysis)
    grouped: dict[Target, list[str]] = {}
    for test in tests:
        grouped.setdefault(test.target, []).append(say.text(TESTS[test.test]))
    named = [
        say("{tests} ({target})", tests=say.listed(own), target=short_target(analysis, target))
        for target, own in grouped.items()
    ]
    return say.rowed(named, "; ")
