"""Arrays on their way to another process."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from cxr_report.training.resident import grey_levels
from cxr_report.training.shipping import ship_array, ship_images, unship_array, unship_images


@pytest.fixture
def pixels(tmp_path: Path) -> np.ndarray:
    images = np.random.default_rng(0).integers(0, 256, (10, 6, 6), dtype=np.uint8)
    np.save(tmp_path / "images.npy", images)
    return images


def test_a_part_of_a_memory_map_is_shipped_as_a_place_in_its_file(pixels: np.ndarray, tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    for part in (mapped, mapped[3:8], mapped[3:8][1:3], mapped[9:]):
        told = ship_images(part, spool)
        assert np.array_equal(unship_images(json.loads(json.dumps(told))), part)
        assert told["file"] == str(tmp_path / "images.npy")
    assert list(spool.iterdir()) == []


def test_anything_else_is_spooled(pixels: np.ndarray, tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    for part in (pixels, pixels[2:5], mapped[[4, 1]], mapped[:, ::2, :3]):
        assert np.array_equal(unship_images(ship_images(part, spool)), part)
    assert len(list(spool.iterdir())) == 4


@pytest.mark.parametrize("array", [np.arange(5), np.array([[1.0, np.nan]], dtype=np.float32)])
def test_labels_travel_as_text(array: np.ndarray) -> None:
    back = unship_array(json.loads(json.dumps(ship_array(array))))
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)


def test_grey_levels_are_exact() -> None:
    images = np.random.default_rng(1).integers(0, 256, (600, 5, 5), dtype=np.uint8)
    assert grey_levels(images) == pytest.approx((images.mean() / 255, images.std() / 255), rel=1e-12)
    assert grey_levels(np.full((3, 4, 4), 51, dtype=np.uint8)) == (0.2, 1.0)
