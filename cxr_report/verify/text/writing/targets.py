"""A file that is to be written in; a refusal before anything is read where that cannot be."""

from __future__ import annotations

from pathlib import Path

from cxr_report.errors import Refusal, keeps_files, refuse_irregular

__all__ = ["refuse_target"]


def refuse_target(target: Path | None, option: str, source: Path) -> None:
    """Refuse a file that cannot be written, or that is the one to be read; None is let pass.

    Raises:
        Refusal: its folder is missing or keeps no files, something else lies there, or it is the source.

    Example:
        >>> refuse_target(None, "--json", Path("paper.pdf"))
    """
    if target is None:
        return
    refuse_irregular(target)
    folder = target.absolute().parent
    if not folder.is_dir():
        raise Refusal(f"{option} {target}: there is no folder {folder}; make it, or name a file in one that is there")
    if not keeps_files(folder):
        raise Refusal(f"{option} {target}: no file can be kept in {folder}; name a folder on a disk")
    if str(source) != "-" and target.resolve() == source.resolve():
        raise Refusal(f"{option} {target}: is the file that is read; name another one")
