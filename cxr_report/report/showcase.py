"""gallery.npz in, the cases that a report may show out, once the study says so and they are those of the analysis."""

from __future__ import annotations

from pathlib import Path

from cxr_report.analysis.value import Analysis
from cxr_report.data.gallery import Gallery, read
from cxr_report.errors import Refusal
from cxr_report.runs import StudyFolder

__all__ = ["files", "load"]


def files(folder: StudyFolder, analysis: Analysis) -> tuple[Path, ...]:
    """Return gallery.npz where it is there and may be shown; the decision of the study stands above the file."""
    may = analysis.study.report.shows_cases(analysis.study.data.source) and bool(analysis.label_changes)
    return (folder.gallery,) if may and folder.gallery.is_file() else ()


def load(folder: StudyFolder, analysis: Analysis) -> Gallery | None:
    """Read the cases that may be shown.

    Args:
        folder: the study.
        analysis: whose predictions they must be of.

    Returns:
        None where none may be shown, or there are none.

    Raises:
        Refusal: the file is damaged, or was made from other predictions than the analysis.
    """
    for file in files(folder, analysis):
        found = read(file)
        _refuse_another(folder, analysis, found)
        return found
    return None


def _refuse_another(folder: StudyFolder, analysis: Analysis, found: Gallery) -> None:
    known, several = len(analysis.classes), analysis.study.task == "multilabel"
    recorded = zip(found.files.tolist(), found.sha256.tolist(), strict=True)
    differing = [name for name, digest in recorded if analysis.inputs.get(name, digest) != digest]
    fits = (
        tuple(found.losses.tolist()) == analysis.losses
        and bool(((found.findings >= 0) == several).all())
        and bool((found.labels < (2 if several else known)).all())
        and bool((found.truth < (2 if several else known)).all())
        and bool((found.findings < known).all())
    )
    if differing or not fits:
        what = f"of another {differing[0]}" if differing else "of other losses or classes"
        raise Refusal(
            f"{folder.relative(folder.gallery)}: shows cases {what} than the analysis is of; run `cxr-report evaluate` "
            "and `cxr-report analyse` again"
        )
