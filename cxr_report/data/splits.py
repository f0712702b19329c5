"""Groups and labels in, one split per case out: grouped by patient, stratified by class, from a seed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["joined_groups", "label_matrix", "stratified_split"]


def stratified_split(
    groups: NDArray[np.int64], labels: NDArray[np.float64], *, shares: Sequence[float], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Cut cases into splits so that no group is cut and every label is shared out in proportion.

    Iterative stratification (Sechidis, Tsoumakas & Vlahavas 2011, doi 10.1007/978-3-642-23808-6_10), with whole groups
    in the place of single cases: the rarest label first, its groups in random order with the larger ones first, each
    to the split that has the largest part of its own demand for that label still open.

    Args:
        groups: ``(N,)`` equal = must stay together.
        labels: ``(N, L)`` of 1 = has it, 0 or NaN = has it not, or it is not known.
        shares: ``(K,)`` positive shares of the cases, with sum 1.
        rng: source of the order.

    Returns:
        ``(N,)`` index into shares.

    Example:
        >>> labels = np.eye(2)[[0, 0, 1, 1]]
        >>> split = stratified_split(np.arange(4), labels, shares=(0.5, 0.5), rng=np.random.default_rng(0))
        >>> sorted(split[:2].tolist()), sorted(split[2:].tolist())
        ([0, 1], [0, 1])
    """
    _, member = np.unique(groups, return_inverse=True)
    number = int(member.max()) + 1
    sizes = np.bincount(member, minlength=number).astype(np.float64)
    counts = np.zeros((number, labels.shape[1] + 1))
    np.add.at(counts[:, :-1], member, np.nan_to_num(labels))
    counts[:, -1] = sizes  # a last column that everybody has: what is left once no label is
    demand = np.outer(shares, counts.sum(axis=0))
    need = demand.copy()
    order = rng.permutation(number)
    chosen = np.full(number, -1, dtype=np.int64)
    while (left := order[chosen[order] < 0]).size:
        totals = counts[left, :-1].sum(axis=0)
        column = int(np.argmin(np.where(totals > 0, totals, np.inf))) if (totals > 0).any() else -1
        having = left[counts[left, column] > 0]
        for group in having[np.argsort(-counts[having, column], kind="stable")]:
            best = _neediest(need, demand, column)
            chosen[group] = best
            need[best] -= counts[group]
    return chosen[member]


def _neediest(need: NDArray[np.float64], demand: NDArray[np.float64], column: int) -> int:
    """Return the split with the largest open part of its demand; equal ones by room, then by size, then by order."""
    part = (need[:, column] / demand[:, column]).round(9).tolist()
    room = (need[:, -1] / demand[:, -1]).round(9).tolist()
    size = demand[:, -1].tolist()
    return max(range(len(size)), key=lambda k: (part[k], room[k], size[k], -k))


def joined_groups(patients: NDArray[np.int64], images: NDArray[np.str_]) -> NDArray[np.int64]:
    """Join the patients who share an identical image, since such an image may stand in one split only.

    Args:
        patients: ``(N,)`` patient numbers.
        images: ``(N,)`` hashes of the images.

    Returns:
        ``(N,)`` group numbers, coarser than the patients.

    Example:
        >>> joined_groups(np.array([0, 1, 2]), np.array(["a", "b", "a"])).tolist()
        [0, 1, 0]
    """
    parent = {int(patient): int(patient) for patient in patients}

    def root(patient: int) -> int:
        while parent[patient] != patient:
            parent[patient] = parent[parent[patient]]
            patient = parent[patient]
        return patient

    first: dict[str, int] = {}
    for patient, image in zip(patients.tolist(), images.tolist(), strict=True):
        other = root(first.setdefault(image, patient))
        mine = root(patient)
        parent[max(mine, other)] = min(mine, other)
    return np.array([root(int(patient)) for patient in patients], dtype=np.int64)


def label_matrix(labels: NDArray[np.float32] | NDArray[np.int64], classes: int) -> NDArray[np.float64]:
    """Return ``(N, classes)`` of 1 / 0 / NaN from class indices ``(N,)`` or findings ``(N, classes)``."""
    if labels.ndim == 2:
        return labels.astype(np.float64)
    return np.eye(classes)[labels.astype(np.int64)]
