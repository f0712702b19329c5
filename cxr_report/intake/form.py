"""A CSV file in, the form that its columns tell out: tidy scores, or predictions case by case."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from cxr_report.errors import Refusal, nearest
from cxr_report.intake.predictions import ATTRIBUTES
from cxr_report.intake.scores import COLUMNS
from cxr_report.intake.sheet import Sheet, open_sheet

__all__ = ["Form", "recognise", "refuse_unknown"]

Form = Literal["scores", "predictions"]

SCORES = f"scores have the columns {', '.join(COLUMNS)}"
PREDICTIONS = "predictions have loss, seed, case, truth and one column prob_NAME or logit_NAME per class"
RUN = ("loss", "seed", "case")
"""What every row of predictions says."""


def recognise(file: Path) -> tuple[Sheet, Form]:
    """Open a table and tell its form by the names of its columns.

    Args:
        file: CSV.

    Raises:
        Refusal: the file cannot be read, or its columns are those of neither form, or of both.
    """
    sheet = open_sheet(file, expected=(*COLUMNS, *RUN, "truth", *ATTRIBUTES))
    scores = [name for name in ("metric", "value") if name in sheet.columns]
    predictions = [name for name in sheet.columns if _of_predictions(name)]
    if scores and predictions:
        raise Refusal(
            f"{file}: has columns of two forms, {', '.join(scores)} and {', '.join(predictions)}; allowed: one "
            f"of them; {SCORES}; {PREDICTIONS}"
        )
    if not scores and not predictions:
        raise Refusal(f"{file}: has the columns {', '.join(sheet.columns)}; {SCORES}; {PREDICTIONS}")
    wanted = COLUMNS if scores else RUN
    told = SCORES if scores else PREDICTIONS
    for name in wanted:
        if name not in sheet.columns:
            close = nearest(name, [column for column in sheet.columns if column not in wanted])
            raise Refusal(f"{file}: has no column {name!r}; {told}; its columns are {', '.join(sheet.columns)}{close}")
    return sheet, "scores" if scores else "predictions"


def _of_predictions(column: str) -> bool:
    return column in ("case", "truth", "score") or column.startswith(("prob_", "logit_", "truth_"))


def refuse_unknown(sheet: Sheet, allowed: Sequence[str]) -> None:
    """Refuse a column that means nothing here, for it might be what tells two rows apart.

    Args:
        sheet: the table.
        allowed: every column that it may have.

    Raises:
        Refusal: there is another one.
    """
    for name in sheet.columns:
        if name not in allowed:
            raise Refusal(
                f"{sheet.file}: unknown column {name!r}; allowed: {', '.join(allowed)}{nearest(name, allowed)}"
            )
