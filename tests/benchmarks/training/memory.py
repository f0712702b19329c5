"""Measure the memory of all processes that train; the last line of stdout is one JSON document.

    python tests/benchmarks/training/memory.py [--images 100000] [--size 224] [--quick]

Phantom radiographs are written to one file of uint8 in blocks: a few hundred are drawn, and every block holds them
shifted and brightened at random, so that no two images are equal and no block is ever held twice. `training.train` then
trains one epoch of two runs in two processes. Twice a second the proportional set size (PSS: shared pages are divided
among those that share them) and the anonymous memory of this process and of all its descendants are read from
/proc/PID/smaps_rollup and summed; the peaks count. Limit: 1.5 times the data plus 2 GiB. Linux only.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from kit import finish, machine
from numpy.typing import NDArray

from cxr_report import training
from cxr_report.data.cases import Cases, DataSet
from cxr_report.data.phantom import list_phantom
from cxr_report.progress import Silent
from cxr_report.runs import StudyFolder
from cxr_report.study import Study, parse
from cxr_report.training import fleet

GIB = 2**30
TIMES, MORE = 1.5, 2 * GIB
"""Asked for."""

DRAWN = 96
"""Chosen: phantoms that are drawn; drawing takes most of the time."""


@dataclass(slots=True)
class Peaks:
    """The most that was seen."""

    pss: int = 0
    anonymous: int = 0
    processes: int = 0
    readings: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Read twice a second while the block runs."""
        thread = threading.Thread(target=self._watch, daemon=True)
        thread.start()
        yield
        self._stop.set()
        thread.join()

    def _watch(self) -> None:
        while not self._stop.is_set():
            read = [_rollup(process) for process in family(os.getpid())]
            self.pss = max(self.pss, sum(one[0] for one in read))
            self.anonymous = max(self.anonymous, sum(one[1] for one in read))
            self.processes = max(self.processes, sum(one[0] > 0 for one in read))
            self.readings += 1
            self._stop.wait(0.5)


def family(root: int) -> list[int]:
    """Return a process and all its descendants."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    found = [root]
    for process in found:
        found += [child for child, parent in parents.items() if parent == process]
    return found


def _rollup(process: int) -> tuple[int, int]:
    """Return PSS and anonymous memory in bytes; zeros for a process that has ended."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0, 0
    values = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines[1:]}
    return values.get("Pss", 0), values.get("Anonymous", 0)


def drawn(size: int, count: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Draw phantoms and their classes."""
    raw = {"source": "phantom", "image_size": size, "phantom": {"patients": count}}
    listing = list_phantom(_study(raw, 1).data, task="multiclass")
    labels = np.array([record.label for record in listing.records[:count]], dtype=np.int64)
    return np.stack([listing.origin.read(place).pixels for place in range(count)]), labels


def written(file: Path, images: int, size: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Write the data block by block; return them mapped and read-only, with their labels."""
    base, classes = drawn(size, min(DRAWN, images))
    rng, labels = np.random.default_rng(0), np.resize(classes, images)
    with file.open("wb") as stream:
        for start in range(0, images, len(base)):
            block = base[: images - start]
            moved = np.roll(block, tuple(rng.integers(-12, 13, 2)), axis=(1, 2)).astype(np.int16)
            stream.write(np.clip(moved + rng.integers(-20, 21, (len(block), 1, 1)), 0, 255).astype(np.uint8).tobytes())
    return np.memmap(file, np.uint8, "r", 0, (images, size, size)), labels


def dataset(images: NDArray[np.uint8], labels: NDArray[np.int64]) -> DataSet:
    """Cut 80, 10 and 10 per cent."""
    ends = [0, int(0.8 * len(images)), int(0.9 * len(images)), len(images)]

    def cases(start: int, end: int) -> Cases:
        ids = np.array([f"{place:08x}" for place in range(start, end)])
        return Cases(images[start:end], labels[start:end], ids, np.arange(start, end), {})

    train, val, test = (cases(*edge) for edge in itertools.pairwise(ends))
    mark = hashlib.sha256(str(images.shape).encode()).hexdigest()
    return DataSet(("normal", "consolidation", "effusion"), train, val, test, mark, {})


def _study(data: dict[str, Any], epochs: int) -> Study:
    raw = {
        "name": "memory",
        "task": "multiclass",
        "data": data,
        "model": {"width": 4},
        "training": {"epochs": epochs, "batch_size": 64},
        "losses": {"ce": {"loss": "cross-entropy"}, "focal": {"loss": "focal"}},
        "seeds": [1, 2],
    }
    return parse(raw, "memory.toml")


def main() -> None:
    """Measure, tell, and print the document."""
    parser = argparse.ArgumentParser(description="memory of training at many images")
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument(
        "--place", type=Path, help="where the data are written; default: the folder for temporary files"
    )
    parser.add_argument("--quick", action="store_true", help="2,000 images of 64 pixels")
    arguments = parser.parse_args()
    if not Path("/proc/self/smaps_rollup").exists():
        sys.exit("this needs /proc/self/smaps_rollup, which Linux has")
    images, size = (2000, 64) if arguments.quick else (arguments.images, arguments.size)
    peaks = Peaks()
    with tempfile.TemporaryDirectory(dir=arguments.place) as scratch:
        place = Path(scratch)
        pixels, labels = written(place / "images.raw", images, size)
        study, data = _study({"source": "phantom", "image_size": size}, 1), dataset(pixels, labels)
        tasks = fleet.assignments(study, data)[:2]
        began = time.monotonic()
        with peaks.watching():
            training.train(
                study,
                study_file=place / "memory.toml",
                folder=StudyFolder(place / "runs"),
                dataset=data,
                workers=2,
                progress=Silent(),
                provenance={},
                tasks=tasks,
            )
        seconds = time.monotonic() - began
    limit = TIMES * pixels.nbytes + MORE
    document: dict[str, Any] = {"benchmark": "training/memory", "quick": arguments.quick, "machine": machine("cpu")}
    document["settings"] = {"images": images, "size": size, "runs": len(tasks), "workers": 2, "batch": 64, "width": 4}
    document["memory"] = {
        "bytes_of_data": pixels.nbytes,
        "peak_pss": peaks.pss,
        "peak_pss_to_data": peaks.pss / pixels.nbytes,
        "peak_anonymous": peaks.anonymous,
        "processes": peaks.processes,
        "readings": peaks.readings,
        "seconds": seconds,
    }
    document["target"] = {"what": "PSS in bytes", "measured": peaks.pss, "at most": limit, "met": peaks.pss <= limit}
    finish(document, ["settings", "memory", "target"])


if __name__ == "__main__":
    main()
