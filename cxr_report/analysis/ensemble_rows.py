"""The ensembles of an Analysis in, their rows of comparisons.csv out."""

from __future__ import annotations

from collections.abc import Iterator

from cxr_report.analysis.row_parts import Row, compared
from cxr_report.analysis.value import ENSEMBLES, Ensemble, EnsembleScore, JointPair

__all__ = ["ensemble_rows"]


def ensemble_rows(found: Ensemble, *, adjustment: str) -> Iterator[Row]:
    """Write the intervals and the comparisons of one metric, labelled as of these ensembles.

    ``n_seeds`` is the number of members: of a comparison only where both have as many.

    Args:
        found: one metric.
        adjustment: of the plan.
    """
    base: Row = {"metric": found.metric, "role": found.role, "target": ENSEMBLES, "n_cases": found.n_cases}
    members = {each.loss: each.n_seeds for each in found.scores}
    size = sum(pair.in_family for pair in found.pairs)
    for each in found.scores:
        yield {**base, **_score(each), "note": found.note}
    for pair in found.pairs:
        family = {"adjustment": adjustment, "family": size} if pair.in_family else {}
        note = pair.note or found.note
        yield {
            **base,
            "test": "z of two ensembles over seeds",
            **compared(pair),
            **family,
            "n_seeds": _alike(members, pair),
            "note": note,
        }


def _alike(members: dict[str, int], pair: JointPair) -> int | str:
    numbers = {members.get(pair.first, 0), members.get(pair.second, 0)}
    return numbers.pop() if len(numbers) == 1 else ""


def _score(each: EnsembleScore) -> Row:
    return {
        "test": "interval of an ensemble over seeds",
        "first": each.loss,
        "n_seeds": each.n_seeds,
        "estimate": each.estimate,
        "low": each.low,
        "high": each.high,
        "effect": "minus the mean of its members",
        "effect_value": each.gain,
    }
