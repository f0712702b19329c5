"""The copy of a study that is to be published in; out comes nothing but a count, or a refusal with the first break.

The chain of hashes is walked from the networks to the report, and every analysis is computed again from the copy alone.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cxr_report import ledger, tuning
from cxr_report.analysis import analyse
from cxr_report.analysis.survey import check_chain, survey
from cxr_report.errors import Refusal
from cxr_report.exchange.comparison import compare
from cxr_report.exchange.sides import read_analysis
from cxr_report.progress import Progress
from cxr_report.runs import AnalysisFolder, ReportFolder, StudyFolder, read_json, sha256, write_text

__all__ = ["check_report", "check_source", "recompute"]


def check_source(folder: StudyFolder, *, partial: bool = False) -> None:
    """Look whether a study is complete, and whether weights and networks, which stay at home, are the recorded ones.

    Args:
        folder: the study.
        partial: whether it may be incomplete.

    Raises:
        Refusal: it is incomplete, or a file is another one than the next stage was made from; both are named.
    """
    frozen = ledger.read(folder)
    study = tuning.tuned(frozen.study, tuning.outcomes(frozen.study, folder))
    found = survey(folder, study, trained=study)
    if found.missing and not partial:
        count = "1 file is" if len(found.missing) == 1 else f"{len(found.missing)} files are"
        raise Refusal(
            f"{folder.path}: the study is incomplete, {count} missing; run it to its end, or publish what is there "
            "with --partial:\n" + "\n".join(found.missing)
        )
    check_chain(found)


def recompute(copy: StudyFolder, kinds: tuple[str, ...], room: Path, *, progress: Progress) -> int:
    """Compute every analysis again from a copy without analyses, and hold both against each other.

    Args:
        copy: what is to be published.
        kinds: names of its analyses: empty for the planned one, ``partial``, or that of another plan.
        room: an empty folder for the second computation.
        progress: who is told.

    Returns:
        How many numbers differ by rounding alone, as on another machine they may.

    Raises:
        Refusal: the study is incomplete, the chain is broken, or a number or decision does not come out again.
    """
    again = StudyFolder(room / copy.path.name)
    shutil.copytree(copy.path, again.path, copy_function=os.link, ignore=_without(copy))
    rounded = 0
    for kind in kinds:
        before = copy.analysis(kind)
        after = _analysed(again, before, kind, progress)
        found = compare(read_analysis(before), read_analysis(after))
        if found.changed:
            first = found.first()
            raise Refusal(
                f"{copy.relative(before.statistics)} does not follow from the files of the study, for computed again "
                f"{first}; run `cxr-report analyse` and `cxr-report report` again"
            )
        rounded += found.rounded
    return rounded


def _without(copy: StudyFolder) -> Any:
    """Leave out analyses and reports, which the second computation must not find."""

    def ignore(folder: str, names: list[str]) -> list[str]:
        top = Path(folder) == copy.path
        return [name for name in names if top and name.partition("-")[0] in ("analysis", "report")]

    return ignore


def _analysed(again: StudyFolder, before: AnalysisFolder, kind: str, progress: Progress) -> AnalysisFolder:
    if kind in ("", "partial"):
        return analyse(again, partial=kind == "partial", progress=progress)
    told = read_json(before.statistics)
    plan = again.path.parent / f"{kind}.toml"
    try:
        write_text(plan, _toml({part: told["study"][part] for part in ("metrics", "analysis")}))
    except (KeyError, TypeError):
        raise Refusal(f"{before.statistics.name} of the analysis {kind}: holds no study; analyse it again") from None
    return analyse(again, name=kind, plan=plan, progress=progress)


def _toml(plan: Mapping[str, Any]) -> str:
    """Write two sections of a plan; a text is written alike in JSON and in TOML."""
    return "\n".join(f"{name} = {_inline(section)}" for name, section in plan.items()) + "\n"


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        pairs = [f"{json.dumps(key)} = {_inline(entry)}" for key, entry in value.items() if entry is not None]
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_inline(entry) for entry in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def check_report(copy: StudyFolder, report: ReportFolder) -> None:
    """Hold every file of a report, and every file of the study that it was made from, against its manifest.

    Raises:
        Refusal: a file is missing or another one, or lies in the report and is no part of it.
    """
    told = read_json(report.manifest)
    outputs, inputs = (told.get(key) if isinstance(told, dict) else None for key in ("outputs", "inputs"))
    name = copy.relative(report.manifest)
    if not isinstance(outputs, dict) or not isinstance(inputs, dict):
        raise Refusal(f"{name}: names no files; run `cxr-report report` again")
    for file, recorded in _links(copy, report, outputs, inputs):
        if not file.is_file() or sha256(file) != recorded:
            raise Refusal(
                f"{copy.relative(file)} is not what {name} records of it; run `cxr-report report` again, so that the "
                "report is that of these files"
            )


def _links(
    copy: StudyFolder, report: ReportFolder, outputs: Mapping[str, Any], inputs: Mapping[str, Any]
) -> Iterator[tuple[Path, Any]]:
    """Yield the files that a manifest names; those of the program itself are no files of a study."""
    yield from ((report.path / name, recorded) for name, recorded in outputs.items())
    yield from ((copy.path / name, recorded) for name, recorded in inputs.items() if ":" not in name)
