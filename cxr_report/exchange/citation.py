"""Title, authors and identifiers of a study in, the text of CITATION.cff (Citation File Format 1.2.0) out.

Every value is written as a JSON string, which YAML reads as the same text whatever stands in it.

The format: Druskat et al. 2021, doi 10.5281/zenodo.5171937.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date

from cxr_report.errors import Refusal, unprintable

__all__ = ["Work", "check_date", "text"]

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Work:
    """What is cited."""

    title: str
    authors: tuple[str, ...]
    """``Family, Given`` for a person; what has no comma is a name that is not taken apart."""
    licence: str
    """SPDX identifier."""
    plan_sha256: str
    """Of the analysis plan: 64 hexadecimal digits."""
    version: str = ""
    """Empty: not told."""
    released: str = ""
    """ISO 8601 day; empty: not told."""


def check_date(day: str) -> str:
    """Return a day of the calendar as it is written.

    Raises:
        Refusal: it is none.

    Example:
        >>> check_date("2026-02-28")
        '2026-02-28'
    """
    try:
        if day and (not _DATE.fullmatch(day) or not date.fromisoformat(day)):
            raise ValueError
    except ValueError:
        raise Refusal(f"--date {day}: must be a day of the calendar such as 2026-02-28") from None
    return day


def text(work: Work) -> str:
    """Write CITATION.cff.

    Raises:
        Refusal: there is no author, or a text cannot be printed.

    Example:
        >>> print(text(Work("Five losses", ("Curie, Marie",), "CC-BY-4.0", "ab" * 32)).splitlines()[0])
        cff-version: 1.2.0
    """
    _check(work)
    lines = [
        "cff-version: 1.2.0",
        'message: "If you use these results, please cite them as below."',
        "type: dataset",
        f"title: {_quoted(work.title)}",
        "authors:",
        *(line for author in dict.fromkeys(map(_author, filter(str.strip, work.authors))) for line in author),
        f"license: {_quoted(work.licence)}",
        "identifiers:",
        "  - type: other",
        f'    value: "sha256:{work.plan_sha256}"',
        '    description: "Hash of the analysis plan, as it was frozen before the runs"',
        *([f"version: {_quoted(work.version)}"] if work.version else []),
        *([f"date-released: {_quoted(work.released)}"] if work.released else []),
    ]
    return "\n".join(lines) + "\n"


def _check(work: Work) -> None:
    if not any(author.strip() for author in work.authors):
        raise Refusal(
            "nobody can be cited, for the study names no author; say --author 'Family, Given', or write report.authors "
            "into the study file"
        )
    for what, said in (("title", work.title), ("version", work.version), *(("author", name) for name in work.authors)):
        if found := unprintable(said):
            raise Refusal(f"the {what} {said!r} holds the character {found}, which cannot be printed; leave it out")


def _author(name: str) -> tuple[str, ...]:
    family, comma, given = (part.strip() for part in name.partition(","))
    if comma and family and given:
        return f"  - family-names: {_quoted(family)}", f"    given-names: {_quoted(given)}"
    return (f"  - name: {_quoted(name.strip())}",)


def _quoted(said: str) -> str:
    return json.dumps(said, ensure_ascii=False)
