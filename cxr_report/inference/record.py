"""Predictions and what is told of them: files written and hashed, and records held against what is there now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_report.data.cases import DataSet
from cxr_report.errors import Refusal
from cxr_report.runs import SPLITS, RunFolder, read_json, sha256, write_arrays

__all__ = ["hashes", "names", "stands", "told", "write"]


def stands(run: RunFolder, facts: Mapping[str, Any]) -> bool:
    """Say whether evaluation.json tells these facts, and names the predictions that are there by their hashes.

    Args:
        run: a run, or a control, which has files like one.
        facts: field of evaluation.json -> the value that it must have.
    """
    found = told(run)
    return all(found.get(name) == value for name, value in facts.items()) and names(
        run, found.get("predictions_sha256")
    )


def told(run: RunFolder) -> Mapping[str, Any]:
    """Return the content of evaluation.json; empty where it is missing or damaged."""
    if not run.evaluation_json.exists():
        return {}
    try:
        found = read_json(run.evaluation_json)
    except Refusal:
        return {}
    return found if isinstance(found, dict) else {}


def names(run: RunFolder, recorded: Any, variant: str = "") -> bool:
    """Say whether predictions are there and are those of the recorded hashes.

    Args:
        run: whose.
        recorded: split -> sha256, as it was read.
        variant: whose logits; empty for those of the exported model.
    """
    files = [run.predictions(split, variant) for split in SPLITS]
    return all(file.exists() for file in files) and bool(recorded == hashes(run, variant))


def hashes(run: RunFolder, variant: str = "") -> dict[str, str]:
    """Hash the predictions that are there, split by split."""
    return {split: sha256(run.predictions(split, variant)) for split in SPLITS}


def write(run: RunFolder, dataset: DataSet, logits: Mapping[str, NDArray[np.float32]], variant: str = "") -> None:
    """Write predictions, each file whole.

    Args:
        run: whose.
        dataset: its cases.
        logits: split -> ``(N, C)``.
        variant: whose logits; empty for those of the exported model.
    """
    for split, values in logits.items():
        write_arrays(run.predictions(split, variant), ids=dataset.split(split).ids, logits=values)
