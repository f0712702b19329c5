"""One patient's anatomy, one exposure and a list of findings in, one chest-like radiograph out.

What is summed up is how much of the beam is absorbed; dense tissue is bright. Every shape is a formula evaluated on the
tilted and shifted grid, so that no picture is ever interpolated.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.special import expit

from cxr_report.data.anatomy import TEXTURE, Anatomy, Exposure, Grid, Lesion

__all__ = ["draw"]

RIBS = 9


def draw(anatomy: Anatomy, exposure: Exposure, lesions: tuple[Lesion, ...], *, size: int) -> NDArray[np.uint8]:
    """Draw one radiograph.

    Args:
        anatomy: the patient.
        exposure: the image.
        lesions: what the patient has.
        size: side in pixels.

    Returns:
        ``(size, size)`` uint8, air black.
    """
    x, y = _grid(exposure, size)
    edge = max(0.012, 1.2 / size)
    lungs, sides = _lungs(anatomy, exposure, x, y, edge)
    heart = _heart(anatomy, exposure, lesions, x, y, edge)
    air = lungs * (1.0 - 0.8 * heart)
    body = _body(anatomy, x, y, edge)
    dense = body * (0.66 * anatomy.thickness + 0.035 * _tissue(anatomy.tissue, x, y))
    belly = _belly(anatomy, exposure, x, y, edge)
    dense += -0.5 * air + 0.13 * heart * (1.0 - 0.75 * belly) + body * _middle(anatomy, x, y, edge)
    dense += body * ((0.4 + 0.6 * air) * _ribs(anatomy, x, y, edge) + _shoulders(anatomy, exposure, x, y, edge))
    dense += 0.1 * belly + (1.0 - 0.8 * belly) * _breasts(anatomy, x, y, edge) - _stomach(anatomy, exposure, x, y, edge)
    dense += air * (_vessels(anatomy, x, y) + _harmless(anatomy, x, y))
    for lesion in lesions:
        dense += _opacity(lesion, anatomy, exposure, sides, air, x, y)
    return _developed(dense, exposure, x, y, size)


def _grid(exposure: Exposure, size: int) -> tuple[Grid, Grid]:
    line = (np.arange(size) + 0.5) * (2.0 / size) - 1.0
    across, down = np.meshgrid(line - exposure.shift[0], line - exposure.shift[1])
    cosine, sine = np.cos(exposure.turn), np.sin(exposure.turn)
    return (cosine * across + sine * down) / exposure.zoom, (cosine * down - sine * across) / exposure.zoom


def _within(distance: Grid, edge: float) -> Grid:
    """Return a soft step: 1 where the distance is positive, 0 where it is negative."""
    smooth: Grid = expit(distance * (3.0 / edge))
    return smooth


def _body(anatomy: Anatomy, x: Grid, y: Grid, edge: float) -> Grid:
    distance = np.abs(x)
    shoulder = -1.0 + 0.42 * np.clip(distance - 0.24, 0.0, None) ** 1.35
    neck = _within(0.27 - distance, 6 * edge)
    trunk = _within(y - shoulder, 5 * edge)
    side = anatomy.width + 0.17 + 0.5 * expit((-0.3 - y) * 9) + 0.03 * y
    outline = np.maximum(neck, trunk) * _within(side - distance, 2.5 * edge)
    depth = np.sqrt(np.clip(1.0 - (x / (side + 0.2)) ** 2, 0.0, 1.0))
    thin = 0.55 + 0.45 * expit((y - shoulder - 0.06) * 14)
    return outline * (0.38 + 0.62 * depth) * thin * (1.0 + 0.1 * y)


def _lungs(anatomy: Anatomy, exposure: Exposure, x: Grid, y: Grid, edge: float) -> tuple[Grid, dict[int, Grid]]:
    sides = {side: _lung(anatomy, exposure, side, x, y, edge) for side in (-1, 1)}
    return sides[-1] + sides[1], sides


def _dome(anatomy: Anatomy, exposure: Exposure, side: int, u: Grid) -> Grid:
    top = anatomy.base[(side + 1) // 2] + exposure.inspiration
    return top + np.where(u > 0.36, 0.9, 0.22) * np.abs((u - 0.36) / 0.6) ** 2.2


def _cage(anatomy: Anatomy, y: Grid) -> Grid:
    """Return the half width of the rib cage at a height."""
    down = np.clip((y - anatomy.apex) / (0.7 - anatomy.apex), 0.0, 1.0)
    half: Grid = anatomy.width * (1.0 - (1.0 - down) ** 3.2) ** 0.52
    return half


def _lung(anatomy: Anatomy, exposure: Exposure, side: int, x: Grid, y: Grid, edge: float) -> Grid:
    u = side * x
    down = np.clip((y - anatomy.apex) / (0.75 - anatomy.apex), 0.0, 1.0)
    lateral = _cage(anatomy, y)
    medial = 0.75 * anatomy.mediastinum + 0.03 * (1.0 - down) ** 2
    mask = _within(lateral - u, 1.5 * edge) * _within(u - medial, 2.5 * edge)
    mask = mask * _within(_dome(anatomy, exposure, side, u) - y, 1.5 * edge) * _within(y - anatomy.apex, 2 * edge)
    centre = 0.5 * (lateral + medial)
    depth = 1.0 - 0.3 * np.clip((u - centre) / (0.5 * anatomy.width), -1, 1) ** 2
    return mask * depth * (0.86 + 0.14 * np.sin(np.pi * down))


def _heart(anatomy: Anatomy, exposure: Exposure, lesions: tuple[Lesion, ...], x: Grid, y: Grid, edge: float) -> Grid:
    wide = 1.0 + 0.08 * exposure.portable
    for lesion in lesions:
        if lesion.finding == "cardiomegaly":
            wide *= 1.0 + 0.42 * lesion.strength
    centre_x, centre_y, length, breadth = anatomy.heart
    dx, dy = x - centre_x * wide, y - centre_y - exposure.inspiration * 0.9
    cosine, sine = np.cos(anatomy.tilt), np.sin(anatomy.tilt)
    along, over = (cosine * dx + sine * dy) / (length * wide), (cosine * dy - sine * dx) / (breadth * wide)
    radius = np.sqrt(along**2 + over**2)
    thick: Grid = 0.75 + 0.25 * np.sqrt(np.clip(1 - radius**2, 0, 1))
    return _within((1.0 - radius) * breadth, 1.8 * edge) * thick


def _middle(anatomy: Anatomy, x: Grid, y: Grid, edge: float) -> Grid:
    """Draw mediastinum, aorta, spine and windpipe."""
    half = anatomy.mediastinum * (1.05 + 0.3 * expit((y + 0.3) * 8) + 0.25 * expit((-0.66 - y) * 12))
    column = 0.15 * _within(half - np.abs(x), 5 * edge)
    knob = np.hypot(x - anatomy.mediastinum, (y + 0.36) / 1.15)
    column += 0.15 * _within(anatomy.knob - knob, 3 * edge)
    trunk = np.hypot((x - anatomy.mediastinum - 0.03) / 0.07, (y + 0.13) / 0.15)
    column += 0.1 * _within((1.0 - trunk) * 0.07, 4 * edge)
    aorta = np.abs(x - 0.11 - 0.03 * np.sin(2.5 * y))
    column += 0.04 * _within(0.045 - aorta, 4 * edge) * expit((y + 0.3) * 20) * expit((0.6 - y) * 10)
    spine = _within(0.085 + 0.01 * y - np.abs(x + 0.005), 3 * edge)
    discs = 0.75 + 0.25 * np.cos(2 * np.pi * (y + 0.05 * y**2) / 0.135)
    column += spine * (0.07 + 0.05 * discs)
    pipe = np.exp(-(((x + 0.012) / 0.048) ** 2)) * expit((-0.24 - y) * 25)
    for side, length in ((-1, 0.2), (1, 0.26)):
        u = side * x
        branch = np.exp(-(((y + 0.22 - 0.75 * u) / 0.04) ** 2)) * expit((length - u) * 30) * expit(u * 60)
        pipe = np.maximum(pipe, 0.55 * branch)
    return column - 0.11 * pipe


def _ribs(anatomy: Anatomy, x: Grid, y: Grid, edge: float) -> Grid:
    distance = np.abs(x)
    cage = _cage(anatomy, y)
    bones = np.zeros_like(x)
    for rib in range(RIBS):
        start = anatomy.apex + 0.04 + anatomy.rib_gap * rib
        out = np.clip(distance - 0.1, 0.0, None)
        back = start - 0.1 * out + (0.3 + anatomy.rib_slope + 0.02 * rib) * out**2
        bones += _tube(y - back, 0.031, edge) * expit((distance - 0.11) * 40)
        if rib < RIBS - 3:  # the lowest ribs do not reach the breastbone
            front = start + 0.1 + 0.62 * (anatomy.width - distance) - 0.35 * (anatomy.width - distance) ** 2
            bones += 0.45 * _tube(y - front, 0.034, edge) * expit((distance - 0.26 - 0.02 * rib) * 25)
    bones *= _within(cage + 0.045 - distance, 2 * edge)
    rim = np.exp(-(((distance - cage) / 0.025) ** 2)) * expit((y - anatomy.apex - 0.1) * 20) * expit((0.7 - y) * 10)
    return anatomy.rib_strength * (bones + 0.5 * rim)


def _shoulders(anatomy: Anatomy, exposure: Exposure, x: Grid, y: Grid, edge: float) -> Grid:
    """Draw collar bones, the heads of the upper arms and, in portable images, the shoulder blades."""
    distance = np.abs(x)
    height, rise = anatomy.clavicle
    way = np.clip((distance - 0.1) / 0.75, 0.0, 1.3)
    line = height - rise * way - 0.06 * np.sin(2 * np.pi * way)
    ends = expit((distance - 0.1) * 40) * expit((0.9 - distance) * 25)
    bones = 0.15 * _tube(y - line, 0.042 - 0.014 * way, edge) * ends
    head = np.hypot((distance - 1.0) / 0.16, (y + 0.55) / 0.17)
    bones += 0.16 * _within((1.0 - head) * 0.15, 2 * edge)
    if exposure.portable:
        blade = np.hypot((distance - 0.78) / 0.17, (y + 0.28) / 0.36)
        bones += 0.08 * _within((1.0 - blade) * 0.17, 2 * edge)
    return bones


def _tube(distance: Grid, half: Grid | float, edge: float) -> Grid:
    """Draw a bone across its course: solid, with a brighter rim."""
    solid = _within(half - np.abs(distance), edge)
    return solid * (0.7 + 0.3 * (distance / half) ** 2)


def _breasts(anatomy: Anatomy, x: Grid, y: Grid, edge: float) -> Grid:
    if not anatomy.breast:
        return np.zeros_like(x)
    reach = np.hypot((np.abs(x) - 0.44) / 0.36, (y - 0.2) / 0.36)
    return anatomy.breast * _within((1.0 - reach) * 0.36, 2.5 * edge) * (0.45 + 0.55 * expit((y - 0.12) * 8))


def _belly(anatomy: Anatomy, exposure: Exposure, x: Grid, y: Grid, edge: float) -> Grid:
    domes = np.where(x > 0, _dome(anatomy, exposure, 1, x), _dome(anatomy, exposure, -1, -x))
    return _within(y - domes, 3 * edge)


def _stomach(anatomy: Anatomy, exposure: Exposure, x: Grid, y: Grid, edge: float) -> Grid:
    """Draw the air under the left dome."""
    bubble = np.hypot((x - 0.42) / 0.17, (y - anatomy.base[1] - exposure.inspiration - 0.17) / 0.09)
    return 0.4 * anatomy.bubble * _within((1.0 - bubble) * 0.09, 3 * edge)


def _tissue(values: Grid, x: Grid, y: Grid) -> Grid:
    smooth = gaussian_filter(values, 3.0, mode="wrap") * 9.0
    return _read(smooth, (y + 1.2) / 2.4, (x + 1.2) / 2.4)


def _read(values: Grid, down: Grid, across: Grid) -> Grid:
    """Read a texture at places in 0 to 1."""
    scale = TEXTURE - 1
    found: Grid = map_coordinates(values, [down * scale, across * scale], order=1, mode="grid-wrap")
    return found


def _vessels(anatomy: Anatomy, x: Grid, y: Grid) -> Grid:
    """Draw the branching markings: ridges that run away from each lung's root and fade."""
    shown = np.zeros_like(x)
    for place, side in enumerate((-1, 1)):
        dx, dy = side * x - 0.17, y + 0.02 + 0.04 * side
        radius = np.hypot(dx, dy)
        turn = np.arctan2(dy, dx) / (2 * np.pi) + 0.5
        ridges = gaussian_filter(anatomy.vessels[place], (4.0, 0.9), mode="wrap") * 6.0
        branches = np.exp(-2.6 * np.abs(_read(ridges, np.clip(radius, 0, 1), turn * 1.1 + 0.12 * radius)))
        root = 0.2 * np.exp(-((dx / 0.1) ** 2) - (dy / 0.17) ** 2)
        shown += (side * x > 0) * (root + 0.17 * branches * np.exp(-1.7 * radius))
    return shown


def _harmless(anatomy: Anatomy, x: Grid, y: Grid) -> Grid:
    shown = np.zeros_like(x)
    for side, lateral, height, slope, density in anatomy.streaks:
        u = side * x
        band = np.exp(-(((y - height - slope * (u - lateral)) / 0.022) ** 2))
        shown += density * band * np.exp(-(((u - lateral) / 0.2) ** 2))
    for across, down, wide, high, density in anatomy.haze:
        shown += density * np.exp(-(((x - across) / wide) ** 2) - ((y - down) / high) ** 2)
    for across, down, radius, density in anatomy.spots:
        shown += density * np.exp(-(((x - across) ** 2 + (y - down) ** 2) / radius**2))
    return shown


def _opacity(
    lesion: Lesion, anatomy: Anatomy, exposure: Exposure, sides: Mapping[int, Grid], air: Grid, x: Grid, y: Grid
) -> Grid:
    u = lesion.side * x
    lung = sides[lesion.side] > 0.02
    if lesion.finding == "consolidation":
        dx, dy = u - (0.24 + 0.34 * lesion.place[0]), y - (-0.45 + 0.8 * lesion.place[1])
        reach = 0.16 + 0.13 * lesion.extent
        uneven = _read(gaussian_filter(lesion.pattern, 1.6, mode="wrap") * 5.0, (y + 1.2) / 2.4, (x + 1.2) / 2.4)
        cloud = expit((1.0 - np.hypot(dx / reach, dy / (0.8 * reach)) + 0.35 * uneven) * 4.0)
        return 0.42 * lesion.strength * air * cloud * (1.0 + 0.25 * uneven)
    if lesion.finding == "effusion":
        depth = 0.01 + 0.14 * lesion.extent + 0.08 * min(1.0, lesion.strength)
        corner = _dome(anatomy, exposure, lesion.side, np.full_like(u, 0.56)) - depth
        level = corner + 0.55 * np.clip(anatomy.width - 0.04 - u, 0.0, None)
        return 0.42 * min(1.0, lesion.strength) * air * lung * expit((y - level) * 22)
    if lesion.finding == "nodule":
        dx, dy = u - (0.26 + 0.3 * lesion.place[0]), y - (-0.5 + 0.85 * lesion.place[1])
        radius = 0.045 + 0.04 * lesion.extent
        return 0.55 * lesion.strength * air * expit((1.0 - np.hypot(dx, dy) / radius) * 6.0)
    return np.zeros_like(x)


def _developed(dense: Grid, exposure: Exposure, x: Grid, y: Grid, size: int) -> NDArray[np.uint8]:
    """Turn absorption into grey values: uneven exposure, grain, and the film's curve."""
    light = dense * exposure.gain * (1.0 + exposure.tilt[0] * x + exposure.tilt[1] * y)
    grain = np.random.default_rng(exposure.seed).normal(size=(size, size))
    light += exposure.noise * (0.6 * grain + 0.8 * gaussian_filter(grain, 0.7))
    shown = np.tanh(1.25 * np.clip(light + 0.02, 0.0, None) ** 1.25) ** exposure.gamma
    return np.clip(np.rint(255.0 * shown), 0, 255).astype(np.uint8)
