"""study.json: the study as it was planned, and the ledger of what was added later: seeds, losses, external sets."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any, Literal

from cxr_report.errors import Refusal
from cxr_report.runs import StudyFolder, read_json, write_json
from cxr_report.study import Study, digest, parse

__all__ = ["Entry", "FrozenStudy", "freeze", "published", "read", "refuse_other_plan"]

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger: what was asked for at one time."""

    kind: Literal["planned", "added"]
    seeds: tuple[int, ...]
    losses: tuple[str, ...]
    after_analysis: bool
    """Whether results had been seen: what is added then makes the analysis exploratory."""
    time: str
    """ISO 8601, UTC; shown, never trusted, and part of no other hash than the ledger's own chain."""
    previous: str
    """sha256 of the entry before; empty for the first."""
    sha256: str
    """Of this entry without this field."""
    external: tuple[str, ...] = ()
    """Names of external test sets."""

    def content(self) -> dict[str, Any]:
        """Return the entry as it is written; external sets stand in it only where there are some."""
        plain = asdict(self)
        return plain if self.external else {key: value for key, value in plain.items() if key != "external"}

    def facts(self) -> dict[str, Any]:
        """Return the entry without times and hashes: what an analysis may depend on."""
        return {
            "kind": self.kind,
            "seeds": list(self.seeds),
            "losses": list(self.losses),
            "after_analysis": self.after_analysis,
            **({"external": list(self.external)} if self.external else {}),
        }


@dataclass(frozen=True, slots=True)
class FrozenStudy:
    """What study.json holds."""

    study: Study
    """As published: paths reduced to their last part; with all additions."""
    plan_sha256: str
    """Of the plan at its start: data, model, training, losses, metrics, analysis and the first seeds."""
    ledger: tuple[Entry, ...]

    @property
    def ledger_sha256(self) -> str:
        """The hash of the newest entry."""
        return self.ledger[-1].sha256

    def canonical_plan(self) -> dict[str, Any]:
        """Return what an analysis depends on: the study without its report section, and the ledger without times."""
        return {
            "study": self.study.model_dump(mode="json", exclude={"report"}),
            "plan_sha256": self.plan_sha256,
            "ledger": [entry.facts() for entry in self.ledger],
        }

    def external(self, name: str) -> Entry:
        """Return the entry that asked for an external test set.

        Raises:
            KeyError: none did.
        """
        for entry in self.ledger:
            if name in entry.external:
                return entry
        raise KeyError(name)

    def exploratory(self) -> tuple[str, ...]:
        """Say which additions were made after results had been seen, one clause each.

        An external test set that is added leaves the results on the study's own cases as they were planned.
        """
        return tuple(
            " and ".join(
                f"{what} {', '.join(map(str, names))} added after a first analysis"
                for what, names in (("losses", entry.losses), ("seeds", entry.seeds))
                if names
            )
            for entry in self.ledger
            if entry.after_analysis and (entry.losses or entry.seeds)
        )


def published(study: Study) -> Study:
    """Reduce every path of a study to its last part, so that a run folder tells nothing of the machine."""
    external = tuple(each.model_copy(update={"path": PurePath(each.path).name}) for each in study.data.external)
    data = study.data.model_copy(update={"path": PurePath(study.data.path).name, "external": external})
    model = study.model
    if model.pretrained is not None:
        model = model.model_copy(update={"pretrained": PurePath(model.pretrained).name})
    report = study.report.model_copy(update={"templates": PurePath(study.report.templates).name})
    return study.model_copy(update={"data": data, "model": model, "report": report})


def read(folder: StudyFolder) -> FrozenStudy:
    """Read study.json and check its chain.

    Raises:
        Refusal: the file is missing, of another format, or an entry of the ledger was changed.
    """
    if not folder.study_json.exists():
        raise Refusal(
            f"{folder.study_json}: is missing; `cxr-report run STUDY.TOML` begins a study, and --runs says where "
            "studies lie"
        )
    raw = read_json(folder.study_json)
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise Refusal(f"{folder.study_json}: is not a study of format {FORMAT}")
    try:
        study = parse(raw["study"], str(folder.study_json))
        entries = tuple(
            Entry(
                **{
                    **entry,
                    "seeds": tuple(entry["seeds"]),
                    "losses": tuple(entry["losses"]),
                    "external": tuple(entry.get("external", ())),
                }
            )
            for entry in raw["ledger"]
        )
        plan_sha256 = raw["plan_sha256"]
    except (KeyError, TypeError, ValueError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise Refusal(
            f"{folder.study_json}: is damaged ({what}); put the right file back, or delete it and run the same command "
            "again"
        ) from None
    _check_chain(entries, folder)
    frozen = FrozenStudy(_in_order(study, entries), plan_sha256, entries)
    asked = (
        {seed for entry in entries for seed in entry.seeds},
        {loss for entry in entries for loss in entry.losses},
        {name for entry in entries for name in entry.external},
    )
    if asked != (set(study.seeds), set(study.losses), set(_external(study))):
        what = "seeds, losses and external test sets" if study.data.external else "seeds and losses"
        raise Refusal(f"{folder.study_json}: {what} are not those of the ledger; it was changed by hand")
    if plan_sha256 != _plan_sha256(study, entries[0]):
        raise Refusal(f"{folder.study_json}: the plan no longer matches its hash plan_sha256; it was changed by hand")
    return frozen


def freeze(study: Study, folder: StudyFolder) -> FrozenStudy:
    """Write the study into its folder, or hold it against the one that is there.

    Seeds, losses and external test sets that are new are added to the ledger; the report section may change; every
    other difference is refused.

    Args:
        study: the resolved study file.
        folder: where the study lies or shall lie.

    Raises:
        Refusal: the plan differs, and the fields are named; or study.json is gone and runs of another plan stand.
    """
    study = published(study)
    if not folder.study_json.exists():
        first = _entry("planned", study.seeds, tuple(study.losses), _external(study), after_analysis=False, previous="")
        frozen = FrozenStudy(study, _plan_sha256(study, first), (first,))
        _refuse_runs_of_another_plan(frozen, folder)
        _write(folder, frozen)
        return frozen
    there = read(folder)
    _refuse_changes(there.study, study, folder)
    seeds = tuple(seed for seed in study.seeds if seed not in there.study.seeds)
    losses = tuple(name for name in study.losses if name not in there.study.losses)
    external = tuple(name for name in _external(study) if name not in _external(there.study))
    if not seeds and not losses and not external and study == there.study:
        return there
    ledger = there.ledger
    if seeds or losses or external:
        analysed = folder.analysis().statistics.exists()
        ledger += (_entry("added", seeds, losses, external, after_analysis=analysed, previous=there.ledger_sha256),)
    order = {name: study.losses[name] for name in (*there.study.losses, *losses)}
    frozen = FrozenStudy(study.model_copy(update={"losses": order}), there.plan_sha256, ledger)
    _write(folder, frozen)
    return frozen


def _external(study: Study) -> tuple[str, ...]:
    return tuple(each.name for each in study.data.external)


def _in_order(study: Study, entries: tuple[Entry, ...]) -> Study:
    """Put the losses back into the order in which they were asked for, which sorted JSON keys do not keep."""
    names = [name for entry in entries for name in entry.losses if name in study.losses]
    return study.model_copy(update={"losses": {name: study.losses[name] for name in names}})


def refuse_other_plan(study: Study, folder: StudyFolder) -> None:
    """Hold a study file against the study that is there, without writing.

    Raises:
        Refusal: the plan differs; the fields are named.
    """
    _refuse_changes(read(folder).study, published(study), folder)


def _refuse_runs_of_another_plan(frozen: FrozenStudy, folder: StudyFolder) -> None:
    """Let a lost study.json be written anew only as it was: a later addition must not pass for planned."""
    for loss, seed in frozen.study.planned_runs():
        file = folder.run(loss, seed).run_json
        told = read_json(file) if file.exists() else {}
        begun = told.get("plan_sha256") if isinstance(told, dict) else None
        if begun not in (None, frozen.plan_sha256):
            raise Refusal(
                f"{folder.study_json}: is missing, and {folder.relative(file)} was begun under another plan than "
                f"this one ({str(begun)[:12]} there, {frozen.plan_sha256[:12]} now); put study.json back, ask for "
                "what the study began with, or give the study another name"
            )


def _entry(
    kind: Literal["planned", "added"],
    seeds: tuple[int, ...],
    losses: tuple[str, ...],
    external: tuple[str, ...],
    *,
    after_analysis: bool,
    previous: str,
) -> Entry:
    time = datetime.now(UTC).isoformat(timespec="seconds")
    bare = Entry(kind, seeds, losses, after_analysis, time, previous, "", external)
    return replace(bare, sha256=_hash(bare))


def _hash(entry: Entry) -> str:
    return digest({key: value for key, value in entry.content().items() if key != "sha256"})


def _plan_sha256(study: Study, first: Entry) -> str:
    plan = _with_external(study, first.external)
    plan["losses"] = {name: loss for name, loss in plan["losses"].items() if name in first.losses}
    return digest({"plan": plan, "seeds": list(first.seeds)})


def _with_external(study: Study, names: Collection[str]) -> dict[str, Any]:
    """Return the plan with those of the external test sets, by their names; without any it is as if none existed.

    What the report calls a set is no part of the plan.
    """
    plan = study.plan()
    asked = {each["name"]: {**each, "label": ""} for each in plan["data"].pop("external", ()) if each["name"] in names}
    return {**plan, "data": {**plan["data"], "external": asked}} if asked else plan


def _check_chain(entries: tuple[Entry, ...], folder: StudyFolder) -> None:
    previous = ""
    if not entries:
        raise Refusal(f"{folder.study_json}: the ledger is empty; a study starts with one entry")
    for number, entry in enumerate(entries, start=1):
        if entry.previous != previous or entry.sha256 != _hash(entry):
            raise Refusal(f"{folder.study_json}: entry {number} of the ledger does not match its hash; it was changed")
        previous = entry.sha256


def _refuse_changes(there: Study, asked: Study, folder: StudyFolder) -> None:
    common = set(asked.losses) & set(there.losses)
    sets = set(_external(there)) & set(_external(asked))
    before, now = _flat(_with_external(there, sets)), _flat(_with_external(asked, sets))
    differing = _differences(before, now, common_losses=common)
    differing += [f"losses.{name} (taken away)" for name in there.losses if name not in common]
    differing += [f"data.external.{name} (taken away)" for name in _external(there) if name not in sets]
    gone = [str(seed) for seed in there.seeds if seed not in asked.seeds]
    if gone:
        differing.append(f"seeds ({', '.join(gone)} taken away)")
    if differing:
        raise Refusal(
            f"{folder.path} holds a study with another plan, which cannot change in the same folder; "
            f"these fields differ: {', '.join(differing)}; give the study another name, or put them back"
        )


def _differences(there: Mapping[str, Any], asked: Mapping[str, Any], *, common_losses: set[str]) -> list[str]:
    differing = []
    for key in sorted({*there, *asked}):
        parts = key.split("\0")
        if parts[0] == "losses" and parts[1] not in common_losses:
            continue
        before, now = there.get(key, "absent"), asked.get(key, "absent")
        if before != now:
            differing.append(f"{'.'.join(parts)} ({before!r} there, {now!r} asked for)")
    return differing


def _flat(value: Any, prefix: tuple[str, ...] = ()) -> dict[str, Any]:
    if isinstance(value, Mapping) and value:
        pairs = [_flat(entry, (*prefix, str(key))) for key, entry in value.items()]
        return {key: entry for part in pairs for key, entry in part.items()}
    return {"\0".join(prefix): value}


def _write(folder: StudyFolder, frozen: FrozenStudy) -> None:
    write_json(
        folder.study_json,
        {
            "format": FORMAT,
            "study": frozen.study.model_dump(mode="json"),
            "plan_sha256": frozen.plan_sha256,
            "ledger": [entry.content() for entry in frozen.ledger],
        },
    )
