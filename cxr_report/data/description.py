"""What the data are, in plain numbers: the content of data.json, pseudonymous and free of paths."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_report.data.cases import Cases
from cxr_report.data.decoding import Decoded
from cxr_report.data.leakage import BORDERS, Crossing
from cxr_report.data.listing import Listing
from cxr_report.study import External, Study

__all__ = ["Source", "describe", "describe_external"]

SPLITS = ("train", "val", "test")
BAD = "image that cannot be read"


@dataclass(frozen=True, slots=True)
class Source:
    """All that is known of the cases, in the order of decoding."""

    listing: Listing
    found: Decoded
    split: NDArray[np.int64]
    """``(N,)`` index into train, val, test."""
    made: tuple[str, ...]
    """Splits that were cut by the study's rule."""
    patients: NDArray[np.int64]
    told: NDArray[np.bool_]
    """``(N,)`` whether the source names the case's patient."""
    ids: NDArray[np.str_]
    twins: tuple[Crossing, ...]
    """Identical images in two splits."""
    shared: tuple[Crossing, ...]
    """Patients in two splits."""
    matrix: NDArray[np.float64]
    """``(N, L)`` of 1 / 0 / NaN."""
    metadata: Mapping[str, NDArray[Any]]


def describe(study: Study, source: Source, cases: tuple[Cases, Cases, Cases], fingerprint: str) -> dict[str, Any]:
    """Return what ``data.json`` says.

    Args:
        study: what is asked.
        source: all that is known.
        cases: train, val and test.
        fingerprint: of the data set.
    """
    listing = source.listing
    mean, sd = _grey(cases[0].images)
    return {
        "format": 1,
        "source": {"kind": listing.kind, "name": listing.name},
        "synthetic": listing.kind == "phantom",
        "fingerprint": fingerprint,
        "image_size": study.data.image_size,
        "resize": study.data.resize,
        "classes": list(listing.classes),
        "class_words": listing.class_words,
        "splits": {name: _split(source, place) for place, name in enumerate(SPLITS)},
        "split_rule": _rule(study, source),
        "flow": _flow(source),
        "patients": _patients(source),
        "leakage": _leakage(study, source),
        "pixel_mean": [mean],
        "pixel_sd": [sd],
        "original_size": _sizes(source.found),
        "blank_images": int(source.found.blank.sum()),
        "notes": list(listing.notes),
    }


def describe_external(
    asked: External, source: Source, fingerprint: str, overlap: Mapping[str, Sequence[Crossing]]
) -> dict[str, Any]:
    """Return the block of ``data.json`` on one external test set.

    Args:
        asked: the section.
        source: all that is known of its cases.
        fingerprint: of its cases.
        overlap: ``images`` and ``patients`` that the study's own cases hold too.
    """
    listing = source.listing
    return {
        "name": asked.name,
        "source": {"kind": listing.kind, "name": listing.name},
        "synthetic": listing.kind == "phantom",
        "fingerprint": fingerprint,
        "taken": asked.split,
        **_split(source, 0),
        "flow": _flow(source),
        "patients_known": bool(source.told.any()),
        "several_images": int(_patients(source)["with_several_images"]),
        "overlap": {
            what: {
                part: {"count": len(here), "list": [source.ids[list(each.second)].tolist() for each in here]}
                for part in SPLITS
                for here in [[each for each in found if each.border[0] == part]]
            }
            for what, found in overlap.items()
        },
        "original_size": _sizes(source.found),
        "blank_images": int(source.found.blank.sum()),
        "notes": list(listing.notes),
    }


def _split(source: Source, place: int) -> dict[str, Any]:
    mine = source.split == place
    matrix = source.matrix[mine]
    known = bool(source.told.any())
    return {
        "cases": int(mine.sum()),
        "patients": len(np.unique(source.patients[mine])) if known else None,
        "positive": _per_class(source, (matrix == 1).sum(axis=0)),
        "negative": _per_class(source, (matrix == 0).sum(axis=0)),
        "unknown": _per_class(source, np.isnan(matrix).sum(axis=0)),
        "demographics": _demographics({name: values[mine] for name, values in source.metadata.items()}),
    }


def _per_class(source: Source, counts: NDArray[np.int64]) -> dict[str, int]:
    return {name: int(count) for name, count in zip(source.listing.classes, counts, strict=True)}


def _demographics(columns: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name in ("sex", "view"):
        if (columns[name] != "").any():
            counts = Counter(columns[name].tolist())
            told[name] = {key or "unknown": counts[key] for key in sorted(counts)}
    ages = columns["age"][np.isfinite(columns["age"])]
    if len(ages):
        told["age"] = {
            "known": len(ages),
            "unknown": len(columns["age"]) - len(ages),
            "mean": float(ages.mean()),
            "sd": float(ages.std(ddof=1)) if len(ages) > 1 else None,
            "median": float(np.median(ages)),
            "min": float(ages.min()),
            "max": float(ages.max()),
        }
    return told


def _rule(study: Study, source: Source) -> dict[str, Any]:
    rule = study.data.split
    kind = "given" if not source.made else "made" if len(source.made) == 2 and not _any_given(source) else "completed"
    return {
        "kind": kind,
        "made": list(source.made),
        "seed": rule.seed if source.made else None,
        "validation": rule.validation if "val" in source.made else None,
        "test": rule.test if "test" in source.made else None,
    }


def _any_given(source: Source) -> bool:
    return any(record.split is not None for record in source.listing.records)


def _flow(source: Source) -> dict[str, Any]:
    excluded = dict(source.listing.excluded)
    if len(source.found.bad_index):
        excluded[BAD] = len(source.found.bad_index)
    return {"found": source.listing.found, "excluded": excluded, "kept": len(source.found.index)}


def _patients(source: Source) -> dict[str, Any]:
    told = source.patients[source.told]
    images = np.unique(told, return_counts=True)[1]
    return {
        "known": bool(source.told.any()),
        "number": len(images) if len(images) else None,
        "cases_without": int((~source.told).sum()),
        "with_several_images": int((images > 1).sum()),
        "most_images": int(images.max(initial=0)),
    }


def _leakage(study: Study, source: Source) -> dict[str, Any]:
    return {
        "allowed": study.data.allow_leakage,
        "images": _crossings(source.twins, source.ids),
        "patients": _crossings(source.shared, source.ids),
    }


def _crossings(found: Sequence[Crossing], ids: NDArray[np.str_]) -> dict[str, Any]:
    told = {}
    for border in BORDERS:
        here = [crossing for crossing in found if crossing.border == border]
        told["-".join(border)] = {
            "count": len(here),
            "list": [[ids[list(c.first)].tolist(), ids[list(c.second)].tolist()] for c in here],
        }
    return told


def _grey(images: NDArray[np.uint8]) -> tuple[float, float]:
    """Return mean and SD of all training pixels in [0, 1], from whole counts, so that no order of summing matters."""
    counts = np.zeros(256, dtype=np.int64)
    for first in range(0, len(images), 256):
        counts += np.bincount(images[first : first + 256].ravel(), minlength=256)
    level = np.arange(256) / 255.0
    mean = float((counts * level).sum() / counts.sum())
    return mean, float(np.sqrt((counts * (level - mean) ** 2).sum() / counts.sum()))


def _sizes(found: Decoded) -> dict[str, list[float]]:
    return {
        name: [float(np.min(values)), float(np.median(values)), float(np.max(values))]
        for name, values in (("width", found.width), ("height", found.height))
    }
