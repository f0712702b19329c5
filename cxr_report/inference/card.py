"""An exported file in; what it says of itself out: study, classes, task and how images must be brought to it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import cxr_report.inference.record as record
from cxr_report.data.images import fault_of
from cxr_report.data.square import Policy
from cxr_report.errors import Refusal, refuse_irregular, shown, unprintable
from cxr_report.inference.variants import ENTRY
from cxr_report.inference.wire import GRAPH_SHA256, Contents, contents
from cxr_report.metrics.catalogue import TASKS
from cxr_report.runs import RunFolder, read_json

__all__ = ["ARITHMETICS", "Card", "read", "refuse_damaged", "told"]

LARGEST = 1024
"""Side of an image in pixels up to which a study goes; a file that asks for more is none of this program's."""

ARITHMETICS = {"": "float32", "fp16": "half precision (fp16)", "int8": "eight-bit integers (int8)"}
"""Variant that a file names of itself, none being the exported graph -> what it computes in, in words."""


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
    variant: str
    """A key of `ARITHMETICS`."""


def read(file: Path) -> Card:
    """Read a model and hold it against the proof beside it, where it lies in the folder of its run.

    Args:
        file: an exported ``model.onnx`` or a variant of it, anywhere.

    Raises:
        Refusal: it is no ONNX file, was not exported by this program, has tensors in other files, is damaged, or is
            not the model whose hash the export.json or evaluation.json beside it records.
    """
    fault = fault_of(file)
    if fault:
        raise Refusal(f"{shown(file)}: {fault}; allowed: an ONNX file that `cxr-report export` wrote")
    whole = file.read_bytes()
    found = told(whole, where=shown(file))
    _check_proof(file, whole, found.metadata)
    card = _card(file, whole, found.metadata)
    refuse_damaged(found, where=shown(file))
    return card


def told(content: bytes, *, where: str) -> Contents:
    """Read what a file of this program says of itself.

    Args:
        content: bytes of an ONNX file.
        where: its name, for the message.

    Raises:
        Refusal: it is no ONNX file, was not exported by this program, or has tensors in other files.
    """
    try:
        found = contents(content)
    except ValueError as error:  # text that is no UTF-8 is such an error too
        raise Refusal(f"{where}: is damaged or no ONNX model ({error})") from None
    if found.external:
        raise Refusal(f"{where}: keeps weights in other files, which are never opened; allowed: all in one file")
    if found.metadata.get("program") != "cxr_report":
        raise Refusal(
            f"{where}: was not exported by cxr_report; without its metadata it is not known how to prepare images"
        )
    return found


def refuse_damaged(found: Contents, *, where: str) -> None:
    """Hold a graph against the hash that was written into its file when it was exported.

    Args:
        found: what the file says, and what it is.
        where: its name, for the message.

    Raises:
        Refusal: the file names no graph, or another one.
    """
    named = found.metadata.get(GRAPH_SHA256)
    if named is None:
        raise Refusal(f"{where}: its metadata lack {GRAPH_SHA256}; export it again")
    if named != found.graph_sha256:
        raise Refusal(
            f"{where}: is damaged: its graph is not the one that it names (sha256 {found.graph_sha256[:12]}, named is "
            f"{shown(named[:12])}); export it again"
        )


def _check_proof(file: Path, whole: bytes, metadata: Mapping[str, str]) -> None:
    """Hold a model or variant that has its name in a run's folder against the record beside it, where there is one."""
    run = RunFolder(file.parent, "", 0)
    variant = next((each for each in ARITHMETICS if each and file.name == run.graph(each).name), "")
    beside = run.evaluation_json if variant else run.export_json
    if not variant and file.name != run.onnx.name:
        return
    refuse_irregular(beside)  # a pipe would be waited for
    if not beside.exists():
        return
    if variant:
        noted = _entry(_entry(record.told(run), ENTRY), variant)
        _compare(file, whole, noted.get("graph_sha256"), f"that {shown(beside)} records", "evaluate")
        return
    proved = _object(read_json(beside))
    _compare(file, whole, proved.get("onnx_sha256"), f"that {shown(beside)} has proved", "export")
    if proved.get("weights_sha256") != metadata.get("weights_sha256"):
        raise Refusal(f"{shown(file)}: names other weights than {shown(beside)} does; run `cxr-report export` again")


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _entry(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return _object(value.get(name))


def _compare(file: Path, whole: bytes, recorded: object, which: str, stage: str) -> None:
    found = hashlib.sha256(whole).hexdigest()
    if recorded != found:
        raise Refusal(
            f"{shown(file)}: is not the model {which} (sha256 {found[:12]}, recorded is {shown(recorded)[:12]}); "
            f"run `cxr-report {stage}` again"
        )


def _card(file: Path, whole: bytes, metadata: Mapping[str, str]) -> Card:
    try:
        given, classes = json.loads(metadata["input"]), json.loads(metadata["classes"])
        if not isinstance(classes, list):
            raise TypeError(f"classes are {type(classes).__name__} and no list")
        card = Card(
            content=whole,
            study=metadata["study"],
            loss=metadata["loss"],
            seed=int(metadata["seed"]),
            task=metadata["task"],
            classes=tuple(classes),
            size=given["shape"][2],
            policy=given["resize"],
            variant=metadata.get("variant", ""),
        )
        fault = _fault(card, given)
    except KeyError as error:
        fault = f"lack {error.args[0]}"
    except (TypeError, ValueError, IndexError, RecursionError) as error:
        fault = f"cannot be read ({error})"
    if fault:
        raise Refusal(f"{shown(file)}: its metadata {shown(fault)}; export it again")
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
    if card.variant not in ARITHMETICS:
        return f"name the variant {card.variant!r}; allowed: fp16, int8, or none"
    if card.policy not in get_args(Policy):
        return f"name the resize policy {card.policy!r}; allowed: {', '.join(get_args(Policy))}"
    return ""
