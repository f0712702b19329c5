"""A study's folder in, what is finished and what is missing out, with the hash chain checked and every input hashed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from cxr_report.analysis import arithmetics
from cxr_report.analysis.description import describe
from cxr_report.data.truth import BINDING, EXTERNAL
from cxr_report.errors import Refusal
from cxr_report.runs import SPLITS, RunFolder, StudyFolder, external_split, read_json, sha256
from cxr_report.study import Study

__all__ = ["CONTROLS", "State", "Survey", "check_chain", "hashes", "survey"]

State = Literal["done", "diverged", "missing"]

CONTROLS: tuple[Literal["pixels", "metadata"], ...] = ("pixels", "metadata")
"""Models that are no runs; the metadata model exists only where the data have metadata."""


@dataclass(frozen=True, slots=True)
class Survey:
    """Which runs of a study are finished."""

    folder: StudyFolder
    study: Study
    """As it is analysed."""
    trained: Study
    """As its runs were planned; the noise floor is that of its baseline."""
    done: tuple[RunFolder, ...]
    """Compared runs with predictions, loss by loss in the study's order, seeds rising."""
    diverged: tuple[RunFolder, ...]
    """Compared runs that ended without a finite loss."""
    floor: tuple[RunFolder, ...]
    """Runs of the noise floor with predictions; they enter no comparison."""
    floor_diverged: tuple[RunFolder, ...]
    """Runs of the noise floor that ended without a finite loss."""
    controls: tuple[RunFolder, ...]
    missing: tuple[str, ...]
    """Files that a complete study would hold, relative to its folder."""
    external: Mapping[str, tuple[RunFolder, ...]] = field(default_factory=dict)
    """External test set -> compared runs of ``done`` with predictions of it."""

    def states(self) -> dict[tuple[str, int], State]:
        """Return how every compared run stands, by loss and seed."""
        return _states(self.study.compared_runs(), self.done, self.diverged)

    def floor_states(self) -> dict[tuple[str, int], State]:
        """Return how every run of the noise floor stands, by loss and seed."""
        return _states(self.trained.floor_runs(), self.floor, self.floor_diverged)

    def finished_seeds(self, *, with_diverged: bool) -> tuple[int, ...]:
        """Return the seeds that every loss has finished.

        Args:
            with_diverged: whether a diverged run counts as finished.
        """
        states = self.states()
        enough = {"done", "diverged"} if with_diverged else {"done"}
        return tuple(
            seed for seed in self.study.seeds if all(states[loss, seed] in enough for loss in self.study.losses)
        )


def _states(
    planned: Iterable[tuple[str, int]], done: Iterable[RunFolder], diverged: Iterable[RunFolder]
) -> dict[tuple[str, int], State]:
    states: dict[tuple[str, int], State] = dict.fromkeys(planned, "missing")
    states.update({(run.loss, run.seed): "done" for run in done})
    states.update({(run.loss, run.seed): "diverged" for run in diverged})
    return states


@dataclass(frozen=True, slots=True)
class _Sorted:
    """Planned runs by how they stand."""

    done: tuple[RunFolder, ...]
    diverged: tuple[RunFolder, ...]
    lacking: tuple[Path, ...]
    """Files of the runs that are neither."""


def survey(folder: StudyFolder, study: Study, *, trained: Study | None = None) -> Survey:
    """Look at which files of a study are there.

    Args:
        folder: the study's folder, with or without weights and graphs.
        study: as it is analysed.
        trained: as its runs were planned, where it is analysed by another plan; None: the same.
    """
    planned = trained or study
    compared, floor = _sorted(folder, study, study.compared_runs()), _sorted(folder, study, planned.floor_runs())
    files = [file for file in (*_shared(folder, study), *_tunings(folder, study)) if not file.exists()]
    files += [*compared.lacking, *floor.lacking, *_unpredicted(folder, study)]
    controls = [folder.control(name) for name in CONTROLS] if study.trained else []
    for control in controls[:1]:  # the metadata model may have no metadata
        files += [file for file in _of_control(control) if not file.exists()]
    present = [control for control in controls if all(file.exists() for file in _of_control(control))]
    return Survey(
        folder=folder,
        study=study,
        trained=planned,
        done=compared.done,
        diverged=compared.diverged,
        floor=floor.done,
        floor_diverged=floor.diverged,
        controls=tuple(present),
        missing=tuple(folder.relative(file) for file in files),
        external={
            each.name: tuple(run for run in compared.done if run.predictions(external_split(each.name)).exists())
            for each in study.data.external
        },
    )


def _shared(folder: StudyFolder, study: Study) -> list[Path]:
    """List the files that belong to no single run."""
    truths = [folder.truth(split) for split in (*study.splits, *_external_splits(study))]
    return [folder.data_json, *truths, *([] if study.predicted else [folder.given_scores])]


def _external_splits(study: Study) -> list[str]:
    return [external_split(each.name) for each in study.data.external]


def _unpredicted(folder: StudyFolder, study: Study) -> list[Path]:
    """List the predictions of external test sets that the compared runs lack."""
    runs = [folder.run(loss, seed) for loss, seed in study.compared_runs()]
    wanted = [run.predictions(split) for run in runs if not run.diverged.exists() for split in _external_splits(study)]
    return [file for file in wanted if not file.exists()]


def _tunings(folder: StudyFolder, study: Study) -> list[Path]:
    """List what the tuning of every loss came to; nothing for a study without tuning."""
    return [folder.tuning(loss) for loss in study.losses] if study.tuning is not None else []


def _sorted(folder: StudyFolder, study: Study, planned: Iterable[tuple[str, int]]) -> _Sorted:
    runs = [folder.run(loss, seed) for loss, seed in planned]
    lacking = {run.path: _lacking(run, study) for run in runs if not (study.trained and run.diverged.exists())}
    return _Sorted(
        done=tuple(run for run in runs if lacking.get(run.path) == []),
        diverged=tuple(run for run in runs if run.path not in lacking),
        lacking=tuple(file for absent in lacking.values() for file in absent),
    )


def _lacking(run: RunFolder, study: Study) -> list[Path]:
    """Return what a run lacks; one of which scores alone are given has no file of its own."""
    wanted = [run.history, run.export_json] if study.trained else []
    if study.predicted:
        wanted += [*_predictions(run, study.splits), run.evaluation_json, *arithmetics.files(run, study)]
    return [file for file in wanted if not file.exists()]


def _of_control(run: RunFolder) -> list[Path]:
    return [*_predictions(run), run.evaluation_json]


def _predictions(run: RunFolder, splits: Iterable[str] = SPLITS) -> list[Path]:
    return [run.predictions(split) for split in splits]


def hashes(found: Survey) -> dict[str, str]:
    """Hash every file that the analysis depends on: none that holds times or facts of a machine.

    Returns:
        File, relative to the study -> sha256.
    """
    folder, study = found.folder, found.study
    files = [*_shared(folder, study), *(file for file in _tunings(folder, study) if file.exists())]
    for run in (*found.done, *found.floor):
        files += [run.history, run.export_json] if study.trained else []
        files += [*_predictions(run, study.splits), *arithmetics.files(run, study)]
    for run in (*found.diverged, *found.floor_diverged):
        files += [run.diverged, *([run.history] if run.history.exists() else [])]
    for control in found.controls:
        files += _predictions(control)
    files += [run.predictions(external_split(name)) for name, runs in found.external.items() for run in runs]
    return {folder.relative(file): sha256(file) for file in files}


def check_chain(found: Survey) -> None:
    """Hold weights, graph and predictions of every finished run against the hashes that were recorded of them.

    Weights and graphs that are absent, as in a published folder, are taken at their recorded hashes.

    Raises:
        Refusal: a file is another one than the next stage was made from; both are named.
    """
    folder = found.folder
    told = describe(folder, found.study)
    if not found.study.predicted:
        _check_links(found, [(folder.given_scores, told["fingerprint"], folder.data_json)])
        return
    _check_links(found, [(folder.truth(split), told[BINDING][split], folder.data_json) for split in found.study.splits])
    for run in (*found.diverged, *found.floor_diverged):
        _check_end(found, run)
    for run in (*found.done, *found.floor):
        _check_links(found, _links(run, found.study))
        _check_origin(found, run, told["fingerprint"])
        _check_place(found, run, [run.evaluation_json, *([run.export_json] if found.study.trained else [])])
    for control in found.controls:
        _check_links(found, _prediction_links(control, read_json(control.evaluation_json)))
        _check_control(found, control)
    _check_external(found, told)


def _check_external(found: Survey, told: Mapping[str, Any]) -> None:
    """Hold truth and predictions of external test sets against the hashes, graphs and cases recorded of them."""
    folder = found.folder
    for block in told.get(EXTERNAL, ()):
        name, split = block["name"], external_split(block["name"])
        if name not in found.external:
            continue
        _check_links(found, [(folder.truth(split), block[BINDING], folder.data_json)])
        for run in found.external[name]:
            file = run.evaluation_json
            noted = _recorded(_recorded(read_json(file), EXTERNAL, file), name, file)
            _check_links(found, [(run.predictions(split), _recorded(noted, "predictions_sha256", file), file)])
            graph = _recorded(read_json(run.export_json), "onnx_sha256", run.export_json)
            if (noted.get("onnx_sha256"), noted.get("fingerprint")) != (graph, block["fingerprint"]):
                raise Refusal(
                    f"{folder.relative(run.predictions(split))} was made from another graph or of other cases than "
                    f"{folder.relative(run.export_json)} and {folder.relative(folder.data_json)} record; delete it and "
                    "run the study again"
                )


def _check_end(found: Survey, run: RunFolder) -> None:
    """Refuse a run that ended without a finite loss and nevertheless has what only a trained one has."""
    _check_place(found, run, [])
    for file in (run.weights, run.export_json, run.evaluation_json):
        if file.exists():
            raise Refusal(
                f"{found.folder.relative(run.diverged)} says that this run ended without a finite loss, and "
                f"{found.folder.relative(file)} that it was trained to its end; delete the one that is not of this run "
                "and run the study again"
            )


def _check_place(found: Survey, run: RunFolder, files: Iterable[Path]) -> None:
    """Refuse a run whose files were written for another loss or seed; run.json, where it is there, is asked first."""
    for file in (*([run.run_json] if run.run_json.exists() else []), *files):
        told = read_json(file)
        loss, seed = _recorded(told, "loss", file), _recorded(told, "seed", file)
        if (loss, seed) != (run.loss, run.seed):
            raise Refusal(
                f"{found.folder.relative(file)} was written for loss {loss}, seed {seed}, and lies where loss "
                f"{run.loss}, seed {run.seed} belongs; put the folders of both runs back in their places"
            )


def _check_control(found: Survey, control: RunFolder) -> None:
    file = control.evaluation_json
    name = _recorded(read_json(file), "control", file)
    if name != control.loss:
        raise Refusal(
            f"{found.folder.relative(file)} was written for the control {name} and lies where the control "
            f"{control.loss} belongs; put the folders of both back in their places"
        )


def _links(run: RunFolder, study: Study) -> Iterator[tuple[Path, str, Path]]:
    """Yield file, recorded hash and the file that records it; of given predictions these alone."""
    evaluation = read_json(run.evaluation_json)
    yield from _prediction_links(run, evaluation, study.splits)
    if not study.trained:
        return
    export = read_json(run.export_json)
    yield run.weights, _recorded(export, "weights_sha256", run.export_json), run.export_json
    yield run.onnx, _recorded(export, "onnx_sha256", run.export_json), run.export_json
    yield from arithmetics.links(run, study)


def _prediction_links(
    run: RunFolder, evaluation: Any, splits: Iterable[str] = SPLITS
) -> Iterator[tuple[Path, str, Path]]:
    recorded = _recorded(evaluation, "predictions_sha256", run.evaluation_json)
    for split in splits:
        yield run.predictions(split), _recorded(recorded, split, run.evaluation_json), run.evaluation_json


def _check_links(found: Survey, links: Iterable[tuple[Path, str, Path]]) -> None:
    for file, recorded, witness in links:
        if file.exists() and sha256(file) != recorded:
            raise Refusal(
                f"{found.folder.relative(file)} does not match the hash that {found.folder.relative(witness)} "
                f"records of it; put the right file back, or delete {found.folder.relative(witness)} and run the "
                "study again"
            )


def _check_origin(found: Survey, run: RunFolder, fingerprint: str) -> None:
    evaluation, evaluation_name = read_json(run.evaluation_json), found.folder.relative(run.evaluation_json)
    if found.study.trained:
        _check_graph(found, run, evaluation)
    if evaluation.get("fingerprint", fingerprint) != fingerprint:
        raise Refusal(
            f"{evaluation_name} was made on other data than {found.folder.relative(found.folder.data_json)} records; "
            f"delete {evaluation_name} and run the study again"
        )


def _check_graph(found: Survey, run: RunFolder, evaluation: Any) -> None:
    export = read_json(run.export_json)
    export_name, evaluation_name = found.folder.relative(run.export_json), found.folder.relative(run.evaluation_json)
    if _recorded(export, "onnx_sha256", run.export_json) != _recorded(evaluation, "onnx_sha256", run.evaluation_json):
        raise Refusal(
            f"{evaluation_name} was made from another graph than {export_name} records; "
            f"delete {evaluation_name} and run the study again"
        )


def _recorded(content: Any, key: str, file: Path) -> Any:
    if not isinstance(content, dict) or key not in content:
        raise Refusal(f"{file}: records no {key}; delete it and run the same command again")
    return content[key]
