"""Networks: shapes, normalisation, pretrained weights, networks of the user's own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from cxr_report.errors import Refusal
from cxr_report.study import Model
from cxr_report.training import models
from cxr_report.training.randomness import seeded

CPU = torch.device("cpu")
OWN = """
import torch
from torch import nn

def plain(num_classes, image_size):
    return nn.Sequential(nn.Flatten(), nn.Linear(image_size * image_size, num_classes))

def broken(num_classes, image_size):
    raise RuntimeError("no such thing")

def number(num_classes, image_size):
    return 3
"""


def build(file: Path, size: int = 32, classes: int = 3, **section: Any) -> models.Classifier:
    model = Model.model_validate(section)
    with seeded(CPU, 1, "weights"):
        return models.build(model, classes, study_file=file, image_size=size)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "networks_for_tests.py").write_text(OWN)
    return tmp_path / "study.toml"


@pytest.mark.parametrize("size", [16, 28, 64, 96, 224])
def test_the_small_network_takes_every_size_in_eight_bits_or_as_floats(file: Path, size: int) -> None:
    classifier = build(file, size, width=4).eval()
    images = torch.randint(0, 256, (2, 1, size, size), dtype=torch.uint8)
    with torch.no_grad():
        logits = classifier(images)
        assert logits.shape == (2, 3)
        assert torch.equal(classifier(images.float() / 255), logits)


@pytest.mark.parametrize(("name", "dropout"), [("densenet121", 0.5), ("resnet18", 0.0), ("resnet18", 0.5)])
def test_the_networks_of_monai_take_one_grey_channel(file: Path, name: str, dropout: float) -> None:
    classifier = build(file, 64, 5, name=name, dropout=dropout)
    assert classifier(torch.rand(2, 1, 64, 64)).shape == (2, 5)
    assert any(
        isinstance(part, (torch.nn.Dropout, torch.nn.Dropout2d)) and part.p == dropout for part in classifier.modules()
    ) == (dropout > 0)


def test_normalisation_is_inside_and_saved_with_the_weights(file: Path) -> None:
    classifier = build(file, name="custom", function="networks_for_tests:plain")
    classifier.normalise_by(0.5, 0.25)
    images = torch.rand(2, 1, 32, 32)
    expected = classifier.network((images - 0.5) / 0.25)
    assert torch.equal(classifier(images), expected)
    assert {"mean", "std"} <= set(classifier.state_dict())


def test_a_network_of_ones_own_gets_classes_and_size(file: Path) -> None:
    assert build(file, 16, 4, name="custom", function="networks_for_tests:plain").network[1].weight.shape == (4, 256)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("networks_for_tests:broken", "failed with RuntimeError: no such thing"),
        ("networks_for_tests:number", "must return a torch.nn.Module, got int"),
        ("networks_for_tests:plane", "did you mean 'plain'"),
        ("nowhere_for_tests:plain", "importing nowhere_for_tests failed with ModuleNotFoundError"),
    ],
)
def test_a_network_that_cannot_be_had_is_refused(file: Path, function: str, said: str) -> None:
    with pytest.raises(Refusal, match=r"model\.function") as caught:
        build(file, name="custom", function=function)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "ending"),
    [("small-resnet", ".pt"), ("small-resnet", ".safetensors"), ("resnet18", ".safetensors"), ("densenet121", ".pt")],
)
def test_pretrained_weights_are_taken_but_for_a_head_of_other_shape(file: Path, name: str, ending: str) -> None:
    donor = build(file, 32, 7, name=name, width=4)
    for value in donor.network.state_dict().values():
        value.add_(1)
    weights = file.with_suffix(ending)
    if ending == ".pt":
        torch.save({"state_dict": donor.network.state_dict()}, weights)
    else:
        save_file(donor.state_dict(), weights)
    classifier = build(file, 32, 3, name=name, width=4)
    before = {key: value.clone() for key, value in classifier.state_dict().items()}
    fresh = models.load_pretrained(classifier, weights)
    assert len(fresh) == 2
    for key, value in classifier.state_dict().items():
        wanted = before[key] if key in (*fresh, "mean", "std") else donor.state_dict()[key]
        assert torch.equal(value, wanted), key


def test_pretrained_weights_of_the_same_head_are_taken_whole(file: Path) -> None:
    donor = build(file, width=4)
    donor.network.head.bias.data.add_(5)
    torch.save(donor.state_dict(), file.with_suffix(".pt"))
    classifier = build(file, width=4)
    assert models.load_pretrained(classifier, file.with_suffix(".pt")) == ()
    assert torch.equal(classifier.network.head.bias, donor.network.head.bias)


def test_pretrained_weights_that_do_not_fit_are_refused(file: Path) -> None:
    weights = file.with_suffix(".pt")
    torch.save(build(file, width=8).state_dict(), weights)
    with pytest.raises(
        Refusal, match=r"holds network.stem.weight in shape \(8, 1, 3, 3\), the model needs \(4, 1, 3, 3\)"
    ):
        models.load_pretrained(build(file, width=4), weights)
    torch.save({"network.stem.weight": torch.zeros(4, 1, 3, 3)}, weights)
    with pytest.raises(Refusal, match="lacks"):
        models.load_pretrained(build(file, width=4), weights)


def test_a_pickled_object_is_refused_and_not_run(file: Path) -> None:
    weights = file.with_suffix(".pt")
    torch.save(build(file, width=4), weights)
    with pytest.raises(Refusal, match="weights_only=True"):
        models.load_pretrained(build(file, width=4), weights)


def test_a_narrow_shortcut_is_a_strided_convolution_that_leaves_out_first() -> None:
    thinned = models.ThinnedConv(4, 8, 1, 2, bias=False)
    plain = torch.nn.Conv2d(4, 8, 1, 2, bias=False)
    plain.load_state_dict(thinned.state_dict())
    images = torch.randn((3, 4, 9, 10), generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(thinned(images), plain(images))


@pytest.mark.parametrize(("width", "size"), [(4, 224), (8, 128), (12, 128)])
def test_narrow_networks_survive_their_gradients_at_large_images(width: int, size: int) -> None:
    """The process dies where a strided 1x1 convolution is too narrow, so that another one tries."""
    code = (
        "import torch\n"
        "from cxr_report.training.models import SmallResNet\n"
        "torch.set_num_threads(1)\n"
        f"network = SmallResNet(3, image_size={size}, width={width}, dropout=0.0)\n"
        "network = network.to(memory_format=torch.channels_last)\n"
        f"images = torch.randn(16, 1, {size}, {size}).contiguous(memory_format=torch.channels_last)\n"
        "for _ in range(2):\n"
        "    network(images).sum().backward()\n"
        "print(all(weight.grad.isfinite().all() for weight in network.parameters()))\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr
