"""What the program says when the input is at fault: one exception, one sentence, exit code 2."""

from __future__ import annotations

import difflib
import errno
import os
import re
from collections.abc import Iterable
from pathlib import Path

__all__ = ["Refusal", "keeps_files", "nearest", "obstacle", "refuse_irregular", "shown", "unprintable"]

OBSTACLES = frozenset(
    {
        errno.EACCES, errno.EDQUOT, errno.EEXIST, errno.EFBIG, errno.EIO, errno.EISDIR, errno.ELOOP, errno.EMFILE,
        errno.ENAMETOOLONG, errno.ENFILE, errno.ENOSPC, errno.ENOTDIR, errno.ENOTEMPTY, errno.EPERM, errno.EROFS,
    }
)  # fmt: skip
"""What a disk or its rights may be at fault for; that a file is not there is no such thing, unless it was expected."""

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
"""Control characters, line ends, halves of characters (what stands for bytes that are no UTF-8), and no characters."""

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff]")
"""What a terminal obeys in place of showing it: the above, and the marks that turn the direction of writing."""


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
    folded = {name.casefold(): name for name in reversed(list(known))}  # of two, the first one stays
    close = difflib.get_close_matches(word.casefold(), list(reversed(folded)), n=1, cutoff=0.6)
    return f", did you mean '{folded[close[0]]}'" if close else ""


def unprintable(text: str) -> str:
    """Name the first character of a text that no page and no file's name can show, or nothing where all can be shown.

    Example:
        >>> unprintable("focal" + chr(9)), unprintable("Focal (γ = 2)")
        ('U+0009', '')
    """
    found = _UNPRINTABLE.search(text)
    return f"U+{ord(found[0]):04X}" if found else ""


def shown(name: object) -> str:
    r"""Write a name that somebody else chose, of a file or in one, so that no character of it steers a terminal.

    Args:
        name: a path, or a text.

    Returns:
        The same text with control characters, line ends and marks of direction as Python writes them.

    Example:
        >>> print(shown("scan" + chr(27) + "[2J" + chr(0x202E) + ".png"), shown("흉부 (γ = 2).png"))
        scan\x1b[2J\u202e.png 흉부 (γ = 2).png
    """
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), str(name))


def refuse_irregular(file: Path) -> None:
    """Refuse a path at which something else than a regular file lies: a folder, a pipe, a device.

    What is read twice, or replaced whole, cannot be a pipe. A path at which nothing lies is let pass.

    Raises:
        Refusal: it is none.
    """
    if file.exists() and not file.is_file():
        kind = "a folder" if file.is_dir() else "a pipe or a device"
        raise Refusal(f"{shown(file)}: is no regular file but {kind}; allowed: a file on a disk")


def keeps_files(folder: Path) -> bool:
    """Say whether a folder lies on something that files can be kept on; those that the kernel makes up have no blocks.

    Example:
        >>> keeps_files(Path("/"))
        True
    """
    return os.statvfs(folder).f_blocks > 0


def obstacle(error: OSError) -> str:
    """Say in one sentence what the disk or its rights refused, or nothing where the program itself may be at fault.

    Example:
        >>> obstacle(OSError(errno.ENOSPC, "No space left on device", "runs/x"))
        'runs/x: no space left on device; make room or give access, and the same command goes on from there'
        >>> obstacle(FileNotFoundError(errno.ENOENT, "No such file or directory", "x"))
        ''
    """
    if error.errno == errno.ENOENT:
        return _nowhere(error)
    if error.errno not in OBSTACLES:
        return ""
    where = error.filename2 or error.filename or "the disk"
    reason = error.strerror or type(error).__name__
    shown = where.decode(errors="replace") if isinstance(where, bytes) else where
    return (
        f"{shown}: {reason[0].lower()}{reason[1:]}; make room or give access, and the same command goes on from there"
    )


def _nowhere(error: OSError) -> str:
    """Say that a path cannot come to be: the working directory is gone, or it lies where nothing can be kept."""
    try:
        Path.cwd()
    except FileNotFoundError:
        return "the working directory is no longer there; change into a folder that is, and run the same command again"
    if not isinstance(error.filename, str) or not error.filename:
        return ""
    there = Path(error.filename).absolute()
    while not there.exists():
        there = there.parent
    if keeps_files(there):
        return ""
    return f"{error.filename}: no file can be kept in {there}; name a folder on a disk"
