"""One run: what it leaves, what it repeats exactly, what stops it."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open

from cxr_report.data.cases import DataSet
from cxr_report.errors import Refusal
from cxr_report.metrics import metric_value
from cxr_report.progress import RunState
from cxr_report.runs import RunFolder, StudyFolder, sha256
from cxr_report.study import Study
from cxr_report.training import learner, loop
from cxr_report.training.bench import Assignment, Bench
from cxr_report.training.history import Epoch

Make = Callable[..., Any]


class Killed(BaseException):
    """The process ends here."""


def assignment(bench: Bench, loss: str = "ce", seed: int = 1) -> Assignment:
    return Assignment(loss, seed, bench.study.run_identity(loss, seed, "f"))


def trained(bench: Bench, loss: str = "ce", seed: int = 1) -> tuple[RunFolder, list[RunState]]:
    states: list[RunState] = []
    loop.train(assignment(bench, loss, seed), bench, states.append)
    return bench.folder.run(loss, seed), states


def rows(run: RunFolder) -> list[dict[str, str]]:
    return list(csv.DictReader(run.history.read_text().splitlines()))


@pytest.fixture
def bench(make_study: Make, make_dataset: Make, make_bench: Make) -> Bench:
    made: Bench = make_bench(make_study(model={"width": 4, "dropout": 0.3}), make_dataset())
    return made


def elsewhere(bench: Bench, path: Path) -> Bench:
    return replace(bench, folder=StudyFolder(path))


def test_a_run_leaves_its_files_and_says_where_it_stands(bench: Bench) -> None:
    run, states = trained(bench)
    assert sorted(path.name for path in run.path.iterdir()) == [
        "checkpoint.pt",
        "history.csv",
        "run.json",
        "weights.safetensors",
    ]
    assert [state.state for state in states] == ["training"] * 4 + ["trained"]
    assert [state.epoch for state in states] == [0, 1, 2, 3, 3]
    assert states[1].images_per_second > 0
    table = rows(run)
    assert list(table[0]) == ["epoch", "train_loss", "val_loss", "val_primary", "learning_rate"]
    assert [row["epoch"] for row in table] == ["1", "2", "3"]
    assert float(table[2]["val_primary"]) == states[-1].score


def test_run_json_says_what_was_trained_on_what_and_when(bench: Bench) -> None:
    run, _ = trained(bench)
    told = json.loads(run.run_json.read_text())
    assert (told["loss"], told["seed"], told["plan_sha256"], told["ledger_sha256"]) == ("ce", 1, "p", "l")
    assert (
        told["versions"]["torch"] == torch.__version__.partition("+")[0]
        or told["versions"]["torch"] in torch.__version__
    )
    assert told["device"].startswith("cpu")
    assert told["start"] <= told["finished"]
    assert str(Path.home()) not in run.run_json.read_text()


def test_the_kept_weights_are_those_of_the_best_epoch_and_the_earliest_of_equals(bench: Bench) -> None:
    run, _ = trained(bench)
    scores = [float(row["val_primary"]) for row in rows(run)]
    with safe_open(run.weights, framework="pt") as file:
        metadata = file.metadata()
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    assert len(metadata.pop("tensors_sha256")) == 64
    assert metadata == {
        "epoch": str(scores.index(max(scores)) + 1),
        "epochs": "3",
        "history_sha256": sha256(run.history),
        "identity": bench.study.run_identity("ce", 1, "f"),
        "loss": "ce",
        "seed": "1",
    }
    work = loop.Run(assignment(bench), bench)
    work.learner.classifier.load_state_dict(weights)
    found = metric_value("auroc", "multiclass", bench.val.known, work.logits().numpy())
    assert found == max(scores)


@pytest.mark.parametrize(
    ("scores", "higher", "best"),
    [
        ([0.5, 0.7, 0.7], True, 2),
        ([0.5, 0.2, 0.2], False, 2),
        ([math.nan, 0.1, math.nan], True, 2),
        ([math.nan, math.nan, math.nan], True, 3),
    ],
)
def test_the_best_epoch(bench: Bench, scores: list[float], higher: bool, best: int) -> None:
    work = loop.Run(assignment(bench), bench).learner
    for epoch, score in enumerate(scores, 1):
        work.classifier.network.head.bias.data.fill_(epoch)
        work.end_epoch(Epoch(epoch, 0.0, 0.0, score, 0.0), higher_is_better=higher)
    chosen, weights = work.chosen("best")
    assert chosen == best
    assert weights["network.head.bias"].tolist() == [best] * 3
    assert work.chosen("last")[0] == 3


def test_the_same_run_again_is_the_same_to_the_last_bit(bench: Bench, tmp_path: Path) -> None:
    torch.manual_seed(1)
    first, _ = trained(bench)
    torch.manual_seed(2)
    second, _ = trained(elsewhere(bench, tmp_path / "again"))
    assert first.weights.read_bytes() == second.weights.read_bytes()
    assert first.history.read_bytes() == second.history.read_bytes()


@pytest.mark.parametrize("epochs", [[1], [2], [1, 2], [1, 1, 2]])
def test_a_run_killed_after_any_epoch_ends_the_same(bench: Bench, tmp_path: Path, epochs: list[int]) -> None:
    calm, _ = trained(bench)
    hurt = elsewhere(bench, tmp_path / "hurt")

    for last in epochs:

        def kill(state: RunState, last: int = last) -> None:
            if state.epoch >= last + 1:
                raise Killed

        with pytest.raises(Killed):
            loop.train(assignment(hurt), hurt, kill)
    run, states = trained(hurt)
    assert states[0].epoch in (max(epochs), max(epochs) - 1)
    assert run.weights.read_bytes() == calm.weights.read_bytes()
    assert run.history.read_bytes() == calm.history.read_bytes()
    told = json.loads(run.run_json.read_text())
    assert len(told["resumed"]) == len(epochs)
    assert all("time" in entry for entry in told["resumed"])


def test_a_run_killed_before_its_weights_stood_ends_the_same(bench: Bench) -> None:
    run, _ = trained(bench)
    before = run.weights.read_bytes(), run.history.read_bytes()
    run.weights.unlink()
    run.history.unlink()
    (run.path / ".weights.safetensors.x.part").write_bytes(b"half")
    _, states = trained(bench)
    assert [state.state for state in states] == ["training", "trained"]
    assert (run.weights.read_bytes(), run.history.read_bytes()) == before
    assert not list(run.path.glob("*.part")) + list(run.path.glob(".*.part"))


def test_the_checkpoint_holds_nothing_but_plain_data_and_tensors(bench: Bench) -> None:
    run, _ = trained(bench)
    content = torch.load(run.checkpoint, weights_only=True)
    assert len(content["history"]) == 3
    assert content["best"]["weights"].keys() == content["model"].keys()


def test_losses_of_one_seed_share_first_weights_order_and_augmentation(bench: Bench) -> None:
    works = [loop.Run(assignment(bench, loss), bench) for loss in ("ce", "focal")]
    first, second = (work.learner.classifier.state_dict() for work in works)
    assert all(torch.equal(first[name], second[name]) for name in first)
    batches = []
    for work in works:
        seen: list[torch.Tensor] = []
        work.learner.classifier.register_forward_pre_hook(lambda _, args, seen=seen: seen.append(args[0].clone()))
        work.epoch()
        batches.append(seen)
    assert all(torch.equal(one, other) for one, other in zip(*batches, strict=True))
    assert len(batches[0]) == 5 + 1
    third = loop.Run(assignment(bench, seed=2), bench).learner.classifier.state_dict()
    assert not torch.equal(first["network.stem.weight"], third["network.stem.weight"])


def test_every_epoch_has_its_own_order(bench: Bench) -> None:
    work = loop.Run(assignment(bench), bench)
    seen: list[torch.Tensor] = []
    work.learner.classifier.register_forward_pre_hook(lambda _, args: seen.append(args[0].clone()))
    work.epoch()
    work.epoch()
    assert not torch.equal(seen[0], seen[6])


def test_a_tiny_network_learns_what_there_is_to_learn(make_study: Make, make_dataset: Make, make_bench: Make) -> None:
    for task in ("binary", "multiclass", "multilabel"):
        study = make_study(task, training={"epochs": 8, "batch_size": 8, "learning_rate": 0.01})
        bench = make_bench(study, make_dataset(task, train=80, val=40))
        for loss in study.losses:
            work = loop.Run(Assignment(loss, 1, "i"), bench)
            for _ in range(8):
                work.epoch()
            assert work.learner.best_score > 0.9, (task, loss)
            assert work.learner.history[-1].train_loss < 0.8 * work.learner.history[0].train_loss


def test_a_run_whose_loss_explodes_ends_in_diverged_json(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "exploding_for_tests.py").write_text(
        "from torch.nn import functional\n"
        "def loss(logits, target):\n"
        "    value = functional.cross_entropy(logits, target)\n"
        "    return value / (value.detach() > LIMIT).float()\n"
        "LIMIT = 0.0\n"
    )
    own = {"function": "exploding_for_tests:loss", "formula": "x", "reference": "y"}
    raw = bench.study.model_dump(mode="json")
    study = Study.model_validate({**raw, "losses": {**raw["losses"], "own": own}})
    bench = replace(bench, study=study)
    healthy, _ = trained(bench, "own")
    losses = [float(row["train_loss"]) for row in rows(healthy)]
    import exploding_for_tests  # type: ignore[import-not-found]

    bench = elsewhere(bench, tmp_path / "exploding")
    exploding_for_tests.LIMIT = min(losses)
    run, states = trained(bench, "own")
    assert not run.weights.exists()
    told = json.loads(run.diverged.read_text())
    assert told["identity"] == study.run_identity("own", 1, "f")
    assert "inf" in told["reason"]
    assert told["epoch"] == len(rows(run)) + 1
    assert 1 <= told["step"] <= 5
    assert states[-1].state == "diverged"
    content = run.diverged.read_bytes()
    run.diverged.unlink()
    trained(bench, "own")
    assert run.diverged.read_bytes() == content


def test_weights_that_become_nan_in_the_last_step_are_noticed(bench: Bench) -> None:
    work = loop.Run(assignment(bench), bench)
    work.learner.classifier.network.head.bias.data.fill_(torch.nan)
    with pytest.raises(loop.Diverged, match="not finite"):
        work.validate()


def test_a_checkpoint_of_another_run_is_refused(bench: Bench) -> None:
    run, _ = trained(bench)
    run.weights.unlink()
    with pytest.raises(Refusal, match=r"checkpoint\.pt: was begun as run"):
        loop.train(Assignment("ce", 1, "another"), bench, lambda _: None)
    run.checkpoint.write_bytes(b"damaged")
    with pytest.raises(Refusal, match=r"checkpoint\.pt: is damaged"):
        loop.train(assignment(bench), bench, lambda _: None)


def test_a_loss_may_have_a_learning_rate_of_its_own(make_study: Make, make_dataset: Make, make_bench: Make) -> None:
    losses = {"ce": {"loss": "cross-entropy"}, "slow": {"loss": "cross-entropy", "training": {"learning_rate": 1e-5}}}
    bench = make_bench(make_study(losses=losses), make_dataset())
    rates = [float(rows(trained(bench, loss)[0])[1]["learning_rate"]) for loss in losses]
    assert rates[0] / rates[1] == pytest.approx(200)


def test_pretrained_weights_are_where_a_run_starts(
    make_study: Make, make_dataset: Make, make_bench: Callable[[Study, DataSet], Bench], tmp_path: Path
) -> None:
    dataset = make_dataset()
    donor = loop.Run(Assignment("ce", 9, "i"), make_bench(make_study(), dataset)).learner.classifier
    torch.save(donor.state_dict(), tmp_path / "donor.pt")
    work = loop.Run(Assignment("ce", 1, "i"), make_bench(make_study(model={"pretrained": "donor.pt"}), dataset))
    work.start_from_pretrained()
    assert torch.equal(work.learner.classifier.network.stem.weight, donor.network.stem.weight)


def test_a_batch_larger_than_the_data_is_cut_to_them(make_study: Make, make_dataset: Make, make_bench: Make) -> None:
    work = loop.Run(Assignment("ce", 1, "i"), make_bench(make_study(training={"batch_size": 512}), make_dataset()))
    work.epoch()
    assert (work.plan.batch, work.plan.steps) == (40, 1)


def test_seldom_saved_runs_are_saved_at_their_end(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "SAVING", 1e-12)
    saved: list[int] = []
    plain = learner.Learner.save

    def save(self: learner.Learner, run: RunFolder, identity: str) -> None:
        saved.append(self.epoch)
        plain(self, run, identity)

    monkeypatch.setattr(learner.Learner, "save", save)
    trained(bench)
    assert saved == [1, 3]


def test_the_primary_metric_may_need_thresholds(make_study: Make, make_dataset: Make, make_bench: Make) -> None:
    study = make_study(metrics={"primary": "sensitivity_youden", "secondary": []})
    work = loop.Run(Assignment("ce", 1, "i"), make_bench(study, make_dataset()))
    work.epoch()
    assert 0 <= work.learner.history[0].val_primary <= 1
