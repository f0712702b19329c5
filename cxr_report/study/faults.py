"""A fault that pydantic found in, one sentence with key, what is allowed and the nearest known key out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ValidationError

from cxr_report.errors import nearest
from cxr_report.study.inference import Inference
from cxr_report.study.plan import Analysis, Components, Metrics, Multiverse, NoiseFloor
from cxr_report.study.search import Dimension, Tuning
from cxr_report.study.sections import (
    Augmentation,
    Data,
    External,
    Loss,
    Model,
    Phantom,
    Report,
    SplitRule,
    Training,
    TrainingOverride,
)
from cxr_report.study.whole import Study

__all__ = ["sentence"]

SECTIONS: Mapping[str, type[BaseModel]] = MappingProxyType(
    {
        "": Study,
        "data": Data,
        "data.external": External,
        "data.external.phantom": Phantom,
        "data.phantom": Phantom,
        "data.split": SplitRule,
        "model": Model,
        "training": Training,
        "training.augmentation": Augmentation,
        "metrics": Metrics,
        "analysis": Analysis,
        "analysis.multiverse": Multiverse,
        "analysis.components": Components,
        "noise_floor": NoiseFloor,
        "tuning": Tuning,
        "tuning.learning_rate": Dimension,
        "tuning.weight_decay": Dimension,
        "inference": Inference,
        "report": Report,
    }
)
"""Every section by its place in the file, but for the losses, whose names are the user's."""


_LOSS: Mapping[tuple[Any, ...], type[BaseModel]] = MappingProxyType(
    {("training",): TrainingOverride, ("tuning",): Dimension}
)
"""Parts of a loss that are sections of their own."""


def sentence(error: ValidationError) -> str:
    """Say the first fault in one sentence, and how many more there are."""
    faults = error.errors(include_url=False)
    first = _fault(faults[0])
    more = len(faults) - 1
    return first if not more else f"{first} (and {more} more {'fault' if more == 1 else 'faults'})"


def _fault(fault: Any) -> str:
    place = [part for part in fault["loc"] if not isinstance(part, int)]
    place = [part for n, part in enumerate(place) if part != "parameters" or n == len(place) - 1]
    key = _key(fault["loc"]) or "study"
    kind, got, context = fault["type"], fault["input"], fault.get("ctx", {})
    if kind == "extra_forbidden":
        known = _known_keys(place[:-1])
        return f"{key}: unknown key; allowed: {', '.join(known)}{nearest(str(place[-1]), known)}"
    if kind == "missing":
        return f"{key}: is missing{_allowed(place)}"
    if kind == "value_error":
        return f"{key}: {context['error']}" if place else str(context["error"])
    if kind == "literal_error":
        options = _offered(re.findall(r"'([^']*)'", context["expected"]))
        return f"{key}: got {got!r}; allowed: {', '.join(options)}{nearest(str(got), options)}"
    if kind in ("model_type", "dict_type", "model_attributes_type"):
        return f"{key}: must be a table of keys, such as [{key}], got {got!r}"
    if kind == "too_short":
        return f"{key}: is too short; allowed: at least {context['min_length']}, got {len(got)}"
    if key == "seeds":
        return f"seeds: must be a count, such as 5, or a list of whole numbers, such as [1, 2, 3], got {got!r}"
    if kind == "string_pattern_mismatch":
        return f"{key}: must be a function written as 'package.module:name', got {got!r}"
    text = fault["msg"].replace("Input should be", "must be").replace("valid tuple", "list")
    shown = repr(got) if not isinstance(got, dict | list) or len(repr(got)) < 60 else type(got).__name__
    return f"{key}: {text[0].lower()}{text[1:]}, got {shown}"


def _key(loc: Sequence[Any]) -> str:
    """Write where a fault lies as in the file; of several external test sets the first is data.external[1]."""
    parts = [str(part) for part in loc if not isinstance(part, int) and part != "parameters"]
    if tuple(loc[:2]) == ("data", "external") and len(loc) > 2 and isinstance(loc[2], int):
        parts[1] = f"external[{loc[2] + 1}]"
    return ".".join(parts)


def _section(place: list[Any]) -> type[BaseModel] | None:
    for home in (["losses"], ["noise_floor", "identical"]):
        if place[: len(home)] == home and len(place) > len(home):
            return _LOSS.get(tuple(place[len(home) + 1 :][:1]), Loss)
    return SECTIONS.get(".".join(str(part) for part in place))


def _known_keys(place: list[Any]) -> list[str]:
    section = _section(place)
    hidden = ("function_sha256", "pretrained_sha256", "table", "reported")
    return [] if section is None else [key for key in section.model_fields if key not in hidden]


def _allowed(place: list[Any]) -> str:
    section = _section(place[:-1])
    field = None if section is None else section.model_fields.get(str(place[-1]))
    if field is None:
        return ""
    options = _offered(re.findall(r"'([^']*)'", str(field.annotation))) if "Literal" in str(field.annotation) else []
    return f"; allowed: {', '.join(options)}" if options else ""


def _offered(options: list[str]) -> list[str]:
    """Leave out what `compare` alone writes: a table among the sources, no task among the tasks."""
    written = "table" if "phantom" in options else "none" if "binary" in options else ""
    return [option for option in options if option != written]
