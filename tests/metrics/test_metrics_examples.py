"""The example of every docstring gives what it says."""

import doctest
import importlib
import pkgutil
import re

import numpy as np
import pytest

from cxr_report import metrics

MODULES = sorted(one.name for one in pkgutil.iter_modules(metrics.__path__))


@pytest.mark.skipif(np.__version__.startswith("1."), reason="numbers of numpy 1 are shown in another way")
@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run(name):
    module = importlib.import_module(f"cxr_report.metrics.{name}")
    assert doctest.testmod(module).failed == 0


def test_every_public_function_has_an_example():
    functions = [getattr(metrics, name) for name in metrics.__all__ if name[0].islower()]
    bare = [one.__name__ for one in functions if not re.search(r"^\s*>>> ", one.__doc__ or "", re.MULTILINE)]
    assert bare == []
