"""The table of variance parts: an Analysis in; what comes from seeds and from cases, and what more would bring, out."""

from __future__ import annotations

from cxr_report.analysis.value import Analysis, VarianceParts
from cxr_report.metrics import METRICS
from cxr_report.report import numerals
from cxr_report.report.language import Speech, phrase, speech
from cxr_report.report.names import counted
from cxr_report.report.tables.table import Body, Cell, Column, Table, number, plain, spoken

__all__ = ["variances"]

_TITLES = {
    "difference of two losses": phrase("Difference of two losses"),
    "mean of one loss": phrase("Mean of one loss"),
}
_WORTH = {
    "seeds": phrase("seeds"),
    "cases": phrase("cases"),
    "either": phrase("either"),
    "undefined": numerals.UNDEFINED,
}

GROUP = phrase("Variance, millionths")
SE = phrase("Standard error")


def variances(analysis: Analysis) -> Table | None:
    """Make the table of the parts of the variance; None where no metric has an analysis over seeds and cases."""
    if not analysis.variances:
        return None
    say, found = speech(analysis), list(enumerate(analysis.variances))
    return Table(
        key="variances",
        number="",
        title=say.text("Variance over seeds and cases, taken apart by what would make it smaller"),
        n=counted(analysis),
        columns=spoken(
            say,
            Column("metric", "Metric", "text"),
            Column("seeds", "Seeds", group=GROUP),
            Column("both", "Seeds by cases", group=GROUP),
            Column("cases", "Cases", group=GROUP),
            Column("se", "As it is", group=SE),
            Column("se_twice_the_seeds", "Twice the seeds", group=SE),
            Column("se_twice_the_cases", "Twice the cases", group=SE),
            Column("worth_more_of", "Worth more of", "text"),
        ),
        bodies=tuple(
            Body(
                tuple(_row(say, f"variances.{place}", part) for place, part in found if part.of == of), say.text(title)
            )
            for of, title in _TITLES.items()
            if any(part.of == of for _, part in found)
        ),
        notes=(
            say.text(
                "Components of all losses together, by Obuchowski and Rockette’s analysis; negative estimates count as "
                "0. More seeds make the first two parts smaller, more cases the last two. Twice the cases: as many "
                "again of the same kind. Worth more of: whose doubling lowers the standard error by more; either, "
                "where both do within a tenth."
            ),
        ),
        bodies_title="of",
        dense=True,
    )


def _row(say: Speech, key: str, part: VarianceParts) -> tuple[Cell, ...]:
    return (
        plain(say.text(METRICS[part.metric].title)),
        *(number(getattr(part, name), f"{key}.{name}", by=_millionths) for name in ("seeds", "both", "cases")),
        *(
            number(getattr(part, name), f"{key}.{name}", by=numerals.spread, strong=part.worth_more_of == whose)
            for name, whose in (("se", ""), ("se_twice_the_seeds", "seeds"), ("se_twice_the_cases", "cases"))
        ),
        Cell(say.text(_WORTH[part.worth_more_of]), (part.worth_more_of,)),
    )


def _millionths(value: float) -> str:
    return numerals.fixed(value * 1e6, 1)
