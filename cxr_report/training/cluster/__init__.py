"""A study and the address of a Ray cluster in, every run finished: trained there, its files written here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxr_report.progress import Progress
from cxr_report.runs import StudyFolder
from cxr_report.study import Study
from cxr_report.training import fleet, record
from cxr_report.training.bench import Assignment
from cxr_report.training.cluster.dispatch import carry_out
from cxr_report.training.cluster.parcel import pack

if TYPE_CHECKING:
    from cxr_report.data.cases import DataSet

__all__ = ["train_on_ray"]


def train_on_ray(
    study: Study,
    *,
    study_file: Path,
    folder: StudyFolder,
    dataset: DataSet,
    address: str,
    workers: int | None = None,
    progress: Progress,
    provenance: Mapping[str, Any],
    tasks: Sequence[Assignment] | None = None,
) -> None:
    """Train every run that is not finished on a Ray cluster; no file system need be shared with it.

    The decoded training and validation cases are put into the cluster's object store once. A run is trained in a
    temporary folder of its node, and its finished files come back and are written here. Weights and histories are those
    of a local study, byte for byte, on the same kind of CPU or GPU and the same versions.

    Args:
        study: what is asked.
        study_file: beside which pretrained weights and functions of the user's own are looked for; they travel.
        folder: where the runs land.
        dataset: training and validation cases are used.
        address: ``auto``, or host:port of the head node.
        workers: most runs at once; None: as many as the cluster takes.
        progress: who is told.
        provenance: what every run.json records at its start, such as the hashes of plan and ledger.
        tasks: the runs; None: all that the study plans.

    Raises:
        Refusal: there is no such cluster, no node of it has the driver's versions; a finished run is another one than
            the study asks for; a function of the user's own fails its checks; a run was lost too often.
        RuntimeError: a run failed; the message names it.
    """
    from cxr_report.training.cluster.ray_cluster import RayCluster, connected

    asked = fleet.assignments(study, dataset) if tasks is None else tasks
    waiting = fleet.unfinished(asked, folder, progress)
    if not waiting:
        return
    fleet.check(study, study_file=study_file, dataset=dataset)
    facts = {**provenance, "git_commit": record.commit()}

    def packed(gpu: bool) -> Mapping[str, Any]:
        return pack(study, dataset, study_file=study_file, provenance=facts, gpu=gpu)

    with connected(address):
        cluster = RayCluster(packed)
        progress.say(cluster.said())
        carry_out(waiting, cluster, study=study, folder=folder, progress=progress, at_once=workers)
