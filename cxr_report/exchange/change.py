"""What differs between two studies or analyses: settings, runs, files, scores, statistics, decisions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Change", "Decision", "Difference", "FileChange", "Only", "ScoreChange", "Setting"]


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting that differs; ``absent`` where one side has none."""

    name: str
    """Dotted, such as ``analysis.alpha``."""
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Only:
    """A run that stands otherwise on both sides."""

    loss: str
    seed: int
    before: str
    """``done``, ``diverged``, ``missing``, or ``absent``: not planned."""
    after: str


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file that the analysis was made from and whose bytes are others."""

    name: str
    before: str
    """sha256; empty: absent."""
    after: str


@dataclass(frozen=True, slots=True)
class ScoreChange:
    """The scores of one loss, seed and metric that changed, over splits and classes."""

    loss: str
    seed: str
    """Empty: of a control or an ensemble."""
    metric: str
    changed: int
    rounded: int
    """Scores that differ by a relative 1e-9 at most."""
    largest: float
    """Largest absolute change of those that changed; NaN where no change is one of two numbers."""
    where: str
    """Split, and class, of the largest."""
    before: str
    """As it is written there; empty: undefined or absent."""
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """A statistic that changed."""

    key: str
    """By meaning, such as ``joint[auroc, seeds and cases].pairs[focal - ce].p``."""
    before: Any
    """None: undefined; ``absent``: there is none."""
    after: Any
    absolute: float
    """|after - before|; NaN where one of them is no number."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Something that the report concludes and that changed."""

    what: str
    """Such as ``focal against ce on auroc, seeds and cases``."""
    before: str
    after: str
    planned: bool
    """Whether the conclusion is one of the plan; others are looked at beside it."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that differs, decisions first."""

    before: str
    """What was compared, as it was named."""
    after: str
    decisions: tuple[Decision, ...]
    """Planned ones first."""
    settings: tuple[Setting, ...]
    runs: tuple[Only, ...]
    files: tuple[FileChange, ...]
    scores: tuple[ScoreChange, ...]
    """Largest change first."""
    statistics: tuple[Change, ...]
    """Numbers and texts of statistics.json."""
    rounded_scores: int
    """Scores that differ by rounding alone."""
    rounded_statistics: int
    compared_scores: int
    """Scores that both have."""
    compared_statistics: int

    @property
    def changed(self) -> bool:
        """Whether anything differs beyond rounding."""
        return any((self.decisions, self.settings, self.runs, self.files, self.changed_scores, self.statistics))

    @property
    def changed_scores(self) -> int:
        """How many scores differ beyond rounding, or stand on one side alone."""
        return sum(each.changed for each in self.scores)

    @property
    def rounded(self) -> int:
        """How many numbers differ by rounding alone."""
        return self.rounded_scores + self.rounded_statistics

    def first(self) -> str:
        """Name the gravest difference in a clause; empty where nothing differs."""
        for decision in self.decisions:
            return f"the decision on {decision.what} is {decision.after!r} and was {decision.before!r}"
        told = [(each.key, each.before, each.after) for each in self.statistics]
        for name, before, after in (*told, *((each.name, each.before, each.after) for each in self.settings)):
            return f"{name} is {after!r} and was {before!r}"
        for score in self.scores:
            return f"{score.metric} of {score.loss} {score.seed} is {score.after} and was {score.before}"
        for file in self.files:
            return f"the file {file.name} is another one"
        return ", ".join(f"the run {run.loss} {run.seed} is {run.after} and was {run.before}" for run in self.runs[:1])
