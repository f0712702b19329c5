"""A report's manifest.json and its folder, held against what a report of these statistics consists of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cxr_report.runs import StudyFolder
from cxr_report.verify.study import trees
from cxr_report.verify.study.composing import Composed, made_here
from cxr_report.verify.study.difference import Difference, Step
from cxr_report.verify.study.records import plain

__all__ = ["FORMAT", "same_build", "step"]

NAME = "What the report consists of"

FORMAT = 1
"""Of manifest.json."""


def same_build(folder: StudyFolder, name: str, composed: Composed) -> bool:
    """Say whether the code and templates that set a report are those that are here, by manifest.json."""
    inputs = plain(folder.report(name).manifest).get("inputs", {})
    own = {key: value for key, value in composed.inputs.items() if ":" in key}
    return isinstance(inputs, dict) and own == {key: value for key, value in inputs.items() if ":" in key}


def step(folder: StudyFolder, name: str, composed: Composed) -> Step:
    """Check names, formats and versions in manifest.json, and look for files that it does not name.

    Args:
        folder: the study.
        name: of the analysis.
        composed: the report as it should be.
    """
    report, told = folder.report(name), plain(folder.report(name).manifest)
    file = folder.relative(report.manifest)
    program = plain(folder.analysis(name).statistics).get("program")
    wanted = _wanted(composed, told, program)
    why = "the report was made of other files, or set by another build of the program"
    found = [Difference(file, each.place, each.stored, each.fresh, why) for each in trees.compare(told, wanted)]
    found += list(_strays(folder, name, told))
    if same_build(folder, name, composed):
        fact = "set by the code and the templates that are here"
    else:
        whose = f"version {program}" if not made_here(program) else "another build of this version"
        fact = f"set by {whose} of the program: its words, figures and tables as files cannot be set anew here"
    return Step(NAME, trees.count(wanted), "entries", tuple(found), (), (fact,))


def _wanted(composed: Composed, told: Mapping[str, Any], program: Any) -> dict[str, Any]:
    """Write the manifest as it should be; hashes of files are those that it records, for they are checked apart."""
    inputs, outputs = (told.get(key, {}) if isinstance(told.get(key), dict) else {} for key in ("inputs", "outputs"))
    own = {key: inputs.get(key, "") for key in (*composed.used, *_templates(composed))}
    code = {key: value for key, value in composed.inputs.items() if ":" in key}
    if not made_here(program):
        code = {key: value for key, value in inputs.items() if ":" in key}
    made = (*composed.files, "report.html", "report.pdf")
    return {
        "format": FORMAT,
        "program": program,
        "inputs": own | code,
        "outputs": {key: outputs.get(key, "") for key in made},
        "attached": dict(composed.attached),
    }


def _templates(composed: Composed) -> list[str]:
    """Return the study's own templates, which are files of its folder and named as such."""
    return [key for key in composed.inputs if ":" not in key]


def _strays(folder: StudyFolder, name: str, told: Mapping[str, Any]) -> Iterator[Difference]:
    report = folder.report(name)
    outputs = told.get("outputs") if isinstance(told.get("outputs"), dict) else {}
    known = {*(outputs or {}), "manifest.json"}
    for path in sorted(report.path.rglob("*")) if report.path.is_dir() else ():
        inside = path.relative_to(report.path).as_posix()
        if path.is_file() and inside not in known:
            why = "no hash covers it, so that anybody may have put it there"
            yield Difference(folder.relative(path), "", "a file", "no file", why)
