"""All values of one metric in, how sure it is that the claimed winner is really better out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from cxr_report.verify.tables.best import RHOS, Accuracies, best_of_all, covariance
from cxr_report.verify.tables.denominators import runs_of
from cxr_report.verify.tables.entries import Entry
from cxr_report.verify.tables.intervals import cases_of, error_of, right_of
from cxr_report.verify.tables.needed import Needed, cases_for_accuracies, cases_for_areas, seeds_for_means
from cxr_report.verify.tables.pairs import CORRELATIONS, Curve, Pair, compare, oriented
from cxr_report.verify.tables.printed import Rounding

__all__ = ["Claim", "Standing", "standings"]

EVERY_PAIR = 30
"""Chosen: methods up to which all pairs are compared; of more, those with a claimed winner."""

AGAINST = 60
"""Chosen: the best others against which a winner is held when the best of all is asked for."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One value that the table sets in bold, or the best one where nothing is."""

    entry: Entry
    pair: Pair
    """Against the best value that is not claimed, or, where all are, against the best other one."""
    best: Curve | None
    """Probability that it is the best of all methods; None for two methods, or where the table lacks what it needs."""
    needed: tuple[Needed, ...]
    """What would have been needed to find the difference of the pair out."""

    @property
    def leads(self) -> bool:
        """Whether no method that is not claimed has a better printed value."""
        return self.pair.better is self.entry or oriented(self.pair.worse) == oriented(self.pair.better)


@dataclass(frozen=True, slots=True)
class Standing:
    """One metric of one data set and class."""

    title: str
    marked: bool
    """Whether the table marks a winner; if not, the best value stands in for it."""
    claims: tuple[Claim, ...]
    pairs: tuple[Pair, ...]
    comparable: bool
    """Whether the table holds what any comparison needs."""


def standings(entries: Iterable[Entry], rounding: Rounding = "nearest") -> tuple[Standing, ...]:
    """Compare the methods within every metric that at least two of them have a value of."""
    groups: dict[tuple[str, str, str], list[Entry]] = {}
    for entry in entries:
        if entry.measure is not None and entry.measure.low <= entry.value.value <= 1:
            groups.setdefault(entry.group, []).append(entry)
    return tuple(_standing(group, rounding) for group in groups.values() if len(group) > 1)


def _standing(group: Sequence[Entry], rounding: Rounding) -> Standing:
    ranked = sorted(group, key=oriented, reverse=True)
    bold = [entry for entry in ranked if entry.bold]
    claimed = bold or ranked[:1]
    claims = tuple(_claim(entry, ranked, claimed, rounding) for entry in claimed)
    if len(ranked) <= EVERY_PAIR:
        pairs = tuple(compare(one, other, rounding) for one, other in combinations(ranked, 2))
    else:
        pairs = tuple(compare(one, other, rounding) for one in claimed for other in ranked if other is not one)
    first = ranked[0]
    parts = (first.measure.title if first.measure else first.name, first.klass, first.dataset)
    comparable = any(pair.verdict != "unknown" for pair in pairs)
    return Standing(", ".join(part for part in parts if part), bool(bold), claims, pairs, comparable)


def _claim(entry: Entry, ranked: Sequence[Entry], claimed: Sequence[Entry], rounding: Rounding) -> Claim:
    others = [other for other in ranked if other is not entry]
    rival = next((other for other in others if other not in claimed), others[0])
    pair = compare(entry, rival, rounding)
    best = _best(entry, others[:AGAINST]) if len(others) > 1 else None
    return Claim(entry, pair, best, tuple(_needed(pair)))


def _best(entry: Entry, others: Sequence[Entry]) -> Curve | None:
    everyone = [entry, *others]
    n = cases_of(entry)
    if n and all(cases_of(other) == n for other in others):
        counted = Accuracies(np.array([right_of(each, n) for each in everyone], dtype=np.float64), n)
        chances = [best_of_all(counted.mean, covariance(counted, rho), 0) for rho in RHOS]
        return Curve(np.array(RHOS), np.array(chances), "correlation of the models' latent scores")
    errors = [error_of(each) for each in everyone]
    sizes = {(each.sizes.positives, each.sizes.negatives) for each in everyone}
    if any(not error for error in errors) or len(sizes) > 1:
        return None
    spread = np.array(errors, dtype=np.float64)
    return _areas(np.array([oriented(each) for each in everyone]), spread)


def _areas(mean: NDArray[np.float64], errors: NDArray[np.float64]) -> Curve:
    shown = CORRELATIONS[::5]
    chances = []
    for r in shown:
        together = r * np.outer(errors, errors)
        np.fill_diagonal(together, errors**2)
        chances.append(best_of_all(mean, together, 0))
    return Curve(shown, np.array(chances), "correlation of the areas")


def _needed(pair: Pair) -> Iterable[Needed]:
    first, second = pair.better, pair.worse
    n, errors = cases_of(first), (error_of(first), error_of(second))
    values = float(first.value.value), float(second.value.value)
    total = first.sizes.n or 0
    if n and n == cases_of(second):
        yield cases_for_accuracies(*values)
    elif errors[0] and errors[1] and total:
        yield cases_for_areas(abs(values[0] - values[1]), (errors[0], errors[1]), total)
    if first.sd is not None and second.sd is not None and min(runs_of(first) or 0, runs_of(second) or 0) > 1:
        yield seeds_for_means(values[0] - values[1], (float(first.sd.value), float(second.sd.value)))
