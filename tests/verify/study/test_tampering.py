"""One digit changed anywhere is found and named, also where every hash that tells of it was repaired afterwards."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from verify_tampering import (
    Change,
    change_arrays,
    change_attachment,
    change_page,
    change_print,
    change_text,
    repair,
)

from cxr_report.runs import StudyFolder, read_arrays, write_arrays
from cxr_report.verify.study import Memory, Verified, verify

Kind = tuple[str, str, Change]

KINDS: Sequence[Kind] = (
    ("plan and ledger", "study.json", change_text),
    ("data", "data.json", change_text),
    ("truth", "truth-*.npz", change_arrays),
    ("predictions", "*/seed-*/predictions-*.npz", change_arrays),
    ("predictions of a control", "controls/*/predictions-*.npz", change_arrays),
    ("history", "*/seed-*/history.csv", change_text),
    ("run", "*/seed-*/run.json", change_text),
    ("export", "*/seed-*/export.json", change_text),
    ("evaluation", "*/seed-*/evaluation.json", change_text),
    ("scores", "analysis/scores.csv", change_text),
    ("comparisons", "analysis/comparisons.csv", change_text),
    ("statistics", "analysis/statistics.json", change_text),
    ("manifest", "report/manifest.json", change_text),
    ("page", "report/report.html", change_page),
    ("page, anywhere", "report/report.html", change_text),
    ("table as CSV", "report/tables/*.csv", change_text),
    ("table as LaTeX", "report/tables/*.tex", change_text),
    ("figure", "report/figures/*.svg", change_text),
    ("references", "report/references.bib", change_text),
    ("file inside of the PDF", "report/report.pdf", change_attachment),
    ("print of the PDF", "report/report.pdf", change_print),
)
"""What is changed, which files, and how."""


def tamper(original: StudyFolder, target: Path, kind: Kind, seed: int) -> tuple[StudyFolder, str, str]:
    """Copy the study and change one digit of one file of a kind; return copy, file and what was done."""
    _, pattern, change = kind
    rng = np.random.default_rng(seed)
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(original.path, target)
    files = sorted(target.glob(pattern))
    file = files[rng.integers(len(files))]
    done = change(file, rng)
    return StudyFolder(target), file.relative_to(target).as_posix(), done


def names(found: Verified, file: str, done: str) -> bool:
    """Say whether a difference names the file that was changed, or for a file inside of a PDF its name there."""
    told = [each.line() for each in (*found.differences, *found.notices)]
    wanted = (file, done.split(":")[0]) if file.endswith(".pdf") else (file,)
    return any(name in line for line in told for name in wanted)


def check(original: StudyFolder, target: Path, memory: Memory, kind: Kind, seed: int) -> list[str]:
    """Verify a changed study as it is and with repaired hashes; return what was missed, in words."""
    missed = []
    folder, file, done = tamper(original, target, kind, seed)
    if not names(verify(folder.path, memory=memory, thorough=False), file, done):
        missed.append(f"{kind[0]}, seed {seed}: {file}: {done}")
    repair(folder)
    if (folder.path / file).read_bytes() == (original.path / file).read_bytes():
        return missed  # the digit was one of a hash, and the repair has put the right one back
    found = verify(folder.path, memory=memory, thorough=False)
    if not names(found, file, done):
        missed.append(
            f"{kind[0]}, seed {seed}, hashes repaired: {file}: {done}: {[e.line() for e in found.differences][:3]}"
        )
    return missed


def plan(count: int) -> list[tuple[Kind, int]]:
    """Spread mutations over the kinds, in turn."""
    return [(KINDS[number % len(KINDS)], number) for number in range(count)]


def test_one_change_of_every_kind_is_found_and_named(original: StudyFolder, memory: Memory, tmp_path: Path) -> None:
    missed = [
        line for kind, seed in plan(len(KINDS) + 4) for line in check(original, tmp_path / "x", memory, kind, seed)
    ]
    assert missed == []


@pytest.mark.slow
def test_two_hundred_random_changes_are_found_and_named(original: StudyFolder, memory: Memory, tmp_path: Path) -> None:
    missed = [line for kind, seed in plan(200) for line in check(original, tmp_path / "x", memory, kind, seed + 1000)]
    assert missed == []


def test_a_whole_walk_names_what_one_score_touches(copied: Callable[[], StudyFolder], memory: Memory) -> None:
    folder = copied()
    text = folder.analysis().scores.read_text()
    line = next(row for row in text.splitlines() if ",test,,auroc," in row)
    value = line.split(",")[5]
    other = f"{value[:3]}{(int(value[3]) + 5) % 10}{value[4:]}"
    folder.analysis().scores.write_text(text.replace(line, line.replace(value, other)))
    repair(folder)
    found = verify(folder.path, memory=memory)
    told = [each for each in found.differences if each.file == "analysis/scores.csv" and "auroc" in each.place]
    assert [(each.printed, each.recomputed) for each in told] == [(other, value)]


def test_a_verdict_that_was_turned_is_a_decision(copied: Callable[[], StudyFolder], memory: Memory) -> None:
    folder = copied()
    file = folder.analysis().statistics
    text = file.read_text()
    assert '"verdict": "not shown"' in text
    file.write_text(text.replace('"verdict": "not shown"', '"verdict": "better"'))
    repair(folder)
    found = verify(folder.path, memory=memory)
    assert any("DECISION" in each.decision for each in found.differences)
    assert any("DECISION" in fact for step in found.steps for fact in step.facts)


def test_a_printed_p_on_the_other_side_of_alpha_is_a_decision(
    copied: Callable[[], StudyFolder], memory: Memory
) -> None:
    folder = copied()
    page = folder.report().html
    text = page.read_text()
    start = text.index('data-key="joint.0.pairs.0.p_adjusted"')
    end = text.index("</", start)
    shown = text[text.index(">", start) + 1 : end]
    page.write_text(f"{text[: end - len(shown)]}0.001{text[end:]}")
    repair(folder)
    found = verify(folder.path, memory=memory)
    told = [each for each in found.differences if each.file == "report/report.html"]
    assert any("other side of alpha" in each.decision for each in told)
    assert all("0.001" in each.printed for each in told[:1])


def test_a_changed_prediction_with_everything_repaired_is_told_value_by_value(
    copied: Callable[[], StudyFolder], memory: Memory
) -> None:
    folder = copied()
    for variant in ("", "torch"):
        file = folder.run("weighted", 2).predictions("test", variant)
        arrays = read_arrays(file, ["ids", "logits"])
        logits = arrays["logits"].copy()
        logits[:20] = -logits[:20]
        write_arrays(file, ids=arrays["ids"], logits=logits)
    repair(folder)
    found = verify(folder.path, memory=memory)
    places = {each.file for each in found.differences}
    assert {"analysis/statistics.json", "analysis/scores.csv", "report/report.html", "report/tables/main.csv"} <= places
