"""Resizing to a square."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr_report.data.square import square


def test_pad_keeps_the_aspect_and_fills_with_black() -> None:
    wide = square(np.full((50, 100), 200, dtype=np.uint8), 32, policy="pad")
    assert (wide[8:24] == 200).all()
    assert not wide[:8].any()
    assert not wide[24:].any()


def test_crop_keeps_the_middle_of_the_longer_side() -> None:
    image = np.zeros((20, 60), dtype=np.uint8)
    image[:, 20:40] = 255
    assert (square(image, 20, policy="crop") == 255).all()


def test_squash_shows_the_whole_image_stretched() -> None:
    image = np.zeros((20, 60), dtype=np.uint8)
    image[:, 30:] = 255
    result = square(image, 16, policy="squash")
    assert (result[:, :4] == 0).all()
    assert (result[:, 12:] == 255).all()


def test_reduction_is_antialiased() -> None:
    """A fine chequerboard becomes even grey, where picking single pixels would give black or white."""
    board = (np.indices((256, 256)).sum(axis=0) % 2 * 255).astype(np.uint8)
    result = square(board, 16, policy="pad")
    assert abs(result.astype(int) - 128).max() <= 2


def test_deep_images_are_rounded_once() -> None:
    ramp = np.linspace(0, 255, 64 * 64, dtype=np.float32).reshape(64, 64)
    assert np.array_equal(square(ramp, 64, policy="pad"), np.rint(ramp).astype(np.uint8))


@pytest.mark.parametrize("policy", ["pad", "crop", "squash"])
@given(height=st.integers(1, 70), width=st.integers(1, 70), size=st.integers(16, 40), grey=st.integers(0, 255))
def test_every_shape_becomes_the_square_and_no_grey_is_invented(
    policy: str, height: int, width: int, size: int, grey: int
) -> None:
    result = square(np.full((height, width), grey, dtype=np.uint8), size, policy=policy)  # type: ignore[arg-type]
    assert result.shape == (size, size)
    assert result.dtype == np.uint8
    assert set(np.unique(result).tolist()) <= {0, grey}
    if policy != "pad":
        assert (result == grey).all()
