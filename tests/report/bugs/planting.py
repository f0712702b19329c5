"""How a bug is planted: one function of the narrator is put in the place of another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cxr_report.report.language import Speech


def keep(patch: pytest.MonkeyPatch, module: Any, name: str, change: Callable[..., Any]) -> None:
    """Put ``change(right, *args)`` in the place of a function."""
    right = getattr(module, name)
    patch.setattr(module, name, lambda *args, **named: change(right, *args, **named))


def retold(patch: pytest.MonkeyPatch, before: str, after: str) -> None:
    """Put other words in the place of some, wherever a template has them."""
    keep(patch, Speech, "_template", lambda right, say, template: right(say, template).replace(before, after))


def planted(names: dict[str, Any]) -> list[Callable[[pytest.MonkeyPatch], None]]:
    """Find the bugs among the names of a module: functions that take nothing but the patch."""
    return [
        value for value in names.values() if list(getattr(value, "__annotations__", {})) == ["patch", "return"]
    ]  # fmt: skip
