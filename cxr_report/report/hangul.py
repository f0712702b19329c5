"""The Korean font of a report: where Debian's fonts-nanum or a wheel has put it, or one sentence on how to get it."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from cxr_report.errors import Refusal

__all__ = ["FAMILY", "breadth", "faces", "require", "spoken"]

FAMILY = "NanumMyeongjo"
"""The name under which page and figures know the Korean font, whichever of `FILES` it is."""

FILES = (("NanumMyeongjo.ttf", "NanumMyeongjoBold.ttf"), ("NanumGothic.ttf", "NanumGothicBold.ttf"))
"""Regular and bold; a font with serifs stands better beside STIX."""

WHEEL = "koreanize_matplotlib"
"""A package of PyPI that ships NanumGothic; it is never imported, for that changes matplotlib."""

SYLLABLES = ("\uac00", "\ud7a3")


def spoken(text: str) -> bool:
    """Say whether a text has Hangul syllables in it.

    Example:
        >>> spoken("AUROC"), spoken("민감도")
        (False, True)
    """
    return any(SYLLABLES[0] <= character <= SYLLABLES[1] for character in text)


def breadth(text: str) -> int:
    """Return how many Latin letters a text is as broad as; a Hangul syllable counts as two.

    Example:
        >>> breadth("AUROC"), breadth("민감도")
        (5, 6)
    """
    return sum(2 if spoken(character) else 1 for character in text)


def faces() -> tuple[Path, Path] | None:
    """Return the files of the regular and the bold font; None where neither font is installed whole."""
    folders = list(_folders())
    for names in FILES:
        found = [next((file for folder in folders for file in _files(folder, name)), None) for name in names]
        if found[0] is not None:
            return found[0], found[1] or found[0]
    return None


def require(language: str) -> None:
    """Ask for the font of a language before anything is computed.

    Raises:
        Refusal: it is not installed.
    """
    if language == "ko" and faces() is None:
        raise Refusal(
            "report.language: 'ko' needs the font NanumMyeongjo or NanumGothic, which is not installed; install it "
            "(Debian and Ubuntu: apt install fonts-nanum; anywhere: pip install koreanize-matplotlib)"
        )


def _folders() -> Iterator[Path]:
    home = Path.home()
    yield from (home / ".fonts", home / ".local/share/fonts", Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
    if sys.platform == "darwin":
        yield from (home / "Library/Fonts", Path("/Library/Fonts"), Path("/System/Library/Fonts"))
    if sys.platform == "win32":
        yield Path(os.environ.get("WINDIR", "C:/Windows")) / "Fonts"
    spec = importlib.util.find_spec(WHEEL)
    for place in (spec.submodule_search_locations or ()) if spec is not None else ():
        yield Path(place)


def _files(folder: Path, name: str) -> Iterator[Path]:
    yield from sorted(folder.rglob(name)) if folder.is_dir() else ()
