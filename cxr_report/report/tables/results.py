"""The tables of results: an Analysis in; main results and results per class out."""

from __future__ import annotations

import math
from collections.abc import Iterator

from cxr_report.analysis.value import Analysis, LossSummary
from cxr_report.metrics import METRICS
from cxr_report.report import numerals
from cxr_report.report.names import counted, labelled, roles, short
from cxr_report.report.tables.table import LOW_HIGH, Body, Cell, Column, Table, interval, number, of, plain

__all__ = ["CONTROLS", "CUT", "classes", "direction", "level", "main", "p_cell", "reaches", "whole"]

CONTROLS = {"pixels": "Pixel logistic regression", "metadata": "Metadata only"}
"""How the control rows are called."""

TOGETHER = 5
"""Chosen: losses side by side in one table of classes; more are dealt to several tables."""

CUT = "Intervals are cut at the bounds of the metric."

LONG = 16
"""Chosen: characters of a label from which columns get wide and fewer losses stand side by side."""


def level(analysis: Analysis) -> str:
    """Return the level of the intervals, such as ``95 %``."""
    return f"{numerals.fixed(100 * (1 - analysis.study.analysis.alpha), 0)}\N{NO-BREAK SPACE}%"


def _keyed(analysis: Analysis, metric: str, klass: str = "") -> dict[str, tuple[str, LossSummary]]:
    return {
        entry.loss: (f"summaries.{place}", entry)
        for place, entry in enumerate(analysis.summaries)
        if entry.metric == metric and entry.klass == klass
    }


def direction(metric: str) -> str:
    """Return a metric's title with the direction in which it is better."""
    entry = METRICS[metric]
    return f"{entry.title} ({'higher' if entry.higher_is_better else 'lower'} is better)"


def main(analysis: Analysis) -> Table:
    """Make the main table: per metric one row per loss, and the controls set apart."""
    bodies = []
    for metric in analysis.metrics:
        rows = tuple(_summary_row(analysis, metric, loss) for loss in analysis.losses)
        bodies.append(Body(rows, f"{direction(metric)}, {roles(analysis)[metric]}"))
        controls = tuple(_control_rows(analysis, metric))
        bodies += [Body(controls, bodies[-1].title, apart=True)] if controls else []
    return Table(
        key="main",
        number="",
        title="Test results per loss function over the seeds" + (", and of the controls" if analysis.controls else ""),
        n=counted(analysis),
        columns=(
            Column("loss", "Loss function", "text"),
            Column("n_seeds", "Seeds"),
            Column("mean", "Mean"),
            Column("sd", "SD"),
            Column("median", "Median"),
            Column("interval", f"{level(analysis)} interval", parts=LOW_HIGH),
        ),
        bodies=tuple(bodies),
        notes=tuple(_main_notes(analysis)),
        bodies_title="metric",
    )


def _summary_row(analysis: Analysis, metric: str, loss: str) -> tuple[Cell, ...]:
    label = plain(analysis.labels[loss])
    found = _keyed(analysis, metric).get(loss)
    if found is None:
        return (label, *_empty(5))
    key, entry = found
    return (
        label,
        of(entry.n_seeds, f"{key}.n_seeds"),
        number(entry.mean, f"{key}.mean"),
        number(entry.sd, f"{key}.sd", by=numerals.spread),
        number(entry.median, f"{key}.median"),
        interval(entry.low, entry.high, key),
    )


def _empty(count: int) -> tuple[Cell, ...]:
    return (Cell(numerals.UNDEFINED, (None,)),) * count


def _control_rows(analysis: Analysis, metric: str) -> Iterator[tuple[Cell, ...]]:
    for place, control in enumerate(analysis.controls):
        key = f"controls.{place}"
        value = control.values.get(metric, math.nan)
        band = interval(control.auroc.low, control.auroc.high, f"{key}.auroc") if metric == "auroc" else _empty(1)[0]
        name = plain(f"{CONTROLS[control.name]}{' *' if metric == 'auroc' else ''}")
        yield (name, *_empty(1), number(value, f"{key}.values.{metric}"), *_empty(2), band)


def _main_notes(analysis: Analysis) -> Iterator[str]:
    yield (
        f"SD: standard deviation over seeds. Interval: {level(analysis)} t interval of the mean over seeds, "
        "which speaks of other training runs on these test cases, not of other cases."
    )
    shown = [s for s in analysis.summaries if s.metric in analysis.metrics and not s.klass]
    controls = [(control.auroc.low, control.auroc.high) for control in analysis.controls]
    if any(reaches(s.metric, s.low, s.high) for s in shown) or any(reaches("auroc", *each) for each in controls):
        yield CUT
    if analysis.controls:
        yield (
            "Rows below the thin line are controls and no runs: what can be reached without the network. "
            "* Interval over test cases (DeLong)."
        )
    if analysis.imputed:
        told = "; ".join(f"{METRICS[name].title} {numerals.value(value)}" for name, value in analysis.imputed.items())
        yield f"Diverged runs count with the worst score of any finished run: {told}."
    undefined = {
        (entry.metric, entry.note)
        for entry in analysis.summaries
        if entry.note and not entry.klass and entry.metric in analysis.metrics
    }
    for metric, note in sorted(undefined):
        yield f"{numerals.UNDEFINED} {METRICS[metric].title}: {note}."


def reaches(metric: str, low: float, high: float) -> bool:
    """Say whether an interval reaches a bound of the metric, where intervals are cut."""
    return low == METRICS[metric].low or high == METRICS[metric].high


def whole(value: float) -> str:
    """Write degrees of freedom: whole ones without decimals."""
    return numerals.fixed(value, 0 if math.isfinite(value) and value == round(value) else 1)


def p_cell(p: float, key: str, alpha: float, *, strong: bool = False) -> Cell:
    """Make a cell of a p value."""
    return number(p, key, by=lambda value: numerals.p_value(value, alpha), strong=strong)


def classes(analysis: Analysis, metric: str, positives: dict[str, int]) -> Iterator[Table]:
    """Make the tables of one metric per class, losses side by side, as many tables as the losses need.

    Args:
        analysis: everything.
        metric: a metric with values per class.
        positives: class -> positive test cases.
    """
    found = {klass: _keyed(analysis, metric, klass) for klass in analysis.classes}
    if not any(found.values()):
        return
    names = short(analysis)
    wide = max(map(len, names.values())) > LONG
    fitting = TOGETHER - 1 if wide else TOGETHER
    tables = math.ceil(len(analysis.losses) / fitting)
    size = math.ceil(len(analysis.losses) / tables)
    own = [(f"controls.{place}", each) for place, each in enumerate(analysis.controls) if each.classes]
    own = own if metric == "auroc" else []
    # the parts of a table are set in one size, that of the widest
    dense = max(size, len(analysis.losses) - size * (tables - 1) + len(own)) > 3
    for turn in range(tables):
        part = analysis.losses[turn * size : (turn + 1) * size]
        controls = own if turn == tables - 1 else []
        rows = tuple(
            (
                plain(klass),
                _positive(analysis, klass, positives.get(klass, 0)),
                *(_class_cell(found[klass].get(loss)) for loss in part),
                *(number(each.classes.get(klass, math.nan), f"{key}.classes.{klass}") for key, each in controls),
            )
            for klass in analysis.classes
        )
        kind = "finding" if analysis.study.task == "multilabel" else "class"
        of_all = "" if tables == 1 else f", part {turn + 1} of {tables}"
        yield Table(
            key=f"classes-{metric}" if tables == 1 else f"classes-{metric}-{turn + 1}",
            number="",
            title=f"{METRICS[metric].title} per {kind}: mean (SD) over seeds{of_all}",
            n=counted(analysis, single=True),
            columns=(
                Column(kind, kind.capitalize(), "text"),
                _positive_column(analysis),
                *(Column(loss, names[loss], parts=("mean", "sd")) for loss in part),
                *(Column(f"control_{each.name}", CONTROLS[each.name]) for _, each in controls),
            ),
            bodies=(Body(rows),),
            notes=tuple(_class_notes(found, [CONTROLS[each.name] for _, each in controls])),
            dense=dense,
        )


def _partly_known(analysis: Analysis) -> bool:
    return any(known < analysis.data.n_test for known in labelled(analysis).values())


def _positive_column(analysis: Analysis) -> Column:
    if _partly_known(analysis):
        return Column("positive", "Positive of known", parts=("positive", "known"))
    return Column("positive", "Positive cases")


def _positive(analysis: Analysis, klass: str, count: int) -> Cell:
    if not _partly_known(analysis):
        return of(count)
    known = labelled(analysis).get(klass, 0)
    return Cell(f"{numerals.count(count)} of {numerals.count(known)}", (count, known))


def _class_notes(found: dict[str, dict[str, tuple[str, LossSummary]]], controls: list[str]) -> Iterator[str]:
    yield "SD: standard deviation."
    if controls:
        kind = "a control, one value" if len(controls) == 1 else "controls, one value each"
        yield f"{numerals.listed(controls)}: {kind}, without the network."
    if any(math.isnan(entry.mean) for each in found.values() for _, entry in each.values()):
        yield f"{numerals.UNDEFINED} undefined, for want of positive or negative test cases."


def _class_cell(found: tuple[str, LossSummary] | None) -> Cell:
    if found is None or math.isnan(found[1].mean):
        return Cell(numerals.UNDEFINED, (None, None))
    key, entry = found
    return Cell(f"{numerals.value(entry.mean)} ({numerals.spread(entry.sd)})", (entry.mean, entry.sd), f"{key}.mean")
