"""The chain of plans: study.json and its ledger, the plan that every run was begun under, and what went otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cxr_report.errors import Refusal
from cxr_report.runs import RunFolder, StudyFolder
from cxr_report.study import Study, digest, parse
from cxr_report.verify.study.difference import Difference, Step
from cxr_report.verify.study.records import plain, run_folders
from cxr_report.verify.study.source import Source

__all__ = ["entry_hash", "plan_hash", "step"]

NAME = "Chain of plans"


def entry_hash(entry: Mapping[str, Any]) -> str:
    """Hash an entry of the ledger as it stands, without its own hash."""
    return digest({key: value for key, value in entry.items() if key != "sha256"})


def plan_hash(study: Study, first: Mapping[str, Any]) -> str:
    """Hash the plan at the start of a study: what its first entry asked for.

    Args:
        study: with all additions.
        first: the first entry of the ledger, as it stands.
    """
    plan = study.plan()
    sets = {
        each["name"]: {**each, "label": ""}  # what the report calls a set may change at any time
        for each in plan["data"].pop("external", ())
        if each["name"] in first.get("external", ())
    }
    if sets:
        plan["data"] = {**plan["data"], "external": sets}
    plan["losses"] = {name: loss for name, loss in plan["losses"].items() if name in first["losses"]}
    return digest({"plan": plan, "seeds": list(first["seeds"])})


def step(source: Source) -> Step:
    """Check the ledger and the plan of every run, and list what was added, crashed, left out, resumed or repeated.

    Args:
        source: what is verified.
    """
    folder = source.folder
    told = plain(folder.study_json)
    ledger = [entry for entry in told.get("ledger", ()) if isinstance(entry, dict)]
    found = [*_chain(ledger), *_plan(told, ledger), *_asked(told, ledger)]
    known_plan, known_ledger = told.get("plan_sha256"), {entry.get("sha256") for entry in ledger}
    facts, checked = list(_ledger_facts(ledger)), 2 * len(ledger) + 1
    unnamed = []
    for run in run_folders(folder):
        record = plain(run.run_json)
        if run.seed < 0 or not record:
            continue
        if "plan_sha256" not in record:
            unnamed.append(run)
            continue
        checked += 2
        found += list(_begun(folder, run, record, known_plan, known_ledger))
    facts += _told(folder, unnamed)
    return Step(NAME, checked, "hashes", tuple(found), (), tuple(facts))


def _told(folder: StudyFolder, unnamed: list[RunFolder]) -> list[str]:
    facts = []
    if unnamed:
        names = folder.relative(unnamed[0].run_json)
        facts = [f"{len(unnamed)} runs do not say under which plan they were begun, such as {names}"]
    return facts + list(_events(folder)) + ["dates are shown as they stand; nothing proves them"]


def _chain(ledger: list[dict[str, Any]]) -> Iterator[Difference]:
    if not ledger:
        yield Difference("study.json", "ledger", "no entry", "one or more", "nothing tells what was planned")
    previous = ""
    for number, entry in enumerate(ledger):
        place, own = f"ledger.{number}", entry_hash(entry)
        if entry.get("previous") != previous:
            why = "an entry before it was changed, taken away or put in"
            yield Difference("study.json", f"{place}.previous", str(entry.get("previous"))[:16], previous[:16], why)
        if entry.get("sha256") != own:
            why = "the entry was changed after it was written"
            yield Difference("study.json", f"{place}.sha256", str(entry.get("sha256"))[:16], own[:16], why)
        previous = str(entry.get("sha256"))


def _plan(told: Mapping[str, Any], ledger: list[dict[str, Any]]) -> Iterator[Difference]:
    try:
        fresh = plan_hash(parse(told.get("study", {}), "study.json"), ledger[0])
    except (Refusal, IndexError, KeyError, TypeError, ValueError) as error:
        words = " ".join(str(error).split()) or type(error).__name__
        yield Difference("study.json", "study", "no study that can be read", "", words)
        return
    if told.get("plan_sha256") != fresh:
        stands = str(told.get("plan_sha256"))[:16]
        yield Difference("study.json", "plan_sha256", stands, fresh[:16], "the plan was changed after the study began")


def _asked(told: Mapping[str, Any], ledger: list[dict[str, Any]]) -> Iterator[Difference]:
    """Hold seeds, losses and external sets of the study against what the ledger asked for."""
    study = told.get("study")
    if not isinstance(study, dict):
        return
    data = study.get("data") if isinstance(study.get("data"), dict) else {}
    sets = [each.get("name") for each in data.get("external", ()) if isinstance(each, dict)] if data else []
    stands = {"seeds": study.get("seeds", ()), "losses": study.get("losses", ()), "external": sets}
    for key, names in stands.items():
        asked = sorted({str(one) for entry in ledger for one in entry.get(key, ())})
        if sorted(map(str, names)) != asked:
            shown = ", ".join(sorted(map(str, names)))
            yield Difference("study.json", f"study.{key}", shown, ", ".join(asked), "the ledger asked for others")


def _begun(
    folder: StudyFolder, run: RunFolder, record: Mapping[str, Any], plan: object, ledger: set[object]
) -> Iterator[Difference]:
    file = folder.relative(run.run_json)
    if record["plan_sha256"] != plan:
        why = "the run was begun under another plan than the study's"
        yield Difference(file, "plan_sha256", str(record["plan_sha256"])[:16], str(plan)[:16], why)
    if "ledger_sha256" in record and record["ledger_sha256"] not in ledger:
        why = "the run was begun under a ledger that study.json does not hold"
        yield Difference(file, "ledger_sha256", str(record["ledger_sha256"])[:16], "the hash of an entry", why)


def _ledger_facts(ledger: list[dict[str, Any]]) -> Iterator[str]:
    for entry in ledger:
        what = "; ".join(
            f"{key} {', '.join(map(str, entry[key]))}" for key in ("losses", "seeds", "external") if entry.get(key)
        )
        after = " after a first analysis, which makes it exploratory" if entry.get("after_analysis") else ""
        yield f"{entry.get('kind', 'entry')} on {entry.get('time', 'an unknown date')}{after}: {what}"


def _events(folder: StudyFolder) -> Iterator[str]:
    for run in run_folders(folder):
        record, name = plain(run.run_json), folder.relative(run.path)
        if run.seed < 0:
            continue
        if run.diverged.exists():
            told = plain(run.diverged)
            yield f"{name}: diverged in epoch {told.get('epoch', '?')}, and was not trained to its end"
        elif not run.evaluation_json.exists():
            yield f"{name}: crashed or was left unfinished; it has no predictions"
        resumed = record.get("resumed")
        if isinstance(resumed, list) and resumed:
            times = ", ".join(str(each.get("time")) for each in resumed if isinstance(each, dict))
            yield f"{name}: resumed {len(resumed)} times from its own checkpoint ({times}), which is no repetition"
        if record.get("taken_from"):
            yield f"{name}: taken from the study {record['taken_from']}, and not trained again"
    for name in ("", "partial"):
        for left in plain(folder.analysis(name).statistics).get("left_out", ()):
            told = left if isinstance(left, dict) else {}
            losses = ", ".join(map(str, told.get("losses", ()))) or "unknown losses"
            yield f"seed {told.get('seed', '?')}: {losses} {told.get('reason', '')}, {told.get('handling', 'left out')}"
