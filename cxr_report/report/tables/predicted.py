"""Predictions of single images in, one line per image as CSV out; for stdout, and for `cxr-report compare` to read."""

from __future__ import annotations

import csv
import io

from cxr_report.inference.prediction import Predicted
from cxr_report.report.tables.writing import neutralise

__all__ = ["predictions_csv"]


def predictions_csv(found: Predicted, *, logits: bool = False) -> str:
    r"""Write a line per image: its path as it was named, then ``prob_NAME`` or ``logit_NAME`` per class.

    Args:
        found: what was predicted.
        logits: the model's float32 numbers in place of the probabilities made of them in float64.

    Returns:
        RFC 4180 text with ``\n`` line ends; numbers as short as they can be read back without loss, paths and classes
        so that no spreadsheet takes them for a formula.

    Example:
        >>> from pathlib import Path
        >>> import numpy as np
        >>> logits = np.array([[0.0, 2.0]], dtype=np.float32)
        >>> found = Predicted((Path("=a.png"),), "multilabel", ("nodule", "mass"), logits)
        >>> predictions_csv(found, logits=True).splitlines()
        ['image,logit_nodule,logit_mass', "'=a.png,0.0,2.0"]
    """
    kind, rows = ("logit", found.logits) if logits else ("prob", found.probabilities)
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["image", *(f"{kind}_{name}" for name in found.classes)])
    writer.writerows(
        [neutralise(str(file)), *(str(value) for value in row)] for file, row in zip(found.files, rows, strict=True)
    )
    return stream.getvalue()
