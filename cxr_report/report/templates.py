"""Where the templates lie: in the installed package, or beside the package in a checkout."""

from __future__ import annotations

from pathlib import Path

import cxr_report
from cxr_report.errors import Refusal

__all__ = ["find"]


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
