"""Where a stage works: a study file that was read, the folder of its runs, and what this machine offers."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cxr_report.errors import Refusal
from cxr_report.runs import StudyFolder
from cxr_report.study import Study, load

__all__ = ["Workplace", "cores", "free_disk", "require"]

EXTRAS: Mapping[str, tuple[str, ...]] = {
    "train": ("torch", "monai", "safetensors", "onnx", "onnxscript", "onnxruntime", "sklearn"),
    "infer": ("onnxruntime", "sklearn"),
    "ray": ("ray",),
}
"""What each extra brings, by the names that are imported."""


@dataclass(frozen=True, slots=True)
class Workplace:
    """A study file that was read, and the folder in which its runs land."""

    study_file: Path
    study: Study
    folder: StudyFolder

    @classmethod
    def open(cls, study_file: Path, runs: Path) -> Workplace:
        """Read a study file.

        Args:
            study_file: the TOML file.
            runs: the folder of all studies.

        Raises:
            Refusal: the file is at fault.
        """
        study = load(study_file)
        return cls(study_file, study, StudyFolder(runs / study.name))


def require(extra: str) -> None:
    """Ask for what an extra brings.

    Raises:
        Refusal: a package is not installed; the sentence says how to get it.
    """
    missing = [name for name in EXTRAS[extra] if importlib.util.find_spec(name) is None]
    if missing:
        raise Refusal(
            f"this needs {', '.join(missing)}, which the base install leaves out; "
            f"install the extra: pip install 'cxr_report[{extra}]'"
        )


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def free_disk(path: Path) -> int:
    """Return the bytes free on the disk on which a path lies or would lie."""
    there = path
    while not there.exists():
        there = there.parent
    return shutil.disk_usage(there).free
