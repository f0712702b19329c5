"""An Analysis in, the sentences on the noise floor out: what rounding does, what seeds do, how often tests err."""

from __future__ import annotations

import math
from collections.abc import Iterator

from cxr_report.analysis.value import Analysis, NullRate, SeedFloor, Twin
from cxr_report.report import numerals
from cxr_report.report.names import short_target
from cxr_report.report.narrative import facts, prose
from cxr_report.report.narrative.prose import Number, Piece, Sentence, sentence

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
    both = f"By definition, {_named(analysis, twin.first)} and {_named(analysis, twin.second)} are the same function"
    if not twin.n_seeds:
        return sentence("twin-missing", f"{both}, but no seed is finished for both.")
    seeds = prose.count(twin.n_seeds, f"{key}.n_seeds")
    unit = "seed" if twin.n_seeds == 1 else "seeds"
    if twin.identical:
        return sentence(
            "twin-identical",
            f"{both}: trained with the same ",
            seeds,
            f" {unit}, all bits of their test logits are identical.",
        )
    pieces: list[Piece] = [
        f"{both}: trained with the same ",
        seeds,
        f" {unit}, their test logits differed by up to ",
        Number(numerals.scientific(twin.max_delta), f"{key}.max_delta", twin.max_delta),
        ", ",
        prose.count(twin.flips, f"{key}.flips") if twin.flips else "no",
        f" {'label' if twin.flips <= 1 else 'labels'} changed",
    ]
    known = [place for place, each in enumerate(twin.differences) if not math.isnan(each)]
    if known:
        most = max(known, key=lambda place: abs(twin.differences[place]))
        number = abs(twin.differences[most])
        moved: list[Piece] = [" moved by up to ", Number(numerals.scientific(number), "", number)]
        pieces += [f", and {facts.spoken(twin.metric)}", *(moved if number else [" did not change"])]
    return sentence("twin", *pieces, ": rounding alone.")


def _seeds(analysis: Analysis, place: int, each: SeedFloor) -> Iterator[Sentence]:
    key, loss, metric = f"seed_floor.{place}", analysis.labels.get(each.loss, each.loss), facts.spoken(each.metric)
    if math.isnan(each.difference):
        yield sentence("no-seed-floor", f"{loss} could not be compared with itself: {facts.noted(each.note)}.")
        return
    both = f"over seeds and {facts.case_unit(analysis)}"
    target = "over seeds, on these test cases" if SEEDS_ALONE in each.note else both
    yield sentence(
        "seed-floor",
        f"As planned, {loss} was trained with ",
        prose.count(len(each.further)),
        f" further seeds and compared with itself {target}, outside of every family and without effect on any "
        f"decision: the difference in {metric} was ",
        _apart(each, each.difference, f"{key}.difference"),
        *_tested(analysis, key, each),
        ".",
    )
    if not math.isnan(each.percentile_95):
        yield sentence(
            "seed-percentile",
            f"Over {'all' if each.exhaustive else 'a random choice of'} ",
            prose.count(each.n_splits, f"{key}.n_splits"),
            " splits of these runs into two sets of ",
            prose.count(len(each.seeds)),
            ", the 95th percentile of the absolute difference of their means was ",
            _apart(each, each.percentile_95, f"{key}.percentile_95"),
            ": a description of what seeds alone do on these cases, and no test.",
        )


def _apart(each: SeedFloor, number: float, key: str) -> Number:
    """Write a difference, with one more digit where it and the percentile would read the same and are not."""
    alike = numerals.difference(abs(each.difference)) == numerals.difference(each.percentile_95)
    more = alike and abs(each.difference) != each.percentile_95
    return Number(numerals.fixed(number, numerals.DIFFERENCE_DECIMALS + more), key, number)


def _tested(analysis: Analysis, key: str, each: SeedFloor) -> list[Piece]:
    if math.isnan(each.p):
        return [" (no test: ", facts.noted(each.note), ")"]
    alpha = analysis.study.analysis.alpha
    return [
        " (",
        prose.percent_of(alpha, facts.ALPHA),
        " CI ",
        prose.difference(each.low, f"{key}.low"),
        " to ",
        prose.difference(each.high, f"{key}.high"),
        ", t(",
        prose.exactly(each.df, f"{key}.df"),
        ") = ",
        prose.statistic(each.t, f"{key}.t"),
        ", p",
        *prose.p_of(each.p, f"{key}.p", alpha=alpha),
        ")",
    ]


def _rates(analysis: Analysis) -> Iterator[Sentence]:
    """Say how often the test that decides rejects equal losses, and how often the others do."""
    joint = any(test.metric == analysis.study.metrics.primary for test in analysis.joint)
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
    yield sentence(
        "null-rates",
        "In studies simulated with the variance components of this one and with all means equal, the decisions of the "
        "plan found a difference in ",
        _rate(*deciding[0]),
        ", the other tests in ",
        _rate(*low),
        " to ",
        _rate(*high),
        f", each read as a claim about other {claims.pop()}." if len(claims) == 1 else ".",
    )
    yield sentence(
        "null-reading",
        "A rate above α = ",
        prose.exactly(analysis.study.analysis.alpha, facts.ALPHA),
        " means too many false findings for what is claimed; one below it is cautious, at a cost in power.",
    )


def _rate(key: str, each: NullRate) -> Number:
    """Write a rate; where nothing was rejected, the bound that so many simulations put on it."""
    if each.rate > 0:
        return prose.share(each.rate, key)
    bound = numerals.percent(RULE_OF_THREE / each.n_simulations, 2)
    return Number(f"<{numerals.NO_BREAK}{bound}", key, each.rate)
