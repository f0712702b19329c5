"""evaluation.json and the predictions beside it: what was told there, held against what is there now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cxr_report.errors import Refusal
from cxr_report.runs import SPLITS, RunFolder, read_json, sha256

__all__ = ["stands"]


def stands(run: RunFolder, facts: Mapping[str, Any]) -> bool:
    """Say whether evaluation.json tells these facts, and names the predictions that are there by their hashes.

    Args:
        run: a run, or a control, which has files like one.
        facts: field of evaluation.json -> the value that it must have.
    """
    files = {split: run.predictions(split) for split in SPLITS}
    if not run.evaluation_json.exists() or not all(file.exists() for file in files.values()):
        return False
    try:
        told = read_json(run.evaluation_json)
    except Refusal:
        return False
    return (
        isinstance(told, dict)
        and all(told.get(name) == value for name, value in facts.items())
        and told.get("predictions_sha256") == {split: sha256(file) for split, file in files.items()}
    )
