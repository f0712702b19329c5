"""What the benchmarks of training share: a study over images on disk, our own way through it, times and the machine."""

from __future__ import annotations

import csv
import json
import os
import platform
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from cxr_report import data, training
from cxr_report.data.cases import DataSet
from cxr_report.progress import Silent
from cxr_report.runs import StudyFolder
from cxr_report.study import Study, parse

CLASSES = ("covid19", "no_finding", "pneumonia")
LOSSES = ("cross-entropy", "weighted-cross-entropy", "focal", "label-smoothing", "poly-1", "nce-rce")
PACKAGES = ("torch", "numpy", "pillow", "monai", "lightning")


@dataclass(frozen=True, slots=True)
class Recipe:
    """A study to be trained."""

    source: Path
    """A folder of splits of classes of images, or a manifest beside them."""
    size: int
    losses: int
    seeds: int
    epochs: int
    batch: int = 32
    model: str = "small-resnet"
    width: int = 16
    precision: str = "auto"

    def study(self) -> Study:
        """Write it as a user would."""
        manifest = self.source / "manifest.csv"
        where = {"source": "manifest", "path": str(manifest)} if manifest.exists() else {"source": "folder"}
        names = LOSSES[: max(2, self.losses)]
        raw = {
            "name": "bench",
            "task": "multiclass",
            "data": {"path": str(self.source), **where, "image_size": self.size, "allow_leakage": True},
            "model": {"name": self.model, **({"width": self.width} if self.model == "small-resnet" else {})},
            "training": {"epochs": self.epochs, "batch_size": self.batch, "precision": self.precision},
            "losses": {name: {"loss": name} for name in names},
            "seeds": list(range(1, self.seeds + 1)),
        }
        return parse(raw, "bench.toml")


class Notes(Silent):
    """Progress that keeps what was said, and when each epoch ended."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.epochs = 0

    def run(self, state: Any) -> None:
        if state.state == "training" and state.epoch:
            self.epochs += 1

    def say(self, text: str) -> None:
        self.said.append(text)


@dataclass(slots=True)
class Clock:
    """Wall and processor time of a stretch of work, child processes included."""

    wall: float = 0.0
    processor: float = 0.0
    own: float = 0.0
    """Processor time of this process alone."""
    load: list[float] = field(default_factory=list)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Add what the block takes."""
        wall, processor, own = time.perf_counter(), processor_seconds(), time.process_time()
        self.load.append(os.getloadavg()[0])
        yield
        self.wall += time.perf_counter() - wall
        self.processor += processor_seconds() - processor
        self.own += time.process_time() - own
        self.load.append(os.getloadavg()[0])

    def told(self, images: int) -> dict[str, Any]:
        """Say what it makes for so many training images."""
        return {
            "seconds": self.wall,
            "processor_seconds": self.processor,
            "processor_seconds_of_this_process": self.own,
            "training_images": images,
            "images_per_second": images / self.wall,
            "images_per_processor_second": images / self.processor,
            "load": self.load,
        }


def processor_seconds() -> float:
    """Return user and system time of this process and of all its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def load(study: Study, place: Path, progress: Silent | None = None) -> DataSet:
    """Read and decode a study's data, as its first stage does."""
    return data.load(
        study,
        study_file=place / "bench.toml",
        cache=StudyFolder(place / "runs" / "bench").cache,
        workers=cores(),
        progress=progress or Silent(),
    )


def ours(study: Study, place: Path, *, workers: int | None = None) -> tuple[DataSet, Notes]:
    """Walk our own way: decode once, check, and train every run to its files."""
    notes = Notes()
    loaded = load(study, place, notes)
    folder = StudyFolder(place / "runs" / "bench")
    training.train(
        study,
        study_file=place / "bench.toml",
        folder=folder,
        dataset=loaded,
        workers=workers,
        progress=notes,
        provenance={},
    )
    missing = [run for run in study.planned_runs() if not folder.run(*run).weights.exists()]
    if missing:
        sys.exit(f"these runs did not end: {missing}")
    return loaded, notes


def images_of(study: Study, cases: int) -> int:
    """Return how many training images a run of a study takes in, augmented anew each time."""
    batch = min(study.training.batch_size, cases)
    return study.training.epochs * (cases // batch) * batch


def draw_xrays(place: Path, *, per_class: int, side: int, seed: int = 0) -> Path:
    """Write grey JPEGs that a network can tell apart: a folder of train, val and test with three classes."""
    rng = np.random.default_rng(seed)
    rows = []
    for split, share in (("train", 1.0), ("val", 0.25), ("test", 0.1)):
        for label, name in enumerate(CLASSES):
            folder = place / split / name
            folder.mkdir(parents=True, exist_ok=True)
            for number in range(max(4, int(per_class * share))):
                grey = rng.normal(110, 30, (side // 8, side // 8))
                grey[label * 2 : label * 2 + 3] += 60
                picture = Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8)).resize((side, side))
                picture.save(folder / f"{number:05d}.jpg", quality=90)
                file = f"{split}/{name}/{number:05d}.jpg"
                rows.append({"path": file, "label": name, "split": split, "patient_id": file})
    with (place / "manifest.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, ["path", "label", "split", "patient_id"])
        writer.writeheader()
        writer.writerows(rows)
    return place


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def machine(device: str) -> dict[str, Any]:
    """Say what the figures were measured on."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    card = torch.cuda.get_device_name(0) if device == "cuda" else None
    return {
        "processor": names[0] if names else platform.processor(),
        "cores": cores(),
        "device": card or "cpu",
        "cuda": torch.version.cuda if device == "cuda" else None,
        "cudnn": torch.backends.cudnn.version() if device == "cuda" else None,
        "load": os.getloadavg(),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in PACKAGES},
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def slope(sizes: list[int], costs: list[float]) -> dict[str, float]:
    """Fit a straight line: what each further unit costs, what is paid once, and how far off the line the worst is."""
    per, once = np.polyfit(sizes, costs, 1)
    line = np.array(sizes) * per + once
    return {
        "per_unit": float(per),
        "once": float(once),
        "worst_relative_distance": float(np.abs((np.array(costs) - line) / line).max()),
    }


def finish(document: dict[str, Any], parts: list[str], emit: Callable[[str], object] = sys.stdout.write) -> None:
    """Print the parts for people, and the whole as the last line."""
    document["machine"]["load_at_the_end"] = os.getloadavg()
    for name in parts:
        emit(f"{name} {json.dumps(document[name], indent=1)}\n")
    emit(json.dumps(document) + "\n")
