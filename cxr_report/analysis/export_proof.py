"""The logits of trained networks and of their exported graphs in; a refusal where these are not one model, out."""

from __future__ import annotations

from collections.abc import Iterable

from cxr_report.analysis.context import Context
from cxr_report.analysis.gather import RunMaterial
from cxr_report.errors import Refusal
from cxr_report.inference.proof import prove
from cxr_report.runs import TORCH

__all__ = ["refuse_apart"]

WORDS = {"val": "validation", "test": "test"}


def refuse_apart(context: Context) -> None:
    """Repeat the proof of the export on torch's own logits, for every run of which they are there.

    What was recorded when a graph was exported says nothing of a graph that was put in its place later; the logits of
    both do. The tolerance is that of the export.

    Args:
        context: the runs, those of the noise floor among them, and their cases.

    Raises:
        Refusal: a graph gives other logits than the trained network; run, split and numbers are named.
    """
    runs = (*context.material.runs, *context.material.floor)
    told = [fault for run in runs if TORCH in run.arithmetics for fault in _faults(context, run)]
    if told:
        more = f" (and {len(told) - 1} more like it)" if len(told) > 1 else ""
        raise Refusal(f"{told[0]}{more}; delete this export.json and the evaluation.json beside it, and run it again")


def _faults(context: Context, run: RunMaterial) -> Iterable[str]:
    findings = context.material.classes if context.study.task == "multilabel" else ()
    folder = context.found.folder
    for split, words in WORDS.items():
        found = prove(
            run.arithmetics[TORCH][split],
            run.logits[split],
            ids=context.material.truth[split].ids,
            findings=findings,
        )
        if fault := found.fault(words):
            file = folder.relative(folder.run(run.loss, run.seed).export_json)
            yield f"{file}: the exported graph of loss {run.loss}, seed {run.seed} {fault}"
