"""A CSV manifest in, its Listing out; every row at fault is named."""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from cxr_report.data.folder import class_order
from cxr_report.data.images import Files
from cxr_report.data.listing import SPLIT_NAMES, Kind, Listing, Record, age_in_years, in_order, itemised, sex_code
from cxr_report.errors import Refusal, nearest
from cxr_report.study import Data

__all__ = ["list_manifest"]

OTHER_CLASS = "of a class that the study leaves out"
NOT_KNOWN = "label not known"

_FINDING = {"1": 1.0, "1.0": 1.0, "0": 0.0, "0.0": 0.0, "": math.nan, "-1": math.nan, "-1.0": math.nan, "nan": math.nan}

Label = int | tuple[float, ...]
Reader = Callable[[Mapping[str, str]], "Label | str | None"]
"""From a row to its label, None = left out because not known or of another class, or a fault in words."""


@dataclass(frozen=True, slots=True)
class _Table:
    file: Path
    columns: tuple[str, ...]
    rows: tuple[tuple[int, Mapping[str, str]], ...]
    """Line number in the file, and cell by the file's own column name."""
    names: Mapping[str, str]
    """Our name of a column -> the file's, for the columns that are there."""


def list_manifest(data: Data, file: Path, *, task: Kind) -> Listing:
    """List the images of a manifest.

    Args:
        data: the study's section; ``columns`` renames, ``classes`` orders the classes or names the finding columns.
        file: the CSV; its paths are relative to its folder and may not leave it.
        task: what the labels are.

    Raises:
        Refusal: the file is missing, is no such table, or has rows at fault (all of them are listed).
    """
    table = _read(data, file)
    classes, read_label = _labels(data, table, task)
    root = file.parent
    home = root.resolve()
    faults: list[str] = []
    records: list[Record] = []
    excluded: Counter[str] = Counter()
    seen: dict[str, int] = {}
    for line, row in table.rows:
        record, problems, reason = _record(row, table, read_label, home)
        if record is not None and record.key in seen:
            problems = [f"path {record.key} stands in row {seen[record.key]} already"]
        if problems:
            faults += [f"row {line}: {problem}" for problem in problems]
        elif record is None:
            excluded[reason] += 1
        else:
            seen[record.key] = line
            records.append(record)
    faults += _uneven_splits(records)
    if faults:
        raise itemised(f"{file}: {len(faults)} {'fault' if len(faults) == 1 else 'faults'} in its rows", faults)
    if not records:
        raise Refusal(f"{file}: holds no row that can be used")
    listed = in_order(records)
    return Listing(
        kind="manifest",
        name=file.name,
        classes=classes,
        records=listed,
        origin=Files(root, [record.key for record in listed], data.image_size, data.resize),
        found=len(table.rows),
        excluded=excluded,
        columns=tuple(
            ours
            for ours, key in (("patient", "patient_id"), ("sex", "sex"), ("age", "age"), ("view", "view"))
            if key in table.names
        ),
        class_words="findings" if task == "multilabel" else "classes",
    )


def _read(data: Data, file: Path) -> _Table:
    if not file.is_file():
        raise Refusal(f"data.path: there is no file {data.path}; source = 'manifest' needs a CSV file")
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            head = [cell.strip() for cell in next(reader, [])]
            body = [(reader.line_num, row) for row in reader if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Refusal(f"{file}: cannot be read as a CSV table in UTF-8 ({error})") from None
    if not head:
        raise Refusal(f"{file}: is empty; source = 'manifest' needs a table whose first row names the columns")
    twice = [name for name, count in Counter(head).items() if count > 1]
    if twice:
        raise Refusal(f"{file}: has two columns named {twice[0]!r}")
    names = {ours: data.columns.get(ours, ours) for ours in ("path", "label", *_OPTIONAL)}
    for ours, theirs in data.columns.items():
        if theirs not in head:
            raise Refusal(
                f"{file}: data.columns.{ours} names a column {theirs!r} that is not there; the columns are "
                f"{', '.join(head)}{nearest(theirs, head)}"
            )
    if names["path"] not in head:
        raise Refusal(
            f"{file}: has no column 'path'; its columns are {', '.join(head)}{nearest('path', head)}; "
            "data.columns.path = ... may name it, and cells are separated by commas"
        )
    uneven = [f"row {line}: {len(row)} cells" for line, row in body if len(row) != len(head)]
    if uneven:
        rows_do = "1 row does" if len(uneven) == 1 else f"{len(uneven)} rows do"
        raise itemised(f"{file}: {rows_do} not have the header's {len(head)} cells", uneven)
    table = tuple((line, dict(zip(head, (cell.strip() for cell in row), strict=True))) for line, row in body)
    return _Table(file, tuple(head), table, {ours: theirs for ours, theirs in names.items() if theirs in head})


_OPTIONAL = ("split", "patient_id", "sex", "age", "view")


def _record(
    row: Mapping[str, str], table: _Table, read_label: Reader, home: Path
) -> tuple[Record | None, list[str], str]:
    cell = {ours: row[theirs] for ours, theirs in table.names.items()}
    label = read_label(row)
    problems = [label] if isinstance(label, str) else []
    split = SPLIT_NAMES.get(cell.get("split", "").lower())
    if cell.get("split") and split is None:
        problems.append(f"split {cell['split']!r}; allowed: {', '.join(SPLIT_NAMES)}")
    fault = _path_fault(cell["path"], home)
    if fault:
        problems.append(fault)
    if problems:
        return None, problems, ""
    if label is None or isinstance(label, str):
        return None, [], OTHER_CLASS if "label" in table.names else NOT_KNOWN
    record = Record(
        key=_key(cell["path"]),
        label=label,
        split=split,
        patient=cell.get("patient_id") or None,
        sex=sex_code(cell.get("sex", "")),
        age=age_in_years(cell.get("age", "")),
        view=cell.get("view", ""),
    )
    return record, [], ""


def _key(written: str) -> str:
    return PurePosixPath(written.replace("\\", "/")).as_posix()


def _path_fault(written: str, home: Path) -> str:
    """Say why a path may not be opened: it must stay in the manifest's folder, links included."""
    if not written:
        return "path is empty"
    if "\0" in written:
        return "path holds a zero byte"
    parts = PureWindowsPath(written)
    if parts.drive or parts.root or PurePosixPath(written).is_absolute():
        return f"path {written} is absolute; allowed: a path below the manifest's folder"
    if ".." in parts.parts:
        return f"path {written} holds '..'; allowed: a path below the manifest's folder"
    if not (home / _key(written)).resolve().is_relative_to(home):
        return f"path {written} leaves the manifest's folder through a link"
    return ""


def _uneven_splits(records: Sequence[Record]) -> list[str]:
    told = sum(record.split is not None for record in records)
    if told in (0, len(records)):
        return []
    return [f"{record.key}: split is empty, while other rows have one" for record in records if record.split is None]


def _labels(data: Data, table: _Table, task: Kind) -> tuple[tuple[str, ...], Reader]:
    if task == "multilabel":
        findings = _finding_columns(data, table)
        return findings, lambda row: _findings(row, findings)
    if "label" in table.names:
        return _one_column(data, table, task)
    if task in ("binary", "any classes") and data.positive in table.columns:
        return _one_finding(data, str(data.positive))
    if data.classes and all(name in table.columns for name in data.classes):
        classes = class_order(list(data.classes), data, task=task, what="columns")
        return classes, lambda row: _one_hot(row, classes)
    raise Refusal(
        f"{table.file}: has no column 'label'; its columns are {', '.join(table.columns)}; data.columns.label = ... "
        "may name it, or data.classes = [...] names one column per class"
    )


def _one_column(data: Data, table: _Table, task: Kind) -> tuple[tuple[str, ...], Reader]:
    column = table.names["label"]
    found = sorted({row[column] for _, row in table.rows} - {""})
    if not found:
        raise Refusal(f"{table.file}: column {column!r} holds no label")
    classes = class_order(found, data, task=task, what="labels")
    index = {name: place for place, name in enumerate(classes)}

    def read(row: Mapping[str, str]) -> Label | str | None:
        return index.get(row[column]) if row[column] else f"{column} is empty"

    return classes, read


def _one_finding(data: Data, positive: str) -> tuple[tuple[str, ...], Reader]:
    classes = data.classes or (f"no {positive}", positive)
    if len(classes) != 2 or classes[1] != positive:
        raise Refusal(f"data.classes: must be two names, the second one {positive!r} (data.positive), got {classes}")

    def read(row: Mapping[str, str]) -> Label | str | None:
        value = _FINDING.get(row[positive].lower())
        if value is None:
            return f"{positive} is {row[positive]!r}; allowed: 1, 0, and empty or -1 for not known"
        return None if math.isnan(value) else int(value)

    return classes, read


def _finding_columns(data: Data, table: _Table) -> tuple[str, ...]:
    findings = data.classes or ()
    missing = [name for name in findings if name not in table.columns]
    if missing:
        raise Refusal(
            f"{table.file}: has no column {missing[0]!r}, which data.classes names; its columns are "
            f"{', '.join(table.columns)}{nearest(missing[0], table.columns)}"
        )
    if len(set(findings)) < len(findings):
        raise Refusal("data.classes: a finding is named twice")
    return findings


def _findings(row: Mapping[str, str], findings: Sequence[str]) -> Label | str | None:
    values = [_FINDING.get(row[name].lower()) for name in findings]
    for name, value in zip(findings, values, strict=True):
        if value is None:
            return f"{name} is {row[name]!r}; allowed: 1, 0, and empty or -1 for not known"
    known = tuple(value for value in values if value is not None)
    return None if all(math.isnan(value) for value in known) else known


def _one_hot(row: Mapping[str, str], classes: Sequence[str]) -> Label | str | None:
    values = _findings(row, classes)
    if values is None or isinstance(values, str | int):
        return values
    if any(math.isnan(value) for value in values):
        return None
    if sum(values) != 1.0:
        return f"{int(sum(values))} of the columns {', '.join(classes)} are 1; exactly one is allowed"
    return values.index(1.0)
