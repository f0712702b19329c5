"""Draw three small data sets and write what scikit-learn and torchmetrics say about them to reference.json.

Run by hand where both are installed: `python reference.py`. Tests and `cxr-report conformance` read the JSON only.
"""

import json
import platform
from pathlib import Path

import numpy as np
import scipy
import sklearn
import torch
import torchmetrics
from sklearn import metrics as sk
from torchmetrics.functional.classification import binary_calibration_error, multiclass_calibration_error


def softmax(z):
    return scipy.special.softmax(z, axis=1)


def one(truth, p, guess):
    """Everything about one column."""
    tn, fp, fn, tp = (int(v) for v in sk.confusion_matrix(truth, guess, labels=[0, 1]).ravel())
    fpr, tpr, thresholds = sk.roc_curve(truth, p, drop_intermediate=False)
    return {
        "accuracy": sk.accuracy_score(truth, guess),
        "balanced_accuracy": sk.balanced_accuracy_score(truth, guess),
        "sensitivity": sk.recall_score(truth, guess),
        "specificity": sk.recall_score(1 - truth, 1 - guess),
        "ppv": sk.precision_score(truth, guess),
        "npv": sk.precision_score(1 - truth, 1 - guess),
        "f1": sk.f1_score(truth, guess),
        "mcc": sk.matthews_corrcoef(truth, guess),
        "kappa": sk.cohen_kappa_score(truth, guess),
        "auroc": sk.roc_auc_score(truth, p),
        "average_precision": sk.average_precision_score(truth, p),
        "brier": sk.brier_score_loss(truth, p),
        "log_loss": sk.log_loss(truth, np.stack([1 - p, p], axis=1)),
        "cells": [tp, fp, fn, tn],
        "youden_threshold": float(thresholds[np.argmax(tpr - fpr)]),
        "sensitivity_at_specificity_90": float(tpr[fpr <= 0.1 + 1e-12].max()),
        "roc": {"fpr": fpr.tolist(), "tpr": tpr.tolist()},
    }


def binary(rng):
    truth = rng.integers(0, 2, 50)
    z = np.round(8 * (rng.normal(size=(50, 2)) + np.eye(2)[truth] * 1.2)) / 8
    p = softmax(z)
    guess = z.argmax(axis=1)
    values = one(truth, p[:, 1], guess)
    values["f1_weighted"] = sk.f1_score(truth, guess, average="weighted")
    values["ece"] = float(multiclass_calibration_error(torch.tensor(p), torch.tensor(truth), 2, n_bins=15, norm="l1"))
    return {"truth": truth.tolist(), "logits": z.tolist(), "values": values}


def multiclass(rng):
    truth = rng.choice(4, 90, p=[0.4, 0.3, 0.2, 0.1])
    z = np.round(8 * (rng.normal(size=(90, 4)) + np.eye(4)[truth] * 1.2)) / 8
    p = softmax(z)
    guess = z.argmax(axis=1)
    columns = [one((truth == c).astype(int), p[:, c], (guess == c).astype(int)) for c in range(4)]
    overall = {
        "accuracy": sk.accuracy_score(truth, guess),
        "balanced_accuracy": sk.balanced_accuracy_score(truth, guess),
        "sensitivity": sk.recall_score(truth, guess, average="macro"),
        "ppv": sk.precision_score(truth, guess, average="macro"),
        "f1": sk.f1_score(truth, guess, average="macro"),
        "f1_weighted": sk.f1_score(truth, guess, average="weighted"),
        "mcc": sk.matthews_corrcoef(truth, guess),
        "kappa": sk.cohen_kappa_score(truth, guess),
        "auroc": sk.roc_auc_score(truth, p, multi_class="ovr", average="macro"),
        "auroc_weighted": sk.roc_auc_score(truth, p, multi_class="ovr", average="weighted"),
        "auroc_hand_till": sk.roc_auc_score(truth, p, multi_class="ovo", average="macro"),
        "average_precision": sk.average_precision_score(np.eye(4)[truth], p, average="macro"),
        "brier": sk.brier_score_loss(truth, p, labels=range(4), scale_by_half=False),
        "log_loss": sk.log_loss(truth, p),
        "ece": float(multiclass_calibration_error(torch.tensor(p), torch.tensor(truth), 4, n_bins=15, norm="l1")),
        "confusion": sk.confusion_matrix(truth, guess).tolist(),
    }
    return {"truth": truth.tolist(), "logits": z.tolist(), "values": overall, "classes": columns}


def multilabel(rng):
    truth = (rng.random((70, 3)) < [0.5, 0.3, 0.15]).astype(float)
    z = np.round(8 * (rng.normal(size=(70, 3)) + 1.5 * (truth - 0.5))) / 8
    truth[rng.random((70, 3)) < 0.2] = np.nan
    columns = []
    for c in range(3):
        known = ~np.isnan(truth[:, c])
        t, score = truth[known, c].astype(int), z[known, c]
        p = scipy.special.expit(score)
        values = one(t, p, (score >= 0).astype(int))
        sure = torch.tensor(np.stack([p, 1 - p], axis=1))  # present first, so that p = 0.5 is called present
        values["ece"] = float(multiclass_calibration_error(sure, torch.tensor(1 - t), 2, n_bins=15, norm="l1"))
        values["reliability"] = float(binary_calibration_error(torch.tensor(p), torch.tensor(t), n_bins=15, norm="l1"))
        values["n"] = int(known.sum())
        columns.append(values)
    return {
        "truth": [[None if v != v else v for v in row] for row in truth.tolist()],
        "logits": z.tolist(),
        "findings": columns,
    }


def main():
    rng = np.random.default_rng(20240117)
    names = {"numpy": np, "scipy": scipy, "scikit-learn": sklearn, "torchmetrics": torchmetrics}
    versions = {name: module.__version__ for name, module in names.items()}
    data = {
        "source": "reference.py",
        "versions": {"python": platform.python_version(), **versions},
        "binary": binary(rng),
        "multiclass": multiclass(rng),
        "multilabel": multilabel(rng),
    }
    folder = Path(__file__).parents[3] / "cxr_report" / "conformance" / "witnesses"
    (folder / "reference.json").write_text(json.dumps(data) + "\n")


if __name__ == "__main__":
    main()
