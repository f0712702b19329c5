"""Names of losses as a table has them in, names of folders out, and the way back from what a user calls a loss."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from cxr_report.errors import Refusal, nearest
from cxr_report.study.whole import RESERVED

__all__ = ["folder_name", "loss_names", "resolved"]

LONGEST = 64
"""Letters of a name in a study."""


def folder_name(text: str, otherwise: str) -> str:
    """Write a name with the letters that a folder's name may have.

    Args:
        text: any text.
        otherwise: the name where nothing of the text is left.

    Example:
        >>> folder_name("Focal loss (γ = 2)", "loss"), folder_name("β", "loss")
        ('Focal-loss-2', 'loss')
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9._]+", "-", plain).strip("-._")[:LONGEST].rstrip("-._")
    return name or otherwise


def loss_names(labels: Sequence[str]) -> dict[str, str]:
    """Give every loss a name that can become a folder, different from all others in any case of letters.

    Args:
        labels: as the table has them, each once.

    Returns:
        Label -> name; a label that may be a folder's name keeps it.

    Example:
        >>> loss_names(["CE", "ce", "report"])
        {'CE': 'CE', 'ce': 'ce-2', 'report': 'loss-report'}
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for label in labels:
        bare = folder_name(label, "loss")
        bare = f"loss-{bare}" if RESERVED.fullmatch(bare) else bare
        name, number = bare, 1
        while name.lower() in taken:
            number += 1
            name = f"{bare[: LONGEST - 5]}-{number}"
        taken.add(name.lower())
        names[label] = name
    return names


def resolved(asked: str, names: Mapping[str, str], key: str) -> str:
    """Find the loss that a user means, by its label in the table or by its name in the study.

    Args:
        asked: what was written.
        names: label -> name.
        key: where it was written, for the message.

    Raises:
        Refusal: the table has no such loss.
    """
    if asked in names:
        return names[asked]
    if asked in names.values():
        return asked
    raise Refusal(f"{key}: {asked!r} is not among the losses of the table: {', '.join(names)}{nearest(asked, names)}")
