"""A loss, or a network, of the user's own is tried before any training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cxr_report.errors import Refusal
from cxr_report.study import Study
from cxr_report.training import objective, trial

SOURCE = """
import torch
from torch import nn
from torch.nn import functional


def good(logits, target, *, power=1.0):
    return functional.cross_entropy(logits, target) ** power


def wide(logits, target):
    return functional.cross_entropy(logits.float(), target)


def counted(logits, target, *, counts):
    return functional.cross_entropy(logits, target, weight=(1 / counts).to(logits))


def per_case(logits, target):
    return functional.cross_entropy(logits, target, reduction="none")


def number(logits, target):
    return functional.cross_entropy(logits, target).item()


def detached(logits, target):
    return functional.cross_entropy(logits.detach(), target)


def overflowing(logits, target):
    return -torch.log(torch.softmax(logits, 1).gather(1, target[:, None])).mean() + torch.exp(logits ** 2).mean()


def infinite_slope(logits, target):
    return torch.sqrt(50 - logits).mean()


class Wrong(torch.autograd.Function):
    @staticmethod
    def forward(ctx, logits):
        ctx.save_for_backward(logits)
        return (logits ** 2).mean()

    @staticmethod
    def backward(ctx, grad):
        (logits,) = ctx.saved_tensors
        return grad * logits / logits.numel()


def wrong_gradient(logits, target):
    return Wrong.apply(logits)


def raising(logits, target):
    raise KeyError("gone")


def blind(logits, target):
    return functional.binary_cross_entropy_with_logits(logits, target.to(logits))


class Plain(nn.Module):
    def __init__(self, classes, size, scale=1.0, cut=False):
        super().__init__()
        self.layer, self.scale, self.cut = nn.Linear(size * size, classes), scale, cut
        self.dropout = nn.Dropout(0.5)

    def forward(self, x):
        y = self.dropout(self.layer(x.flatten(1))) * self.scale
        return y.detach() if self.cut else y


def net(num_classes, image_size):
    return Plain(num_classes, image_size)


def net_wrong_width(num_classes, image_size):
    return Plain(num_classes + 1, image_size)


def net_infinite(num_classes, image_size):
    return Plain(num_classes, image_size, scale=float("inf"))


def net_cut(num_classes, image_size):
    return Plain(num_classes, image_size, cut=True)


class Sloped(nn.Module):
    def __init__(self, classes, size):
        super().__init__()
        self.layer = nn.Linear(size * size, classes)

    def forward(self, x):
        return Halved.apply(self.layer(x.flatten(1)))


class Halved(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, grad):
        return grad / 2


def net_wrong_gradient(num_classes, image_size):
    return Sloped(num_classes, image_size)
"""

Make = Callable[..., Study]
COUNTS = torch.tensor([5.0, 3.0, 9.0], dtype=torch.float64)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "own_for_tests.py").write_text(SOURCE)
    return tmp_path / "study.toml"


def entry(name: str, **more: Any) -> dict[str, Any]:
    return {"function": f"own_for_tests:{name}", "formula": "x", "reference": "y", **more}


def study_with(make_study: Make, name: str, task: str = "multiclass", **more: Any) -> Study:
    known = "bce" if task == "multilabel" else "cross-entropy"
    return make_study(task, losses={"known": {"loss": known}, "ours": entry(name, **more)})


@pytest.mark.parametrize(("name", "more"), [("good", {"power": 1.5}), ("wide", {}), ("counted", {})])
def test_a_sound_loss_of_ones_own_passes(make_study: Make, file: Path, name: str, more: dict[str, float]) -> None:
    objective.check(study_with(make_study, name, **more), COUNTS, study_file=file, unknown_labels=False)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("per_case", r"must return a tensor of shape \(\) for a batch, got shape \(12,\)"),
        ("number", "got float"),
        ("detached", "without a gradient"),
        ("overflowing", r"gives inf on logits of \+-50"),
        ("infinite_slope", r"gradient that is not finite on logits of \+-50"),
        ("wrong_gradient", "disagrees with finite differences"),
        ("raising", "failed with KeyError"),
        ("missing", "has no function 'missing'"),
    ],
)
def test_a_loss_at_fault_is_refused_by_name(make_study: Make, file: Path, name: str, said: str) -> None:
    study = study_with(make_study, name)
    with pytest.raises(Refusal, match=said) as caught:
        objective.check(study, COUNTS, study_file=file, unknown_labels=False)
    assert str(caught.value).startswith("study.toml: losses.ours")
    assert "\n" not in str(caught.value)


def test_a_sigmoid_loss_must_leave_unknown_labels_out_where_there_are_any(make_study: Make, file: Path) -> None:
    study = study_with(make_study, "blind", "multilabel")
    counts = torch.tensor([[4.0, 2.0], [3.0, 3.0]], dtype=torch.float64)
    objective.check(study, counts, study_file=file, unknown_labels=False)
    with pytest.raises(Refusal, match="gives nan on random logits"):
        objective.check(study, counts, study_file=file, unknown_labels=True)


def test_counts_reach_only_a_loss_that_takes_them(make_study: Make, file: Path) -> None:
    logits, target = torch.randn(4, 3), torch.tensor([0, 1, 2, 0])
    for name in ("counted", "good"):
        loss = study_with(make_study, name).losses["ours"]
        assert objective.objective(loss, COUNTS, study_file=file, key="k")(logits, target).isfinite()


def test_class_counts_leave_unknown_labels_out() -> None:
    assert objective.class_counts(np.array([0, 2, 2]), 3).tolist() == [1, 0, 2]
    labels = np.array([[1, 0], [np.nan, 0], [1, np.nan]], dtype=np.float32)
    assert objective.class_counts(labels, 2).tolist() == [[0, 2], [2, 0]]


def test_a_sound_network_passes(make_study: Make, file: Path) -> None:
    study = make_study(model={"name": "custom", "function": "own_for_tests:net"})
    trial.check_model(study, classes=3, study_file=file)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("net_wrong_width", r"to logits \(N, 3\), got shape \(4, 4\)"),
        ("net_infinite", "not finite"),
        ("net_cut", "without a gradient"),
        ("net_wrong_gradient", "disagrees with finite differences"),
    ],
)
def test_a_network_at_fault_is_refused_by_name(make_study: Make, file: Path, name: str, said: str) -> None:
    study = make_study(model={"name": "custom", "function": f"own_for_tests:{name}"})
    with pytest.raises(Refusal, match=said) as caught:
        trial.check_model(study, classes=3, study_file=file)
    assert f"own_for_tests:{name}" in str(caught.value)
