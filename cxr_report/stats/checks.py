"""Array-likes in, checked arrays or a ValueError out: the input checks that every statistic of this package shares."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Floats",
    "Integers",
    "array",
    "binary",
    "binary_truth",
    "generator",
    "groups_of",
    "matrix",
    "paired",
    "square_table",
    "vector",
]

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]


def array(values: ArrayLike, name: str, ndim: int, *, nan: bool = False) -> Floats:
    """Read a real array of a known number of axes.

    Args:
        values: numbers or booleans with `ndim` axes.
        name: the argument's name, for the message.
        ndim: the number of axes asked for.
        nan: whether NaN may stand in it (infinity never may).

    Returns:
        A float64 array; not a copy where `values` already is one.

    Raises:
        ValueError: if the values are no real numbers, the shape has other axes, or NaN, infinity or a masked value
            occurs.

    Example:
        >>> array([1, 2], "x", 1)
        array([1., 2.])
    """
    if np.ma.is_masked(values):
        raise ValueError(f"{name} must have a value everywhere, got masked ones.")
    try:
        raw = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} must be a rectangular array of numbers: {error}.") from error
    if raw.dtype.kind not in "biuf" and not (raw.dtype.kind == "O" and raw.size):
        raise ValueError(f"{name} must hold real numbers, got dtype {raw.dtype}.")
    if raw.ndim != ndim:
        raise ValueError(f"{name} must have {ndim} {'axis' if ndim == 1 else 'axes'}, got shape {raw.shape}.")
    try:
        result = np.asarray(raw, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must hold real numbers, got dtype {raw.dtype}.") from error
    bad = np.isinf(result) if nan else ~np.isfinite(result)
    if bad.any():
        allowed = "finite or NaN" if nan else "finite"
        raise ValueError(f"{name} must be {allowed} everywhere, got {int(bad.sum())} other value(s).")
    return result


def vector(values: ArrayLike, name: str, *, minimum: int = 1) -> Floats:
    """Read a finite vector of at least `minimum` numbers.

    Args:
        values: `(n,)`.
        name: the argument's name, for the message.
        minimum: the fewest values allowed.

    Returns:
        `(n,)` float64.

    Raises:
        ValueError: for another shape, too few values, NaN or infinity.

    Example:
        >>> vector([0.5, 0.25], "x")
        array([0.5 , 0.25])
    """
    result = array(values, name, 1)
    if result.size < minimum:
        raise ValueError(f"{name} must have at least {minimum} value(s), got {result.size}.")
    return result


def paired(x: ArrayLike, y: ArrayLike, *, minimum: int = 2) -> tuple[Floats, Floats]:
    """Read two finite vectors of one length, value i of the one belonging to value i of the other.

    Args:
        x: `(S,)`.
        y: `(S,)`.
        minimum: the fewest pairs allowed.

    Returns:
        Both as `(S,)` float64.

    Raises:
        ValueError: for another shape, unequal lengths, too few pairs, NaN or infinity.

    Example:
        >>> paired([1, 2], [3, 4])
        (array([1., 2.]), array([3., 4.]))
    """
    a, b = array(x, "x", 1), array(y, "y", 1)
    if a.size != b.size:
        raise ValueError(f"x and y must be paired and of one length, got {a.size} and {b.size} values.")
    if a.size < minimum:
        raise ValueError(f"x and y must have at least {minimum} pair(s), got {a.size}.")
    return a, b


def matrix(scores: ArrayLike, *, name: str = "scores", blocks: int = 2, treatments: int = 2) -> Floats:
    """Read a complete, finite table of blocks by treatments.

    Args:
        scores: `(S, k)`, S seeds by k losses.
        name: the argument's name, for the message.
        blocks: the fewest rows allowed.
        treatments: the fewest columns allowed.

    Returns:
        `(S, k)` float64.

    Raises:
        ValueError: for another shape, too few rows or columns, NaN or infinity.

    Example:
        >>> matrix([[0.8, 0.9], [0.7, 0.9]]).shape
        (2, 2)
    """
    result = array(scores, name, 2)
    if result.shape[0] < blocks or result.shape[1] < treatments:
        raise ValueError(
            f"{name} must have shape (S, k) with at least {blocks} row(s) (seeds) and {treatments} column(s) "
            f"(losses), got {result.shape}."
        )
    return result


def binary(values: ArrayLike, name: str, *, ndim: int = 1) -> NDArray[np.bool_]:
    """Read an array that holds nothing but 0 and 1.

    Args:
        values: numbers or booleans with `ndim` axes, not empty.
        name: the argument's name, for the message.
        ndim: the number of axes asked for.

    Returns:
        The same shape, boolean.

    Raises:
        ValueError: for another shape, an empty array or any other value.

    Example:
        >>> binary([0, 1], "correct")
        array([False,  True])
    """
    numbers = array(values, name, ndim)
    if not numbers.size:
        raise ValueError(f"{name} must not be empty, got shape {numbers.shape}.")
    strange = numbers[(numbers != 0) & (numbers != 1)]
    if strange.size:
        raise ValueError(f"{name} must hold 0 and 1 only, got {strange.flat[0]:g}.")
    return np.asarray(numbers == 1, dtype=np.bool_)


def binary_truth(truth: ArrayLike) -> NDArray[np.bool_]:
    """Read the truth of N cases, 1 = positive; one class may be absent, which is for the caller to judge.

    Args:
        truth: `(N,)` of 0 and 1.

    Returns:
        `(N,)` boolean.

    Raises:
        ValueError: for another shape, no case or any other value.

    Example:
        >>> binary_truth([1, 0])
        array([ True, False])
    """
    return binary(truth, "truth")


def square_table(table: ArrayLike, *, name: str = "table") -> Floats:
    """Read a square table of counts.

    Args:
        table: `(C, C)` of counts, C at least 2; weighted counts may be fractions.
        name: the argument's name, for the message.

    Returns:
        `(C, C)` float64.

    Raises:
        ValueError: for another shape, a negative count, NaN or infinity.

    Example:
        >>> square_table([[3, 1], [0, 4]]).sum()
        np.float64(8.0)
    """
    result = array(table, name, 2)
    if result.shape[0] != result.shape[1] or result.shape[0] < 2:
        raise ValueError(f"{name} must be square with at least 2 classes, got shape {result.shape}.")
    if (result < 0).any():
        raise ValueError(f"{name} must hold counts of at least 0, got {result.min():g}.")
    return result


def groups_of(groups: ArrayLike | None, n: int) -> Integers:
    """Turn patient ids into codes 0 .. G-1; without ids every case is a patient of its own.

    Args:
        groups: `(N,)` ids of any type that compares (numbers or text), or None.
        n: the number of cases N.

    Returns:
        `(N,)` int64 codes; every code from 0 to G-1 occurs.

    Raises:
        ValueError: if there is not one id per case, or an id is NaN or missing.

    Example:
        >>> groups_of(["b", "a", "b"], 3)
        array([1, 0, 1])
        >>> groups_of(None, 2)
        array([0, 1])
    """
    if groups is None:
        return np.arange(n, dtype=np.int64)
    ids = np.asarray(groups)
    if ids.shape != (n,):
        raise ValueError(f"groups must have shape ({n},), one id per case, got {ids.shape}.")
    if ids.dtype.kind == "O":
        if any(one is None or one != one for one in ids):
            raise ValueError("groups must have an id for every case, got a missing one.")
        ids = ids.astype(str)
    if ids.dtype.kind in "fc" and np.isnan(ids).any():
        raise ValueError("groups must have an id for every case, got NaN.")
    return np.unique(ids, return_inverse=True)[1].astype(np.int64).reshape(n)


def generator(rng: Any, name: str = "rng") -> np.random.Generator:
    """Let a numpy random generator through: randomness is an argument, never a global state.

    Args:
        rng: the generator given.
        name: the argument's name, for the message.

    Returns:
        `rng`.

    Raises:
        ValueError: for anything else.

    Example:
        >>> generator(np.random.default_rng(1)).integers(1)
        np.int64(0)
    """
    if not isinstance(rng, np.random.Generator):
        raise ValueError(f"{name} must be a numpy.random.Generator, got {type(rng).__name__}.")
    return rng
