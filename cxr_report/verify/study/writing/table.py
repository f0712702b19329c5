"""A verification in, what a terminal shows out: a line per step, a line per difference, the answer last."""

from __future__ import annotations

from cxr_report.verify.study.difference import Verified

__all__ = ["answer", "text_table"]

HEADS = ("step", "checked", "differences")


def text_table(found: Verified) -> str:
    """Write the steps as a table, then what each has to say, then the differences.

    Example:
        >>> print(text_table(Verified("runs/x", "folder", "1.0", (), ("the models",))).splitlines()[-1])
        runs/x agrees: 0 things checked, nothing differs
    """
    rows = [HEADS, *((step.name, f"{step.checked} {step.unit}", str(len(step.differences))) for step in found.steps)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEADS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    for step in found.steps:
        lines += ["", f"{step.name}:", *(f"  - {_flat(fact)}" for fact in step.facts)] if step.facts else []
    lines += ["", "out of reach:", *(f"  - {each}" for each in found.out_of_reach)]
    if found.notices:
        lines += ["", "last digits that differ, as between two processors:"]
        lines += [f"  {_flat(each.line())}" for each in found.notices]
    if found.differences:
        lines += ["", "differences:", *(f"  {_flat(each.line())}" for each in found.differences)]
    return "\n".join([*lines, "", answer(found)])


def answer(found: Verified) -> str:
    """Say in one line whether everything agrees."""
    checked = sum(step.checked for step in found.steps)
    if found.agrees:
        return f"{_flat(found.name)} agrees: {checked} things checked, nothing differs"
    decisions = sum(bool(each.decision) for each in found.differences)
    touched = f"{decisions} of which touch a decision" if decisions > 1 else "one of which touches a decision"
    touched = touched if decisions else "none of which touches a decision"
    return f"{_flat(found.name)} does not agree: differences: {len(found.differences)}, {touched}"


def _flat(text: str) -> str:
    """Keep a text of somebody else's on one line, and from steering the terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
