"""Runs of the noise floor: trained like any other, after the compared ones, each in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open

from cxr_report.errors import Refusal
from cxr_report.runs import RunFolder, StudyFolder
from cxr_report.study import Study
from cxr_report.training import fleet, loop, objective

Make = Callable[..., Any]
FLOOR = {"seeds": True, "identical": {"kl": {"loss": "kl-divergence"}}}
FAR = (1_000_001, 1_000_002)


def train(study: Study, dataset: Any, make_bench: Make, place: Path, wanted: set[str]) -> StudyFolder:
    """Train the runs of some losses in this very process."""
    bench = replace(make_bench(study, dataset), folder=StudyFolder(place))
    for task in fleet.assignments(study, dataset):
        if task.loss in wanted:
            loop.train(task, bench, lambda _: None)
    return bench.folder


def tensors(run: RunFolder) -> dict[str, torch.Tensor]:
    with safe_open(run.weights, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - the file is no mapping


def test_a_floor_run_has_exactly_the_weights_that_an_ordinary_run_of_that_loss_and_seed_gives(
    make_study: Make, make_dataset: Make, make_bench: Make, tmp_path: Path
) -> None:
    dataset, model = make_dataset(), {"width": 4, "dropout": 0.2}
    floor = train(make_study(noise_floor=FLOOR, model=model), dataset, make_bench, tmp_path / "floor", {"ce"})
    plain = train(make_study(seeds=[1, 2, *FAR], model=model), dataset, make_bench, tmp_path / "plain", {"ce"})
    for seed in (1, 2, *FAR):
        assert floor.run("ce", seed).weights.read_bytes() == plain.run("ce", seed).weights.read_bytes()
        assert floor.run("ce", seed).history.read_bytes() == plain.run("ce", seed).history.read_bytes()
    assert tensors(floor.run("ce", 1)).keys() == tensors(floor.run("ce", FAR[0])).keys()
    assert any(
        not torch.equal(value, tensors(floor.run("ce", FAR[0]))[name])
        for name, value in tensors(floor.run("ce", 1)).items()
    )


def test_an_identical_loss_lands_in_a_folder_of_its_own_and_comes_out_close_to_its_partner(
    make_study: Make, make_dataset: Make, make_bench: Make, tmp_path: Path
) -> None:
    study, dataset = make_study(noise_floor=FLOOR), make_dataset()
    folder = train(study, dataset, make_bench, tmp_path, {"ce", "kl"})
    for seed in (1, 2):
        first, second = folder.run("ce", seed), folder.run("kl", seed)
        assert first.path != second.path
        assert first.weights.read_bytes() != second.weights.read_bytes(), "the file says which loss it is of"
        for name, value in tensors(first).items():
            torch.testing.assert_close(value, tensors(second)[name], rtol=1e-3, atol=1e-4)


def test_the_compared_runs_come_first_seed_by_seed_and_the_floor_last(make_study: Make, make_dataset: Make) -> None:
    tasks = fleet.assignments(make_study(noise_floor=FLOOR), make_dataset())
    assert [(task.loss, task.seed) for task in tasks] == [
        ("ce", 1),
        ("focal", 1),
        ("ce", 2),
        ("focal", 2),
        ("kl", 1),
        ("kl", 2),
        ("ce", FAR[0]),
        ("ce", FAR[1]),
    ]
    assert len({task.identity for task in tasks}) == 8


def test_a_function_of_ones_own_in_the_floor_is_tried_too_and_named_where_it_stands(
    make_study: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "square_loss.py").write_text("def loss(logits, target):\n    return logits.square().mean()\n")
    own = {"function": "square_loss:loss", "formula": "z", "reference": "me"}
    study = make_study(
        losses={"focal": {"loss": "focal"}, "own": own}, noise_floor={"identical": {"again": {**own, "label": "twice"}}}
    )
    counts, file = torch.tensor([5.0, 5.0, 5.0]), tmp_path / "tiny.toml"
    objective.check(study, counts, study_file=file, unknown_labels=False)
    resolve = objective.objective

    def broken(loss: Any, *args: Any, key: str, **rest: Any) -> Any:
        return (lambda z, y: z.detach().sum()) if "again" in key else resolve(loss, *args, key=key, **rest)

    monkeypatch.setattr(objective, "objective", broken)
    with pytest.raises(Refusal, match=r"tiny\.toml: noise_floor\.identical\.again: square_loss:loss .*without a grad"):
        objective.check(study, counts, study_file=file, unknown_labels=False)
