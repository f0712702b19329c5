"""A frozen study and perhaps another plan in, the study as it shall be analysed out."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from cxr_report.errors import Refusal, nearest
from cxr_report.study import Study, parse

__all__ = ["check_name", "other_plan"]

SECTIONS = ("metrics", "analysis")
"""What another plan may say; data, model, training, losses and seeds are those of the runs."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_TAKEN = ("partial",)


def check_name(name: str) -> None:
    """Refuse a name that cannot become part of a folder's name, or that has a meaning of its own.

    Raises:
        Refusal: the name is at fault.
    """
    if not _NAME.fullmatch(name) or name.lower() in _TAKEN:
        raise Refusal(
            f"--as {name}: the name of an analysis is 1 to 64 letters, digits, '_' or '-', and not {_TAKEN[0]!r}"
        )


def other_plan(study: Study, file: Path) -> Study:
    """Replace a study's metrics and analysis by those of another plan; what the plan does not say stays.

    Args:
        study: as frozen.
        file: a TOML file with the sections metrics and analysis, or one of them.

    Raises:
        Refusal: the file cannot be read, says something else, or the plan is impossible.
    """
    raw = _read(file)
    for key in raw:
        if key not in SECTIONS:
            raise Refusal(
                f"{file}: {key}: another plan for the same runs holds the sections {' and '.join(SECTIONS)} only"
                f"{nearest(key, SECTIONS)}"
            )
    plain = study.model_dump(mode="json")
    for section in SECTIONS:
        asked = raw.get(section, {})
        if not isinstance(asked, dict):
            raise Refusal(f"{file}: {section}: must be a table of keys, such as [{section}], got {asked!r}")
        plain[section] = {**plain[section], **asked}
    plain["metrics"] = _without_doubles(plain["metrics"], raw.get("metrics", {}), study)
    if "metrics" in raw and "multiverse" not in raw.get("analysis", {}):  # its list was filled in from the old metrics
        multiverse = {**plain["analysis"]["multiverse"], "metrics": []}
        plain["analysis"] = {**plain["analysis"], "multiverse": multiverse}
    return parse(plain, str(file))


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Refusal(f"{file}: there is no such plan; it is a TOML file with the sections metrics, analysis") from None
    except (OSError, UnicodeDecodeError) as error:
        raise Refusal(f"{file}: cannot be read as UTF-8 text ({error})") from None
    except tomllib.TOMLDecodeError as error:
        raise Refusal(f"{file}: is not valid TOML: {error}") from None


def _without_doubles(metrics: dict[str, Any], asked: dict[str, Any], study: Study) -> dict[str, Any]:
    """Let a new primary metric change places with the old one where the plan does not list the secondary ones."""
    if "primary" not in asked or "secondary" in asked:
        return metrics
    old = study.metrics
    others = [name for name in (old.primary, *old.secondary) if name != metrics["primary"]]
    return {**metrics, "secondary": others}
