"""Augmented images: what stays, what moves, by how much at most."""

from __future__ import annotations

import pytest
import torch

from cxr_report.study import Augmentation
from cxr_report.training.augmentation import augment
from cxr_report.training.randomness import generator

NOTHING = {"shift": 0.0, "rotation": 0.0, "scale": 0.0, "brightness": 0.0, "contrast": 0.0}


def only(**strength: float | bool) -> Augmentation:
    return Augmentation.model_validate({**NOTHING, **strength})


def disc(size: int = 33, count: int = 64) -> torch.Tensor:
    """Blurred discs in the middle."""
    axis = torch.linspace(-1, 1, size)
    radius = (axis[:, None] ** 2 + axis[None, :] ** 2).sqrt()
    return (1 - radius * 2).clamp(0, 1).expand(count, 1, size, size).contiguous()


def centres(images: torch.Tensor) -> torch.Tensor:
    """Centre of mass ``(N, 2)`` (x, y) in units of half a side."""
    axis = torch.linspace(-1, 1, images.shape[-1])
    mass = images.sum(dim=(1, 2, 3))
    x = (images.sum(dim=2).squeeze(1) * axis).sum(dim=1) / mass
    y = (images.sum(dim=3).squeeze(1) * axis).sum(dim=1) / mass
    return torch.stack((x, y), 1)


def test_without_strength_images_come_back_as_they_are() -> None:
    images = torch.rand((5, 1, 16, 16))
    assert torch.equal(augment(images, only(), generator(1, "augment")), images)


def test_a_vanishing_strength_changes_almost_nothing() -> None:
    images = torch.rand((5, 1, 16, 16))
    weak = Augmentation.model_validate(dict.fromkeys(NOTHING, 1e-6))
    torch.testing.assert_close(augment(images, weak, generator(1, "augment")), images, atol=1e-4, rtol=0)


def test_shifts_reach_the_given_share_of_the_side_and_no_further() -> None:
    moved = centres(augment(disc(), only(shift=0.1), generator(1, "augment"))).abs()
    assert moved.max() <= 0.2 * 33 / 32 + 1e-3
    assert moved.max() > 0.15
    assert moved.std(dim=0).min() > 0.03


def test_scale_changes_the_size_within_its_limits() -> None:
    images = disc()
    mass = augment(images, only(scale=0.2), generator(1, "augment")).sum(dim=(1, 2, 3)) / images[0].sum()
    assert 0.8**2 - 0.02 < mass.min() < 0.7
    assert 1.35 < mass.max() < 1.2**2 + 0.02


def test_rotation_turns_about_the_middle() -> None:
    images = torch.zeros((64, 1, 33, 33))
    images[:, :, 15:18, 24:29] = 1.0  # to the right of the middle
    place = centres(augment(images, only(rotation=30.0), generator(1, "augment")))
    angle = torch.atan2(place[:, 1], place[:, 0]).rad2deg()
    torch.testing.assert_close(place.norm(dim=1), torch.full((64,), 10 / 16), atol=0.03, rtol=0)
    assert 25 < angle.abs().max() <= 31


def test_brightness_and_contrast_stay_in_range() -> None:
    images = torch.rand((64, 1, 8, 8)) * 0.4 + 0.3
    brighter = augment(images, only(brightness=0.2), generator(1, "augment"))
    lift = (brighter - images).mean(dim=(1, 2, 3))
    assert 0.15 < lift.abs().max() <= 0.2 + 1e-6
    spread = augment(images, only(contrast=0.3), generator(1, "augment")).std(dim=(1, 2, 3)) / images.std(dim=(1, 2, 3))
    assert 0.7 - 1e-4 <= spread.min() < 0.75
    assert 1.25 < spread.max() <= 1.3 + 1e-4
    strong = augment(torch.rand((8, 1, 8, 8)), only(brightness=1.0, contrast=0.9), generator(1, "augment"))
    assert strong.min() >= 0
    assert strong.max() <= 1


def test_about_half_of_the_images_are_mirrored_if_asked_for() -> None:
    images = torch.rand((200, 1, 8, 8))
    turned = augment(images, only(flip=True), generator(1, "augment"))
    mirrored = (turned - images.flip(3)).abs().amax(dim=(1, 2, 3)) < 1e-5
    kept = (turned - images).abs().amax(dim=(1, 2, 3)) < 1e-5
    assert (mirrored ^ kept).all()
    assert 70 < mirrored.sum() < 130


@pytest.mark.parametrize("change", [{"shift": 0.2}, {"brightness": 0.3}, {"flip": True}])
def test_one_strength_does_not_change_what_is_drawn_for_another(change: dict[str, float | bool]) -> None:
    images = disc(count=8)
    rotated = augment(images, only(rotation=20.0), generator(1, "augment"))
    unchanged = augment(images, only(rotation=20.0), generator(1, "augment"))
    assert torch.equal(rotated, unchanged)
    numbers = [generator(1, "augment") for _ in range(2)]
    augment(images, only(rotation=20.0), numbers[0])
    augment(images, only(rotation=20.0, **change), numbers[1])
    assert torch.equal(torch.rand(3, generator=numbers[0]), torch.rand(3, generator=numbers[1]))
