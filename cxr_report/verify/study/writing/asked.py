"""What the command line asks for; a refusal before anything is read where that cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cxr_report.errors import Refusal, nearest
from cxr_report.verify.text import refuse_target

__all__ = ["FORMS", "refuse_options"]

FORMS = ("text", "github")
"""How a verification may be printed."""


def refuse_options(source: Path, form: str, targets: Mapping[str, Path | None]) -> None:
    """Refuse another form than those that are known, and files that cannot be written or lie in what is verified.

    Args:
        source: what is verified.
        form: how it shall be printed.
        targets: option -> file, None = not asked for.

    Raises:
        Refusal: one of them is at fault.
    """
    if form not in FORMS:
        raise Refusal(f"--format takes {' or '.join(FORMS)}, got {form!r}{nearest(form, FORMS)}")
    for option, target in targets.items():
        refuse_target(target, option, source)
        if target is not None and source.is_dir() and target.resolve().is_relative_to(source.resolve()):
            raise Refusal(f"{option} {target}: lies in the folder that is verified; name a file elsewhere")
