"""The tables of the methods' proof: stored records in; agreement with witnesses, and rates of false alarms, out."""

from __future__ import annotations

import math

from cxr_report.conformance import Check, Conformance, PopulationClaim, Rejections
from cxr_report.report import numerals
from cxr_report.report.language import ENGLISH, Speech, phrase
from cxr_report.report.tables.table import Body, Cell, Column, Table, number, of, plain, spoken

__all__ = ["conformance", "population", "power_of_ten"]

_COMPARES = {"two losses": phrase("Two losses"), "all losses": phrase("All losses at once")}
_TARGETS = {
    "seeds": phrase("seeds, these cases"),
    "cases": phrase("cases, these seeds"),
    "both": phrase("seeds and cases"),
}


def conformance(found: Conformance, say: Speech = ENGLISH) -> Table:
    """Make the table of functions and their witnesses."""
    values = numerals.count(sum(check.values for check in found.checks))
    functions = len({check.function for check in found.checks})
    versions = ", ".join(f"{name} {version}" for name, version in found.versions.items())
    return Table(
        key="conformance",
        number="",
        title=say.text("Agreement of the statistics and metrics with other programs and with published tables"),
        n=say.text(
            "n = {checks} checks of {functions} functions, {values} values",
            checks=str(len(found.checks)),
            functions=str(functions),
            values=values,
        ),
        columns=spoken(
            say,
            Column("function", "Function", "text"),
            Column("witness", "Witness", "text"),
            Column("values", "Values"),
            Column("deviation", "Deviation", parts=("largest", "allowed", "kind", "reason")),
            Column("agrees", "Agrees"),
        ),
        bodies=(Body(tuple(_check(say, check) for check in found.checks)),),
        notes=(
            say.text(
                "Deviation: the largest over the values, up to the next power of ten; rel.: relative to the value of "
                "the witness; abs.: absolute. It agrees where it is within what double precision, the digits that the "
                "witness prints or four Monte-Carlo errors leave. Recorded with {versions}.",
                versions=versions,
            ),
        ),
        dense=True,
    )


def _check(say: Speech, check: Check) -> tuple[Cell, ...]:
    kind = say.text(
        "{deviation} abs." if check.held_to == "absolute" else "{deviation} rel.",
        deviation=power_of_ten(check.deviation),
    )
    return (
        plain(check.function),
        plain(check.witness),
        of(check.values),
        Cell(
            kind,
            (check.deviation, check.tolerance, check.held_to, check.reason),
        ),
        Cell(say.text("yes" if check.agrees else "no"), ("yes" if check.agrees else "no",), strong=not check.agrees),
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


def population(claim: PopulationClaim, say: Speech = ENGLISH) -> Table:
    """Make the table of rejection rates where all losses are equal for other seeds and cases."""
    return Table(
        key="population-rates",
        number="",
        title=say.text("Share of simulated studies of equal loss functions in which a test rejects"),
        n=say.text(
            "n = {studies} studies per number of seeds, α = {alpha}",
            studies=numerals.count(claim.replications),
            alpha=numerals.general(claim.alpha),
        ),
        columns=(
            *spoken(say, Column("test", "Test", "text"), Column("target", "Holds for other", "text")),
            *(Column(f"seeds_{n}", say.text("{n} seeds", n=str(n))) for n in claim.seeds),
        ),
        bodies=tuple(
            Body(tuple(_rates(say, test) for test in claim.tests if test.compares == compares), say.text(title))
            for compares, title in _COMPARES.items()
        ),
        notes=(
            say.text(
                "Monte-Carlo standard error: at most {error}.",
                error=numerals.value(max(max(t.errors) for t in claim.tests)),
            ),
        ),
        bodies_title="compares",
        dense=True,
    )


def _rates(say: Speech, test: Rejections) -> tuple[Cell, ...]:
    title = test.title.replace("chi-squared", "χ²").replace("Obuchowski-", "Obuchowski–").replace("Iman-", "Iman–")
    return (plain(say.note(title)), plain(say.text(_TARGETS[test.target])), *(number(rate) for rate in test.rates))
