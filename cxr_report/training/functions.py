"""``package.module:name`` in a study file comes in, the function goes out."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cxr_report.errors import Refusal, nearest

__all__ = ["resolve", "what_happened"]


def resolve(reference: str, study_file: Path, *, key: str) -> Callable[..., Any]:
    """Import a function of the user's own.

    Args:
        reference: ``package.module:name``, findable from the study file's folder or the installed packages.
        study_file: the study file.
        key: where the reference stands in it, for the message.

    Raises:
        Refusal: the module cannot be imported or has no such function.
    """
    module_name, _, name = reference.partition(":")
    folder = str(study_file.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        module = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:
        raise Refusal(f"{key}: importing {module_name} failed with {what_happened(error)}") from error
    found = getattr(module, name, None)
    if not callable(found):
        known = [entry for entry in vars(module) if callable(getattr(module, entry)) and not entry.startswith("_")]
        raise Refusal(
            f"{key}: module {module_name} has no function {name!r}; it has {', '.join(known) or 'none'}"
            f"{nearest(name, known)}"
        )
    function: Callable[..., Any] = found
    return function


def what_happened(error: BaseException) -> str:
    """Return an error's kind and the first line of its message, to end a sentence with."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
