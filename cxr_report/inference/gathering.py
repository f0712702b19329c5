"""Named images and folders in; the files to read out, and then their grey squares, a piece at a time."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cxr_report.data.dicom import require_pydicom
from cxr_report.data.folder import files_below, looks_like_image
from cxr_report.data.images import DICOM_SUFFIXES, IMAGE_SUFFIXES, picture, strict_decoding
from cxr_report.data.listing import Unreadable
from cxr_report.data.square import Policy
from cxr_report.errors import Refusal, shown

__all__ = ["Piece", "images_in", "squares"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A few files, decoded."""

    files: tuple[Path, ...]
    images: NDArray[np.uint8]
    """``(N, S, S)``; black where a file could not be decoded."""
    faults: tuple[str, ...]
    """One sentence for each that could not; all others count only where there is none."""


def images_in(named: Sequence[Path]) -> tuple[Path, ...]:
    """List what is named: files as they are, and of a folder every image below it by its name, in order.

    As in the data of a study, hidden files are left out, a file without a suffix is an image where it begins as DICOM
    does, and a link to a folder is refused.

    Args:
        named: files and folders.

    Raises:
        Refusal: one is missing, a folder holds no image, or DICOM is asked for without pydicom.
    """
    found = tuple(file for path in named for file in (_below(path) if path.is_dir() else [_there(path)]))
    if any(file.suffix.lower() in DICOM_SUFFIXES for file in found):
        require_pydicom()
    return found


def _there(path: Path) -> Path:
    if not os.path.lexists(path):
        raise Refusal(f"{shown(path)}: is missing; allowed: images and folders of images")
    return path


def _below(folder: Path) -> list[Path]:
    found, strange = [], []
    for path, fault in files_below(folder):
        if fault:
            strange.append(f"{shown(path)}: {fault}")
        elif looks_like_image(path):
            found.append(path)
    if strange:
        raise Refusal(strange[0])
    if not found:
        raise Refusal(f"{shown(folder)}: holds no image; allowed: {', '.join(IMAGE_SUFFIXES)}")
    return found


def squares(files: Sequence[Path], size: int, *, policy: Policy, together: int, workers: int) -> Iterator[Piece]:
    """Decode files exactly as those of a study are, a piece ahead of who takes them.

    Memory: two pieces of squares, and as many full images as there are workers.

    Args:
        files: to be decoded, in this order.
        size: side of the squares in pixels.
        policy: how an image becomes a square.
        together: files of a piece.
        workers: threads; the pixels do not depend on it.
    """
    pieces = [tuple(files[start : start + together]) for start in range(0, len(files), together)]
    with strict_decoding(), ThreadPoolExecutor(workers) as pool, closing(_ahead(pieces, size, policy, pool)) as found:
        yield from found


def _ahead(
    pieces: list[tuple[Path, ...]], size: int, policy: Policy, pool: ThreadPoolExecutor
) -> Generator[Piece, None, None]:
    def begun(piece: tuple[Path, ...]) -> list[Future[NDArray[np.uint8] | str]]:
        return [pool.submit(_square, file, size, policy) for file in piece]

    waiting = begun(pieces[0]) if pieces else []
    try:
        for place, piece in enumerate(pieces):
            here, waiting = waiting, begun(pieces[place + 1]) if place + 1 < len(pieces) else []
            yield _piece(piece, [each.result() for each in here], size)
    finally:
        for each in waiting:
            each.cancel()


def _piece(files: tuple[Path, ...], outcomes: list[NDArray[np.uint8] | str], size: int) -> Piece:
    images = np.zeros((len(files), size, size), dtype=np.uint8)
    faults = []
    for place, outcome in enumerate(outcomes):
        if isinstance(outcome, str):
            faults.append(f"{shown(files[place])}: {shown(outcome)}")
        else:
            images[place] = outcome
    return Piece(files, images, tuple(faults))


def _square(file: Path, size: int, policy: Policy) -> NDArray[np.uint8] | str:
    try:
        return picture(file, size, policy=policy).pixels
    except Unreadable as reason:
        return str(reason)
