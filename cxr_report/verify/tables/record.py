"""An audit in, JSON and a CSV that spreadsheets can open out."""

from __future__ import annotations

import csv
import io
import json
from math import isfinite
from typing import Any

from cxr_report.verify.tables import Audit
from cxr_report.verify.tables.entries import Entry
from cxr_report.verify.tables.finding import Finding
from cxr_report.verify.tables.pairs import Curve, Pair
from cxr_report.verify.tables.standing import Claim, Standing
from cxr_report.verify.tables.wording import ASSUMPTIONS, claim, finding_row, inside_noise

__all__ = ["HEADS", "to_csv", "to_json"]

HEADS = ("method", "metric", "printed", "grade", "chance", "passing", "why")


def to_json(found: Audit) -> str:
    """Write everything at full precision; what is undefined is null."""
    value = {
        "table": found.table.name,
        "read_as": list(found.table.notes),
        "rounding": found.table.rounding,
        "impossible": len(found.impossible),
        "checks": [_finding(each) for each in found.findings],
        "intervals": [
            {
                **_entry(each.entry), "confidence": 0.95, "target": each.target, "method": each.method,
                "low": each.low, "high": each.high, "assumes": each.note,
            }
            for each in found.ranges
        ],
        "standings": [_standing(each) for each in found.standings],
        "assumptions": list(ASSUMPTIONS),
    }  # fmt: skip
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def to_csv(found: Audit, neutralise: Any) -> str:
    """Write the checks, one per line; text that a spreadsheet would run as a formula is made harmless.

    Args:
        found: the audit.
        neutralise: text in, harmless text out.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(("line", *HEADS))
    for finding in found.findings:
        row = finding_row(finding)
        writer.writerow((finding.entries[0].line, *(neutralise(cell) for cell in row)))
    return stream.getvalue()


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "line": entry.line,
        "method": entry.method,
        "metric": entry.measure.key if entry.measure else entry.name,
        "class": entry.klass,
        "dataset": entry.dataset,
        "printed": entry.value.text,
        "percent": entry.value.percent,
        "sd": entry.sd.text if entry.sd else None,
        "n": entry.sizes.n,
        "seeds": entry.sizes.seeds,
        "positives": entry.sizes.positives,
        "negatives": entry.sizes.negatives,
        "class_counts": list(entry.sizes.counts),
        "bold": entry.bold,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "what": finding.what,
        "of": [_entry(entry) for entry in finding.entries],
        "grade": finding.grade,
        "chance": _number(finding.chance),
        "passing": _number(finding.passing),
        "why": finding.text,
    }


def _standing(standing: Standing) -> dict[str, Any]:
    return {
        "metric": standing.title,
        "bold": standing.marked,
        "claims": [_claim(each, standing) for each in standing.claims],
        "pairs": [_pair(each) for each in standing.pairs],
    }


def _claim(found: Claim, standing: Standing) -> dict[str, Any]:
    return {
        "of": _entry(found.entry),
        "verdict": inside_noise(found),
        "sentence": claim(found, standing),
        "against": _pair(found.pair, curve=True),
        "best_of_all": _curve(found.best),
        "needed": [
            {"unit": each.unit, "least": each.least, "most": each.most, "power": 0.8, "alpha": 0.05, "how": each.how}
            for each in found.needed
        ],
    }


def _pair(pair: Pair, *, curve: bool = False) -> dict[str, Any]:
    told = {
        "better": pair.better.method,
        "worse": pair.worse.method,
        "probability_low": _number(pair.low),
        "probability_high": _number(pair.high),
        "flat_prior_low": _number(pair.flat[0]),
        "flat_prior_high": _number(pair.flat[1]),
        "probability_seeds": _number(pair.seeds),
        "verdict": pair.verdict,
    }
    return {**told, "curve": _curve(pair.curve)} if curve else told


def _curve(curve: Curve | None) -> dict[str, Any] | None:
    if curve is None:
        return None
    return {
        "agreement": curve.axis,
        "x": [float(each) for each in curve.agreement],
        "probability": [_number(float(each)) for each in curve.probability],
    }


def _number(number: float) -> float | None:
    return float(number) if isfinite(number) else None
