"""The examples in the docstrings of the gate are true."""

from __future__ import annotations

import doctest
import importlib

import pytest


@pytest.mark.parametrize("name", ["design", "expectation", "question", "words"])
def test_every_example_gives_what_it_shows(name: str) -> None:
    found = doctest.testmod(importlib.import_module(f"cxr_report.gate.{name}"))
    assert found.attempted > 0
    assert found.failed == 0
