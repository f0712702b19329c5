"""A batch of images and a generator in, slightly changed images out; on whatever device the images are."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from cxr_report.study import Augmentation

__all__ = ["DRAWS", "augment", "changed", "draw"]

DRAWS = 7
"""Numbers drawn per image: two shifts, rotation, scale, brightness, contrast, flip."""


def augment(images: Tensor, strength: Augmentation, generator: torch.Generator) -> Tensor:
    """Shift, rotate, scale, mirror and change brightness and contrast of every image of a batch by itself.

    All numbers are drawn at once on the CPU, whatever the strengths are, so that one seed means the same changes on
    every device and under every loss. Geometry is one bilinear resampling; outside the image its edge goes on.

    Args:
        images: ``(N, 1, H, W)`` float in [0, 1].
        strength: the largest changes; where they are all 0 the images come back as they are.
        generator: on the CPU.

    Returns:
        ``(N, 1, H, W)`` float in [0, 1].
    """
    return changed(images, strength, draw(len(images), generator).to(images.device))


def draw(images: int, generator: torch.Generator) -> Tensor:
    """Return what `changed` takes for so many images: ``(N, DRAWS)`` uniform in [0, 1), on the CPU."""
    return torch.rand((images, DRAWS), generator=generator)


def changed(images: Tensor, strength: Augmentation, uniform: Tensor) -> Tensor:
    """Do what `augment` does with numbers that were drawn before: nothing here waits for the device.

    Args:
        images: ``(N, 1, H, W)`` float in [0, 1].
        strength: the largest changes.
        uniform: ``(N, DRAWS)`` in [0, 1), where the images are.

    Returns:
        ``(N, 1, H, W)`` float in [0, 1].
    """
    drawn = uniform * 2 - 1
    if strength.shift or strength.rotation or strength.scale or strength.flip:
        grid = functional.affine_grid(_affine(drawn, strength), list(images.shape), align_corners=False)
        images = functional.grid_sample(images, grid, "bilinear", "border", align_corners=False)
    if strength.brightness or strength.contrast:
        images = _tone(images, drawn, strength)
    return images


def _affine(drawn: Tensor, strength: Augmentation) -> Tensor:
    """Return ``(N, 2, 3)``: where in the old image, in units of half a side, each point of the new one comes from."""
    angle = drawn[:, 2] * math.radians(strength.rotation)
    zoom = 1 + drawn[:, 3] * strength.scale
    cosine, sine = angle.cos() / zoom, angle.sin() / zoom
    mirror = torch.where(drawn[:, 6] < 0, -1.0, 1.0) if strength.flip else torch.ones_like(cosine)
    shift = drawn[:, :2] * 2 * strength.shift
    rows = (torch.stack((cosine * mirror, -sine, shift[:, 0]), 1), torch.stack((sine * mirror, cosine, shift[:, 1]), 1))
    return torch.stack(rows, 1)


def _tone(images: Tensor, drawn: Tensor, strength: Augmentation) -> Tensor:
    shape = (-1, 1, 1, 1)
    lift = (drawn[:, 4] * strength.brightness).view(shape)
    spread = (1 + drawn[:, 5] * strength.contrast).view(shape)
    middle = images.mean(dim=(2, 3), keepdim=True)
    return ((images - middle) * spread + middle + lift).clamp(0.0, 1.0)
