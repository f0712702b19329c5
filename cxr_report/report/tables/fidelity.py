"""The tables of the arithmetics: an Analysis in; what each would change, and how far it moves every metric, out."""

from __future__ import annotations

import math

from cxr_report.analysis.value import Agreement, Analysis, Shift
from cxr_report.report import numerals
from cxr_report.report.language import phrase, speech
from cxr_report.report.names import counting, tested
from cxr_report.report.names import spoken as metric_inside
from cxr_report.report.tables.results import level
from cxr_report.report.tables.table import LOW_HIGH, Body, Cell, Column, Table, number, of, plain

__all__ = ["NAMES", "agreements", "listing"]

NAMES = {
    "torch": phrase("torch, as trained"),
    "cpu": phrase("float32 on the CPU"),
    "fp16": phrase("half precision (fp16)"),
    "int8": phrase("eight-bit integers (int8)"),
}
"""How an arithmetic is called in a table."""


def agreements(analysis: Analysis) -> Table | None:
    """Make the table of every arithmetic against the exported float32 graphs; None where nothing was trained here."""
    if not analysis.agreements:
        return None
    say, primary = speech(analysis), analysis.study.metrics.primary
    moved = say.text("Largest shift of {metric}", metric=metric_inside(primary, say))
    return Table(
        key="arithmetics",
        number="",
        title=say.text("Agreement of arithmetics: each against the exported graphs in float32, on the test cases"),
        n=counting(tested(analysis)),
        columns=(
            Column("arithmetic", say.text("Arithmetic"), "text"),
            Column("runs", say.text("Runs")),
            Column("max_delta", say.text("max |Δ logit|")),
            Column("flips", say.text("Changed"), group=say.text("Labels")),
            Column("labels", say.text("Of"), group=say.text("Labels")),
            Column("shift", say.text("Mean over seeds"), group=moved),
            Column("shift_interval", say.text("{level} interval", level=level(analysis)), group=moved, parts=LOW_HIGH),
            Column("rankings", say.text("Rankings changed"), "text", parts=("changed", "of")),
            Column("decisions", say.text("Decisions changed"), "text", parts=("changed", "of")),
            Column("replaces", say.text("May replace"), "text"),
        ),
        bodies=(
            Body(
                tuple(
                    _row(analysis, f"agreements.{place}", each) for place, each in enumerate(analysis.agreements)
                )
            ),
        ),
        notes=(_notes(analysis), *_without(analysis)),
        dense=True,
    )  # fmt: skip


def _row(analysis: Analysis, key: str, each: Agreement) -> tuple[Cell, ...]:
    say = speech(analysis)
    whole = (
        plain(say.text(NAMES[each.arithmetic])),
        of(each.n_runs, f"{key}.n_runs"),
        number(each.max_delta, f"{key}.max_delta", by=numerals.scientific),
    )
    if each.not_finite:
        nothing = Cell(numerals.UNDEFINED, (None,))
        none = Cell(numerals.UNDEFINED, (None, None))
        return (*whole, nothing, of(each.n_labels, f"{key}.n_labels"), nothing, none, none, none, plain(say.text("no")))
    return (
        *whole,
        of(each.flips, f"{key}.flips"),
        of(each.n_labels, f"{key}.n_labels"),
        *_largest(analysis, key, each),
        _counted(analysis, each.rankings_changed, each.n_rankings),
        _counted(analysis, each.decisions_changed, each.n_decisions),
        _verdict(analysis, each),
    )


def _verdict(analysis: Analysis, each: Agreement) -> Cell:
    if each.undecided:
        return Cell(numerals.UNDEFINED, (None,))
    return plain(speech(analysis).text("yes" if each.replaces else "no, changes conclusions"))


def _largest(analysis: Analysis, key: str, each: Agreement) -> tuple[Cell, Cell]:
    """Write the shift of the primary metric that is the largest among the losses."""
    own = [
        (place, one)
        for place, one in enumerate(each.shifts)
        if one.metric == analysis.study.metrics.primary and not math.isnan(one.difference)
    ]
    if not own:
        return Cell(numerals.UNDEFINED, (None,)), Cell(numerals.UNDEFINED, (None, None))
    place, one = max(own, key=lambda pair: abs(pair[1].difference))
    found = f"{key}.shifts.{place}"
    return number(one.difference, f"{found}.difference", by=numerals.scientific), _interval(analysis, one, found)


def _interval(analysis: Analysis, one: Shift, key: str) -> Cell:
    if math.isnan(one.low):
        return Cell(numerals.UNDEFINED, (one.low, one.high), key)
    low, high = numerals.scientific(one.low), numerals.scientific(one.high)
    return Cell(speech(analysis).text("{low} to {high}", low=low, high=high), (one.low, one.high), key)


def _counted(analysis: Analysis, changed: int, total: int) -> Cell:
    text = speech(analysis).text("{n} of {total}", n=numerals.count(changed), total=numerals.count(total))
    return Cell(text, (changed, total), strong=changed > 0)


def _without(analysis: Analysis) -> tuple[str, ...]:
    """Say why an arithmetic has no verdict, where one has none."""
    if not any(each.undecided for each in analysis.agreements):
        return ()
    return (speech(analysis).text("May replace –: no decision to compare."),)


def _notes(analysis: Analysis) -> str:
    say = speech(analysis)
    told = {"metric": metric_inside(analysis.study.metrics.primary, say), "level": level(analysis)}
    if len(analysis.seeds) > 1:
        return say.text(_BOTH, **told)
    return say.text(_CASES, **told)


_BOTH = phrase(
    "Everything else in this report rests on the exported graphs in float32. Labels: predicted ones of all runs. "
    "Largest shift: among the losses, of the mean {metric} over seeds, this arithmetic less float32, with the {level} "
    "interval of the same runs on the same cases over seeds and cases together (Obuchowski and Rockette, the "
    "arithmetics as modalities), unadjusted; – where no value moved. Rankings: order of the losses by their means, one "
    "per metric, losses that are the same function aside. Decisions: the declared family, on every metric. May "
    "replace: whether it changes none of them; the shifts of all metrics and losses are in arithmetic-shifts.csv."
)
_CASES = phrase(
    "Everything else in this report rests on the exported graphs in float32. Labels: predicted ones of all runs. "
    "Largest shift: among the losses, of {metric}, this arithmetic less float32, with the {level} interval of the same "
    "runs on the same cases over cases alone, unadjusted; – where no value moved. Rankings: order of the losses by "
    "their means, one per metric, losses that are the same function aside. Decisions: the declared family, on every "
    "metric. May replace: whether it changes none of them; the shifts of all metrics and losses are in "
    "arithmetic-shifts.csv."
)


def listing(analysis: Analysis) -> Table | None:
    """Make the table of every shift, for a file alone: one row per arithmetic, metric and loss; None without any."""
    rows = [(each, one) for each in analysis.agreements for one in each.shifts]
    if not rows:
        return None
    head = ("arithmetic", "metric", "loss", "n_seeds", "difference", "se", "df", "low", "high", "note")
    return Table(
        key="arithmetic-shifts",
        number="",
        title="How far every arithmetic moves every metric of every loss from the exported graphs in float32",
        n=f"n = {len(rows)} rows",
        columns=tuple(Column(name, name) for name in head),
        bodies=(Body(tuple(_listed(each, one) for each, one in rows)),),
    )


def _listed(each: Agreement, one: Shift) -> tuple[Cell, ...]:
    values = (one.n_seeds, one.difference, one.se, one.df, one.low, one.high)
    words = (each.arithmetic, one.metric, one.loss)
    return (*map(plain, words), *(Cell("", (value,)) for value in values), plain(one.note))
