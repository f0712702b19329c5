"""What a table holds in, a study's folder out: truth, predictions or scores, data.json; study.json is frozen last."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_report import ledger
from cxr_report.data.strata import STRATA, strata
from cxr_report.data.truth import binding
from cxr_report.errors import Refusal
from cxr_report.intake.framing import Framed
from cxr_report.intake.predictions import GivenCases, GivenPredictions
from cxr_report.intake.scores import GivenScores
from cxr_report.intake.sheet import DELIMITERS, Sheet
from cxr_report.runs import StudyFolder, read_json, sha256, write_arrays, write_json, write_text
from cxr_report.study import Study, canonical

__all__ = ["write_predictions", "write_scores"]

FORMAT = 1
"""Of evaluation.json and data.json, as of studies that were trained."""

SIGNS = {",": "comma", ".": "point"}


def write_scores(found: GivenScores, framed: Framed, folder: StudyFolder) -> ledger.FrozenStudy:
    """Write a study of given scores: scores-given.csv, data.json, study.json.

    Args:
        found: the table.
        framed: the study that describes it.
        folder: where it shall lie.

    Raises:
        Refusal: another study, or the same one of other numbers, lies there already.
    """
    study = framed.study
    text = _scores_csv(found, framed)
    fingerprint = hashlib.sha256(text.encode()).hexdigest()
    _refuse_other(study, folder, fingerprint)
    write_text(folder.given_scores, text)
    write_json(
        folder.data_json,
        {
            "format": FORMAT,
            "task": study.task,
            **_origin(found.sheet, found.decimal, framed),
            "fingerprint": fingerprint,
            "classes": [],
            "splits": {},
            "patients": {"known": False, "number": None, "cases_without": 0},
        },
    )
    return ledger.freeze(study, folder)


def _scores_csv(found: GivenScores, framed: Framed) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("loss", "seed", "metric", "value"))
    places = {theirs: found.metrics.index(theirs) for theirs in framed.metrics}
    for i, label in enumerate(found.losses):
        for seed in framed.study.seeds:
            j = found.seeds.index(seed)
            for theirs, ours in framed.metrics.items():
                writer.writerow((framed.losses[label], seed, ours, repr(float(found.values[i, j, places[theirs]]))))
    return text.getvalue()


def write_predictions(found: GivenPredictions, framed: Framed, folder: StudyFolder) -> ledger.FrozenStudy:
    """Write a study of given predictions: truth, predictions and evaluation.json of every run, data.json, study.json.

    Cases are numbered in the order of their names, patients likewise; no name of either is written.

    Args:
        found: the table.
        framed: the study that describes it.
        folder: where it shall lie.

    Raises:
        Refusal: another study, or the same one of other numbers, lies there already.
    """
    study = framed.study
    patients = _patients(found)
    truths = {split: _truth(found, split, patients[split]) for split in found.cases}
    fingerprint = _fingerprint(found, framed, truths)
    _refuse_other(study, folder, fingerprint)
    for split, arrays in truths.items():
        write_arrays(folder.truth(split), **arrays)
    for label, name in framed.losses.items():
        for seed in study.seeds:
            run, logits = folder.run(name, seed), found.logits[label, seed]
            for split, values in logits.items():
                write_arrays(run.predictions(split), ids=truths[split]["ids"], logits=values)
            account = {
                "format": FORMAT,
                "loss": name,
                "seed": seed,
                "fingerprint": fingerprint,
                "predictions_sha256": {split: sha256(run.predictions(split)) for split in logits},
            }
            write_json(run.evaluation_json, account)
    described = _described(found, framed, truths, fingerprint)
    write_json(folder.data_json, {**described, **binding(folder, truths)})
    return ledger.freeze(study, folder)


def _refuse_other(study: Study, folder: StudyFolder, fingerprint: str) -> None:
    if not folder.study_json.exists():
        return
    ledger.refuse_other_plan(study, folder)
    there = read_json(folder.data_json) if folder.data_json.exists() else {}
    before = there.get("fingerprint") if isinstance(there, dict) else None
    if before not in (None, fingerprint):
        raise Refusal(
            f"{folder.path} holds a comparison of other numbers (fingerprint {str(before)[:12]}, the table now gives "
            f"{fingerprint[:12]}); put the table back, or give the comparison another --name"
        )


def _origin(sheet: Sheet, decimal: str, framed: Framed) -> dict[str, Any]:
    """Say where the numbers come from, and what was done to them on the way."""
    study, table = framed.study, framed.study.data.table
    left_out = table.left_out if table is not None else {}
    notes = [f"cells separated by {DELIMITERS[sheet.delimiter]}" + (", decimal comma" if decimal == "," else "")]
    notes += [
        f"seed {seed} left out of every loss, since {', '.join(study.losses[name].label or name for name in losses)} "
        f"{'lacks' if len(losses) == 1 else 'lack'} it"
        for seed, losses in left_out.items()
    ]
    notes += framed.notes
    return {
        "source": {"kind": "table", "name": sheet.file.name, "sha256": sha256(sheet.file)},
        "synthetic": False,
        "notes": notes,
    }


def _patients(found: GivenPredictions) -> dict[str, NDArray[np.int64]]:
    """Give every patient a number, the same in all splits; a case without one is a patient of its own."""
    numbers: dict[tuple[str, str], int] = {}
    return {
        split: np.array(
            [
                numbers.setdefault(("patient", patient) if patient else ("case", name), len(numbers))
                for name, patient in zip(cases.names, cases.patients, strict=True)
            ],
            dtype=np.int64,
        )
        for split, cases in found.cases.items()
    }


def _truth(found: GivenPredictions, split: str, patients: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    cases, findings = found.cases[split], found.layout.task == "multilabel"
    width = len(str(len(cases)))
    words = {name: strata(each.metadata) for name, each in found.cases.items()}
    known = [
        name for name in STRATA if any((column.get(name, np.array([""])) != "").any() for column in words.values())
    ]
    return {
        "ids": np.array([f"{split}-{number:0{width}d}" for number in range(1, len(cases) + 1)]),
        "patients": patients,
        "labels": cases.labels.astype(np.float32) if findings else cases.labels[:, 0].astype(np.int64),
        "classes": np.array(found.layout.classes),
        **{name: words[split][name] for name in known},
    }


def _fingerprint(found: GivenPredictions, framed: Framed, truths: Mapping[str, Mapping[str, NDArray[Any]]]) -> str:
    """Hash all that is compared: classes, cases, and the logits of every run."""
    whole = hashlib.sha256(canonical({"classes": list(found.layout.classes), "scale": found.layout.scale}))
    for split, arrays in truths.items():
        words = {name: arrays[name].tolist() for name in STRATA if name in arrays}
        whole.update(canonical({"split": split, "ids": arrays["ids"].tolist(), "strata": words}))
        whole.update(arrays["patients"].astype("<i8").tobytes())
        labels = arrays["labels"]
        whole.update(np.where(labels == labels, labels, -1).astype("<i8").tobytes())
    for label, name in framed.losses.items():
        for seed in framed.study.seeds:
            whole.update(canonical({"loss": name, "seed": seed}))
            for values in found.logits[label, seed].values():
                whole.update(np.ascontiguousarray(values, dtype="<f8").tobytes())
    return whole.hexdigest()


def _described(
    found: GivenPredictions,
    framed: Framed,
    truths: Mapping[str, Mapping[str, NDArray[Any]]],
    fingerprint: str,
) -> dict[str, Any]:
    """Return what data.json says."""
    study, origin = framed.study, _origin(found.sheet, found.decimal, framed)
    return {
        "format": FORMAT,
        "task": study.task,
        **origin,
        "notes": [*origin["notes"], *_notes(found)],
        "fingerprint": fingerprint,
        "classes": list(found.layout.classes),
        "class_words": "findings" if study.task == "multilabel" else "classes",
        "splits": {split: _split(found, split, truths[split]) for split in found.cases},
        "patients": _patient_counts(found),
    }


def _notes(found: GivenPredictions) -> Iterator[str]:
    if found.layout.scale == "ranking":
        yield "the predictions are scores of which only the order is used"
    if found.layout.task == "multiclass" and found.layout.scale == "probabilities":
        yield "the probabilities of each case were divided by their sum"
    if "val" not in found.cases:
        yield "there are no validation cases, so no threshold was chosen"
    everyone = [set(filter(None, cases.patients)) for cases in found.cases.values()]
    shared = set.intersection(*everyone) if len(everyone) > 1 else set()
    if shared:
        yield f"{len(shared)} {'patient has' if len(shared) == 1 else 'patients have'} both validation and test cases"


def _split(found: GivenPredictions, split: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    cases, labels, names = found.cases[split], arrays["labels"], found.layout.classes
    matrix = labels if labels.ndim == 2 else np.eye(len(names))[labels]
    counts = {
        "positive": (matrix == 1).sum(axis=0),
        "negative": (matrix == 0).sum(axis=0),
        "unknown": np.isnan(matrix).sum(axis=0),
    }
    return {
        "cases": len(cases),
        "patients": len(np.unique(arrays["patients"])) if any(cases.patients) else None,
        **{kind: dict(zip(names, column.tolist(), strict=True)) for kind, column in counts.items()},
        "demographics": _demographics(cases),
    }


def _demographics(cases: GivenCases) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name in ("sex", "view"):
        words = Counter(cases.metadata[name].tolist()) if name in cases.metadata else Counter[str]()
        if set(words) - {""}:
            told[name] = {key or "unknown": words[key] for key in sorted(words)}
    ages = np.asarray(cases.metadata.get("age", []), dtype=np.float64)
    known = ages[np.isfinite(ages)]
    if len(known):
        told["age"] = {
            "known": len(known),
            "unknown": len(ages) - len(known),
            "mean": float(known.mean()),
            "sd": float(known.std(ddof=1)) if len(known) > 1 else None,
            "median": float(np.median(known)),
            "min": float(known.min()),
            "max": float(known.max()),
        }
    return told


def _patient_counts(found: GivenPredictions) -> dict[str, Any]:
    told = [patient for cases in found.cases.values() for patient in cases.patients]
    images = Counter(filter(None, told))
    return {
        "known": bool(images),
        "number": len(images) or None,
        "cases_without": told.count(""),
        "with_several_images": sum(count > 1 for count in images.values()),
        "most_images": max(images.values(), default=0),
    }
