"""The examples in the docstrings of this room are true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

from cxr_report.verify import tables

MODULES = sorted(one.name for one in pkgutil.iter_modules(tables.__path__))


@pytest.mark.parametrize("name", MODULES)
def test_every_example_gives_what_it_shows(name: str) -> None:
    assert doctest.testmod(importlib.import_module(f"cxr_report.verify.tables.{name}")).failed == 0


def test_most_modules_have_examples() -> None:
    attempted = [
        doctest.testmod(importlib.import_module(f"cxr_report.verify.tables.{name}")).attempted for name in MODULES
    ]
    assert sum(count > 0 for count in attempted) >= len(MODULES) // 2
