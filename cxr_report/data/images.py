"""Files in, Pictures out: PNG, JPEG, TIFF (Pillow) and DICOM (pydicom), as grey squares."""

from __future__ import annotations

import hashlib
import os
import stat
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from cxr_report.data.dicom import is_dicom, read_dicom
from cxr_report.data.listing import Picture, Unreadable
from cxr_report.data.square import Policy, square
from cxr_report.errors import Refusal
from cxr_report.study import digest

__all__ = ["DICOM_SUFFIXES", "IMAGE_SUFFIXES", "MAX_PIXELS", "Files", "fault_of", "pixel_sha256", "strict_decoding"]

MAX_PIXELS = 89_478_485
"""Pillow's own limit against decompression bombs (a quarter of 1 GiB in RGB), here an error and for DICOM too."""

DICOM_SUFFIXES = (".dcm", ".dicom", ".dic")
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", *DICOM_SUFFIXES)

_FORMATS = ("PNG", "JPEG", "TIFF")
_WHITE_IS_ZERO = 0
_PHOTOMETRIC = 262


@dataclass(frozen=True, slots=True)
class Files:
    """Images that are files below one folder."""

    root: Path
    names: Sequence[str]
    """Paths below the root, with forward slashes, in the order of the records."""
    size: int
    policy: Policy

    def quick_key(self) -> str:
        """Hash names, sizes and times of change."""
        facts = [self._facts(name) for name in self.names]
        return digest({"root": str(self.root.resolve()), "files": facts, "size": self.size, "policy": self.policy})

    def _facts(self, name: str) -> list[Any]:
        fault = fault_of(self.root / name)
        if fault:
            return [name, fault]
        found = (self.root / name).stat()
        return [name, found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]

    def exact_key(self) -> str:
        """Hash names and bytes."""
        whole = hashlib.sha256(digest({"size": self.size, "policy": self.policy}).encode())
        for name in self.names:
            whole.update(f"{name}\n{self._content(name)}\n".encode())
        return whole.hexdigest()

    def _content(self, name: str) -> str:
        fault = fault_of(self.root / name)
        if fault:
            return fault
        with (self.root / name).open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    def read(self, index: int) -> Picture:
        """Decode one file."""
        return picture(self.root / self.names[index], self.size, policy=self.policy)


def picture(path: Path, size: int, *, policy: Policy) -> Picture:
    """Decode one file into a grey square.

    Raises:
        Unreadable: whatever is wrong with this file.
        Refusal: it is DICOM and pydicom is absent.
    """
    fault = fault_of(path)
    if fault:
        raise Unreadable(fault)
    try:
        if path.suffix.lower() in DICOM_SUFFIXES or is_dicom(path):
            shot = read_dicom(path, max_pixels=MAX_PIXELS)
            return _picture(shot.stored, shot.grey, size, policy, shot.patient, shot.sex, shot.age, shot.view)
        stored = _stored(path)
        return _picture(stored, _shown(stored), size, policy)
    except (Unreadable, Refusal, MemoryError):
        raise
    except UnidentifiedImageError:
        raise Unreadable(f"is neither {', '.join(_FORMATS)} nor DICOM by its content") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Unreadable(f"is larger than the {MAX_PIXELS} pixels that are allowed") from None
    except Exception as error:  # decoders raise whatever they like on damaged files
        raise Unreadable(_reason(error, path)) from None


def fault_of(path: Path) -> str:
    """Say why a path is no file to be opened, or return an empty string; opening a pipe would wait for ever."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return "is missing"
    except (OSError, ValueError) as error:
        return f"cannot be looked at ({getattr(error, 'strerror', None) or type(error).__name__})"
    if not stat.S_ISREG(mode):
        return "is not a regular file"
    if not os.access(path, os.R_OK):
        return "may not be read"
    return "is empty" if path.stat().st_size == 0 else ""


@contextmanager
def strict_decoding() -> Iterator[None]:
    """Make Pillow refuse truncated and oversized images, and keep remarks on sloppy DICOM headers quiet.

    Both switches belong to the whole process, so this stands around the threads that decode and not inside them.
    WeasyPrint, once imported, lets Pillow fill truncated images with grey.
    """
    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        with _strict_warnings():
            yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


@contextmanager
def _strict_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"pydicom(\.|$)")
        warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL(\.|$)")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def pixel_sha256(pixels: NDArray[Any]) -> str:
    """Hash a grey image: its shape, depth and values."""
    content = np.ascontiguousarray(pixels)
    head = f"{content.shape} {content.dtype.newbyteorder('<').str}\n".encode()
    return hashlib.sha256(head + content.astype(content.dtype.newbyteorder("<"), copy=False).tobytes()).hexdigest()


def _picture(
    stored: NDArray[Any],
    shown: NDArray[Any],
    size: int,
    policy: Policy,
    patient: str | None = None,
    sex: str = "",
    age: float = float("nan"),
    view: str = "",
) -> Picture:
    height, width = stored.shape
    blank = bool(stored.min() == stored.max())
    small = square(shown, size, policy=policy)
    return Picture(small, pixel_sha256(stored), width, height, blank, patient, sex, age, view)


def _stored(path: Path) -> NDArray[Any]:
    """Read grey pixels at the depth of the file: uint8, uint16, or int32 / float32 where a TIFF holds those."""
    with Image.open(path, formats=_FORMATS) as image:
        width, height = image.size
        if width * height > MAX_PIXELS:
            raise Unreadable(f"is {width} x {height} pixels; at most {MAX_PIXELS} pixels are allowed")
        frames = getattr(image, "n_frames", 1)
        if frames != 1:
            raise Unreadable(f"holds {frames} images; one image a file is allowed")
        negative = _is_negative(image)
        upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith(("I", "F")):
        values = np.asarray(upright)
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise Unreadable("holds values that are no finite numbers")
        values = values.max() - values if negative else values
        return values.astype(_depth(values), copy=False)
    return np.asarray(_luma(upright))


def _depth(values: NDArray[Any]) -> np.dtype[Any]:
    """Return uint16 for what fits: whether a 16-bit file arrives as 16 or 32 bits depends on Pillow's version."""
    if values.dtype.kind in "iu" and values.min() >= 0 and values.max() < 2**16:
        return np.dtype(np.uint16)
    return values.dtype.newbyteorder("=")


def _is_negative(image: Image.Image) -> bool:
    """Say whether a TIFF of more than 8 bits stores white as zero, which Pillow inverts for 8 bits only."""
    tags = getattr(image, "tag_v2", None)
    return tags is not None and image.mode.startswith("I") and tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO


def _luma(image: Image.Image) -> Image.Image:
    if image.mode == "L":
        return image
    if image.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in image.info:
        over = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", over.size, (0, 0, 0, 255)), over)
    return image.convert("RGB").convert("L")


def _shown(stored: NDArray[Any]) -> NDArray[Any]:
    """Bring grey pixels to [0, 255]: 8 bits as they are, more bits from the darkest to the brightest pixel.

    A 16-bit file does not say how many of its bits the detector used; over the full range a 12-bit radiograph would
    be left with 16 of 256 grey levels. The smallest and largest value lose nothing and clip nothing.
    """
    if stored.dtype == np.uint8:
        return stored
    low, high = float(stored.min()), float(stored.max())
    if not high > low:
        return np.zeros(stored.shape, dtype=np.float32)
    return ((stored.astype(np.float64) - low) * (255.0 / (high - low))).astype(np.float32)


def _reason(error: Exception, path: Path) -> str:
    text = " ".join(str(error).split()).replace(str(path), "the file").replace(path.name, "the file")
    return f"cannot be decoded ({text[:200] or type(error).__name__})"
