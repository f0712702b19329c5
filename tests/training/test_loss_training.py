"""Every loss trains: two epochs, what it learns beside the weights, its last layer, and a run that is broken off."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from cxr_report import inference
from cxr_report.errors import Refusal
from cxr_report.losses import CATALOGUE, SIGMOID
from cxr_report.progress import RunState, Silent
from cxr_report.runs import RunFolder, StudyFolder, read_json
from cxr_report.study import Study
from cxr_report.training import loop, models, trial
from cxr_report.training.bench import Assignment, Bench

Make = Callable[..., Any]

MULTILABEL = [name for name, entry in CATALOGUE.items() if entry.tasks == SIGMOID]
SPECIAL = {"auc-margin": ("multilabel", "bce"), "ldam": ("multiclass", "cross-entropy")}
"""Loss -> task and another loss of the task."""


class Killed(BaseException):
    """The process ends here."""


def bench_of(make_study: Make, make_dataset: Make, make_bench: Make, names: list[str], **training: Any) -> Bench:
    task = "multilabel" if names[0] in MULTILABEL else "multiclass"
    losses = {name: {"loss": name} for name in names}
    study = make_study(task, losses=losses, training={"epochs": 2, "batch_size": 8, **training})
    made: Bench = make_bench(study, make_dataset(task))
    return made


def train(bench: Bench, loss: str, tell: Callable[[RunState], None] = lambda _: None, seed: int = 1) -> RunFolder:
    loop.train(Assignment(loss, seed, bench.study.run_identity(loss, seed, "f")), bench, tell)
    return bench.folder.run(loss, seed)


def test_every_loss_trains_two_epochs_from_the_same_first_weights(
    make_study: Make, make_dataset: Make, make_bench: Make
) -> None:
    for names in (MULTILABEL, [name for name in CATALOGUE if name not in MULTILABEL]):
        bench = bench_of(make_study, make_dataset, make_bench, names)
        first = loop.Run(Assignment(names[0], 1, "i"), bench).learner.classifier.state_dict()
        for name in names:
            work = loop.Run(Assignment(name, 1, "i"), bench)
            own = work.learner.classifier.state_dict()
            assert all(torch.equal(value, first[key]) for key, value in own.items())
            run = train(bench, name)
            assert run.weights.exists(), name
            rows = [line.split(",") for line in run.history.read_text().splitlines()]
            assert len(rows) == 3
            assert all(float(cell) == float(cell) for row in rows[1:] for cell in row), name


@pytest.mark.parametrize("name", SPECIAL)
def test_a_run_broken_off_after_any_epoch_ends_with_the_same_bytes(
    make_study: Make, make_dataset: Make, make_bench: Make, tmp_path: Path, name: str
) -> None:
    calm = bench_of(make_study, make_dataset, make_bench, [name, SPECIAL[name][1]], epochs=5)
    whole = train(calm, name)
    hurt = dataclasses.replace(calm, folder=StudyFolder(tmp_path / "hurt"))
    for last in (1, 2, 4):

        def kill(state: RunState, last: int = last) -> None:
            if state.epoch > last:
                raise Killed

        with pytest.raises(Killed):
            train(hurt, name, kill)
    broken = train(hurt, name)
    assert broken.weights.read_bytes() == whole.weights.read_bytes()
    assert broken.history.read_bytes() == whole.history.read_bytes()
    ends = [torch.load(run.checkpoint, weights_only=True) for run in (whole, broken)]
    assert ends[0]["loss"].keys() == ends[1]["loss"].keys()
    assert all(torch.equal(ends[0]["loss"][key], ends[1]["loss"][key]) for key in ends[0]["loss"])


def test_what_a_loss_learns_is_kept_in_the_checkpoint_and_the_optimiser_and_not_in_the_weights(
    make_study: Make, make_dataset: Make, make_bench: Make
) -> None:
    bench = bench_of(make_study, make_dataset, make_bench, ["auc-margin", "bce"])
    run = train(bench, "auc-margin")
    content = torch.load(run.checkpoint, weights_only=True)
    assert {key: tuple(value.shape) for key, value in content["loss"].items()} == {
        "a": (2,),
        "b": (2,),
        "alpha": (2,),
    }
    assert all((value != 0).all() for value in content["loss"].values())
    groups = content["optimiser"]["param_groups"]
    assert [group["maximize"] for group in groups] == [False, False, False, True]
    assert [group["weight_decay"] for group in groups[1:]] == [0.0, 0.0, 0.0]
    assert groups[2]["lr"] == groups[3]["lr"] == 10 * groups[0]["lr"] == 10 * groups[1]["lr"] > 0
    assert content["model"].keys() == loop.Run(Assignment("bce", 1, "i"), bench).learner.classifier.state_dict().keys()
    assert torch.load(train(bench, "bce").checkpoint, weights_only=True)["loss"] == {}


def test_the_auc_margin_loss_goes_down_over_a_and_b_and_up_over_alpha_which_stays_above_zero(
    make_study: Make, make_dataset: Make, make_bench: Make
) -> None:
    bench = bench_of(make_study, make_dataset, make_bench, ["auc-margin", "bce"], learning_rate=0.02)
    work = loop.Run(Assignment("auc-margin", 1, "i"), bench)
    learned = work.objective.learned
    images, target = bench.train.batch(torch.arange(8))
    work.step(images, target, 0, 3)
    assert (learned["alpha"] > 0).all()
    assert (learned["a"] > 0).all()
    with torch.no_grad():
        learned["alpha"].fill_(1e-6)
        learned["a"].fill_(5.0)
    work.objective.learned["alpha"].grad = None
    before = learned["a"].clone()
    for step in range(4):
        work.step(images, target, 0, step)
    assert (learned["a"] < before).all()
    with torch.no_grad():
        learned["alpha"].fill_(-1.0)
    work.objective.settle()
    assert learned["alpha"].tolist() == [0.0, 0.0]


def test_a_checkpoint_that_holds_another_loss_is_not_taken(
    make_study: Make, make_dataset: Make, make_bench: Make
) -> None:
    bench = bench_of(make_study, make_dataset, make_bench, ["auc-margin", "bce"])
    plain, learning = (loop.Run(Assignment(name, 1, "i"), bench).objective for name in ("bce", "auc-margin"))
    with pytest.raises(ValueError, match="the loss learns nothing, the checkpoint holds"):
        plain.restore(learning.state())
    state = learning.state()
    state["a"].fill_(0.5)
    learning.restore(state)
    assert learning.learned["a"].tolist() == [0.5, 0.5]
    assert learning.learned["a"].requires_grad


def test_losses_that_learn_or_wait_learn_what_there_is_to_learn(
    make_study: Make, make_dataset: Make, make_bench: Make
) -> None:
    for name, (task, other) in SPECIAL.items():
        losses = {key: {"loss": key} for key in (name, other)}
        study = make_study(task, losses=losses, training={"epochs": 12, "batch_size": 8, "learning_rate": 0.01})
        work = loop.Run(Assignment(name, 1, "i"), make_bench(study, make_dataset(task, train=80, val=40)))
        for _ in range(12):
            work.epoch()
        assert work.learner.best_score > 0.9, name


def test_weights_come_late_in_a_run_with_deferred_re_weighting(
    make_study: Make, make_dataset: Make, make_bench: Make
) -> None:
    bench = bench_of(make_study, make_dataset, make_bench, ["ldam", "cross-entropy"], epochs=5)
    known = bench.train.known.copy()
    known[known == 2] = 1
    bench = dataclasses.replace(bench, train=dataclasses.replace(bench.train, known=known))
    work = loop.Run(Assignment("ldam", 1, "i"), bench)
    logits = torch.randn((6, 3), generator=torch.Generator().manual_seed(0))
    target = torch.tensor([0, 1, 1, 0, 1, 1])
    values = [work.objective(logits, target, work.progress(epoch)).item() for epoch in range(5)]
    assert len(set(values[:4])) == 1
    assert values[4] != pytest.approx(values[3], rel=1e-3)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "heads_for_tests.py").write_text(
        "from torch import nn\n"
        "def without(num_classes, image_size):\n"
        "    return nn.Sequential(nn.Conv2d(1, num_classes, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())\n"
        "def last_is_hidden(num_classes, image_size):\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(image_size ** 2, 5), nn.Linear(5, num_classes), "
        "nn.Unflatten(1, (num_classes,)))\n"
        "def hidden(num_classes, image_size):\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(image_size ** 2, 7))\n"
    )
    return tmp_path / "study.toml"


@pytest.mark.parametrize("name", ["small-resnet", "resnet18", "densenet121"])
@pytest.mark.parametrize("dropout", [0.0, 0.2])
def test_a_cosine_head_gives_the_scale_times_a_cosine(make_study: Make, file: Path, name: str, dropout: float) -> None:
    model = make_study(model={"name": name, "width": 4, "dropout": dropout}).model
    torch.manual_seed(0)
    plain = models.build(model, 3, study_file=file, image_size=32)
    torch.manual_seed(0)
    classifier = models.build(model, 3, study_file=file, image_size=32, cosine_scale=7.0).eval()
    (head,) = [module for module in classifier.modules() if isinstance(module, models.CosineHead)]
    last = [module for module in plain.modules() if isinstance(module, nn.Linear)][-1]
    assert torch.equal(head.weight, last.weight)
    seen: list[torch.Tensor] = []
    head.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    logits = classifier(torch.rand(4, 1, 32, 32))
    cosine = torch.nn.functional.cosine_similarity(seen[0][:, None, :], head.weight[None], dim=2)
    torch.testing.assert_close(logits, 7.0 * cosine)
    assert set(plain.state_dict()) - set(classifier.state_dict()) == {
        key for key, value in plain.named_parameters() if value is last.bias
    }


@pytest.mark.parametrize(("name", "said"), [("without", "got none"), ("hidden", r"got 7 in network\.1")])
def test_a_network_without_a_last_linear_layer_is_refused_for_a_cosine_head(
    make_study: Make, file: Path, name: str, said: str
) -> None:
    model = {"name": "custom", "function": f"heads_for_tests:{name}"}
    study = make_study(model=model, losses={"late": {"loss": "ldam"}, "ce": {"loss": "cross-entropy"}})
    with pytest.raises(Refusal, match=rf"study\.toml: losses\.late: model: a loss with a cosine head needs .* {said}"):
        trial.check_model(study, classes=3, study_file=file)
    good = {"name": "custom", "function": "heads_for_tests:last_is_hidden"}
    trial.check_model(
        make_study(model=good, losses={"late": {"loss": "ldam"}, "ce": {"loss": "cross-entropy"}}),
        classes=3,
        study_file=file,
    )


def test_pretrained_weights_go_under_a_cosine_head(make_study: Make, file: Path) -> None:
    model = make_study(model={"width": 4}).model
    donor = models.build(model, 3, study_file=file, image_size=16)
    torch.save(donor.state_dict(), file.with_suffix(".pt"))
    classifier = models.build(model, 3, study_file=file, image_size=16, cosine_scale=30.0)
    assert models.load_pretrained(classifier, file.with_suffix(".pt")) == ()
    assert torch.equal(classifier.network.head.weight, donor.network.head.weight)


def test_a_study_with_two_kinds_of_last_layer_is_exported_and_each_model_is_proved(
    make_study: Make, make_dataset: Make, make_bench: Make, tmp_path: Path
) -> None:
    losses = {
        "ce": {"loss": "cross-entropy"},
        "ldam": {"loss": "ldam"},
        "narrow": {"loss": "ldam", "scale": 4.0},
    }
    study: Study = make_study(losses=losses, seeds=[1, 2], training={"epochs": 1, "batch_size": 8})
    dataset = make_dataset()
    bench = make_bench(study, dataset)
    for name, seed in study.planned_runs():
        task = Assignment(name, seed, study.run_identity(name, seed, dataset.fingerprint))
        loop.train(task, bench, lambda _: None)
    where = {"study_file": tmp_path / "study.toml", "dataset": dataset}
    inference.export(study, folder=bench.folder, progress=Silent(), **where)
    told = {name: read_json(bench.folder.run(name, 1).export_json) for name in losses}
    assert len({entry["architecture_sha256"] for entry in told.values()}) == 3
    largest = {name: entry["proof"]["max_logit"] for name, entry in told.items()}
    assert 4.0 >= largest["narrow"] > 0
    assert largest["ldam"] <= 30.0
    assert all(np.isfinite(entry["proof"]["max_difference"]) for entry in told.values())
