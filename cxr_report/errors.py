"""What the program says when the input is at fault: one exception, one sentence, exit code 2."""

from __future__ import annotations

import difflib
import errno
from collections.abc import Iterable

__all__ = ["Refusal", "nearest", "obstacle"]

OBSTACLES = frozenset(
    {
        errno.EACCES, errno.EDQUOT, errno.EEXIST, errno.EFBIG, errno.EIO, errno.EISDIR, errno.ELOOP, errno.EMFILE,
        errno.ENAMETOOLONG, errno.ENFILE, errno.ENOSPC, errno.ENOTDIR, errno.ENOTEMPTY, errno.EPERM, errno.EROFS,
    }
)  # fmt: skip
"""What a disk or its rights may be at fault for; that a file is not there is no such thing, unless it was expected."""


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


def obstacle(error: OSError) -> str:
    """Say in one sentence what the disk or its rights refused, or nothing where the program itself may be at fault.

    Example:
        >>> obstacle(OSError(errno.ENOSPC, "No space left on device", "runs/x"))
        'runs/x: no space left on device; make room or give access, and the same command goes on from there'
        >>> obstacle(FileNotFoundError(errno.ENOENT, "No such file or directory", "x"))
        ''
    """
    if error.errno not in OBSTACLES:
        return ""
    where = error.filename2 or error.filename or "the disk"
    reason = error.strerror or type(error).__name__
    shown = where.decode(errors="replace") if isinstance(where, bytes) else where
    return (
        f"{shown}: {reason[0].lower()}{reason[1:]}; make room or give access, and the same command goes on from there"
    )
