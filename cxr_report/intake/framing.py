"""A table and what is asked of it in, the Study that describes it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cxr_report.errors import Refusal
from cxr_report.intake.asked import Asked, planned
from cxr_report.intake.design import Settled, settle
from cxr_report.intake.directions import Directions, only
from cxr_report.intake.naming import folder_name, loss_names, resolved
from cxr_report.intake.predictions import GivenPredictions
from cxr_report.intake.scores import GivenScores
from cxr_report.intake.sheet import Sheet
from cxr_report.metrics import METRICS, NEEDS_VALIDATION, RANKED
from cxr_report.study import Metrics, Study, parse

__all__ = ["Framed", "frame_predictions", "frame_scores"]

OVER_SEEDS = ("paired-t", "wilcoxon", "sign-flip")
"""Tests of a pair that need scores alone."""

OVER_CASES = ("mrmc-seeds-fixed",)
"""The test of a pair that is left where every loss has one seed."""


@dataclass(frozen=True, slots=True)
class Framed:
    """A study, and how its names are found in the table."""

    study: Study
    losses: Mapping[str, str]
    """Label in the table -> name in the study."""
    metrics: Mapping[str, str]
    """Name in the table -> name in the study; empty for predictions, whose metrics are computed."""
    notes: tuple[str, ...] = ()
    """What was not asked for and matters, in clauses."""


def frame_scores(found: GivenScores, asked: Asked) -> Framed:
    """Describe a table of scores as a study.

    The omnibus and the multiverse are those that scores alone can answer, unless the plan names others.

    Args:
        found: the table.
        asked: options and plan.

    Raises:
        Refusal: something that was asked does not fit the table, or the design is incomplete.
    """
    file = found.sheet.file
    if asked.task or asked.positive:
        raise Refusal(f"--{'task' if asked.task else 'positive'} goes with predictions; {file} holds scores")
    plan = planned(asked)
    directions = Directions(str(file), found.metrics, asked.higher, asked.lower)
    directions.check()
    metrics, ours = _given_metrics(directions, plan["metrics"], asked)
    analysis = _with_metrics(directions, plan["analysis"], asked)
    if analysis.get("omnibus", "iman-davenport") == "mrmc":
        raise Refusal(
            f"{asked.plan}: analysis.omnibus: mrmc needs predictions case by case, the table holds scores alone"
        )
    analysis.setdefault("omnibus", "iman-davenport")
    analysis["multiverse"] = {"tests": OVER_SEEDS, "thresholds": ("argmax",), **analysis.get("multiverse", {})}
    found.refuse_out_of_range(ours)
    settled = settle(file, found.seeds, found.lacking(list(ours)), incomplete=asked.incomplete, fewest=2)
    table = {"content": "scores", "left_out": {}}
    plan = {"metrics": metrics, "analysis": analysis}
    framed = _framed(found.sheet, found.losses, settled, asked, task="none", table=table, plan=plan)
    margin = f"the margin {framed.study.analysis.margin:g} was not stated and is the program's own"
    stated = "margin" in analysis or framed.study.metrics.primary in METRICS
    return replace(framed, metrics=ours, notes=() if stated else (margin,))


def _given_metrics(
    directions: Directions, plan: Mapping[str, Any], asked: Asked
) -> tuple[dict[str, Any], dict[str, str]]:
    """Find the metrics of the plan in the table; return the section metrics, and table's name -> study's."""
    written = str(plan.get("primary") or only(directions.metrics, directions.table))
    primary = directions.find(written, asked.blamed("primary", "metrics.primary"))
    others = plan.get("secondary")
    if others is None:
        others = [name for name in directions.metrics if name != primary[0]]
    key = asked.blamed("secondary", "metrics.secondary")
    secondary = [directions.find(name, key) for name in _texts(others, key)]
    section = {**plan, "primary": primary[1], "secondary": [ours for _, ours in secondary]}
    return section, dict([primary, *secondary])


def _with_metrics(directions: Directions, plan: Mapping[str, Any], asked: Asked) -> dict[str, Any]:
    """Write the metrics that the section analysis names as the study has them."""
    analysis = dict(plan)
    if "hierarchy" in analysis:
        key = f"{asked.plan}: analysis.hierarchy"
        analysis["hierarchy"] = [directions.find(name, key)[1] for name in _texts(analysis["hierarchy"], key)]
    multiverse = analysis.get("multiverse", {})
    if "metrics" in multiverse:
        key = f"{asked.plan}: analysis.multiverse.metrics"
        names = [directions.find(name, key)[1] for name in _texts(multiverse["metrics"], key)]
        analysis["multiverse"] = {**multiverse, "metrics": names}
    return analysis


def _texts(value: Any, key: str) -> list[str]:
    if isinstance(value, str) or not isinstance(value, list | tuple):
        raise Refusal(f"{key}: must be a list of names, got {value!r}")
    return [str(entry) for entry in value]


def frame_predictions(found: GivenPredictions, asked: Asked) -> Framed:
    """Describe a table of predictions as a study.

    Without validation cases no threshold is chosen: a class is called by the largest probability, a finding from one
    half. With one seed the question whether a difference would hold for other seeds cannot be asked.

    Args:
        found: the table.
        asked: options and plan.

    Raises:
        Refusal: something that was asked does not fit the table, or the design is incomplete.
    """
    if asked.higher or asked.lower:
        raise Refusal("--higher and --lower go with a table of scores; metrics of predictions are computed here")
    plan = planned(asked)
    settled = settle(found.sheet.file, found.seeds, found.lacking(), incomplete=asked.incomplete, fewest=1)
    layout, analysis = found.layout, dict(plan["analysis"])
    multiverse: dict[str, Any] = {} if "val" in found.cases else {"thresholds": ("argmax",)}
    if len(settled.seeds) == 1:
        multiverse["tests"] = OVER_CASES
    analysis["multiverse"] = {**multiverse, **analysis.get("multiverse", {})}
    metrics = dict(plan["metrics"])
    if "secondary" not in metrics:
        metrics["secondary"] = [
            name for name in Metrics().secondary if _usual(name, found) and name != metrics.get("primary", "auroc")
        ]
    table = {"content": "predictions", "scale": layout.scale, "splits": list(found.cases)}
    return _framed(found.sheet, found.losses, settled, asked, task=layout.task, table=table, plan={
        "metrics": metrics, "analysis": analysis,
    }, classes=layout.classes)  # fmt: skip


def _usual(name: str, found: GivenPredictions) -> bool:
    """Say whether one of the usual secondary metrics can be computed."""
    if found.layout.scale == "ranking":
        return name in RANKED
    return found.layout.task in METRICS[name].tasks and ("val" in found.cases or name not in NEEDS_VALIDATION)


def _framed(
    sheet: Sheet,
    labels: Sequence[str],
    settled: Settled,
    asked: Asked,
    *,
    task: str,
    table: Mapping[str, Any],
    plan: dict[str, dict[str, Any]],
    classes: tuple[str, ...] = (),
) -> Framed:
    if len(labels) < 2:
        raise Refusal(f"{sheet.file}: holds the single loss {labels[0]}; at least 2 are needed for a comparison")
    names = loss_names(labels)
    analysis = plan["analysis"]
    if analysis.get("baseline"):
        key = asked.blamed("baseline", "analysis.baseline")
        analysis = {**analysis, "baseline": resolved(str(analysis["baseline"]), names, key)}
    left_out = {seed: tuple(names[loss] for loss in losses) for seed, losses in settled.left_out.items()}
    data: dict[str, Any] = {"source": "table", "path": sheet.file.name, "table": {**table, "left_out": left_out}}
    if classes:
        data["classes"] = classes
        data["positive"] = classes[1] if task == "binary" else None
    raw = {
        "name": asked.name or folder_name(sheet.file.stem, "table"),
        "task": task,
        "data": data,
        "losses": {names[label]: {"reported": True, "label": label} for label in labels},
        "seeds": settled.seeds,
        "metrics": plan["metrics"],
        "analysis": analysis,
        "report": {"title": asked.title},
    }
    return Framed(parse(raw, asked.where), names, {})
