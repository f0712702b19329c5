"""What the benchmarks of inference share: a network in its forms, drawn images, and the ways of going through them."""

from __future__ import annotations

import copy
import dataclasses
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import nn

from cxr_report.data.phantom import list_phantom
from cxr_report.inference import exporter, graph, session
from cxr_report.study import Study, parse
from cxr_report.training import models

sys.path.insert(0, str(Path(__file__).parents[1] / "training"))  # where the benchmarks of training keep their kit

MEAN, STD = 0.5, 0.25
CLASSES = 3
PEER_BATCH = 32
"""Asked for: of the default session."""

Way = Callable[[], NDArray[np.float32]]
"""Goes through all images once and returns the logits ``(N, C)``."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One network with the images that every way goes through."""

    network: nn.Module
    content: bytes
    """Exported as the program exports."""
    plain: bytes
    """The same graph fed normalised float32, without the cast and the normalisation."""
    images: NDArray[np.uint8]
    """``(N, S, S)``."""

    @property
    def floats(self) -> NDArray[np.float32]:
        """The images as the plain graph takes them, ``(N, 1, S, S)``."""
        return floats(self.images)


def study(name: str, size: int, width: int) -> Study:
    """Write a study of one network as a user would."""
    model = {"name": name, **({"width": width} if name == "small-resnet" else {})}
    return parse(
        {
            "name": "bench",
            "task": "multiclass",
            "data": {"source": "phantom", "image_size": size, "phantom": {"patients": 4000}},
            "model": model,
            "losses": {"cross-entropy": {"loss": "cross-entropy"}, "focal": {"loss": "focal"}},
            "seeds": [1, 2],
        },
        "bench.toml",
    )


def subject(name: str, size: int, *, count: int, width: int = 16, seed: int = 0) -> Subject:
    """Build a network with running statistics as after training, export it, and draw its images."""
    asked = study(name, size, width)
    torch.manual_seed(seed)
    network = models.build(asked.model, CLASSES, study_file=Path("bench.toml"), image_size=size)
    network.normalise_by(MEAN, STD)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.running_mean, 0.0, 0.2)
            nn.init.uniform_(module.running_var, 0.5, 2.0)
    network.eval()
    weights = {key: value.numpy() for key, value in network.state_dict().items()}
    form = exporter.export_template(network, (size, size))
    content = graph.finish(graph.optimise(graph.fill(form, weights, where="bench")), {})
    return Subject(network, content, without_normalisation(content), drawn(asked, count))


def drawn(asked: Study, count: int) -> NDArray[np.uint8]:
    """Draw the phantom's first images; beyond 96 the same again, mirrored or moved, since drawing takes its time."""
    origin = list_phantom(asked.data, task="multiclass").origin
    first = np.stack([origin.read(number).pixels for number in range(min(count, 96))])
    rounds = [np.roll(first[:, :, :: 1 - 2 * (turn % 2)], turn, axis=2) for turn in range(-(-count // len(first)))]
    return np.ascontiguousarray(np.concatenate(rounds)[:count])


def floats(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Normalise as the exported graph does."""
    grey = images.astype(np.float32)[:, None]
    return (grey / np.float32(255) - np.float32(MEAN)) / np.float32(STD)


def without_normalisation(content: bytes) -> bytes:
    """Cut cast and normalisation off an exported graph, so that it takes what they give."""
    model = onnx.load_model_from_string(content)
    nodes = model.graph.node
    stem = next(number for number, node in enumerate(nodes) if node.op_type == "Conv")
    name, shape = nodes[stem].input[0], model.graph.input[0].type.tensor_type.shape
    sides = [side.dim_value or "N" for side in shape.dim]
    del nodes[:stem]
    del model.graph.input[:]
    model.graph.input.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, sides))
    used = {name for node in nodes for name in node.input}
    kept = [weight for weight in model.graph.initializer if weight.name in used]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    del model.graph.value_info[:]
    onnx.checker.check_model(model)
    return model.SerializeToString()


def ours(one: Subject, wish: session.Wish) -> tuple[Way, session.Engine]:
    """Go the program's own way, its batch found by its own measurement."""
    engine = session.choose(one.content, where="bench", wish=wish)
    engine = session.measured(engine, one.content, one.images, where="bench", models=100, cases=25_000)
    model = session.load(one.content, engine, where="bench")
    return lambda: session.predict([model], one.images)[0], engine


def by_default(one: Subject, providers: list[Any], *, made_in_the_loop: bool) -> Way:
    """Loop a session as onnxruntime makes it over float32 images, made before the clock runs or in the loop."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    made = onnxruntime.InferenceSession(one.plain, options, providers=providers)
    name, ready = made.get_inputs()[0].name, None if made_in_the_loop else one.floats

    def way() -> NDArray[np.float32]:
        parts = []
        for start in range(0, len(one.images), PEER_BATCH):
            cut = slice(start, start + PEER_BATCH)
            fed = floats(one.images[cut]) if ready is None else ready[cut]
            parts.append(made.run(None, {name: fed})[0])
        return np.concatenate(parts)

    return way


@dataclass(frozen=True, slots=True)
class Eager:
    """How torch goes through the images."""

    channels_last: bool
    threads: int
    batch: int
    device: str = "cpu"


def by_torch(one: Subject, how: Eager) -> Way:
    """Loop torch's eager network in float32 over uint8 images, which it normalises itself."""
    layout = torch.channels_last if how.channels_last else torch.contiguous_format
    network = copy.deepcopy(one.network).to(how.device, memory_format=layout)

    def way() -> NDArray[np.float32]:
        torch.set_num_threads(how.threads)
        parts = []
        with torch.inference_mode():
            for start in range(0, len(one.images), how.batch):
                batch = torch.from_numpy(one.images[start : start + how.batch])[:, None].to(how.device)
                parts.append(network(batch.contiguous(memory_format=layout)))
            return torch.cat(parts).cpu().numpy()

    return way


def fewer(one: Subject, count: int) -> Subject:
    """Keep the first images."""
    return dataclasses.replace(one, images=one.images[:count])
