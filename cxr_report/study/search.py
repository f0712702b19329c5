"""The section tuning of a study file: how many configurations every loss may try, and among which values."""

from __future__ import annotations

import math
from typing import Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from cxr_report.study.section import Section

__all__ = ["FIXED", "KEPT", "Dimension", "Scale", "Tuning"]

Scale = Literal["linear", "log", "complement"]
"""Where a range is drawn from evenly: x, its logarithm, or the logarithm of 1 - x."""

FIXED = "fixed"
"""Stands for a dimension that every configuration leaves as it is written."""


class Dimension(Section):
    """One direction of a search: a list of values, a range, or nothing but the value that is written."""

    values: tuple[float, ...] = ()
    low: float | None = None
    high: float | None = None
    scale: Scale = "linear"

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, value: Any) -> Any:
        if isinstance(value, list | tuple):
            if len(value) < 2:
                raise ValueError(f"a list holds at least 2 values, got {list(value)!r}; 'fixed' keeps the written one")
            return {"values": value}
        if value == FIXED:
            return {}
        if not isinstance(value, dict | Dimension) or value == {}:
            raise ValueError(
                "must be a list of values, such as [1e-3, 1e-2], a range, such as { low = 1e-4, high = 1e-2, "
                f"scale = 'log' }}, or 'fixed', got {value!r}"
            )
        return value

    @model_validator(mode="after")
    def _possible(self) -> Dimension:
        if self.values:
            if self.low is not None or self.high is not None or len(set(self.values)) < len(self.values):
                raise ValueError("a list of values has no range beside it, and names no value twice")
            return self
        if (self.low is None) != (self.high is None):
            raise ValueError("a range has both low and high")
        if self.low is None or self.high is None:
            return self
        if not self.low < self.high:
            raise ValueError(f"low must be less than high, got {self.low:g} and {self.high:g}")
        if (self.scale == "log" and self.low <= 0) or (self.scale == "complement" and self.high >= 1):
            allowed = "a low above 0" if self.scale == "log" else "a high below 1"
            raise ValueError(f"scale = {self.scale!r} needs {allowed}, got {self.low:g} to {self.high:g}")
        return self

    @model_serializer(mode="wrap")
    def _short(self, handler: SerializerFunctionWrapHandler) -> Any:
        plain: dict[str, Any] = handler(self)
        if self.values:
            return list(self.values)
        return FIXED if self.low is None else {key: plain[key] for key in ("low", "high", "scale")}

    @property
    def fixed(self) -> bool:
        """Whether it is no direction at all."""
        return not self.values and self.low is None

    @property
    def size(self) -> float:
        """How many values it has; infinite for a range, 1 where it is fixed."""
        return 1 if self.fixed else len(self.values) or math.inf

    @property
    def span(self) -> tuple[float, float]:
        """The smallest and the largest value; NaN where it is fixed."""
        if self.values:
            return min(self.values), max(self.values)
        return (math.nan, math.nan) if self.low is None or self.high is None else (self.low, self.high)


KEPT = Dimension.model_validate(FIXED)
"""No direction: the value that is written."""


class Tuning(Section):
    """An equal budget for every loss, spent on validation cases, with seeds of its own."""

    trials: int = Field(10, ge=2, le=1000, description="configurations per loss; the first is the one that is written")
    trainings: int = Field(1, ge=1, le=100, description="of each configuration, each with a seed of its own")
    epochs: int | None = Field(None, ge=1, le=10_000, description="of one training; default: those of a run")
    draw: int = Field(0, ge=0, le=1_000_000, description="another number draws other configurations and seeds")
    learning_rate: Dimension | None = Field(None, description="default: a tenth to the tenfold of the study's")
    weight_decay: Dimension | None = Field(None, description="default: a tenth to the tenfold of the study's")
