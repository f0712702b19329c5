"""Weights and what is said of them in, the bytes of weights.safetensors out, and who a finished run is read back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from cxr_report.errors import Refusal
from cxr_report.runs import RunFolder, StudyFolder, read_json

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["encode", "finished"]


def encode(weights: Mapping[str, Tensor], metadata: Mapping[str, str]) -> bytes:
    """Write tensors as a .safetensors file whose bytes depend on the arguments alone.

    The library writes the metadata in an order that changes from process to process, so the header is written anew.

    Args:
        weights: name -> contiguous tensor on the CPU.
        metadata: name -> text.
    """
    from safetensors.torch import save

    content = save(dict(weights), dict(metadata))
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    header["__metadata__"] = dict(sorted(metadata.items()))
    text = json.dumps(dict(sorted(header.items())), separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + content[8 + length :]


def finished(run: RunFolder, identity: str, folder: StudyFolder) -> bool:
    """Say whether a run is finished: it has weights, or it diverged, and is the run that the study asks for.

    Args:
        run: the run's folder.
        identity: of the run that the study asks for.
        folder: the study, for the message.

    Raises:
        Refusal: the run is finished, but is another one; both files are named.
    """
    if run.weights.exists():
        file, told = run.weights, _weights_identity(run)
    elif run.diverged.exists():
        file, told = run.diverged, str(read_json(run.diverged).get("identity"))
    else:
        return False
    if told != identity:
        raise Refusal(
            f"{folder.relative(file)} is run {told[:12]}, but {folder.relative(folder.study_json)} with "
            f"{folder.relative(folder.data_json)} asks for run {identity[:12]}: data, model, training or loss differ; "
            f"delete {run.path} to train it again, or give the study another name"
        )
    return True


def _weights_identity(run: RunFolder) -> str:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(run.weights, framework="numpy") as file:
            metadata: dict[str, str] = file.metadata() or {}
    except SafetensorError as error:
        raise Refusal(f"{run.weights}: is damaged ({error}); delete it and run the same command again") from None
    return metadata.get("identity", "")
