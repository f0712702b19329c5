"""The tables of the methods' proof: stored records in; agreement with witnesses, and rates of false alarms, out."""

from __future__ import annotations

import math

from cxr_report.conformance import Check, Conformance, PopulationClaim, Rejections
from cxr_report.report import numerals
from cxr_report.report.tables.table import Body, Cell, Column, Table, number, of, plain

__all__ = ["conformance", "population", "power_of_ten"]

_COMPARES = {"two losses": "Two losses", "all losses": "All losses at once"}
_TARGETS = {"seeds": "seeds, these cases", "cases": "cases, these seeds", "both": "seeds and cases"}


def conformance(found: Conformance) -> Table:
    """Make the table of functions and their witnesses."""
    values = numerals.count(sum(check.values for check in found.checks))
    functions = len({check.function for check in found.checks})
    versions = ", ".join(f"{name} {version}" for name, version in found.versions.items())
    return Table(
        key="conformance",
        number="",
        title="Agreement of the statistics and metrics with other programs and with published tables",
        n=f"n = {len(found.checks)} checks of {functions} functions, {values} values",
        columns=(
            Column("function", "Function", "text"),
            Column("witness", "Witness", "text"),
            Column("values", "Values"),
            Column("deviation", "Deviation", parts=("largest", "allowed", "kind", "reason")),
            Column("agrees", "Agrees"),
        ),
        bodies=(Body(tuple(_check(check) for check in found.checks)),),
        notes=(
            "Deviation: the largest over the values, up to the next power of ten; rel.: relative to the value of the "
            "witness; abs.: absolute. It agrees where it is within what double precision, the digits that the witness "
            f"prints or four Monte-Carlo errors leave. Recorded with {versions}.",
        ),
        dense=True,
    )


def _check(check: Check) -> tuple[Cell, ...]:
    return (
        plain(check.function),
        plain(check.witness),
        of(check.values),
        Cell(
            f"{power_of_ten(check.deviation)} {'abs.' if check.held_to == 'absolute' else 'rel.'}",
            (check.deviation, check.tolerance, check.held_to, check.reason),
        ),
        Cell("yes" if check.agrees else "no", ("yes" if check.agrees else "no",), strong=not check.agrees),
    )


def power_of_ten(value: float) -> str:
    """Write the power of ten that a number does not exceed.

    Example:
        >>> power_of_ten(3e-6), power_of_ten(1e-8), power_of_ten(0.0)
        ('10⁻⁵', '10⁻⁸', '0')
    """
    if value == 0 or not math.isfinite(value):
        return numerals.fixed(value, 0)
    exponent = math.ceil(round(math.log10(value), 9))
    return "1" if exponent == 0 else numerals.scientific(10.0**exponent).removeprefix("1.0 × ")


def population(claim: PopulationClaim) -> Table:
    """Make the table of rejection rates where all losses are equal for other seeds and cases."""
    return Table(
        key="population-rates",
        number="",
        title="Share of simulated studies of equal loss functions in which a test rejects",
        n=f"n = {numerals.count(claim.replications)} studies per number of seeds, α = {numerals.general(claim.alpha)}",
        columns=(
            Column("test", "Test", "text"),
            Column("target", "Holds for other", "text"),
            *(Column(f"seeds_{n}", f"{n} seeds") for n in claim.seeds),
        ),
        bodies=tuple(
            Body(tuple(_rates(test) for test in claim.tests if test.compares == compares), title)
            for compares, title in _COMPARES.items()
        ),
        notes=(f"Monte-Carlo standard error: at most {numerals.value(max(max(t.errors) for t in claim.tests))}.",),
        bodies_title="compares",
        dense=True,
    )


def _rates(test: Rejections) -> tuple[Cell, ...]:
    title = test.title.replace("chi-squared", "χ²").replace("Obuchowski-", "Obuchowski–").replace("Iman-", "Iman–")
    return (plain(title), plain(_TARGETS[test.target]), *(number(rate) for rate in test.rates))
