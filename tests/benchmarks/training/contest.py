"""A study trained by us and by the peers in one run: throughputs side by side, and their ratios."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from kit import Clock, Recipe, cores, images_of, load, ours
from peers import Work, has_lightning, lightning, plain

from cxr_report.training.resident import grey_levels

Way = Callable[[Work, str, int], float]
"""Trains a run of a loss and a seed."""


def compare(recipe: Recipe, peer_runs: int, place: Path, *, device: str) -> dict[str, Any]:
    """Time the peers, ours, and the peers again."""
    study = recipe.study()
    loaded = load(study, place / "grey")
    cases, runs = len(loaded.train), study.planned_runs()
    work = Work(study, recipe.source, grey_levels(loaded.train.images), device)
    ways: dict[str, Way] = {"plain": plain}
    if has_lightning():
        importlib.import_module("lightning")  # which is not timed
        ways["lightning"] = lightning
    works, tried = warmed_up(ways, work, runs[0])
    clocks = {name: Clock() for name in (*ways, "ours")}
    scores: dict[str, list[float]] = {name: [] for name in ways}
    chosen = runs[:: max(1, len(runs) // peer_runs)][:peer_runs]

    def peers(some: list[tuple[str, int]]) -> None:
        for run in some:
            for name, way in ways.items():
                with clocks[name].running():
                    scores[name].append(way(works[name], *run))

    peers(chosen[: len(chosen) // 2])
    if device == "cuda":
        torch.cuda.empty_cache()  # what the peers have left is not in our worker's way
    with clocks["ours"].running():
        _, notes = ours(study, place / "ours")
    peers(chosen[len(chosen) // 2 :])
    one = images_of(study, cases)
    told = {name: clock.told(one * (len(runs) if name == "ours" else len(chosen))) for name, clock in clocks.items()}
    told["ours"] |= {"runs": len(runs), "said": notes.said}
    for name, found in scores.items():
        told[name] |= {"runs": len(chosen), "scores": found, "threads": works[name].threads, "tried": tried[name]}
    return told


def if_idle(told: dict[str, Any]) -> dict[str, float]:
    """Compute the ratios of an otherwise idle machine from processor times.

    Ours keeps every core busy. A peer that computes on one thread is done no sooner than its own process, or than its
    readers and it together on all cores. A peer that computes on several threads is left out: what waits for what would
    have to be guessed.
    """
    mine = told["ours"]["training_images"] / (told["ours"]["processor_seconds"] / cores())
    found = {}
    for name, peer in told.items():
        if peer.get("threads") == 1:
            least = max(peer["processor_seconds_of_this_process"], peer["processor_seconds"] / cores())
            found[name] = mine / (peer["training_images"] / least)
    return found


def warmed_up(ways: dict[str, Way], work: Work, run: tuple[str, int]) -> tuple[dict[str, Work], dict[str, Any]]:
    """Give each peer the number of threads with which an epoch was faster; a first one warms up and is not counted."""
    short = work.study.model_copy(update={"training": work.study.training.model_copy(update={"epochs": 1})})
    chosen, tried = {}, {}
    for name, way in ways.items():
        way(replace(work, study=short), *run)
        seconds = {}
        for threads in sorted({1, cores()}):
            clock = Clock()
            with clock.running():
                way(replace(work, study=short, threads=threads), *run)
            seconds[threads] = clock.wall
        chosen[name] = replace(work, threads=min(seconds, key=lambda threads: seconds[threads]))
        tried[name] = {f"seconds_of_an_epoch_with_{threads}_threads": value for threads, value in seconds.items()}
    return chosen, tried


def ratios(told: dict[str, Any]) -> dict[str, Any]:
    """Set our throughput over each peer's."""
    mine = told["ours"]
    return {
        name: {key: mine[key] / peer[key] for key in ("images_per_second", "images_per_processor_second")}
        for name, peer in told.items()
        if name != "ours"
    }
