"""A folder of images in, its Listing out: ``<split>/<class>/*`` or ``<class>/*``, the class being the folder's name."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from cxr_report.data.dicom import is_dicom
from cxr_report.data.images import IMAGE_SUFFIXES, Files, fault_of
from cxr_report.data.listing import SPLIT_NAMES, Kind, Listing, Record, in_order, itemised
from cxr_report.errors import Refusal, nearest
from cxr_report.study import Data

__all__ = ["class_order", "files_below", "list_folder", "looks_like_image"]

LAYOUTS = "<split>/<class>/* or <class>/*"
NO_IMAGE = "no image by its name"
OUTSIDE = "outside of a class folder"
OTHER_CLASS = "of a class that the study leaves out"


def list_folder(data: Data, root: Path, *, task: Kind) -> Listing:
    """List the images of a folder.

    Args:
        data: the study's section; ``classes`` may order the class folders or name some of them.
        root: the folder.
        task: ``binary`` or ``multiclass``.

    Raises:
        Refusal: there is no such folder, no image, or its layout is mixed.
    """
    if not root.is_dir():
        raise Refusal(f"data.path: there is no folder {data.path}; source = 'folder' needs {LAYOUTS}")
    tops = _folders(root)
    splits = _split_folders(tops, data.path)
    homes = [(split, home) for split, top in (splits.items() if splits else [(None, root)]) for home in _folders(top)]
    names = sorted({home.name for _, home in homes})
    if not names:
        raise Refusal(f"data.path: {data.path} holds no class folders; allowed: {LAYOUTS}")
    classes = class_order(names, data, task=task, what="class folders")
    excluded: Counter[str] = Counter()
    excluded[OUTSIDE] = sum(1 for top in (root, *splits.values()) for _ in _loose_images(top))
    records, strange = [], []
    for split, home in homes:
        for path, fault in files_below(home):
            key = path.relative_to(root).as_posix()
            if fault:
                strange.append(f"{key}: {fault}")
            elif not looks_like_image(path):
                excluded[NO_IMAGE] += 1
            elif home.name not in classes:
                excluded[OTHER_CLASS] += 1
            else:
                records.append(Record(key, classes.index(home.name), split))
    if strange:
        what = "1 name that is" if len(strange) == 1 else f"{len(strange)} names that are"
        raise itemised(f"data.path: {data.path} holds {what} no regular file", strange)
    if not records:
        raise Refusal(f"data.path: {data.path} holds no image; allowed: {', '.join(IMAGE_SUFFIXES)}")
    listed = in_order(records)
    notes = ("a manifest.csv lies beside the images and was not used",) if (root / "manifest.csv").exists() else ()
    return Listing(
        kind="folder",
        name=root.name,
        classes=classes,
        records=listed,
        origin=Files(root, [record.key for record in listed], data.image_size, data.resize),
        found=len(records) + sum(excluded.values()),
        excluded={reason: count for reason, count in excluded.items() if count},
        notes=notes,
    )


def class_order(names: list[str], data: Data, *, task: Kind, what: str) -> tuple[str, ...]:
    """Order the classes: as the study says, else by name; binary: the positive class is the second.

    Args:
        names: the classes found, sorted.
        data: the study's section.
        task: ``binary`` or ``multiclass``; any classes: all that were found, and be it one.
        what: what the names are, for the message.

    Raises:
        Refusal: the study names a class that is not there, or the number of classes does not fit the task.
    """
    if task == "any classes":
        return tuple(names)
    chosen = tuple(names) if data.classes is None else data.classes
    for name in chosen:
        if name not in names:
            raise Refusal(
                f"data.classes: {name!r} is not among the {what} of {data.path}: {', '.join(names)}"
                f"{nearest(name, names)}"
            )
    if len(set(chosen)) < len(chosen):
        raise Refusal("data.classes: a class is named twice")
    if task != "binary":
        if len(chosen) < 2:
            raise Refusal(f"data.path: {data.path} holds the single class {chosen[0]!r}; at least 2 are needed")
        return chosen
    if len(chosen) != 2:
        raise Refusal(
            f"data.path: a binary study needs 2 classes, {data.path} holds {len(chosen)} ({', '.join(chosen)}); "
            "data.classes = [...] chooses two"
        )
    positive = chosen[1] if data.positive is None else data.positive
    if positive not in chosen:
        raise Refusal(
            f"data.positive: {positive!r} is not among the {what} of {data.path}: {', '.join(chosen)}"
            f"{nearest(positive, chosen)}"
        )
    return (chosen[1 - chosen.index(positive)], positive)


def _split_folders(tops: list[Path], shown: str) -> dict[str, Path]:
    splits: dict[str, Path] = {}
    for top in tops:
        split = SPLIT_NAMES.get(top.name.lower())
        if split is None:
            continue
        if split in splits:
            raise Refusal(f"data.path: {shown} holds both {splits[split].name} and {top.name}, two names of one split")
        splits[split] = top
    others = [top.name for top in tops if SPLIT_NAMES.get(top.name.lower()) is None]
    if splits and others:
        raise Refusal(
            f"data.path: {shown} mixes split folders ({', '.join(sorted(top.name for top in splits.values()))}) with "
            f"others ({', '.join(others)}); allowed: {LAYOUTS}"
        )
    return splits


def _folders(root: Path) -> list[Path]:
    return sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith((".", "__")))


def _loose_images(root: Path) -> Iterator[Path]:
    return (path for path in root.iterdir() if path.is_file() and path.suffix.lower() in IMAGE_SUFFIXES)


def files_below(home: Path) -> Iterator[tuple[Path, str]]:
    """Walk a folder in order, hidden names left out: every file, and why it is no regular one, else an empty text."""
    for folder, subfolders, files in os.walk(home):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith((".", "__")))
        here = Path(folder)
        for name in subfolders:
            if (here / name).is_symlink():
                yield here / name, "is a link to a folder, not a regular file"
        for name in sorted(files):
            if not name.startswith("."):
                path = here / name
                yield path, "" if path.is_file() else fault_of(path)


def looks_like_image(path: Path) -> bool:
    """Say whether a file is an image by its suffix, or has none and begins as DICOM does."""
    if path.suffix.lower() in IMAGE_SUFFIXES:
        return True
    return path.suffix == "" and os.access(path, os.R_OK) and is_dicom(path)
