"""The catalogue: for every English template its translation, read from the TOML files beside this module."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from string import Formatter
from types import MappingProxyType

__all__ = ["LANGUAGES", "entries", "slots_of"]

LANGUAGES = ("en", "ko")
"""What ``report.language`` may be; templates are written in the first."""


@cache
def entries(language: str) -> Mapping[str, str]:
    """Return every template of a language by its English one; none for English itself.

    Files are ``catalogue/<part>.<language>.toml``, each a flat table ``"English template" = "translation"``.

    Raises:
        ValueError: two files translate a template differently.
    """
    found: dict[str, str] = {}
    folder = resources.files(__package__) / "catalogue"
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        if not file.name.endswith(f".{language}.toml"):
            continue
        for template, translation in tomllib.loads(file.read_text(encoding="utf-8")).items():
            if found.get(template, translation) != translation:
                raise ValueError(f"{file.name}: {template!r} is translated otherwise in another file")
            found[template] = translation
    return MappingProxyType(found)


def slots_of(template: str) -> tuple[str, ...]:
    """Return the names of a template's slots, sorted.

    Example:
        >>> slots_of("{seeds} seeds of {loss}")
        ('loss', 'seeds')
    """
    return tuple(sorted({name for _, name, _, _ in Formatter().parse(template) if name is not None}))
