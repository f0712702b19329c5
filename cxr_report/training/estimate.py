"""A study and its data in, what one epoch of one run costs out; for a forecast, nothing is kept."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxr_report.runs import StudyFolder
from cxr_report.study import Study
from cxr_report.training import fleet

if TYPE_CHECKING:
    from cxr_report.data.cases import DataSet

__all__ = ["Cost", "measure_epoch"]

COPIES = 6
"""Files of one run in units of its weights: four in checkpoint.pt (weights, two moments, the best weights), one each in
weights.safetensors and model.onnx."""

PREDICTION = 24
"""Bytes of an identifier and its array's share, per predicted case, besides 4 per logit."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What training a study takes on this machine."""

    seconds_per_epoch: float
    """Of one run, training and validation, while `runs_at_once` are trained."""
    device: str
    """Such as ``cpu`` or ``cuda:0``."""
    runs_at_once: int
    bytes_of_memory: int
    """Of one run: of its process on a CPU, on the device on a GPU."""
    bytes_per_run: int
    """On disk."""


def measure_epoch(study: Study, *, study_file: Path, dataset: DataSet, workers: int | None = None) -> Cost:
    """Time one epoch of one run in the company in which it would be trained.

    Args:
        study: what is asked.
        study_file: beside which pretrained weights and functions of the user's own are looked for.
        dataset: training and validation cases are used.
        workers: runs at once; None finds it.

    Raises:
        Refusal: a function of the user's own fails its checks, or a worker ran out of memory.
        RuntimeError: a worker failed.
    """
    tasks = fleet.assignments(study, dataset)
    where = fleet.devices(workers, len(tasks))
    with (
        tempfile.TemporaryDirectory(prefix="cxr-report-") as nowhere,
        fleet.open_crew(
            study,
            study_file=study_file,
            folder=StudyFolder(Path(nowhere)),
            dataset=dataset,
            where=where,
            provenance={},
        ) as hands,
    ):
        found: list[dict[str, Any]] = []
        while len(found) < len(where):
            message = hands.next()
            if message.kind == "ready":
                hands.order(message.worker, fleet.order("measure", tasks[message.worker]))
            elif message.kind == "measured":
                found.append(message.content)
            else:
                raise fleet.trouble(message, tasks[message.worker], study)
    predicted = (len(dataset.val) + len(dataset.test)) * (PREDICTION + 4 * len(dataset.classes))
    return Cost(
        seconds_per_epoch=max(one["seconds"] for one in found),
        device=where[0],
        runs_at_once=sum(one["runs_at_once"] for one in found),
        bytes_of_memory=max(one["bytes_of_memory"] for one in found),
        bytes_per_run=COPIES * found[0]["bytes_of_weights"] + predicted,
    )
