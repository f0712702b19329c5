"""A copy of a study's folder in; the same with every recorded hash of an input made that of the file, in place.

Only so can be said what the files as they lie there come to, once their chain of hashes is broken; that it is broken is
told elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cxr_report.errors import Refusal
from cxr_report.runs import StudyFolder, sha256, write_json
from cxr_report.study import parse
from cxr_report.verify.study.plans import entry_hash, plan_hash
from cxr_report.verify.study.records import of_inputs, plain, run_folders

__all__ = ["mend"]


def mend(folder: StudyFolder) -> None:
    """Repair the chain of a copy up to the predictions; absent files keep the hashes that are recorded of them.

    Args:
        folder: a copy; files are replaced, never written into.
    """
    _mend_ledger(folder)
    changed: dict[Any, dict[str, Any]] = {}
    for each in of_inputs(folder):
        if each.file.is_file() and sha256(each.file) != each.digest:
            told = changed.setdefault(each.witness, plain(each.witness))
            _put(told, each.keys, sha256(each.file))
    for file, told in changed.items():
        write_json(file, told)
    _mend_origins(folder)


def _put(tree: Any, keys: Sequence[str], value: str) -> None:
    for key in keys[:-1]:
        tree = tree[int(key)] if isinstance(tree, list) else tree[key]
    tree[keys[-1]] = value


def _mend_origins(folder: StudyFolder) -> None:
    data = plain(folder.data_json)
    for run in run_folders(folder):
        told, export = plain(run.evaluation_json), plain(run.export_json)
        wanted = {key: value for key, value in (("onnx_sha256", export.get("onnx_sha256")),) if value}
        wanted |= {"fingerprint": data["fingerprint"]} if "fingerprint" in told and "fingerprint" in data else {}
        if told and any(told.get(key) != value for key, value in wanted.items()):
            write_json(run.evaluation_json, {**told, **wanted})


def _mend_ledger(folder: StudyFolder) -> None:
    told = plain(folder.study_json)
    ledger, previous = told.get("ledger"), ""
    if not isinstance(ledger, list) or not all(isinstance(entry, dict) for entry in ledger):
        return
    fresh = []
    for entry in ledger:
        linked = {**entry, "previous": previous}
        previous = entry_hash(linked)
        fresh.append({**linked, "sha256": previous})
    try:
        plan = plan_hash(parse(told["study"], "study.json"), fresh[0])
    except (Refusal, IndexError, KeyError, TypeError, ValueError):
        return
    if (fresh, plan) != (ledger, told.get("plan_sha256")):
        write_json(folder.study_json, {**told, "ledger": fresh, "plan_sha256": plan})
