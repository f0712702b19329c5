"""Write what mpmath, scikit-learn and torch say about links, curves and decisions to curves.json.

Run by hand where they are installed: `python curves.py`. Tests and `cxr-report conformance` read the JSON only.
"""

import json
import platform
from pathlib import Path

import mpmath
import numpy as np
import sklearn
import torch
from sklearn.calibration import calibration_curve
from sklearn.metrics import precision_recall_curve

FOLDER = Path(__file__).parents[3] / "cxr_report" / "conformance" / "witnesses"
LOGITS = [
    [0.0, 0.0, 0.0],
    [1.5, -0.25, 3.0],
    [40.0, -2.0, 41.5],
    [-800.0, 1.0, 2.0],
    [1e-9, 0.0, -1e-9],
    [700.0, -700.0, 0.0],
]


def softmax_row(row):
    z = [mpmath.mpf(v) for v in row]
    total = sum(mpmath.exp(v) for v in z)
    p = [mpmath.exp(v) / total for v in z]
    odds = [mpmath.log(mpmath.exp(v) / (total - mpmath.exp(v))) for v in z]
    return [float(v) for v in p], [float(mpmath.log(v)) for v in p], [float(v) for v in odds]


def sigmoid_value(value):
    p = 1 / (1 + mpmath.exp(-mpmath.mpf(value)))
    return float(p), float(mpmath.log(p))


def links():
    mpmath.mp.dps = 1000  # a softmax of logits 1400 apart needs 600 digits
    rows = [softmax_row(row) for row in LOGITS]
    values = [sigmoid_value(v) for row in LOGITS for v in row]
    return {
        "logits": LOGITS,
        "softmax": [row[0] for row in rows],
        "log_softmax": [row[1] for row in rows],
        "margins": [row[2] for row in rows],
        "sigmoid": np.reshape([p for p, _ in values], (-1, 3)).tolist(),
        "log_sigmoid": np.reshape([log for _, log in values], (-1, 3)).tolist(),
    }


def curves():
    data = json.loads((FOLDER / "reference.json").read_text())
    truth, z = np.array(data["binary"]["truth"]), np.array(data["binary"]["logits"])
    score = np.round(torch.softmax(torch.tensor(z), dim=1)[:, 1].numpy(), 2)
    precision, recall, thresholds = precision_recall_curve(truth, score)
    observed, predicted = calibration_curve(truth, score, n_bins=15)
    return {
        "truth": truth.tolist(),
        "score": score.tolist(),
        # scikit-learn runs from the lowest threshold and adds the point (0, 1), which no threshold has
        "recall": recall[:-1][::-1].tolist(),
        "precision": precision[:-1][::-1].tolist(),
        "thresholds": thresholds[::-1].tolist(),
        # its bins are closed on the right as ours are; empty ones are left out
        "observed": observed.tolist(),
        "predicted": predicted.tolist(),
    }


def decisions():
    data = json.loads((FOLDER / "reference.json").read_text())
    classes = torch.tensor(data["multiclass"]["logits"])
    findings = torch.tensor(data["multilabel"]["logits"])
    sure, guess = torch.softmax(classes, dim=1).max(dim=1)
    return {
        "multiclass": torch.argmax(classes, dim=1).tolist(),
        "multilabel": (torch.sigmoid(findings) >= 0.5).int().tolist(),
        "confidence": sure.tolist(),
        "right": (guess == torch.tensor(data["multiclass"]["truth"])).int().tolist(),
    }


def main():
    torch.set_default_dtype(torch.float64)
    names = {"numpy": np, "mpmath": mpmath, "scikit-learn": sklearn, "torch": torch}
    data = {
        "source": "curves.py",
        "versions": {"python": platform.python_version(), **{n: m.__version__ for n, m in names.items()}},
        "links": links(),
        "curves": curves(),
        "decisions": decisions(),
    }
    (FOLDER / "curves.json").write_text(json.dumps(data) + "\n")


if __name__ == "__main__":
    main()
