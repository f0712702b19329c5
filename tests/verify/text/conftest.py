"""What the tests of this folder share; the tests are no package of their own."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

_NAME = "checked_forms"
_SPEC = importlib.util.spec_from_file_location(_NAME, Path(__file__).with_name("forms.py"))
if _SPEC is None or _SPEC.loader is None:
    raise ImportError("forms.py is missing beside conftest.py")
sys.modules[_NAME] = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(sys.modules[_NAME])
