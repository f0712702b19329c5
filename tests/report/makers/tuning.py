"""Made-up tunings: random scores, with the choice computed from them as the tuning itself does."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np

from cxr_report.analysis.assemble import labels
from cxr_report.analysis.tunings import loss_tunings
from cxr_report.analysis.value import Analysis
from cxr_report.study import Study, parse
from cxr_report.tuning import Outcome, Trial, configurations, tuned, tuning_seeds
from cxr_report.tuning.outcome import Training


def tune(analysis: Analysis, seed: int) -> Analysis:
    """Let every loss of an analysis have been tuned; equal seeds give equal results."""
    rng = np.random.default_rng([seed, 7])
    study = _asked(analysis.study, rng)
    found = {loss: _outcome(study, loss, rng) for loss in study.losses}
    trained = tuned(study, found)
    return replace(analysis, study=trained, labels=labels(trained), tuning=loss_tunings(study, found))


def _asked(study: Study, rng: np.random.Generator) -> Study:
    """Write a budget; entries of one loss keep their parameters, so that they stay two losses."""
    plain = study.model_dump(mode="json")
    kinds = Counter(loss["loss"] for loss in plain["losses"].values())
    losses: dict[str, Any] = {}
    for name in study.losses:
        loss = plain["losses"][name]
        keeps = kinds[loss["loss"]] > 1 or rng.random() < 0.3
        losses[name] = {**loss, "tuning": dict.fromkeys(loss["parameters"], "fixed")} if keeps else loss
    budget = {"trials": rng.integers(2, 9), "trainings": rng.integers(1, 4), "epochs": rng.integers(1, 3)}
    tuning = {name: int(number) for name, number in budget.items()}
    return parse({**plain, "losses": losses, "tuning": tuning}, "study.toml")


def _outcome(study: Study, loss: str, rng: np.random.Generator) -> Outcome:
    """Draw scores: often with ties, now and then undefined, sometimes all of them."""
    drawn, seeds = configurations(study, loss), tuning_seeds(study)
    kind = rng.random()
    table = np.round(rng.uniform(0.4, 0.9, (len(drawn), len(seeds))), 1 if kind < 0.5 else 6)
    table[rng.random(table.shape) < (1.0 if kind > 0.85 else 0.1)] = np.nan
    trials = tuple(
        Trial(each, tuple(Training(float(score), 1, "") for score in scores))
        for each, scores in zip(drawn, table, strict=True)
    )
    return Outcome(loss, study.metrics.primary, seeds, "f", trials)
