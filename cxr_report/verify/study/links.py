"""The chain of hashes: every hash that a file records of another one, held against that file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from cxr_report.data.truth import EXTERNAL
from cxr_report.runs import StudyFolder, sha256
from cxr_report.verify.study.difference import Difference, Step
from cxr_report.verify.study.records import Recorded, of_analyses, of_inputs, plain, run_folders
from cxr_report.verify.study.source import UNREAD, Source

__all__ = ["step"]

NAME = "Chain of hashes"


def step(source: Source) -> Step:
    """Hold every recorded hash against its file; a network that is not published is taken at its word.

    Args:
        source: what is verified.
    """
    folder = source.folder
    recorded = [*of_inputs(folder), *chain.from_iterable(of_analyses(folder, name) for name in source.names())]
    found, absent, checked = [], [], 0
    for each in recorded:
        if each.file.is_file():
            checked += 1
            found += list(_held(folder, each))
        elif each.file.suffix in UNREAD:
            absent.append(each)
        else:
            found.append(_missing(folder, each))
    facts = [f"not published, so that their hashes are taken at their word: {_names(folder, absent)}"] if absent else []
    return Step(NAME, checked, "hashes", (*found, *_origins(folder)), (), tuple(facts))


def _names(folder: StudyFolder, absent: Iterable[Recorded]) -> str:
    names = sorted({folder.relative(each.file) for each in absent})
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more files of networks"


def _held(folder: StudyFolder, each: Recorded) -> Iterator[Difference]:
    digest = sha256(each.file)
    if digest != each.digest:
        witness = f"{folder.relative(each.witness)} records another hash of it ({'.'.join(each.keys)})"
        yield Difference(
            folder.relative(each.file),
            "",
            f"a file of sha256 {digest[:16]}",
            f"sha256 {str(each.digest)[:16]}",
            f"{witness}: one of the two was changed, or is of another run",
        )


def _missing(folder: StudyFolder, each: Recorded) -> Difference:
    witness = f"{folder.relative(each.witness)} ({'.'.join(each.keys)})"
    return Difference(_inside(folder, each), "", "no file", "a file", f"{witness} was made from it, or names it")


def _inside(folder: StudyFolder, each: Recorded) -> str:
    return each.file.relative_to(folder.path).as_posix() if each.file.is_relative_to(folder.path) else each.file.name


def _origins(folder: StudyFolder) -> Iterator[Difference]:
    """Hold graph and data of every evaluation against those of its export and of the study."""
    told = plain(folder.data_json)
    sets = [block for block in told.get(EXTERNAL, ()) if isinstance(block, dict)] if EXTERNAL in told else []
    for run in run_folders(folder):
        export, evaluation = plain(run.export_json), plain(run.evaluation_json)
        file = folder.relative(run.evaluation_json)
        noted = evaluation.get(EXTERNAL, {})
        graphs = [("onnx_sha256", evaluation)] if evaluation else []
        graphs += [(f"{EXTERNAL}.{name}.onnx_sha256", each) for name, each in noted.items()]
        for place, each in graphs:
            wanted = export.get("onnx_sha256")
            if export and each.get("onnx_sha256") != wanted:
                yield _other(file, place, each.get("onnx_sha256"), wanted, "predictions of another graph")
        wanted = told.get("fingerprint")
        if "fingerprint" in evaluation and evaluation["fingerprint"] != wanted:
            yield _other(file, "fingerprint", evaluation["fingerprint"], wanted, "predictions of other data")
        for block in sets:
            mine = noted.get(block.get("name"), {}).get("fingerprint", block.get("fingerprint"))
            if mine != block.get("fingerprint"):
                place = f"{EXTERNAL}.{block.get('name')}.fingerprint"
                yield _other(file, place, mine, block.get("fingerprint"), "predictions of other data")


def _other(file: str, place: str, stands: object, wanted: object, why: str) -> Difference:
    return Difference(file, place, str(stands)[:16], str(wanted)[:16], why)
