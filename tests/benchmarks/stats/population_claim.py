"""How often tests call losses different that are equal in the population of cases and seeds.

    python tests/benchmarks/stats/population_claim.py [--replications 10000] [--write FILE]

One generative model with an interaction of losses with cases. The losses are exchangeable in it, so every rejection is
an error if "better" is meant for other patients and other seeds. Written to
`cxr_report/conformance/population_claim.json`, from where the report draws its figure. The last line of stdout is the
same JSON document.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy

from cxr_report.stats import delong_test, friedman, mrmc, obuchowski_rockette, paired_t, rm_anova

ALPHA = 0.05
SEEDS = (3, 5, 10, 20)
REPLICATIONS = 10_000
ROOT = 20240123
WORDS = (
    "The score of a case under a loss and a seed is normal: separation times truth, plus a part of the case common to"
    " all runs, a part of the case common to all seeds of the loss (the interaction of losses with cases), a part of "
    "the case common to all losses of the seed, and a part of the run's own. The separation itself varies with the "
    "seed, alike for all losses, and with loss and seed. All losses have the same distribution: over new cases and "
    "new seeds their expected areas under the ROC curve are equal."
)
TESTS = (
    ("paired_t", "Paired t test", "seeds", "two losses"),
    ("rm_anova", "Repeated-measures ANOVA", "seeds", "all losses"),
    ("rm_anova_gg", "Repeated-measures ANOVA (Greenhouse-Geisser)", "seeds", "all losses"),
    ("friedman", "Friedman test (chi-squared)", "seeds", "all losses"),
    ("iman_davenport", "Friedman test (Iman-Davenport F)", "seeds", "all losses"),
    ("delong", "DeLong test on one seed of each loss", "cases", "two losses"),
    ("fixed_pair", "Obuchowski-Rockette, seeds fixed", "cases", "two losses"),
    ("fixed", "Obuchowski-Rockette, seeds fixed", "cases", "all losses"),
    ("joint_pair", "Obuchowski-Rockette/Hillis, pair-specific", "both", "two losses"),
    ("joint", "Obuchowski-Rockette/Hillis", "both", "all losses"),
)
"""Name, title, what the test generalises to, and what it compares."""


@dataclass(frozen=True, slots=True)
class Model:
    """Standard deviations are those of the score, whose noise has variance 1 in all."""

    losses: int = 4
    cases: int = 200
    prevalence: float = 0.4
    separation: float = 1.4
    """Mean distance of positive and negative cases; an area of 0.84."""
    sd_case: float = 0.608
    """Of a case, common to all runs."""
    sd_loss_case: float = 0.55
    """Of a case, common to the seeds of a loss: the interaction of losses with cases."""
    sd_seed_case: float = 0.25
    """Of a case, common to the losses of a seed."""
    sd_run_case: float = 0.515
    """Of a case in one run."""
    sd_separation_seed: float = 0.05
    """Of the separation, common to the losses of a seed."""
    sd_separation_run: float = 0.12
    """Of the separation of one run."""


def draw(model: Model, seeds: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """Draw truth `(N,)` and scores `(k, S, N)` of one study."""
    k, n = model.losses, model.cases
    truth = np.zeros(n, dtype=int)
    truth[: round(model.prevalence * n)] = 1
    noise = (
        model.sd_case * rng.normal(size=(1, 1, n))
        + model.sd_loss_case * rng.normal(size=(k, 1, n))
        + model.sd_seed_case * rng.normal(size=(1, seeds, n))
        + model.sd_run_case * rng.normal(size=(k, seeds, n))
    )
    separation = (
        model.separation
        + model.sd_separation_seed * rng.normal(size=(1, seeds, 1))
        + model.sd_separation_run * rng.normal(size=(k, seeds, 1))
    )
    return truth, separation * truth + noise


def p_values(truth: Any, scores: Any) -> dict[str, float]:
    """Give the p value of every test of `TESTS` on one study."""
    joint = mrmc(truth, scores)
    fixed = obuchowski_rockette(joint.auc, joint.covariance, seeds="fixed")
    table = joint.auc.T
    ranks, anova = friedman(table), rm_anova(table)
    return {
        "paired_t": paired_t(table[:, 0], table[:, 1]).p,
        "rm_anova": anova.p,
        "rm_anova_gg": anova.p_gg,
        "friedman": ranks.p,
        "iman_davenport": ranks.p_f,
        "delong": delong_test(truth, scores[0, 0], scores[1, 0]).p,
        "fixed_pair": fixed.differences()[0].p,
        "fixed": fixed.p,
        "joint_pair": joint.differences()[0].p,
        "joint": joint.p,
    }


def cell(seeds: int, replications: int, *, model: Model | None = None, root: int = ROOT) -> dict[str, Any]:
    """Simulate one number of seeds; an undefined p counts as no rejection."""
    rng = np.random.default_rng([root, seeds])
    rejected = dict.fromkeys((name for name, *_ in TESTS), 0)
    for _ in range(replications):
        for name, p in p_values(*draw(model or Model(), seeds, rng)).items():
            rejected[name] += bool(p < ALPHA)
    rates = {name: count / replications for name, count in rejected.items()}
    errors = {name: (rate * (1 - rate) / replications) ** 0.5 for name, rate in rates.items()}
    return {"seeds": seeds, "replications": replications, "rates": rates, "monte_carlo_errors": errors}


def document(replications: int) -> dict[str, Any]:
    """Simulate every number of seeds."""
    return {
        "made_by": "tests/benchmarks/stats/population_claim.py",
        "versions": {"python": platform.python_version(), "numpy": np.__version__, "scipy": scipy.__version__},
        "words": WORDS,
        "model": asdict(Model()),
        "alpha": ALPHA,
        "random_seed": ROOT,
        "tests": [dict(zip(("name", "title", "target", "compares"), test, strict=True)) for test in TESTS],
        "cells": [cell(seeds, replications) for seeds in SEEDS],
    }


def main() -> None:
    """Simulate, store if asked to, and print."""
    parser = argparse.ArgumentParser(description="rejections of equal losses")
    parser.add_argument("--replications", type=int, default=REPLICATIONS)
    parser.add_argument("--write", type=Path, help="where to store the document")
    arguments = parser.parse_args()
    found = document(arguments.replications)
    if arguments.write:
        arguments.write.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
