"""The section of a study file that says in which arithmetics the exported models are evaluated again."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from cxr_report.study.section import Section

__all__ = ["Inference", "Variant"]

Variant = Literal["cpu", "fp16", "int8"]
"""Float32 on the CPU where the reference ran on a GPU; half precision; eight-bit integers."""


class Inference(Section):
    """Variants of the exported models, each held against the float32 one to see whether the conclusions stay."""

    variants: tuple[Variant, ...] = Field((), description="evaluated beside the float32 model, which decides")
    cases_for_calibration: int = Field(
        128, ge=1, le=100_000, description="validation cases that the ranges of int8 are measured on"
    )

    @field_validator("variants")
    @classmethod
    def _each_once(cls, value: tuple[Variant, ...]) -> tuple[Variant, ...]:
        if len(set(value)) < len(value):
            raise ValueError("a variant is named twice; each may stand once")
        return tuple(sorted(value))  # their order means nothing, and the plan's hash shall not depend on it
