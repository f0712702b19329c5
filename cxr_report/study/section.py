"""What every section of a study file is: frozen plain values without unknown keys."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from cxr_report.errors import unprintable

__all__ = ["Section", "Shown", "Written"]


def _showable(text: str) -> str:
    if unprintable(text):
        raise ValueError(
            f"{text!r} holds the character {unprintable(text)}; allowed: characters that can be shown, on one line"
        )
    return text


Shown = Annotated[str, AfterValidator(_showable)]
"""Text that stands on a page."""


def _writable(text: str) -> str:
    for line in text.split("\n"):
        _showable(line)
    return text


Written = Annotated[str, AfterValidator(_writable)]
"""Text of several lines that stands on a page."""


class Section(BaseModel):
    """A part of the study file: frozen, and without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, protected_namespaces=())
