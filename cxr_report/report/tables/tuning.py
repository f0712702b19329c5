"""The table of the tuning: an Analysis in; where every loss was searched, and what was chosen for it, out."""

from __future__ import annotations

import math

from cxr_report.analysis.value import Analysis, LossTuning, SearchedValue
from cxr_report.losses import CATALOGUE
from cxr_report.metrics import METRICS
from cxr_report.report import numerals
from cxr_report.report.language import Speech, phrase, speech
from cxr_report.report.pieces import text_of
from cxr_report.report.tables.table import Body, Cell, Column, Table, number, of, plain, spoken

__all__ = ["tuning"]

SCALES = {
    "linear": phrase("{low} to {high}"),
    "log": phrase("{low} to {high} (log)"),
    "complement": phrase("{low} to {high} (log of 1 − x)"),
}
NAMES = {
    "learning_rate": phrase("the learning rate was searched {where}"),
    "weight_decay": phrase("the weight decay was searched {where}"),
}


def tuning(analysis: Analysis) -> Table | None:
    """Make the table; None where nothing was tuned."""
    if not analysis.tuning:
        return None
    say, first = speech(analysis), analysis.tuning[0]
    trials, trainings = len(first.trials), len(first.seeds)
    counted = say.counted(
        trainings,
        "n = {trials} configurations with {n} training each per loss function",
        "n = {trials} configurations with {n} trainings each per loss function",
        trials=str(trials),
        n=str(trainings),
    )
    score = say.text("{metric}, validation", metric=say.text(METRICS[first.metric].title))
    return Table(
        key="tuning",
        number="",
        title=say.text("Tuning: where each loss function was searched, and what was chosen for it"),
        n=text_of(counted),
        columns=spoken(
            say,
            Column("loss", "Loss function", "text"),
            Column("chosen", "No."),
            *_halves("learning_rate", phrase("Learning rate")),
            *_halves("weight_decay", phrase("Weight decay")),
            Column("searched", "Searched", "text", group="Parameters"),
            Column("stated", "Stated", "text", group="Parameters"),
            Column("values", "Chosen", "text", group="Parameters"),
            *_halves("score", score),
        ),
        bodies=(Body(tuple(_row(analysis, place, one) for place, one in enumerate(analysis.tuning))),),
        notes=(
            say.text(
                "For every loss function, {searched}. No.: the chosen configuration; 1 is the one that the study "
                "states. The best of many flatters: other validation cases would show less.",
                searched=_shared(say, first),
            ),
        ),
        dense=True,
    )


def _halves(key: str, group: str) -> tuple[Column, Column]:
    return Column(f"{key}_stated", "Stated", group=group), Column(f"{key}_chosen", "Chosen", group=group)


def _shared(say: Speech, first: LossTuning) -> str:
    """Say where what all losses share was searched."""
    told = [say.text(NAMES[each.name], where=_span(say, each)) for each in first.space if each.name in NAMES]
    return text_of(say.listed(told))


def _row(analysis: Analysis, place: int, one: LossTuning) -> tuple[Cell, ...]:
    say, letters = speech(analysis), _letters(analysis, one.loss)
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
        plain(
            "; ".join(f"{letters.get(each.name, each.name)} {_span(say, each)}" for each in own) or numerals.UNDEFINED
        ),
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


def _span(say: Speech, searched: SearchedValue) -> str:
    if searched.scale == "fixed":
        return say.text("not at all, and left as stated")
    if searched.scale == "list":
        return say.text("among {values}", values=", ".join(_exactly(value) for value in searched.values))
    return say.text(SCALES[searched.scale], low=_exactly(searched.low), high=_exactly(searched.high))


def _exactly(value: float) -> str:
    """Write a setting so that it can be typed in again."""
    short = float(f"{value:.4g}")
    return numerals.general(value) if math.isclose(short, value, rel_tol=1e-12) else f"{value:.9g}"


def _searched(say: Speech, letters: dict[str, str], own: list[SearchedValue]) -> str:
    return "; ".join(f"{letters.get(each.name, each.name)} {_span(say, each)}" for each in own)
