"""A parcel in, a place to train out: the user's own files and the data, in a temporary folder of this process alone."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout

from cxr_report.errors import Refusal
from cxr_report.runs import StudyFolder
from cxr_report.study import Study, function_sha256
from cxr_report.training import worker
from cxr_report.training.bench import Bench
from cxr_report.training.cluster.parcel import here

__all__ = ["Workshop", "unfit", "workshop"]

PREFIX = "cxr-report-ray-"

LOCK = "lock"
"""Held while its process lives: a folder whose lock is free was left by one that was killed."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """The folder of this process, and the data on its device; both stay for the runs to come."""

    path: Path
    lock: FileLock
    shared: Bench
    differing: tuple[str, ...]
    """What is not as on the driver, one clause each."""

    def bench(self, provenance: Mapping[str, Any], node: str) -> Bench:
        """Return a bench whose folder is empty.

        Args:
            provenance: what the driver wants recorded.
            node: the name of this node.
        """
        self.clear()
        place = {
            "node": node[:12],
            "cpu_capability": here()["CPU capability"],
            "differs_from_driver": list(self.differing),
        }
        return replace(self.shared, folder=StudyFolder(self.path / "runs"), provenance={**provenance, "ray": place})

    def clear(self) -> None:
        """Remove what a run has left."""
        shutil.rmtree(self.path / "runs", ignore_errors=True)


_made: dict[str, Workshop] = {}
"""This process's workshop, by the key of its parcel: Ray gives a process to one driver, and that has one study."""


def workshop(parcel: Mapping[str, Any]) -> Workshop:
    """Return this process's workshop, set up at the first call.

    Args:
        parcel: see `parcel.pack`.
    """
    if parcel["key"] not in _made:
        _made[parcel["key"]] = _set_up(parcel)
    return _made[parcel["key"]]


def unfit(parcel: Mapping[str, Any]) -> str:
    """Say why this node cannot train the study, as the end of a sentence that begins with the node; empty if it can."""
    if parcel["device"] == "cuda" and not torch.cuda.is_available():
        return "offers a GPU, but its torch finds none; install torch's build for the GPU there"
    shared = workshop(parcel).shared
    return _other_module(shared.study, shared.study_file)


def _set_up(parcel: Mapping[str, Any]) -> Workshop:
    _remove_abandoned()
    path = Path(tempfile.mkdtemp(prefix=PREFIX))
    lock = FileLock(path / LOCK, timeout=0)
    lock.acquire()
    own = path / "own"
    own.mkdir()
    for name, content in parcel["files"].items():
        file = own / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    told = {
        **{name: parcel[name] for name in ("study", "classes", "grey", "provenance", "device")},
        "study_file": str(own / parcel["file_name"]),
        "folder": str(path / "runs"),
    }
    shared = worker.bench(told, {name: (parcel["images"][name], parcel["labels"][name]) for name in ("train", "val")})
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return Workshop(path, lock, shared, _differing(parcel["driver"]))


def _differing(driver: Mapping[str, str]) -> tuple[str, ...]:
    found = here()
    return tuple(f"{name}: {driver[name]} there, {found[name]} here" for name in driver if driver[name] != found[name])


def _other_module(study: Study, study_file: Path) -> str:
    """Say which module of the user's own is another one here: it is installed here, and did not travel."""
    entries = {**study.losses, **study.noise_floor.identical}
    named = [(study.model.function, study.model.function_sha256)]
    named += [(entry.function, entry.function_sha256) for entry in entries.values()]
    for reference, told in named:
        if reference is None or told is None:
            continue
        module = reference.partition(":")[0]
        try:
            found = function_sha256(reference, study_file, module)
        except Refusal:
            return f"has no module {module}; install it on every node, or put it beside the study file"
        if found != told:
            return f"has another module {module} than the driver; install the same on every node"
    return ""


def _remove_abandoned() -> None:
    """Remove the folders of processes that were killed, as all are when the driver is interrupted."""
    for file in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{LOCK}"):
        lock = FileLock(file, timeout=0)
        try:
            lock.acquire()
        except (Timeout, OSError):  # at work, another user's, or gone meanwhile
            continue
        shutil.rmtree(file.parent, ignore_errors=True)
        lock.release()
