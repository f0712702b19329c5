"""What is known of the people and the pictures in, words that subgroups are made of out: sex, view, band of age."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_report.errors import Refusal
from cxr_report.runs import StudyFolder, read_arrays

__all__ = ["AGE_BANDS", "STRATA", "read_strata", "strata"]

STRATA = ("sex", "view", "age")
"""The columns, each an array of its own in a truth file where the source knows it."""

AGE_BANDS = ((18.0, "0-17"), (40.0, "18-39"), (65.0, "40-64"), (np.inf, "65+"))
"""Age in years below which a band ends, and its name; chosen: an exact age beside a finding may tell who someone is."""

_SEX = {"F": "female", "M": "male", "O": "other"}


def strata(metadata: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.str_]]:
    """Write sex, view and age of cases as words.

    Args:
        metadata: ``sex`` ``(N,)`` of F, M, O; ``view`` ``(N,)`` of text; ``age`` ``(N,)`` in years, NaN = not known;
            a column may be absent.

    Returns:
        ``(N,)`` of ``female``, ``male``, ``other``; of the view in upper case; of the band of age; "" = not known
        everywhere. A column that was absent stays absent.

    Example:
        >>> strata({"age": np.array([17.9, 18.0, 65.0, np.nan])})["age"].tolist()
        ['0-17', '18-39', '65+', '']
    """
    words = {
        "sex": lambda value: _SEX.get(str(value), ""),
        "view": lambda value: " ".join(str(value).upper().split()),
        "age": _band,
    }
    return {
        name: np.array([words[name](value) for value in metadata[name].tolist()], dtype=np.str_)
        for name in STRATA
        if name in metadata
    }


def read_strata(folder: StudyFolder, split: str) -> dict[str, NDArray[np.str_]]:
    """Read the words of one predicted split.

    Args:
        folder: the study.
        split: ``val`` or ``test``.

    Returns:
        Column -> ``(N,)`` in the order of the truth's ids, "" = not known; columns that the source does not know are
        absent.

    Raises:
        Refusal: the truth file is missing or damaged, or a column is no text of one word a case.
    """
    file = folder.truth(split)
    found = read_arrays(file, ("ids",), optional=STRATA)
    for name in STRATA:
        if name in found and (found[name].dtype.kind != "U" or found[name].shape != found["ids"].shape):
            raise Refusal(
                f"{file}: the array {name} must hold one word a case, got {found[name].dtype} of shape "
                f"{found[name].shape} for {len(found['ids'])} cases; delete it and run the same command again"
            )
    return {name: found[name] for name in STRATA if name in found}


def _band(age: float) -> str:
    return "" if np.isnan(age) else next(name for end, name in AGE_BANDS if age < end)
