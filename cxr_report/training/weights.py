"""Weights and what is said of them in, the bytes of weights.safetensors out, and who a finished run is read back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cxr_report.errors import Refusal
from cxr_report.runs import RunFolder, StudyFolder, read_json

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["TENSORS", "encode", "finished", "metadata"]

TENSORS = "tensors_sha256"
"""The key in the metadata under which the hash of everything else in the file stands."""


def encode(weights: Mapping[str, Tensor], metadata: Mapping[str, str]) -> bytes:
    """Write tensors as a .safetensors file whose bytes depend on the arguments alone.

    The library writes the metadata in an order that changes from process to process, so the header is written anew. It
    also gets the hash of the tensors, by which a file that changed on the disk is known.

    Args:
        weights: name -> contiguous tensor on the CPU.
        metadata: name -> text.
    """
    from safetensors.torch import save

    header, body = _parts(save(dict(weights)))
    header["__metadata__"] = dict(sorted({**metadata, TENSORS: _tensors_sha256(header, body)}.items()))
    text = json.dumps(dict(sorted(header.items())), separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + body


def finished(run: RunFolder, identity: str, folder: StudyFolder) -> bool:
    """Say whether a run is finished: it has weights, or a trial's score, or it diverged, and is the one asked for.

    Args:
        run: the run's folder.
        identity: of the run that the study asks for.
        folder: the study, for the message.

    Raises:
        Refusal: the run is finished, but is another one, and both files are named; or its weights are damaged.
    """
    if run.weights.exists():
        file, told = run.weights, metadata(run).get("identity", "")
    elif run.diverged.exists() or run.trial.exists():
        file = run.diverged if run.diverged.exists() else run.trial
        content = read_json(file)
        if not isinstance(content, dict):
            raise Refusal(f"{file}: records no identity; delete it and run the same command again")
        told = str(content.get("identity"))
    else:
        return False
    if told != identity:
        raise Refusal(
            f"{folder.relative(file)} is run {told[:12]}, but {folder.relative(folder.study_json)} with "
            f"{folder.relative(folder.data_json)} asks for run {identity[:12]}: data, model, training or loss differ; "
            f"delete {run.path} to train it again, or give the study another name"
        )
    return True


def metadata(run: RunFolder) -> dict[str, str]:
    """Return what is said of a run's weights, once the file is known to be whole.

    Raises:
        Refusal: the file is damaged.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(run.weights, framework="numpy") as file:
            told: dict[str, str] = file.metadata() or {}
    except SafetensorError as error:
        raise Refusal(f"{run.weights}: is damaged ({error}); delete it and run the same command again") from None
    if TENSORS in told and told[TENSORS] != _tensors_sha256(*_parts(run.weights.read_bytes())):
        raise Refusal(
            f"{run.weights}: is damaged (the tensors do not match the hash {TENSORS} in its header); "
            "delete it and run the same command again"
        )
    return told


def _parts(content: bytes) -> tuple[dict[str, Any], bytes]:
    """Split a .safetensors file into its header without metadata, and the bytes of the tensors."""
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    header.pop("__metadata__", None)
    return header, content[8 + length :]


def _tensors_sha256(header: Mapping[str, Any], body: bytes) -> str:
    return hashlib.sha256(json.dumps(header, sort_keys=True).encode() + body).hexdigest()
