"""The table of the tuning: an Analysis in; where every loss was searched, and what was chosen for it, out."""

from __future__ import annotations

import math

from cxr_report.analysis.value import Analysis, LossTuning, SearchedValue
from cxr_report.losses import CATALOGUE
from cxr_report.metrics import METRICS
from cxr_report.report import numerals
from cxr_report.report.tables.table import Body, Cell, Column, Table, number, of, plain

__all__ = ["tuning"]

SCALES = {"linear": "", "log": " (log)", "complement": " (log of 1 − x)"}
NAMES = {"learning_rate": "learning rate", "weight_decay": "weight decay"}


def tuning(analysis: Analysis) -> Table | None:
    """Make the table; None where nothing was tuned."""
    if not analysis.tuning:
        return None
    first = analysis.tuning[0]
    trials, trainings = len(first.trials), len(first.seeds)
    title = METRICS[first.metric].title
    return Table(
        key="tuning",
        number="",
        title="Tuning: where each loss function was searched, and what was chosen for it",
        n=f"n = {trials} configurations with {trainings} training{'s' * (trainings != 1)} each per loss function",
        columns=(
            Column("loss", "Loss function", "text"),
            Column("chosen", "No."),
            *_halves("learning_rate", "Learning rate"),
            *_halves("weight_decay", "Weight decay"),
            Column("searched", "Searched", "text", group="Parameters"),
            Column("stated", "Stated", "text", group="Parameters"),
            Column("values", "Chosen", "text", group="Parameters"),
            *_halves("score", f"{title}, validation"),
        ),
        bodies=(Body(tuple(_row(analysis, place, one) for place, one in enumerate(analysis.tuning))),),
        notes=(
            f"For every loss function, {_shared(first)}. No.: the chosen configuration; 1 is the one that the study "
            "states. The best of many flatters: other validation cases would show less.",
        ),
        dense=True,
    )


def _halves(key: str, group: str) -> tuple[Column, Column]:
    return Column(f"{key}_stated", "Stated", group=group), Column(f"{key}_chosen", "Chosen", group=group)


def _shared(first: LossTuning) -> str:
    """Say where what all losses share was searched."""
    told = [f"the {NAMES[each.name]} was searched {_span(each)}" for each in first.space if each.name in NAMES]
    return " and ".join(told)


def _row(analysis: Analysis, place: int, one: LossTuning) -> tuple[Cell, ...]:
    letters = _letters(analysis, one.loss)
    own = [each for each in one.space if each.name not in NAMES]
    pair = [(0, one.trials[0]), (one.chosen - 1, one.trials[one.chosen - 1])]
    keys = [f"tuning.{place}.trials.{number}" for number, _ in pair]
    return (
        plain(analysis.labels[one.loss]),
        of(one.chosen, f"tuning.{place}.chosen"),
        *(
            number(trial.values[name], f"{key}.values.{name}", by=_exactly)
            for name in NAMES
            for key, (_, trial) in zip(keys, pair, strict=True)
        ),
        plain("; ".join(f"{letters.get(each.name, each.name)} {_span(each)}" for each in own) or numerals.UNDEFINED),
        *(
            plain("; ".join(_value(letters, each.name, trial.values[each.name]) for each in own) or numerals.UNDEFINED)
            for _, trial in pair
        ),
        *(number(trial.mean, f"{key}.mean") for key, (_, trial) in zip(keys, pair, strict=True)),
    )


def _value(letters: dict[str, str], name: str, value: float) -> str:
    return f"{letters.get(name, name)} = {_exactly(value)}"


def _letters(analysis: Analysis, loss: str) -> dict[str, str]:
    """Return how the parameters of a loss of the catalogue are called in its formula."""
    entry = CATALOGUE.get(analysis.study.losses[loss].loss or "")
    return {parameter.name: parameter.letter for parameter in entry.parameters} if entry else {}


def _span(searched: SearchedValue) -> str:
    if searched.scale == "fixed":
        return "not at all, and left as stated"
    if searched.scale == "list":
        return f"among {', '.join(_exactly(value) for value in searched.values)}"
    return f"{_exactly(searched.low)} to {_exactly(searched.high)}{SCALES[searched.scale]}"


def _exactly(value: float) -> str:
    """Write a setting so that it can be typed in again."""
    short = float(f"{value:.4g}")
    return numerals.general(value) if math.isclose(short, value, rel_tol=1e-12) else f"{value:.9g}"
