"""A Conformance in, the bytes of its record out, and back: a report prints the record, whatever machine it is on."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, replace
from decimal import ROUND_CEILING, Decimal
from importlib import resources
from pathlib import Path
from typing import Any

from cxr_report.conformance.value import Check, Conformance
from cxr_report.errors import Refusal, keeps_files, refuse_irregular

__all__ = ["encode", "recorded", "refuse_target", "rounded_up"]

FORMAT = 1


def rounded_up(deviation: float) -> float:
    """Round a deviation up to one significant digit; 0 and infinity stay.

    Rounding noise differs between processors and libraries; one digit says what a reader wants to know of it.

    Args:
        deviation: at least 0.

    Returns:
        A number of at least the deviation.

    Example:
        >>> rounded_up(3.2e-15), rounded_up(0.04), rounded_up(0.0)
        (4e-15, 0.04, 0.0)
    """
    if deviation == 0 or math.isinf(deviation):
        return deviation
    digits = Decimal(repr(deviation))
    return float(digits.quantize(Decimal((0, (1,), digits.adjusted())), rounding=ROUND_CEILING))


def _coarse(check: Check) -> Check:
    """Round both deviations up, the one that is held to its tolerance not beyond that where it agrees."""
    rounded = replace(check, absolute=rounded_up(check.absolute), relative=rounded_up(check.relative))
    if rounded.agrees or not check.agrees:
        return rounded
    if check.held_to == "absolute":
        return replace(rounded, absolute=check.tolerance)
    return replace(rounded, relative=check.tolerance)


def encode(conformance: Conformance) -> bytes:
    """Write a conformance as JSON, deviations rounded up to one significant digit.

    Returns:
        UTF-8, one check a line.

    Example:
        >>> encode(Conformance((), {"python": "3.12.1"})).decode().splitlines()[1]
        ' "format": 1,'
    """
    lines = [json.dumps(asdict(_coarse(check)), ensure_ascii=False) for check in conformance.checks]
    versions = json.dumps(dict(conformance.versions))
    checks = ",\n  ".join(lines)
    return f'{{\n "format": {FORMAT},\n "versions": {versions},\n "checks": [\n  {checks}\n ]\n}}\n'.encode()


def refuse_target(file: Path) -> None:
    """Refuse a file that a record cannot be written to, before anything is computed.

    Args:
        file: where the record shall lie; a regular file that is there is replaced.

    Raises:
        Refusal: something else than a regular file lies there, or its folder is not there or keeps no files.
        FileNotFoundError: the path is relative, and the working directory is no longer there.
    """
    refuse_irregular(file)
    folder = file.absolute().parent
    if not folder.is_dir():
        raise Refusal(f"--write {file}: there is no folder {folder}; make it, or name a file in one that is there")
    if not keeps_files(folder):
        raise Refusal(f"--write {file}: no file can be kept in {folder}; name a folder on a disk")


def recorded() -> Conformance:
    """Read what this release found when it was made.

    Returns:
        Its checks, deviations rounded up to one significant digit, and the versions they were made with.

    Example:
        >>> recorded().agrees
        True
    """
    file = resources.files("cxr_report") / "conformance" / "record.json"
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return Conformance(tuple(Check(**entry) for entry in content["checks"]), content["versions"])
