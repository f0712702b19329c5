"""An Analysis in, the sentences on the noise floor out: what rounding does, what seeds do, how often tests err."""

from __future__ import annotations

import math
from collections.abc import Iterator

from cxr_report.analysis.value import Analysis, NullRate, SeedFloor, Twin
from cxr_report.report import numerals
from cxr_report.report.language import phrase, speech
from cxr_report.report.names import short_target
from cxr_report.report.narrative import facts, prose
from cxr_report.report.narrative.prose import Number, Piece, Sentence, sentence
from cxr_report.report.pieces import Said, flat

__all__ = ["floor"]

SEEDS_ALONE = "over seeds alone"
"""What the note of the comparison says where the metric has no covariance over cases."""

RULE_OF_THREE = 3.0
"""Quoted: 3 / n bounds the rate of what n trials did not show once, at 95 % (doi 10.1001/jama.1983.03330370053031)."""

DECIDING = {True: "mrmc pairs", False: "paired t"}
"""Whether seeds and cases decide together -> the test that decides, as the rates call it."""


def floor(analysis: Analysis) -> tuple[Sentence, ...]:
    """Say what equal losses show: the numerical floor, the seed floor, and rates of rejection."""
    return (
        *(_twin(analysis, f"twins.{place}", twin) for place, twin in enumerate(analysis.twins)),
        *(said for place, each in enumerate(analysis.seed_floor) for said in _seeds(analysis, place, each)),
        *_rates(analysis),
    )


def _named(analysis: Analysis, loss: str) -> str:
    own = analysis.study.noise_floor.identical.get(loss)
    return analysis.labels.get(loss) or (own.label if own is not None and own.label else loss)


def _twin(analysis: Analysis, key: str, twin: Twin) -> Sentence:
    say = speech(analysis)
    told: dict[str, Said] = {"first": _named(analysis, twin.first), "second": _named(analysis, twin.second)}
    if not twin.n_seeds:
        missing = say(
            "By definition, {first} and {second} are the same function, but no seed is finished for both.", **told
        )
        return sentence("twin-missing", missing)
    seeds = prose.count(twin.n_seeds, f"{key}.n_seeds")
    told["seeds"] = say.counted(twin.n_seeds, "{n} seed", "{n} seeds", n=seeds)
    if twin.identical:
        identical = say(
            "By definition, {first} and {second} are the same function: trained with the same {seeds}, all bits of "
            "their test logits are identical.",
            **told,
        )
        return sentence("twin-identical", identical)
    said = say(
        "By definition, {first} and {second} are the same function: trained with the same {seeds}, their test logits "
        "differed by up to {delta}, {changes}: rounding alone.",
        delta=Number(numerals.scientific(twin.max_delta), f"{key}.max_delta", twin.max_delta),
        changes=_changes(analysis, key, twin),
        **told,
    )
    return sentence("twin", said)


def _changes(analysis: Analysis, key: str, twin: Twin) -> tuple[Piece, ...]:
    """Say how many labels change between twins, and by how much the metric does."""
    say, n = speech(analysis), prose.count(twin.flips, f"{key}.flips")
    changed = say.counted(twin.flips, "{n} label changed", "{n} labels changed", n=n)
    told: dict[str, Said] = {
        "labels": changed if twin.flips else say("no label changed"),
        "metric": facts.spoken(twin.metric, say),
    }
    known = [abs(each) for each in twin.differences if not math.isnan(each)]
    if not known:
        return flat([told["labels"]])
    if not max(known):
        return say("{labels}, and {metric} did not change", **told)
    most = Number(numerals.scientific(max(known)), "", max(known))
    return say("{labels}, and {metric} moved by up to {most}", most=most, **told)


def _seeds(analysis: Analysis, place: int, each: SeedFloor) -> Iterator[Sentence]:
    say, key, loss = speech(analysis), f"seed_floor.{place}", analysis.labels.get(each.loss, each.loss)
    if math.isnan(each.difference):
        none = say("{loss} could not be compared with itself: {why}.", loss=loss, why=facts.noted(each.note, say))
        yield sentence("no-seed-floor", none)
        return
    said = say(
        "As planned, {loss} was trained with {n} further seeds and compared with itself {target}, outside of every "
        "family and without effect on any decision: the difference in {metric} was {difference} ({test}).",
        loss=loss,
        n=prose.count(len(each.further)),
        target=say("over seeds, on these test cases")
        if SEEDS_ALONE in each.note
        else say("over seeds and {unit}", unit=facts.case_unit(analysis)),
        metric=facts.spoken(each.metric, say),
        difference=_apart(each, each.difference, f"{key}.difference"),
        test=_tested(analysis, key, each),
    )
    yield sentence("seed-floor", said)
    if not math.isnan(each.percentile_95):
        yield _percentile(analysis, key, each)


def _percentile(analysis: Analysis, key: str, each: SeedFloor) -> Sentence:
    """Say how far apart the means of two sets of runs of one loss are."""
    said = speech(analysis)(
        phrase(
            "Over all {n} splits of these runs into two sets of {size}, the 95th percentile of the absolute difference "
            "of their means was {percentile}: a description of what seeds alone do on these cases, and no test."
        )
        if each.exhaustive
        else phrase(
            "Over a random choice of {n} splits of these runs into two sets of {size}, the 95th percentile of the "
            "absolute difference of their means was {percentile}: a description of what seeds alone do on these cases, "
            "and no test."
        ),
        n=prose.count(each.n_splits, f"{key}.n_splits"),
        size=prose.count(len(each.seeds)),
        percentile=_apart(each, each.percentile_95, f"{key}.percentile_95"),
    )
    return sentence("seed-percentile", said)


def _apart(each: SeedFloor, number: float, key: str) -> Number:
    """Write a difference, with one more digit where it and the percentile would read the same and are not."""
    alike = numerals.difference(abs(each.difference)) == numerals.difference(each.percentile_95)
    more = alike and abs(each.difference) != each.percentile_95
    return Number(numerals.fixed(number, numerals.DIFFERENCE_DECIMALS + more), key, number)


def _tested(analysis: Analysis, key: str, each: SeedFloor) -> tuple[Piece, ...]:
    say, alpha = speech(analysis), analysis.study.analysis.alpha
    if math.isnan(each.p):
        return say("no test: {why}", why=facts.noted(each.note, say))
    return say(
        "{level} CI {low} to {high}, t({df}) = {t}, p{p}",
        level=prose.percent_of(alpha, facts.ALPHA),
        low=prose.difference(each.low, f"{key}.low"),
        high=prose.difference(each.high, f"{key}.high"),
        df=prose.exactly(each.df, f"{key}.df"),
        t=prose.statistic(each.t, f"{key}.t"),
        p=prose.p_of(each.p, f"{key}.p", alpha=alpha),
    )


def _rates(analysis: Analysis) -> Iterator[Sentence]:
    """Say how often the test that decides rejects equal losses, and how often the others do."""
    say, primary = speech(analysis), analysis.study.metrics.primary
    joint = any(test.metric == primary for test in analysis.joint)
    own = DECIDING[joint]
    known = {
        f"null_rates.{n}.rate": rate for n, rate in enumerate(analysis.null_rates) if not math.isnan(rate.rate)
    }  # fmt: skip
    deciding = [(key, each) for key, each in known.items() if each.test == own]
    others = [(key, each) for key, each in known.items() if each.test != own]
    if not deciding or not others:
        return
    low, high = min(others, key=lambda each: each[1].rate), max(others, key=lambda each: each[1].rate)
    claims = {short_target(analysis, each.claim) for each in known.values()}
    said = say(
        phrase(
            "In studies simulated with the variance components of this one and with all means equal, the decisions of "
            "the plan found a difference in {own}, the other tests in {low} to {high}, each read as a claim about "
            "other {claim}."
        )
        if len(claims) == 1
        else phrase(
            "In studies simulated with the variance components of this one and with all means equal, the decisions of "
            "the plan found a difference in {own}, the other tests in {low} to {high}."
        ),
        own=_rate(*deciding[0]),
        low=_rate(*low),
        high=_rate(*high),
        claim=claims.pop(),
    )
    yield sentence("null-rates", said)
    reading = say(
        "A rate above α = {alpha} means too many false findings for what is claimed; one below it is cautious, at a "
        "cost in power.",
        alpha=prose.exactly(analysis.study.analysis.alpha, facts.ALPHA),
    )
    yield sentence("null-reading", reading)


def _rate(key: str, each: NullRate) -> Number:
    """Write a rate; where nothing was rejected, the bound that so many simulations put on it."""
    if each.rate > 0:
        return prose.share(each.rate, key)
    bound = numerals.percent(RULE_OF_THREE / each.n_simulations, 2)
    return Number(f"<{numerals.NO_BREAK}{bound}", key, each.rate)
