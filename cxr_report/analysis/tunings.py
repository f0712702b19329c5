"""A study as written and what its tuning came to in, what the report says of it out."""

from __future__ import annotations

from collections.abc import Mapping

from cxr_report.analysis.value import LossTuning, SearchedValue, TuningTrial
from cxr_report.study import Dimension, Study, space
from cxr_report.tuning import Outcome, Trial

__all__ = ["loss_tunings"]

UNDEFINED = "no trial has a score on validation, so the written configuration was kept"


def loss_tunings(study: Study, found: Mapping[str, Outcome]) -> tuple[LossTuning, ...]:
    """Tell the tuning of every loss.

    Args:
        study: as written.
        found: loss -> outcome.

    Returns:
        One per tuned loss, in the study's order; none without a section tuning.
    """
    if study.tuning is None:
        return ()
    return tuple(
        LossTuning(
            loss=loss,
            metric=outcome.metric,
            seeds=outcome.seeds,
            epochs=study.tuning.epochs or study.training.epochs,
            space=tuple(_searched(*one) for one in space(study.tuning, study.losses[loss]).items()),
            trials=tuple(_trial(trial) for trial in outcome.trials),
            chosen=outcome.chosen.configuration.number,
            best=outcome.curve(),
            note="" if outcome.defined else UNDEFINED,
        )
        for loss in study.losses
        if (outcome := found.get(loss)) is not None
    )


def _searched(name: str, dimension: Dimension) -> SearchedValue:
    kind = "fixed" if dimension.fixed else "list" if dimension.values else dimension.scale
    return SearchedValue(name, kind, *dimension.span, dimension.values)


def _trial(trial: Trial) -> TuningTrial:
    scores = tuple(one.score for one in trial.trainings)
    return TuningTrial(trial.configuration.number, dict(trial.configuration.values), scores, trial.score)
