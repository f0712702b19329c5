"""A share of counted cases in, the verdict on its rounding or on its grain out."""

from __future__ import annotations

from cxr_report.verify.text.grading.comparing import SLACK, shown_number
from cxr_report.verify.text.numbers import Number
from cxr_report.verify.text.recomputing.proportions import counts_of
from cxr_report.verify.text.statements import Share, Verdict

__all__ = ["grade_share"]


def grade_share(share: Share) -> Verdict:
    """Say whether a share is that of its count, or of any count of n cases (GRIM, doi 10.1177/1948550616673876).

    Example:
        >>> grade_share(Share("share", Number(0.927, 0.001), 224)).grade
        'inconsistent'
    """
    if share.count is not None:
        return _counted(share, share.count)
    if share.pooled:
        return Verdict("cannot be checked", "", "the text speaks of a mean over runs or classes, not of one count")
    counts = counts_of(share.value, share.n)
    if not counts:
        nearest = round(share.value.value * share.n)
        around = " and ".join(
            shown_number(count / share.n) for count in (nearest - 1, nearest) if 0 <= count <= share.n
        )
        return Verdict("inconsistent", "", f"no count of {share.n} cases gives it; near are {around}")
    if share.value.unit * share.n >= 1:
        return Verdict("cannot be checked", "", f"printed so coarsely, some count of {share.n} cases gives any value")
    return Verdict("consistent", f"{counts[0]} of {share.n}")


def _counted(share: Share, count: int) -> Verdict:
    true = count / share.n
    text = shown_number(true)
    if _rounds(share.value, true):
        return Verdict("consistent", text)
    if _rounds(share.value, count / (count + share.n)):
        return Verdict("cannot be checked", text, f"{count} to {share.n} may be two groups, not a part and the whole")
    if not share.name and not _near(share.value, true):
        return Verdict("cannot be checked", text, "far from that share: the per cent may be of something else")
    return Verdict("inconsistent", text, f"{count} of {share.n} is not the printed share")


def _rounds(value: Number, true: float) -> bool:
    return value.low - SLACK <= true <= value.high + SLACK


def _near(value: Number, true: float) -> bool:
    """Say whether two shares are so near that one was meant to be the other."""
    return abs(value.value - true) <= 0.1
