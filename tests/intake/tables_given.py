"""Tables of numbers that nobody trained, written as text for the tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

Row = dict[str, Any]
NAMES = {"binary": ("normal", "pneumonia"), "multiclass": ("a", "b", "c"), "multilabel": ("effusion", "nodule")}


def score_rows(losses: Sequence[str] = ("ce", "focal", "dice"), seeds: int = 4, **metrics: float) -> list[Row]:
    """Write one row per loss, seed and metric; values are drawn, the later losses being better."""
    drawn = np.random.default_rng(7)
    metrics = metrics or {"auroc": 0.8, "brier": 0.2}
    return [
        {"loss": loss, "seed": seed, "metric": metric, "value": level + 0.01 * place + 0.004 * float(drawn.normal())}
        for place, loss in enumerate(losses)
        for seed in range(1, seeds + 1)
        for metric, level in metrics.items()
    ]


def prediction_rows(
    task: str = "binary",
    *,
    scale: str = "prob",
    losses: Sequence[str] = ("ce", "focal"),
    seeds: int = 3,
    cases: int = 40,
    val: int = 0,
    seed: int = 0,
    per_patient: int = 1,
) -> list[Row]:
    """Write one row per loss, seed and case, with full precision."""
    drawn = np.random.default_rng(seed)
    names = {"binary": ("normal", "pneumonia"), "multiclass": ("a", "b", "c"), "multilabel": ("effusion", "nodule")}[
        task
    ]
    truth = drawn.integers(0, len(names), cases)
    findings = drawn.integers(0, 2, (cases, len(names)))
    rows: list[Row] = []
    for strength, loss in enumerate(losses, start=1):
        for number in range(1, seeds + 1):
            signal = findings - 0.5 if task == "multilabel" else np.eye(len(names))[truth]
            logits = drawn.normal(size=(cases, len(names))) + (0.8 + 0.2 * strength) * signal
            shown = _scaled(logits, task) if scale == "prob" else logits
            for case in range(cases):
                row: Row = {"loss": loss, "seed": number, "case": f"case {case}", "patient": f"p{case // per_patient}"}
                if task == "multilabel":
                    row |= {f"truth_{name}": int(findings[case, place]) for place, name in enumerate(names)}
                else:
                    row["truth"] = names[truth[case]]
                if val:
                    row["split"] = "val" if case < val else "test"
                row |= {f"{scale}_{name}": float(shown[case, place]) for place, name in enumerate(names)}
                rows.append(row)
    return rows


def _scaled(logits: np.ndarray[Any, Any], task: str) -> np.ndarray[Any, Any]:
    if task == "multilabel":
        return np.asarray(1 / (1 + np.exp(-logits)))
    raised = np.exp(logits)
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def text_of(rows: Sequence[Row], *, delimiter: str = ",", decimal: str = ".") -> str:
    """Write rows as CSV."""
    columns = list(rows[0])

    def cell(value: Any) -> str:
        shown = repr(value).replace(".", decimal) if isinstance(value, float) else str(value)
        return f'"{shown}"' if delimiter in shown else shown

    lines = [delimiter.join(columns), *(delimiter.join(cell(row[name]) for name in columns) for row in rows)]
    return "\n".join(lines) + "\n"


def write(file: Path, rows: Sequence[Row], **dialect: Any) -> Path:
    """Write rows into a file, and return it."""
    file.write_text(text_of(rows, **dialect), encoding="utf-8")
    return file
