"""What rows of comparisons.csv have in common: degrees of freedom, and a pair compared over the test cases."""

from __future__ import annotations

import math
from typing import Any

from cxr_report.analysis.value import JointPair

__all__ = ["Row", "compared", "freedom"]

Row = dict[str, Any]
"""Column -> value."""


def freedom(df: float) -> float | str:
    """Write degrees of freedom: an infinite number is a value, and no undefined one."""
    return "inf" if math.isinf(df) else df


def compared(pair: JointPair) -> Row:
    """Write what every comparison of two losses has, of what kind ever it is."""
    return {
        "first": pair.first,
        "second": pair.second,
        "estimate": pair.difference,
        "low": pair.low,
        "high": pair.high,
        "low_simultaneous": pair.low_simultaneous,
        "high_simultaneous": pair.high_simultaneous,
        "statistic": pair.t,
        "p": pair.p,
        "p_adjusted": pair.p_adjusted,
        "decision": pair.verdict,
    }
