"""Truth and scores in, numbers out: every metric of the report; pure numpy, nothing of ours imported."""

from cxr_report.metrics.agreement import accuracy, balanced_accuracy, kappa, mcc
from cxr_report.metrics.calibration import BINS, Reliability, brier, confidence, ece, log_loss, reliability
from cxr_report.metrics.catalogue import METRICS, NEEDS_VALIDATION, RANKED, TASKS, Metric
from cxr_report.metrics.confusion import Counts, confusion_matrix, counts, finding_tables
from cxr_report.metrics.decomposition import BrierDecomposition, brier_decomposition
from cxr_report.metrics.predictions import choose_thresholds, decide
from cxr_report.metrics.probabilities import log_sigmoid, log_softmax, margins, sigmoid, softmax
from cxr_report.metrics.ranking import auroc, average_precision
from cxr_report.metrics.rates import f1, npv, ppv, sensitivity, specificity
from cxr_report.metrics.scoring import Score, metric_value, scores
from cxr_report.metrics.thresholds import (
    PrecisionRecall,
    Roc,
    precision_recall_curve,
    roc_curve,
    sensitivity_at_specificity,
    youden_threshold,
)

__all__ = [
    "BINS",
    "METRICS",
    "NEEDS_VALIDATION",
    "RANKED",
    "TASKS",
    "BrierDecomposition",
    "Counts",
    "Metric",
    "PrecisionRecall",
    "Reliability",
    "Roc",
    "Score",
    "accuracy",
    "auroc",
    "average_precision",
    "balanced_accuracy",
    "brier",
    "brier_decomposition",
    "choose_thresholds",
    "confidence",
    "confusion_matrix",
    "counts",
    "decide",
    "ece",
    "f1",
    "finding_tables",
    "kappa",
    "log_loss",
    "log_sigmoid",
    "log_softmax",
    "margins",
    "mcc",
    "metric_value",
    "npv",
    "ppv",
    "precision_recall_curve",
    "reliability",
    "roc_curve",
    "scores",
    "sensitivity",
    "sensitivity_at_specificity",
    "sigmoid",
    "softmax",
    "specificity",
    "youden_threshold",
]
