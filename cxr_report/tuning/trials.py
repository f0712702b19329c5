"""A study in, the study of its trials out: every configuration is a loss of its own there, trained as any run is."""

from __future__ import annotations

from cxr_report.study import MOST_SEEDS, Loss, NoiseFloor, Study, TrainingOverride
from cxr_report.tuning.configurations import Configuration, configurations

__all__ = ["budget", "configured", "loss_of", "of_trials", "trial_name", "trial_runs", "tuning_seeds"]

SEEDS_PER_DRAW = 1000
"""More than a configuration can have trainings, so that seeds of two draws are never the same."""


def tuning_seeds(study: Study) -> tuple[int, ...]:
    """Return the seeds of the trainings of every configuration, the same for all losses.

    They lie above all seeds that a study or its noise floor can have, now or after an addition.
    """
    if study.tuning is None:
        return ()
    first = MOST_SEEDS + SEEDS_PER_DRAW * study.tuning.draw + 1
    return tuple(range(first, first + study.tuning.trainings))


def trial_name(loss: str, number: int) -> str:
    """Name a trial: its folder, and its loss in the study of the trials.

    Example:
        >>> trial_name("focal", 3)
        'focal.trial-003'
    """
    return f"{loss}.trial-{number:03d}"


def loss_of(trial: str) -> str:
    """Return the loss of a trial by its name.

    Example:
        >>> loss_of("focal.trial-003")
        'focal'
    """
    return trial.rpartition(".")[0]


def budget(study: Study) -> str:
    """Say in one sentence what tuning spends; empty without a section tuning."""
    if study.tuning is None:
        return ""
    tuning, losses = study.tuning, len(study.losses)
    each = f"{tuning.trials} configurations x {tuning.trainings} training{'s' * (tuning.trainings != 1)}"
    total = tuning.trials * tuning.trainings * losses
    return f"tuning: {each} for each of {losses} losses = {total} trainings of {tuning.epochs} epochs"


def trial_runs(study: Study) -> tuple[tuple[str, int], ...]:
    """Return every training of the trials as (name, seed): trial by trial, so that the losses come along together."""
    if study.tuning is None:
        return ()
    numbers = range(1, study.tuning.trials + 1)
    return tuple(
        (trial_name(loss, number), seed) for number in numbers for seed in tuning_seeds(study) for loss in study.losses
    )


def of_trials(study: Study) -> Study:
    """Return the study whose losses are the trials.

    Args:
        study: as written, with a section tuning.

    Returns:
        The same data, network and training, with the epochs of a trial; no noise floor. Its seeds are not those of the
        trials, see `trial_runs`.
    """
    losses = {
        trial_name(loss, each.number): configured(study.losses[loss], each)
        for loss in study.losses
        for each in configurations(study, loss)
    }
    epochs = study.training.epochs if study.tuning is None else study.tuning.epochs
    return study.model_copy(
        update={
            "losses": losses,
            "training": study.training.model_copy(update={"epochs": epochs}),
            "analysis": study.analysis.model_copy(update={"baseline": next(iter(losses))}),
            "noise_floor": NoiseFloor(),
            "tuning": None,
        }
    )


def configured(loss: Loss, configuration: Configuration) -> Loss:
    """Return a loss with the values of a configuration."""
    values = configuration.values
    own = TrainingOverride(learning_rate=values["learning_rate"], weight_decay=values["weight_decay"])
    parameters = {name: values[name] for name in loss.parameters}
    return loss.model_copy(update={"parameters": parameters, "training": own, "tuning": {}})
