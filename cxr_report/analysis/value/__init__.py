"""The Analysis and all that it holds: frozen values, as statistics.json keeps them."""

from cxr_report.analysis.value.analysis import Analysis, DataSummary, from_plain, to_plain
from cxr_report.analysis.value.changes import LabelChanges
from cxr_report.analysis.value.comparisons import (
    BOTH,
    CASES,
    SEEDS,
    ClassComparison,
    Joint,
    JointMean,
    JointPair,
    LeftOut,
    Omnibus,
    OmnibusTest,
    Pair,
    Role,
    Target,
    Verdict,
)
from cxr_report.analysis.value.curves import Confusion, Curve, CurveSet
from cxr_report.analysis.value.ensemble import ENSEMBLES, Ensemble, EnsembleScore
from cxr_report.analysis.value.external import Change, ExternalTest, Order
from cxr_report.analysis.value.fidelity import Agreement, Arithmetic, Reversal, Shift
from cxr_report.analysis.value.floor import NullRate, SeedFloor, Twin
from cxr_report.analysis.value.groups import AbsentClass, Calibration, ReliabilityBin, Subgroup
from cxr_report.analysis.value.multiverse import MultiverseGroup, MultiverseRow
from cxr_report.analysis.value.numbers import Interval, Number
from cxr_report.analysis.value.planning import Planning, PowerCurve
from cxr_report.analysis.value.precision import Equivalence, SeedsEquivalence, VarianceParts
from cxr_report.analysis.value.rankings import Cliques, Ranking
from cxr_report.analysis.value.runs import Control, Diverged, LossSummary, ModelSize, RunSummary
from cxr_report.analysis.value.tuning import LossTuning, SearchedValue, TuningTrial

__all__ = [
    "BOTH",
    "CASES",
    "ENSEMBLES",
    "SEEDS",
    "AbsentClass",
    "Agreement",
    "Analysis",
    "Arithmetic",
    "Calibration",
    "Change",
    "ClassComparison",
    "Cliques",
    "Confusion",
    "Control",
    "Curve",
    "CurveSet",
    "DataSummary",
    "Diverged",
    "Ensemble",
    "EnsembleScore",
    "Equivalence",
    "ExternalTest",
    "Interval",
    "Joint",
    "JointMean",
    "JointPair",
    "LabelChanges",
    "LeftOut",
    "LossSummary",
    "LossTuning",
    "ModelSize",
    "MultiverseGroup",
    "MultiverseRow",
    "NullRate",
    "Number",
    "Omnibus",
    "OmnibusTest",
    "Order",
    "Pair",
    "Planning",
    "PowerCurve",
    "Ranking",
    "ReliabilityBin",
    "Reversal",
    "Role",
    "RunSummary",
    "SearchedValue",
    "SeedFloor",
    "SeedsEquivalence",
    "Shift",
    "Subgroup",
    "Target",
    "TuningTrial",
    "Twin",
    "VarianceParts",
    "Verdict",
    "from_plain",
    "to_plain",
]
