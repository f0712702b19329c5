"""The Analysis: one frozen value that holds everything the report says, and its way to plain data and back."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import TypeAdapter

from cxr_report.analysis.value.changes import LabelChanges
from cxr_report.analysis.value.comparisons import ClassComparison, Joint, LeftOut, Omnibus, Pair
from cxr_report.analysis.value.curves import Confusion, CurveSet
from cxr_report.analysis.value.ensemble import Ensemble
from cxr_report.analysis.value.external import ExternalTest
from cxr_report.analysis.value.fidelity import Agreement
from cxr_report.analysis.value.floor import NullRate, SeedFloor, Twin
from cxr_report.analysis.value.groups import AbsentClass, Calibration, Subgroup
from cxr_report.analysis.value.multiverse import MultiverseGroup
from cxr_report.analysis.value.numbers import Number
from cxr_report.analysis.value.planning import Planning
from cxr_report.analysis.value.precision import Equivalence, SeedsEquivalence, VarianceParts
from cxr_report.analysis.value.rankings import Ranking
from cxr_report.analysis.value.runs import Control, Diverged, LossSummary, ModelSize, RunSummary
from cxr_report.analysis.value.tuning import LossTuning
from cxr_report.study import Study

__all__ = ["Analysis", "DataSummary", "from_plain", "to_plain"]


@dataclass(frozen=True, slots=True)
class DataSummary:
    """What the report says about the data; the content of data.json."""

    content: dict[str, Any]
    n_test: int
    n_test_patients: int
    prevalence: dict[str, Number]
    """Class or finding -> share of (known) test cases."""
    positives: dict[str, int] = field(default_factory=dict)
    """Class or finding -> number of test cases that have it."""

    @property
    def patients_known(self) -> bool:
        """Whether the source of the data names the patients; where it does not, every case counts as one of its own."""
        told = self.content.get("patients")
        return bool(told.get("known", True)) if isinstance(told, dict) else True


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything that the report says, and the hashes of everything that it was computed from."""

    format: int
    program: str
    """Version of cxr_report."""
    study: Study
    """As its runs were trained: with the values that tuning chose, where it has tuning."""
    losses: tuple[str, ...]
    """In the study's order; the baseline is ``study.analysis.baseline``."""
    labels: dict[str, str]
    """Loss -> how the report calls it."""
    seeds: tuple[int, ...]
    """Seeds that enter the paired tests, in order: those finished for every loss, after ``on_diverged``."""
    planned_seeds: tuple[int, ...]
    classes: tuple[str, ...]
    metrics: tuple[str, ...]
    """Primary first, then the secondary ones: those that are compared."""
    partial: bool
    missing: tuple[str, ...]
    """Files that an incomplete study lacks, where it was analysed nevertheless."""
    exploratory: tuple[str, ...]
    """Reasons why the analysis counts as exploratory; empty = as planned."""
    plan_sha256: str
    data: DataSummary
    runs: tuple[RunSummary, ...]
    summaries: tuple[LossSummary, ...]
    omnibus: tuple[Omnibus, ...]
    """Several tests per metric of ``metrics``; one of them is the planned one."""
    pairs: tuple[Pair, ...]
    """Every pair of losses for every metric of ``metrics``, over seeds."""
    smallest_wilcoxon_p: Number
    """The smallest adjusted p that the exact Wilcoxon can reach with these seeds and comparisons."""
    smallest_friedman_p: Number
    controls: tuple[Control, ...]
    diverged: tuple[Diverged, ...]
    curves: tuple[CurveSet, ...]
    confusions: tuple[Confusion, ...]
    thresholds: dict[str, tuple[Number, ...]]
    """``<loss>/<seed>`` -> threshold per class, chosen on validation."""
    inputs: dict[str, str]
    """File of the study -> sha256; ``plan`` -> that of the plan and the ledger without times."""
    name: str = ""
    """Empty = the planned analysis; otherwise the name that another plan was given."""
    selected_by: str = ""
    """The metric in the histories, by which epochs were chosen: the primary one of the plan before the runs."""
    joint: tuple[Joint, ...] = ()
    """Seeds and cases together, per metric of ``metrics`` that has a covariance over cases: the decisions."""
    without_joint: dict[str, str] = field(default_factory=dict)
    """Metric of ``metrics`` that is not in ``joint`` -> why."""
    cases: tuple[Joint, ...] = ()
    """The same with the seeds fixed: other cases, these runs."""
    class_comparisons: tuple[ClassComparison, ...] = ()
    """The primary metric per class or finding, adjusted across classes."""
    rankings: tuple[Ranking, ...] = ()
    """One per metric of ``metrics``."""
    variances: tuple[VarianceParts, ...] = ()
    """Of a difference and of a mean, for every metric of ``joint``."""
    planning: tuple[Planning, ...] = ()
    """At most one, for the primary metric: the power of a next study."""
    equivalences: tuple[Equivalence, ...] = ()
    """The primary metric, every comparison of the family, over seeds and cases."""
    seeds_equivalences: tuple[SeedsEquivalence, ...] = ()
    """The same over seeds, on these cases only."""
    calibrations: tuple[Calibration, ...] = ()
    subgroups: tuple[Subgroup, ...] = ()
    twins: tuple[Twin, ...] = ()
    """The numerical floor."""
    seed_floor: tuple[SeedFloor, ...] = ()
    """At most one, for the primary metric."""
    null_rates: tuple[NullRate, ...] = ()
    multiverse: tuple[MultiverseGroup, ...] = ()
    sensitivity: tuple[Pair, ...] = ()
    """Where runs diverged: the primary metric over seeds under the other rule for them; it decides nothing."""
    left_out: tuple[LeftOut, ...] = ()
    """Seeds that are not finished for every loss."""
    absent: tuple[AbsentClass, ...] = ()
    """Classes that a split lacks."""
    imputed: dict[str, Number] = field(default_factory=dict)
    """Metric -> the score that diverged runs were given (``on_diverged = "worst-score"``); empty otherwise."""
    tuning: tuple[LossTuning, ...] = ()
    """One per loss; none where nothing was tuned."""
    ensembles: tuple[Ensemble, ...] = ()
    """One per metric of ``metrics``: the mean of the probabilities of a loss's seeds, over cases alone; it decides
    nothing. None where predictions are no probabilities, or no loss has two finished seeds."""
    external: tuple[ExternalTest, ...] = ()
    """Test sets of other sources, each with results of its own; they decide nothing about the study's own cases."""
    agreements: tuple[Agreement, ...] = ()
    """Other arithmetics held against the exported float32 graphs; none where nothing was trained here."""
    label_changes: tuple[LabelChanges, ...] = ()
    """At most one; none where predictions are no probabilities."""
    sizes: tuple[ModelSize, ...] = ()
    """Different sizes of the exported networks, smallest first; none where an export does not tell its own."""
    outputs: dict[str, str] = field(default_factory=dict)
    """scores.csv and comparisons.csv -> sha256."""


_ADAPTER: TypeAdapter[Analysis] = TypeAdapter(Analysis)


def to_plain(analysis: Analysis) -> dict[str, Any]:
    """Return the analysis as plain data for statistics.json: NaN stays (null in the file), infinity becomes text."""
    plain: dict[str, Any] = _finite(_ADAPTER.dump_python(analysis, mode="python"))
    plain["study"] = analysis.study.model_dump(mode="json")
    return plain


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    if isinstance(value, float) and math.isinf(value):
        return str(value)
    return value


def from_plain(plain: Any) -> Analysis:
    """Rebuild the analysis from the content of statistics.json.

    Raises:
        pydantic.ValidationError: the content is no analysis.
    """
    analysis = _ADAPTER.validate_python(plain, strict=False)
    losses = {name: analysis.study.losses[name] for name in analysis.losses}  # sorted JSON keys do not keep the order
    return replace(analysis, study=analysis.study.model_copy(update={"losses": losses}))
