"""What every test may ask for."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("calm", deadline=None)  # a busy machine is no fault of the code
settings.load_profile("calm")

SHARED = Path(__file__).resolve().parents[1].parent / "shared" / "data"
NEEDS_TRAIN = ("training", "inference", "whole")
"""Folders of tests that need the extra train; in the base install they are left out, and the first lines say so."""

HAS_TRAIN = all(importlib.util.find_spec(name) is not None for name in ("torch", "onnxruntime"))
collect_ignore = [] if HAS_TRAIN else [name for name in NEEDS_TRAIN if (Path(__file__).parent / name).exists()]


def pytest_report_header() -> str:
    """Say which tests cannot be here."""
    if HAS_TRAIN:
        return "extra train: installed"
    return f"extra train: not installed, so the tests in {', '.join(NEEDS_TRAIN)} are left out"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what is marked torch where torch is absent."""
    if not HAS_TRAIN:
        for item in items:
            if item.get_closest_marker("torch"):
                item.add_marker(pytest.mark.skip(reason="needs the extra train"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real chest X-rays beside the checkout; the test is skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"real test images are absent (looked for {SHARED.parent.name}/{SHARED.name} beside the checkout)")
    return SHARED
