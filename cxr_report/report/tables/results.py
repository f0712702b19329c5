"""The tables of results: an Analysis in; main results and results per class out."""

from __future__ import annotations

import math
from collections.abc import Iterator

from cxr_report.analysis.value import Analysis, LossSummary
from cxr_report.metrics import METRICS
from cxr_report.report import hangul, numerals
from cxr_report.report.language import ENGLISH, Speech, phrase, speech
from cxr_report.report.names import counted, labelled, roles, short, titled
from cxr_report.report.pieces import text_of
from cxr_report.report.tables.table import LOW_HIGH, Body, Cell, Column, Table, interval, number, of, plain, spoken

__all__ = [
    "CONTROLS",
    "CUT",
    "classes",
    "direction",
    "level",
    "level_interval",
    "main",
    "p_cell",
    "reaches",
    "whole",
    "with_role",
]

CONTROLS = {"pixels": phrase("Pixel logistic regression"), "metadata": phrase("Metadata only")}
"""How the control rows are called."""

TOGETHER = 5
"""Chosen: losses side by side in one table of classes; more are dealt to several tables."""

CUT = phrase("Intervals are cut at the bounds of the metric.")

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


def level_interval(analysis: Analysis) -> str:
    """Return the head of a column of intervals, such as ``95 % interval``."""
    return speech(analysis).text("{level} interval", level=level(analysis))


def direction(metric: str, say: Speech = ENGLISH) -> str:
    """Return a metric's title with the direction in which it is better."""
    better = phrase("{metric} (higher is better)")
    if not METRICS[metric].higher_is_better:
        better = phrase("{metric} (lower is better)")
    return say.text(better, metric=say.text(METRICS[metric].title))


def with_role(analysis: Analysis, metric: str) -> str:
    """Return a metric's title with its direction and with what the plan makes of it."""
    say = speech(analysis)
    return say.text("{metric}, {role}", metric=direction(metric, say), role=roles(analysis)[metric])


def main(analysis: Analysis) -> Table:
    """Make the main table: per metric one row per loss, and the controls set apart."""
    say, bodies = speech(analysis), list[Body]()
    for metric in analysis.metrics:
        rows = tuple(_summary_row(analysis, metric, loss) for loss in analysis.losses)
        bodies.append(Body(rows, with_role(analysis, metric)))
        controls = tuple(_control_rows(analysis, metric))
        bodies += [Body(controls, bodies[-1].title, apart=True)] if controls else []
    return Table(
        key="main",
        number="",
        title=say.text(
            "Test results per loss function over the seeds, and of the controls"
            if analysis.controls
            else "Test results per loss function over the seeds"
        ),
        n=counted(analysis),
        columns=spoken(
            say,
            Column("loss", "Loss function", "text"),
            Column("n_seeds", "Seeds"),
            Column("mean", "Mean"),
            Column("sd", "SD"),
            Column("median", "Median"),
            Column("interval", level_interval(analysis), parts=LOW_HIGH),
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
        interval(entry.low, entry.high, key, say=speech(analysis)),
    )


def _empty(count: int) -> tuple[Cell, ...]:
    return (Cell(numerals.UNDEFINED, (None,)),) * count


def _control_rows(analysis: Analysis, metric: str) -> Iterator[tuple[Cell, ...]]:
    say = speech(analysis)
    for place, control in enumerate(analysis.controls):
        key = f"controls.{place}"
        value = control.values.get(metric, math.nan)
        drawn = interval(control.auroc.low, control.auroc.high, f"{key}.auroc", say=say)
        band = drawn if metric == "auroc" else _empty(1)[0]
        name = plain(f"{say.text(CONTROLS[control.name])}{' *' if metric == 'auroc' else ''}")
        yield (name, *_empty(1), number(value, f"{key}.values.{metric}"), *_empty(2), band)


def _main_notes(analysis: Analysis) -> Iterator[str]:
    say = speech(analysis)
    yield say.text(
        "SD: standard deviation over seeds. Interval: {level} t interval of the mean over seeds, which speaks of other "
        "training runs on these test cases, not of other cases.",
        level=level(analysis),
    )
    shown = [s for s in analysis.summaries if s.metric in analysis.metrics and not s.klass]
    controls = [(control.auroc.low, control.auroc.high) for control in analysis.controls]
    if any(reaches(s.metric, s.low, s.high) for s in shown) or any(reaches("auroc", *each) for each in controls):
        yield say.text(CUT)
    if analysis.controls:
        yield say.text(
            "Rows below the thin line are controls and no runs: what can be reached without the network. * Interval "
            "over test cases (DeLong)."
        )
    if analysis.imputed:
        told = [f"{say.text(METRICS[name].title)} {numerals.value(value)}" for name, value in analysis.imputed.items()]
        yield say.text(
            "Diverged runs count with the worst score of any finished run: {scores}.", scores="; ".join(told)
        )
    undefined = {
        (entry.metric, entry.note)
        for entry in analysis.summaries
        if entry.note and not entry.klass and entry.metric in analysis.metrics
    }
    for metric, note in sorted(undefined):
        yield f"{numerals.UNDEFINED} {say.text(METRICS[metric].title)}: {say.note(note)}."


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
    say = speech(analysis)
    found = {klass: _keyed(analysis, metric, klass) for klass in analysis.classes}
    if not any(found.values()):
        return
    names = short(analysis)
    wide = max(map(hangul.breadth, names.values())) > LONG
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
        yield Table(
            key=f"classes-{metric}" if tables == 1 else f"classes-{metric}-{turn + 1}",
            number="",
            title=_class_title(say, metric, kind, turn, tables),
            n=counted(analysis, single=True),
            columns=(
                *spoken(say, Column(kind, _KINDS[kind], "text"), _positive_column(analysis)),
                *(Column(loss, names[loss], parts=("mean", "sd")) for loss in part),
                *spoken(say, *(Column(f"control_{each.name}", CONTROLS[each.name]) for _, each in controls)),
            ),
            bodies=(Body(rows),),
            notes=tuple(_class_notes(say, found, [say.text(CONTROLS[each.name]) for _, each in controls])),
            dense=dense,
        )


_KINDS = {"finding": phrase("Finding"), "class": phrase("Class")}


def _class_title(say: Speech, metric: str, kind: str, turn: int, tables: int) -> str:
    per = phrase("{metric} per finding: mean (SD) over seeds")
    if kind == "class":
        per = phrase("{metric} per class: mean (SD) over seeds")
    title = say.text(per, metric=titled(metric, say))
    if tables == 1:
        return title
    return say.text("{title}, part {part} of {parts}", title=title, part=str(turn + 1), parts=str(tables))


def _partly_known(analysis: Analysis) -> bool:
    return any(known < analysis.data.n_test for known in labelled(analysis).values())


def _positive_column(analysis: Analysis) -> Column:
    if _partly_known(analysis):
        return Column("positive", phrase("Positive of known"), parts=("positive", "known"))
    return Column("positive", phrase("Positive cases"))


def _positive(analysis: Analysis, klass: str, count: int) -> Cell:
    if not _partly_known(analysis):
        return of(count)
    known = labelled(analysis).get(klass, 0)
    told = speech(analysis)("{some} of {all}", some=numerals.count(count), all=numerals.count(known))
    return Cell(text_of(told), (count, known))


def _class_notes(
    say: Speech, found: dict[str, dict[str, tuple[str, LossSummary]]], controls: list[str]
) -> Iterator[str]:
    yield say.text("SD: standard deviation.")
    if controls:
        told = say.counted(
            len(controls),
            "{controls}: a control, one value, without the network.",
            "{controls}: controls, one value each, without the network.",
            controls=say.listed(controls),
        )
        yield text_of(told)
    if any(math.isnan(entry.mean) for each in found.values() for _, entry in each.values()):
        yield say.text("– undefined, for want of positive or negative test cases.")


def _class_cell(found: tuple[str, LossSummary] | None) -> Cell:
    if found is None or math.isnan(found[1].mean):
        return Cell(numerals.UNDEFINED, (None, None))
    key, entry = found
    return Cell(f"{numerals.value(entry.mean)} ({numerals.spread(entry.sd)})", (entry.mean, entry.sd), f"{key}.mean")
