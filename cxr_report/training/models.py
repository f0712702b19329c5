"""A study's model section in, a network that maps grey images to logits out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from cxr_report.errors import Refusal
from cxr_report.losses import CATALOGUE
from cxr_report.study import Loss, Model
from cxr_report.training import functions

__all__ = ["Classifier", "CosineHead", "SmallResNet", "build", "cosine_scale", "load_pretrained"]


class Classifier(nn.Module):
    """A network together with the normalisation of its input; this is what is trained, saved and exported."""

    mean: Tensor
    std: Tensor

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.zeros(1))
        self.register_buffer("std", torch.ones(1))

    def normalise_by(self, mean: float, std: float) -> None:
        """Set the grey level, in [0, 1], that becomes 0, and the spread that becomes 1."""
        self.mean.fill_(mean)
        self.std.fill_(std)

    def forward(self, image: Tensor) -> Tensor:
        """Map images ``(N, 1, H, W)``, uint8 or float in [0, 1], to logits ``(N, C)``."""
        if image.dtype == torch.uint8:
            image = image.float() / 255
        logits: Tensor = self.network((image - self.mean) / self.std)
        return logits


class ThinnedConv(nn.Conv2d):
    """A strided 1x1 convolution that leaves out first what it would step over; see `NARROW`."""

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, before, H, W)`` to ``(N, after, H / stride, W / stride)``."""
        down, right = self.stride
        return functional.conv2d(x[:, :, ::down, ::right], self.weight)


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with batch norm around a shortcut."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.first_norm = nn.BatchNorm2d(after)
        self.second = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(after)
        self.shortcut: nn.Module = nn.Identity()
        if before != after or stride != 1:
            convolution = nn.Conv2d if before >= NARROW else ThinnedConv
            self.shortcut = nn.Sequential(convolution(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, before, H, W)`` to ``(N, after, H / stride, W / stride)``."""
        inner = functional.relu(self.first_norm(self.first(x)), inplace=True)
        return functional.relu(self.second_norm(self.second(inner)) + self.shortcut(x), inplace=True)


class SmallResNet(nn.Module):
    """A small residual network for small images (after He et al. 2016, doi 10.1109/CVPR.2016.90).

    The stem's stride grows with the image (1 up to 40 pixels, 2 up to 128, 4 above), so that the first stage works on
    maps of 28 x 28 to 64 x 64 for every usual size.
    """

    def __init__(self, classes: int, *, image_size: int, width: int, dropout: float) -> None:
        super().__init__()
        stride = _stem_stride(image_size)
        size = {1: 3, 2: 5, 4: 7}[stride]
        self.stem = nn.Conv2d(1, width, size, stride, size // 2, bias=False)
        self.stem_norm = nn.BatchNorm2d(width)
        blocks, before = [], width
        for stage, factor in enumerate(STAGES):
            blocks.append(ResidualBlock(before, width * factor, 1 if stage == 0 else 2))
            before = width * factor
        self.blocks = nn.Sequential(*blocks)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(before, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Map normalised images ``(N, 1, H, W)`` to logits ``(N, C)``."""
        maps = self.blocks(functional.relu(self.stem_norm(self.stem(x)), inplace=True))
        logits: Tensor = self.head(self.dropout(maps.mean(dim=(2, 3))))
        return logits


class CosineHead(nn.Linear):
    """A last layer whose logits are a scale times the cosine between features and the weights of a class, no bias.

    As in the network of Cao et al. 2019 (doi 10.48550/arXiv.1906.07413). The scale stands here and not in the loss, so
    that the softmax of the logits is the prediction.
    """

    def __init__(self, linear: nn.Linear, scale: float) -> None:
        """Take the directions of a linear layer's weights, which a seed draws alike for every loss."""
        super().__init__(linear.in_features, linear.out_features, bias=False, device="meta")
        self.weight = nn.Parameter(linear.weight.detach().clone())
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        """Map features ``(N, D)`` to logits ``(N, C)`` in [-scale, scale]."""
        return self.scale * functional.linear(functional.normalize(x), functional.normalize(self.weight))


STAGES = (1, 2, 4, 8)
"""Channels of the stages in units of the width; each stage halves the maps of the one before."""

NARROW = 16
"""Measured: with fewer channels than this, torch 2.13 (oneDNN, AVX-512) writes past its memory in the weight gradient
of a strided 1x1 convolution of channels_last maps of 56 x 56 or more, and the process dies."""

HEADS = ("network.head.", "network.fc.", "network.class_layers.")
"""Where the last layer of our own networks and of monai's lies: pretrained weights need not hold it."""


def cosine_scale(loss: Loss) -> float | None:
    """Return the scale of the cosine head that a loss asks for; None: it takes the network's own last layer."""
    entry = CATALOGUE.get(loss.loss or "")
    return loss.parameters["scale"] if entry is not None and entry.cosine_head else None


def build(
    model: Model, classes: int, *, study_file: Path, image_size: int, cosine_scale: float | None = None
) -> Classifier:
    """Build the network that a study names, with weights as torch draws them (see `randomness.seeded`).

    Args:
        model: the study's section.
        classes: number of logits C.
        study_file: beside which a network of the user's own is looked for.
        image_size: side of the images in pixels.
        cosine_scale: of a `CosineHead` in the place of the last linear layer; None: there is none.

    Returns:
        The classifier in training mode; pretrained weights are not read here (see `load_pretrained`).

    Raises:
        Refusal: a network of the user's own cannot be imported or built, or has no last layer to replace.
    """
    classifier = Classifier(_network(model, classes, study_file, image_size))
    if cosine_scale is not None:
        _put_cosine_head(classifier, cosine_scale, classes)
    return classifier


def load_pretrained(classifier: Classifier, file: Path) -> tuple[str, ...]:
    """Read weights from a local file into a classifier.

    Names may stand with or without ``network.`` before them. The last layer may be missing or of another shape: it then
    keeps the weights that it was drawn with. Normalisation is the study's own.

    Args:
        classifier: changed in place.
        file: ``.safetensors``, or a torch file that loads with ``weights_only=True``.

    Returns:
        The names that were not taken from the file.

    Raises:
        Refusal: the file cannot be read, or does not fit outside of the last layer.
    """
    offered = {_own_name(name): value for name, value in _read_weights(file).items()}
    wanted = classifier.state_dict()
    names = [name for name in wanted if name not in ("mean", "std")]
    head = {name for name in names if name.startswith(HEADS) or name.startswith(_last_layer(classifier))}
    fresh = tuple(name for name in names if name in head and not _fits(offered.get(name), wanted[name]))
    missing = [name for name in names if name not in offered and name not in head and not name.endswith("_tracked")]
    if missing:
        raise Refusal(
            f"model.pretrained: {file.name} lacks {len(missing)} of the model's {len(names)} weights, "
            f"the first is {missing[0]}"
        )
    for name in names:
        if name in offered and name not in head and not _fits(offered[name], wanted[name]):
            raise Refusal(
                f"model.pretrained: {file.name} holds {name} in shape {tuple(offered[name].shape)}, "
                f"the model needs {tuple(wanted[name].shape)}"
            )
    taken = {name: offered[name] for name in names if name in offered and name not in fresh}
    classifier.load_state_dict({**wanted, **taken})
    return fresh


def _network(model: Model, classes: int, study_file: Path, image_size: int) -> nn.Module:
    if model.name == "small-resnet":
        return SmallResNet(classes, image_size=image_size, width=model.width, dropout=model.dropout)
    if model.name == "densenet121":
        from monai.networks.nets.densenet import DenseNet121

        dense: nn.Module = DenseNet121(
            spatial_dims=2, in_channels=1, out_channels=classes, dropout_prob=model.dropout, pretrained=False
        )
        return dense
    if model.name == "resnet18":
        return _resnet18(classes, model.dropout, image_size)
    return _custom(model, classes, study_file, image_size)


def _resnet18(classes: int, dropout: float, image_size: int) -> nn.Module:
    """Build monai's; its first stride is 1 (monai's own default) up to 64 pixels and 2 (He et al. 2016) above."""
    from monai.networks.nets.resnet import resnet18

    network: Any = resnet18(
        pretrained=False,
        spatial_dims=2,
        n_input_channels=1,
        num_classes=classes,
        conv1_t_stride=1 if image_size <= 64 else 2,
    )
    if dropout:
        network.fc = nn.Sequential(nn.Dropout(dropout), network.fc)
    finished: nn.Module = network
    return finished


def _custom(model: Model, classes: int, study_file: Path, image_size: int) -> nn.Module:
    key = "model.function"
    function = functions.resolve(model.function or "", study_file, key=key)
    try:
        network = function(num_classes=classes, image_size=image_size)
    except (Exception, SystemExit) as error:
        raise Refusal(
            f"{key}: {model.function}(num_classes={classes}, image_size={image_size}) failed with "
            f"{functions.what_happened(error)}"
        ) from error
    if not isinstance(network, nn.Module):
        raise Refusal(f"{key}: {model.function} must return a torch.nn.Module, got {type(network).__name__}")
    return network


def _put_cosine_head(classifier: Classifier, scale: float, classes: int) -> None:
    """Replace the last linear layer, which must give the logits."""
    name = _last_layer(classifier).removesuffix(".")
    found = dict(classifier.named_modules()).get(name)
    if not isinstance(found, nn.Linear) or found.out_features != classes:
        raise Refusal(
            f"model: a loss with a cosine head needs a network whose last torch.nn.Linear has {classes} outputs, "
            f"got {f'{found.out_features} in {name}' if isinstance(found, nn.Linear) else 'none'}"
        )
    parent, _, own = name.rpartition(".")
    setattr(classifier.get_submodule(parent), own, CosineHead(found, scale))


def _stem_stride(image_size: int) -> int:
    return 1 if image_size <= 40 else 2 if image_size <= 128 else 4


def _read_weights(file: Path) -> dict[str, Tensor]:
    try:
        if file.suffix == ".safetensors":
            from safetensors.torch import load_file

            return dict(load_file(file))
        content: Any = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:
        raise Refusal(
            f"model.pretrained: {file.name} is neither a .safetensors file nor a torch file that loads with "
            f"weights_only=True ({functions.what_happened(error)})"
        ) from None
    for key in ("state_dict", "model"):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if not isinstance(content, dict) or not all(isinstance(value, Tensor) for value in content.values()):
        raise Refusal(f"model.pretrained: {file.name} holds no dictionary of names and tensors")
    return content


def _own_name(name: str) -> str:
    name = name.removeprefix("module.")
    return name if name.startswith("network.") else f"network.{name}"


def _last_layer(classifier: Classifier) -> str:
    """Return where the last linear layer lies, for networks that name it in their own way."""
    linear = [name for name, module in classifier.named_modules() if isinstance(module, nn.Linear)]
    return f"{linear[-1]}." if linear else "network.head."


def _fits(offered: Tensor | None, wanted: Tensor) -> bool:
    return offered is not None and offered.shape == wanted.shape
