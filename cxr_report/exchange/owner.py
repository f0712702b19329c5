"""Whose machine this is: user, host, home folder and other paths out, as what a published file must not say."""

from __future__ import annotations

import contextlib
import getpass
import os
import re
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Owner", "here"]

ORDINARY = frozenset(
    {
        "admin", "administrator", "data", "default", "demo", "guest", "home", "host", "local", "localhost", "main",
        "node", "nobody", "root", "runner", "server", "test", "ubuntu", "user", "work",
    }
)  # fmt: skip
"""Chosen: names of users and hosts that thousands have and that stand in ordinary text too; they identify nobody."""

SHORTEST = 3
"""Chosen: shorter names of users and hosts stand in any text by chance."""


@dataclass(frozen=True, slots=True)
class Owner:
    """What tells one machine and its user from others."""

    names: tuple[tuple[str, str], ...]
    """What it is (``user name``, ``host name``) and the name; ordinary ones are left out."""
    folders: tuple[str, ...]
    """Absolute paths: the home folder, the study's own, the temporary one."""


def here(study: Path) -> Owner:
    """Ask the machine who it is.

    Args:
        study: the folder of a study, whose absolute path is one of the secrets.
    """
    named = [("user name", name) for name in _users()] + [("host name", name) for name in _hosts()]
    kept = tuple(dict.fromkeys(each for each in named if _telling(each[1])))
    folders = (Path.home(), study.resolve().parent, Path.cwd(), Path(tempfile.gettempdir()))
    return Owner(kept, tuple(dict.fromkeys(str(each) for each in folders if len(each.parts) > 1)))


def _telling(name: str) -> bool:
    return len(name) >= SHORTEST and name.casefold() not in ORDINARY and re.search(r"[^\W\d]", name) is not None


def _users() -> list[str]:
    names = [os.environ.get(key, "") for key in ("USER", "LOGNAME", "USERNAME", "SUDO_USER")]
    with contextlib.suppress(KeyError, OSError):  # in a container a user may have no name
        names.append(getpass.getuser())
    return [*names, Path.home().name]


def _hosts() -> list[str]:
    """Return the host's name, whole and without its domain; no name server is asked."""
    names = [socket.gethostname(), os.environ.get("HOSTNAME", "")]
    return [part for name in names for part in (name, name.partition(".")[0])]
