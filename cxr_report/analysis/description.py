"""data.json in, its content out once every entry that an analysis or a report reads is seen to be what it must be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cxr_report.data.truth import BINDING, EXTERNAL
from cxr_report.errors import Refusal
from cxr_report.runs import StudyFolder, read_json
from cxr_report.study import Study

__all__ = ["describe"]

Count = Annotated[int, Field(ge=0)]


class _Part(BaseModel):
    """Entries that are not named here are nobody's concern; a word is never taken for a number."""

    model_config = ConfigDict(strict=True, extra="allow", allow_inf_nan=False)


class _Source(_Part):
    kind: str
    name: str


class _Age(_Part):
    known: Count
    unknown: Count
    mean: float
    sd: float | None
    median: float
    min: float
    max: float


class _Demographics(_Part):
    sex: dict[str, Count] = {}
    view: dict[str, Count] = {}
    age: _Age | None = None


class _Split(_Part):
    cases: Count
    patients: Count | None
    positive: dict[str, Count]
    negative: dict[str, Count]
    unknown: dict[str, Count]
    demographics: _Demographics


class _Patients(_Part):
    known: bool
    number: Count | None
    cases_without: Count


class _Flow(_Part):
    found: Count
    excluded: dict[str, Count]
    kept: Count


class _Rule(_Part):
    kind: str
    made: list[str]
    seed: int | None


class _Border(_Part):
    count: Count


class _Leakage(_Part):
    allowed: bool
    images: dict[str, _Border]
    patients: dict[str, _Border]


class _External(_Split):
    """An external test set."""

    name: str
    source: _Source
    synthetic: bool
    fingerprint: str
    patients_known: bool
    flow: _Flow
    overlap: dict[str, dict[str, _Border]]
    notes: list[str]
    truth_sha256: str


class _Content(_Part):
    fingerprint: str
    source: _Source
    synthetic: bool
    classes: list[str]
    splits: dict[str, _Split]
    patients: _Patients
    notes: list[str]
    flow: _Flow | None = None
    split_rule: _Rule | None = None
    leakage: _Leakage | None = None
    external: list[_External] = []


class _Bound(_Content):
    """Of a study whose cases are known."""

    truth_sha256: dict[str, str]


def describe(folder: StudyFolder, study: Study) -> dict[str, Any]:
    """Read data.json.

    Args:
        folder: the study.
        study: as it is analysed.

    Returns:
        The content as it was written.

    Raises:
        Refusal: the file is missing, or an entry is absent or is not what it must be.
    """
    file = folder.data_json
    content = read_json(file)
    again = "`cxr-report compare` again" if not study.trained else "the study again"
    if not isinstance(content, dict):
        raise Refusal(f"{file}: is damaged (it must be a table of entries); delete it and run {again}")
    try:
        told = (_Bound if study.predicted else _Content).model_validate(content)
    except ValidationError as error:
        raise Refusal(f"{file}: {_first(error)}; delete it and run {again}") from None
    fault = next(_contradictions(told, study), "")
    if fault:
        raise Refusal(f"{file}: is damaged ({fault}); delete it and run {again}")
    return content


def _first(error: ValidationError) -> str:
    """Name the first fault: an entry that is absent, or one of another kind."""
    fault = error.errors()[0]
    where = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "missing":
        return f"records no {where}"
    return f"is damaged ({where}: {fault['msg'][0].lower()}{fault['msg'][1:]})"


def _contradictions(told: _Content, study: Study) -> Iterator[str]:
    """Say what no study of this task can hold; of one whose cases are not known there is nothing to say."""
    if not isinstance(told, _Bound):
        return
    classes = told.classes
    fewest = 1 if study.task == "multilabel" else 2
    if len(set(classes)) < len(classes) or len(classes) < fewest or (study.task == "binary" and len(classes) > 2):
        yield f"classes must be {'two' if study.task == 'binary' else f'at least {fewest}'} different names"
    for split in study.splits:
        if split not in told.splits:
            yield f"splits hold no {split}"
        if split not in told.truth_sha256:
            yield f"{BINDING} holds no {split}"
    sets = {each.name: each for each in told.external}
    for asked in study.data.external:
        if asked.name not in sets:
            yield f"{EXTERNAL} holds no {asked.name}"
    parts: dict[str, _Split] = {f"splits.{split}": counts for split, counts in told.splits.items()}
    parts |= {f"{EXTERNAL}.{name}": counts for name, counts in sets.items()}
    for where, counts in parts.items():
        for kind, column in (("positive", counts.positive), ("negative", counts.negative), ("unknown", counts.unknown)):
            if set(column) != set(classes):
                yield f"{where}.{kind} must count the classes {', '.join(classes)}"
