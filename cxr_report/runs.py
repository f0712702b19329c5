"""Where it lies: every folder and file of a study as a property, whole-file writes, sha256.

The only module that knows a file name.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import re
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from cxr_report.errors import Refusal, refuse_irregular

__all__ = [
    "SPLITS",
    "TORCH",
    "AnalysisFolder",
    "ImageCache",
    "ReportFolder",
    "RunFolder",
    "StudyFolder",
    "external_split",
    "read_arrays",
    "read_json",
    "sha256",
    "sweep",
    "whole",
    "write_arrays",
    "write_bytes",
    "write_json",
    "write_text",
]

SPLITS = ("val", "test")
"""The splits that are predicted; training cases never are."""

TORCH = "torch"
"""Names the logits of the trained network itself, beside those of its exported model and of variants of that."""


def external_split(name: str) -> str:
    """Return the split under which an external test set's truth and predictions stand.

    Example:
        >>> external_split("padchest")
        'external-padchest'
    """
    return f"external-{name}"


EPOCH = (1980, 1, 1, 0, 0, 0)
"""The date in every zip entry: the earliest that the format knows, so that equal arrays give equal bytes."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The files of one run, ``<study>/<loss>/seed-0003``."""

    path: Path
    loss: str
    seed: int

    @property
    def run_json(self) -> Path:
        """Loss, seed, versions, device, commit, start; the only place of times of a run's training."""
        return self.path / "run.json"

    @property
    def history(self) -> Path:
        """One row per epoch."""
        return self.path / "history.csv"

    @property
    def checkpoint(self) -> Path:
        """Resumable state."""
        return self.path / "checkpoint.pt"

    @property
    def weights(self) -> Path:
        """Its existence means: trained."""
        return self.path / "weights.safetensors"

    @property
    def diverged(self) -> Path:
        """Its existence means: finished, without weights."""
        return self.path / "diverged.json"

    @property
    def trial(self) -> Path:
        """Its existence means: finished, as a trial of the tuning, whose weights are of no use and are not kept."""
        return self.path / "trial.json"

    @property
    def onnx(self) -> Path:
        """The exported graph."""
        return self.path / "model.onnx"

    @property
    def export_json(self) -> Path:
        """The proof of the export; its existence means: exported."""
        return self.path / "export.json"

    @property
    def evaluation_json(self) -> Path:
        """Its existence means: evaluated."""
        return self.path / "evaluation.json"

    def predictions(self, split: str, variant: str = "") -> Path:
        """Return the file with ids (N,) and logits (N, C) of one split: of the model, or of a variant or `TORCH`."""
        return self.path / f"predictions-{split}{f'.{variant}' if variant else ''}.npz"

    def graph(self, variant: str) -> Path:
        """Return the graph of a variant of the model, in fewer bits than the exported one."""
        return self.path / f"model.{variant}.onnx"


@dataclass(frozen=True, slots=True)
class AnalysisFolder:
    """The files of one analysis."""

    path: Path

    @property
    def scores(self) -> Path:
        """Tidy: loss, seed, split, class, metric, value, n."""
        return self.path / "scores.csv"

    @property
    def comparisons(self) -> Path:
        """Every test of the report, one row each, full precision."""
        return self.path / "comparisons.csv"

    @property
    def statistics(self) -> Path:
        """Everything that the report says; its existence means: analysed."""
        return self.path / "statistics.json"


@dataclass(frozen=True, slots=True)
class ReportFolder:
    """The files of one report."""

    path: Path

    @property
    def manifest(self) -> Path:
        """The hashes of everything; its existence means: reported."""
        return self.path / "manifest.json"

    @property
    def html(self) -> Path:
        """The report as one self-contained page."""
        return self.path / "report.html"

    @property
    def pdf(self) -> Path:
        """The report as A4 pages."""
        return self.path / "report.pdf"

    @property
    def references(self) -> Path:
        """The report's references as BibTeX."""
        return self.path / "references.bib"

    def figure(self, name: str) -> Path:
        """Return the file of a figure."""
        return self.path / "figures" / f"{name}.svg"

    def table(self, name: str, kind: str) -> Path:
        """Return the file of a table; ``kind`` is ``csv`` or ``tex``."""
        return self.path / "tables" / f"{name}.{kind}"


@dataclass(frozen=True, slots=True)
class StudyFolder:
    """The folder of one study, ``runs/<study>``."""

    path: Path

    @property
    def study_json(self) -> Path:
        """The study, fully resolved, and the ledger of later additions."""
        return self.path / "study.json"

    @property
    def data_json(self) -> Path:
        """Pseudonymous source, fingerprint, counts per split and class."""
        return self.path / "data.json"

    @property
    def given_scores(self) -> Path:
        """Scores of runs that were not trained here: loss, seed, metric, value; in their place no predictions stand."""
        return self.path / "scores-given.csv"

    @property
    def lock(self) -> Path:
        """Held by the one process that drives the study; beside the studies, so that it is never published."""
        return self.cache / f"{self.path.name}.lock"

    def shard_lock(self, number: int, count: int) -> Path:
        """Return the lock of the process that trains one shard of the runs; a study's name holds no ``+``."""
        return self.cache / f"{self.path.name}+shard-{number}-of-{count}.lock"

    def shard_locks(self) -> Iterator[tuple[int, int, Path]]:
        """Yield number, count and lock of every shard that was ever begun."""
        form = re.compile(re.escape(self.path.name) + r"\+shard-([0-9]+)-of-([0-9]+)\.lock")
        for file in sorted(self.cache.iterdir()) if self.cache.is_dir() else ():
            if found := form.fullmatch(file.name):
                yield int(found[1]), int(found[2]), file

    @property
    def cache(self) -> Path:
        """Decoded images, beside the studies and never inside one."""
        return self.path.parent / ".cache"

    @property
    def gallery(self) -> Path:
        """Test cases that the report shows with their pixels; there only where the study decides so."""
        return self.path / "gallery.npz"

    def truth(self, split: str) -> Path:
        """Return the file with ids, patients and labels of one split."""
        return self.path / f"truth-{split}.npz"

    def run(self, loss: str, seed: int) -> RunFolder:
        """Return the folder of one run."""
        return RunFolder(self.path / loss / f"seed-{seed:04d}", loss, seed)

    def control(self, name: str) -> RunFolder:
        """Return the folder of a control, which is no run but has predictions like one."""
        return RunFolder(self.path / "controls" / name, name, -1)

    @property
    def templates(self) -> Path:
        """Return the folder with templates of the study's own, copied from beside the study file."""
        return self.path / "templates"

    @property
    def trials(self) -> StudyFolder:
        """The folder in which the trials of the tuning lie like runs; it holds no study.json."""
        return StudyFolder(self.path / "tuning")

    def tuning(self, loss: str) -> Path:
        """Return what the tuning of a loss came to; its existence means: tuned. A trial's folder never ends so."""
        return self.trials.path / f"{loss}.json"

    def analysis(self, name: str = "") -> AnalysisFolder:
        """Return the folder of the planned analysis, or of another one by its name."""
        return AnalysisFolder(self.path / ("analysis" if not name else f"analysis-{name}"))

    def report(self, name: str = "") -> ReportFolder:
        """Return the folder of the planned analysis's report, or of another one by its name."""
        return ReportFolder(self.path / ("report" if not name else f"report-{name}"))

    def relative(self, file: Path) -> str:
        """Return a file's name inside the study, with forward slashes."""
        return file.relative_to(self.path).as_posix()


@dataclass(frozen=True, slots=True)
class ImageCache:
    """Decoded images, kept beside the studies; everything here can be deleted and is made again."""

    path: Path

    def pixels(self, key: str) -> Path:
        """Return the array (N, S, S) of decoded squares."""
        return self.path / f"{key[:32]}.npy"

    def facts(self, key: str) -> Path:
        """Return what decoding found out about each image; its existence means: the array is finished."""
        return self.path / f"{key[:32]}.npz"

    def index(self, quick: str) -> Path:
        """Return the note that says which array belongs to files of these names, sizes and times."""
        return self.path / f"{quick[:32]}.json"

    def lock(self, key: str) -> Path:
        """Return the lock of the process that is decoding."""
        return self.path / f"{key[:32]}.lock"

    def strays(self, key: str) -> list[Path]:
        """Return what killed processes have left of an array."""
        return list(self.path.glob(f".{key[:32]}.*.part"))


def sha256(file: Path) -> str:
    """Hash a file's bytes.

    Returns:
        64 hexadecimal digits.

    Raises:
        Refusal: the file is missing.
    """
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError:
        raise Refusal(f"{file}: is missing") from None


@contextmanager
def whole(file: Path) -> Iterator[IO[bytes]]:
    """Open a file that appears whole or not at all: temporary name, fsync, ``os.replace``."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", suffix=".part", dir=file.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        part.chmod(0o644)
        part.replace(file)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def sweep(folder: Path) -> int:
    """Remove the temporary files that killed writers left in a folder and below it; return how many."""
    strays = list(folder.rglob(".*.part"))
    for stray in strays:
        stray.unlink(missing_ok=True)
    return len(strays)


def write_bytes(file: Path, content: bytes) -> None:
    """Write a file whole."""
    with whole(file) as stream:
        stream.write(content)


def write_text(file: Path, content: str) -> None:
    """Write a text file whole, as UTF-8 with the line ends given."""
    write_bytes(file, content.encode())


def write_json(file: Path, value: Any) -> None:
    """Write plain data as readable JSON: sorted keys, NaN and infinities as null, a line end at the end."""
    text = json.dumps(_plain(value), sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
    write_text(file, text + "\n")


def read_json(file: Path) -> Any:
    """Read a JSON file.

    Raises:
        Refusal: the file is missing, no regular file (a pipe would be waited for), or not JSON.
    """
    refuse_irregular(file)
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise Refusal(f"{file}: is missing") from None
    except (ValueError, RecursionError) as error:  # also of numbers too long and of lists too deep for Python
        raise Refusal(f"{file}: is not valid JSON ({error}); delete it and run the same command again") from None


def write_arrays(file: Path, **arrays: NDArray[Any]) -> None:
    """Write arrays as an uncompressed .npz whose bytes depend on the arrays alone (no dates, fixed order)."""
    with whole(file) as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(arrays):
            entry = io.BytesIO()
            np.lib.format.write_array(entry, np.ascontiguousarray(arrays[name]), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", EPOCH), entry.getvalue())


def read_arrays(file: Path, names: Sequence[str], *, optional: Sequence[str] = ()) -> dict[str, NDArray[Any]]:
    """Read named arrays of an .npz; nothing is ever unpickled.

    Args:
        file: the .npz.
        names: arrays that must be there.
        optional: further arrays that are read where they are there.

    Raises:
        Refusal: the file is missing, damaged, or lacks a name.
    """
    try:
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            if isinstance(archive, np.ndarray):
                raise Refusal(f"{file}: is a single array and no .npz; delete it and run the same command again")
            missing = [name for name in names if name not in archive.files]
            if missing:
                raise Refusal(f"{file}: holds no array {', '.join(missing)}; it holds {', '.join(archive.files)}")
            return {name: archive[name] for name in (*names, *optional) if name in archive.files}
    except FileNotFoundError:
        raise Refusal(f"{file}: is missing") from None
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, KeyError) as error:
        raise Refusal(f"{file}: is damaged or no .npz ({error}); delete it and run the same command again") from None


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
