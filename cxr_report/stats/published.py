"""Two published accuracies on the same cases in, the probability that one classifier is better out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from cxr_report.stats.arguments import integer
from cxr_report.stats.checks import Floats, Integers

__all__ = ["ProbabilityBetter", "probability_better"]


@dataclass(frozen=True, slots=True)
class ProbabilityBetter:
    """How probable it is that a is better than b, for every possible agreement of the two."""

    discordant: Integers
    """`(K,)`, possible numbers D of cases that exactly one of them has right, ascending in steps of 2."""
    only_a: Integers
    """`(K,)`, of these the cases that only a has right."""
    only_b: Integers
    """`(K,)`, of these the cases that only b has right."""
    probability: Floats
    """`(K,)`, posterior probability that a is better, in [0, 1]."""
    low: float
    """The smallest of them."""
    high: float
    """The largest of them."""
    note: str
    """Empty; kept so that every result can be asked."""


def probability_better(n: int, x_a: int, x_b: int) -> ProbabilityBetter:
    """Bound the probability that classifier a is better than b from two accuracies on the same cases.

    Papers print two accuracies, not how often the classifiers agree. For every number D of discordant cases that the
    counts allow, from |x_a - x_b| to min(x_a + x_b, 2 n - x_a - x_b) in steps of 2, `b = (D + x_a - x_b) / 2` cases are
    right for a alone and `c = D - b` for b alone. With Jeffreys prior on the share of discordant cases that a wins, the
    posterior is Beta(b + 0.5, c + 0.5), and a is better with probability `1 - I_0.5(b + 0.5, c + 0.5)`: a Bayesian
    McNemar test. Equal accuracies give 0.5 throughout. It is about these cases drawn anew, not about other seeds.

    Sources: McNemar 1947, doi 10.1007/BF02295996; Jeffreys prior for a proportion: Brown, Cai & DasGupta 2001,
    doi 10.1214/ss/1009213286.

    Args:
        n: cases, at least 1.
        x_a: cases that a has right, 0 to n.
        x_b: cases that b has right, 0 to n.

    Returns:
        The curve over D with its smallest and largest value.

    Raises:
        ValueError: for numbers that are not whole or counts above n.

    Example:
        >>> result = probability_better(100, 90, 86)
        >>> result.discordant, round(result.low, 3), round(result.high, 3)
        (array([ 4,  6,  8, 10, 12, 14, 16, 18, 20, 22, 24]), 0.793, 0.985)
    """
    cases = integer(n, "n", minimum=1)
    right_a, right_b = integer(x_a, "x_a"), integer(x_b, "x_b")
    for name, count in (("x_a", right_a), ("x_b", right_b)):
        if count > cases:
            raise ValueError(f"{name} must be at most n = {cases}, got {count}.")
    most = min(right_a + right_b, 2 * cases - right_a - right_b)
    discordant = np.arange(abs(right_a - right_b), most + 1, 2)
    only_a = (discordant + right_a - right_b) // 2
    only_b = discordant - only_a
    probability = np.asarray(special.betaincc(only_a + 0.5, only_b + 0.5, 0.5), dtype=np.float64)
    return ProbabilityBetter(
        discordant, only_a, only_b, probability, float(probability.min()), float(probability.max()), ""
    )
