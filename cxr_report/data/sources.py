"""The data section of a study in, the Listing of its source out, whichever source it is."""

from __future__ import annotations

from pathlib import Path

from cxr_report.data.folder import list_folder
from cxr_report.data.listing import Kind, Listing
from cxr_report.data.manifest import list_manifest
from cxr_report.data.medmnist import list_medmnist
from cxr_report.data.phantom import list_phantom
from cxr_report.errors import Refusal
from cxr_report.study import Data, resolved_path

__all__ = ["list_source"]


def list_source(data: Data, study_file: Path, *, task: Kind, key: str = "data") -> Listing:
    """List what a source holds, without decoding an image.

    Args:
        data: the section; its path is relative to the study file.
        study_file: the study file.
        task: what the labels are.
        key: where the section stands in the file, for the message.

    Raises:
        Refusal: the source is missing or its layout is at fault.
    """
    try:
        if data.source == "phantom":
            return list_phantom(data, task=task)
        path = resolved_path(data.path, study_file)
        sources = {"folder": list_folder, "manifest": list_manifest, "medmnist": list_medmnist}
        return sources[data.source](data, path, task=task)
    except Refusal as refusal:
        if str(refusal).startswith("data."):
            raise Refusal(f"{study_file}: {key}{str(refusal).removeprefix('data')}") from None
        raise
