"""Where the templates lie: in the installed package, beside it in a checkout, or in a folder of the user's own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import cxr_report
from cxr_report.errors import Refusal
from cxr_report.runs import StudyFolder, write_bytes
from cxr_report.study import Study

__all__ = ["check", "find", "own", "take"]

ENDINGS = (".j2", ".css", ".js")
"""What a template is called."""

LARGEST = 2**20
"""Chosen: bytes of all templates of a folder; those of the package are a tenth of it."""


def find() -> Path:
    """Return the folder of templates.

    Raises:
        Refusal: neither place holds it, so the installation is damaged.
    """
    package = Path(cxr_report.__file__).parent
    places = (package / "templates", package.parent / "templates")
    for place in places:
        if (place / "report.html.j2").is_file():
            return place
    looked = " and ".join(f"{place.parent.name}/{place.name}" for place in places)
    raise Refusal(f"the report's templates are missing (looked in {looked}); install cxr_report again")


def own(study: Study, folder: StudyFolder) -> Path | None:
    """Return the folder of the study's own templates, which were copied into its run folder; None: it has none.

    Raises:
        Refusal: the study has some, and the copy is not there.
    """
    if not study.report.templates:
        return None
    if not folder.templates.is_dir():
        raise Refusal(
            f"{folder.templates}: is missing, and report.templates = {study.report.templates!r} asks for it; put it "
            "back, or run `cxr-report run STUDY.TOML` again, which copies the templates there"
        )
    return folder.templates


def check(study: Study, study_file: Path) -> dict[str, bytes]:
    """Read the study's own templates from where the study file says.

    Args:
        study: what is asked.
        study_file: the TOML file, beside or above the templates.

    Returns:
        Name -> content of every template; empty where the study has none of its own.

    Raises:
        Refusal: the folder is missing, lies outside of the study file's folder, or holds what is no template.
    """
    asked = study.report.templates
    if not asked:
        return {}
    home = study_file.resolve().parent
    place = (home / asked).resolve()
    if Path(asked).is_absolute() or home not in place.parents:
        raise Refusal(
            f"report.templates = {asked!r}: leads out of the study file's folder; allowed: a folder below it, by its "
            "relative path"
        )
    if not place.is_dir():
        raise Refusal(f"report.templates = {asked!r}: there is no such folder beside {study_file.name}")
    found = dict(sorted(_templates(place, asked)))
    if not found:
        known = ", ".join(sorted(file.name for file in find().iterdir() if file.suffix in ENDINGS))
        raise Refusal(
            f"report.templates = {asked!r}: holds no template; allowed: {known}, or others that these include"
        )
    return found


def _templates(place: Path, asked: str) -> Iterator[tuple[str, bytes]]:
    total = 0
    with os.scandir(place) as entries:
        for entry in entries:
            if not entry.name.endswith(ENDINGS):
                continue
            if not entry.is_file(follow_symlinks=False):
                raise Refusal(f"report.templates = {asked!r}: {entry.name} is no plain file, but a link or a folder")
            total += entry.stat().st_size
            if total > LARGEST:
                raise Refusal(f"report.templates = {asked!r}: its templates are larger than {LARGEST} bytes together")
            yield entry.name, Path(entry.path).read_bytes()


def take(study: Study, study_file: Path, folder: StudyFolder) -> None:
    """Copy the study's own templates into its run folder, so that this alone is enough to make the report again.

    Raises:
        Refusal: as `check`.
    """
    found = check(study, study_file)
    for file in sorted(folder.templates.iterdir()) if folder.templates.is_dir() else ():
        if file.name not in found:
            file.unlink()
    for name, content in found.items():
        file = folder.templates / name
        if not file.is_file() or file.read_bytes() != content:
            write_bytes(file, content)
    if not found and folder.templates.is_dir():
        folder.templates.rmdir()
