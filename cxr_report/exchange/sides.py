"""A study's folder, an analysis's folder or a published zip in, what one side of a comparison holds out."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cxr_report.errors import Refusal
from cxr_report.exchange import archive
from cxr_report.runs import AnalysisFolder, StudyFolder, read_json, sha256

__all__ = ["Score", "Side", "read", "read_analysis"]

Score = tuple[str, str, str, str, str, int]
"""Loss, seed, metric, split, class, and a number that tells equal ones apart."""

MOST_BYTES = 2**30
"""Chosen: of study.json and the analyses in a zip; statistics.json of 6 x 10 runs has 2 MB."""

SCORES = ("loss", "seed", "split", "class", "metric", "value", "n")


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison, as plain data, so that other versions of the program can be read too."""

    name: str
    """As it was asked for."""
    statistics: Mapping[str, Any]
    """Content of statistics.json."""
    report: Mapping[str, Any]
    """The report section of study.json; empty where an analysis alone is given."""
    scores: Mapping[Score, str]
    """Value as it is written; empty: undefined."""


def read(path: Path) -> Side:
    """Read one side.

    Args:
        path: a study's folder, the folder of an analysis, or a zip that `publish` has written.

    Raises:
        Refusal: it is none of them, it is damaged, or it is not analysed.
    """
    if path.is_dir():
        return _of_folder(path, str(path))
    if not path.exists():
        raise Refusal(f"{path}: is missing; allowed: the folder of a study or of an analysis, or a published zip")
    with tempfile.TemporaryDirectory(prefix="cxr-report-") as temporary:
        archive.unpack(path, Path(temporary), _wanted, most_bytes=MOST_BYTES)
        studies = sorted(Path(temporary).glob("*/study.json"))
        if len(studies) != 1:
            what = "none" if not studies else ", ".join(each.parent.name for each in studies)
            raise Refusal(f"{path}: must hold one study, got {what}; allowed: a zip of `cxr-report publish`")
        return _of_folder(studies[0].parent, str(path))


def _wanted(name: str) -> bool:
    parts = name.split("/")
    if len(parts) == 2:
        return parts[1] == "study.json"
    return len(parts) == 3 and parts[1].startswith("analysis") and parts[2].endswith((".json", ".csv"))


def _of_folder(path: Path, name: str) -> Side:
    alone = AnalysisFolder(path)
    if alone.statistics.exists():
        return read_analysis(alone, name=name)
    study = StudyFolder(path)
    if not study.study_json.exists():
        raise Refusal(
            f"{name}: holds neither study.json nor statistics.json; allowed: the folder of a study or of an analysis, "
            "or a published zip"
        )
    there = [study.analysis(kind) for kind in ("", "partial") if study.analysis(kind).statistics.exists()]
    if not there:
        raise Refusal(f"{name}: is not analysed; run `cxr-report analyse` first")
    told = read_json(study.study_json)
    section = told.get("study", {}).get("report", {}) if isinstance(told, dict) else {}
    return read_analysis(there[0], name=name, report=section if isinstance(section, dict) else {})


def read_analysis(folder: AnalysisFolder, *, name: str = "", report: Mapping[str, Any] | None = None) -> Side:
    """Read the folder of one analysis.

    Args:
        folder: where statistics.json and scores.csv lie.
        name: how it is called; empty: its path.
        report: the report section of the study beside it.

    Raises:
        Refusal: a file is missing or damaged, or scores.csv is not the one that statistics.json records.
    """
    called = name or str(folder.path)
    raw = read_json(folder.statistics)
    if not isinstance(raw, dict) or not isinstance(raw.get("study"), dict) or not isinstance(raw.get("runs"), list):
        raise Refusal(f"{called}: {folder.statistics.name} is no analysis; run `cxr-report analyse` again")
    outputs = raw.get("outputs")
    recorded = outputs.get(folder.scores.name) if isinstance(outputs, dict) else None
    if recorded is not None and sha256(folder.scores) != recorded:
        raise Refusal(
            f"{called}: {folder.scores.name} is not what {folder.statistics.name} records of it; run `cxr-report "
            "analyse` again"
        )
    return Side(called, raw, report or {}, _scores(folder.scores, called))


def _scores(file: Path, called: str) -> dict[Score, str]:
    try:
        rows = csv.DictReader(io.StringIO(file.read_text(encoding="utf-8")), strict=True)
        if tuple(rows.fieldnames or ()) != SCORES:
            raise ValueError(f"its columns must be {', '.join(SCORES)}")
        found: dict[Score, str] = {}
        for row in rows:
            place = (row["loss"], row["seed"], row["metric"], row["split"], row["class"])
            number = 0
            while (*place, number) in found:
                number += 1
            float(row["value"] or "nan")
            found[(*place, number)] = row["value"]
    except FileNotFoundError:
        raise Refusal(f"{called}: {file.name} is missing; run `cxr-report analyse` again") from None
    except (ValueError, TypeError, csv.Error) as error:
        raise Refusal(f"{called}: {file.name} is damaged ({error}); run `cxr-report analyse` again") from None
    return found
