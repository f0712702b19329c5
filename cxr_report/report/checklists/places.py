"""What a report is made from in, the sections that answer a question of a checklist out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cxr_report.analysis.value import Analysis
from cxr_report.report.cohort import Cohort

__all__ = ["NOWHERE", "Answer", "Place", "Told", "everywhere", "nowhere", "partly", "where"]


@dataclass(frozen=True, slots=True)
class Told:
    """What decides whether a section says something."""

    analysis: Analysis
    cohort: Cohort
    sections: tuple[str, ...]
    """Anchors of the sections that stand in this report."""

    @property
    def trained(self) -> bool:
        """Whether the runs were trained here."""
        return self.analysis.study.trained

    @property
    def introduced(self) -> bool:
        """Whether the authors wrote an introduction of their own."""
        return bool(self.analysis.study.report.introduction.strip())

    @property
    def network(self) -> bool:
        """Whether the network is one that the program describes, and not the authors' own code."""
        return self.trained and self.analysis.study.model.name != "custom"

    @property
    def named_source(self) -> bool:
        """Whether the images come from a source that anybody can look up, or from the program itself."""
        return self.trained and self.cohort.kind in ("medmnist", "phantom")

    @property
    def synthetic(self) -> bool:
        """Whether the program made images and labels."""
        return self.trained and self.cohort.synthetic

    @property
    def demographics(self) -> bool:
        """Whether the patients of every split are described."""
        return bool(self.cohort.splits) and all(any(split.demographics.values()) for split in self.cohort.splits)

    @property
    def unknown_labels(self) -> bool:
        """Whether labels may be unknown, of which the methods then speak."""
        return self.analysis.study.task == "multilabel"

    @property
    def other_classes(self) -> bool:
        """Whether cases without a finding are told apart by what they have instead."""
        return self.analysis.study.predicted and len(self.analysis.classes) > 2

    @property
    def split_here(self) -> bool:
        """Whether the program split the cases of one source, so that training and test cases are of one kind."""
        return self.trained and self.cohort.split_kind == "made"

    @property
    def against_imbalance(self) -> bool:
        """Whether a loss weighs rare classes more."""
        return self.trained and any(loss.loss in _WEIGHING for loss in self.analysis.study.losses.values())

    @property
    def accuracy(self) -> bool:
        """Whether the primary metric measures how well classes are told apart."""
        return self.analysis.study.predicted and self.analysis.metrics[0] not in ("brier", "log_loss", "ece")


_WEIGHING = (
    "weighted-cross-entropy", "class-balanced", "logit-adjustment", "balanced-softmax", "ldam", "weighted-bce",
    "distribution-balanced",
)  # fmt: skip
"""Losses of the catalogue whose weights or margins follow the frequencies of the classes."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Where a question is answered."""

    sections: tuple[str, ...]
    """Anchors; none = not reported."""
    whole: bool = True
    """Whether everything that is asked is said there."""


NOWHERE = Answer(())

Place = Callable[[Told], Answer]
"""Says where a report answers a question."""


def nowhere(_: Told) -> Answer:
    """Answer a question that no report of this program answers, for only the authors know."""
    return NOWHERE


def everywhere(*sections: str) -> Place:
    """Answer a question in sections that say it wherever they stand."""
    return lambda told: _standing(told, sections)


def where(condition: Callable[[Told], bool], *sections: str) -> Place:
    """Answer a question in some sections, provided that they say it of this study."""
    return lambda told: _standing(told, sections) if condition(told) else NOWHERE


def partly(place: Place) -> Place:
    """Answer a question of several parts, of which the report knows some."""

    def part(told: Told) -> Answer:
        return Answer(place(told).sections, whole=False)

    return part


def _standing(told: Told, sections: tuple[str, ...]) -> Answer:
    """Keep the sections that are there; one that ends in a hyphen stands for all that begin alike."""
    found = [
        anchor
        for wanted in sections
        for anchor in told.sections
        if anchor == wanted or (wanted.endswith("-") and anchor.startswith(wanted))
    ]
    return Answer(tuple(found))
