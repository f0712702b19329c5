"""An SPDX identifier in, the text of LICENSE out."""

from __future__ import annotations

from collections.abc import Mapping

from cxr_report.errors import Refusal, nearest

__all__ = ["KNOWN", "check", "text"]

KNOWN: Mapping[str, tuple[str, str]] = {
    "CC-BY-4.0": (
        "Creative Commons Attribution 4.0 International",
        "https://creativecommons.org/licenses/by/4.0/legalcode",
    ),
    "CC-BY-SA-4.0": (
        "Creative Commons Attribution-ShareAlike 4.0 International",
        "https://creativecommons.org/licenses/by-sa/4.0/legalcode",
    ),
    "CC-BY-NC-4.0": (
        "Creative Commons Attribution-NonCommercial 4.0 International",
        "https://creativecommons.org/licenses/by-nc/4.0/legalcode",
    ),
    "CC-BY-NC-SA-4.0": (
        "Creative Commons Attribution-NonCommercial-ShareAlike 4.0 International",
        "https://creativecommons.org/licenses/by-nc-sa/4.0/legalcode",
    ),
    "CC-BY-ND-4.0": (
        "Creative Commons Attribution-NoDerivatives 4.0 International",
        "https://creativecommons.org/licenses/by-nd/4.0/legalcode",
    ),
    "CC0-1.0": (
        "Creative Commons Zero v1.0 Universal",
        "https://creativecommons.org/publicdomain/zero/1.0/legalcode",
    ),
    "ODC-By-1.0": (
        "Open Data Commons Attribution License v1.0",
        "https://opendatacommons.org/licenses/by/1-0/",
    ),
    "ODbL-1.0": (
        "Open Data Commons Open Database License v1.0",
        "https://opendatacommons.org/licenses/odbl/1-0/",
    ),
    "PDDL-1.0": (
        "Open Data Commons Public Domain Dedication & License 1.0",
        "https://opendatacommons.org/licenses/pddl/1-0/",
    ),
    "Apache-2.0": ("Apache License 2.0", "https://www.apache.org/licenses/LICENSE-2.0"),
    "BSD-3-Clause": ('BSD 3-Clause "New" or "Revised" License', "https://opensource.org/licenses/BSD-3-Clause"),
    "GPL-3.0-or-later": ("GNU General Public License v3.0 or later", "https://www.gnu.org/licenses/gpl-3.0.txt"),
    "MIT": ("MIT License", "https://opensource.org/licenses/MIT"),
}
"""SPDX identifier -> full name and address of the text, as the SPDX licence list has them. Chosen: those that data
archives offer, and three of programs."""

_FEW = ("CC-BY-4.0", "CC0-1.0", "CC-BY-NC-4.0", "ODbL-1.0", "MIT")


def check(licence: str) -> str:
    """Return a licence's identifier as SPDX writes it.

    Raises:
        Refusal: none is given, or it is none that is known here.

    Example:
        >>> check("cc-by-4.0")
        'CC-BY-4.0'
    """
    if not licence:
        raise Refusal(
            f"--licence: nobody may use what has no licence; name one by its SPDX identifier, such as {', '.join(_FEW)}"
        )
    folded = {name.casefold(): name for name in KNOWN}
    if licence.casefold() not in folded:
        raise Refusal(f"--licence {licence}: allowed are {', '.join(KNOWN)}{nearest(licence, KNOWN)}")
    return folded[licence.casefold()]


def text(licence: str, title: str, authors: tuple[str, ...]) -> str:
    """Write LICENSE: what is licensed, by whom, under which terms, and where these stand word by word.

    Args:
        licence: an identifier of `KNOWN`.
        title: of the study.
        authors: who license it.
    """
    name, address = KNOWN[licence]
    return (
        f"SPDX-License-Identifier: {licence}\n\n"
        f"{title}\nby {', '.join(authors)}\n\n"
        f"All files of this archive are licensed by the authors under the terms of the\n{name} ({licence}).\n"
        f"The terms stand word by word at\n{address}\n\n"
        "Images, where there are any, are those of the data's owners and stay under the terms of the data.\n"
    )
