"""A verification in, a JSON document out."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from cxr_report.verify.study.difference import Difference, Verified

__all__ = ["encode", "record"]


def record(found: Verified) -> dict[str, Any]:
    """Return everything that was found as plain values.

    Example:
        >>> record(Verified("runs/x", "folder", "1.0", (), ()))["agrees"]
        True
    """
    return {
        "program": f"cxr_report {found.program}",
        "name": found.name,
        "kind": found.kind,
        "agrees": found.agrees,
        "steps": [
            {
                "step": step.name,
                "checked": step.checked,
                "unit": step.unit,
                "facts": list(step.facts),
                "differences": [_plain(each) for each in step.differences],
                "notices": [_plain(each) for each in step.notices],
            }
            for step in found.steps
        ],
        "out_of_reach": list(found.out_of_reach),
    }


def _plain(each: Difference) -> dict[str, str]:
    return asdict(each)


def encode(found: Verified) -> bytes:
    """Write the record as UTF-8."""
    return (json.dumps(record(found), ensure_ascii=False, indent=1) + "\n").encode("utf-8", errors="replace")
