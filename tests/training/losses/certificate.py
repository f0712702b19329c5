"""Writes certificate.json: every loss and its gradient by the definition, with 50 right digits.

    python tests/training/losses/certificate.py

Each definition is written from the formula in the loss's paper with plain probabilities, in 110 digits: at logits of
+-50 a probability differs from 1 in the 44th digit, and 60 are left. Gradients are central differences with a step of
1e-25, whose error is below the 49th digit.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mpmath
from mpmath import exp, log, mpf

HERE = Path(__file__).parent
DIGITS = 110
STEP = mpf(10) ** -25

MATERIAL: dict[str, Any] = json.loads((HERE / "material.json").read_text(encoding="utf-8"))
"""Logits, targets, counts, learned numbers and the settings of every loss, the defaults first."""

PROGRESS = {"ldam": [0.0, 0.9]}
COUNTED = (
    "weighted-cross-entropy",
    "class-balanced",
    "logit-adjustment",
    "balanced-softmax",
    "ldam",
    "weighted-bce",
    "auc-margin",
    "distribution-balanced",
)
NO_SLOPE = {("dca", "tied")}
"""Where the derivative is not defined: the largest probability of a tie."""


@dataclass(frozen=True)
class At:
    """Where a loss stands beside its logits and labels."""

    parameters: Mapping[str, Any]
    counts: Sequence[Any] = ()
    progress: float = 0.0
    learned: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        try:
            return self.parameters[name]
        except KeyError:
            raise AttributeError(name) from None


def softmax(z: Sequence[Any]) -> list[Any]:
    total = sum(exp(one) for one in z)
    return [exp(one) / total for one in z]


def sigmoid(z: Any) -> Any:
    return 1 / (1 + exp(-z))


def one_hot(z: Sequence[Any], y: int) -> list[Any]:
    return [mpf(place == y) for place in range(len(z))]


def at_least_one(counts: Sequence[Any]) -> list[Any]:
    return [max(n, mpf(1)) for n in counts]


# Softmax losses: (z, y, at) -> the cost of one case, before its weight.


def nll(z: Any, y: int, at: At) -> Any:
    return -log(softmax(z)[y])


def focal(z: Any, y: int, at: At) -> Any:
    p = softmax(z)
    missing = sum(share for place, share in enumerate(p) if place != y)
    return -(missing**at.gamma) * log(p[y])


def poly(z: Any, y: int, at: At) -> Any:
    return -log(softmax(z)[y]) + at.epsilon * (1 - softmax(z)[y])


def smoothing(z: Any, y: int, at: At) -> Any:
    target = [(1 - at.epsilon) * t + at.epsilon / len(z) for t in one_hot(z, y)]
    return -sum(t * log(p) for t, p in zip(target, softmax(z), strict=True))


def penalty(z: Any, y: int, at: At) -> Any:
    entropy = -sum(p * log(p) for p in softmax(z))
    return -log(softmax(z)[y]) - at.beta * entropy


def divergence(z: Any, y: int, at: At) -> Any:
    return sum(t * log(t / p) for t, p in zip(one_hot(z, y), softmax(z), strict=True) if t)


def adjusted(z: Any, y: int, at: At) -> Any:
    cases = at_least_one(at.counts)
    parts = [(n / sum(cases)) ** at.tau * exp(one) for n, one in zip(cases, z, strict=True)]
    return -log(parts[y] / sum(parts))


def balanced(z: Any, y: int, at: At) -> Any:
    parts = [n * exp(one) for n, one in zip(at_least_one(at.counts), z, strict=True)]
    return -log(parts[y] / sum(parts))


def ldam(z: Any, y: int, at: At) -> Any:
    rarest = min(n for n in at.counts if n)
    lowered = z[y] - at.scale * at.margin * (rarest / max(at.counts[y], rarest)) ** mpf("0.25")
    others = sum(exp(one) for place, one in enumerate(z) if place != y)
    return -log(exp(lowered) / (exp(lowered) + others))


def generalised(z: Any, y: int, at: At) -> Any:
    return (1 - softmax(z)[y] ** at.q) / at.q


def reverse(z: Any, y: int, at: At) -> Any:
    return -sum(p * (0 if t else at.log_zero) for p, t in zip(softmax(z), one_hot(z, y), strict=True))


def symmetric(z: Any, y: int, at: At) -> Any:
    return -at.alpha * log(softmax(z)[y]) + at.beta * reverse(z, y, at)


def active_passive(z: Any, y: int, at: At) -> Any:
    costs = [-log(p) for p in softmax(z)]
    return at.alpha * costs[y] / sum(costs) + at.beta * reverse(z, y, at)


def absolute(z: Any, y: int, at: At) -> Any:
    return sum(abs(t - p) for t, p in zip(one_hot(z, y), softmax(z), strict=True))


def log_t(x: Any, t: Any) -> Any:
    return log(x) if t == 1 else (x ** (1 - t) - 1) / (1 - t)


def exp_t(x: Any, t: Any) -> Any:
    return exp(x) if t == 1 else (1 + (1 - t) * x) ** (1 / (1 - t))


def bi_tempered(z: Any, y: int, at: At) -> Any:
    q = [exp_t(one - normaliser(z, at.t2), at.t2) for one in z]
    value = mpf(0)
    for t_c, q_c in zip(one_hot(z, y), q, strict=True):
        value += t_c * (log_t(t_c, at.t1) - log_t(q_c, at.t1)) if t_c else 0
        value -= (t_c ** (2 - at.t1) - q_c ** (2 - at.t1)) / (2 - at.t1)
    return value


def normaliser(z: Any, t: Any) -> Any:
    """Find lambda by bisection between the largest logit and where equal logits would put it."""
    low, high = max(z), max(z) - log_t(mpf(1) / len(z), t)
    for _ in range(int(DIGITS * 3.4) + 10):
        middle = (low + high) / 2
        if sum(exp_t(one - middle, t) for one in z) > 1:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def hinge(z: Any, y: int, at: At) -> Any:
    return sum(max(mpf(0), at.margin - z[y] + one) for place, one in enumerate(z) if place != y) / len(z)


CASE: dict[str, Callable[[Any, int, At], Any]] = {
    "cross-entropy": nll,
    "focal": focal,
    "poly-1": poly,
    "label-smoothing": smoothing,
    "confidence-penalty": penalty,
    "kl-divergence": divergence,
    "dca": nll,
    "weighted-cross-entropy": nll,
    "class-balanced": nll,
    "logit-adjustment": adjusted,
    "balanced-softmax": balanced,
    "ldam": ldam,
    "generalised-cross-entropy": generalised,
    "symmetric-cross-entropy": symmetric,
    "nce-rce": active_passive,
    "mean-absolute-error": absolute,
    "bi-tempered": bi_tempered,
    "multi-margin": hinge,
}


def weight(name: str, y: int, at: At) -> Any:
    if name == "weighted-cross-entropy":
        cases = at_least_one(at.counts)
        raw = [n**-at.power for n in cases]
        return raw[y] * sum(cases) / sum(w * n for w, n in zip(raw, cases, strict=True))
    if name == "class-balanced" or (name == "ldam" and at.progress >= at.deferral):
        raw = [(1 - at.beta) / (1 - at.beta**n) for n in at_least_one(at.counts)]
        present = [w for w, n in zip(raw, at.counts, strict=True) if n]
        return raw[y] * len(present) / sum(present)
    return mpf(1)


# Sigmoid losses: (z, t, column, labels of the case, at) -> the cost of one label.


def binary(z: Any, t: int, column: int, row: Any, at: At) -> Any:
    return -log(sigmoid(z)) if t else -log(1 - sigmoid(z))


def weighted_binary(z: Any, t: int, column: int, row: Any, at: At) -> Any:
    negatives, positives = at_least_one(at.counts[column])
    return binary(z, t, column, row, at) * ((negatives / positives) ** at.power if t else 1)


def binary_focal(z: Any, t: int, column: int, row: Any, at: At) -> Any:
    p = sigmoid(z)
    return -at.alpha * (1 - p) ** at.gamma * log(p) if t else -(1 - at.alpha) * p**at.gamma * log(1 - p)


def asymmetric(z: Any, t: int, column: int, row: Any, at: At) -> Any:
    p = sigmoid(z)
    lowered = max(p - at.clip, mpf(0))
    return -((1 - p) ** at.gamma_positive) * log(p) if t else -(lowered**at.gamma_negative) * log(1 - lowered)


def auc(z: Any, t: int, column: int, row: Any, at: At) -> Any:
    negatives, positives = at.counts[column]
    p, h = positives / (negatives + positives), sigmoid(z)
    a, b, alpha = (at.learned[key][column] for key in ("a", "b", "alpha"))
    return (
        (1 - p) * (h - a) ** 2 * t
        + p * (h - b) ** 2 * (1 - t)
        + 2 * alpha * (p * (1 - p) * at.margin + p * h * (1 - t) - (1 - p) * h * t)
        - p * (1 - p) * alpha**2
    )


def distribution_balanced(z: Any, t: int, column: int, row: Any, at: At) -> Any:
    negatives, positives = at_least_one(at.counts[column])
    inverse = [1 / max(pair[1], mpf(1)) for pair in at.counts]
    held = sum(one for one, label in zip(inverse, row, strict=True) if label == 1)
    r = at.alpha + (sigmoid(at.beta * (inverse[column] / held - at.mu)) if held else 1)
    u = z - at.kappa * log(negatives / positives)
    return r * (log(1 + exp(-u)) if t else log(1 + exp(at.slope * u)) / at.slope)


LABEL: dict[str, Callable[[Any, int, int, Any, At], Any]] = {
    "bce": binary,
    "weighted-bce": weighted_binary,
    "sigmoid-focal": binary_focal,
    "asymmetric": asymmetric,
    "auc-margin": auc,
    "distribution-balanced": distribution_balanced,
}


def zlpr(z: Any, row: Any) -> Any:
    absent = sum(exp(one) for one, t in zip(z, row, strict=True) if t == 0)
    present = sum(exp(-one) for one, t in zip(z, row, strict=True) if t == 1)
    return log(1 + absent) + log(1 + present)


def terms(name: str, rows: Any, target: Any, at: At) -> tuple[list[Any], Any]:
    """Return the terms as ``reduction="none"`` gives them, flat, and what the mean divides by."""
    if name in CASE:
        weights = [weight(name, y, at) for y in target]
        costs = [w * CASE[name](z, y, at) for z, y, w in zip(rows, target, weights, strict=True)]
        return costs, sum(weights) if name in ("weighted-cross-entropy", "ldam") else len(rows)
    if name == "zlpr":
        known = sum(any(t is not None for t in row) for row in target)
        return [zlpr(z, row) for z, row in zip(rows, target, strict=True)], max(known, 1)
    costs = [
        mpf(0) if t is None else LABEL[name](z[column], t, column, row, at)
        for z, row in zip(rows, target, strict=True)
        for column, t in enumerate(row)
    ]
    return costs, max(sum(t is not None for row in target for t in row), 1)


def mean(name: str, rows: Any, target: Any, at: At) -> Any:
    costs, number = terms(name, rows, target, at)
    value = sum(costs) / number
    if name == "dca":
        p = [softmax(z) for z in rows]
        right = sum(max(range(len(z)), key=z.__getitem__) == y for z, y in zip(rows, target, strict=True))
        value += at.beta * abs(sum(max(one) for one in p) / len(rows) - mpf(right) / len(rows))
    return value


def slope(function: Callable[[Any], Any], table: list[list[Any]]) -> list[list[float]]:
    """Differentiate by every entry of a table."""
    found = [[mpf(0)] * len(row) for row in table]
    for i, row in enumerate(table):
        for j in range(len(row)):
            ends = []
            for sign in (1, -1):
                moved = [list(entries) for entries in table]
                moved[i][j] += sign * STEP
                ends.append(function(moved))
            found[i][j] = (ends[0] - ends[1]) / (2 * STEP)
    return [[float(one) for one in row] for row in found]


def certify(name: str, parameters: Mapping[str, float], batch: str, counts: str, progress: float) -> dict[str, Any]:
    """Compute one entry of certificate.json."""
    soft = name in CASE
    kind = "softmax" if soft else "sigmoid"
    rows, target = MATERIAL["batches"][kind][batch].values()
    table = MATERIAL["counts"][kind][counts]
    exact = [[mpf(float(z)) for z in row] for row in rows]
    learned = (
        {key: [mpf(one) for one in values] for key, values in MATERIAL["learned"].items()}
        if name == "auc-margin"
        else {}
    )
    at = At(
        {key: mpf(value) for key, value in parameters.items()},
        [mpf(n) if soft else [mpf(one) for one in n] for n in table],
        progress,
        learned,
    )
    costs, _ = terms(name, exact, target, at)
    entry: dict[str, Any] = {"loss": name, "parameters": dict(parameters), "batch": batch}
    if name in COUNTED:
        entry["counts"] = counts
    if name in PROGRESS:
        entry["progress"] = progress
    entry["mean"] = float(mean(name, exact, target, at))
    if name != "dca":
        entry["sum"] = float(sum(costs))
        entry["none"] = [float(one) for one in costs]
    if (name, batch) not in NO_SLOPE:
        entry["gradient"] = slope(lambda moved: mean(name, moved, target, at), exact)
    if learned:
        keys = tuple(learned)
        found = slope(
            lambda moved: mean(
                name, exact, target, At(at.parameters, at.counts, 0.0, dict(zip(keys, moved, strict=True)))
            ),
            [learned[key] for key in keys],
        )
        entry["gradient_learned"] = dict(zip(keys, found, strict=True))
    return entry


def plan() -> Iterator[tuple[str, dict[str, float], str, str, float]]:
    """Yield what is certified: the defaults on every batch, other settings on random and extreme logits."""
    for name, settings in MATERIAL["settings"].items():
        for place, parameters in enumerate(settings):
            for batch in MATERIAL["batches"]["softmax" if name in CASE else "sigmoid"]:
                if place and batch not in ("random", "extreme"):
                    continue
                for counts in ("ordinary", "absent class") if name in COUNTED and not place else ("ordinary",):
                    for progress in PROGRESS.get(name, [0.0]):
                        yield name, parameters, batch, counts, progress


def main() -> None:
    """Write the file."""
    mpmath.mp.dps = DIGITS
    made_by = json.dumps(f"{Path(__file__).name}, mpmath {mpmath.__version__}, {DIGITS} digits")
    lines = ",\n".join(json.dumps(certify(*one)) for one in plan())
    text = f'{{"made by": {made_by}, "entries": [\n{lines}\n]}}\n'
    (HERE / "certificate.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
