"""Names of metrics as a table and a user write them in, names that carry a direction out; none is ever guessed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cxr_report.errors import Refusal, nearest
from cxr_report.metrics import METRICS

__all__ = ["Directions"]


@dataclass(frozen=True, slots=True)
class Directions:
    """The metrics of a table, and what is said of those that the catalogue does not have."""

    table: str
    """The table's file, for messages."""
    metrics: tuple[str, ...]
    """As the table has them."""
    higher: tuple[str, ...]
    lower: tuple[str, ...]

    def check(self) -> None:
        """Hold what is said of directions against the table and the catalogue.

        Raises:
            Refusal: a metric is not in the table, has a direction of its own, or is given two.
        """
        for option, names in (("--higher", self.higher), ("--lower", self.lower)):
            for name in names:
                if name not in self.metrics:
                    raise self._unknown(name, option)
                if name in METRICS or METRICS.is_own(name):
                    own = "higher" if METRICS[name].higher_is_better else "lower"
                    if f"--{own}" != option:
                        raise Refusal(f"{option} {name}: {name} has a direction of its own, {own} is better")
        both = [name for name in self.higher if name in self.lower]
        if both:
            raise Refusal(f"{both[0]} is named by --higher and by --lower; allowed: one of the two")

    def find(self, written: str, key: str) -> tuple[str, str]:
        """Find the metric that a user means.

        Args:
            written: as the table has it, perhaps followed by ``:higher`` or ``:lower``.
            key: where it was written, for the message.

        Returns:
            The name that the table has, and the name that the study has.

        Raises:
            Refusal: the table has no such metric, or nobody says its direction.
        """
        if written in self.metrics:
            return written, self.directed(written)
        bare = written.rpartition(":")[0]
        if METRICS.is_own(written) and bare in self.metrics:
            if bare in METRICS:
                raise Refusal(f"{key}: {bare} has a direction of its own; allowed: {bare}")
            if bare in (self.lower if METRICS[written].higher_is_better else self.higher):
                raise Refusal(f"{key}: {written} contradicts the option that names {bare}; allowed: one direction")
            return bare, written
        raise self._unknown(written, key)

    def directed(self, name: str) -> str:
        """Return the study's name of a metric of the table: that of the catalogue, or one with its direction.

        Raises:
            Refusal: nobody says which values are better.
        """
        if name in METRICS or METRICS.is_own(name):
            return name
        if name in self.higher:
            return f"{name}:higher"
        if name in self.lower:
            return f"{name}:lower"
        raise Refusal(
            f"{self.table}: nothing says whether higher or lower values of {name!r} are better; state --higher "
            f"{name!r} or --lower {name!r}; metrics with a direction of their own: {', '.join(METRICS)}"
            f"{nearest(name, METRICS)}"
        )

    def _unknown(self, name: str, key: str) -> Refusal:
        return Refusal(
            f"{key}: {name!r} is not among the metrics of {self.table}: {', '.join(self.metrics)}"
            f"{nearest(name, self.metrics)}"
        )


def only(metrics: Sequence[str], table: str) -> str:
    """Return the one metric of a table, where it has one.

    Raises:
        Refusal: it has several, and which of them is the primary one is not for a program to say.
    """
    if len(metrics) > 1:
        raise Refusal(
            f"{table}: holds the metrics {', '.join(metrics)}; state by --primary which of them the conclusion rests on"
        )
    return metrics[0]
