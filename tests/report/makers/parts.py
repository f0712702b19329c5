"""Parts of a made-up Analysis that no statistics are computed from: curves, confusion matrices, data.json."""

from __future__ import annotations

from typing import Any

import numpy as np

from cxr_report.analysis.value import Confusion, Curve, CurveSet


def curves(
    epochs: int, task: str, losses: tuple[str, ...], classes: tuple[str, ...], rng: np.random.Generator
) -> list[CurveSet]:
    x = np.arange(1, epochs + 1)
    made = {
        "train_loss": lambda place: (0.9 + 0.1 * place) * np.exp(-0.12 * x) + 0.05,
        "val_loss": lambda place: (0.8 + 0.1 * place) * np.exp(-0.2 * x) + 0.3 + 0.004 * x,
        "val_primary": lambda place: 0.93 + 0.008 * place - 0.3 * np.exp(-0.25 * x),
    }
    sets = [
        CurveSet(
            name, "", "range over seeds",
            tuple(_curve(loss, x, line(n) + 0.01 * rng.normal(size=len(x)), 0.04) for n, loss in enumerate(losses)),
        )
        for name, line in made.items()
    ]  # fmt: skip
    grid = np.linspace(0, 1, 101)
    for klass in ("", *(classes if task != "binary" else ())):
        lines = tuple(
            _curve(loss, grid, grid ** (0.2 / (1 + place) + 0.04 * rng.random()), 0.02)
            for place, loss in enumerate(losses)
        )
        sets.append(CurveSet("roc", klass, "mean plus and minus one SD over seeds", lines))
    for klass in ("", *(classes if task != "binary" else ())):
        lines = tuple(
            _curve(loss, grid[1:], 0.97 - (0.5 - 0.1 * place) * grid[1:] ** 3, 0.02)
            for place, loss in enumerate(losses)
        )
        sets.append(CurveSet("pr", klass, "mean plus and minus one SD over seeds", lines))
    return sets


def _curve(loss: str, x: Any, mean: Any, half: float) -> Curve:
    return Curve(
        loss,
        tuple(map(float, x)),
        tuple(map(float, mean)),
        tuple(map(float, mean - half)),
        tuple(map(float, np.minimum(mean + half, 1.2))),
    )


def confusions(
    task: str, seeds: int, losses: tuple[str, ...], classes: tuple[str, ...], rng: np.random.Generator
) -> list[Confusion]:
    found = []
    for loss in losses:
        if task == "multilabel":
            for klass in classes:
                cells = rng.integers(5, 90, (2, 2)) + 150 * np.eye(2, dtype=int)
                found.append(Confusion(loss, klass, tuple(tuple(map(int, row)) for row in cells), seeds))
        else:
            cells = rng.integers(5, 60, (len(classes),) * 2) + 300 * np.eye(len(classes), dtype=int)
            found.append(Confusion(loss, "", tuple(tuple(map(int, row)) for row in cells), seeds))
    return found


def data(task: str, source: str, classes: tuple[str, ...]) -> dict[str, Any]:
    sizes = {"train": 669, "val": 224, "test": 224}
    none = {"count": 0, "list": []}
    borders = ("train-val", "train-test", "val-test")
    return {
        "format": 1,
        "task": task,
        "source": {"kind": source, "name": "" if source == "phantom" else "manifest.csv"},
        "synthetic": source == "phantom",
        "classes": list(classes),
        "fingerprint": "9a" * 32,
        "splits": {
            split: {
                "cases": size,
                "patients": int(size * 0.7),
                "positive": {name: size // (place + 2) for place, name in enumerate(classes)},
                "negative": {name: size - size // (place + 2) for place, name in enumerate(classes)},
                "unknown": dict.fromkeys(classes, 12 if task == "multilabel" else 0),
                "demographics": {
                    "sex": {"F": size // 2, "M": size // 3, "unknown": size - size // 2 - size // 3},
                    "age": {
                        "known": size,
                        "unknown": 0,
                        "mean": 47.3,
                        "sd": 16.2,
                        "median": 49.0,
                        "min": 2.0,
                        "max": 94.0,
                    },
                },
            }
            for split, size in sizes.items()
        },
        "split_rule": {"kind": "made", "made": ["val", "test"], "seed": 0, "validation": 0.2, "test": 0.2},
        "flow": {"found": 1125, "excluded": {"image that cannot be read": 5, "label missing": 3}, "kept": 1117},
        "patients": {"known": True, "number": 761, "cases_without": 0, "with_several_images": 80, "most_images": 6},
        "leakage": {"allowed": False, "images": dict.fromkeys(borders, none), "patients": dict.fromkeys(borders, none)},
        "notes": [],
    }
