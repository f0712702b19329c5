"""run.json: who trained a run, on what, when; the only file of training that holds times and machine facts."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

import torch

from cxr_report import __version__
from cxr_report.runs import RunFolder, read_json, write_json

__all__ = ["begin", "commit", "finish"]

PACKAGES = ("torch", "numpy", "monai", "safetensors")


def begin(run: RunFolder, facts: Mapping[str, Any], device: torch.device) -> None:
    """Write the start of a run; where it goes on from its checkpoint, only add when and on what.

    Args:
        run: the run's folder.
        facts: what else the file shall say: identity, the hashes of plan and ledger, the commit.
        device: where the run is trained.
    """
    here = {"device": _device_name(device), "versions": _versions()}
    if run.checkpoint.exists() and run.run_json.exists():
        told = read_json(run.run_json)
        again = {"time": _time(), **here}
        write_json(run.run_json, {**told, "resumed": [*told.get("resumed", []), again]})
        return
    start = {"loss": run.loss, "seed": run.seed, **facts, **here, "start": _time(), "resumed": [], "finished": None}
    write_json(run.run_json, start)


def finish(run: RunFolder) -> None:
    """Add when the run ended."""
    write_json(run.run_json, {**read_json(run.run_json), "finished": _time()})


def commit() -> str | None:
    """Return the git commit of the working directory, if it has any."""
    try:
        told = subprocess.run(
            ["git", "rev-parse", "HEAD"], capture_output=True, text=True, timeout=10, check=True
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
    return told or None


def _versions() -> dict[str, str | None]:
    ours = {"cxr_report": __version__, "python": platform.python_version()}
    system = {"system": f"{platform.system()} {platform.machine()}"}
    return {**ours, **{name: _version(name) for name in PACKAGES}, **system}


def _time() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return f"cuda: {torch.cuda.get_device_name(device)}"
    return f"cpu: {_processor()}"


def _processor() -> str:
    """Return the processor's name; Linux tells it nowhere but in /proc."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as stream:  # noqa: PTH123 - no file of a study
            lines = [line.partition(":")[2].strip() for line in stream if line.startswith("model name")]
    except OSError:
        lines = []
    return lines[0] if lines else platform.processor() or platform.machine()


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
