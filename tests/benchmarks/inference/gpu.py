"""Measure the evaluation of exported models on a GPU beside torch, and against what the GPU can do; JSON comes last.

    python tests/benchmarks/inference/gpu.py [--device cuda] [--parts small,dense,many] [--rounds 7] [--quick]

All of it in one run, on the same images of the phantom, drawn once, ways timed in turns as in cpu.py:

- `small`, `dense`: ours on CUDA (batch found by its own measurement, TF32 off), ours on TensorRT where its libraries
  are there (building its engine is not timed), torch eager in float32 with TF32 off (the fastest of contiguous and
  channels_last and of batches of 128 and 512, tried first), and a session with onnxruntime's defaults at batch 32 fed
  float32 (its defaults allow TF32, which is said here and not corrected). Asked for: 3 times torch eager.
- with each: operations and bytes of an image counted on torch's network (bytes as if every operation went through
  memory), the ceilings of a large float32 product without TF32 and of a large copy measured, the share of either that
  ours reached, and how long 100 models on 25,000 images would take at that pace.
- `many`: K resident models in one pass over the images beside K passes.

Install what the program names as missing (`cxr-report evaluate --provider cuda`, or `tensorrt`), and a torch with CUDA.
`--device cpu --quick` runs all of it in small on a CPU, to see that it works; its figures mean nothing.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from typing import Any

import subject as forms
import torch
from ceilings import ByteCounter, ceilings, fastest, shares
from kit import finish, machine
from race import quickest, race, told
from subject import Eager, Subject, by_default, by_torch, fewer, ours, subject
from torch.utils.flop_counter import FlopCounterMode

from cxr_report.errors import Refusal
from cxr_report.inference import session

PARTS = ("small", "dense", "many")
NETWORKS = {"small": ("small-resnet", 64, 32_768), "dense": ("densenet121", 224, 2_048)}
"""Name, pixels a side, images."""

AIM = 3.0
"""Asked for: times torch eager."""

MODELS, CASES = 100, 25_000
"""Asked for: in a minute or two."""


def counted(one: Subject) -> dict[str, float]:
    """Count the operations and bytes of one image in torch's network."""
    batch = torch.from_numpy(one.images[:8])[:, None]
    with torch.no_grad():
        with FlopCounterMode(display=False) as flops:
            one.network(batch)
        with ByteCounter() as traffic:
            one.network(batch)
    return {
        "floating_point_operations_per_image": flops.get_total_flops() / len(batch),
        "bytes_per_image": traffic.bytes / len(batch),
    }


def most(device: torch.device, *, quick: bool) -> dict[str, float]:
    """Measure a large product in float32 without TF32, and a large copy."""
    size = 512 if quick else 8192
    left, right = (torch.randn(size, size, device=device) for _ in range(2))
    return {
        "floating_point_operations_per_second": 2 * size**3 / fastest(lambda: left @ right, device),
        "bytes_per_second": ceilings(device, quick=quick)["bytes_per_second"],
    }


def beside_peers(one: Subject, device: torch.device, rounds: int, *, quick: bool) -> dict[str, Any]:
    """Race ours, the fastest torch, and a session with defaults; set ours against the device."""
    wish: session.Wish = "cuda" if device.type == "cuda" else "cpu"
    mine, engine = ours(one, wish)
    tries = {
        f"channels_last={last} batch={batch}": Eager(last, torch.get_num_threads(), batch, str(device))
        for last in (False, True)
        for batch in (128, 512)
    }
    short = fewer(one, max(len(one.images) // 4, 8))
    name, seconds = quickest({key: by_torch(short, how) for key, how in tries.items()})
    ways = {
        "ours": mine,
        "torch eager": by_torch(one, tries[name]),
        "onnxruntime by default": by_default(one, [engine.provider], made_in_the_loop=False),
    }
    remark = ""
    if device.type == "cuda":
        try:
            ways["ours on TensorRT"] = ours(one, "tensorrt")[0]
        except Refusal as refusal:
            remark = str(refusal)
    found = told(race(ways, rounds), len(one.images), "ours")
    pace = found["speeds"]["ours"]["images_per_second"]
    count, top = counted(one), most(device, quick=quick)
    measured = found["ratios"]["torch eager"]["by_the_clock"]
    return {
        **found,
        "engine": dataclasses.asdict(engine),
        "torch": name,
        "torch_tried_images_per_second": {key: len(short.images) / spent for key, spent in seconds.items()},
        "tensorrt_left_out": remark,
        "counted": count,
        "ceilings": top,
        "share_of_the_ceiling": shares(count, top, pace),
        "seconds_for_100_models_on_25000_images": MODELS * CASES / pace,
        "target": {"what": "ours to torch eager", "measured": measured, "at least": AIM, "met": measured >= AIM},
    }


def many(one: Subject, device: torch.device, count: int, rounds: int) -> dict[str, Any]:
    """Race K models in one pass against K passes."""
    _, engine = ours(one, "cuda" if device.type == "cuda" else "cpu")
    models = [session.load(one.content, engine, where="bench") for _ in range(count)]
    ways = {
        "in one pass": lambda: session.predict(models, one.images)[-1],
        "pass by pass": lambda: [session.predict([model], one.images)[0] for model in models][-1],
    }
    return {
        **told(race(ways, rounds), count * len(one.images), "in one pass"),
        "models": count,
        "bytes_per_model": engine.model_memory,
        "bytes_for_all": engine.memory_budget,
        "models_at_once_as_the_program_chooses": engine.together,
    }


def main() -> None:
    """Measure, tell, and print the document."""
    parser = argparse.ArgumentParser(description="exported models on a GPU beside torch and the device's ceilings")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="tiny, to see that it works")
    arguments = parser.parse_args()
    parts = arguments.parts.split(",")
    if not set(parts) <= set(PARTS):
        parser.error(f"--parts takes some of {', '.join(PARTS)}")
    if arguments.device == "cuda" and not torch.cuda.is_available():
        sys.exit("torch finds no CUDA device; --device cpu --quick shows that the benchmark works")
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    device = torch.device(arguments.device)
    rounds = 2 if arguments.quick else arguments.rounds
    networks = {"small": ("small-resnet", 32, 48), "dense": ("resnet18", 32, 12)} if arguments.quick else NETWORKS
    document: dict[str, Any] = {"benchmark": "inference/gpu", "quick": arguments.quick}
    document["machine"] = machine(arguments.device)
    document["machine"]["versions"]["onnxruntime"] = session.version()
    document["settings"] = {"networks": networks, "rounds": rounds, "peer_batch": forms.PEER_BATCH, "parts": parts}
    for part in parts:
        name, size, count = networks["dense" if part == "dense" else "small"]
        one = subject(name, size, count=count)
        if part == "many":
            document[part] = many(one, device, 3 if arguments.quick else 20, rounds)
        else:
            document[part] = beside_peers(one, device, rounds, quick=arguments.quick)
    finish(document, ["settings", *parts])


if __name__ == "__main__":
    main()
