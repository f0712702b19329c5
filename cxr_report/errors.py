"""What the program says when the input is at fault: one exception, one sentence, exit code 2."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["Refusal", "nearest"]


class Refusal(Exception):  # noqa: N818 - it is an answer to the user, not a failure of the program
    """The input is at fault.

    The message is one sentence (a list may follow it, one item a line) that names what is wrong, where it stands and
    what is allowed. The command line prints it and leaves with exit code 2.
    """


def nearest(word: str, known: Iterable[str]) -> str:
    """Say which known word the given one resembles, as a clause ready to be appended to a sentence.

    Args:
        word: what was written.
        known: what may be written.

    Returns:
        ``", did you mean 'x'"`` or an empty string where nothing is close.

    Example:
        >>> nearest("epoch", ["epochs", "batch_size"])
        ", did you mean 'epochs'"
    """
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f", did you mean '{close[0]}'" if close else ""
