"""The cases that a report shows with their pixels, as a value, and its way to gallery.npz and back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_report.errors import Refusal
from cxr_report.runs import read_arrays, write_arrays

__all__ = ["BY_LOSS", "BY_SEED", "LARGEST", "Gallery", "read", "write"]

BY_LOSS, BY_SEED = "loss", "seed"
"""What the label of a shown case depends on."""

LARGEST = 12
"""Quoted from the report's design: cases that are shown at most."""


@dataclass(frozen=True, slots=True)
class Gallery:
    """At most a dozen test cases whose label depends on the loss or on the seed; n cases, K losses, S seeds."""

    ids: NDArray[np.str_]
    """``(n,)``, as in the truth."""
    kinds: NDArray[np.str_]
    """``(n,)``: `BY_LOSS` or `BY_SEED`."""
    images: NDArray[np.uint8]
    """``(n, H, W)`` grey, as the networks saw them."""
    truth: NDArray[np.int64]
    """``(n,)``: the class; for findings 1, 0, or -1 where it is not known."""
    findings: NDArray[np.int64]
    """``(n,)``: the finding that is spoken of; -1 where the labels are classes."""
    losses: NDArray[np.str_]
    """``(K,)``."""
    seeds: NDArray[np.int64]
    """``(S,)``."""
    labels: NDArray[np.int64]
    """``(n, K, S)``: the predicted class, or 1 or 0 for the finding."""
    pairs: NDArray[np.int64]
    """``(n, 2, 2)``: the two runs that are held against each other, each as (place of the loss, place of the seed)."""
    maps: NDArray[np.uint8]
    """``(n, 2, h, w)``: class-activation maps of these runs for what each says, at the size of the network's last
    feature map; 255 = the map's own largest value, 0 = nothing speaks for it. ``(n, 2, 0, 0)``: there are none."""
    files: NDArray[np.str_]
    """``(M,)``: the files that it was made from, relative to the study."""
    sha256: NDArray[np.str_]
    """``(M,)``: of these files."""
    fingerprint: NDArray[np.str_]
    """``(1,)``: of the data."""

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def mapped(self) -> bool:
        """Whether there are class-activation maps."""
        return bool(self.maps.size)


_KINDS = {
    "ids": "U1", "kinds": "U1", "images": "u3", "truth": "i1", "findings": "i1", "losses": "U1", "seeds": "i1",
    "labels": "i3", "pairs": "i3", "maps": "u4", "files": "U1", "sha256": "U1", "fingerprint": "U1",
}  # fmt: skip
"""Array -> kind of its entries and number of its axes."""


def write(file: Path, gallery: Gallery) -> None:
    """Write gallery.npz; equal galleries give equal bytes."""
    write_arrays(file, **{name: getattr(gallery, name) for name in _KINDS})


def read(file: Path) -> Gallery:
    """Read gallery.npz, which may have come from anywhere.

    Raises:
        Refusal: it is missing or damaged, or its arrays do not fit each other.
    """
    arrays = read_arrays(file, list(_KINDS))
    wrong = [name for name, kind in _KINDS.items() if (arrays[name].dtype.kind, str(arrays[name].ndim)) != tuple(kind)]
    if wrong or not _fits(arrays):
        what = f"the array {wrong[0]} is of the wrong kind" if wrong else "its arrays do not fit each other"
        raise Refusal(f"{file}: is damaged ({what}); delete it and run `cxr-report evaluate` again")
    return Gallery(**arrays)


def _fits(arrays: dict[str, NDArray[Any]]) -> bool:
    """Say whether shapes belong together and every place is one of those that there are."""
    n, k, s = len(arrays["ids"]), len(arrays["losses"]), len(arrays["seeds"])
    shapes = {name: array.shape for name, array in arrays.items()}
    alike = (
        n <= LARGEST
        and all(shapes[name] == (n,) for name in ("kinds", "truth", "findings"))
        and shapes["images"][0] == n
        and 0 not in shapes["images"]
        and shapes["labels"] == (n, k, s)
        and shapes["pairs"] == (n, 2, 2)
        and shapes["maps"][:2] == (n, 2)
        and shapes["files"] == shapes["sha256"]
    )
    pairs, labels = arrays["pairs"], arrays["labels"]
    return bool(
        alike
        and arrays["images"].dtype == np.uint8
        and arrays["maps"].dtype == np.uint8
        and (pairs >= 0).all()
        and (pairs < [k, s]).all()
        and (labels >= 0).all()
        and set(arrays["kinds"].tolist()) <= {BY_LOSS, BY_SEED}
    )
