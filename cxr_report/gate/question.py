"""What `cxr-report power` was asked in, its answer as lines of text out; no study is needed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from cxr_report.errors import Refusal, nearest
from cxr_report.gate.design import MOST_SEEDS, Design
from cxr_report.gate.expectation import Expectation, Pilot, of_pilot, read_pilot
from cxr_report.gate.table import paired_table, power_table
from cxr_report.runs import StudyFolder
from cxr_report.study.plan import LEAST_ALPHA, LEAST_SQUARE, MOST_SQUARE, Adjustment

__all__ = ["Question", "answer"]

ALPHAS = f"from {LEAST_ALPHA:g} to below 0.5"
"""As in a study's plan."""

SQUARES = f"in {LEAST_SQUARE:g} to {MOST_SQUARE:g}"

SEEDS = 5
"""Chosen: as in the starter study."""


@dataclass(frozen=True, slots=True)
class Question:
    """The options as they were given; None = not given, and taken from the pilot where there is one."""

    seeds: int | None = None
    losses: int | None = None
    cases: int | None = None
    """Test cases at hand; without a pilot, those that ms and case refer to."""
    delta: float | None = None
    """Difference of the metric that shall be found."""
    ms: float | None = None
    """Mean square of loss x seed."""
    case: float | None = None
    """cov2 - cov3."""
    pilot: Path | None = None
    """Folder of a finished study."""
    d_z: float | None = None
    """Difference in standard deviations of the paired differences: the paired t test alone."""
    alpha: float | None = None
    adjustment: str | None = None
    family: str | None = None
    power: float = 0.8


def answer(question: Question) -> tuple[str, ...]:
    """Say how many seeds and how many cases would do.

    Args:
        question: the options.

    Returns:
        Lines of text.

    Raises:
        Refusal: an option is missing, out of range, or goes with another one that is not there.

    Example:
        >>> answer(Question(d_z=1.0))[-3]
        'for a power of 0.8: 10 seeds'
    """
    _check(question)
    if question.d_z is not None:
        design = _design(question, None, 0.0)
        try:
            return paired_table(design, question.d_z, power=question.power)
        except ValueError as error:
            raise Refusal(f"power: --dz: {error}") from None
    pilot = None if question.pilot is None else read_pilot(StudyFolder(question.pilot))
    delta = question.delta if question.delta is not None or pilot is None else pilot.study.analysis.margin
    if delta is None:
        raise Refusal("power: --delta is missing: the difference of the metric that shall be found, such as 0.01")
    return power_table(_design(question, pilot, delta), _expected(question, pilot), power=question.power)


def _check(question: Question) -> None:
    _check_numbers(question)
    for name, known in (("adjustment", get_args(Adjustment)), ("family", ("baseline", "all"))):
        value = getattr(question, name)
        if value is not None and value not in known:
            raise Refusal(f"power: --{name}: got {value!r}; allowed: {', '.join(known)}{nearest(value, known)}")
    sources = {"--dz": question.d_z, "--pilot": question.pilot, "--ms and --case": (question.ms, question.case)}
    given = [name for name, value in sources.items() if value is not None and value != (None, None)]
    if len(given) > 1:
        raise Refusal(f"power: {' and '.join(given)} say the same in different ways; give one of them")
    lacking = [name for name, value in (("--ms", question.ms), ("--case", question.case)) if value is None]
    if not given or (given == ["--ms and --case"] and lacking):
        raise Refusal(
            f"power: {' and '.join(lacking)} {'is' if len(lacking) == 1 else 'are'} missing; give --ms and --case, or "
            "--pilot FOLDER (a finished study), or --dz (the paired t test alone)"
        )
    unused = [name for name, value in (("--delta", question.delta), ("--cases", question.cases)) if value is not None]
    if question.d_z is not None and unused:
        verb = "does" if len(unused) == 1 else "do"
        raise Refusal(f"power: {' and '.join(unused)} {verb} not go with --dz, which is a difference without a unit")


def _check_numbers(question: Question) -> None:
    limits: Sequence[tuple[str, Any, bool, str]] = (
        ("--seeds", question.seeds, _within(question.seeds, 2, MOST_SEEDS), f"2 to {MOST_SEEDS}"),
        ("--losses", question.losses, _within(question.losses, 2, 1000), "2 to 1000"),
        ("--cases", question.cases, _within(question.cases, 2, 10**9), "2 to 1000000000"),
        ("--delta", question.delta, _above(question.delta), "a number above 0"),
        ("--ms", question.ms, _square(question.ms), f"a number above 0, {SQUARES}"),
        ("--case", question.case, question.case == 0 or _square(question.case), f"0 or a number above it, {SQUARES}"),
        ("--dz", question.d_z, question.d_z is None or _above(abs(question.d_z)), "a number that is not 0"),
        ("--alpha", question.alpha, question.alpha is None or LEAST_ALPHA <= question.alpha < 0.5, ALPHAS),
        ("--power", question.power, 0 < question.power < 1, "between 0 and 1"),
    )
    for name, value, good, allowed in limits:
        if not good:
            raise Refusal(f"power: {name}: got {value:g}; allowed: {allowed}")


def _within(value: int | None, low: int, high: int) -> bool:
    return value is None or low <= value <= high


def _square(value: float | None) -> bool:
    return value is None or LEAST_SQUARE <= value <= MOST_SQUARE


def _above(value: float | None) -> bool:
    return value is None or 0 < value < math.inf


def _design(question: Question, pilot: Pilot | None, delta: float) -> Design:
    plan = None if pilot is None else pilot.study.analysis
    family: Literal["baseline", "all"] = "baseline" if plan is None else plan.family
    return Design(
        n_losses=question.losses or (2 if pilot is None else pilot.n_losses),
        n_seeds=question.seeds or (SEEDS if pilot is None else len(pilot.study.seeds)),
        n_cases=question.cases,
        delta=delta,
        alpha=question.alpha or (0.05 if plan is None else plan.alpha),
        adjustment=_adjustment(question.adjustment, "holm" if plan is None else plan.adjustment),
        family=family if question.family is None else "all" if question.family == "all" else "baseline",
    )


def _adjustment(asked: str | None, otherwise: Adjustment) -> Adjustment:
    known: tuple[Adjustment, ...] = get_args(Adjustment)
    return next((name for name in known if name == asked), otherwise)


def _expected(question: Question, pilot: Pilot | None) -> Expectation:
    if pilot is not None:
        return of_pilot(pilot, pilot.study.metrics.primary)
    return Expectation(question.ms or 0.0, None, question.case or 0.0, question.cases, None, "--ms and --case")
