"""What is told of labels that depend on the loss or on the seed."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LabelChanges"]


@dataclass(frozen=True, slots=True)
class LabelChanges:
    """Counts of test cases, by the labels of the runs on the seeds that every loss has finished.

    A case's label is its class, or, for findings, all of its findings: one that changes is a change of the case.
    """

    n_cases: int
    n_losses: int
    n_seeds: int
    by_loss: int
    """Cases of which two losses have different most frequent labels over the seeds. A loss whose seeds have no single
    most frequent label contradicts no other."""
    by_seed: int
    """Cases to which the seeds of at least one loss give different labels."""
    both: int
    """Cases that are counted in ``by_loss`` and in ``by_seed``."""
