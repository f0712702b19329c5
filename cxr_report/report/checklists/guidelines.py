"""Three reporting guidelines: the number of every item, and the question that it puts."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["GUIDELINES", "Guideline"]


@dataclass(frozen=True, slots=True)
class Guideline:
    """One checklist."""

    key: str
    """Of its table."""
    name: str
    year: int
    doi: str
    items: tuple[tuple[str, str], ...]
    """Number of an item, such as ``12a``, and the key of its question in `TOPICS`, in the order of the checklist."""


def _items(text: str) -> tuple[tuple[str, str], ...]:
    """Read ``number question`` pairs, separated by commas or line ends."""
    pairs = (pair.split() for pair in text.replace(",", "\n").splitlines() if pair.strip())
    return tuple((number, topic) for number, topic in pairs)


CLAIM = Guideline(
    "checklist-claim",
    "CLAIM",
    2024,
    "10.1148/ryai.240300",
    _items("""
    1 technology, 2 summary, 3 background, 4 aims, 5 timing, 6 goal
    7 sources, 8 criteria, 9 preparation, 10 subsets, 11 identity, 12 missing, 13 acquisition
    14 standard, 15 standard-reason, 16 annotators, 17 annotation-test, 18 readers
    19 partitions, 20 disjoint, 21 size, 22 model, 23 software, 24 start
    25 training, 26 selection, 27 ensembles
    28 metrics, 29 statistics, 30 robustness, 31 explanation, 32 internal, 33 external, 34 trial
    35 flow, 36 demographics, 37 performance, 38 precision, 39 failures
    40 limits, 41 practice, 42 protocol, 43 availability, 44 funding
    """),
)
"""Tejani et al. 2024, 44 items."""

TRIPOD_AI = Guideline(
    "checklist-tripod-ai",
    "TRIPOD+AI",
    2024,
    "10.1136/bmj-2023-078378",
    _items("""
    1 prediction-title, 2 summary, 3a context, 3b purpose, 3c inequalities, 4 aims
    5a sources, 5b dates, 6a setting, 6b criteria, 6c treatments, 7 preparation-groups
    8a standard, 8b annotators, 8c blind-standard, 9a inputs-chosen, 9b inputs-defined, 9c inputs-assessors
    10 size, 11 missing, 12a partitions, 12b inputs-handled, 12c building, 12d clusters, 12e metrics, 12f updating
    12g applied, 13 imbalance, 14 fairness, 15 output, 16 alike, 17 ethics
    18a funding, 18b conflicts, 18c protocol, 18d registration, 18e data-sharing, 18f code-sharing, 19 public
    20a flow, 20b characteristics, 20c demographics, 21 numbers, 22 whole-model, 23a performance-groups
    23b heterogeneity, 24 updating, 25 interpretation, 26 limits, 27a poor-inputs, 27b users, 27c next
    """),
)
"""Collins et al. 2024, 27 items in 52 parts."""

STARD_AI = Guideline(
    "checklist-stard-ai",
    "STARD-AI",
    2025,
    "10.1038/s41591-025-03953-8",
    _items("""
    1 accuracy-named, 2 summary, 3 background, 4 aims, 5 timing, 6 ethics
    7 criteria, 8 found-by, 9 setting-dates, 10 series
    11 sources, 12 annotators, 13 devices, 14 acquisition-preparation
    15a model, 15b development, 15c output, 15d users
    16a standard, 16b standard-reason, 16c standard-cutoffs, 17a blind-test, 17b blind-standard
    18 statistics, 19 missing-labels, 20 missing, 21 variability, 22 size, 23 errors-groups
    24 flow, 25 characteristics, 26a severity, 26b alternatives, 27 interval, 28 representative, 29 external-differs
    30 crosstab, 31 precision, 32 harm, 33 limits, 34 practice, 35 fair-use
    36 registration, 37 protocol, 38 funding, 39 commerce, 40a availability, 40b audit
    """),
)
"""Sounderajah et al. 2025, 40 items in 48 parts."""

GUIDELINES = (CLAIM, TRIPOD_AI, STARD_AI)
