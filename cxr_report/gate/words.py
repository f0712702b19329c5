"""What the gate found in, lines of text for a terminal out; numbers become text here and nowhere before."""

from __future__ import annotations

import math
from itertools import groupby

from cxr_report.gate.design import Design, Prospect
from cxr_report.gate.expectation import Expectation
from cxr_report.gate.outlook import WANTED_POWER, Gate, Reach

__all__ = ["UNKNOWN", "family", "probability", "reach_of", "sentences", "variances"]

UNKNOWN = (
    "power: not known; state ms and case in [analysis.components], or give --pilot FOLDER, the folder of a finished "
    "study (`cxr-report power` plays through what they would mean)"
)

_ROLES = {"decides": "the test that decides", "omnibus": "the omnibus test", "multiverse": "in the multiverse"}


def sentences(found: Gate) -> tuple[str, ...]:
    """Say what a plan can show, one line each; warnings last.

    Example:
        >>> from cxr_report.gate import gate
        >>> from cxr_report.study import parse
        >>> losses = {"ce": {"loss": "cross-entropy"}, "focal": {"loss": "focal"}}
        >>> plan = {"name": "x", "task": "multiclass", "seeds": 5, "data": {"source": "phantom"}, "losses": losses}
        >>> sentences(gate(parse(plan, "x.toml"), 200, None))[0]
        'the plan: 1 comparison against the baseline, adjusted by holm, at alpha 0.05; 5 seeds, 200 test cases'
    """
    lines = [f"the plan: {family(found.design)}; {found.design.n_seeds} seeds, {found.design.n_cases} test cases"]
    for (role, said), group in groupby(found.reaches, key=lambda one: (one.role, reach_of(one, found.design))):
        lines.append(f"  {_ROLES[role]} ({', '.join(reach.test for reach in group)}): {said}")
    if found.prospect is None or found.expected is None:
        lines.append(UNKNOWN)
    else:
        lines += _outlook(found, found.prospect, found.expected)
    lines += [f"warning: {caveat.field}: {caveat.sentence}" for caveat in found.warnings]
    return tuple(lines)


def family(design: Design) -> str:
    """Say what is compared, how p is adjusted, and at which level."""
    count = design.comparisons
    what = f"{count} {'comparison' if count == 1 else 'comparisons'}"
    against = " against the baseline" if design.family == "baseline" else " of all pairs"
    how = "not adjusted" if design.adjustment == "none" else f"adjusted by {design.adjustment}"
    return f"{what}{against}, {how}, at alpha {design.alpha:g}"


def reach_of(reach: Reach, design: Design) -> str:
    """Say how small a test's p can become."""
    if reach.smallest == 0:
        return "p has no lower bound"
    said = f"smallest {'p' if reach.role == 'omnibus' else 'adjusted p'} {reach.smallest:.4g}"
    if reach.smallest <= design.alpha:
        return said
    would = "no number of seeds reaches" if reach.seeds is None else f"{reach.seeds} seeds would reach"
    return f"{said}, never below alpha; {would} it"


def variances(expected: Expectation, design: Design) -> tuple[str, ...]:
    """Say which variances are expected, where they come from and how they were scaled."""
    ms, case = expected.at(design.n_cases)
    lines = [f"expected from {expected.source}: mean square of loss x seed {ms:.3g}, case part {case:.3g}"]
    scaling = expected.scaling(design.n_cases)
    return (*lines, *([f"  {scaling}"] if scaling else []))


def probability(value: float) -> str:
    """Write a power with two digits, never as certain."""
    if math.isnan(value):
        return "undefined"
    return "above 0.99" if value > 0.995 else "below 0.01" if value < 0.005 else f"{value:.2f}"


def _outlook(found: Gate, told: Prospect, expected: Expectation) -> list[str]:
    design = found.design
    power = f"power to find a difference of {design.delta:g} (analysis.margin): {probability(told.power)}"
    if found.cautious is not None:
        power += f"; at the upper 80 % bound of the mean square {probability(found.cautious.power)}"
    lines = [*variances(expected, design), power]
    width = f"expected width of the interval of a difference: {told.width:.3g} unadjusted"
    lines.append(width if design.comparisons == 1 else f"{width}, {told.width_simultaneous:.3g} simultaneous")
    return [*lines, *_enough(found)]


def _enough(found: Gate) -> list[str]:
    design = found.design
    seeds = f"{found.seeds} seeds" if found.seeds else "no number of seeds"
    cases = f"{found.cases} test cases" if found.cases else "no number of test cases"
    return [
        f"for a power of {WANTED_POWER:g}: {seeds} with these {design.n_cases} test cases, or {cases} with these "
        f"{design.n_seeds} seeds"
    ]
