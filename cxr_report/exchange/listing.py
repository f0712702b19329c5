"""A difference in, what is printed of it out: a table for people, JSON for programs."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from cxr_report.exchange.change import Difference

__all__ = ["SHOWN", "encode", "table"]

FORMAT = 1

SHOWN = 12
"""Chosen: rows of a section that are printed; JSON holds all."""

FIRST = ("joint", "omnibus", "equivalences", "pairs", "rankings", "summaries", "runs")
"""Parts of statistics.json whose changes are printed first: what the conclusions rest on."""


def encode(found: Difference) -> str:
    """Write a difference as JSON: everything, NaN as null, a line end at the end."""
    content = {"format": FORMAT, "changed": found.changed, **asdict(found)}
    return json.dumps(_plain(content), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def table(found: Difference) -> str:
    """Write a difference for people: the decisions first, then what else changed, each section cut to some rows."""
    lines = [f"before: {found.before}", f"after:  {found.after}", ""]
    for section in (_decisions, _settings, _runs, _files, _scores, _statistics):
        lines += [*section(found), ""]
    lines.append(_verdict(found))
    return "\n".join(lines)


def _verdict(found: Difference) -> str:
    rounding = f"{_count(found.rounded, 'number')} {'differs' if found.rounded == 1 else 'differ'} by rounding alone"
    if not found.changed:
        return f"Nothing changed; {rounding if found.rounded else 'every number is the same to its last digit'}."
    planned = sum(decision.planned for decision in found.decisions)
    others = _count(len(found.decisions) - planned, "other one")
    numbers = f"{_count(found.changed_scores, 'score')}, {_count(len(found.statistics), 'statistic')}"
    return f"Changed: {_count(planned, 'decision')} of the plan, {others}, {numbers}; {rounding}."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _section(title: str, header: Sequence[str], rows: Sequence[Sequence[str]], left: int) -> Iterator[str]:
    """Yield a title and aligned columns."""
    yield title
    if not rows:
        return
    widths = [max(len(row[place]) for row in (header, *rows)) for place in range(len(header))]
    for row in (header, *rows):
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    if left > 0:
        yield f"  and {left} more; --json lists all"


def _decisions(found: Difference) -> Iterator[str]:
    planned = sum(decision.planned for decision in found.decisions)
    title = f"Decisions: {len(found.decisions)} changed, {planned} of them of the plan"
    rows = [
        ("plan" if each.planned else "other", each.what, each.before, each.after) for each in found.decisions[:SHOWN]
    ]
    return _section(title, ("of", "question", "before", "after"), rows, len(found.decisions) - SHOWN)


def _settings(found: Difference) -> Iterator[str]:
    rows = [(each.name, _short(each.before), _short(each.after)) for each in found.settings[:SHOWN]]
    title = f"Settings: {len(found.settings)} differ"
    return _section(title, ("setting", "before", "after"), rows, len(found.settings) - SHOWN)


def _runs(found: Difference) -> Iterator[str]:
    rows = [(each.loss, str(each.seed), each.before, each.after) for each in found.runs[:SHOWN]]
    title = f"Runs: {len(found.runs)} differ"
    return _section(title, ("loss", "seed", "before", "after"), rows, len(found.runs) - SHOWN)


def _files(found: Difference) -> Iterator[str]:
    rows = [(each.name, each.before[:12] or "absent", each.after[:12] or "absent") for each in found.files[:SHOWN]]
    title = f"Files that the analysis was made from: {len(found.files)} differ"
    return _section(title, ("file", "sha256 before", "after"), rows, len(found.files) - SHOWN)


def _scores(found: Difference) -> Iterator[str]:
    title = (
        f"Scores: {found.changed_scores} changed of {found.compared_scores} that both have; {found.rounded_scores} "
        "more by rounding alone"
    )
    header = ("loss", "seed", "metric", "changed", "largest change", "where", "before", "after")
    rows = [
        (*told, str(each.changed), _number(each.largest), each.where, each.before, each.after)
        for each in found.scores[:SHOWN]
        for told in [(each.loss, each.seed, each.metric)]
    ]
    return _section(title, header, rows, len(found.scores) - SHOWN)


def _statistics(found: Difference) -> Iterator[str]:
    title = (
        f"Statistics: {len(found.statistics)} changed of {found.compared_statistics} that both have; "
        f"{found.rounded_statistics} more by rounding alone"
    )
    counts = Counter(_part(each.key) for each in found.statistics)
    ranked = sorted(found.statistics, key=lambda each: _rank(_part(each.key)))
    rows = [(each.key, _short(each.before), _short(each.after), _number(each.absolute)) for each in ranked[:SHOWN]]
    yield from _section(title, ("statistic", "before", "after", "change"), rows, len(ranked) - SHOWN)
    if len(counts) > 1:
        told = ", ".join(f"{part} {counts[part]}" for part in sorted(counts, key=lambda part: (_rank(part), part)))
        yield f"  by part: {told}"


def _part(key: str) -> str:
    """Return the field of statistics.json in which something stands."""
    return re.split(r"[.\[]", key, maxsplit=1)[0]


def _rank(part: str) -> int:
    return FIRST.index(part) if part in FIRST else len(FIRST)


def _number(value: float) -> str:
    return "" if value != value else f"{value:.3g}"


def _short(value: Any, most: int = 40) -> str:
    text = "undefined" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= most else f"{text[: most - 1]}\N{HORIZONTAL ELLIPSIS}"
