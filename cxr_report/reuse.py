"""A finished study's folder and another study in; runs and trials that are the same in both copied over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from cxr_report import ledger, tuning
from cxr_report.errors import Refusal
from cxr_report.ledger import FrozenStudy
from cxr_report.progress import Progress
from cxr_report.runs import RunFolder, StudyFolder, read_json, write_bytes, write_json
from cxr_report.study import Study

__all__ = ["external_fingerprints", "fingerprint", "refuse_no_study", "take_runs", "take_trials"]


def fingerprint(folder: StudyFolder) -> str:
    """Return the sha256 of the data that a study was started with.

    Raises:
        Refusal: data.json is missing, or records none.
    """
    told = read_json(folder.data_json)
    if not isinstance(told, dict) or not isinstance(told.get("fingerprint"), str):
        raise Refusal(f"{folder.data_json}: records no fingerprint; delete it and run the same command again")
    return str(told["fingerprint"])


def external_fingerprints(folder: StudyFolder) -> dict[str, str]:
    """Return the sha256 of the cases of every external test set that a study was told of, by its name."""
    told = read_json(folder.data_json)
    blocks = told.get("external", ()) if isinstance(told, dict) else ()
    return {
        str(block["name"]): str(block["fingerprint"])
        for block in blocks
        if isinstance(block, dict) and {"name", "fingerprint"} <= block.keys()
    }


def refuse_no_study(folder: Path) -> None:
    """Ask whether a folder holds a study.

    Raises:
        Refusal: it does not.
    """
    try:
        ledger.read(StudyFolder(folder))
    except Refusal as refusal:
        raise Refusal(f"--reuse takes the folder of a study, such as runs/NAME: {refusal}") from None


def take_runs(
    source: StudyFolder, study: Study, folder: StudyFolder, frozen: FrozenStudy, *, progress: Progress
) -> int:
    """Copy finished runs of another study whose identity is equal; return how many were taken.

    A run's identity is the hash of data, model, training, loss and seed (`Study.run_identity`), with the values that
    tuning chose, so a taken run is the one that would have been trained here.

    Args:
        source: the other study.
        study: as its runs are trained.
        folder: where they land; data.json is there.
        frozen: what a taken run.json records of plan and ledger.
        progress: who is told.

    Raises:
        Refusal: the other folder is no study.
    """
    written = ledger.read(source).study
    other = tuning.tuned(written, tuning.outcomes(written, source))
    offered = _by_identity(other, other.planned_runs(), source, fingerprint(source))
    wanted = _by_identity(study, study.planned_runs(), folder, fingerprint(folder))
    return _take_all(offered, wanted, frozen, source, "run", progress)


def take_trials(
    source: StudyFolder, study: Study, folder: StudyFolder, frozen: FrozenStudy, *, progress: Progress
) -> int:
    """Copy finished trials of another study's tuning whose identity is equal; see `take_runs`.

    Args:
        source: the other study.
        study: as written.
        folder: where the study lies.
        frozen: what a taken run.json records of plan and ledger.
        progress: who is told.
    """
    other = ledger.read(source).study
    if study.tuning is None or other.tuning is None:
        return 0
    offered = _by_identity(tuning.of_trials(other), tuning.trial_runs(other), source.trials, fingerprint(source))
    wanted = _by_identity(tuning.of_trials(study), tuning.trial_runs(study), folder.trials, fingerprint(folder))
    return _take_all(offered, wanted, frozen, source, "trial", progress)


def _by_identity(
    study: Study, runs: Iterable[tuple[str, int]], folder: StudyFolder, data: str
) -> list[tuple[str, RunFolder]]:
    return [(study.run_identity(loss, seed, data), folder.run(loss, seed)) for loss, seed in runs]


def _take_all(
    offered: list[tuple[str, RunFolder]],
    wanted: list[tuple[str, RunFolder]],
    frozen: FrozenStudy,
    source: StudyFolder,
    what: str,
    progress: Progress,
) -> int:
    known: Mapping[str, RunFolder] = dict(offered)
    taken = 0
    for identity, target in wanted:
        found = known.get(identity)
        if found is None or target.run_json.exists() or not _finished(found):
            continue
        _take(found, target, frozen, source.path.name)
        taken += 1
    progress.say(f"{taken} finished {what}{'' if taken == 1 else 's'} taken from {source.path}")
    return taken


def _finished(run: RunFolder) -> bool:
    return run.weights.exists() or run.diverged.exists() or run.trial.exists()


def _take(found: RunFolder, target: RunFolder, frozen: FrozenStudy, origin: str) -> None:
    told = {
        **read_json(found.run_json),
        "loss": target.loss,
        "seed": target.seed,
        "taken_from": origin,
        "plan_sha256": frozen.plan_sha256,
        "ledger_sha256": frozen.ledger_sha256,
    }
    write_json(target.run_json, told)
    for name in ("history", "diverged", "trial", "weights"):  # those that say "finished" come last
        file = getattr(found, name)
        if file.exists():
            write_bytes(getattr(target, name), file.read_bytes())
