"""A study's folder in; scores.csv, comparisons.csv and statistics.json, and the Analysis they hold, out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

import cxr_report
from cxr_report import ledger, tuning
from cxr_report.analysis.assemble import FORMAT, assemble
from cxr_report.analysis.context import Context
from cxr_report.analysis.external import external_contexts, external_scores
from cxr_report.analysis.family import Family
from cxr_report.analysis.gather import gather
from cxr_report.analysis.plan import check_name, other_plan
from cxr_report.analysis.pooling import pool
from cxr_report.analysis.scoring import score_all, score_controls, score_floor
from cxr_report.analysis.survey import Survey, check_chain, hashes, survey
from cxr_report.analysis.tables import comparisons_csv, scores_csv
from cxr_report.analysis.tunings import loss_tunings
from cxr_report.analysis.value import Analysis, LossTuning, from_plain, to_plain
from cxr_report.errors import Refusal
from cxr_report.ledger import FrozenStudy
from cxr_report.progress import Progress, Silent
from cxr_report.runs import AnalysisFolder, StudyFolder, read_json, sha256, write_json, write_text
from cxr_report.study import Study, digest

__all__ = ["Analysis", "analyse", "load"]

PARTIAL = "partial"
"""The name of the folder of an analysis of an incomplete study."""


def analyse(
    folder: StudyFolder,
    *,
    partial: bool = False,
    name: str = "",
    plan: Path | None = None,
    progress: Progress | None = None,
) -> AnalysisFolder:
    """Compute every score and statistic of a study from its files, unless they stand already.

    The analysis is complete where statistics.json exists and the hashes that it records of its inputs match; a stale
    one is redone. Equal inputs give equal bytes.

    Args:
        folder: a study, with or without weights and graphs.
        partial: analyse an incomplete study, into a folder of its own: the seeds that every loss has finished.
        name: with ``plan``, the name of another, exploratory analysis of the same runs.
        plan: a TOML file with the sections metrics and analysis.
        progress: who is told.

    Returns:
        The folder with scores.csv, comparisons.csv and, written last, statistics.json.

    Raises:
        Refusal: the study is incomplete, a file does not match its hash, or the plan is at fault.
    """
    told = progress or Silent()
    frozen = _as_planned(folder, partial=partial, name=name, plan=plan)
    chosen = tuning.outcomes(frozen.study, folder)
    trained = tuning.tuned(frozen.study, chosen)
    study = trained if plan is None else other_plan(trained, plan)
    found = survey(folder, study, trained=trained)
    _refuse_incomplete(found, partial=partial)
    check_chain(found)
    tuning.check_histories(frozen.study, folder, chosen)
    inputs = {**hashes(found), "plan": _plan_hash(frozen, study, found)}
    target = folder.analysis(PARTIAL if partial else name)
    if _complete(target, inputs):
        told.say(f"{target.statistics}: stands, and its inputs are unchanged")
        return target
    _write(target, frozen, found, loss_tunings(frozen.study, chosen), inputs, name=name, progress=told)
    return target


def load(folder: AnalysisFolder) -> Analysis:
    """Read an analysis; the study's report section comes from the study.json beside it, for it may change at any time.

    Raises:
        Refusal: statistics.json is missing or is no analysis of this format.
    """
    raw = read_json(folder.statistics)
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise Refusal(f"{folder.statistics}: is no analysis of format {FORMAT}; run `cxr-report analyse` again")
    try:
        analysis = from_plain(raw)
    except ValidationError as error:
        raise Refusal(
            f"{folder.statistics}: is damaged ({error.error_count()} faults, the first at "
            f"{'.'.join(str(part) for part in error.errors()[0]['loc'])}); delete it and run `cxr-report analyse` again"
        ) from None
    beside = StudyFolder(folder.path.parent)
    if not beside.study_json.exists():
        return analysis
    shown = ledger.read(beside).study.report
    return replace(analysis, study=analysis.study.model_copy(update={"report": shown}))


def _as_planned(folder: StudyFolder, *, partial: bool, name: str, plan: Path | None) -> FrozenStudy:
    if bool(name) != (plan is not None):
        raise Refusal("another analysis of the same runs needs both a name and a plan: analyse --as NAME plan.toml")
    if plan is not None and partial:
        raise Refusal(f"--as {name}: goes with a complete study; leave out --partial")
    if plan is not None:
        check_name(name)
    return ledger.read(folder)


def _files(number: int) -> str:
    return f"{number} file is" if number == 1 else f"{number} files are"


def _refuse_incomplete(found: Survey, *, partial: bool) -> None:
    listed = "\n".join(found.missing)
    if found.missing and not partial:
        raise Refusal(
            f"{found.folder.path}: the study is incomplete, {_files(len(found.missing))} missing; run the study to "
            f"its end, or analyse what is there with --partial:\n{listed}"
        )
    shared = [file for file in found.missing if "/" not in file]
    if shared:
        raise Refusal(f"{found.folder.path}: nothing can be analysed without these files:\n" + "\n".join(shared))
    if found.missing and not found.finished_seeds(with_diverged=True):
        raise Refusal(
            f"{found.folder.path}: no seed is finished for every loss, so there is nothing to compare yet; "
            f"missing:\n{listed}"
        )


def _plan_hash(frozen: FrozenStudy, study: Study, found: Survey) -> str:
    asked = {"metrics": study.metrics.model_dump(mode="json"), "analysis": study.analysis.model_dump(mode="json")}
    return digest({"frozen": frozen.canonical_plan(), "analysed": asked, "missing": list(found.missing)})


def _complete(target: AnalysisFolder, inputs: dict[str, str]) -> bool:
    if not target.statistics.exists():
        return False
    try:
        raw: Any = read_json(target.statistics)
    except Refusal:
        return False
    if not isinstance(raw, dict) or raw.get("format") != FORMAT or raw.get("inputs") != inputs:
        return False
    outputs = (target.scores, target.comparisons)
    return raw.get("outputs") == {file.name: sha256(file) for file in outputs if file.exists()}


def _write(
    target: AnalysisFolder,
    frozen: FrozenStudy,
    found: Survey,
    tuned: tuple[LossTuning, ...],
    inputs: dict[str, str],
    *,
    name: str,
    progress: Progress,
) -> None:
    study, material = found.study, gather(found)
    progress.start("analyse", 3)
    scored = score_all(study.task, material, metrics=study.scored_metrics())
    floor, controls = score_floor(study.task, material), score_controls(study.task, material)
    pooled = pool(study, material)
    context = Context(study, found, material, scored, Family.of(study), floor, pooled)
    external = external_contexts(context)
    progress.advance("analyse")
    analysis = assemble(
        frozen,
        context,
        controls,
        name=name,
        program=cxr_report.__version__,
        inputs=inputs,
        external=external,
    )
    progress.advance("analyse")
    target.statistics.unlink(missing_ok=True)
    ensembled = (each.scored for each in pooled)
    write_text(target.scores, scores_csv((*scored, *floor, *controls, *ensembled, *external_scores(external))))
    write_text(target.comparisons, comparisons_csv(analysis))
    outputs = {file.name: sha256(file) for file in (target.scores, target.comparisons)}
    write_json(target.statistics, to_plain(replace(analysis, outputs=outputs, tuning=tuned)))
    progress.advance("analyse")
    progress.finish("analyse")
