"""Stored records in, the sentences on the proof of the methods out: agreement with witnesses, rates of rejection."""

from __future__ import annotations

from cxr_report.conformance import Conformance, PopulationClaim
from cxr_report.report import numerals
from cxr_report.report.narrative import prose
from cxr_report.report.narrative.prose import Sentence, sentence

__all__ = ["conformance", "population"]


def conformance(found: Conformance) -> tuple[Sentence, ...]:
    """Say how many checks agree with their witnesses."""
    apart = sum(not check.agrees for check in found.checks)
    functions = len({check.function for check in found.checks})
    tail = "all agree" if not apart else f"{apart} {'does' if apart == 1 else 'do'} not agree"
    return (
        sentence(
            "conformance",
            "In ",
            prose.count(len(found.checks)),
            " checks, ",
            prose.count(functions),
            " functions of the program, of which not all were used here, are held against other programs and published "
            f"tables; {tail}.",
        ),
    )


def population(claim: PopulationClaim) -> tuple[Sentence, ...]:
    """Say what was simulated, and how often tests over seeds, over cases and over both reject."""
    model = claim.model
    numbers = ", ".join(
        f"{name.removeprefix('sd_').replace('_', ' ')} {numerals.general(value)}"
        for name, value in model.items()
        if name.startswith("sd_")
    )
    first, last = claim.seeds[0], claim.seeds[-1]
    return (
        sentence(
            "population-model",
            f"{claim.words} Losses: {model['losses']:.0f}; cases: {model['cases']:.0f}, of which "
            f"{numerals.percent(model['prevalence'], 0)} positive; separation {numerals.general(model['separation'])}; "
            f"standard deviations: {numbers}.",
        ),
        sentence(
            "population",
            f"Read as a claim about other seeds and other cases, tests over seeds alone rejected equal losses in "
            f"{_range(claim, 'seeds', 0)} of studies with {first} seeds and in {_range(claim, 'seeds', -1)} with "
            f"{last}{_worse(claim)}. Tests over cases alone rejected in {_range(claim, 'cases')}, the joint "
            f"analysis in {_range(claim, 'both')}, with α = {numerals.general(claim.alpha)}.",
        ),
    )


def _worse(claim: PopulationClaim) -> str:
    rates = [test.rates for test in claim.tests if test.target == "seeds"]
    return ": more seeds make it worse" if all(each[-1] > each[0] for each in rates) else ""


def _range(claim: PopulationClaim, target: str, place: int | None = None) -> str:
    rates = [
        rate
        for test in claim.tests
        if test.target == target
        for rate in (test.rates if place is None else [test.rates[place]])
    ]
    return f"{numerals.percent(min(rates))} to {numerals.percent(max(rates))}"
