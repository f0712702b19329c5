"""Cases with their splits in, what stands on both sides of a border out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_report.errors import Refusal

__all__ = ["BORDERS", "EXTERNAL", "Crossing", "crossings", "crossings_with", "refuse_crossings", "refuse_known"]

SPLITS = ("train", "val", "test")
BORDERS = tuple(combinations(SPLITS, 2))

EXTERNAL = "external"
"""The other side of a border with an external test set."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """One patient, or one image, that stands in two splits."""

    border: tuple[str, str]
    first: tuple[int, ...]
    """Places of its cases in the first split."""
    second: tuple[int, ...]


def crossings(keys: NDArray[Any], split: NDArray[np.int64]) -> tuple[Crossing, ...]:
    """Find every key that stands in two splits.

    Args:
        keys: ``(N,)`` patients, or hashes of images.
        split: ``(N,)`` index into train, val, test.

    Returns:
        One entry per key and border, ordered by border and then by first appearance.
    """
    _, inverse = np.unique(keys, return_inverse=True)
    spread = np.zeros((int(inverse.max(initial=-1)) + 1, len(SPLITS)), dtype=bool)
    spread[inverse, split] = True
    suspects = np.flatnonzero(spread.sum(axis=1) > 1)
    places = {int(key): np.flatnonzero(inverse == key) for key in suspects}
    ordered = sorted(places.values(), key=lambda found: int(found[0]))
    return tuple(
        Crossing((SPLITS[a], SPLITS[b]), _in(a, found, split), _in(b, found, split))
        for a, b in combinations(range(len(SPLITS)), 2)
        for found in ordered
        if _in(a, found, split) and _in(b, found, split)
    )


def _in(place: int, found: NDArray[np.int64], split: NDArray[np.int64]) -> tuple[int, ...]:
    return tuple(found[split[found] == place].tolist())


def refuse_crossings(images: Sequence[Crossing], patients: Sequence[Crossing], names: Sequence[str]) -> None:
    """Refuse leakage with the full list, those between training and validation apart from those with test.

    Args:
        images: identical images in two splits.
        patients: patients in two splits.
        names: the cases, as the user knows them.

    Raises:
        Refusal: there is any.
    """
    if not images and not patients:
        return
    lines = ["data: the splits overlap; mend them, or state data.allow_leakage = true and the report says so"]
    for what, found in (("identical image", images), ("patient", patients)):
        for border in BORDERS:
            here = [crossing for crossing in found if crossing.border == border]
            if here:
                plural = "" if len(here) == 1 else "s"
                lines.append(f"{len(here)} {what}{plural} in both {border[0]} and {border[1]}:")
                lines += [f"  {_side(c.first, names)} = {_side(c.second, names)}" for c in here]
    raise Refusal("\n".join(lines))


def crossings_with(known: NDArray[Any], split: NDArray[np.int64], keys: NDArray[Any]) -> tuple[Crossing, ...]:
    """Find every key of an external test set that stands among the study's own cases.

    Args:
        known: ``(N,)`` patients, or hashes of images, of the study; an empty text is nobody.
        split: ``(N,)`` index into train, val, test.
        keys: ``(M,)`` of the external test set.

    Returns:
        One entry per key and split, ordered by split and then by first appearance in it.
    """
    theirs: dict[Any, list[int]] = {}
    for place, key in enumerate(keys.tolist()):
        theirs.setdefault(key, []).append(place)
    ours: dict[tuple[int, Any], list[int]] = {}
    for place, (key, part) in enumerate(zip(known.tolist(), split.tolist(), strict=True)):
        if key != "" and key in theirs:
            ours.setdefault((part, key), []).append(place)
    ordered = sorted(ours.items(), key=lambda each: (each[0][0], each[1][0]))
    return tuple(
        Crossing((SPLITS[part], EXTERNAL), tuple(places), tuple(theirs[key])) for (part, key), places in ordered
    )


def refuse_known(
    name: str,
    images: Sequence[Crossing],
    patients: Sequence[Crossing],
    ours: Sequence[str],
    theirs: Sequence[str],
) -> None:
    """Refuse an external test set that shares images or patients with training or validation, with the full list.

    What it shares with the study's test cases is no fault.

    Args:
        name: of the set.
        images: identical images.
        patients: patients of the same name.
        ours: the study's cases, as the user knows them.
        theirs: the set's.

    Raises:
        Refusal: there is any.
    """
    lines = [
        f"data.external.{name}: shares cases with what the runs learn from; take them out, or state "
        "data.allow_leakage = true and the report says so"
    ]
    for what, found in (("identical image", images), ("patient", patients)):
        for part in SPLITS[:2]:
            here = [crossing for crossing in found if crossing.border[0] == part]
            if here:
                lines.append(f"{len(here)} {what}{'' if len(here) == 1 else 's'} in both {part} and {name}:")
                lines += [f"  {_side(c.first, ours)} = {_side(c.second, theirs)}" for c in here]
    if len(lines) == 1:
        return
    if any(crossing.border[0] != "test" for crossing in patients):
        lines.append(f"if these are other people of the same names, state patients = 'other' in data.external.{name}")
    raise Refusal("\n".join(lines))


def _side(places: Sequence[int], names: Sequence[str]) -> str:
    return ", ".join(names[place] for place in places)
