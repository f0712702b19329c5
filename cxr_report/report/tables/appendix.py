"""The appendix tables: every run, every setting."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from cxr_report.analysis.value import Analysis, RunSummary
from cxr_report.metrics import METRICS
from cxr_report.report import numerals
from cxr_report.report.language import phrase, speech
from cxr_report.report.names import counting, tested
from cxr_report.report.tables.results import CUT, level_interval, reaches
from cxr_report.report.tables.table import LOW_HIGH, Body, Cell, Column, Table, interval, number, of, plain, spoken

__all__ = ["runs", "settings"]

TOGETHER = 5
"""Chosen: metrics side by side in one table of runs; more are dealt to several tables."""


def runs(analysis: Analysis) -> Iterator[Table]:
    """Make the tables of every run: state, epoch, AUROC with its interval over cases, metrics, proof of the export."""
    others = [metric for metric in analysis.metrics if metric != "auroc"]
    tables = max(1, math.ceil(len(others) / TOGETHER))
    size = max(1, math.ceil(len(others) / tables))
    for turn in range(tables):
        part = others[turn * size : (turn + 1) * size]
        yield _runs(analysis, part, first=turn == 0, suffix="" if tables == 1 else f"-{turn + 1}")


def _runs(analysis: Analysis, metrics: list[str], *, first: bool, suffix: str) -> Table:
    places = {(run.loss, run.seed): place for place, run in enumerate(analysis.runs)}
    bodies = tuple(
        Body(
            tuple(
                _run_row(analysis, run, f"runs.{places[run.loss, run.seed]}", metrics, first=first)
                for run in analysis.runs
                if run.loss == loss
            ),
            analysis.labels[loss],
        )
        for loss in analysis.losses
    )
    say = speech(analysis)
    lead: tuple[Column, ...] = spoken(say, Column("seed", "Seed"))
    tail: tuple[Column, ...] = ()
    if first:
        lead, tail = (*lead, *_lead(analysis)), _tail(analysis)
    return Table(
        key=f"runs{suffix}",
        number="",
        title=_where(analysis) if first else say.text("{title}, further metrics", title=_where(analysis)),
        n=counting(say.text("{n} runs", n=str(len(analysis.runs))), tested(analysis)),
        columns=(*lead, *(Column(metric, say.text(METRICS[metric].title)) for metric in metrics), *tail),
        bodies=tuple(body for body in bodies if body.rows),
        notes=_run_notes(analysis) if first else (),
        bodies_title="loss",
        dense=True,
    )


def _lead(analysis: Analysis) -> tuple[Column, ...]:
    """Return the columns before the metrics: what is not known of given numbers has none."""
    study = analysis.study
    return spoken(
        speech(analysis),
        *((Column("state", "State", "text"),) if _with_state(analysis) else ()),
        *((Column("chosen_epoch", "Epoch"),) if study.trained else ()),
        *((Column("auroc", "AUROC"),) if study.predicted or "auroc" in analysis.metrics else ()),
        *((Column("auroc", level_interval(analysis), parts=LOW_HIGH),) if study.predicted else ()),
    )


def _tail(analysis: Analysis) -> tuple[Column, ...]:
    if not analysis.study.trained:
        return ()
    return spoken(speech(analysis), Column("max_delta", "max |torch − onnx|"), Column("flips", "Flips"))


def _run_row(analysis: Analysis, run: RunSummary, key: str, metrics: list[str], *, first: bool) -> tuple[Cell, ...]:
    values = tuple(number(run.values.get(metric, math.nan), f"{key}.values.{metric}") for metric in metrics)
    if not first:
        return (of(run.seed, f"{key}.seed"), *values)
    say = speech(analysis)
    state = plain(say.text(_STATES[run.state]))
    seed = (of(run.seed, f"{key}.seed"), *((state,) if _with_state(analysis) else ()))
    if not analysis.study.predicted:
        given = run.values.get("auroc", math.nan)
        return (*seed, *((number(given, f"{key}.values.auroc"),) if "auroc" in analysis.metrics else ()), *values)
    place, found = f"{key}.auroc", run.auroc
    area = (number(found.estimate, f"{place}.estimate"), interval(found.low, found.high, place, say=say))
    if not analysis.study.trained:
        return (*seed, *area, *values)
    return (
        *seed,
        of(run.chosen_epoch, f"{key}.chosen_epoch") if run.chosen_epoch else Cell(numerals.UNDEFINED, (None,)),
        *area,
        *values,
        number(run.max_delta, f"{key}.max_delta", by=_delta),
        of(run.flips, f"{key}.flips") if run.state == "done" else Cell(numerals.UNDEFINED, (None,)),
    )


def _where(analysis: Analysis) -> str:
    return speech(analysis).text("Every run on the test set" if analysis.study.predicted else "Every run, as given")


_STATES = {"done": phrase("done"), "diverged": phrase("diverged"), "missing": phrase("missing")}


def _with_state(analysis: Analysis) -> bool:
    """Say whether the runs differ in their state; a column that says the same of all says nothing."""
    return any(run.state != "done" for run in analysis.runs)


def _delta(value: float) -> str:
    return numerals.scientific(value)


def _run_notes(analysis: Analysis) -> tuple[str, ...]:
    say, repeated = speech(analysis), analysis.data.n_test_patients < analysis.data.n_test
    area = say.text(
        "AUROC with DeLong’s interval over {unit}, weights fixed."
        if analysis.study.task == "binary"
        else "AUROC (mean over classes) with DeLong’s interval over {unit}, weights fixed.",
        unit=say.text("patients" if repeated else "cases"),
    )
    said = [area]
    if analysis.study.trained:
        said = [say.text("Epoch: the one whose weights were tested."), area, say.text(_PROOF)]
    return (
        *((" ".join(said),) if analysis.study.predicted else ()),
        *((say.text(CUT),) if any(reaches("auroc", run.auroc.low, run.auroc.high) for run in analysis.runs) else ()),
        *(
            say.text(
                "Seed {seed} of {loss} diverged in epoch {epoch}: {reason}.",
                seed=str(gone.seed),
                loss=analysis.labels[gone.loss],
                epoch=str(gone.epoch),
                reason=say.note(gone.reason),
            )
            for gone in analysis.diverged
        ),
    )


_PROOF = phrase(
    "max |torch − onnx| and flips: largest difference of logits, and labels that differ, between training framework "
    "and exported graph on validation cases."
)


def settings(analysis: Analysis) -> Table:
    """Make the table of every setting of the study, as resolved."""
    say = speech(analysis)
    plain_study: dict[str, Any] = analysis.study.model_dump(mode="json", exclude={"report", "losses", "name"})
    bodies = []
    for section, content in plain_study.items():
        pairs = list(_flat(_by_name(content))) if isinstance(content, dict) else [("", content)]
        rows = tuple((plain(name or section), plain(_written(value))) for name, value in pairs if _written(value))
        if rows:
            bodies.append(Body(rows, section if isinstance(content, dict) else "general"))
    general = Body(tuple(row for body in bodies if body.title == "general" for row in body.rows), "general")
    return Table(
        key="settings",
        number="",
        title=say.text(
            "Every setting of the study, as resolved before the first run"
            if analysis.study.trained
            else "Every setting of the study, as resolved when the table was read"
        ),
        n=say.text("n = {n} settings", n=str(sum(len(body.rows) for body in bodies))),
        columns=spoken(say, Column("setting", "Setting", "text"), Column("value", "Value", "text")),
        bodies=(general, *(body for body in bodies if body.title != "general")),
        bodies_title="section",
        dense=True,
    )


def _by_name(content: dict[str, Any]) -> dict[str, Any]:
    """Put sections of a list, such as external test sets, under their names, which stand before their settings."""
    return {
        key: {each["name"]: {inner: at for inner, at in each.items() if inner != "name"} for each in value}
        if isinstance(value, list) and value and all(isinstance(each, dict) and "name" in each for each in value)
        else value
        for key, value in content.items()
    }


def _flat(content: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in content.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _written(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value).strip()
