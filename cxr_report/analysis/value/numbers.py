"""Numbers as statistics.json holds them: NaN is null, and an estimate comes with its interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator

__all__ = ["Interval", "Number"]


def _number(value: Any) -> Any:
    return math.nan if value is None else value


Number = Annotated[float, BeforeValidator(_number)]
"""A float; NaN, written as null, where it is mathematically undefined; infinity is written as the text inf."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its confidence interval."""

    estimate: Number
    low: Number
    high: Number
