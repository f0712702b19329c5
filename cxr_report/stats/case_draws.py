"""Patient ids and a random generator in, the cases of leave-one-out sets and bootstrap resamples out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cxr_report.stats.checks import Floats, Integers, groups_of

__all__ = ["Cases", "read_arrays", "refuse_nan", "replicate"]

ATTEMPTS = 10
"""Chosen: resampling stops where fewer than one resample in ten has a defined statistic."""


@dataclass(frozen=True, slots=True)
class Cases:
    """The cases of G patients, so that whole patients are drawn or left out."""

    order: Integers
    """`(N,)` cases, patient by patient."""
    starts: Integers
    """`(G,)` where each patient begins in `order`."""
    sizes: Integers
    """`(G,)` cases per patient."""

    @classmethod
    def of(cls, groups: ArrayLike | None, n: int) -> Cases:
        """Sort the cases by patient.

        Args:
            groups: `(N,)` patient ids; None where every case is a patient of its own.
            n: N.

        Returns:
            The cases.

        Raises:
            ValueError: if there is not one id per case.

        Example:
            >>> Cases.of(["a", "b", "a"], 3).sizes
            array([2, 1])
        """
        codes = groups_of(groups, n)
        sizes = np.bincount(codes).astype(np.int64)
        return cls(np.argsort(codes, kind="stable"), np.cumsum(sizes) - sizes, sizes)

    def resample(self, rng: np.random.Generator) -> Integers:
        """Draw as many patients as there are, with replacement, and return all their cases.

        Args:
            rng: the source of randomness.

        Returns:
            `(n,)` case indices; n varies where patients differ in their number of cases.
        """
        drawn = rng.integers(0, self.sizes.size, self.sizes.size)
        if self.sizes.size == self.order.size:
            return self.order[drawn]
        sizes = self.sizes[drawn]
        ends = np.cumsum(sizes)
        places: Integers = np.repeat(self.starts[drawn] - ends + sizes, sizes) + np.arange(ends[-1])
        return self.order[places]

    def weights(self, rng: np.random.Generator, samples: int) -> NDArray[np.uint8]:
        """Draw how often each case occurs in each resample.

        Args:
            rng: the source of randomness.
            samples: B.

        Returns:
            `(N, B)` counts, the same for all cases of a patient. (A patient drawn more than 255 times does not happen.)
        """
        size = self.sizes.size
        counts = np.empty((size, samples), dtype=np.uint8)
        for start in range(0, samples, 64):  # chosen: a strip of 64 resamples is transposed inside the cache
            drawn = [np.bincount(rng.integers(0, size, size), minlength=size) for _ in range(min(64, samples - start))]
            counts[:, start : start + 64] = np.array(drawn, dtype=np.uint8).T
        if size == self.order.size:
            return counts
        patient = np.empty(self.order.size, dtype=np.int64)
        patient[self.order] = np.repeat(np.arange(size), self.sizes)
        return counts[patient]

    def leave_one_out(self) -> Iterator[Integers]:
        """Yield for every patient the cases of all others, in their original order."""
        kept = np.ones(self.order.size, dtype=bool)
        for start, size in zip(self.starts, self.sizes, strict=True):
            own = self.order[start : start + size]
            kept[own] = False
            yield np.flatnonzero(kept)
            kept[own] = True


def read_arrays(arrays: Sequence[ArrayLike]) -> list[np.ndarray[Any, Any]]:
    """Read arrays that share the cases as their first axis.

    Args:
        arrays: one or more, `(N, ...)` each.

    Returns:
        The arrays.

    Raises:
        ValueError: without an array, with fewer than 2 cases or different numbers of them, or masked values.

    Example:
        >>> [one.shape for one in read_arrays([[1, 2, 3], [[1], [2], [3]]])]
        [(3,), (3, 1)]
    """
    if any(np.ma.is_masked(one) for one in arrays):
        raise ValueError("the data must have a value everywhere, got masked ones.")
    tables = [np.asarray(one) for one in arrays]
    if not tables:
        raise ValueError("arrays must hold at least one array with the cases as its first axis, got none.")
    sizes = {table.shape[0] if table.ndim else 0 for table in tables}
    if len(sizes) > 1 or min(sizes) < 2:
        raise ValueError(f"the data must share a first axis of at least 2 cases, got {sorted(sizes)}.")
    return tables


def refuse_nan(values: np.ndarray[Any, Any], statistic: Any, name: str) -> None:
    """Refuse plain numbers with NaN among them that leave a statistic undefined.

    Only for data of one number per case: where there is more of a case, NaN may stand for a label that is not known,
    and the statistic be undefined for another reason, which a note then says.

    Args:
        values: one number per case.
        statistic: what was computed from them.
        name: the argument's name, for the message.

    Raises:
        ValueError: if NaN occurs and the statistic is not finite.

    Example:
        >>> refuse_nan(np.array([1.0, np.nan]), 1.0, "data")
    """
    if not np.isfinite(statistic).all() and values.dtype.kind == "f" and np.isnan(values).any():
        raise ValueError(f"{name} must hold no NaN unless the statistic passes it over, got {np.isnan(values).sum()}.")


def replicate(draw: Callable[[], Floats], samples: int) -> tuple[Floats, int]:
    """Collect bootstrap replicates, drawing again where a resample leaves the statistic undefined.

    Args:
        draw: makes one resample and returns the statistic on it, any number of values; NaN where a class is lacking.
        samples: how many are wanted.

    Returns:
        `(samples, q)` and how many had to be drawn again; fewer rows where the statistic is hardly ever defined.

    Example:
        >>> values = iter([1.0, np.nan, 2.0])
        >>> replicate(lambda: np.array([next(values)]), 2)
        (array([[1.],
               [2.]]), 1)
    """
    kept: list[Floats] = []
    redrawn = 0
    while len(kept) < samples and redrawn < ATTEMPTS * samples:
        values = draw()
        if np.isfinite(values).all():
            kept.append(values)
        else:
            redrawn += 1
    return np.array(kept), redrawn
