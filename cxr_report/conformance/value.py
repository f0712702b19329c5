"""What a conformance run says: one Check per function and witness, and the Conformance of one installation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Check", "Conformance"]


@dataclass(frozen=True, slots=True)
class Check:
    """How far one function is from one witness."""

    function: str
    """The public function, with its room: `stats.paired_t`, `metrics.auroc`."""
    witness: str
    """The program with its version and call, or the publication with its DOI."""
    values: int
    """How many numbers were compared, at least 1."""
    absolute: float
    """Largest |computed - expected|, in the unit of the values; infinite where one of the two is undefined."""
    relative: float
    """Largest |computed - expected| / max(|expected|, 1e-6); infinite where one of the two is undefined."""
    held_to: str
    """Which of the two deviations the tolerance speaks of: "absolute" or "relative"."""
    tolerance: float
    """The largest deviation that still agrees."""
    reason: str
    """Why the tolerance is what it is: double precision, printed digits, Monte-Carlo error, the witness's optimiser."""

    @property
    def deviation(self) -> float:
        """The deviation that the tolerance speaks of."""
        return self.absolute if self.held_to == "absolute" else self.relative

    @property
    def agrees(self) -> bool:
        """Whether the deviation lies within the tolerance."""
        return self.deviation <= self.tolerance


@dataclass(frozen=True, slots=True)
class Conformance:
    """All checks on one installation."""

    checks: tuple[Check, ...]
    """In the order of the catalogue."""
    versions: Mapping[str, str]
    """Of cxr_report, Python and the libraries that computed."""

    @property
    def agrees(self) -> bool:
        """Whether every check agrees, and there is one."""
        return bool(self.checks) and all(check.agrees for check in self.checks)
