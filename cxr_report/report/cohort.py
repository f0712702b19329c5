"""What data.json tells of the cases, read into one value that the figures, tables and sentences share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cxr_report.analysis.value import Analysis
from cxr_report.report.figures.flow import Flow
from cxr_report.report.language import phrase

__all__ = ["SPLITS", "Cohort", "SplitCounts", "cohort"]

SPLITS = {"train": phrase("Training"), "val": phrase("Validation"), "test": phrase("Test¦split")}
"""Split -> how it is called."""


@dataclass(frozen=True, slots=True)
class SplitCounts:
    """One split."""

    name: str
    cases: int
    patients: int | None
    """None where the source does not know them."""
    positive: Mapping[str, int]
    """Class or finding -> cases that have it."""
    negative: Mapping[str, int]
    unknown: Mapping[str, int]
    """Class or finding -> cases whose label is not known."""
    demographics: Mapping[str, Any]
    """sex and view: value -> count; age: known, mean, sd, median, min, max."""


@dataclass(frozen=True, slots=True)
class Cohort:
    """The cases of a study."""

    kind: str
    """folder, manifest, medmnist or phantom."""
    name: str
    synthetic: bool
    fingerprint: str
    splits: tuple[SplitCounts, ...]
    found: int
    excluded: Mapping[str, int]
    """Reason -> images."""
    kept: int
    split_kind: str
    """given, made, or completed (some splits given, the others made)."""
    made: tuple[str, ...]
    split_seed: int | None
    patients_known: bool
    cases_without_patient: int
    shared_images: Mapping[str, int]
    """Border between two splits, such as ``train-val`` -> identical images on both sides."""
    shared_patients: Mapping[str, int]
    leakage_allowed: bool
    notes: tuple[str, ...]

    def flow(self) -> Flow:
        """Return what the flow diagram draws."""
        counts = {split.name: (split.cases, split.patients) for split in self.splits}
        return Flow(self.found, dict(self.excluded), self.kept, counts)

    def test(self) -> SplitCounts | None:
        """Return the counts of the test split."""
        return next((split for split in self.splits if split.name == SPLITS["test"]), None)


def cohort(analysis: Analysis) -> Cohort:
    """Read the content of data.json; what it does not say is taken as unknown."""
    told = analysis.data.content
    splits = tuple(_split(name, part) for name, part in _parts(told))
    kept = sum(split.cases for split in splits)
    flow, rule, patients = told.get("flow") or {}, told.get("split_rule") or {}, told.get("patients") or {}
    leakage, source = told.get("leakage") or {}, told.get("source") or {}
    return Cohort(
        kind=source.get("kind", analysis.study.data.source),
        name=source.get("name", ""),
        synthetic=bool(told.get("synthetic", analysis.study.data.source == "phantom")),
        fingerprint=told.get("fingerprint", ""),
        splits=splits,
        found=flow.get("found", kept),
        excluded={reason: count for reason, count in (flow.get("excluded") or {}).items() if count},
        kept=flow.get("kept", kept),
        split_kind=rule.get("kind", "given"),
        made=tuple(rule.get("made") or ()),
        split_seed=rule.get("seed"),
        patients_known=bool(patients.get("known", True)),
        cases_without_patient=patients.get("cases_without") or 0,
        shared_images=_crossings(leakage.get("images")),
        shared_patients=_crossings(leakage.get("patients")),
        leakage_allowed=analysis.study.data.allow_leakage,
        notes=tuple(told.get("notes") or ()),
    )


def _parts(told: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    found = told.get("splits") or {}
    return [(name, found[name]) for name in SPLITS if name in found]


def _split(name: str, part: Mapping[str, Any]) -> SplitCounts:
    return SplitCounts(
        name=SPLITS[name],
        cases=part.get("cases", 0),
        patients=part.get("patients"),
        positive=part.get("positive") or {},
        negative=part.get("negative") or {},
        unknown=part.get("unknown") or {},
        demographics=part.get("demographics") or {},
    )


def _crossings(found: Mapping[str, Any] | None) -> dict[str, int]:
    return {border: crossing.get("count", 0) for border, crossing in (found or {}).items() if crossing.get("count")}
