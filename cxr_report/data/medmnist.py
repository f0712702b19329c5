"""A MedMNIST ``.npz`` in, its Listing out: arrays ``<split>_images`` and ``<split>_labels``."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cxr_report.data.folder import class_order
from cxr_report.data.images import pixel_sha256
from cxr_report.data.listing import Kind, Listing, Picture, Record
from cxr_report.data.square import Policy, square
from cxr_report.errors import Refusal
from cxr_report.study import Data, digest

__all__ = ["list_medmnist"]

MAX_BYTES = 32 * 2**30
"""Chosen: ChestMNIST at 224 pixels unpacks to 5.6 GB; what unpacks to more than this is a bomb."""

NAMES: Mapping[str, tuple[str, ...]] = {
    "pneumoniamnist": ("normal", "pneumonia"),
    "chestmnist": (
        "atelectasis", "cardiomegaly", "effusion", "infiltration", "mass", "nodule", "pneumonia", "pneumothorax",
        "consolidation", "edema", "emphysema", "fibrosis", "pleural", "hernia",
    ),
}  # fmt: skip
"""Names of the labels, quoted from https://medmnist.com for its two sets of chest X-rays; the file itself has none."""

DAMAGE = (OSError, ValueError, EOFError, KeyError, NotImplementedError, zipfile.BadZipFile, zlib.error)
"""What numpy and zipfile raise on archives that are none."""

_SPLITS = ("train", "val", "test")


class Arrays:
    """Images that lie in one .npz; read when the first one is asked for, which is never where a cache has them."""

    def __init__(self, file: Path, *, size: int, policy: Policy) -> None:
        self._file, self._size, self._policy = file, size, policy
        self._images: list[NDArray[np.uint8]] = []
        self._lock = Lock()

    def quick_key(self) -> str:
        """Hash size and times of change."""
        found = self._file.stat()
        facts = [str(self._file.resolve()), found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]
        return digest({"file": facts, "size": self._size, "policy": self._policy})

    def exact_key(self) -> str:
        """Hash the file's bytes."""
        with self._file.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").hexdigest()
        return digest({"file": content, "size": self._size, "policy": self._policy})

    def read(self, index: int) -> Picture:
        """Take one image, as luma where it is coloured."""
        with self._lock:
            if not self._images:
                found = _arrays(self._file, [f"{split}_images" for split in _SPLITS])
                self._images = [found[f"{split}_images"] for split in _SPLITS]
        for images in self._images:
            if index < len(images):
                break
            index -= len(images)
        image = images[index]
        grey = image if image.ndim == 2 else np.asarray(Image.fromarray(image).convert("L"))
        height, width = grey.shape
        small = square(grey, self._size, policy=self._policy)
        return Picture(small, pixel_sha256(grey), width, height, bool(grey.min() == grey.max()))


def list_medmnist(data: Data, file: Path, *, task: Kind) -> Listing:
    """List the images of a MedMNIST file.

    Args:
        data: the study's section; ``classes`` names the labels in the file's order.
        file: the ``.npz``.
        task: must fit the shape of the labels, ``(n, 1)`` or ``(n, L)``.

    Raises:
        Refusal: the file is missing, damaged, too large, or holds other arrays.
    """
    if not file.is_file():
        raise Refusal(f"data.path: there is no file {data.path}; source = 'medmnist' needs an .npz file")
    arrays = _arrays(file, [f"{split}_labels" for split in _SPLITS])
    labels = [_labels(arrays[f"{split}_labels"], f"{split}_labels", file) for split in _SPLITS]
    for split, truth in zip(_SPLITS, labels, strict=True):
        count = _count_of_images(file, f"{split}_images")
        if count != len(truth):
            raise Refusal(f"{file}: {split} has {count} images and {len(truth)} labels")
    classes, read = _meaning(data, file, labels, task)
    keys = [f"{split}/{place:07d}" for split, truth in zip(_SPLITS, labels, strict=True) for place in range(len(truth))]
    rows = [row for truth in labels for row in truth.tolist()]
    records = tuple(Record(key, read(row), key.partition("/")[0]) for key, row in zip(keys, rows, strict=True))
    return Listing(
        kind="medmnist",
        name=file.name,
        classes=classes,
        records=records,
        origin=Arrays(file, size=data.image_size, policy=data.resize),
        found=len(records),
        class_words="findings" if task == "multilabel" else "classes",
    )


def _arrays(file: Path, names: Sequence[str]) -> dict[str, NDArray[Any]]:
    everything = [f"{split}_{what}" for split in _SPLITS for what in ("images", "labels")]
    try:
        with zipfile.ZipFile(file) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > MAX_BYTES:
            raise Refusal(f"{file}: unpacks to {unpacked} bytes; at most {MAX_BYTES} are allowed")
        with np.load(file, allow_pickle=False) as archive:
            missing = [name for name in everything if name not in archive.files]
            if missing:
                raise Refusal(
                    f"{file}: holds no array {', '.join(missing)}; a MedMNIST file holds {', '.join(everything)}, "
                    f"this one {', '.join(archive.files)}"
                )
            return {name: archive[name] for name in names}
    except DAMAGE as error:
        raise Refusal(f"{file}: is damaged or no MedMNIST .npz ({error})") from None


def _count_of_images(file: Path, name: str) -> int:
    """Check an array of images by its header alone, and return how many it holds."""
    try:
        with zipfile.ZipFile(file) as archive, archive.open(f"{name}.npy") as stream:
            version = np.lib.format.read_magic(stream)
            read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, _, kind = read(stream)
    except DAMAGE as error:
        raise Refusal(f"{file}: is damaged or no MedMNIST .npz ({error})") from None
    grey, coloured = len(shape) == 3, len(shape) == 4 and shape[-1] == 3
    if kind != np.uint8 or not (grey or coloured) or 0 in shape[1:]:
        raise Refusal(f"{file}: {name} is {kind} of shape {shape}; allowed: uint8 of shape (n, H, W) or (n, H, W, 3)")
    return int(shape[0])


def _labels(labels: NDArray[Any], name: str, file: Path) -> NDArray[np.int64]:
    column = labels[:, None] if labels.ndim == 1 else labels
    if column.ndim != 2 or column.dtype.kind not in "iub" or column.shape[1] == 0 or (column.size and column.min() < 0):
        raise Refusal(
            f"{file}: {name} is {labels.dtype} of shape {labels.shape}; allowed: whole numbers from 0 on, shape (n, 1) "
            "or, for several findings, (n, L)"
        )
    return column.astype(np.int64)


def _meaning(data: Data, file: Path, labels: list[NDArray[np.int64]], task: Kind) -> tuple[tuple[str, ...], Any]:
    widths = {truth.shape[1] for truth in labels}
    if len(widths) > 1:
        raise Refusal(f"{file}: the splits' labels have different numbers of columns: {sorted(widths)}")
    width, top = widths.pop(), max(int(truth.max(initial=0)) for truth in labels)
    if (task == "multilabel") != (width > 1):
        kind = f"{width} findings a case" if width > 1 else "one class a case"
        raise Refusal(f"{file}: its labels hold {kind}; the study says task = {task!r}")
    count = width if width > 1 else top + 1
    if width > 1 and top > 1:
        raise Refusal(f"{file}: labels of several findings must be 0 or 1, got {top}")
    names = data.classes or NAMES.get(file.stem.partition("_")[0].lower(), ())
    if data.classes is None and len(names) != count:
        names = tuple(str(place) for place in range(count))
    if len(names) != count:
        raise Refusal(f"data.classes: {len(names)} names are given, {file.name} holds {count} labels")
    if width > 1:
        return names, lambda row: tuple(float(value) for value in row)
    plain = data.model_copy(update={"classes": names})
    classes = class_order(sorted(names), plain, task=task, what="labels")
    index = [classes.index(name) for name in names]
    return classes, lambda row: index[row[0]]
