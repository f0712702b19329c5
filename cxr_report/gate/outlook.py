"""A study, its number of test cases and what to expect in; what the plan can show, and where it cannot succeed, out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from types import MappingProxyType
from typing import Literal

from cxr_report.errors import Refusal
from cxr_report.gate.design import (
    Design,
    Prospect,
    cases_needed,
    prospect,
    seeds_needed,
    seeds_to_reach,
    smallest_adjusted,
)
from cxr_report.gate.expectation import Expectation, Pilot, of_components, of_pilot
from cxr_report.study import Study

__all__ = ["Caveat", "Gate", "Reach", "design_of", "gate", "of_study", "refuse"]

LEAST_POWER = 0.5
"""Chosen: below it a true difference of the margin is missed more often than found."""

WANTED_POWER = 0.8
"""Convention: Cohen 1988, Statistical Power Analysis, section 2.4."""

PAIRS: Mapping[str, str] = MappingProxyType(
    {
        "mrmc": "mrmc",
        "mrmc-seeds-fixed": "mrmc",
        "paired-t": "paired_t",
        "wilcoxon": "wilcoxon",
        "sign-flip": "sign_flip",
    }
)
"""Tests of two losses as the plan names them -> as `stats.smallest_p` does."""

OMNIBUS: Mapping[str, str] = MappingProxyType(
    {
        "mrmc": "mrmc",
        "iman-davenport": "f",
        "friedman": "friedman",
        "rm-anova": "rm_anova",
        "mixed-model": "mixed_model",
    }
)
"""Tests of all losses at once, likewise; the mixed model's chi-square has no bound either."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How small the p of one planned test can become."""

    test: str
    """As the plan names it."""
    role: Literal["decides", "omnibus", "multiverse"]
    smallest: float
    """Smallest adjusted p; 0 = no bound."""
    seeds: int | None
    """Smallest number of seeds with which alpha can be reached; None = no number up to 1000."""


@dataclass(frozen=True, slots=True)
class Caveat:
    """Where the plan cannot succeed."""

    field: str
    """Of the study file."""
    seeds: int | None
    """The smallest number of seeds that would do; None = no number does."""
    sentence: str
    """Without a full stop, and without the field."""


@dataclass(frozen=True, slots=True)
class Gate:
    """What a plan can show, before anything is trained."""

    design: Design
    metric: str
    reaches: tuple[Reach, ...]
    """One per planned test: the one that decides, the omnibus test, those of the multiverse."""
    expected: Expectation | None
    """None = power is not known."""
    prospect: Prospect | None
    """At the expected mean square."""
    cautious: Prospect | None
    """At its upper 80 % bound; None where the mean square is taken as known."""
    seeds: int | None
    """Fewest seeds for a power of 0.8 with these cases; None = no number, or not known."""
    cases: int | None
    """Fewest test cases for a power of 0.8 with these seeds; None = no number, or not known."""
    warnings: tuple[Caveat, ...]


def design_of(study: Study, n_cases: int) -> Design:
    """Take the design from a study and its number of test cases."""
    plan = study.analysis
    return Design(
        n_losses=len(study.losses),
        n_seeds=len(study.seeds),
        n_cases=n_cases,
        delta=plan.margin,
        alpha=plan.alpha,
        adjustment=plan.adjustment,
        family=plan.family,
    )


def gate(study: Study, n_cases: int, expected: Expectation | None) -> Gate:
    """Say what a study's plan can show; nothing is trained, read or written.

    Args:
        study: the plan.
        n_cases: test cases.
        expected: the variances of the primary metric; None where nobody stated any.

    Returns:
        Smallest p of every planned test, power for the margin, interval widths, and warnings where the plan cannot
        succeed: a test that decides or is in the plan and never reaches alpha, or a power below 0.5 at the margin.
    """
    design = design_of(study, n_cases)
    reaches = tuple(_reaches(study, design))
    told = None if expected is None else prospect(design, expected)
    cautious = None if expected is None or expected.df is None else prospect(design, expected.upper())
    seeds = None if expected is None else seeds_needed(design, expected, power=WANTED_POWER)
    cases = None if expected is None else cases_needed(design, expected, power=WANTED_POWER)
    weak = () if expected is None or told is None else tuple(_weak(design, expected, told))
    warnings = (*_out_of_reach(reaches, design), *weak)
    return Gate(design, study.metrics.primary, reaches, expected, told, cautious, seeds, cases, warnings)


def of_study(study: Study, n_cases: int, pilot: Pilot | None = None) -> Gate:
    """Say what a study's plan can show with a pilot's variances, else those in its plan, else without any.

    Raises:
        Refusal: the pilot has no analysis of the primary metric over seeds and cases.
    """
    if pilot is not None:
        return gate(study, n_cases, of_pilot(pilot, study.metrics.primary))
    stated = study.analysis.components
    return gate(study, n_cases, None if stated is None else of_components(stated))


def refuse(found: Gate, where: str) -> None:
    """Refuse a plan that cannot succeed.

    Args:
        found: what the gate says.
        where: the study file's name, for the message.

    Raises:
        Refusal: the first warning, in one sentence.
    """
    if not found.warnings:
        return
    first, more = found.warnings[0], len(found.warnings) - 1
    rest = f" (and {more} more {'warning' if more == 1 else 'warnings'})" if more else ""
    raise Refusal(f"{where}: --strict: {first.field}: {first.sentence}{rest}")


def _reaches(study: Study, design: Design) -> Iterator[Reach]:
    plan = study.analysis
    planned: list[tuple[str, Literal["decides", "omnibus", "multiverse"], str]] = [
        ("mrmc", "decides", PAIRS["mrmc"]),
        (plan.omnibus, "omnibus", OMNIBUS[plan.omnibus]),
        *((test, "multiverse", PAIRS[test]) for test in plan.multiverse.tests),
    ]
    for test, role, known in planned:
        yield Reach(test, role, smallest_adjusted(known, design), seeds_to_reach(known, design))


def _out_of_reach(reaches: Sequence[Reach], design: Design) -> Iterator[Caveat]:
    beyond = [reach for reach in reaches if reach.smallest > design.alpha]
    for (role, smallest, seeds), group in groupby(beyond, key=lambda reach: (reach.role, reach.smallest, reach.seeds)):
        tests = " and ".join(reach.test for reach in group)
        one = " and " not in tests
        field = "analysis.omnibus" if role == "omnibus" else "analysis.multiverse.tests"
        of = "" if role == "omnibus" else f" and {_comparisons(design)}"
        enough = "no number of seeds would do" if seeds is None else f"{seeds} seeds would do"
        instead = "another test" if role == "omnibus" else "it out" if one else "them out"
        yield Caveat(
            field,
            seeds,
            f"with {design.n_seeds} seeds{of}, {tests} never {'gets' if one else 'get'} below p = {smallest:.4g}, "
            f"above alpha = {design.alpha:g}; {enough}, or take {instead}",
        )


def _weak(design: Design, expected: Expectation, told: Prospect) -> Iterator[Caveat]:
    if not told.power < LEAST_POWER:
        return
    seeds = seeds_needed(design, expected, power=LEAST_POWER)
    cases = cases_needed(design, expected, power=LEAST_POWER)
    enough = " or ".join([f"{seeds} seeds"] * bool(seeds) + [f"{cases} test cases"] * bool(cases))
    would = (
        f"{enough} would bring it there" if enough else "neither more seeds nor more test cases would bring it there"
    )
    yield Caveat(
        "seeds" if seeds else "analysis.margin",
        seeds,
        f"with {design.n_seeds} seeds and {design.n_cases} test cases the power to find a difference of the margin "
        f"{design.delta:g} is {told.power:.2f}, below {LEAST_POWER:g}; {would}"
        f"{', no number of seeds alone' if cases and not seeds else ''}",
    )


def _comparisons(design: Design) -> str:
    count, how = design.comparisons, "" if design.adjustment == "none" else f" adjusted by {design.adjustment}"
    return f"{count} {'comparison' if count == 1 else 'comparisons'}{how}"
