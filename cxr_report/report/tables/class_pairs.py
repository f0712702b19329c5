"""The table of comparisons class by class: an Analysis in; differences over seeds and cases, adjusted, out."""

from __future__ import annotations

from collections.abc import Iterator

from cxr_report.analysis.value import Analysis, ClassComparison, JointPair
from cxr_report.metrics import METRICS
from cxr_report.report import numerals
from cxr_report.report.language import phrase, speech
from cxr_report.report.names import adjustment, counting, divergence, labelled, number_of_seeds, up_to
from cxr_report.report.tables.comparisons import pair_cell, seeds_only
from cxr_report.report.tables.joint import COVARIANCES
from cxr_report.report.tables.results import level, level_interval, p_cell
from cxr_report.report.tables.table import LOW_HIGH, Body, Cell, Column, Table, interval, number, spoken

__all__ = ["class_pairs"]


def class_pairs(analysis: Analysis) -> Table | None:
    """Make the table of the family on every class; None where no class has an analysis over seeds and cases."""
    found = [(n, each) for n, each in enumerate(analysis.class_comparisons) if each.pairs]
    if not found:
        return None
    kind = "finding" if analysis.study.task == "multilabel" else "class"
    say = speech(analysis)
    title = phrase("Comparisons of {metric} per class over seeds and cases together, first minus second")
    if kind == "finding":
        title = phrase("Comparisons of {metric} per finding over seeds and cases together, first minus second")
    return Table(
        key="class-pairs",
        number="",
        title=say.text(title, metric=say.text(METRICS[found[0][1].metric].title)),
        n=counting(up_to(analysis), number_of_seeds(len(analysis.seeds), say=say)),
        columns=spoken(
            say,
            Column("pair", "First − second", "text", parts=("first", "second")),
            Column("difference", "Difference"),
            Column("se", "SE"),
            Column("interval", level_interval(analysis), parts=LOW_HIGH),
            Column("simultaneous", _simultaneous(analysis), parts=LOW_HIGH),
            Column("p", "p"),
            Column("p_adjusted", "p adj."),
        ),
        bodies=tuple(
            Body(
                tuple(_row(analysis, f"class_comparisons.{n}.pairs.{m}", pair) for m, pair in enumerate(each.pairs)),
                _titled(analysis, each),
            )
            for n, each in found
        ),
        notes=tuple(_notes(analysis)),
        bodies_title=kind,
        dense=True,
    )


def _titled(analysis: Analysis, each: ClassComparison) -> str:
    say, positive = speech(analysis), numerals.count(each.n_positive)
    known = labelled(analysis).get(each.klass, analysis.data.n_test)
    told = say.text("{klass}, {positive} positive test cases", klass=each.klass, positive=positive)
    if known < analysis.data.n_test:
        told = say.text(
            "{klass}, {positive} positive test cases of {known} with a known label",
            klass=each.klass,
            positive=positive,
            known=numerals.count(known),
        )
    if each.covariance not in COVARIANCES:
        return told
    return say.text("{cases}, covariance: {covariance}", cases=told, covariance=say.text(COVARIANCES[each.covariance]))


def _simultaneous(analysis: Analysis) -> str:
    return speech(analysis).text("Simultaneous {level} interval", level=level(analysis))


def _row(analysis: Analysis, key: str, pair: JointPair) -> tuple[Cell, ...]:
    say, alpha = speech(analysis), analysis.study.analysis.alpha
    low, high = pair.low_simultaneous, pair.high_simultaneous
    return (
        pair_cell(analysis, pair.first, pair.second, note=pair.note),
        number(pair.difference, f"{key}.difference", by=numerals.difference),
        number(pair.se, f"{key}.se", by=numerals.spread),
        interval(pair.low, pair.high, key, decimals=4, say=say),
        Cell(say.interval(low, high, 4), (low, high), f"{key}.low_simultaneous"),
        p_cell(pair.p, f"{key}.p", alpha),
        p_cell(pair.p_adjusted, f"{key}.p_adjusted", alpha, strong=pair.p_adjusted <= alpha),
    )


def _notes(analysis: Analysis) -> Iterator[str]:
    say, total = speech(analysis), sum(len(each.pairs) for each in analysis.class_comparisons)
    yield say.text(
        "p adj.: {adjustment}, over all {total} comparisons of the table; simultaneous intervals: Bonferroni’s, over "
        "the same. SE: standard error. Bold: adjusted p at most {alpha}.",
        adjustment=adjustment(analysis),
        total=str(total),
        alpha=numerals.general(analysis.study.analysis.alpha),
    )
    yield from seeds_only((pair.note for each in analysis.class_comparisons for pair in each.pairs), say)
    yield from divergence(analysis)
    for each in analysis.class_comparisons:
        if each.note:
            yield f"{each.klass}: {say.note(each.note)}.".replace("'", "’")
