"""The tables of the methods: the cases of every split, and the loss functions with their formulas."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cxr_report.analysis.value import Analysis
from cxr_report.losses import CATALOGUE
from cxr_report.report import numerals
from cxr_report.report.cohort import Cohort, SplitCounts
from cxr_report.report.figures import formula
from cxr_report.report.language import ENGLISH, Speech, phrase, speech
from cxr_report.report.names import short
from cxr_report.report.tables.table import Body, Cell, Column, Table, of, plain, spoken
from cxr_report.study import Loss

__all__ = ["data", "losses", "meanings"]


def data(analysis: Analysis, cohort: Cohort) -> Table:
    """Make the table of cases, patients, classes and demographics per split."""
    say, splits, images = speech(analysis), cohort.splits, analysis.study.trained
    whole = [
        (plain(say.text("Images" if images else "Cases")), *(of(split.cases) for split in splits)),
        (plain(say.text("Patients")), *(_known(split.patients) for split in splits)),
    ]
    bodies = [Body(tuple(whole))]
    if analysis.study.task == "multilabel":
        rows = tuple((plain(name), *(_finding(split, name) for split in splits)) for name in analysis.classes)
        title = say.text(
            "Findings: present (% of images with a known label); not known"
            if images
            else "Findings: present (% of cases with a known label); not known"
        )
        bodies.append(Body(rows, title))
    else:
        rows = tuple(
            (plain(name), *(_share(split, split.positive.get(name, 0)) for split in splits))
            for name in analysis.classes
        )
        bodies.append(Body(rows, say.text("Classes (% of images)" if images else "Classes (% of cases)")))
    bodies += _demographics(say, splits, images=images)
    return Table(
        key="data",
        number="",
        title=say.text("Cases per split"),
        n=say.text("n = {cases} images" if images else "n = {cases} cases", cases=numerals.count(cohort.kept)),
        columns=(
            Column("row", "", "text"),
            *(
                Column(ENGLISH.text(split.name).lower(), say.text(split.name), parts=("count", "percent", "unknown"))
                for split in splits
            ),
        ),
        bodies=tuple(bodies),
        notes=tuple(_data_notes(say, cohort)),
        bodies_title="group",
    )


def _data_notes(say: Speech, cohort: Cohort) -> Iterator[str]:
    values = {value for split in cohort.splits for value in split.demographics.get("view", {})}
    meant = [
        f"{short}: {say.text(long)}"
        for short, long in _CODES.items()
        if any(short in value.split() for value in values)
    ]
    if meant:
        yield f"{'; '.join(meant)}."
    if not cohort.patients_known:
        yield say.text("The source names no patients.")


_COUNTED = ("count", "percent", "unknown")

_CODES = {"AP": phrase("anteroposterior"), "PA": phrase("posteroanterior")}
"""What the usual codes of the view mean."""

_WORDS = {"F": phrase("female"), "M": phrase("male"), "unknown": phrase("unknown")}
"""Codes of sex -> the words that subgroups have, and what is said of a case of which nothing is known."""


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


def _demographics(say: Speech, splits: tuple[SplitCounts, ...], *, images: bool) -> list[Body]:
    bodies = []
    sex = say.text("Sex (% of images)" if images else "Sex (% of cases)")
    view = say.text("View (% of images)" if images else "View (% of cases)")
    for column, title in (("sex", sex), ("view", view)):
        values = sorted({value for split in splits for value in split.demographics.get(column, {})})
        if values:
            rows = tuple(
                (
                    plain(say.text(_WORDS[value]) if value in _WORDS else value),
                    *(_share(split, split.demographics.get(column, {}).get(value, 0)) for split in splits),
                )
                for value in values
            )
            bodies.append(Body(rows, title))
    if any("age" in split.demographics for split in splits):
        ages = [split.demographics.get("age") for split in splits]
        rows = tuple((plain(say.text(name)), *(_age(say, age, write) for age in ages)) for name, write in _AGE.items())
        bodies.append(Body(rows, say.text("Age, years")))
    return bodies


_AGE: Mapping[str, Callable[[Speech, Mapping[str, Any]], str]] = {
    phrase("Known for"): lambda _, age: numerals.count(age["known"]),
    phrase("Mean (SD)"): lambda _, age: f"{numerals.fixed(age['mean'], 1)} ({numerals.fixed(_number(age['sd']), 1)})",
    phrase("Median"): lambda _, age: numerals.fixed(age["median"], 0),
    phrase("Range"): lambda say, age: say.interval(age["min"], age["max"], 0),
}


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def _age(say: Speech, age: Mapping[str, Any] | None, write: Callable[[Speech, Mapping[str, Any]], str]) -> Cell:
    return Cell(numerals.UNDEFINED, (None,)) if age is None else plain(write(say, age))


def losses(analysis: Analysis, cite: Callable[[str], str]) -> Table:
    """Make the table of loss functions.

    Args:
        analysis: everything.
        cite: DOI or reference -> the number in the list of references.
    """
    say, rows = speech(analysis), tuple(_loss_row(analysis, name, cite) for name in analysis.losses)
    baseline = analysis.labels[analysis.study.analysis.baseline]
    where = dict.fromkeys(
        CATALOGUE[loss.loss].where for loss in analysis.study.losses.values() if loss.loss is not None
    )
    return Table(
        key="losses",
        number="",
        title=say.text("The loss functions; loss of one case before the mean over the batch"),
        n=say.text("n = {n} loss functions; baseline: {baseline}", n=str(len(rows)), baseline=baseline),
        columns=spoken(
            say,
            Column("loss", "Loss function", "text"),
            Column("formula", "Formula", "text"),
            Column("parameters", "Parameters", "text"),
            Column("learning_rate", "Learning rate"),
            Column("weight_decay", "Weight decay"),
            Column("reference", "Ref."),
        ),
        bodies=(Body(rows),),
        notes=tuple(
            say.text("In the formulas, {meanings}.", meanings=text)
            for text in _joined([*map(say.note, where), *meanings(analysis.study.losses, analysis.labels, say)])
        ),
        dense=True,
    )


def meanings(losses: Mapping[str, Loss], labels: Mapping[str, str], say: Speech = ENGLISH) -> Iterator[str]:
    """Yield what the letters of the parameters mean, with the loss where the letter means something else in another.

    Args:
        losses: name in the study -> loss.
        labels: name in the study -> as the report calls it.
        say: the language.
    """
    told = [
        (one.letter, _parts(say, one.meaning).replace("; ", ", "), name)
        for name, loss in losses.items()
        for one in (CATALOGUE[loss.loss].parameters if loss.loss is not None else ())
    ]
    for letter, meaning, name in told:
        several = len({other for same, other, _ in told if same == letter}) > 1
        yield f"{letter} ({labels[name]}): {meaning}" if several else f"{letter}: {meaning}"


def _parts(say: Speech, text: str) -> str:
    """Say a text of the catalogue of losses part by part, for its texts share many parts."""
    return "; ".join(say.text(part) for part in text.split("; "))


def _joined(texts: list[str]) -> list[str]:
    """Leave out what an earlier text already explains, for the catalogue's texts share their beginnings."""
    seen: list[str] = []
    for text in texts:
        seen += [part for part in text.split("; ") if part not in seen]
    return ["; ".join(seen)] if seen else []


def _bracketed(numbers: str) -> str:
    return f"[{numbers.replace(',', ', ')}]" if numbers else numerals.UNDEFINED


def _loss_row(analysis: Analysis, name: str, cite: Callable[[str], str]) -> tuple[Cell, ...]:
    say, loss, study = speech(analysis), analysis.study.losses[name], analysis.study
    entry = CATALOGUE.get(loss.loss or "")
    label = analysis.labels[name]
    title = label
    if entry is not None and say.text(entry.title).lower().startswith(label.lower()):
        title = say.text(entry.title)
    elif entry is not None:
        title += f" – {say.text(entry.title)}"
    if short(analysis)[name] != label:
        title = say.text("{loss} (in short: {short})", loss=title, short=short(analysis)[name])
    latex = loss.formula or (entry.formula if entry else "")
    aloud = _parts(say, entry.spoken) if entry else say.text("formula of {loss} as given by the authors", loss=label)
    symbols = {parameter.name: parameter for parameter in entry.parameters} if entry else {}
    told = ", ".join(f"{key} = {numerals.general(value)}" for key, value in loss.parameters.items())
    markup = ", ".join(
        f"{formula.draw(symbols[key].symbol, f'{name}-{key}', key)} = {numerals.general(value)}"
        for key, value in loss.parameters.items()
        if key in symbols
    )
    set_ = formula.draw(latex, name, aloud)
    return (
        plain(title),
        Cell(latex, (latex,), markup=set_, latex=f"${latex}$" if set_.startswith("<svg") else ""),
        Cell(told or numerals.UNDEFINED, (told,), markup=markup if len(symbols) == len(loss.parameters) else ""),
        Cell(numerals.general(study.learning_rate(name)), (study.learning_rate(name),)),
        Cell(numerals.general(study.weight_decay(name)), (study.weight_decay(name),)),
        plain(_bracketed(cite((entry.doi if entry else None) or loss.reference or ""))),
    )
