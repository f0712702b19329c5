"""The stored simulation of equal losses, as values: how often which test calls them different."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

__all__ = ["PopulationClaim", "Rejections", "population_claim"]


@dataclass(frozen=True, slots=True)
class Rejections:
    """How often one test rejects, by the number of seeds."""

    name: str
    """Short, of letters and underscores."""
    title: str
    """As a figure or table prints it."""
    target: str
    """What the test generalises to: "seeds" (these cases), "cases" (these seeds) or "both"."""
    compares: str
    """"two losses" or "all losses"."""
    rates: tuple[float, ...]
    """Share of simulated studies with p below alpha, one per number of seeds, in [0, 1]."""
    errors: tuple[float, ...]
    """Monte-Carlo standard error of each rate."""


@dataclass(frozen=True, slots=True)
class PopulationClaim:
    """A simulation in which all losses are equal for new cases and new seeds, and interact with the cases."""

    words: str
    """The model in sentences."""
    model: Mapping[str, float]
    """Its numbers: losses, cases, prevalence, separation and standard deviations in units of the score."""
    alpha: float
    """The nominal level."""
    replications: int
    """Simulated studies per number of seeds."""
    random_seed: int
    """Root of the random numbers; the number of seeds is the second word of each stream."""
    seeds: tuple[int, ...]
    """Numbers of seeds S, rising."""
    tests: tuple[Rejections, ...]
    """First those over seeds, then those over cases, then the joint ones."""
    versions: Mapping[str, str]
    """Of what simulated."""


def population_claim() -> PopulationClaim:
    """Read the stored simulation.

    It is made by `tests/benchmarks/stats/population_claim.py`.

    Returns:
        The model and the rejection rates of every test.

    Example:
        >>> claim = population_claim()
        >>> claim.seeds[:3], {test.target for test in claim.tests} == {"seeds", "cases", "both"}
        ((3, 5, 10), True)
    """
    file = resources.files("cxr_report") / "conformance" / "population_claim.json"
    stored: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    cells = stored["cells"]
    tests = tuple(
        Rejections(
            **test,
            rates=tuple(cell["rates"][test["name"]] for cell in cells),
            errors=tuple(cell["monte_carlo_errors"][test["name"]] for cell in cells),
        )
        for test in stored["tests"]
    )
    return PopulationClaim(
        words=stored["words"],
        model=stored["model"],
        alpha=stored["alpha"],
        replications=cells[0]["replications"],
        random_seed=stored["random_seed"],
        seeds=tuple(cell["seeds"] for cell in cells),
        tests=tests,
        versions=stored["versions"],
    )
