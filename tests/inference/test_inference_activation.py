"""Class-activation maps: what an exported graph saw, held against torch, and nothing where there is no such map."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from cxr_report.inference import exporter, graph
from cxr_report.inference.activation import activation
from cxr_report.study import Model
from cxr_report.training import models

SIDE = 32


def exported(classifier: nn.Module, side: int = SIDE) -> bytes:
    """Export a network as the stage does."""
    form = exporter.export_template(classifier.eval(), (side, side))
    weights = {name: value.numpy() for name, value in classifier.state_dict().items()}
    return graph.finish(graph.optimise(graph.fill(form, weights, where="here")), {})


def squares(count: int, side: int = SIDE) -> NDArray[np.uint8]:
    return np.random.default_rng(3).integers(0, 256, (count, side, side), dtype=np.uint8)


def features_of(classifier: nn.Module, layer: nn.Module, images: NDArray[np.uint8]) -> NDArray[Any]:
    """Catch with torch what a layer gives."""
    caught: list[torch.Tensor] = []
    hook = layer.register_forward_hook(lambda module, given, result: caught.append(result))
    with torch.no_grad():
        classifier(torch.from_numpy(images)[:, None])
    hook.remove()
    return caught[0].numpy()


@pytest.mark.parametrize("scale", [None, 20.0])
def test_a_map_is_the_weighted_sum_of_torchs_last_features(scale: float | None) -> None:
    torch.manual_seed(1)
    classifier = models.build(
        Model(name="small-resnet", width=4), 3, study_file=Path("study.toml"), image_size=SIDE, cosine_scale=scale
    ).eval()
    network: Any = classifier.network
    images, classes = squares(3), np.array([0, 2, 1])
    found = activation(exported(classifier), images, classes)
    features = features_of(classifier, network.blocks, images)
    weights = network.head.weight.detach().numpy()
    if scale is not None:
        weights = weights / np.linalg.norm(weights, axis=1, keepdims=True)
    assert found is not None
    assert found.shape == (3, *features.shape[2:])
    np.testing.assert_allclose(found, np.einsum("nd,ndhw->nhw", weights[classes], features), rtol=1e-3, atol=1e-4)


def test_the_mean_of_a_map_is_the_logit_without_its_bias() -> None:
    torch.manual_seed(2)
    classifier = models.build(Model(name="resnet18"), 2, study_file=Path("study.toml"), image_size=64).eval()
    network: Any = classifier.network
    images = squares(1, 64)
    found = activation(exported(classifier, 64), images, np.array([1]))
    with torch.no_grad():
        logit = float(classifier(torch.from_numpy(images)[:, None])[0, 1] - network.fc.bias[1])
    assert found is not None
    assert float(found[0].mean()) == pytest.approx(logit, rel=1e-3, abs=1e-5)


class Own(nn.Module):
    """A network of a user's own: means, maxima, or two heads of the same features."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.layer = nn.Conv2d(1, 4, 3, stride=2)
        self.first, self.second = nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Map images to logits."""
        maps = torch.relu(self.layer(image.float() / 255))
        pooled = maps.amax(dim=(2, 3)) if self.kind == "maxima" else maps.mean(dim=(2, 3))
        if self.kind == "hidden layer":
            pooled = torch.relu(self.second(pooled))
        logits: torch.Tensor = self.first(pooled)
        return logits + self.second(pooled**2) if self.kind == "two branches" else logits


@pytest.mark.parametrize("kind", ["maxima", "hidden layer", "two branches"])
def test_a_network_of_another_kind_has_no_map(kind: str) -> None:
    torch.manual_seed(3)
    assert activation(exported(Own(kind)), squares(2), np.array([0, 1])) is None


def test_as_many_features_as_classes_do_not_turn_the_weights() -> None:
    torch.manual_seed(4)
    network = Own("means")
    images, classes = squares(2), np.array([3, 1])
    found = activation(exported(network), images, classes)
    features = np.maximum(features_of(network, network.layer, images), 0)
    weights = network.first.weight.detach().numpy()[classes]
    assert found is not None
    np.testing.assert_allclose(found, np.einsum("nd,ndhw->nhw", weights, features), rtol=1e-4, atol=1e-5)


def test_equal_input_gives_equal_bits(folding: Callable[[int], nn.Module]) -> None:
    content = exported(folding(1))
    first, second = (activation(content, squares(2), np.array([0, 1])) for _ in range(2))
    assert first is not None
    assert second is not None
    assert first.tobytes() == second.tobytes()
