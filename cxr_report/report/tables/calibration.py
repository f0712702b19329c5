"""The table of calibration: an Analysis in; ECE and the parts of the Brier score per loss out."""

from __future__ import annotations

from cxr_report.analysis.value import Analysis, Calibration
from cxr_report.report import numerals
from cxr_report.report.language import phrase, speech
from cxr_report.report.names import counted, roles
from cxr_report.report.tables.table import Body, Cell, Column, Table, number, plain, spoken

__all__ = ["calibration"]

PARTS = ("brier", "reliability", "resolution", "uncertainty", "within")
BRIER = phrase("Brier score and its parts")


def calibration(analysis: Analysis) -> Table | None:
    """Make the table of calibration; None where predictions are no probabilities."""
    if not analysis.calibrations:
        return None
    say = speech(analysis)
    rows = tuple(_row(analysis, f"calibrations.{n}", each) for n, each in enumerate(analysis.calibrations))
    notes = dict.fromkeys(each.note for each in analysis.calibrations if each.note)
    return Table(
        key="calibration",
        number="",
        title=say.text("Calibration per loss function, means over the seeds"),
        n=counted(analysis),
        columns=spoken(
            say,
            Column("loss", "Loss function", "text"),
            Column("ece", "ECE", parts=("mean", "sd")),
            Column("brier", "Brier", group=BRIER),
            Column("reliability", "Reliability", group=BRIER),
            Column("resolution", "Resolution", group=BRIER),
            Column("uncertainty", "Uncertainty", group=BRIER),
            Column("within", "Within bins", group=BRIER),
        ),
        bodies=(Body(rows),),
        notes=(
            say.text(
                "ECE: expected calibration error, mean (SD) over seeds; it is biased upwards with few cases and is "
                "{tested}. Brier score = reliability − resolution + uncertainty + within bins; a low reliability term "
                "and a high resolution are good, and uncertainty belongs to the cases alone.",
                tested=_tested(analysis),
            ),
            *(f"{numerals.UNDEFINED} {say.note(note)}." for note in notes),
        ),
        dense=True,
    )


def _tested(analysis: Analysis) -> str:
    """Say whether the error is tested: only where the study lists it as a metric, and then over seeds."""
    say = speech(analysis)
    if "ece" not in analysis.metrics:
        return say.text("not tested")
    return say.text("tested over seeds only ({role})", role=roles(analysis)["ece"])


def _row(analysis: Analysis, key: str, each: Calibration) -> tuple[Cell, ...]:
    ece = f"{numerals.value(each.ece)} ({numerals.spread(each.ece_sd)})"
    return (
        plain(analysis.labels[each.loss]),
        Cell(ece if each.ece == each.ece else numerals.UNDEFINED, (each.ece, each.ece_sd), f"{key}.ece"),
        *(number(getattr(each, name), f"{key}.{name}", by=numerals.spread) for name in PARTS),
    )
