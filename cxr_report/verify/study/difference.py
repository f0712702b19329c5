"""What a verification comes to: differences, each in one line, and what every step checked."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Difference", "Step", "Verified"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it should be."""

    file: str
    """Relative to the study's folder, with forward slashes; a part of a PDF as ``report/report.pdf``."""
    place: str
    """Where in the file: a key, a table's cell, a sentence; empty = the file as a whole."""
    printed: str
    """What stands there."""
    recomputed: str
    """What should stand there; empty where that is not known."""
    why: str
    """Why it matters."""
    decision: str = ""
    """Which verdict of a planned comparison changes with it; empty = none."""

    @property
    def where(self) -> str:
        """File and place in one."""
        return f"{self.file}: {self.place}" if self.place else self.file

    def line(self) -> str:
        """Return the difference as one line.

        Example:
            >>> Difference("a.csv", "line 2", "0.91", "0.81", "a score").line()
            'a.csv: line 2: 0.91 stands there, 0.81 recomputed; a score'
        """
        stands = f"{self.printed or 'nothing'} stands there"
        told = f"{stands}, {self.recomputed} recomputed" if self.recomputed else stands
        ending = f"; {self.decision}" if self.decision else ""
        return " ".join(f"{self.where}: {told}; {self.why}{ending}".split())


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way back."""

    name: str
    checked: int
    """How many things, mostly numbers, were held against something."""
    unit: str
    """What was counted."""
    differences: tuple[Difference, ...] = ()
    notices: tuple[Difference, ...] = ()
    """What differs by less than the last digits of another processor's arithmetic, named and not counted as wrong."""
    facts: tuple[str, ...] = ()
    """What a reader must know: what was shown and not checked, how it was checked, where routes agree."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A study, or a report, that was verified."""

    name: str
    """What was asked for."""
    kind: str
    """folder, pdf or page."""
    program: str
    """The version that verified."""
    steps: tuple[Step, ...]
    out_of_reach: tuple[str, ...]
    """What no such check can find."""

    @property
    def differences(self) -> tuple[Difference, ...]:
        """Those of all steps, in order."""
        return tuple(each for step in self.steps for each in step.differences)

    @property
    def notices(self) -> tuple[Difference, ...]:
        """Those of all steps, in order."""
        return tuple(each for step in self.steps for each in step.notices)

    @property
    def agrees(self) -> bool:
        """Whether nothing differs."""
        return not self.differences
