"""Files of finished trials in, tuning/<loss>.json out; such a file and the plan in, the Outcome it tells of out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cxr_report.errors import Refusal
from cxr_report.runs import RunFolder, StudyFolder, read_json, sha256, write_json
from cxr_report.study import Study, space
from cxr_report.tuning.configurations import Configuration, configurations
from cxr_report.tuning.outcome import Outcome, Training, Trial
from cxr_report.tuning.trials import trial_name, tuning_seeds

__all__ = ["check_histories", "conclude", "outcomes", "require_all"]

FORMAT = 1
"""Of tuning/<loss>.json."""


def conclude(study: Study, folder: StudyFolder, fingerprint: str) -> tuple[str, ...]:
    """Write the outcome of every loss whose trials are finished, unless it stands.

    Args:
        study: as written.
        folder: where its runs lie.
        fingerprint: sha256 of the decoded data.

    Returns:
        The losses whose trials are not finished.

    Raises:
        Refusal: an outcome that stands is that of another plan or other data, or a file of a trial is damaged.
    """
    left = []
    for loss in study.losses if study.tuning is not None else ():
        file = folder.tuning(loss)
        if file.exists():
            _read(study, loss, folder, fingerprint)
        elif all(_finished(run) for run in _runs(study, loss, folder)):
            for run in _runs(study, loss, folder):
                run.checkpoint.unlink(missing_ok=True)  # of one that was killed after its end
            write_json(file, _plain(study, _collect(study, loss, folder, fingerprint)))
        else:
            left.append(loss)
    return tuple(left)


def outcomes(study: Study, folder: StudyFolder) -> dict[str, Outcome]:
    """Read what stands of the tuning of a study's losses; nothing for one without a section tuning.

    Args:
        study: as written.
        folder: where its runs lie; data.json is there.

    Raises:
        Refusal: an outcome is not that of this plan and these data.
    """
    names = [loss for loss in study.losses if study.tuning is not None and folder.tuning(loss).exists()]
    if not names:
        return {}
    told = read_json(folder.data_json)
    fingerprint = str(told.get("fingerprint")) if isinstance(told, dict) else ""
    return {loss: _read(study, loss, folder, fingerprint) for loss in names}


def require_all(study: Study, folder: StudyFolder) -> dict[str, Outcome]:
    """Read the tuning of every loss.

    Raises:
        Refusal: that of a loss is not finished, or not that of this plan and these data.
    """
    missing = [name for name in study.losses if study.tuning is not None and not folder.tuning(name).exists()]
    if missing:
        raise Refusal(
            f"{folder.path}: tuning is not finished for {', '.join(missing)}, and nothing is trained before; "
            "run `cxr-report train` first"
        )
    return outcomes(study, folder)


def check_histories(study: Study, folder: StudyFolder, found: Mapping[str, Outcome]) -> None:
    """Hold the histories of the trials that are there against the hashes that the outcomes record.

    Raises:
        Refusal: one is another file than the outcome was made from; both are named.
    """
    for loss, outcome in found.items():
        recorded = [one.history_sha256 for trial in outcome.trials for one in trial.trainings]
        for run, expected in zip(_runs(study, loss, folder), recorded, strict=True):
            if run.history.exists() and sha256(run.history) != expected:
                raise Refusal(
                    f"{folder.relative(run.history)} does not match the hash that "
                    f"{folder.relative(folder.tuning(loss))} records of it; put the right file back"
                )


def _runs(study: Study, loss: str, folder: StudyFolder) -> list[RunFolder]:
    """Return the folders of a loss's trainings, trial by trial, in each the seeds in order."""
    numbers = range(1, (study.tuning.trials if study.tuning else 0) + 1)
    return [folder.trials.run(trial_name(loss, number), seed) for number in numbers for seed in tuning_seeds(study)]


def _finished(run: RunFolder) -> bool:
    return run.trial.exists() or run.diverged.exists()


def _collect(study: Study, loss: str, folder: StudyFolder, fingerprint: str) -> Outcome:
    trainings = iter([_training(run) for run in _runs(study, loss, folder)])
    seeds = tuning_seeds(study)
    trials = tuple(Trial(each, tuple(next(trainings) for _ in seeds)) for each in configurations(study, loss))
    return Outcome(loss, study.metrics.primary, seeds, fingerprint, trials)


def _training(run: RunFolder) -> Training:
    """Read one finished training of a trial."""
    history = sha256(run.history)
    if run.diverged.exists():
        return Training(math.nan, 0, history)
    told = read_json(run.trial)
    try:
        score, epoch, recorded = _number(told["score"]), int(told["epoch"]), str(told["history_sha256"])
    except (KeyError, TypeError, ValueError) as error:
        raise Refusal(f"{run.trial}: is damaged ({error}); {_again(run.path)}") from None
    if recorded != history:
        raise Refusal(f"{run.history}: is not what {run.trial.name} records of it; {_again(run.path)}")
    return Training(score, epoch, history)


def _again(path: Path) -> str:
    return f"delete {path} and run the same command again, which trains this trial anew"


def _plain(study: Study, outcome: Outcome) -> dict[str, Any]:
    tuning = study.tuning
    directions = {} if tuning is None else space(tuning, study.losses[outcome.loss])
    return {
        "format": FORMAT,
        "loss": outcome.loss,
        "fingerprint": outcome.fingerprint,
        "metric": outcome.metric,
        "epochs": tuning.epochs if tuning else None,
        "seeds": outcome.seeds,
        "space": {name: dimension.model_dump(mode="json") for name, dimension in directions.items()},
        "trials": [
            {
                "number": trial.configuration.number,
                "values": trial.configuration.values,
                "scores": [one.score for one in trial.trainings],
                "epochs": [one.epoch for one in trial.trainings],
                "histories": [one.history_sha256 for one in trial.trainings],
            }
            for trial in outcome.trials
        ],
        "chosen": outcome.chosen.configuration.number,
    }


def _read(study: Study, loss: str, folder: StudyFolder, fingerprint: str) -> Outcome:
    """Read an outcome and hold it against all that the plan decides of it, the choice included."""
    file = folder.tuning(loss)
    raw = read_json(file)
    try:
        trials = tuple(_trials(raw))
        outcome = Outcome(
            str(raw["loss"]), str(raw["metric"]), tuple(map(int, raw["seeds"])), str(raw["fingerprint"]), trials
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Refusal(f"{file}: is damaged ({error}); delete it and run the same command again") from None
    expected = Outcome(loss, study.metrics.primary, tuning_seeds(study), fingerprint, outcome.trials)
    drawn = [dict(each.values) for each in configurations(study, loss)]
    if outcome != expected or [dict(trial.configuration.values) for trial in trials] != drawn:
        raise Refusal(
            f"{file}: is the tuning of another plan or of other data than {folder.relative(folder.study_json)} with "
            f"{folder.relative(folder.data_json)}; put the right file back, or delete it and run the same command again"
        )
    derived = _plain(study, outcome)
    if any(raw.get(key) != derived[key] for key in ("format", "epochs", "space", "chosen")):
        raise Refusal(
            f"{file}: its choice does not follow from its scores; it was changed by hand: put the right file back, or "
            "delete it and run the same command again"
        )
    return outcome


def _trials(raw: Any) -> Iterator[Trial]:
    for number, told in enumerate(raw["trials"], start=1):
        values = MappingProxyType({str(name): float(value) for name, value in told["values"].items()})
        parts = zip(told["scores"], told["epochs"], told["histories"], strict=True)
        trainings = tuple(Training(_number(score), int(epoch), str(sha)) for score, epoch, sha in parts)
        yield Trial(Configuration(number, values), trainings)


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)
