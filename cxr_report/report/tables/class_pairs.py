"""The table of comparisons class by class: an Analysis in; differences over seeds and cases, adjusted, out."""

from __future__ import annotations

from collections.abc import Iterator

from cxr_report.analysis.value import Analysis, ClassComparison, JointPair
from cxr_report.metrics import METRICS
from cxr_report.report import numerals
from cxr_report.report.names import adjustment, divergence, labelled, number_of_seeds, up_to
from cxr_report.report.tables.comparisons import pair_cell, seeds_only
from cxr_report.report.tables.joint import COVARIANCES
from cxr_report.report.tables.results import level, p_cell
from cxr_report.report.tables.table import LOW_HIGH, Body, Cell, Column, Table, interval, number

__all__ = ["class_pairs"]


def class_pairs(analysis: Analysis) -> Table | None:
    """Make the table of the family on every class; None where no class has an analysis over seeds and cases."""
    found = [(n, each) for n, each in enumerate(analysis.class_comparisons) if each.pairs]
    if not found:
        return None
    kind = "finding" if analysis.study.task == "multilabel" else "class"
    metric = METRICS[found[0][1].metric].title
    return Table(
        key="class-pairs",
        number="",
        title=f"Comparisons of {metric} per {kind} over seeds and cases together, first minus second",
        n=f"n = {up_to(analysis)}, {number_of_seeds(len(analysis.seeds))}",
        columns=(
            Column("pair", "First − second", "text", parts=("first", "second")),
            Column("difference", "Difference"),
            Column("se", "SE"),
            Column("interval", f"{level(analysis)} interval", parts=LOW_HIGH),
            Column("simultaneous", f"Simultaneous {level(analysis)} interval", parts=LOW_HIGH),
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
    how = f", covariance: {COVARIANCES[each.covariance]}" if each.covariance in COVARIANCES else ""
    known = labelled(analysis).get(each.klass, analysis.data.n_test)
    of = f" of {numerals.count(known)} with a known label" if known < analysis.data.n_test else ""
    return f"{each.klass}, {numerals.count(each.n_positive)} positive test cases{of}{how}"


def _row(analysis: Analysis, key: str, pair: JointPair) -> tuple[Cell, ...]:
    alpha = analysis.study.analysis.alpha
    low, high = pair.low_simultaneous, pair.high_simultaneous
    return (
        pair_cell(analysis, pair.first, pair.second, note=pair.note),
        number(pair.difference, f"{key}.difference", by=numerals.difference),
        number(pair.se, f"{key}.se", by=numerals.spread),
        interval(pair.low, pair.high, key, decimals=4),
        Cell(numerals.interval(low, high, 4), (low, high), f"{key}.low_simultaneous"),
        p_cell(pair.p, f"{key}.p", alpha),
        p_cell(pair.p_adjusted, f"{key}.p_adjusted", alpha, strong=pair.p_adjusted <= alpha),
    )


def _notes(analysis: Analysis) -> Iterator[str]:
    total = sum(len(each.pairs) for each in analysis.class_comparisons)
    yield (
        f"p adj.: {adjustment(analysis)}, over all {total} comparisons of the table; simultaneous intervals: "
        f"Bonferroni’s, over the same. SE: standard error. Bold: adjusted p at most "
        f"{numerals.general(analysis.study.analysis.alpha)}."
    )
    yield from seeds_only(pair.note for each in analysis.class_comparisons for pair in each.pairs)
    yield from divergence(analysis)
    for each in analysis.class_comparisons:
        if each.note:
            yield f"{each.klass}: {each.note}.".replace("'", "’")
