"""The tables of the methods: the cases of every split, and the loss functions with their formulas."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cxr_report.analysis.value import Analysis
from cxr_report.losses import CATALOGUE
from cxr_report.report import numerals
from cxr_report.report.cohort import Cohort, SplitCounts
from cxr_report.report.figures import formula
from cxr_report.report.names import short
from cxr_report.report.tables.table import Body, Cell, Column, Table, of, plain
from cxr_report.study import Loss

__all__ = ["data", "losses", "meanings"]


def data(analysis: Analysis, cohort: Cohort) -> Table:
    """Make the table of cases, patients, classes and demographics per split."""
    splits = cohort.splits
    unit = "Images" if analysis.study.trained else "Cases"
    whole = [
        (plain(unit), *(of(split.cases) for split in splits)),
        (plain("Patients"), *(_known(split.patients) for split in splits)),
    ]
    bodies = [Body(tuple(whole))]
    if analysis.study.task == "multilabel":
        rows = tuple((plain(name), *(_finding(split, name) for split in splits)) for name in analysis.classes)
        bodies.append(Body(rows, f"Findings: present (% of {unit.lower()} with a known label); not known"))
    else:
        rows = tuple(
            (plain(name), *(_share(split, split.positive.get(name, 0)) for split in splits))
            for name in analysis.classes
        )
        bodies.append(Body(rows, f"Classes (% of {unit.lower()})"))
    bodies += _demographics(splits, unit.lower())
    return Table(
        key="data",
        number="",
        title="Cases per split",
        n=f"n = {numerals.count(cohort.kept)} {unit.lower()}",
        columns=(
            Column("row", "", "text"),
            *(Column(split.name.lower(), split.name, parts=("count", "percent", "unknown")) for split in splits),
        ),
        bodies=tuple(bodies),
        notes=tuple(_data_notes(cohort)),
        bodies_title="group",
    )


def _data_notes(cohort: Cohort) -> Iterator[str]:
    values = {value for split in cohort.splits for value in split.demographics.get("view", {})}
    meant = [f"{short}: {long}" for short, long in _CODES.items() if any(short in value.split() for value in values)]
    if meant:
        yield f"{'; '.join(meant)}."
    if not cohort.patients_known:
        yield "The source names no patients."


_CODES = {"AP": "anteroposterior", "PA": "posteroanterior"}
"""What the usual codes of the view mean."""

_WORDS = {"F": "female", "M": "male"}
"""Codes of sex -> the words that subgroups have."""


def _known(count: int | None) -> Cell:
    return Cell(numerals.UNDEFINED, (None,)) if count is None else of(count)


def _share(split: SplitCounts, count: int) -> Cell:
    if not split.cases:
        return of(count)
    share = 100 * count / split.cases
    return Cell(f"{numerals.count(count)} ({numerals.fixed(share, 1)})", (count, share))


def _finding(split: SplitCounts, name: str) -> Cell:
    present, unknown = split.positive.get(name, 0), split.unknown.get(name, 0)
    known = split.cases - unknown
    share = 100 * present / known if known else float("nan")
    tail = f"; {numerals.count(unknown)}" if unknown else ""
    return Cell(f"{numerals.count(present)} ({numerals.fixed(share, 1)}){tail}", (present, share, unknown))


def _demographics(splits: tuple[SplitCounts, ...], unit: str) -> list[Body]:
    bodies = []
    for column, title in (("sex", f"Sex (% of {unit})"), ("view", f"View (% of {unit})")):
        values = sorted({value for split in splits for value in split.demographics.get(column, {})})
        if values:
            rows = tuple(
                (
                    plain(_WORDS.get(value, value) if column == "sex" else value),
                    *(_share(split, split.demographics.get(column, {}).get(value, 0)) for split in splits),
                )
                for value in values
            )
            bodies.append(Body(rows, title))
    if any("age" in split.demographics for split in splits):
        ages = [split.demographics.get("age") for split in splits]
        rows = tuple((plain(name), *(_age(age, write) for age in ages)) for name, write in _AGE.items())
        bodies.append(Body(rows, "Age, years"))
    return bodies


_AGE: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "Known for": lambda age: numerals.count(age["known"]),
    "Mean (SD)": lambda age: f"{numerals.fixed(age['mean'], 1)} ({numerals.fixed(_number(age['sd']), 1)})",
    "Median": lambda age: numerals.fixed(age["median"], 0),
    "Range": lambda age: f"{numerals.fixed(age['min'], 0)} to {numerals.fixed(age['max'], 0)}",
}


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def _age(age: Mapping[str, Any] | None, write: Callable[[Mapping[str, Any]], str]) -> Cell:
    return Cell(numerals.UNDEFINED, (None,)) if age is None else plain(write(age))


def losses(analysis: Analysis, cite: Callable[[str], str]) -> Table:
    """Make the table of loss functions.

    Args:
        analysis: everything.
        cite: DOI or reference -> the number in the list of references.
    """
    rows = tuple(_loss_row(analysis, name, cite) for name in analysis.losses)
    baseline = analysis.labels[analysis.study.analysis.baseline]
    where = dict.fromkeys(
        CATALOGUE[loss.loss].where for loss in analysis.study.losses.values() if loss.loss is not None
    )
    return Table(
        key="losses",
        number="",
        title="The loss functions; loss of one case before the mean over the batch",
        n=f"n = {len(rows)} loss functions; baseline: {baseline}",
        columns=(
            Column("loss", "Loss function", "text"),
            Column("formula", "Formula", "text"),
            Column("parameters", "Parameters", "text"),
            Column("learning_rate", "Learning rate"),
            Column("weight_decay", "Weight decay"),
            Column("reference", "Ref."),
        ),
        bodies=(Body(rows),),
        notes=tuple(
            f"In the formulas, {text}." for text in _joined([*where, *meanings(analysis.study.losses, analysis.labels)])
        ),
        dense=True,
    )


def meanings(losses: Mapping[str, Loss], labels: Mapping[str, str]) -> Iterator[str]:
    """Yield what the letters of the parameters mean, with the loss where the letter means something else in another.

    Args:
        losses: name in the study -> loss.
        labels: name in the study -> as the report calls it.
    """
    told = [
        (one.letter, one.meaning.replace("; ", ", "), name)
        for name, loss in losses.items()
        for one in (CATALOGUE[loss.loss].parameters if loss.loss is not None else ())
    ]
    for letter, meaning, name in told:
        several = len({other for same, other, _ in told if same == letter}) > 1
        yield f"{letter} ({labels[name]}): {meaning}" if several else f"{letter}: {meaning}"


def _joined(texts: list[str]) -> list[str]:
    """Leave out what an earlier text already explains, for the catalogue's texts share their beginnings."""
    seen: list[str] = []
    for text in texts:
        seen += [part for part in text.split("; ") if part not in seen]
    return ["; ".join(seen)] if seen else []


def _bracketed(numbers: str) -> str:
    return f"[{numbers.replace(',', ', ')}]" if numbers else numerals.UNDEFINED


def _loss_row(analysis: Analysis, name: str, cite: Callable[[str], str]) -> tuple[Cell, ...]:
    loss, study = analysis.study.losses[name], analysis.study
    entry = CATALOGUE.get(loss.loss or "")
    label = analysis.labels[name]
    title = label
    if entry is not None and entry.title.lower().startswith(label.lower()):
        title = entry.title
    elif entry is not None:
        title += f" – {entry.title}"
    if short(analysis)[name] != label:
        title += f" (in short: {short(analysis)[name]})"
    latex = loss.formula or (entry.formula if entry else "")
    spoken = entry.spoken if entry else f"formula of {label} as given by the authors"
    symbols = {parameter.name: parameter for parameter in entry.parameters} if entry else {}
    told = ", ".join(f"{key} = {numerals.general(value)}" for key, value in loss.parameters.items())
    markup = ", ".join(
        f"{formula.draw(symbols[key].symbol, f'{name}-{key}', key)} = {numerals.general(value)}"
        for key, value in loss.parameters.items()
        if key in symbols
    )
    set_ = formula.draw(latex, name, spoken)
    return (
        plain(title),
        Cell(latex, (latex,), markup=set_, latex=f"${latex}$" if set_.startswith("<svg") else ""),
        Cell(told or numerals.UNDEFINED, (told,), markup=markup if len(symbols) == len(loss.parameters) else ""),
        Cell(numerals.general(study.learning_rate(name)), (study.learning_rate(name),)),
        Cell(numerals.general(study.weight_decay(name)), (study.weight_decay(name),)),
        plain(_bracketed(cite((entry.doi if entry else None) or loss.reference or ""))),
    )
