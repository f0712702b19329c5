"""Makes the module that writes tables importable; the tests are no package of their own."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path


def _tables() -> None:
    spec = importlib.util.spec_from_file_location("tables_given", Path(__file__).with_name("tables_given.py"))
    assert spec is not None
    assert spec.loader is not None
    sys.modules[spec.name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)


_tables()
