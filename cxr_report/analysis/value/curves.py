"""What figures draw: lines with bands, and confusion matrices."""

from __future__ import annotations

from dataclasses import dataclass

from cxr_report.analysis.value.numbers import Number

__all__ = ["Confusion", "Curve", "CurveSet"]


@dataclass(frozen=True, slots=True)
class Curve:
    """A line with a band."""

    loss: str
    x: tuple[Number, ...]
    mean: tuple[Number, ...]
    low: tuple[Number, ...]
    high: tuple[Number, ...]


@dataclass(frozen=True, slots=True)
class CurveSet:
    """Lines of one figure panel, one per loss."""

    name: str
    """train_loss, val_loss, val_primary, roc, ..."""
    klass: str
    """Empty = overall (macro)."""
    band: str
    """What the band is, such as ``range over seeds`` or ``mean +- SD over seeds``."""
    curves: tuple[Curve, ...]


@dataclass(frozen=True, slots=True)
class Confusion:
    """A confusion matrix on test, summed over the seeds of a loss. Rows: truth, columns: prediction."""

    loss: str
    klass: str
    """Empty for binary and multiclass; the finding for multilabel, whose matrices are 2 x 2."""
    counts: tuple[tuple[int, ...], ...]
    n_seeds: int
