"""Whether the PDF can be set at all: WeasyPrint is asked for Pango before any work."""

from __future__ import annotations

import importlib
import warnings

from cxr_report.errors import Refusal

__all__ = ["check_pango"]

SENTENCE = (
    "the PDF needs the library Pango, which is missing or too old here ({reason}); install it: "
    "on Debian or Ubuntu `apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0`, "
    "on macOS `brew install pango`, "
    "on Windows MSYS2 and then, in its shell, `pacman -S mingw-w64-x86_64-pango`"
)


def check_pango() -> None:
    """Ask whether WeasyPrint finds Pango.

    Raises:
        Refusal: it does not; one sentence says what to install on which system.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # without harfbuzz-subset it warns and cuts fonts down by itself
            importlib.import_module("weasyprint")
    except (OSError, AttributeError) as error:  # AttributeError: a Pango without a function that it looks up
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        raise Refusal(SENTENCE.format(reason=reason)) from None
