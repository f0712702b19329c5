"""Measure training on a GPU beside the peers, and against what the GPU can do; the last line of stdout is one document.

    python tests/benchmarks/training/gpu.py [--device cuda] [--parts small,dense,growth] [--quick] [--peer-runs 2]

Everything in one run, on images that are drawn here (JPEG, three classes):

- `small`: a 6 x 10 study of the small network at 64 pixels; ours by `data.load` and `training.train`, decoding and the
  start of the worker included; the peers (a plain loop and Lightning, see peers.py) train `--peer-runs` of the same
  runs, half of them before and half after. Asked for: 20 times Lightning's throughput.
- `dense`: the same with DenseNet121 at 224 pixels and 2 x 4 runs. Asked for: 3 times.
- for both: throughput over the number of runs at once, floating-point operations and bytes of a step counted (bytes as
  if every operation went through memory), the ceilings of a large product and a large copy measured, the share of
  either that was reached, where a step's time goes, and what deterministic mode costs.
- `growth`: costs over runs and epochs, see growth.py.

It needs nothing but a device: `pip install -c constraints.txt lightning` for the second peer. `--device cpu --quick`
runs all of it in small on a CPU, to see that it works; its figures mean nothing.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
from ceilings import ceilings, counted, scan, shares, where_it_goes
from contest import compare, ratios
from growth import growth
from kit import Recipe, draw_xrays, finish, load, machine

from cxr_report.training import worker
from cxr_report.training.bench import Assignment, Bench
from cxr_report.training.resident import grey_levels

PARTS = ("small", "dense", "growth")
AIMS = {"small": 20.0, "dense": 3.0}
"""Asked for: times Lightning's throughput."""


def settings(part: str, place: Path, *, quick: bool) -> Recipe:
    """Return a part's study; its images are drawn at the first call."""
    side = {"small": 64, "dense": 224}[part]
    if quick:
        source = place / "drawn"
        if not source.exists():
            draw_xrays(source, per_class=8, side=32)
        return Recipe(source, 32, 2, 2, 2, batch=8, width=4)
    source = place / f"drawn-{side}"
    if not source.exists():
        draw_xrays(source, per_class=1600, side=256)
    if part == "small":
        return Recipe(source, side, 6, 10, 10, batch=32)
    return Recipe(source, side, 2, 4, 3, batch=32, model="densenet121")


def bench_of(recipe: Recipe, place: Path, device: torch.device) -> Bench:
    """Put a study's data on the device, as a worker does."""
    study = recipe.study()
    loaded = load(study, place)
    told = {
        "study": study.model_dump(mode="json"),
        "study_file": str(place / "bench.toml"),
        "folder": str(place / "none"),
        "classes": len(loaded.classes),
        "grey": grey_levels(loaded.train.images),
        "provenance": {},
        "device": str(device),
    }
    return worker.bench(
        told, {name: (loaded.split(name).images, loaded.split(name).labels) for name in ("train", "val")}
    )


def against_ceilings(recipe: Recipe, place: Path, device: torch.device, *, quick: bool) -> dict[str, Any]:
    """Measure throughput over runs at once, with deterministic mode and without, and set it against the device."""
    bench = bench_of(recipe, place, device)
    task = Assignment(next(iter(bench.study.losses)), 1, "i")
    seconds, most = (0.2, 2) if quick else (5.0, 64)
    count, top = counted(bench, task), ceilings(device, quick=quick)
    curve = scan(bench, task, seconds=seconds, most=most)
    best = max(curve, key=lambda row: row["images_per_second"])
    worker.be_deterministic(device, wanted=False)
    free = scan(bench, task, seconds=seconds, most=most)
    worker.be_deterministic(device)
    return {
        "runs_at_once": curve,
        "runs_at_once_without_deterministic_mode": free,
        "deterministic_mode_costs": 1 - best["images_per_second"] / max(row["images_per_second"] for row in free),
        "counted": count,
        "ceilings": top,
        "share_of_the_ceiling_alone": shares(count, top, curve[0]["images_per_second"]),
        "share_of_the_ceiling": shares(count, top, best["images_per_second"]),
        "where_it_goes": where_it_goes(bench, task, 2 if quick else 50),
        "peak_bytes_on_the_device": torch.cuda.max_memory_reserved(device) if device.type == "cuda" else None,
    }


def part(name: str, place: Path, device: torch.device, *, quick: bool, peer_runs: int) -> dict[str, Any]:
    """Measure one network."""
    recipe = settings(name, place, quick=quick)
    throughput = compare(recipe, peer_runs, place / name, device=device.type)
    found = ratios(throughput)
    measured = found.get("lightning", {}).get("images_per_second")
    return {
        "study": {"losses": recipe.losses, "seeds": recipe.seeds, "epochs": recipe.epochs, "batch": recipe.batch},
        "network": {"model": recipe.model, "width": recipe.width, "image_size": recipe.size},
        "throughput": throughput,
        "ratio": found,
        "target": {"what": "times Lightning's throughput", "measured": measured, "at least": AIMS[name]},
        "device": against_ceilings(recipe, place / f"{name}-device", device, quick=quick),
    }


def main() -> None:
    """Measure, tell, and print the document."""
    parser = argparse.ArgumentParser(description="training on a GPU beside the peers and against the device's ceilings")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--parts", default=",".join(PARTS), help="some of small, dense, growth")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it works")
    parser.add_argument("--peer-runs", type=int, default=2)
    arguments = parser.parse_args()
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    parts = [name for name in arguments.parts.split(",") if name]
    if not set(parts) <= set(PARTS):
        sys.exit(f"--parts takes some of {', '.join(PARTS)}, got {arguments.parts!r}")
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    if arguments.device == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    elif not torch.cuda.is_available():
        sys.exit("torch finds no CUDA device; --device cpu --quick shows that the benchmark works")
    device = torch.device("cuda", 0) if arguments.device == "cuda" else torch.device("cpu")
    document: dict[str, Any] = {"benchmark": "training/gpu", "quick": arguments.quick, "parts": parts}
    document["machine"] = machine(arguments.device)
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        for name in parts:
            if name == "growth":
                recipe = settings("small", place, quick=arguments.quick)
                steps = ([2, 3], [1, 2]) if arguments.quick else ([2, 4, 6, 8, 10], [2, 4, 6, 8, 10])
                document[name] = growth(recipe, place, seeds=steps[0], epochs=steps[1])
            else:
                asked = {"quick": arguments.quick, "peer_runs": arguments.peer_runs}
                document[name] = part(name, place, device, **asked)
    finish(document, parts)


if __name__ == "__main__":
    main()
