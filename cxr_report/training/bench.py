"""What a run needs from outside: which run it is, and the data, study and device that it shares with others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from cxr_report.runs import StudyFolder
from cxr_report.study import Study
from cxr_report.training.resident import Resident

__all__ = ["Assignment", "Bench"]


def _nobody(_: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """A run to be trained."""

    loss: str
    seed: int
    identity: str
    """See `Study.run_identity`."""
    trial: bool = False
    """Whether only the score on validation is wanted, and no weights."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What all runs on one device share."""

    study: Study
    study_file: Path
    folder: StudyFolder
    train: Resident
    val: Resident
    classes: int
    grey: tuple[float, float]
    """Mean and standard deviation of the training pixels, in [0, 1]."""
    device: torch.device
    provenance: Mapping[str, Any]
    """What run.json records of the driver."""
    note: Callable[[str], None] = _nobody
    """Told what a user should know of how runs are trained here."""
