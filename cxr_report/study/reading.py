"""A study file comes in, the resolved Study goes out, with the hashes of the files and functions that it names."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cxr_report.errors import Refusal
from cxr_report.study.faults import sentence
from cxr_report.study.sections import Loss
from cxr_report.study.whole import Study

__all__ = ["function_sha256", "load", "parse", "resolved_path"]


def load(path: Path) -> Study:
    """Read a study file and resolve it.

    Every default is filled in, and files and functions that it names are found and hashed.

    Args:
        path: a TOML file.

    Returns:
        The study; ``data.path`` and ``model.pretrained`` stay as written (see `resolved_path`).

    Raises:
        Refusal: one sentence with file, key, what is allowed and the nearest known key.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise Refusal(f"{path}: there is no such study file; `cxr-report init` writes one") from None
    except (OSError, UnicodeDecodeError) as error:
        raise Refusal(f"{path}: cannot be read as UTF-8 text ({error})") from None
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Refusal(f"{path}: is not valid TOML: {error}") from None
    raw.setdefault("name", path.stem)
    study = parse(raw, str(path))
    if not study.trained:
        raise Refusal(f"{path}: data.source: 'table' is no source of images; `cxr-report compare` reads tables")
    return _with_hashes(study, path)


def parse(raw: Mapping[str, Any], where: str) -> Study:
    """Check plain data against the study's rules.

    Args:
        raw: the content of a study file, or of the field ``study`` in a study.json.
        where: the file's name, for the message.

    Raises:
        Refusal: the first fault, in one sentence.
    """
    try:
        return Study.model_validate(dict(raw))
    except ValidationError as error:
        raise Refusal(f"{where}: {sentence(error)}") from None


def resolved_path(name: str, study_file: Path) -> Path:
    """Return where a path written in a study file lies: relative to that file, ``~`` expanded."""
    return (study_file.resolve().parent / Path(name).expanduser()).resolve()


def _with_hashes(study: Study, file: Path) -> Study:
    changes: dict[str, Any] = {}
    if study.model.pretrained is not None:
        weights = resolved_path(study.model.pretrained, file)
        if not weights.is_file():
            raise Refusal(f"{file}: model.pretrained: there is no file {study.model.pretrained}")
        sha = hashlib.sha256(weights.read_bytes()).hexdigest()
        changes["model"] = study.model.model_copy(update={"pretrained_sha256": sha})
    if study.model.function is not None:
        sha = function_sha256(study.model.function, file, "model.function")
        changes["model"] = changes.get("model", study.model).model_copy(update={"function_sha256": sha})
    losses = _hashed(study.losses, file, "losses")
    floor = study.noise_floor.model_copy(
        update={"identical": _hashed(study.noise_floor.identical, file, "noise_floor.identical")}
    )
    return study.model_copy(update={**changes, "losses": losses, "noise_floor": floor})


def _hashed(losses: Mapping[str, Loss], file: Path, section: str) -> dict[str, Loss]:
    found = {
        name: function_sha256(loss.function, file, f"{section}.{name}.function")
        for name, loss in losses.items()
        if loss.function is not None
    }
    return {
        name: loss.model_copy(update={"function_sha256": found[name]}) if name in found else loss
        for name, loss in losses.items()
    }


def function_sha256(reference: str, study_file: Path, key: str) -> str:
    """Hash the source file of ``package.module:name`` without running it.

    Args:
        reference: the function, findable from the study file's folder or the installed packages.
        study_file: the study file.
        key: where the reference stands, for the message.

    Raises:
        Refusal: the module cannot be found or is no Python source.
    """
    module = reference.partition(":")[0]
    folder = str(study_file.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        spec = None
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        raise Refusal(
            f"{study_file}: {key}: module {module!r} is found neither beside the study file nor among the "
            "installed packages"
        )
    return hashlib.sha256(Path(spec.origin).read_bytes()).hexdigest()
