"""Measure how costs grow with runs and with epochs; the last line of stdout is one JSON document.

    python tests/benchmarks/training/growth.py [--device cuda] [--quick]

Studies of drawn images at 64 pixels (small network) are trained by `training.train` with growing numbers of seeds at a
fixed number of epochs, and the other way round. Each row has wall time and processor time, and a straight line through
them: what one more run or epoch costs, what is paid once (workers that start), and how far off the line the worst
measurement is. Linear growth has a small distance; a cost that grew faster would bend the line upwards.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from kit import Clock, Recipe, draw_xrays, finish, load, machine, slope

from cxr_report import training
from cxr_report.progress import Silent
from cxr_report.runs import StudyFolder


def trained(recipe: Recipe, place: Path, name: str) -> Clock:
    """Time a study's training; its images are decoded before."""
    study, clock = recipe.study(), Clock()
    loaded = load(study, place)
    with clock.running():
        training.train(
            study,
            study_file=place / "bench.toml",
            folder=StudyFolder(place / name),
            dataset=loaded,
            progress=Silent(),
            provenance={},
        )
    return clock


def grown(sizes: list[int], recipes: list[Recipe], place: Path, what: str) -> dict[str, Any]:
    """Time studies of growing size and draw a line."""
    clocks = [trained(recipe, place, f"{what}-{size}") for size, recipe in zip(sizes, recipes, strict=True)]
    wall, processor = [clock.wall for clock in clocks], [clock.processor for clock in clocks]
    return {
        what: sizes,
        "seconds": wall,
        "processor_seconds": processor,
        "line_of_seconds": slope(sizes, wall),
        "line_of_processor_seconds": slope(sizes, processor),
        "load": [clock.load for clock in clocks],
    }


def growth(recipe: Recipe, place: Path, *, seeds: list[int], epochs: list[int]) -> dict[str, Any]:
    """Measure both ways of growing, one after the other."""
    trained(replace(recipe, seeds=2, epochs=1), place, "warm-up")
    over_runs = grown(
        [recipe.losses * count for count in seeds], [replace(recipe, seeds=count) for count in seeds], place, "runs"
    )
    over_epochs = grown(epochs, [replace(recipe, epochs=count) for count in epochs], place, "epochs")
    return {"over_runs": over_runs, "over_epochs": over_epochs}


def main() -> None:
    """Measure, tell, and print the document."""
    parser = argparse.ArgumentParser(description="costs over runs and epochs")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it works")
    arguments = parser.parse_args()
    if arguments.device == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        source = draw_xrays(place / "drawn", per_class=12 if arguments.quick else 128, side=64)
        size, width = (32, 4) if arguments.quick else (64, 16)
        recipe = Recipe(source, size, 2, 2, 2, batch=8 if arguments.quick else 32, width=width)
        document: dict[str, Any] = {"benchmark": "training/growth", "quick": arguments.quick}
        document["machine"] = machine(arguments.device)
        steps = ([2, 3], [1, 2]) if arguments.quick else ([2, 4, 6, 8], [2, 4, 6, 8])
        document["growth"] = growth(recipe, place, seeds=steps[0], epochs=steps[1])
    finish(document, ["growth"])


if __name__ == "__main__":
    main()
