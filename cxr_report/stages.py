"""The way through the house: one function per stage, each from a study file or folder to finished files.

Stages meet only through files, so every function here opens what the one before has left and returns where its own
result lies.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cxr_report import learning, ledger
from cxr_report.errors import Refusal
from cxr_report.holding import Shard, held, held_by_shard
from cxr_report.learning import Means
from cxr_report.progress import Progress, Silent
from cxr_report.reuse import external_fingerprints, fingerprint, refuse_no_study, take_runs, take_trials
from cxr_report.runs import SPLITS, StudyFolder, sweep
from cxr_report.workplace import Workplace, cores, free_disk, require

if TYPE_CHECKING:
    from cxr_report.data import DataSet
    from cxr_report.gate import Pilot
    from cxr_report.intake import Asked

__all__ = [
    "Workplace",
    "analyse",
    "compare",
    "cores",
    "evaluate",
    "export",
    "free_disk",
    "predict",
    "prepare",
    "report",
    "require",
    "run",
    "train",
    "train_shard",
    "try_out",
]


def prepare(
    place: Workplace, *, progress: Progress, check: Callable[[DataSet], None] | None = None
) -> tuple[ledger.FrozenStudy, DataSet]:
    """Read the data and freeze the study: data.json, truth files and study.json stand afterwards.

    Args:
        place: the study.
        progress: who is told.
        check: called with the data before anything is written, since what is frozen cannot be mended any more; None
            where the study must have begun already.

    Raises:
        Refusal: the data are at fault, or differ from those that the study was started with, or the plan differs.
    """
    if check is None and not place.folder.study_json.exists():
        raise Refusal(f"{place.folder.path}: no run of this study is trained; run `cxr-report train` first")
    loaded = _load(place, progress=progress)
    if check is not None:
        check(loaded)
    return _begin(place, loaded), loaded


def _load(place: Workplace, *, progress: Progress) -> DataSet:
    """Read the data, and hold plan and data against those that the study was started with."""
    from cxr_report import data
    from cxr_report.report import templates

    templates.check(place.study, place.study_file)
    if place.folder.study_json.exists():
        ledger.refuse_other_plan(place.study, place.folder)
    loaded = data.load(
        place.study, study_file=place.study_file, cache=place.folder.cache, workers=cores(), progress=progress
    )
    _refuse_other_data(place.folder, loaded)
    return loaded


def _begin(place: Workplace, loaded: DataSet) -> ledger.FrozenStudy:
    """Write data.json, truth files, study.json and its templates, or hold what is asked against those that stand."""
    from cxr_report import data
    from cxr_report.report import templates

    _refuse_other_data(place.folder, loaded)
    wanted = (place.folder.data_json, *(place.folder.truth(split) for split in SPLITS))
    if not all(file.exists() for file in wanted):
        data.write(loaded, place.study, place.folder)
    data.add_external(loaded, place.folder)
    frozen = ledger.freeze(place.study, place.folder)
    templates.take(place.study, place.study_file, place.folder)
    return frozen


def _refuse_other_data(folder: StudyFolder, loaded: DataSet) -> None:
    if not folder.data_json.exists():
        return
    before = fingerprint(folder)
    if before != loaded.fingerprint:
        raise Refusal(
            f"{folder.data_json}: the study was started with other data (fingerprint {before[:12]}, the "
            f"source now gives {loaded.fingerprint[:12]}); put the data back, or give the study another name"
        )
    known = external_fingerprints(folder)
    for each in loaded.external:
        if known.get(each.name, each.fingerprint) != each.fingerprint:
            raise Refusal(
                f"{folder.data_json}: the external test set {each.name} was added with other data (fingerprint "
                f"{known[each.name][:12]}, the source now gives {each.fingerprint[:12]}); put the data back, or give "
                "the study another name and take its runs over with --reuse"
            )


def try_out(place: Workplace, loaded: DataSet) -> None:
    """Refuse what is the user's own and would fail later: losses, network, pretrained weights, the network's export."""
    from cxr_report import inference, training

    training.check(place.study, study_file=place.study_file, dataset=loaded)
    if not place.folder.study_json.exists():
        inference.check(place.study, study_file=place.study_file, dataset=loaded)


def _look_ahead(
    place: Workplace, loaded: DataSet, *, progress: Progress, pilot: Pilot | None = None, strict: bool = False
) -> None:
    """Print what the plan can show, unless every run is finished and nothing is left to decide.

    Raises:
        Refusal: the pilot lacks the primary metric, or with ``strict``, the plan cannot succeed.
    """
    from cxr_report import gate

    runs = [place.folder.run(loss, seed) for loss, seed in place.study.planned_runs()]
    if all(run.weights.exists() or run.diverged.exists() for run in runs):
        return
    found = gate.of_study(place.study, len(loaded.test), pilot)
    for line in gate.sentences(found):
        progress.say(line)
    if strict:
        gate.refuse(found, str(place.study_file))


def train(
    place: Workplace, *, progress: Progress | None = None, workers: int | None = None, cluster: str | None = None
) -> Path:
    """Train every run that is not finished.

    Args:
        place: the study.
        progress: who is told.
        workers: runs at once; None finds it.
        cluster: the address of a Ray cluster that trains; None: this machine does.

    Returns:
        The study's folder.
    """
    require("train")
    with held(place.folder):
        sweep(place.folder.path)
        teller = progress or Silent()

        def check(found: DataSet) -> None:
            _look_ahead(place, found, progress=teller)
            try_out(place, found)

        frozen, loaded = prepare(place, progress=teller, check=check)
        means = Means(frozen, loaded, teller, workers, cluster)
        learning.train(learning.tune(place, means), means)
    return place.folder.path


def train_shard(
    place: Workplace, shard: Shard, *, progress: Progress | None = None, workers: int | None = None
) -> Path:
    """Train one shard of a study's runs, beside other processes that train the others in the same folder.

    The data are read and tried out by every shard; what all share (data.json, truth, study.json) is written by one of
    them at a time, and the others hold theirs against it. With tuning the trials are shared out likewise; runs are
    trained once all shards have finished theirs, so that most shards must be called a second time.

    Args:
        place: the study, on a file system that all shards see and that has locks.
        shard: which part.
        progress: who is told.
        workers: runs at once; None finds it.

    Returns:
        The study's folder.
    """
    require("train")
    teller = progress or Silent()
    loaded = _load(place, progress=teller)
    _look_ahead(place, loaded, progress=teller)
    try_out(place, loaded)
    with held_by_shard(place.folder, shard, lambda: _begin(place, loaded)) as frozen:
        means = Means(frozen, loaded, teller, workers, shard=shard)
        if learning.tune_shard(place, means):
            learning.train(learning.tuned(place), means)
    return place.folder.path


def export(place: Workplace, *, progress: Progress | None = None) -> Path:
    """Export every trained run to ONNX and prove it; return the study's folder."""
    require("train")
    with held(place.folder):
        sweep(place.folder.path)
        _, loaded = prepare(place, progress=progress or Silent())
        _export(learning.tuned(place), loaded, progress=progress or Silent())
    return place.folder.path


def evaluate(place: Workplace, *, progress: Progress | None = None, provider: str = "auto") -> Path:
    """Predict validation and test cases with every exported run; return the study's folder.

    Args:
        place: the study.
        progress: who is told.
        provider: what shall compute: auto, cuda, tensorrt or cpu.

    Raises:
        Refusal: the provider that was asked for is not there; nothing is written then.
    """
    from cxr_report import inference

    require("infer")
    inference.foresee(provider)
    with held(place.folder):
        sweep(place.folder.path)
        _, loaded = prepare(place, progress=progress or Silent())
        _evaluate(learning.tuned(place), loaded, provider, progress=progress or Silent())
    return place.folder.path


def analyse(
    folder: StudyFolder,
    *,
    partial: bool = False,
    name: str = "",
    plan: Path | None = None,
    progress: Progress | None = None,
) -> Path:
    """Compute every score and statistic from a study's files.

    Args:
        folder: a study, with or without its weights.
        partial: analyse an incomplete study into a folder of its own.
        name: with ``plan``, the name of another, exploratory analysis of the same runs.
        plan: a TOML file with the sections metrics and analysis.
        progress: who is told.

    Returns:
        statistics.json.

    Raises:
        Refusal: the study is incomplete, or a file does not match its hash.
    """
    from cxr_report import analysis

    return analysis.analyse(folder, partial=partial, name=name, plan=plan, progress=progress or Silent()).statistics


def report(folder: StudyFolder, *, partial: bool = False, name: str = "", progress: Progress | None = None) -> Path:
    """Write figures, tables, HTML and PDF of an analysis; return report.pdf."""
    from cxr_report import report as room
    from cxr_report.analysis.plan import check_name

    if name:
        check_name(name)
    kind = "partial" if partial else name
    return room.report(folder, folder.analysis(kind), folder.report(kind), progress=progress or Silent())


def compare(table: Path, asked: Asked, runs: Path, *, progress: Progress | None = None) -> Path:
    """Take a table of somebody's numbers as a study, analyse it and report on it; nothing is trained.

    Args:
        table: CSV of scores (loss, seed, metric, value), or of predictions case by case.
        asked: what the table does not say.
        runs: the folder of all studies.
        progress: who is told.

    Returns:
        report.pdf.

    Raises:
        Refusal: the table or what is asked is at fault, or the folder holds another study; nothing is written then.
    """
    from cxr_report import intake
    from cxr_report import report as room

    room.check_pango()
    teller = progress or Silent()
    found = intake.read(table, asked)
    teller.say(found.said())
    folder = StudyFolder(runs / found.study.name)
    with held(folder):
        sweep(folder.path)
        found.write(folder)
        analyse(folder, progress=teller)
        return report(folder, progress=teller)


def predict(model: Path, images: Sequence[Path], *, logits: bool = False, progress: Progress | None = None) -> str:
    """Predict images with an exported model that lies anywhere; neither a study nor torch is needed.

    Args:
        model: the ONNX file.
        images: files and folders of images.
        logits: write logits in place of probabilities.
        progress: who is told.

    Returns:
        CSV, a line per image.

    Raises:
        Refusal: model or images are at fault.
    """
    from cxr_report import inference
    from cxr_report.report.tables.predicted import predictions_csv

    return predictions_csv(inference.predict(model, images, progress=progress or Silent()), logits=logits)


def run(
    place: Workplace,
    *,
    progress: Progress | None = None,
    workers: int | None = None,
    partial: bool = False,
    reuse: Path | None = None,
    pilot: Path | None = None,
    strict: bool = False,
    cluster: str | None = None,
    provider: str = "auto",
) -> Path:
    """Walk the whole way, resuming what is there.

    Args:
        place: the study.
        progress: who is told.
        workers: runs at once; None finds it.
        partial: report on an incomplete study too.
        reuse: another study's folder, whose finished runs are taken where data, model, training, loss and seed
            agree, and finished trials likewise.
        pilot: a finished study's folder, whose variances say what power to expect.
        strict: refuse a plan that cannot succeed, before anything is written.
        cluster: the address of a Ray cluster that trains; None: this machine does, as it does all other stages.
        provider: what shall evaluate: auto, cuda, tensorrt or cpu; one that is not there is refused before training.

    Returns:
        report.pdf.
    """
    from cxr_report import gate, inference
    from cxr_report import report as room

    require("train")
    inference.foresee(provider)
    if cluster is not None:
        require("ray")
    room.check_pango()
    room.check_font(place.study.report.language)
    if reuse is not None:
        refuse_no_study(reuse)
    told = None if pilot is None else gate.read_pilot(StudyFolder(pilot))
    teller = progress or Silent()

    def check(found: DataSet) -> None:
        _look_ahead(place, found, progress=teller, pilot=told, strict=strict)
        try_out(place, found)

    with held(place.folder):
        sweep(place.folder.path)
        frozen, loaded = prepare(place, progress=teller, check=check)
        if reuse is not None:
            take_trials(StudyFolder(reuse), place.study, place.folder, frozen, progress=teller)
        means = Means(frozen, loaded, teller, workers, cluster)
        tuned = learning.tune(place, means)
        if reuse is not None:
            take_runs(StudyFolder(reuse), tuned.study, place.folder, frozen, progress=teller)
        learning.train(tuned, means)
        _export(tuned, loaded, progress=teller)
        _evaluate(tuned, loaded, provider, progress=teller)
        analyse(place.folder, partial=partial, progress=teller)
        return report(place.folder, partial=partial, progress=teller)


def _export(place: Workplace, loaded: DataSet, *, progress: Progress) -> None:
    from cxr_report import inference

    inference.export(place.study, study_file=place.study_file, folder=place.folder, dataset=loaded, progress=progress)


def _evaluate(place: Workplace, loaded: DataSet, provider: str, *, progress: Progress) -> None:
    from cxr_report import inference

    inference.evaluate(place.study, folder=place.folder, dataset=loaded, progress=progress, provider=provider)
