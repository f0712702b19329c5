"""The name of a witness in, what that other program or publication says out; the data lie beside this module."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

__all__ = ["stored_names", "witness"]

_FOLDER = resources.files("cxr_report") / "conformance" / "witnesses"


def stored_names() -> tuple[str, ...]:
    """List the stored witnesses.

    Example:
        >>> "vandyke" in stored_names()
        True
    """
    names = (entry.name for entry in _FOLDER.iterdir())
    return tuple(sorted(name.removesuffix(".json") for name in names if name.endswith(".json")))


def witness(name: str) -> dict[str, Any]:
    """Read a stored witness: reference values of another program or a publication, with the inputs they belong to.

    Every witness says under `source` which script or publication it comes from and, where programs made it, under
    `versions` which. It is read anew by every call, so a caller may change what it gets.

    Args:
        name: one of `stored_names()`.

    Returns:
        The content of the file; undefined values are None.

    Raises:
        ValueError: for a name that is not stored.

    Example:
        >>> witness("vandyke")["means"]
        [0.897037, 0.9408374]
    """
    file = _FOLDER / f"{name}.json"
    if not file.is_file():
        raise ValueError(f"name must be one of {', '.join(stored_names())}, got {name!r}.")
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content
