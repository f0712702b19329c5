"""Stored records in, the sentences on the proof of the methods out: agreement with witnesses, rates of rejection."""

from __future__ import annotations

from cxr_report.conformance import Conformance, PopulationClaim
from cxr_report.report import numerals
from cxr_report.report.language import ENGLISH, Speech, phrase
from cxr_report.report.narrative import prose
from cxr_report.report.narrative.prose import Sentence, sentence
from cxr_report.report.pieces import Said

__all__ = ["conformance", "population"]


def conformance(found: Conformance, say: Speech = ENGLISH) -> tuple[Sentence, ...]:
    """Say how many checks agree with their witnesses."""
    apart = sum(not check.agrees for check in found.checks)
    differing = say.counted(apart, "{n} does not agree", "{n} do not agree", n=str(apart))
    said = say(
        "In {checks} checks, {functions} functions of the program, of which not all were used here, are held against "
        "other programs and published tables; {agreement}.",
        checks=prose.count(len(found.checks)),
        functions=prose.count(len({check.function for check in found.checks})),
        agreement=differing if apart else say("all agree"),
    )
    return (sentence("conformance", said),)


_SPREADS = {
    "sd_case": phrase("case {sd}"),
    "sd_loss_case": phrase("loss case {sd}"),
    "sd_seed_case": phrase("seed case {sd}"),
    "sd_run_case": phrase("run case {sd}"),
    "sd_separation_seed": phrase("separation seed {sd}"),
    "sd_separation_run": phrase("separation run {sd}"),
}


def population(claim: PopulationClaim, say: Speech = ENGLISH) -> tuple[Sentence, ...]:
    """Say what was simulated, and how often tests over seeds, over cases and over both reject."""
    model = claim.model
    spreads: list[Said] = [
        say(_SPREADS[name], sd=numerals.general(value)) for name, value in model.items() if name.startswith("sd_")
    ]
    simulated = say(
        "{words} Losses: {losses}; cases: {cases}, of which {prevalence} positive; separation {separation}; standard "
        "deviations: {spreads}.",
        words=say.note(claim.words),
        losses=f"{model['losses']:.0f}",
        cases=f"{model['cases']:.0f}",
        prevalence=numerals.percent(model["prevalence"], 0),
        separation=numerals.general(model["separation"]),
        spreads=say.rowed(spreads),
    )
    worse = (
        phrase(
            "Read as a claim about other seeds and other cases, tests over seeds alone rejected equal losses in {few} "
            "of studies with {first} seeds and in {many} with {last}: more seeds make it worse. Tests over cases alone "
            "rejected in {cases}, the joint analysis in {both}, with α = {alpha}."
        )
        if _worse(claim)
        else phrase(
            "Read as a claim about other seeds and other cases, tests over seeds alone rejected equal losses in {few} "
            "of studies with {first} seeds and in {many} with {last}. Tests over cases alone rejected in {cases}, the "
            "joint analysis in {both}, with α = {alpha}."
        )
    )
    rejected = say(
        worse,
        few=_range(say, claim, "seeds", 0),
        first=str(claim.seeds[0]),
        many=_range(say, claim, "seeds", -1),
        last=str(claim.seeds[-1]),
        cases=_range(say, claim, "cases"),
        both=_range(say, claim, "both"),
        alpha=numerals.general(claim.alpha),
    )
    return (sentence("population-model", simulated), sentence("population", rejected))


def _worse(claim: PopulationClaim) -> bool:
    """Say whether every test over seeds rejects more often the more seeds there are."""
    rates = [test.rates for test in claim.tests if test.target == "seeds"]
    return all(each[-1] > each[0] for each in rates)


def _range(say: Speech, claim: PopulationClaim, target: str, place: int | None = None) -> str:
    rates = [
        rate
        for test in claim.tests
        if test.target == target
        for rate in (test.rates if place is None else [test.rates[place]])
    ]
    return say.text("{low} to {high}", low=numerals.percent(min(rates)), high=numerals.percent(max(rates)))
