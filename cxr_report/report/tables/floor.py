"""The tables of the noise floor: an Analysis in; rounding alone, and how often tests reject equal losses, out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cxr_report.analysis.value import Analysis, NullRate, Target, Twin
from cxr_report.metrics import METRICS
from cxr_report.report import numerals
from cxr_report.report.language import phrase, speech
from cxr_report.report.names import adjustment, family, short_target
from cxr_report.report.pieces import text_of
from cxr_report.report.tables.omnibus import TESTS as OMNIBUS
from cxr_report.report.tables.table import Body, Cell, Column, Table, number, of, plain, spoken

__all__ = ["null_rates", "twins"]

TESTS = OMNIBUS | {
    "mrmc pairs": phrase("Obuchowski–Rockette, pairs"),
    "paired t": phrase("Paired t, pairs"),
    "wilcoxon exact": phrase("Exact Wilcoxon, pairs"),
}
"""How planned tests are called."""


def twins(analysis: Analysis) -> Table | None:
    """Make the table of losses that are mathematically the same; None without any."""
    if not analysis.twins:
        return None
    say, most = speech(analysis), max(len(twin.differences) for twin in analysis.twins)
    differences = say.text(
        "Differences in {metric}, seed by seed", metric=say.text(METRICS[analysis.twins[0].metric].title)
    )
    cases = numerals.count(max(twin.n_cases for twin in analysis.twins))
    return Table(
        key="twins",
        number="",
        title=say.text("Numerical floor: loss functions that are mathematically the same, trained with the same seeds"),
        n=say.text("n = {cases} test cases, seeds as given", cases=cases),
        columns=spoken(
            say,
            Column("pair", "First and second", "text", parts=("first", "second")),
            Column("n_seeds", "Seeds"),
            Column("max_delta", "max |Δ logit|"),
            Column("flips", "Labels that differ"),
            Column("bits", "Test logits", "text"),
            Column(
                "difference",
                differences,
                "text",
                parts=tuple(str(place) for place in range(1, most + 1)),
            ),
        ),
        bodies=(Body(tuple(_twin(analysis, f"twins.{n}", twin) for n, twin in enumerate(analysis.twins))),),
        notes=(
            say.text(
                "Identical: all bits of all test logits agree, and nothing is tested. Otherwise the two differ by "
                "rounding alone, which training may amplify."
            ),
            *dict.fromkeys(f"{numerals.UNDEFINED} {say.note(twin.note)}." for twin in analysis.twins if twin.note),
        ),
        dense=True,
    )


def _twin(analysis: Analysis, key: str, twin: Twin) -> tuple[Cell, ...]:
    say, names = speech(analysis), (_named(analysis, twin.first), _named(analysis, twin.second))
    bits = say.text("identical" if twin.identical else "differ") if twin.n_seeds else numerals.UNDEFINED
    told = ", ".join("0" if each == 0 else numerals.scientific(each) for each in twin.differences)
    return (
        Cell(text_of(say.listed(names)), names),
        of(twin.n_seeds, f"{key}.n_seeds"),
        number(twin.max_delta, f"{key}.max_delta", by=numerals.scientific),
        of(twin.flips, f"{key}.flips") if twin.n_seeds else Cell(numerals.UNDEFINED, (None,)),
        plain(bits),
        Cell(
            say.text("0 in every seed") if twin.identical else told or numerals.UNDEFINED,
            twin.differences,
            f"{key}.differences.0" if twin.differences else "",
        ),
    )


def _named(analysis: Analysis, loss: str) -> str:
    """Return the label of a loss, or its name in the study where it belongs to the noise floor alone."""
    own = analysis.study.noise_floor.identical.get(loss)
    return analysis.labels.get(loss) or (own.label if own is not None and own.label else loss)


def null_rates(analysis: Analysis) -> Table | None:
    """Make the table of rejection rates where all losses are equal; None where they were not simulated."""
    if not analysis.null_rates:
        return None
    say, claims = speech(analysis), {rate.claim for rate in analysis.null_rates}
    return Table(
        key="null-rates",
        number="",
        title=say.text("How often the tests reject where all loss functions are equal"),
        n=say.text(
            "n = {studies} simulated studies, α = {alpha}",
            studies=numerals.count(max(rate.n_simulations for rate in analysis.null_rates)),
            alpha=numerals.general(analysis.study.analysis.alpha),
        ),
        columns=spoken(
            say,
            Column("test", "Test", "text"),
            *((Column("claim", "Claim about other", "text"),) if len(claims) > 1 else ()),
            Column("rate", "Rejected"),
            Column("monte_carlo_error", "Monte-Carlo error"),
        ),
        bodies=(
            Body(
                tuple(
                    _rate(analysis, f"null_rates.{n}", rate, with_claim=len(claims) > 1)
                    for n, rate in enumerate(analysis.null_rates)
                )
            ),
        ),
        notes=(
            *_claimed(analysis, claims),
            say.text(
                "Simulated with the variance components of this study and all means equal. About α: right for the "
                "claim; above: too many false findings for it; below: conservative, at a cost in power. Monte-Carlo "
                "error: standard error of the rate; after <: the bound of 95\N{NO-BREAK SPACE}% where no study was "
                "rejected."
            ),
            *_rate_notes(analysis),
        ),
        dense=True,
    )  # fmt: skip


def _claimed(analysis: Analysis, claims: set[Target]) -> Iterator[str]:
    """Say once what a rejection would claim, where it is the same for all tests."""
    if len(claims) == 1:
        target = short_target(analysis, next(iter(claims)))
        yield speech(analysis).text("Every test is read as a claim about other {target}.", target=target)


def _rate_notes(analysis: Analysis) -> Iterator[str]:
    """Yield every note once, after the tests that it belongs to."""
    say, found = speech(analysis), dict[str, list[str]]()
    for rate in analysis.null_rates:
        for note in filter(None, rate.note.split("; ")):
            found.setdefault(note, []).append(say.text(TESTS.get(rate.test, rate.test)))
    how = f"adjusted ({analysis.study.analysis.adjustment})"
    for note, tests in found.items():
        whose = say.text("All tests") if len(tests) == len(analysis.null_rates) > 1 else "; ".join(tests)
        said = say.note(note)
        if how in note:
            said = say.text(
                "family-wise, any of {n} comparisons, with {adjustment}",
                n=str(family(analysis)[0]),
                adjustment=adjustment(analysis),
            )
        yield f"{whose}: {said}."


def _rate(analysis: Analysis, key: str, rate: NullRate, *, with_claim: bool) -> tuple[Cell, ...]:
    seen = number(rate.rate, f"{key}.rate", by=numerals.value)
    return (
        plain(speech(analysis).text(TESTS.get(rate.test, rate.test))),
        *((plain(short_target(analysis, rate.claim)),) if with_claim else ()),
        replace(seen, text=_below(rate.n_simulations)) if rate.rate == 0 else seen,
        number(rate.monte_carlo_error, f"{key}.monte_carlo_error", by=numerals.spread),
    )


def _below(simulations: int) -> str:
    """Write the upper 95 % bound of a rate of which nothing was seen, by the rule of three."""
    return f"<{numerals.general(3 / simulations)}"
