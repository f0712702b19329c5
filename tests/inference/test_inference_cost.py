"""Multiply-accumulates of an exported graph: as torch counts them, and none where an operator is not counted."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import onnx
import pytest
import torch
from onnx import helper
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from cxr_report.inference import exporter, graph
from cxr_report.inference.cost import multiply_accumulates
from cxr_report.study import Model
from cxr_report.training import models


def exported(classifier: nn.Module, side: int) -> onnx.ModelProto:
    form = exporter.export_template(classifier.eval(), (side, side))
    weights = {name: value.numpy() for name, value in classifier.state_dict().items()}
    content = graph.finish(graph.optimise(graph.fill(form, weights, where="here")), {})
    return onnx.load_model_from_string(content)


def counted_by_torch(classifier: nn.Module, side: int) -> int:
    """Half of torch's floating-point operations: a multiplication and an addition each."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        classifier.eval()(torch.zeros((1, 1, side, side), dtype=torch.uint8))
    return counter.get_total_flops() // 2


@pytest.mark.parametrize(("name", "width", "side"), [("small-resnet", 4, 32), ("small-resnet", 8, 48)])
def test_convolutions_and_products_are_counted_as_torch_counts_them(
    name: Literal["small-resnet"], width: int, side: int
) -> None:
    classifier = models.build(Model(name=name, width=width), 3, study_file=Path("study.toml"), image_size=side)
    assert multiply_accumulates(exported(classifier, side)) == counted_by_torch(classifier, side) > 10_000


class Grouped(nn.Module):
    """Strides, groups, no bias, and a product of matrices."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 8, 3, stride=2, padding=1, bias=False)
        self.second = nn.Conv2d(8, 8, 3, groups=4)
        self.last = nn.Linear(8, 5)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        seen = torch.relu(self.second(torch.relu(self.first(image.float()))))
        result: torch.Tensor = self.last(seen.mean((2, 3)))
        return result


def test_groups_and_strides_are_counted_by_hand() -> None:
    by_hand = 8 * 16 * 16 * 9 + 8 * 14 * 14 * 2 * 9 + 8 * 5
    assert multiply_accumulates(exported(Grouped(), 32)) == by_hand == counted_by_torch(Grouped(), 32)


@pytest.mark.parametrize(("operator", "known"), [("Relu", True), ("LSTM", False), ("Einsum", False)])
def test_an_operator_that_is_not_counted_leaves_the_count_unknown(operator: str, known: bool) -> None:
    node = helper.make_node(operator, ["x"], ["y"])
    ends = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["N", 1, 4, 4]) for name in ("x", "y")]
    made = helper.make_model(helper.make_graph([node], "g", ends[:1], ends[1:]))
    assert (multiply_accumulates(made) == 0) == known
