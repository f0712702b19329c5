"""A step's number in, its learning rate out: closed forms, so that a resumed run needs no scheduler's state."""

from __future__ import annotations

import math

__all__ = ["learning_rate"]

RISE = {"one-cycle": 0.3, "cosine": 0.05}
"""Share of the steps over which the rate rises. One-cycle: Smith 2018, arXiv 1803.09820; cosine: a short warm-up,
chosen, after which the rate falls as in Loshchilov and Hutter 2017, arXiv 1608.03983."""

START = {"one-cycle": 1 / 25, "cosine": 0.0}
"""First rate, relative to the peak."""

END = {"one-cycle": 1e-4, "cosine": 0.0}
"""Last rate, relative to the peak."""


def learning_rate(schedule: str, step: int, steps: int, *, peak: float) -> float:
    """Return the learning rate of a step.

    Args:
        schedule: ``one-cycle`` (half a cosine up over 30 % of the steps, half a cosine down) or ``cosine`` (the same
            after a rise over 5 %).
        step: counted from 0 over the whole run.
        steps: of the whole run.
        peak: the highest rate.

    Example:
        >>> learning_rate("one-cycle", 30, 100, peak=0.1)
        0.1
    """
    top = RISE[schedule] * steps
    if step < top:
        return _between(START[schedule] * peak, peak, (step + 1) / (top + 1))
    return _between(peak, END[schedule] * peak, (step - top) / max(1.0, steps - 1 - top))


def _between(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * min(1.0, share))) / 2
