"""The files of a published study in, the texts of README.md and SHA256SUMS out."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping
from pathlib import Path

from cxr_report.exchange.archive import files_of
from cxr_report.exchange.citation import Work
from cxr_report.runs import sha256

__all__ = ["readme", "sums"]

MEANINGS: Mapping[str, str] = {
    "study.json": "what was asked: data, model, losses, seeds, metrics and analysis plan, and the ledger of additions",
    "data.json": "what the data are: fingerprint, counts per split and class, exclusions",
    "scores-given.csv": "scores of runs that were trained elsewhere: loss, seed, metric, value",
    "truth-*.npz": "cases of one split: ids (N,), patients (N,) as numbers, labels",
    "gallery.npz": "images of at most twelve test cases with the maps of the networks",
    "templates/*": "templates of the report of the study's own",
    "tuning/*": "what the tuning tried and chose, per loss",
    "controls/*": "predictions of models that see a shortcut alone, and no lung",
    "*/run.json": "one run: loss, seed, versions, device, commit, times",
    "*/history.csv": "one run, epoch by epoch",
    "*/export.json": "the proof that the exported network computes what the trained one does, and its hash",
    "*/diverged.json": "a run that ended without a finite loss",
    "*/predictions-*.npz": "one run's predictions of one split: ids (N,), logits (N, C)",
    "*/evaluation.json": "which network made the predictions, on what, and the hashes of both",
    "analysis*/scores.csv": "every score: loss, seed, split, class, metric, value, n",
    "analysis*/comparisons.csv": "every test of the report, one row each, at full precision",
    "analysis*/statistics.json": "everything that the report says, and the hash of every file that it rests on",
    "report*/manifest.json": "what the report was made from and consists of, by hash",
    "report*/report.html": "the report as one page for a screen",
    "report*/report.pdf": "the report as a paper",
    "report*/references.bib": "what the report cites, for LaTeX",
    "report*/figures/*": "the figures of the report",
    "report*/tables/*": "the tables of the report, for a spreadsheet and for LaTeX",
}
"""Pattern of names inside the study -> what such a file is; of several that fit, the first one counts."""

ORDER = ("analysis*", "report*", "templates/*", "tuning/*", "controls/*")
"""Folders whose files are told apart before those of the runs, whose names are the losses'."""

OTHER = "another file that a stage has written"


def readme(study: Path, work: Work, *, program: str, partial: bool = False) -> str:
    """Write README.md: what the study is, what each file is, and how everything is verified.

    Args:
        study: the folder that is published.
        work: title and authors.
        program: version of cxr_report that computed and checked the numbers.
        partial: whether the study is incomplete.
    """
    name = study.name
    kinds = _counted(file.relative_to(study).as_posix() for file in files_of(study))
    rows = [f"| `{name}/{pattern}` | {count} | {meaning} |" for pattern, meaning, count in kinds]
    analysis = "analysis-partial" if partial else "analysis"
    option = " --partial" if partial else ""
    return "\n".join(
        [
            f"# {work.title}",
            "",
            ", ".join(work.authors),
            "",
            "The results of a comparison of loss functions for the classification of chest radiographs: every "
            "prediction,",
            "every score, every test, and the report made from them. Weights of networks are not among them.",
            *(
                ["", "**The study is incomplete:** some of the planned runs are missing; the report says which."]
                * partial
            ),
            "",
            "## Files",
            "",
            "| File | Number | What it is |",
            "|---|---|---|",
            "| `LICENSE` | 1 | under which terms all of this may be used |",
            "| `CITATION.cff` | 1 | how it is cited |",
            "| `SHA256SUMS` | 1 | the hash of every file |",
            *rows,
            "",
            "## How to verify",
            "",
            "All files are the published ones if `sha256sum -c SHA256SUMS` says so. The numbers follow from the "
            "predictions",
            "if they come out again:",
            "",
            "```bash",
            f"pip install cxr_report=={program}",
            f"mv {name}/{analysis} before",
            f"cxr-report analyse{option} {name}",
            f"cxr-report diff before {name}/{analysis}",
            "```",
            "",
            "`analyse` walks the chain of hashes from the networks to the predictions before it computes anything, and",
            "`diff` names every number and every decision that is another one. Both were done before this archive was",
            "written.",
            "",
        ]
    )


def sums(folder: Path) -> str:
    """Write the hash of every file of a folder, as ``sha256sum`` reads them."""
    return "".join(f"{sha256(file)}  {file.relative_to(folder).as_posix()}\n" for file in files_of(folder))


def _counted(names: Iterable[str]) -> list[tuple[str, str, int]]:
    """Count files by what they are: pattern, meaning, number, in the order of the meanings."""
    counts: dict[str, int] = {}
    rest: dict[str, int] = {}
    for name in names:
        pattern = _pattern(name)
        target = counts if pattern in MEANINGS else rest
        target[pattern] = target.get(pattern, 0) + 1
    known = [(pattern, meaning, counts[pattern]) for pattern, meaning in MEANINGS.items() if pattern in counts]
    return [*known, *((name, OTHER, count) for name, count in sorted(rest.items()))]


def _pattern(name: str) -> str:
    """Return the pattern that tells what a file is, or its name where none does."""
    inside = any(fnmatch.fnmatchcase(name, each) for each in ORDER)
    for pattern in MEANINGS:
        of_runs = pattern.startswith("*/")
        if ("/" in pattern) == ("/" in name) and (not of_runs or not inside) and fnmatch.fnmatchcase(name, pattern):
            return pattern
    return name
