"""Measure the evaluation of exported models on this machine's CPU; the last line of stdout is one JSON document.

    python tests/benchmarks/inference/cpu.py [--parts small,dense,ways,many,files] [--rounds 7] [--quick]

All of it in one run, on the same images of the phantom, drawn once; ways are timed in turns, each round begun by
another, and every figure is a median (`at_best` the fastest, which other work on the machine blurs least). `ratios`
are those of passes that are neighbours in time, ours over the other's; above 1 we are faster.

- `small`, `dense`: ours (the program's own engine, batch found by its own measurement, fed uint8) beside torch eager in
  float32 (the fastest of contiguous and channels_last, one thread and one per core, batches of 32 and 8, tried first),
  and beside a session with onnxruntime's defaults at batch 32 fed float32 from a graph without our normalisation, ready
  made, and, for what a user's loop would do, made from the uint8 images in the loop.
- `ways`: how else a CPU could be used: one session with all threads, one process per core, one thread.
- `many`: K resident models in one pass over the images beside K passes, what one model more takes, and what loading it
  takes.
- `files`: from files on disk on: what share of the time is decoding, for drawn PNG and JPEG files of 1024 pixels and,
  where it is there, the folder of real X-rays.

Set nothing: threads are set by each way itself. `--quick` shrinks everything; its figures mean nothing.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import csv
import dataclasses
import multiprocessing
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import subject as forms
from kit import Recipe, cores, finish, load, machine
from PIL import Image
from race import lap, quickest, race, told
from subject import Eager, Subject, by_default, by_torch, fewer, ours, subject

from cxr_report.data.phantom import list_phantom
from cxr_report.inference import residence, session

PARTS = ("small", "dense", "ways", "many", "files")
NETWORKS = {"small": ("small-resnet", 64, 1536), "dense": ("densenet121", 224, 32)}
"""Name, pixels a side, images."""

AIMS = {
    ("small", "torch eager"): 1.7,
    ("dense", "torch eager"): 1.4,
    ("small", "onnxruntime by default"): 1.2,
    ("dense", "onnxruntime by default"): 1.0,
}
"""Asked for: ratios by the clock, at least."""

CPU = ["CPUExecutionProvider"]
DATA = Path(__file__).parents[4] / "shared" / "data" / "cxr3"


def beside_peers(one: Subject, rounds: int) -> dict[str, Any]:
    """Race ours, the fastest torch, and sessions with defaults."""
    mine, engine = ours(one, "cpu")
    short = fewer(one, max(forms.PEER_BATCH, len(one.images) // 4))
    how, paces = fastest_torch(short)
    ways = {
        "ours": mine,
        "torch eager": by_torch(one, how),
        "onnxruntime by default": by_default(one, CPU, made_in_the_loop=False),
        "onnxruntime by default, float32 made in the loop": by_default(one, CPU, made_in_the_loop=True),
    }
    found = told(race(ways, rounds), len(one.images), "ours")
    told_of_torch = {"torch": dataclasses.asdict(how), "torch_tried_images_per_second": paces}
    return {**found, "engine": dataclasses.asdict(engine), **told_of_torch}


def fastest_torch(one: Subject) -> tuple[Eager, dict[str, float]]:
    """Try layouts and threads, and then the smaller batch with the fastest of them."""
    pairs = [(last, threads) for last in (False, True) for threads in sorted({1, cores()})]
    tries = {f"{last=} {threads=}": Eager(last, threads, forms.PEER_BATCH) for last, threads in pairs}
    name, seconds = quickest({key: by_torch(one, how) for key, how in tries.items()})
    smaller = dataclasses.replace(tries[name], batch=8)
    last, found = quickest({name: by_torch(one, tries[name]), "batch=8": by_torch(one, smaller)})
    paces = {key: len(one.images) / spent for key, spent in {**seconds, "batch=8": found["batch=8"]}.items()}
    return (smaller if last == "batch=8" else tries[name]), paces


_worker: dict[str, Any] = {}


def _begin(content: bytes, engine: session.Engine, images: Path) -> None:
    _worker["model"] = session.load(content, dataclasses.replace(engine, threads=1), where="bench")
    _worker["images"] = np.load(images, mmap_mode="r")


def _part(start: int, stop: int) -> np.ndarray:
    return session.predict([_worker["model"]], _worker["images"][start:stop])[0]


def ways_of_using_cores(one: Subject, rounds: int, place: Path) -> dict[str, Any]:
    """Race threads with a session in common, one session with threads of its own, and processes; bits must agree."""
    mine, engine = ours(one, "cpu")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = cores(), 3
    options.use_deterministic_compute = True
    wide = onnxruntime.InferenceSession(one.content, options, providers=CPU)
    single = session.load(one.content, dataclasses.replace(engine, threads=1), where="bench")
    np.save(place / "images.npy", one.images)
    pieces = np.linspace(0, len(one.images), 4 * cores() + 1).astype(int)
    pool = concurrent.futures.ProcessPoolExecutor(
        cores(),
        multiprocessing.get_context("spawn"),
        initializer=_begin,
        initargs=(one.content, engine, place / "images.npy"),
    )

    def spread() -> np.ndarray:
        return np.concatenate(list(pool.map(_part, pieces[:-1], pieces[1:])))

    def all_threads() -> np.ndarray:
        steps = range(0, len(one.images), engine.batch)
        return np.concatenate(
            [wide.run(None, {"image": one.images[step : step + engine.batch, None]})[0] for step in steps]
        )

    ways = {
        "one-thread calls from several threads": mine,
        "one session with all threads": all_threads,
        "one process per core": spread,
        "one thread": lambda: session.predict([single], one.images)[0],
    }
    with pool:
        right = mine()
        same = {name: bool(np.array_equal(way(), right)) for name, way in ways.items()}
        found = told(race(ways, rounds), len(one.images), "one-thread calls from several threads")
    for kind in ("speeds", "ratios"):  # the system tells the processor time of a process once it has ended
        entry = found[kind]["one process per core"]
        found[kind]["one process per core"] = {key: value for key, value in entry.items() if "processor" not in key}
    return {**found, "same_bits": same, "batch": engine.batch}


def _grown(content: bytes, engine: session.Engine, images: np.ndarray, count: int) -> float:
    """Return the bytes that a resident model takes, in a process that has kept nothing from before."""
    first = session.load(content, engine, where="bench")
    session.predict([first], images)
    before = residence.taken(engine)
    models = [session.load(content, engine, where="bench") for _ in range(count)]
    session.predict(models, images)
    return (residence.taken(engine) - before) / count


def many(one: Subject, count: int, rounds: int) -> dict[str, Any]:
    """Race K models in one pass against K passes; measure what loading one takes, in time and in memory."""
    _, engine = ours(one, "cpu")
    times, models = [], []
    for _ in range(count):
        began = time.perf_counter()
        models.append(session.load(one.content, engine, where="bench"))
        times.append(time.perf_counter() - began)
    ways = {
        "in one pass": lambda: session.predict(models, one.images)[-1],
        "pass by pass": lambda: [session.predict([model], one.images)[0] for model in models][-1],
    }
    laps = race(ways, rounds)
    with concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        taken = pool.submit(_grown, one.content, engine, one.images, count).result()
    return {
        **told(laps, count * len(one.images), "in one pass"),
        "models": count,
        "seconds_to_load_a_model": statistics.median(times),
        "bytes_per_resident_model": taken,
        "bytes_per_model_as_the_program_measures_it": engine.model_memory,
        "bytes_for_all_as_the_program_allows": engine.memory_budget,
        "models_at_once_as_the_program_chooses": engine.together,
    }


def files(subjects: dict[str, Subject], count: int, side: int, place: Path, data: Path) -> dict[str, Any]:
    """Decode files from disk and evaluate them; say which share of both is decoding."""
    sources = {kind: drawn_files(place / kind, kind, count, side) for kind in ("png", "jpg")}
    if data.is_dir():
        sources["real X-rays"] = data
    found: dict[str, Any] = {}
    for name, one in subjects.items():
        mine, _ = ours(one, "cpu")
        predicting = statistics.median(lap(mine).wall for _ in range(3)) / len(one.images)
        for kind, source in sources.items():
            study = Recipe(source, one.images.shape[1], 2, 2, 1).study()
            began = time.perf_counter()
            loaded = load(study, place / f"{name}-{kind}".replace(" ", "-"))
            images = sum(len(loaded.split(split)) for split in ("train", "val", "test"))
            decoding = (time.perf_counter() - began) / images
            found[f"{name} on {kind}"] = {
                "images": images,
                "milliseconds_per_image_from_disk_to_grey_squares": 1000 * decoding,
                "milliseconds_per_image_and_model": 1000 * predicting,
                "share_of_decoding_with_one_model": decoding / (decoding + predicting),
                "share_of_decoding_with_100_models": decoding / (decoding + 100 * predicting),
            }
    return {**found, "load": os.getloadavg()}


def drawn_files(place: Path, kind: str, count: int, side: int) -> Path:
    """Write images of the phantom as files, with a manifest beside them."""
    place.mkdir(parents=True)
    origin = list_phantom(forms.study("small-resnet", side, 16).data, task="multiclass").origin
    base = [origin.read(number).pixels for number in range(min(count, 12))]
    rows = []
    for number in range(count):
        pixels = np.roll(base[number % len(base)], number, axis=1)
        Image.fromarray(pixels).save(place / f"{number}.{kind}", **({"quality": 90} if kind == "jpg" else {}))
        split = ("train", "train", "val", "test")[number // 3 % 4]
        label = ("covid19", "no_finding", "pneumonia")[number % 3]
        rows.append({"path": f"{number}.{kind}", "label": label, "split": split, "patient_id": number})
    with (place / "manifest.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, ["path", "label", "split", "patient_id"])
        writer.writeheader()
        writer.writerows(rows)
    return place


def targets(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Hold what was measured against what was asked for."""
    return [
        {
            "what": f"{part}: ours to {peer}",
            "measured": document[part]["ratios"][peer]["by_the_clock"],
            "per_processor_second": document[part]["ratios"][peer]["per_processor_second"],
            "at least": aim,
            "met": document[part]["ratios"][peer]["by_the_clock"] >= aim,
        }
        for (part, peer), aim in AIMS.items()
        if part in document
    ]


def main() -> None:
    """Measure, tell, and print the document."""
    parser = argparse.ArgumentParser(description="exported models on the CPU beside torch and a default session")
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--data", type=Path, default=DATA, help="a folder with manifest.csv")
    parser.add_argument("--quick", action="store_true", help="tiny, to see that it works")
    arguments = parser.parse_args()
    parts = arguments.parts.split(",")
    if not set(parts) <= set(PARTS):
        parser.error(f"--parts takes {', '.join(PARTS)}")
    rounds = 2 if arguments.quick else arguments.rounds
    networks = {"small": ("small-resnet", 32, 48), "dense": ("resnet18", 32, 12)} if arguments.quick else NETWORKS
    wanted = {name for name in networks if name in parts or "files" in parts or (name == "small" and len(parts) > 1)}
    wanted |= {"small"} if {"ways", "many"} & set(parts) else set()
    made = {name: subject(*networks[name][:2], count=networks[name][2]) for name in networks if name in wanted}
    document: dict[str, Any] = {"benchmark": "inference/cpu", "quick": arguments.quick, "machine": machine("cpu")}
    document["machine"]["versions"]["onnxruntime"] = session.version()
    document["settings"] = {"networks": networks, "rounds": rounds, "peer_batch": forms.PEER_BATCH, "parts": parts}
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        for name in ("small", "dense"):
            if name in parts:
                document[name] = beside_peers(made[name], rounds)
        if "ways" in parts:
            document["ways"] = ways_of_using_cores(made["small"], rounds, place)
        if "many" in parts:
            short = fewer(made["small"], len(made["small"].images) // 3)
            document["many"] = many(short, 3 if arguments.quick else 10, rounds)
        if "files" in parts:
            count, side = (12, 64) if arguments.quick else (96, 1024)
            data = Path("none") if arguments.quick else arguments.data
            document["files"] = files(made, count, side, place, data)
    document["targets"] = targets(document)
    finish(document, [part for part in ("settings", *parts, "targets") if part in document])


if __name__ == "__main__":
    main()
