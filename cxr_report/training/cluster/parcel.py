"""A study and its data in, one parcel of plain values out, which is all that a process elsewhere needs to train."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cxr_report.ledger import published
from cxr_report.study import Study
from cxr_report.training.cluster.sources import own_files
from cxr_report.training.resident import grey_levels

if TYPE_CHECKING:
    from cxr_report.data.cases import DataSet

__all__ = ["here", "pack"]


def pack(
    study: Study, dataset: DataSet, *, study_file: Path, provenance: Mapping[str, Any], gpu: bool
) -> dict[str, Any]:
    """Pack what all runs share.

    Args:
        study: what is asked.
        dataset: training and validation cases travel, test cases stay.
        study_file: beside which pretrained weights and functions of the user's own are looked for.
        provenance: what every run.json records at its start.
        gpu: whether runs are trained on GPUs.

    Returns:
        Plain values and arrays; no path of this machine is among them.
    """
    files = own_files(study, study_file)
    splits = {name: dataset.split(name) for name in ("train", "val")}
    return {
        "key": _key(study, dataset, files),
        "study": published(study).model_dump(mode="json"),
        "file_name": study_file.name,
        "files": files,
        "device": "cuda" if gpu else "cpu",
        "classes": len(dataset.classes),
        "grey": grey_levels(dataset.train.images),
        "provenance": dict(provenance),
        # a plain view, since a memory map would be copied into the message in place of lying beside it
        "images": {name: np.ascontiguousarray(np.asarray(cases.images)) for name, cases in splits.items()},
        "labels": {name: np.asarray(cases.labels) for name, cases in splits.items()},
        "driver": here(),
    }


def here() -> dict[str, str]:
    """Return on what this process would train: kind of device, and capability of the CPU as torch names it."""
    import torch

    return {
        "device type": "cuda" if torch.cuda.is_available() else "cpu",
        "CPU capability": torch.backends.cpu.get_cpu_capability(),
    }


def _key(study: Study, dataset: DataSet, files: Mapping[str, bytes]) -> str:
    content = hashlib.sha256(study.model_dump_json().encode() + dataset.fingerprint.encode())
    for name in sorted(files):
        content.update(name.encode() + b"\0" + files[name])
    return content.hexdigest()
