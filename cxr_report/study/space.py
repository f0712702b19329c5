"""A loss and the section tuning in, every direction in which its configurations are searched out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

from cxr_report.losses import CATALOGUE
from cxr_report.study.search import KEPT, Dimension, Tuning
from cxr_report.study.sections import Loss, Training

__all__ = ["OPTIMISER", "SEARCHED", "check_space", "default_dimension", "resolved", "searched_parameters", "space"]

OPTIMISER = ("learning_rate", "weight_decay")
"""The directions that all losses share, in the order in which they come first."""

MOST_RATE = 10.0
"""The largest learning rate and weight decay that a study may ask for."""

DECADE = 10.0
"""Chosen: how far the default search goes below and above the study's own learning rate and weight decay."""

_WEIGHT = Dimension(low=0.01, high=10.0, scale="log")
_COUNTS = Dimension(low=0.9, high=0.999999, scale="complement")

SEARCHED: Mapping[tuple[str, str], Dimension] = MappingProxyType(
    {
        ("confidence-penalty", "beta"): _WEIGHT,
        ("dca", "beta"): Dimension(low=0.1, high=100.0, scale="log"),
        ("class-balanced", "beta"): _COUNTS,
        ("ldam", "beta"): _COUNTS,
        ("ldam", "scale"): Dimension(low=1.0, high=100.0, scale="log"),
        ("symmetric-cross-entropy", "alpha"): _WEIGHT,
        ("symmetric-cross-entropy", "beta"): _WEIGHT,
        ("symmetric-cross-entropy", "log_zero"): KEPT,  # only its product with beta has a say
        ("nce-rce", "alpha"): _WEIGHT,
        ("nce-rce", "beta"): _WEIGHT,
        ("nce-rce", "log_zero"): KEPT,
        ("multi-margin", "margin"): Dimension(low=0.01, high=100.0, scale="log"),
        ("distribution-balanced", "alpha"): _WEIGHT,
        ("distribution-balanced", "beta"): Dimension(low=0.1, high=100.0, scale="log"),
        ("distribution-balanced", "slope"): Dimension(low=0.1, high=20.0, scale="log"),
    }
)
"""Parameters of the catalogue that are not searched evenly over all that is allowed. Chosen: weights and scales by
their logarithm, since their effect is a ratio; bases of effective numbers by the logarithm of what they lack to 1."""


def default_dimension(loss: str, parameter: str) -> Dimension:
    """Return where a parameter of the catalogue is searched if the study does not say it.

    Args:
        loss: name of an entry of the catalogue.
        parameter: name of one of its parameters.

    Raises:
        KeyError: there is no such loss or parameter.

    Example:
        >>> default_dimension("focal", "gamma").span
        (0.0, 10.0)
    """
    known = {entry.name: entry for entry in CATALOGUE[loss].parameters}[parameter]
    return SEARCHED.get((loss, parameter)) or Dimension(low=known.low, high=known.high)


def space(tuning: Tuning, loss: Loss) -> dict[str, Dimension]:
    """Return the directions in which a loss is searched: those of the optimiser, then its own parameters.

    A parameter of a loss of the user's own has no range known to the program and is fixed unless the study gives one.

    Args:
        tuning: resolved.
        loss: an entry of the study's losses.

    Returns:
        ``learning_rate``, ``weight_decay`` and every parameter -> dimension.
    """
    shared = {name: getattr(tuning, name) or KEPT for name in OPTIMISER}
    own = {
        name: loss.tuning.get(name) or (default_dimension(loss.loss, name) if loss.loss else KEPT)
        for name in loss.parameters
    }
    return {**shared, **own}


def searched_parameters(tuning: Tuning, loss: Loss) -> list[str]:
    """Return the parameters of a loss that tuning may change."""
    directions = space(tuning, loss)
    return [name for name in loss.parameters if not directions[name].fixed]


def resolved(tuning: Tuning, training: Training) -> Tuning:
    """Fill in the defaults that follow from how the runs are trained.

    Raises:
        ValueError: a learning rate or weight decay lies outside what a run may have.
    """
    for name, least in zip(OPTIMISER, ("above 0", "of at least 0"), strict=True):
        given = getattr(tuning, name)
        low, high = (math.nan, math.nan) if given is None else given.span
        if low < 0 or (low == 0 and name == "learning_rate") or high > MOST_RATE:
            raise ValueError(f"tuning.{name}: must be {least} and at most {MOST_RATE:g}, got {low:g} to {high:g}")
    changes = {name: _around(getattr(training, name)) for name in OPTIMISER if getattr(tuning, name) is None}
    epochs = training.epochs if tuning.epochs is None else tuning.epochs
    return tuning.model_copy(update={**changes, "epochs": epochs})


def _around(value: float) -> Dimension:
    """Search a decade on both sides of a value; 0 is kept, since it has no neighbours in the logarithm."""
    if value == 0:
        return KEPT
    return Dimension(low=value / DECADE, high=min(value * DECADE, MOST_RATE), scale="log")


def check_space(tuning: Tuning, losses: Mapping[str, Loss]) -> None:
    """Ask for as many different configurations as there are trials, and for losses that stay different.

    Raises:
        ValueError: one sentence with the loss at fault.
    """
    spaces = {name: space(tuning, loss) for name, loss in losses.items()}
    for name, directions in spaces.items():
        if len(name) > _LONGEST:
            raise ValueError(f"losses.{name}: with tuning a name has at most {_LONGEST} characters, got {len(name)}")
        there = math.prod(one.size for one in directions.values())
        if there < tuning.trials:
            raise ValueError(
                f"tuning.trials: {tuning.trials} configurations per loss are asked for, but the lists of values leave "
                f"{there:g} for {name}; allowed: at most that many, more values, or ranges"
            )
    known: dict[tuple[str | None, str | None], list[str]] = {}
    for name, loss in losses.items():
        for other in known.setdefault((loss.loss, loss.function), []):
            if _one_after_tuning(losses[other], loss, spaces[name], spaces[other]):
                raise ValueError(
                    f"losses.{name}: is the same loss as {other} and searched over the same values, so that tuning "
                    "would make one loss of them; give what tells them apart in tuning as 'fixed', or other values"
                )
        known[loss.loss, loss.function].append(name)


_LONGEST = 50
"""Characters of a loss's name with tuning: the folders of its trials have longer names, of 64 characters at most."""


def _one_after_tuning(first: Loss, second: Loss, one: Mapping[str, Dimension], other: Mapping[str, Dimension]) -> bool:
    """Say whether two entries of one function end among the same configurations: nothing that differs is kept."""
    kept = [name for name in first.parameters if one[name].fixed and other[name].fixed]
    return one == other and all(first.parameters[name] == second.parameters[name] for name in kept)
