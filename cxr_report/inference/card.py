"""An exported file in; what it says of itself out: study, classes, task and how images must be brought to it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from cxr_report.data.images import fault_of
from cxr_report.data.square import Policy
from cxr_report.errors import Refusal, unprintable
from cxr_report.inference.wire import contents
from cxr_report.metrics.catalogue import TASKS
from cxr_report.runs import RunFolder, read_json

__all__ = ["Card", "read"]

LARGEST = 1024
"""Side of an image in pixels up to which a study goes; a file that asks for more is none of this program's."""


@dataclass(frozen=True, slots=True)
class Card:
    """A model file and what its metadata say."""

    content: bytes
    """Of the file."""
    study: str
    loss: str
    seed: int
    task: str
    """``binary``, ``multiclass`` or ``multilabel``."""
    classes: tuple[str, ...]
    """In the order of the logits."""
    size: int
    """Side of the square image in pixels."""
    policy: Policy
    """How an image of another shape becomes a square."""


def read(file: Path) -> Card:
    """Read a model and hold it against the proof beside it, where it lies in the folder of its run.

    Args:
        file: an exported ``model.onnx``, anywhere.

    Raises:
        Refusal: it is no ONNX file, was not exported by this program, has tensors in other files, or is not the model
            whose hash the export.json beside it records.
    """
    fault = fault_of(file)
    if fault:
        raise Refusal(f"{file}: {fault}; allowed: an ONNX file that `cxr-report export` wrote")
    whole = file.read_bytes()
    try:
        told = contents(whole)
    except ValueError as error:  # text that is no UTF-8 is such an error too
        raise Refusal(f"{file}: is damaged or no ONNX model ({error})") from None
    if told.external:
        raise Refusal(f"{file}: keeps weights in other files, which are never opened; allowed: all in one file")
    if told.metadata.get("program") != "cxr_report":
        raise Refusal(
            f"{file}: was not exported by cxr_report; without its metadata it is not known how to prepare images"
        )
    _check_proof(file, whole, told.metadata)
    return _card(file, whole, told.metadata)


def _check_proof(file: Path, whole: bytes, metadata: Mapping[str, str]) -> None:
    run = RunFolder(file.parent, "", 0)
    if file.name != run.onnx.name or not run.export_json.exists():
        return
    told = read_json(run.export_json)
    proved = told if isinstance(told, dict) else {}
    found = hashlib.sha256(whole).hexdigest()
    if proved.get("onnx_sha256") != found:
        raise Refusal(
            f"{file}: is not the model that {run.export_json} has proved (sha256 {found[:12]}, recorded is "
            f"{str(proved.get('onnx_sha256'))[:12]}); run `cxr-report export` again"
        )
    if proved.get("weights_sha256") != metadata.get("weights_sha256"):
        raise Refusal(f"{file}: names other weights than {run.export_json} does; run `cxr-report export` again")


def _card(file: Path, whole: bytes, metadata: Mapping[str, str]) -> Card:
    try:
        given, classes = json.loads(metadata["input"]), json.loads(metadata["classes"])
        card = Card(
            content=whole,
            study=metadata["study"],
            loss=metadata["loss"],
            seed=int(metadata["seed"]),
            task=metadata["task"],
            classes=tuple(classes),
            size=given["shape"][2],
            policy=given["resize"],
        )
        fault = _fault(card, given)
    except KeyError as error:
        fault = f"lack {error.args[0]}"
    except (TypeError, ValueError, IndexError, RecursionError) as error:
        fault = f"cannot be read ({error})"
    if fault:
        raise Refusal(f"{file}: its metadata {fault}; export it again")
    return card


def _fault(card: Card, given: Any) -> str:
    names = card.classes
    if card.task not in TASKS:
        return f"name the task {card.task!r}; allowed: {', '.join(TASKS)}"
    if not all(isinstance(name, str) and name and not unprintable(name) for name in names) or len(set(names)) < len(
        names
    ):
        return "must name every class once, in words"
    if len(names) < (1 if card.task == "multilabel" else 2) or (card.task == "binary" and len(names) != 2):
        return f"name {len(names)} classes for a {card.task} task"
    if not isinstance(card.size, int) or not 1 <= card.size <= LARGEST:
        return f"ask for images of {card.size!r} pixels; allowed: 1 to {LARGEST}"
    if given["shape"] != ["N", 1, card.size, card.size] or given["dtype"] != "uint8":
        return f"ask for {given['dtype']} images of shape {given['shape']}; allowed: uint8, (N, 1, S, S)"
    if card.policy not in get_args(Policy):
        return f"name the resize policy {card.policy!r}; allowed: {', '.join(get_args(Policy))}"
    return ""
