"""A verification in, a page that can be filed with a review out: no script, nothing from elsewhere, all escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from cxr_report.verify.study.difference import Difference, Step, Verified
from cxr_report.verify.study.writing.table import answer

__all__ = ["page"]

_STYLE = """
body { font: 16px/1.55 Georgia, serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
body { color: #1a1a1a; background: #fff }
h1, h2 { line-height: 1.3 } h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2rem }
table { border-collapse: collapse; width: 100%; font-size: .88rem }
th, td { border-bottom: 1px solid #ccc; padding: .25rem .6rem; text-align: left; vertical-align: top }
td { overflow-wrap: anywhere }
p.good { border-left: .4rem solid #2e7d32; padding-left: .8rem }
p.bad { border-left: .4rem double #b00020; padding-left: .8rem }
"""


def page(found: Verified) -> str:
    """Write the record of a verification.

    Example:
        >>> "agrees" in page(Verified("runs/x", "folder", "1.0", (), ()))
        True
    """
    title = _safe(f"Verification of {found.name}")
    steps = [("Step", "Checked", "Differences")]
    steps += [(step.name, f"{step.checked} {step.unit}", str(len(step.differences))) for step in found.steps]
    return "\n".join(
        [
            "<!DOCTYPE html>",
            "<html lang='en'><head><meta charset='utf-8'>",
            "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; style-src 'unsafe-inline'\">",
            "<meta name='viewport' content='width=device-width, initial-scale=1'>",
            f"<title>{title}</title><style>{_STYLE}</style></head><body><main>",
            f"<h1>{title}</h1>",
            f"<p class='{'good' if found.agrees else 'bad'}'>{_safe(answer(found))}.</p>",
            f"<p>Made by cxr_report {_safe(found.program)} from a {_safe(found.kind)}, without any network.</p>",
            "<h2>Differences</h2>",
            _differences(found.differences),
            "<h2>Steps</h2>",
            _table(steps),
            *map(_facts, found.steps),
            *(["<h2>Last digits that differ</h2>", _differences(found.notices)] if found.notices else []),
            "<h2>Out of reach</h2>",
            _list(found.out_of_reach),
            "</main></body></html>",
            "",
        ]
    )


def _safe(text: str) -> str:
    """Escape a text, without the characters that no page may hold."""
    return escape("".join(letter if letter.isprintable() or letter in "\n\t" else " " for letter in text))


def _differences(found: Iterable[Difference]) -> str:
    rows = [("Where", "Stands there", "Recomputed", "Why it matters", "Decision")]
    rows += [(each.where, each.printed, each.recomputed, each.why, each.decision or "none changes") for each in found]
    return _table(rows) if len(rows) > 1 else "<p>None.</p>"


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    head, *body = ("".join(f"<{tag}>{_safe(cell)}</{tag}>" for cell in row) for tag, row in _tagged(rows))
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(f'<tr>{row}</tr>' for row in body)}</tbody></table>"


def _tagged(rows: Sequence[tuple[str, ...]]) -> Iterable[tuple[str, tuple[str, ...]]]:
    return ((("td" if number else "th"), row) for number, row in enumerate(rows))


def _facts(step: Step) -> str:
    return f"<h2>{_safe(step.name)}</h2>{_list(step.facts)}" if step.facts else ""


def _list(lines: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{_safe(line)}</li>' for line in lines)}</ul>"
