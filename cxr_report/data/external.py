"""The section of an external test set in, its cases out, held against what the runs learn from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cxr_report.data.cases import Cases, ExternalCases
from cxr_report.data.casting import (
    fingerprint_of,
    labels_of,
    metadata_of,
    patients_of,
    pseudonyms,
    refuse_bad,
    renumbered,
)
from cxr_report.data.decoding import Decoded, decode
from cxr_report.data.description import Source, describe_external
from cxr_report.data.leakage import Crossing, crossings_with, refuse_known
from cxr_report.data.listing import Listing
from cxr_report.data.relabelling import list_external
from cxr_report.data.splits import label_matrix
from cxr_report.progress import Progress
from cxr_report.study import External, Phantom, Study

__all__ = ["Known", "Reader", "names_of"]


@dataclass(frozen=True, slots=True)
class Known:
    """The study's own cases, as far as others are held against them."""

    images: NDArray[np.str_]
    """``(N,)`` sha256."""
    patients: NDArray[np.str_]
    """``(N,)`` as the source calls them; empty = not said."""
    split: NDArray[np.int64]
    """``(N,)`` index into train, val, test."""
    keys: tuple[str, ...]
    """N names, as the user knows them."""


def names_of(listing: Listing, found: Decoded, phantom: Phantom | None) -> NDArray[np.str_]:
    """Return what a source calls the patient of each decoded case, ``(N,)``; empty where it does not say.

    Patients of the phantom are people of its seed. Those that only the headers of files tell apart have no name here,
    for names from headers are never kept.
    """
    people = f"phantom {(phantom or Phantom()).seed}: " if listing.kind == "phantom" else ""
    told = [listing.records[place].patient for place in found.index]
    return np.array(["" if name is None else f"{people}{name}" for name in told], dtype=np.str_)


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the external test sets of one study."""

    study: Study
    study_file: Path
    cache: Path
    workers: int
    progress: Progress

    def read(self, asked: External, classes: tuple[str, ...], known: Known) -> ExternalCases:
        """Read one set.

        Args:
            asked: the section.
            classes: the study's, in the order of the logits.
            known: the study's own cases.

        Raises:
            Refusal: the source is at fault, or shares images or patients with training or validation.
        """
        listing = list_external(asked, self.study, classes, self.study_file)
        for note in listing.notes:
            self.progress.say(f"external test set {asked.name}: {note}")
        found = decode(
            listing,
            self.cache,
            size=self.study.data.image_size,
            workers=self.workers,
            keep_bad=self.study.data.on_bad_image == "skip",
            progress=self.progress,
        )
        refuse_bad(self.study, listing, found)
        source, cases = _cast(self.study, listing, found)
        images, patients = self._shared(asked, listing, found, known)
        fingerprint = fingerprint_of(classes, {asked.name: cases})
        overlap = {"images": images, "patients": patients}
        return ExternalCases(asked.name, cases, fingerprint, describe_external(asked, source, fingerprint, overlap))

    def _shared(
        self, asked: External, listing: Listing, found: Decoded, known: Known
    ) -> tuple[tuple[Crossing, ...], tuple[Crossing, ...]]:
        """Find what stands in the study's own cases too; what runs learned from is refused."""
        images = crossings_with(known.images, known.split, found.sha256)
        patients: tuple[Crossing, ...] = ()
        if asked.patients == "same":
            patients = crossings_with(known.patients, known.split, names_of(listing, found, asked.phantom))
        if not self.study.data.allow_leakage:
            keys = [listing.records[place].key for place in found.index]
            refuse_known(asked.name, images, patients, known.keys, keys)
        return images, patients


def _cast(study: Study, listing: Listing, found: Decoded) -> tuple[Source, Cases]:
    everyone = np.arange(len(found.index))
    labels, metadata = labels_of(study, listing, found), metadata_of(listing, found)
    patients, told = patients_of(listing, found)
    keys = np.array([listing.records[place].key for place in found.index])
    ids = keys if study.data.publish_names else pseudonyms(found.sha256)
    patients = renumbered(patients, everyone)
    source = Source(
        listing,
        found,
        np.zeros(len(found.index), dtype=np.int64),
        (),
        patients,
        told,
        ids,
        (),
        (),
        label_matrix(labels, len(listing.classes)),
        metadata,
    )
    return source, Cases(found.images, labels, ids, patients, metadata)
