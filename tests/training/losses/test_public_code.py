"""Every loss against its authors' public code, whose output was stored once, and against monai's focal loss."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from monai.losses.focal_loss import FocalLoss
from torch import Tensor

from cxr_report.losses import CATALOGUE, SOFTMAX
from cxr_report.training.losses import FUNCTIONS

HERE = Path(__file__).parent
MATERIAL: dict[str, Any] = json.loads((HERE / "material.json").read_text(encoding="utf-8"))
PUBLIC: dict[str, Any] = json.loads((HERE / "public.json").read_text(encoding="utf-8"))
RUNS: list[dict[str, Any]] = PUBLIC["runs"]

CLOSE = 3e-7
"""Several of them compute in float32 inside."""


def told(run: dict[str, Any]) -> str:
    values = " ".join(f"{key}={value:g}" for key, value in run["parameters"].items())
    return f"{run['loss']} {values} {run['batch']} {run['repository']} {run['code'][:20]}"


def ours(run: dict[str, Any]) -> tuple[Tensor, Tensor]:
    """Return our value and gradient."""
    entry = CATALOGUE[run["loss"]]
    kind = "softmax" if entry.tasks == SOFTMAX else "sigmoid"
    batch = MATERIAL["batches"][kind][run["batch"]]
    point = torch.tensor(batch["logits"], dtype=torch.float64, requires_grad=True)
    target = torch.tensor(batch["target"], dtype=torch.int64 if kind == "softmax" else torch.float64)
    extra: dict[str, Any] = {**run["parameters"]}
    extra |= {key: run[key] for key in ("reduction", "progress") if key in run}
    if entry.uses_counts:
        counts = run.get("own_counts") or MATERIAL["counts"][kind][run["counts"]]
        extra["counts"] = torch.tensor(counts, dtype=torch.float64)
    for one in entry.learned:
        extra[one.name] = torch.tensor(MATERIAL["learned"][one.name], dtype=torch.float64)
    value = FUNCTIONS[run["loss"]](point, target, **extra)
    (gradient,) = torch.autograd.grad(value, point)
    return value.detach(), gradient


def agree(run: dict[str, Any]) -> bool:
    value, gradient = ours(run)
    close = run.get("tolerance", CLOSE)
    wanted = torch.tensor(run["gradient"], dtype=torch.float64)
    same = value.item() == pytest.approx(run["value"], rel=close, abs=close)
    return same and torch.allclose(gradient, wanted, rtol=close, atol=close)


@pytest.mark.parametrize("run", [run for run in RUNS if run["agrees"]], ids=told)
def test_value_and_gradient_are_those_of_the_public_code(run: dict[str, Any]) -> None:
    assert agree(run)


@pytest.mark.parametrize("run", [run for run in RUNS if not run["agrees"]], ids=told)
def test_a_known_deviation_of_public_code_is_one(run: dict[str, Any]) -> None:
    assert run["deviation"]
    assert not agree(run)


def test_weights_inside_the_exponential_give_another_probability() -> None:
    """The stored value is -w log p (1 - p^w)^gamma, and not -w log p (1 - p)^gamma."""
    (run,) = [run for run in RUNS if "weights" in run]
    batch = MATERIAL["batches"]["softmax"]["random"]
    logits, target = torch.tensor(batch["logits"], dtype=torch.float64), torch.tensor(batch["target"])
    log_p = torch.log_softmax(logits, dim=1).gather(1, target[:, None])[:, 0]
    weight = torch.tensor(run["weights"], dtype=torch.float64)[target]
    slipped = -((1 - torch.exp(weight * log_p)) ** 2) * weight * log_p
    right = -((1 - torch.exp(log_p)) ** 2) * weight * log_p
    assert slipped.mean().item() == pytest.approx(run["value"])
    assert abs(right.mean().item() - run["value"]) > 1e-2


def test_the_normaliser_of_normalised_reverse_cross_entropy_slips_in_public_code() -> None:
    run = next(run for run in RUNS if run["code"] == "NormalizedReverseCrossEntropy")
    plain = {**run, "parameters": {"alpha": 0.0, "beta": 1.0, "log_zero": -9.210340371976182}}
    assert run["value"] / ours(plain)[0].item() == pytest.approx((3 - 1) / 4, rel=1e-5)


def test_smoothing_that_does_not_take_from_the_true_class_sums_to_more_than_one() -> None:
    """A target of one plus epsilon / C on every class; torch's sums to 1, so its loss of equal logits is log C."""
    equal = torch.zeros((1, 4), dtype=torch.float64)
    smoothed = FUNCTIONS["label-smoothing"](equal, torch.tensor([1]), epsilon=0.1)
    target = torch.nn.functional.one_hot(torch.tensor([1]), 4) + 0.1 / 4
    assert smoothed.item() == pytest.approx(torch.log(torch.tensor(4.0)).item())
    assert target.sum().item() == pytest.approx(1.1)
    assert -(target * torch.log_softmax(equal, dim=1)).sum().item() == pytest.approx(1.1 * smoothed.item())


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_loss_was_compared_or_it_is_said_why_not(name: str) -> None:
    run = {entry["loss"] for entry in RUNS if entry["agrees"]}
    said = {one for entry in PUBLIC["not run"] for one in entry["loss"].split(", ")}
    assert name in run | said
    assert all(len(entry["commit"]) == 40 and entry["status"] == "run" for entry in RUNS)


@pytest.mark.parametrize("batch", ["random", "extreme"])
@pytest.mark.parametrize("gamma", [2.0, 0.5])
def test_the_focal_losses_are_those_of_monai(batch: str, gamma: float) -> None:
    soft, plain = MATERIAL["batches"]["softmax"][batch], MATERIAL["batches"]["sigmoid"][batch]
    logits, target = torch.tensor(soft["logits"], dtype=torch.float64), torch.tensor(soft["target"])
    theirs = FocalLoss(use_softmax=True, gamma=gamma, to_onehot_y=True, reduction="none")(logits, target[:, None])
    found = FUNCTIONS["focal"](logits, target, gamma=gamma, reduction="none")
    torch.testing.assert_close(found, theirs.sum(dim=1).double(), rtol=5e-6, atol=1e-7)
    logits, labels = (torch.tensor(plain[key], dtype=torch.float64) for key in ("logits", "target"))
    theirs = FocalLoss(gamma=gamma, alpha=0.25, reduction="none")(logits, labels)
    found = FUNCTIONS["sigmoid-focal"](logits, labels, gamma=gamma, alpha=0.25, reduction="none")
    torch.testing.assert_close(found, theirs.double(), rtol=5e-6, atol=1e-7)
