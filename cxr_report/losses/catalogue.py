"""Every loss that a study can name, by its name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cxr_report.losses import entropy, imbalance, robust, sigmoid
from cxr_report.losses.entry import LossEntry

__all__ = ["CATALOGUE"]

CATALOGUE: Mapping[str, LossEntry] = MappingProxyType(
    {entry.name: entry for family in (entropy, imbalance, robust, sigmoid) for entry in family.ENTRIES}
)
"""Every loss that a study can name."""
