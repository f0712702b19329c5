"""A CSV file of somebody's numbers in, a study's folder that can be analysed out: nothing is trained."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cxr_report.errors import Refusal, nearest
from cxr_report.intake.asked import Asked
from cxr_report.intake.form import recognise, refuse_unknown
from cxr_report.intake.framing import Framed, frame_predictions, frame_scores
from cxr_report.intake.outcome import layout
from cxr_report.intake.predictions import GivenPredictions, columns_of, read_predictions
from cxr_report.intake.scores import COLUMNS, GivenScores, read_scores
from cxr_report.intake.writing import write_predictions, write_scores
from cxr_report.runs import StudyFolder
from cxr_report.study import Study

__all__ = ["Asked", "Intake", "read"]

TASKS = ("binary", "multiclass", "multilabel")


@dataclass(frozen=True, slots=True)
class Intake:
    """A table that was read, and the study that describes it."""

    found: GivenScores | GivenPredictions
    framed: Framed

    @property
    def study(self) -> Study:
        """The study, fully resolved."""
        return self.framed.study

    def said(self) -> str:
        """Say in one line what was read."""
        sheet, study = self.found.sheet, self.study
        runs = f"{len(study.losses)} losses x {_counted(len(study.seeds), 'seed')}"
        decimal = ", with decimal commas" if self.found.decimal == "," else ""
        cells = f"cells separated by {'semicolons' if sheet.delimiter == ';' else 'commas'}{decimal}"
        if isinstance(self.found, GivenScores):
            return f"{sheet.file}: scores of {runs}, {_counted(len(self.framed.metrics), 'metric')}; {cells}"
        cases = " and ".join(_counted(len(cases), f"{split} case") for split, cases in self.found.cases.items())
        return f"{sheet.file}: predictions ({self.found.layout.scale}) of {runs} for {cases}; {cells}"

    def write(self, folder: StudyFolder) -> None:
        """Write the study's folder; study.json comes last.

        Args:
            folder: where the study shall lie.

        Raises:
            Refusal: another study, or one of other numbers, lies there already.
        """
        if isinstance(self.found, GivenScores):
            write_scores(self.found, self.framed, folder)
        else:
            write_predictions(self.found, self.framed, folder)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def read(file: Path, asked: Asked) -> Intake:
    """Read a table and hold what is asked against it.

    The form is told by the names of the columns: loss, seed, metric and value for scores; loss, seed, case, truth and
    one column per class for predictions.

    Args:
        file: CSV in UTF-8, cells separated by commas or semicolons.
        asked: what the table does not say.

    Raises:
        Refusal: the table or what is asked is at fault; one sentence with file, line and column.
    """
    sheet, form = recognise(file)
    if form == "scores":
        refuse_unknown(sheet, COLUMNS)
        scores = read_scores(sheet)
        return Intake(scores, frame_scores(scores, asked))
    if asked.task not in TASKS:
        got = f", got {asked.task!r}{nearest(asked.task, TASKS)}" if asked.task else ""
        raise Refusal(f"--task: is needed for predictions and is never guessed; allowed: {', '.join(TASKS)}{got}")
    meaning = layout(sheet, asked.task, asked.positive)
    refuse_unknown(sheet, columns_of(meaning))
    predictions = read_predictions(sheet, meaning)
    return Intake(predictions, frame_predictions(predictions, asked))
