"""Two sets of logits of the same cases come in; how far they are apart, and whether a label changed, goes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["TOLERANCE", "Flip", "Proof", "prove"]

TOLERANCE = 1e-4
"""Chosen: the largest difference allowed, as a share of the largest logit. Float32 arithmetic in another order stays a
hundred times below; a folded batch norm with another run's weights lies thousands of times above."""


@dataclass(frozen=True, slots=True)
class Flip:
    """A label that differs between the two sets."""

    id: str
    """The case."""
    finding: str
    """Which finding of a multilabel case; empty where a case has one label."""
    margin: float
    """How far the reference was from the other label: its largest logit less its second, or |logit| of a finding."""


@dataclass(frozen=True, slots=True)
class Proof:
    """How far an exported model is from the trained one."""

    cases: int
    """How many were compared."""
    max_difference: float
    """Largest |reference - exported| logit; NaN where a logit is not finite."""
    max_logit: float
    """Largest |reference| logit."""
    inside: tuple[Flip, ...]
    """Labels that flipped although their margin is at most twice the largest difference: rounding may do that."""
    outside: tuple[Flip, ...]
    """Labels that flipped with a larger margin. Arithmetic leaves none, so one means that the comparison is broken."""

    def fault(self, split: str = "validation") -> str:
        """Say what is wrong with the export as a clause, or nothing where it is sound.

        Args:
            split: which cases were compared, in words.
        """
        if not np.isfinite(self.max_difference):
            return f"gives logits that are not finite on {self.cases} {split} cases"
        limit = TOLERANCE * self.max_logit
        if self.max_difference > limit:
            return (
                f"differs from the trained one by up to {self.max_difference:.3g} in a logit on {self.cases} "
                f"{split} cases, allowed are {limit:.3g} ({TOLERANCE:g} of the largest logit)"
            )
        if self.outside:
            return (
                f"gives {len(self.outside)} other labels on {self.cases} {split} cases, such as case "
                f"{self.outside[0].id}, whose margin {self.outside[0].margin:.3g} exceeds twice the largest "
                f"difference {self.max_difference:.3g}"
            )
        return ""


def prove(
    reference: NDArray[np.float32],
    exported: NDArray[np.float32],
    *,
    ids: NDArray[np.str_],
    findings: Sequence[str] = (),
) -> Proof:
    """Compare the logits of a trained and an exported model.

    A label is the class with the largest logit, or, where ``findings`` are named, one per finding: logit above 0.

    Args:
        reference: ``(N, C)`` logits of the trained model.
        exported: ``(N, C)`` logits of the exported one.
        ids: ``(N,)`` names of the cases.
        findings: names of the C findings of a multilabel study; empty for one label a case.

    Raises:
        ValueError: shapes differ, or there is no case.

    Example:
        >>> logits = np.array([[0.0, 2.0]], dtype=np.float32)
        >>> prove(logits, logits, ids=np.array(["a"])).max_difference
        0.0
    """
    if reference.shape != exported.shape or reference.ndim != 2 or len(reference) != len(ids) or not len(ids):
        raise ValueError(
            f"reference and exported logits of {len(ids)} cases must have one shape (N, C) with N > 0, "
            f"got {reference.shape} and {exported.shape}"
        )
    ours, theirs = reference.astype(np.float64), exported.astype(np.float64)
    with np.errstate(invalid="ignore"):  # infinity less infinity is NaN, which is what shall come out
        difference = float(np.abs(ours - theirs).max())
    if not np.isfinite(difference):
        return Proof(len(ids), float("nan"), float(np.abs(ours).max()), (), ())
    flips = _per_finding(ours, theirs, ids, findings) if findings else _per_case(ours, theirs, ids)
    inside = tuple(flip for flip in flips if flip.margin <= 2 * difference)
    outside = tuple(flip for flip in flips if flip.margin > 2 * difference)
    return Proof(len(ids), difference, float(np.abs(ours).max()), inside, outside)


def _per_case(ours: NDArray[np.float64], theirs: NDArray[np.float64], ids: NDArray[np.str_]) -> list[Flip]:
    ordered = np.sort(ours, axis=1)
    margins = ordered[:, -1] - ordered[:, -2]
    flipped = np.flatnonzero(ours.argmax(axis=1) != theirs.argmax(axis=1))
    return [Flip(str(ids[case]), "", float(margins[case])) for case in flipped]


def _per_finding(
    ours: NDArray[np.float64], theirs: NDArray[np.float64], ids: NDArray[np.str_], findings: Sequence[str]
) -> list[Flip]:
    flipped = np.argwhere((ours > 0) != (theirs > 0))
    return [Flip(str(ids[case]), findings[column], float(abs(ours[case, column]))) for case, column in flipped]
