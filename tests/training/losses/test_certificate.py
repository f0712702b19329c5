"""Every loss and its gradient against the definition with 50 right digits, which certificate.json holds."""

from __future__ import annotations

import importlib.util
import inspect
import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from cxr_report.losses import CATALOGUE, SOFTMAX
from cxr_report.training.losses import FUNCTIONS

HERE = Path(__file__).parent
CERTIFICATE: dict[str, Any] = json.loads((HERE / "certificate.json").read_text(encoding="utf-8"))
ENTRIES: list[dict[str, Any]] = CERTIFICATE["entries"]
MATERIAL: dict[str, Any] = json.loads((HERE / "material.json").read_text(encoding="utf-8"))


def told(entry: dict[str, Any]) -> str:
    values = " ".join(f"{key}={value:g}" for key, value in entry["parameters"].items())
    return " ".join(filter(None, [entry["loss"], values, entry["batch"], entry.get("counts", "")]))


def material(entry: dict[str, Any]) -> tuple[Tensor, Tensor, dict[str, Any]]:
    """Return logits and target in float64, and what the loss takes beside them."""
    kind = "softmax" if CATALOGUE[entry["loss"]].tasks == SOFTMAX else "sigmoid"
    batch = MATERIAL["batches"][kind][entry["batch"]]
    extra: dict[str, Any] = dict(entry["parameters"])
    if "counts" in entry:
        extra["counts"] = torch.tensor(MATERIAL["counts"][kind][entry["counts"]], dtype=torch.float64)
    if "progress" in entry:
        extra["progress"] = entry["progress"]
    if "gradient_learned" in entry:
        extra |= {key: torch.tensor(values, dtype=torch.float64) for key, values in MATERIAL["learned"].items()}
    logits = torch.tensor(batch["logits"], dtype=torch.float64)
    if kind == "softmax":
        return logits, torch.tensor(batch["target"]), extra
    labels = [[torch.nan if t is None else float(t) for t in row] for row in batch["target"]]
    return logits, torch.tensor(labels), extra


@pytest.mark.parametrize("entry", ENTRIES, ids=told)
def test_value_and_gradient_in_float64_are_those_of_the_definition(entry: dict[str, Any]) -> None:
    logits, target, extra = material(entry)
    point = logits.requires_grad_()
    learned = {key: extra[key].requires_grad_() for key in entry.get("gradient_learned", {})}
    value = FUNCTIONS[entry["loss"]](point, target, **extra)
    assert value.dtype == torch.float64
    assert value.item() == pytest.approx(entry["mean"], rel=1e-13, abs=1e-15)
    gradient, *others = torch.autograd.grad(value, [point, *learned.values()])
    if "gradient" in entry:
        wanted = torch.tensor(entry["gradient"], dtype=torch.float64)
        torch.testing.assert_close(gradient, wanted, rtol=1e-11, atol=1e-15)
    for key, found in zip(learned, others, strict=True):
        wanted = torch.tensor(entry["gradient_learned"][key], dtype=torch.float64)
        torch.testing.assert_close(found, wanted, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("entry", [entry for entry in ENTRIES if "sum" in entry], ids=told)
def test_every_reduction_is_that_of_the_definition(entry: dict[str, Any]) -> None:
    logits, target, extra = material(entry)
    function = partial(FUNCTIONS[entry["loss"]], logits, target, **extra)
    assert function(reduction="sum").item() == pytest.approx(entry["sum"], rel=1e-13, abs=1e-14)
    terms = function(reduction="none")
    assert terms.shape in (logits.shape, logits.shape[:1])
    torch.testing.assert_close(
        terms.flatten(), torch.tensor(entry["none"], dtype=torch.float64), rtol=1e-12, atol=1e-15
    )
    assert function(reduction="mean").item() == function().item()


@pytest.mark.parametrize("name", sorted({entry["loss"] for entry in ENTRIES if "sum" in entry}))
def test_another_reduction_is_refused(name: str) -> None:
    logits, target, extra = material(next(entry for entry in ENTRIES if entry["loss"] == name))
    with pytest.raises(ValueError, match="average"):
        FUNCTIONS[name](logits, target, **extra, reduction="average")


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_loss_has_its_certificate(name: str) -> None:
    mine = [entry for entry in ENTRIES if entry["loss"] == name]
    defaults = {parameter.name: parameter.default for parameter in CATALOGUE[name].parameters}
    standard = [entry for entry in mine if entry["parameters"] == defaults]
    kind = "softmax" if CATALOGUE[name].tasks == SOFTMAX else "sigmoid"
    assert {entry["batch"] for entry in standard} == set(MATERIAL["batches"][kind])
    if CATALOGUE[name].uses_counts:
        assert {entry["counts"] for entry in standard} == set(MATERIAL["counts"][kind])
    assert not CATALOGUE[name].parameters or len({str(entry["parameters"]) for entry in mine}) > 1


@pytest.mark.parametrize("name", CATALOGUE)
def test_catalogue_and_functions_hold_the_same_parameters_and_defaults(name: str) -> None:
    entry, known = CATALOGUE[name], inspect.signature(FUNCTIONS[name]).parameters
    given = {"logits", "target", "reduction", "counts", "progress", *(one.name for one in entry.learned)}
    own = {key: parameter.default for key, parameter in known.items() if key not in given}
    assert own == {parameter.name: parameter.default for parameter in entry.parameters}
    assert ("counts" in known) == entry.uses_counts
    assert ("progress" in known) == entry.uses_progress
    assert {one.name for one in entry.learned} <= set(known)
    assert all(parameter.kind is parameter.KEYWORD_ONLY for key, parameter in known.items() if key in own)
    assert all(one.low <= one.default <= one.high for one in entry.parameters)


def test_catalogue_and_functions_name_the_same_losses_in_the_same_order() -> None:
    assert list(FUNCTIONS) == list(CATALOGUE)


@pytest.mark.parametrize("name", CATALOGUE)
def test_docstring_and_catalogue_name_the_same_source(name: str) -> None:
    doi = CATALOGUE[name].doi
    assert doi.startswith("10.")
    assert f"doi {doi}" in " ".join((inspect.getdoc(FUNCTIONS[name]) or "").split())


def test_the_script_gives_the_stored_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.util.spec_from_file_location("certificate_script", HERE / "certificate.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, script)
    spec.loader.exec_module(script)
    plan = list(script.plan())
    assert len(plan) == len(ENTRIES)
    with script.mpmath.workdps(script.DIGITS):
        for one, stored in list(zip(plan, ENTRIES, strict=True))[::9]:
            if one[0] != "bi-tempered":  # half a minute of bisection
                assert script.certify(*one) == stored
