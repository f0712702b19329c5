"""What a user asks of a comparison: the options of the command line and the plan file, before they meet the table."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cxr_report.errors import Refusal, nearest, refuse_irregular

__all__ = ["Asked", "planned"]

SECTIONS = ("metrics", "analysis")
"""What a plan file may say; everything else is in the table."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Everything that the table itself does not say. What is empty, or None, was not asked for."""

    primary: str = ""
    secondary: tuple[str, ...] | None = None
    """None: with scores all other metrics of the table, with predictions the usual ones."""
    task: str = ""
    """binary, multiclass or multilabel; needed for predictions, and for them alone."""
    positive: str = ""
    """The positive class of a binary task with two columns; empty: that of the second column."""
    baseline: str = ""
    """A loss, by its label in the table or its name in the study; empty: that of the first row."""
    margin: float | None = None
    alpha: float | None = None
    family: str = ""
    adjustment: str = ""
    higher: tuple[str, ...] = ()
    """Metrics of the user's own of which higher values are better."""
    lower: tuple[str, ...] = ()
    name: str = ""
    """Of the study's folder; empty: that of the file."""
    title: str = ""
    incomplete: str = "refuse"
    """What becomes of a design in which a loss lacks a seed, see `INCOMPLETE`."""
    plan: Path | None = None
    """A TOML file with the sections metrics and analysis; the options above come before it."""

    @property
    def where(self) -> str:
        """Name the command and its plan, for messages on what both of them say together."""
        return "compare" if self.plan is None else f"compare --plan {self.plan}"

    def blamed(self, option: str, key: str) -> str:
        """Name the option where it was given, else the key of the plan file that says the same.

        Args:
            option: ``primary``, ``secondary`` or ``baseline``.
            key: as the plan has it, with its section.
        """
        return f"--{option}" if self.plan is None or getattr(self, option) else f"{self.plan}: {key}"


def planned(asked: Asked) -> dict[str, dict[str, Any]]:
    """Put plan file and options together: the sections metrics and analysis as plain data, names as written.

    Raises:
        Refusal: the plan file cannot be read, or says something else.
    """
    raw = _read(asked.plan) if asked.plan is not None else {"metrics": {}, "analysis": {}}
    metrics = {"primary": asked.primary, "secondary": None if asked.secondary is None else list(asked.secondary)}
    analysis = {
        "baseline": asked.baseline,
        "margin": asked.margin,
        "alpha": asked.alpha,
        "family": asked.family,
        "adjustment": asked.adjustment,
    }
    return {"metrics": {**raw["metrics"], **_said(metrics)}, "analysis": {**raw["analysis"], **_said(analysis)}}


def _said(options: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in options.items() if value not in ("", None)}


def _read(file: Path) -> dict[str, dict[str, Any]]:
    try:
        refuse_irregular(file)
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Refusal(f"{file}: there is no such plan; it is a TOML file with the sections metrics, analysis") from None
    except (OSError, UnicodeDecodeError) as error:
        raise Refusal(f"{file}: cannot be read as UTF-8 text ({error})") from None
    except tomllib.TOMLDecodeError as error:
        raise Refusal(f"{file}: is not valid TOML: {error}") from None
    for key, section in raw.items():
        if key not in SECTIONS:
            raise Refusal(
                f"{file}: {key}: a plan for a table holds the sections {' and '.join(SECTIONS)} only"
                f"{nearest(key, SECTIONS)}"
            )
        if not isinstance(section, dict):
            raise Refusal(f"{file}: {key}: must be a table of keys, such as [{key}], got {section!r}")
    multiverse = raw.get("analysis", {}).get("multiverse", {})
    if not isinstance(multiverse, dict):
        key = "analysis.multiverse"
        raise Refusal(f"{file}: {key}: must be a table of keys, such as [{key}], got {multiverse!r}")
    return {section: dict(raw.get(section, {})) for section in SECTIONS}
