"""Time and machine: run.json and evaluation.json of every run and the ledger in, the one table that may differ out.

Everything else of the report is a function of the analysis alone, so these facts stand in one marked block.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from cxr_report import ledger
from cxr_report.analysis.value import Analysis
from cxr_report.errors import Refusal
from cxr_report.report import numerals
from cxr_report.report.language import Speech, phrase, speech
from cxr_report.report.tables.table import Body, Cell, Column, Table, plain, spoken
from cxr_report.runs import RunFolder, StudyFolder, read_json

__all__ = ["BLOCK", "files", "table"]

BLOCK = "time-and-machine"
"""The name of the block in the page."""

SHORT = 120
"""Chosen: seconds below which times are given in seconds."""

_VERSIONS = {
    "system": phrase("System"),
    "cxr_report": "cxr_report",
    "python": "Python",
    "torch": "torch",
    "monai": "monai",
    "numpy": "numpy",
    "safetensors": "safetensors",
}


def files(folder: StudyFolder, analysis: Analysis) -> tuple[Path, ...]:
    """Return the files that the block is fed from, those that are there."""
    found = [file for run in _runs(folder, analysis) for file in (run.run_json, run.evaluation_json) if file.exists()]
    return (*([folder.study_json] if folder.study_json.exists() else []), *found)


def table(folder: StudyFolder, analysis: Analysis) -> Table:
    """Make the table of dates, devices, versions and speeds."""
    trained = [told for run in _runs(folder, analysis) if (told := _told(run.run_json))]
    evaluated = [told for run in _runs(folder, analysis) if (told := _told(run.evaluation_json))]
    say = speech(analysis)
    rows = [*_dates(folder), *_training(say, trained), *_evaluation(say, evaluated)]
    return Table(
        key=BLOCK,
        number="",
        title=say.text("Dates, devices, versions and speeds as the runs recorded them"),
        n=_counted(folder, analysis, len(trained), len(evaluated)),
        columns=spoken(say, Column("fact", "Fact", "text"), Column("value", "Value", "text")),
        bodies=(Body(tuple((plain(say.text(name)), Cell(value, (value,))) for name, value in rows)),),
        notes=(say.text("Where several values are given, the number of runs stands in brackets."),),
        dense=True,
    )


def _runs(folder: StudyFolder, analysis: Analysis) -> Iterator[RunFolder]:
    for run in analysis.runs:
        yield folder.run(run.loss, run.seed)
    for loss, seed in analysis.study.floor_runs():
        yield folder.run(loss, seed)


def _counted(folder: StudyFolder, analysis: Analysis, trained: int, evaluated: int) -> str:
    """Say how many runs there are, and how many belong to the noise floor, which other tables do not count."""
    say = speech(analysis)
    if not analysis.study.trained:
        return say.text("n = {n} runs, none of them trained here", n=str(len(analysis.runs)))
    count = sum(folder.run(loss, seed).run_json.exists() for loss, seed in analysis.study.floor_runs())
    told = {"trained": str(trained), "evaluated": str(evaluated)}
    if not count:
        return say.text("n = {trained} trained and {evaluated} evaluated runs", **told)
    return say.text(
        "n = {trained} trained and {evaluated} evaluated runs, {floor} of them for the noise floor",
        floor=str(count),
        **told,
    )


def _told(file: Path) -> Mapping[str, Any] | None:
    if not file.exists():
        return None
    told = read_json(file)
    return told if isinstance(told, dict) else None


def _dates(folder: StudyFolder) -> Iterator[tuple[str, str]]:
    if not folder.study_json.exists():
        return
    try:
        entries = ledger.read(folder).ledger
    except Refusal:
        return
    for entry in entries:
        what = phrase("Plan frozen") if entry.kind == "planned" else phrase("Seeds or losses added")
        yield what, _date(entry.time)


def _date(text: str) -> str:
    try:
        return datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M UTC")
    except ValueError:
        return text


def _training(say: Speech, told: list[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    starts, ends = ([each[key] for each in told if each.get(key)] for key in ("start", "finished"))
    if starts:
        yield phrase("First run started"), _date(min(starts))
    if ends:
        yield phrase("Last run finished"), _date(max(ends))
    seconds = [span for each in told if (span := _seconds(each)) is not None]
    if seconds:
        yield phrase("Training time per run, median (range)"), _range(say, seconds, _time)
        yield phrase("Training time, all runs added up"), _time(sum(seconds))
    if resumed := sum(bool(each.get("resumed")) for each in told):
        yield phrase("Runs resumed after an interruption"), str(resumed)
    if taken := sum(bool(each.get("taken_from")) for each in told):
        yield phrase("Runs taken from another study"), str(taken)
    yield from _distinct(phrase("Device of training"), (each.get("device") for each in told))
    versions = [each["versions"] for each in told if isinstance(each.get("versions"), Mapping)]
    for key, name in _VERSIONS.items():
        yield from _distinct(name, (each.get(key) for each in versions))
    yield from _distinct(phrase("Commit"), (each.get("git_commit") for each in told))


def _seconds(told: Mapping[str, Any]) -> float | None:
    """Return how long a run took; unknown where it was interrupted."""
    start, end = told.get("start"), told.get("finished")
    if told.get("resumed") or not isinstance(start, str) or not isinstance(end, str):
        return None
    try:
        return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
    except (TypeError, ValueError):
        return None


def _evaluation(say: Speech, told: list[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    yield from _distinct(phrase("Provider of evaluation"), (each.get("provider") for each in told))
    yield from _distinct("onnxruntime", (each.get("onnxruntime") for each in told))
    yield from _distinct(phrase("Batch of evaluation"), (each.get("batch") for each in told))
    speeds = [float(speed) for each in told if (speed := each.get("images_per_second"))]
    if speeds:
        yield phrase("Images per second through the exported network, median (range)"), _range(say, speeds, _whole)
    yield from _variants(say, told)


def _variants(say: Speech, told: list[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Tell of every variant of the networks what computed it, how fast and in how many bytes."""
    noted = [each["variants"] for each in told if isinstance(each.get("variants"), Mapping)]
    for name in sorted({name for each in noted for name in each}):
        own = [each[name] for each in noted if isinstance(each.get(name), Mapping)]
        yield from _distinct(
            say.text("Provider of the variant {name}", name=name), (each.get("provider") for each in own)
        )
        speeds = [float(speed) for each in own if (speed := each.get("images_per_second"))]
        if speeds:
            speed = say.text("Images per second through the variant {name}, median (range)", name=name)
            yield speed, _range(say, speeds, _whole)
        sizes = [float(size) for each in own if (size := each.get("graph_bytes"))]
        if sizes:
            size = say.text("Bytes of the graph of the variant {name}, median (range)", name=name)
            yield size, _range(say, sizes, _whole)


def _distinct(name: str, values: Iterable[Any]) -> Iterator[tuple[str, str]]:
    counts = Counter(str(value) for value in values if value is not None)
    if len(counts) == 1:
        yield name, next(iter(counts))
    elif counts:
        yield name, "; ".join(f"{value} [{count}]" for value, count in sorted(counts.items()))


def _range(say: Speech, values: list[float], write: Callable[[float], str]) -> str:
    middle, low, high = (write(value) for value in (statistics.median(values), min(values), max(values)))
    return f"{middle} ({say.text('{low} to {high}', low=low, high=high)})"


def _time(seconds: float) -> str:
    if seconds < SHORT:
        return f"{numerals.fixed(seconds, 0 if seconds >= 10 else 1)}\N{NO-BREAK SPACE}s"
    return f"{numerals.fixed(seconds / 60, 1)}\N{NO-BREAK SPACE}min"


def _whole(value: float) -> str:
    return numerals.count(round(value))
