"""A generator in; a patient's anatomy, an image's exposure and the look of a finding out: numbers, no picture.

All figures are chosen to look right, in units of half a side of the picture; x runs to the right of the picture (the
patient's left), y downwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "FINDINGS",
    "TEXTURE",
    "Anatomy",
    "Exposure",
    "Grid",
    "Lesion",
    "draw_anatomy",
    "draw_exposure",
    "draw_lesion",
]

Grid = NDArray[np.float64]

FINDINGS = ("consolidation", "effusion", "nodule", "cardiomegaly")

TEXTURE = 48
"""Side of the grids of random numbers that textures are read from."""


@dataclass(frozen=True, slots=True)
class Anatomy:
    """What stays the same in all images of one patient."""

    width: float
    """Half width of the rib cage."""
    apex: float
    """Height of the lung's tip."""
    base: tuple[float, float]
    """Height of the right and the left dome of the diaphragm."""
    heart: tuple[float, float, float, float]
    """Centre x, centre y, half length, half width."""
    tilt: float
    """Of the heart's long axis, radians."""
    mediastinum: float
    """Half width."""
    knob: float
    """Radius of the aortic knob."""
    rib_slope: float
    rib_gap: float
    rib_strength: float
    clavicle: tuple[float, float]
    """Height at the breastbone, rise to the shoulder."""
    thickness: float
    """Of the soft tissue."""
    breast: float
    """Density; 0 = none."""
    bubble: float
    """Of the stomach's air, density."""
    streaks: tuple[tuple[float, float, float, float, float], ...]
    """Harmless bands: side, lateral place, height, slope, density."""
    haze: tuple[tuple[float, float, float, float, float], ...]
    """Harmless folds of fat and skin over the lower lungs: x, y, width, height, density."""
    spots: tuple[tuple[float, float, float, float], ...]
    """Harmless vessels seen end on and calcified nodes: x, y, radius, density."""
    vessels: Grid
    """``(2, T, T)`` random numbers over direction and distance from each lung's root."""
    tissue: Grid
    """``(T, T)`` random numbers, the uneven softness of the body."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """What differs between images of one patient."""

    shift: tuple[float, float]
    turn: float
    """Radians."""
    zoom: float
    inspiration: float
    """How much lower than usual the diaphragm stands."""
    gain: float
    gamma: float
    tilt: tuple[float, float]
    """Uneven exposure across and along the picture."""
    noise: float
    portable: bool
    """Taken from the front in bed: a larger heart, a higher diaphragm, shoulder blades over the lungs."""
    seed: int
    """Of the noise."""


@dataclass(frozen=True, slots=True)
class Lesion:
    """One finding as it shows in one patient."""

    finding: str
    side: int
    """-1 on the picture's left, 1 on its right."""
    place: tuple[float, float]
    """Lateral, and down the lung, each in 0 to 1."""
    extent: float
    strength: float
    pattern: Grid
    """``(T, T)`` random numbers for its uneven edge."""


def draw_anatomy(rng: np.random.Generator, *, female: bool, age: float) -> Anatomy:
    """Draw one patient's anatomy."""
    heart_size = rng.normal(1.0, 0.075) + 0.0015 * (age - 50)
    streaks = tuple(
        (float(rng.choice([-1, 1])), *rng.uniform((0.2, 0.1, -0.25, 0.03), (0.55, 0.4, 0.25, 0.13)).tolist())
        for _ in range(rng.poisson(0.9))
    )
    spots = tuple(
        tuple(rng.uniform((-0.6, -0.5, 0.02, 0.06), (0.6, 0.35, 0.05, 0.2)).tolist()) for _ in range(rng.poisson(1.6))
    )
    haze = tuple(
        tuple(rng.uniform((-0.75, 0.05, 0.12, 0.1, 0.04), (0.75, 0.6, 0.35, 0.25, 0.2)).tolist())
        for _ in range(rng.poisson(1.2))
    )
    left_dome = rng.normal(0.5, 0.05)
    return Anatomy(
        width=rng.normal(0.8, 0.035) - 0.03 * female,
        apex=rng.normal(-0.82, 0.035),
        base=(left_dome - rng.normal(0.05, 0.045), left_dome),
        heart=(rng.normal(0.14, 0.025), left_dome - rng.normal(0.23, 0.025), 0.42 * heart_size, 0.3 * heart_size),
        tilt=rng.normal(0.62, 0.1),
        mediastinum=rng.normal(0.135, 0.018) + 0.0004 * (age - 50),
        knob=rng.normal(0.085, 0.015) + 0.0004 * (age - 50),
        rib_slope=rng.normal(0.26, 0.06),
        rib_gap=rng.normal(0.162, 0.008),
        rib_strength=rng.uniform(0.08, 0.17),
        clavicle=(rng.normal(-0.52, 0.03), rng.normal(0.16, 0.04)),
        thickness=rng.normal(1.0, 0.07),
        breast=rng.uniform(0.06, 0.2) if female else 0.0,
        bubble=rng.uniform(0.0, 0.35),
        streaks=streaks,
        haze=haze,
        spots=spots,
        vessels=rng.normal(size=(2, TEXTURE, TEXTURE)),
        tissue=rng.normal(size=(TEXTURE, TEXTURE)),
    )


def draw_exposure(rng: np.random.Generator, *, portable: bool) -> Exposure:
    """Draw one image's pose, exposure and noise."""
    return Exposure(
        shift=(rng.normal(0, 0.045), rng.normal(0, 0.045)),
        turn=rng.normal(0, 0.03),
        zoom=rng.normal(1.0, 0.05),
        inspiration=rng.normal(-0.06 if portable else 0.0, 0.04),
        gain=rng.normal(1.0, 0.06),
        gamma=float(np.exp(rng.normal(0, 0.13))),
        tilt=(rng.normal(0, 0.04), rng.normal(0, 0.04)),
        noise=rng.uniform(0.012, 0.03) * (1.3 if portable else 1.0),
        portable=portable,
        seed=int(rng.integers(2**63)),
    )


def draw_lesion(rng: np.random.Generator, finding: str, *, difficulty: float) -> Lesion:
    """Draw how one finding shows: with difficulty 0 plain to see, with 1 hardly."""
    return Lesion(
        finding=finding,
        side=int(rng.choice([-1, 1])),
        place=(float(rng.uniform()), float(rng.uniform())),
        extent=float(rng.uniform()),
        strength=float((1.0 - 0.85 * difficulty) * np.exp(rng.normal(0, 0.35))),
        pattern=rng.normal(size=(TEXTURE, TEXTURE)),
    )
