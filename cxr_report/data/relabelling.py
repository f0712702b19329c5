"""The section of an external test set in, its Listing out: cases selected, labels translated to the study's."""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cxr_report.data.folder import OTHER_CLASS
from cxr_report.data.listing import Kind, Listing, Origin, Picture, Record
from cxr_report.data.sources import list_source
from cxr_report.errors import Refusal, nearest
from cxr_report.study import Data, External, Study, digest, resolved_path

__all__ = ["Selected", "list_external"]

OTHER_SPLIT = "of a split that is not taken"


@dataclass(frozen=True, slots=True)
class Selected:
    """Some of the images of an origin."""

    origin: Origin
    places: tuple[int, ...]
    """Of each image in the whole origin."""

    def quick_key(self) -> str:
        """Hash the origin's quick key and the places."""
        return digest({"of": self.origin.quick_key(), "places": list(self.places)})

    def exact_key(self) -> str:
        """Hash the origin's content and the places."""
        return digest({"of": self.origin.exact_key(), "places": list(self.places)})

    def read(self, index: int) -> Picture:
        """Decode one image; raises Unreadable."""
        return self.origin.read(self.places[index])


def list_external(asked: External, study: Study, classes: tuple[str, ...], study_file: Path) -> Listing:
    """List the cases of an external test set that the study can use.

    A case enters where its class is one of the study's, by its own name or by ``classes``; those of other classes and
    of splits that are not taken are counted as excluded. Classes that the source lacks are absent, and a finding that
    it does not label is not known in any of its cases.

    Args:
        asked: the section.
        study: what is asked; image size and resizing are the study's.
        classes: the study's C classes, in the order of the logits.
        study_file: to which the path is relative.

    Raises:
        Refusal: the source is at fault, ``classes`` names what is not there, or no case is left.
    """
    key = f"data.external.{asked.name}"
    names = _names(asked, study, classes)
    data = _section(asked, study, names, study_file)
    # the phantom's labels follow from the task; every other source has the classes that it has
    task: Kind = study.task if study.task == "multilabel" or asked.source == "phantom" else "any classes"
    listing = list_source(data, study_file, task=task, key=key)
    _refuse_unknown(asked, listing, classes, f"{study_file}: {key}")
    _refuse_without_splits(asked, listing, f"{study_file}: {key}")
    kept, labels, excluded = _kept(asked, study, listing, names, classes)
    if not kept:
        raise Refusal(
            f"{study_file}: {key}: {listing.name} holds no case that the study can use: its classes are "
            f"{', '.join(listing.classes)}, the study's {', '.join(classes)}; {key}.classes translates names"
        )
    whole = len(kept) == len(listing.records)
    return replace(
        listing,
        classes=classes,
        records=tuple(replace(listing.records[place], label=label) for place, label in zip(kept, labels, strict=True)),
        origin=listing.origin if whole else Selected(listing.origin, tuple(kept)),
        excluded=dict(Counter(listing.excluded) + excluded),
    )


def _names(asked: External, study: Study, classes: tuple[str, ...]) -> dict[str, str]:
    """Return what the source calls a class -> the study's class; where it is told another name, its own is void."""
    told = dict(asked.classes)
    if asked.positive is not None:
        told[asked.positive] = classes[1]
    names = {name: name for name in classes if name not in told.values()} | told
    if study.task == "binary":
        positive = next(name for name, ours in names.items() if ours == classes[1])
        names.setdefault(f"no {positive}", classes[0])  # as a manifest with a single finding calls the others
    return names


def _section(asked: External, study: Study, names: Mapping[str, str], study_file: Path) -> Data:
    """Write the section of data that the source would have in a study of its own."""
    positive = next((name for name in names if study.task == "binary" and f"no {name}" in names), None)
    columns = _columns(asked, study_file)
    single = positive in columns
    return study.data.model_copy(
        update={
            "source": asked.source,
            "path": asked.path,
            "columns": asked.columns,
            "phantom": asked.phantom,
            "classes": None if single else tuple(name for name in names if name in columns) or None,
            "positive": positive if single else None,
            "external": (),
        }
    )


def _columns(asked: External, study_file: Path) -> tuple[str, ...]:
    """Read the columns of a manifest; what cannot be read is refused where it is listed."""
    if asked.source != "manifest":
        return ()
    file = resolved_path(asked.path, study_file)
    if not file.is_file():  # a pipe would be waited for, a device read without an end
        return ()
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            return tuple(cell.strip() for cell in next(csv.reader(stream), []))
    except (OSError, UnicodeDecodeError, csv.Error):
        return ()


def _refuse_unknown(asked: External, listing: Listing, classes: tuple[str, ...], where: str) -> None:
    """Refuse names in ``classes`` that the source, or the study, does not have."""
    for theirs, ours in asked.classes.items():
        if theirs not in listing.classes:
            raise Refusal(
                f"{where}.classes: {theirs!r} is not among the classes of {listing.name}: "
                f"{', '.join(listing.classes)}{nearest(theirs, listing.classes)}"
            )
        if ours not in classes:
            raise Refusal(
                f"{where}.classes.{theirs}: {ours!r} is not among the study's classes: {', '.join(classes)}"
                f"{nearest(ours, classes)}"
            )
    if asked.positive is not None and asked.positive not in listing.classes:
        raise Refusal(
            f"{where}.positive: {asked.positive!r} is not among the classes of {listing.name}: "
            f"{', '.join(listing.classes)}{nearest(asked.positive, listing.classes)}"
        )


def _refuse_without_splits(asked: External, listing: Listing, where: str) -> None:
    """Refuse to take the test cases of a source that does not say which these are."""
    given = sorted({record.split for record in listing.records if record.split is not None})
    if asked.split == "test" and "test" not in given:
        what = f"gives the splits {', '.join(given)} alone" if given else "gives no splits"
        raise Refusal(f"{where}.split: {listing.name} {what}, so that no case is a test case; allowed here: 'all'")


def _kept(
    asked: External, study: Study, listing: Listing, names: Mapping[str, str], classes: tuple[str, ...]
) -> tuple[list[int], list[int | tuple[float, ...]], Counter[str]]:
    """Return the places of the cases that enter, their labels as the study has them, and why others do not."""
    ours = [names.get(name) for name in listing.classes]
    sources = [[place for place, name in enumerate(ours) if name == finding] for finding in classes]
    index = [classes.index(name) if name is not None else None for name in ours]
    kept: list[int] = []
    labels: list[int | tuple[float, ...]] = []
    excluded: Counter[str] = Counter()
    for place, record in enumerate(listing.records):
        if asked.split == "test" and record.split != "test":
            excluded[OTHER_SPLIT] += 1
            continue
        label = _translated(record, index, sources, multilabel=study.task == "multilabel")
        if label is None:
            excluded[OTHER_CLASS] += 1
            continue
        kept.append(place)
        labels.append(label)
    return kept, labels, excluded


def _translated(
    record: Record, index: Sequence[int | None], sources: Sequence[Sequence[int]], *, multilabel: bool
) -> int | tuple[float, ...] | None:
    """Return a case's label as the study has it; None where it has none of the study's classes, or no known finding."""
    if not multilabel:
        return index[record.label] if isinstance(record.label, int) else None
    values = () if isinstance(record.label, int) else record.label
    findings = tuple(_joined([values[place] for place in places]) for places in sources)
    return None if all(math.isnan(value) for value in findings) else findings


def _joined(values: Sequence[float]) -> float:
    """Take several findings of the source for one: there where one is, absent where all are, else not known."""
    if any(value == 1 for value in values):
        return 1.0
    return 0.0 if values and all(value == 0 for value in values) else math.nan
