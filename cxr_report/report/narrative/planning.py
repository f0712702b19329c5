"""An Analysis in, what it teaches for the planning of a next study out."""

from __future__ import annotations

from cxr_report.analysis.value import Analysis
from cxr_report.report.language import speech
from cxr_report.report.narrative import facts, prose
from cxr_report.report.narrative.prose import Paragraph, Sentence, sentence
from cxr_report.report.pieces import Said

__all__ = ["planning"]

KEY = "planning.0"


def planning(analysis: Analysis) -> tuple[Paragraph, ...]:
    """Say how large a next study would have to be; nothing where that is not known."""
    if not analysis.planning:
        return ()
    say = speech(analysis)
    scope = say(
        "This is planning, and no power of this study: the variances are those estimated here, which few seeds let be "
        "known roughly, and the differences that were found play no part in it."
    )
    return (Paragraph("", "", (_seeds(analysis), _cases(analysis), sentence("planning-scope", scope))),)


def _seeds(analysis: Analysis) -> Sentence:
    say, plan = speech(analysis), analysis.planning[0]
    told: dict[str, Said] = {
        "margin": prose.exactly(plan.margin, f"{KEY}.margin"),
        "metric": facts.spoken(plan.metric, say),
        "wanted": prose.Number(f"{100 * plan.wanted:g}{prose.NO_BREAK}%", f"{KEY}.wanted", plan.wanted),
        "cases": prose.count(plan.n_cases, f"{KEY}.n_cases"),
    }
    if plan.seeds.needed is None:
        none = say(
            "To find a true difference of {margin} in {metric}, the planned margin, with a power of {wanted}, no "
            "number of seeds would be enough for a next study with {cases} test cases as here.",
            **told,
        )
        return sentence("planning-seeds-none", none)
    said = say(
        "To find a true difference of {margin} in {metric}, the planned margin, with a power of {wanted}, a next study "
        "with {cases} test cases as here would need {needed} seeds per loss function.",
        needed=prose.count(plan.seeds.needed, f"{KEY}.seeds.needed"),
        **told,
    )
    return sentence("planning-seeds", said)


def _cases(analysis: Analysis) -> Sentence:
    say, plan = speech(analysis), analysis.planning[0]
    seeds = prose.count(plan.n_seeds, f"{KEY}.n_seeds")
    if plan.cases.needed is None:
        return sentence(
            "planning-cases-none",
            say("With {seeds} seeds as here, no number of test cases would be enough.", seeds=seeds),
        )
    said = say(
        "With {seeds} seeds as here, it would need {needed} test cases.",
        seeds=seeds,
        needed=prose.count(plan.cases.needed, f"{KEY}.cases.needed"),
    )
    return sentence("planning-cases", said)
