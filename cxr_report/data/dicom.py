"""A DICOM file in, its grey picture as a radiologist would see it out; identity stays behind."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cxr_report.data.listing import Unreadable, age_in_years, sex_code
from cxr_report.errors import Refusal

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

__all__ = ["Radiograph", "is_dicom", "read_dicom", "require_pydicom"]

DEFLATED = "1.2.840.10008.1.2.1.99"
"""Transfer syntax whose whole content is compressed, so that its true size is known only after unpacking it."""

PERCENTILES = (0.5, 99.5)
"""Chosen: where no window is given, markers and collimator edges should not decide the contrast."""

_VIEW = re.compile(r"[A-Z0-9 _]{1,16}")


@dataclass(frozen=True, slots=True)
class Radiograph:
    """What is taken from a DICOM file."""

    stored: NDArray[Any]
    """``(H, W)`` grey as stored, for the hash of duplicates: a negative or another window of an image is that image."""
    grey: NDArray[Any]
    """``(H, W)`` uint8, or float32 in [0, 255]; air is black."""
    patient: str | None
    sex: str
    age: float
    view: str


def is_dicom(path: Path) -> bool:
    """Say whether a file begins as DICOM does: 128 bytes of anything, then ``DICM``."""
    with path.open("rb") as stream:
        return stream.read(132)[128:] == b"DICM"


def require_pydicom() -> None:
    """Ask for pydicom.

    Raises:
        Refusal: it is not installed.
    """
    try:
        import pydicom  # noqa: F401
    except ModuleNotFoundError:
        raise Refusal(
            "DICOM files need pydicom, which the base install leaves out; install the extra: "
            "pip install 'cxr_report[train]'"
        ) from None


def read_dicom(path: Path, *, max_pixels: int) -> Radiograph:
    """Decode one frontal radiograph.

    Rescale slope and intercept, then the VOI LUT or the first window, then MONOCHROME1 inverted (DICOM PS3.3
    C.7.6.3.1.2, C.11.1, C.11.2). Without a window, 8 bits are taken as they are, and more bits between percentiles.

    Args:
        path: the file.
        max_pixels: a larger image is refused before it is unpacked.

    Raises:
        Unreadable: it cannot be decoded, or is no single grey or colour image.
    """
    require_pydicom()
    from pydicom import dcmread
    from pydicom.filereader import read_file_meta_info

    if str(read_file_meta_info(path).get("TransferSyntaxUID", "")) == DEFLATED:
        raise Unreadable("is a deflated DICOM file, whose size cannot be known before unpacking it")
    header = dcmread(path)
    _check_size(header, max_pixels)
    pixels = _pixels(header)
    padding = _padding(header, pixels)
    shown = _windowed(header, pixels, padding)
    if header.get("PhotometricInterpretation") == "MONOCHROME1":
        shown = 255 - shown
    if padding is not None:
        shown = np.where(padding, shown.dtype.type(0), shown)
    return Radiograph(pixels, shown, *_person(header))


def _check_size(header: Dataset, max_pixels: int) -> None:
    if "PixelData" not in header:
        raise Unreadable("is a DICOM file without pixel data")
    frames = int(header.get("NumberOfFrames") or 1)
    if frames != 1:
        raise Unreadable(f"holds {frames} frames; one image a file is allowed")
    rows, columns = int(header.get("Rows") or 0), int(header.get("Columns") or 0)
    if rows * columns > max_pixels:
        raise Unreadable(f"is {columns} x {rows} pixels; at most {max_pixels} pixels are allowed")
    if rows * columns == 0:
        raise Unreadable("is a DICOM image without rows or columns")


def _pixels(header: Dataset) -> NDArray[Any]:
    pixels = header.pixel_array
    if pixels.ndim == 3 and pixels.shape[-1] == 3:
        from PIL import Image
        from pydicom.pixels.processing import convert_color_space

        space = str(header.get("PhotometricInterpretation"))
        if space not in ("RGB", "YBR_RCT", "YBR_ICT"):
            pixels = convert_color_space(pixels, space, "RGB")
        return np.asarray(Image.fromarray(pixels.astype(np.uint8)).convert("L"))
    if pixels.ndim != 2:
        raise Unreadable(f"has pixels of shape {pixels.shape}; one grey or colour image is allowed")
    return np.asarray(pixels)


def _plain(header: Dataset) -> bool:
    """Say whether stored values are shown as they are: 8 bits, no rescaling, no window."""
    touched = ("RescaleSlope", "ModalityLUTSequence", "VOILUTSequence", "WindowCenter")
    return header.get("BitsStored") == 8 and not header.get("PixelRepresentation") and not _any(header, touched)


def _any(header: Dataset, names: tuple[str, ...]) -> bool:
    return any(header.get(name) not in (None, "") for name in names)


def _padding(header: Dataset, pixels: NDArray[Any]) -> NDArray[np.bool_] | None:
    value = header.get("PixelPaddingValue")
    if value is None:
        return None
    limit = header.get("PixelPaddingRangeLimit")
    low, high = sorted((int(value), int(value if limit is None else limit)))
    padding = (pixels >= low) & (pixels <= high)
    return None if padding.all() else padding


def _windowed(header: Dataset, pixels: NDArray[Any], padding: NDArray[np.bool_] | None) -> NDArray[Any]:
    if _plain(header) or int(header.get("SamplesPerPixel") or 1) == 3:
        return pixels.astype(np.uint8)
    from pydicom.pixels.processing import apply_modality_lut, apply_voi_lut

    values = apply_modality_lut(pixels, header)
    if header.get("VOILUTSequence"):
        bits = int(header.VOILUTSequence[0].LUTDescriptor[2])
        return _scaled(apply_voi_lut(values, header, prefer_lut=True), 0.0, 2.0**bits - 1)
    if _any(header, ("WindowCenter",)) and _any(header, ("WindowWidth",)):
        centre, width = (_first(header.get(name)) for name in ("WindowCenter", "WindowWidth"))
        return window(values, centre, width, function=str(header.get("VOILUTFunction") or "LINEAR"))
    if int(header.get("BitsStored") or 16) <= 8 and not header.get("PixelRepresentation"):
        return _scaled(values, float(values.min()), float(values.max()))
    low, high = np.percentile(values if padding is None else values[~padding], PERCENTILES)
    return _scaled(values, float(low), float(high))


def window(values: NDArray[Any], centre: float, width: float, *, function: str = "LINEAR") -> NDArray[np.float32]:
    """Apply a DICOM window.

    Args:
        values: rescaled pixels of any shape.
        centre: window centre, in rescaled units.
        width: window width.
        function: ``LINEAR``, ``LINEAR_EXACT`` or ``SIGMOID`` (DICOM PS3.3 C.11.2.1.2 and C.11.2.1.3).

    Returns:
        The same shape, float32 in [0, 255].

    Raises:
        Unreadable: an unknown function or an impossible width.
    """
    x = np.asarray(values, dtype=np.float64)
    if not math.isfinite(centre) or not width >= (1.0 if function == "LINEAR" else 1e-12):
        raise Unreadable(f"has an impossible window: centre {centre:g}, width {width:g}")
    if function == "LINEAR":
        if width == 1.0:
            return np.where(x <= centre - 0.5, 0.0, 255.0).astype(np.float32)
        share = (x - (centre - 0.5)) / (width - 1.0) + 0.5
    elif function == "LINEAR_EXACT":
        share = (x - centre) / width + 0.5
    elif function == "SIGMOID":
        share = 1.0 / (1.0 + np.exp(np.clip(-4.0 * (x - centre) / width, -700, 700)))
    else:
        raise Unreadable(f"has an unknown window function {function!r}")
    return (255.0 * np.clip(share, 0.0, 1.0)).astype(np.float32)


def _scaled(values: NDArray[Any], low: float, high: float) -> NDArray[np.float32]:
    if not high > low:
        return np.zeros(values.shape, dtype=np.float32)
    return (255.0 * np.clip((values.astype(np.float64) - low) / (high - low), 0.0, 1.0)).astype(np.float32)


def _first(value: Any) -> float:
    try:
        return float(value)
    except TypeError:  # several windows are given; the first one is the default view
        return float(value[0])


def _person(header: Dataset) -> tuple[str | None, str, float, str]:
    identifier = str(header.get("PatientID") or "").strip()
    issuer = str(header.get("IssuerOfPatientID") or "").strip()
    view = str(header.get("ViewPosition") or "").strip().upper()
    return (
        f"{issuer}\n{identifier}" if identifier else None,
        sex_code(str(header.get("PatientSex") or "")),
        age_in_years(str(header.get("PatientAge") or "")),
        view if _VIEW.fullmatch(view) else "",
    )
