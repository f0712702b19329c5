"""The exported graph: weights by name, folded afterwards, nothing of the machine in it; the proof sees a mix-up."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import nn

from cxr_report.errors import Refusal
from cxr_report.inference import exporter, graph, session
from cxr_report.inference.proof import Proof, prove

Make = Callable[[int], nn.Module]
Weights = Callable[[nn.Module], dict[str, NDArray[Any]]]
IMAGES = np.random.default_rng(1).integers(0, 256, (37, 32, 32), dtype=np.uint8)
IDS = np.arange(len(IMAGES)).astype(str)


def proof_of(content: bytes, network: nn.Module) -> Proof:
    """Compare bytes of a graph with a network."""
    exported = session.predict([session.load(content, session.CPU, where="model.onnx")], IMAGES)[0]
    return prove(exporter.eager_logits(network, IMAGES), exported, ids=IDS)


def folded(form: graph.Template, weights: dict[str, NDArray[Any]]) -> onnx.ModelProto:
    return graph.optimise(graph.fill(form, weights, where="weights.safetensors"))


def test_weights_put_in_by_name_give_the_logits_of_the_network(
    form: graph.Template, folding: Make, weights_of: Weights
) -> None:
    network = folding(5)
    proof = proof_of(graph.finish(folded(form, weights_of(network)), {}), network)
    assert proof.fault() == ""
    assert proof.max_difference < 1e-5 * proof.max_logit
    assert proof.inside == ()


def test_the_batch_norms_are_folded_away_and_the_input_is_plain_grey(
    form: graph.Template, folding: Make, weights_of: Weights
) -> None:
    before = {node.op_type for node in form.model.graph.node}
    model = folded(form, weights_of(folding(5)))
    assert "BatchNormalization" in before
    assert "BatchNormalization" not in {node.op_type for node in model.graph.node}
    (image,) = model.graph.input
    assert (image.name, image.type.tensor_type.elem_type) == ("image", onnx.TensorProto.UINT8)
    assert [side.dim_param or side.dim_value for side in image.type.tensor_type.shape.dim] == ["batch", 1, 32, 32]
    assert model.opset_import[0].version == graph.OPSET


def test_a_swap_by_name_into_a_folded_graph_fails_the_proof(
    form: graph.Template, folding: Make, weights_of: Weights
) -> None:
    """The mix-up that is easy to make: another run's weights in a graph whose batch norms are folded already."""
    first, second = folding(5), folding(6)
    model = folded(form, weights_of(first))
    theirs = weights_of(second)
    swapped = 0
    for entry in model.graph.initializer:
        name = entry.name.removeprefix(form.prefix)
        if name in theirs and tuple(entry.dims) == theirs[name].shape:
            entry.CopyFrom(numpy_helper.from_array(theirs[name], entry.name))
            swapped += 1
    assert swapped >= 3, "the folded graph must still have names to be fooled by"
    fault = proof_of(graph.finish(model, {}), second).fault()
    assert "differs from the trained one" in fault


def test_the_weights_of_another_run_fail_the_proof(form: graph.Template, folding: Make, weights_of: Weights) -> None:
    content = graph.finish(folded(form, weights_of(folding(5))), {})
    assert "differs from the trained one" in proof_of(content, folding(6)).fault()


@pytest.mark.parametrize("tensor", ["first.0.weight", "second.1.running_var", "head.bias", "std"])
def test_one_tensor_of_another_run_fails_the_proof(
    form: graph.Template, folding: Make, weights_of: Weights, tensor: str
) -> None:
    network = folding(5)
    weights = weights_of(network)
    weights[tensor] = weights[tensor] * np.float32(1.01)
    assert "differs from the trained one" in proof_of(graph.finish(folded(form, weights), {}), network).fault()


def test_a_missing_and_an_extra_name_are_refused_by_name(
    form: graph.Template, folding: Make, weights_of: Weights
) -> None:
    weights = weights_of(folding(5))
    weights["head.wieght"] = weights.pop("head.weight")
    with pytest.raises(Refusal, match=r"w\.safetensors: .*1 missing \(head\.weight\); 1 extra \(head\.wieght\)"):
        graph.fill(form, weights, where="w.safetensors")


def test_another_shape_is_refused(form: graph.Template, folding: Make, weights_of: Weights) -> None:
    weights = weights_of(folding(5))
    weights["head.bias"] = np.zeros(7, dtype=np.float32)
    with pytest.raises(Refusal, match=r"head\.bias has shape \(7,\), this study's model has \(3,\)"):
        graph.fill(form, weights, where="w.safetensors")


def test_filling_leaves_the_template_as_it_was(form: graph.Template, folding: Make, weights_of: Weights) -> None:
    before = form.model.SerializeToString(deterministic=True)
    graph.fill(form, weights_of(folding(5)), where="w")
    assert form.model.SerializeToString(deterministic=True) == before


def test_equal_weights_give_equal_bytes_and_one_architecture_has_one_hash(
    form: graph.Template, folding: Make, weights_of: Weights
) -> None:
    again = exporter.export_template(folding(9), (32, 32))
    assert again.sha256 == form.sha256
    weights = weights_of(folding(5))
    first = graph.finish(folded(form, weights), {"study": "one", "loss": "ce"})
    second = graph.finish(folded(again, weights), {"loss": "ce", "study": "one"})
    assert first == second
    assert exporter.export_template(folding(9), (32, 40)).sha256 != form.sha256


NET = """
import hashlib, torch
from torch import nn
from cxr_report.inference import exporter, graph

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(1, 2, 3)
        self.b = nn.BatchNorm2d(2)
    def forward(self, image):
        return self.b(self.c(image.float())).mean((2, 3))

net = Net().eval()
form = exporter.export_template(net, (16, 16))
weights = {name: torch.full_like(value, 2).numpy() for name, value in net.state_dict().items()}
content = graph.finish(graph.optimise(graph.fill(form, weights, where="")), {})
hashes = form.sha256 + hashlib.sha256(content).hexdigest()
"""


def test_another_process_writes_the_same_bytes_and_prints_nothing() -> None:
    here: dict[str, Any] = {}
    exec(NET, here)  # noqa: S102 - the same lines as in the other process
    shown = subprocess.run([sys.executable, "-c", NET + "print(hashes)"], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == here["hashes"]
    assert shown.stderr == ""


def test_nothing_of_the_machine_stands_in_the_bytes(form: graph.Template, folding: Make, weights_of: Weights) -> None:
    raw = folded(form, weights_of(folding(5)))
    raw.doc_string = raw.graph.doc_string = str(Path(__file__))
    raw.graph.node[0].doc_string = "File /somewhere/model.py, line 3"
    onnx.helper.set_model_props(raw, {"origin": str(Path.home() / "somewhere")})
    content = graph.finish(raw, {"study": "small"})
    forbidden = (Path.home(), Path(__file__), Path(np.__file__).parents[1], "site-packages", ".py", "File ", "stack")
    assert [str(word) for word in forbidden if str(word).encode() in content] == []
    model = onnx.load_model_from_string(content)
    told = {entry.key: entry.value for entry in model.metadata_props}
    assert (told.keys(), told["study"]) == ({"study", "graph_sha256"}, "small")
    parts = [*model.graph.node, *model.graph.initializer, *model.graph.value_info, model.graph]
    assert [part.name for part in parts if part.metadata_props or part.doc_string] == []


def test_one_case_and_seven_get_the_logits_that_they_get_together(
    form: graph.Template, folding: Make, weights_of: Weights
) -> None:
    network = folding(5)
    content = graph.finish(folded(form, weights_of(network)), {})
    together = exporter.eager_logits(network, IMAGES[:7])
    for batch in (1, 7):
        engine = dataclasses.replace(session.CPU, batch=batch)
        logits = session.predict([session.load(content, engine, where="model.onnx")], IMAGES[:7])[0]
        assert np.abs(logits - together).max() < 1e-5 * np.abs(together).max()


def test_a_network_that_torch_cannot_export_is_refused_in_one_sentence() -> None:
    class Awkward(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Linear(32 * 32, 3)

        def forward(self, image: Any) -> Any:
            flat = image.float().flatten(1)
            return self.head(flat if flat.mean().item() > 0 else -flat)

    with pytest.raises(Refusal, match="model: torch cannot export the network to ONNX") as caught:
        exporter.export_template(Awkward(), (32, 32))
    assert "\n" not in str(caught.value)
