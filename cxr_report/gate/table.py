"""A design and what to expect in, a small table of power over seeds and cases out, and what would do."""

from __future__ import annotations

from dataclasses import replace

from cxr_report import stats
from cxr_report.gate.design import Design, cases_needed, prospect, seeds_needed, seeds_to_reach, smallest_adjusted
from cxr_report.gate.expectation import Expectation
from cxr_report.gate.words import family, probability, variances

__all__ = ["paired_table", "power_table"]

SEEDS = (3, 5, 10, 20)
"""Chosen: numbers of seeds that people train."""

MULTIPLES = (1, 2, 4, 8)
"""Chosen: of the test cases at hand."""

UNIT = 1_000_000
"""Stands for the cases at hand where their number is not known, since only ratios enter then. Chosen large, so that
rounding a multiple of it to whole cases does not show."""


def power_table(design: Design, expected: Expectation, *, power: float) -> tuple[str, ...]:
    """Write the power of one comparison over seeds and cases, and the seeds and cases that would do.

    Args:
        design: losses, seeds, cases, difference and adjustment.
        expected: the variances.
        power: that is wanted, in (0, 1).

    Returns:
        Lines of text.
    """
    known = design.n_cases or expected.cases
    base = known or UNIT
    there = replace(expected, cases=expected.cases or base)
    plan = replace(design, n_cases=base)
    lines = [f"{family(design)}; a difference of {design.delta:g}", *variances(there, plan), "", "power"]
    lines += _grid(plan, there, known)
    lines += ["", f"width of the unadjusted interval with {design.n_seeds} seeds: {_widths(plan, there, known)}"]
    lines += ["", f"for a power of {power:g}:"]
    for multiple in MULTIPLES:
        found = seeds_needed(replace(plan, n_cases=multiple * base), there, power=power)
        with_seeds = f"{found} seeds" if found else "no number of seeds"
        lines.append(f"  with {_cases(multiple, known)}: {with_seeds}")
    lines.append(f"  with {design.n_seeds} seeds: {_cases_that_do(plan, there, known, power=power)}")
    lines += _bound(plan, there, power=power)
    return (*lines, "", *_reached(design))


def paired_table(design: Design, d_z: float, *, power: float) -> tuple[str, ...]:
    """Write the power of the paired t test over seeds, and the seeds that would do.

    Args:
        design: losses, seeds and adjustment.
        d_z: the difference in standard deviations of the paired differences.
        power: that is wanted, in (0, 1).

    Returns:
        Lines of text; the test holds for these cases only.
    """
    level = design.alpha / design.hurdle
    lines = [f"{family(design)}; a standardised difference d_z of {d_z:g}, by the paired t test: these cases only", ""]
    lines.append(f"{'seeds':>8}  {'power':>10}")
    for seeds in sorted({*SEEDS, design.n_seeds}):
        lines.append(f"{seeds:>8}  {probability(stats.power_paired_t(d_z, seeds, alpha=level)):>10}")
    enough = stats.seeds_needed(d_z, power=power, alpha=level)
    return (*lines, "", f"for a power of {power:g}: {enough} seeds", "", *_reached(design))


def _grid(plan: Design, expected: Expectation, known: int | None) -> list[str]:
    heads = [_cases(multiple, known) for multiple in MULTIPLES]
    widths = [max(len(head), 10) for head in heads]
    lines = ["  ".join([f"{'seeds':>8}", *(f"{head:>{width}}" for head, width in zip(heads, widths, strict=True))])]
    for seeds in sorted({*SEEDS, plan.n_seeds}):
        designs = [replace(plan, n_seeds=seeds, n_cases=multiple * (plan.n_cases or UNIT)) for multiple in MULTIPLES]
        cells = [probability(prospect(one, expected).power) for one in designs]
        lines.append(
            "  ".join([f"{seeds:>8}", *(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))])
        )
    return lines


def _widths(plan: Design, expected: Expectation, known: int | None) -> str:
    return ", ".join(
        f"{prospect(replace(plan, n_cases=multiple * (plan.n_cases or UNIT)), expected).width:.3g} "
        f"with {_cases(multiple, known)}"
        for multiple in MULTIPLES
    )


def _cases(multiple: int, known: int | None) -> str:
    if known is not None:
        return f"{multiple * known} cases"
    return "these cases" if multiple == 1 else f"{multiple} x cases"


def _cases_that_do(plan: Design, expected: Expectation, known: int | None, *, power: float) -> str:
    found = cases_needed(plan, expected, power=power)
    if found is None:
        return "no number of cases"
    return f"{found} cases" if known is not None else f"{found / UNIT:.2g} x cases"


def _bound(plan: Design, expected: Expectation, *, power: float) -> list[str]:
    if expected.df is None:
        return []
    cautious = expected.upper()
    found = seeds_needed(plan, cautious, power=power)
    return [
        f"at the upper 80 % bound of the mean square ({expected.df} degrees of freedom), with {plan.n_seeds} seeds and "
        f"the cases at hand: power {probability(prospect(plan, cautious).power)}; for {power:g} "
        f"{f'{found} seeds' if found else 'no number of seeds'}"
    ]


def _reached(design: Design) -> list[str]:
    smallest, seeds = smallest_adjusted("wilcoxon", design), seeds_to_reach("wilcoxon", design)
    line = f"wilcoxon and sign-flip over {design.n_seeds} seeds: smallest adjusted p {smallest:.4g}"
    if smallest <= design.alpha:
        return [line]
    would = f"{seeds} seeds would reach it" if seeds else "no number of seeds reaches it"
    return [f"{line}, never below alpha; {would}"]
