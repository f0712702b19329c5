"""Several runs in one process: the same numbers as alone, as many as fit and help, and fewer when memory runs out."""

from __future__ import annotations

import importlib.util
import itertools
import queue
import random
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cxr_report.training import fleet, loop, measure
from cxr_report.training.bench import Assignment, Bench
from cxr_report.training.device.capacity import GAIN, Capacity
from cxr_report.training.device.graphs import out_of_memory
from cxr_report.training.device.lanes import Lane, lane
from cxr_report.training.device.pauses import Course, Pause
from cxr_report.training.device.rounds import WINDOW, Failed, Place, PlainMeter, Rounds
from cxr_report.training.worker import Servant

Make = Callable[..., Any]
CPU = torch.device("cpu")


def recording() -> Any:
    """The module beside this one; tests are no package."""
    spec = importlib.util.spec_from_file_location("recording_rounds", Path(__file__).with_name("recording.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def in_tensors(bench: Bench, place: Path) -> Bench:
    """The data as a GPU holds them, and a folder of its own."""
    train, val = (replace(split, images=torch.from_numpy(split.images.copy())) for split in (bench.train, bench.val))
    return replace(bench, train=train, val=val, folder=type(bench.folder)(place))


def files(bench: Bench, task: Assignment) -> tuple[bytes, bytes]:
    run = bench.folder.run(task.loss, task.seed)
    return run.weights.read_bytes(), run.history.read_bytes()


def place_of(bench: Bench, make_lane: Callable[[], Lane] = lambda: lane(CPU), **changes: Any) -> Place:
    def begin(task: Assignment, own: Lane) -> Course:
        return loop.course(task, bench, lambda _: None, own)

    return Place(**{"begin": begin, "lane": make_lane, "meter": PlainMeter(), **changes})


def room_for(runs: int) -> Capacity:
    found = Capacity()
    found.target = runs
    return found


def walk(rounds: Rounds, tasks: list[Assignment]) -> list[str]:
    """Train all, those that were given up too; return what happened, in order."""
    left, told = list(tasks), []
    while left or rounds.at_work:
        while left and rounds.room:
            rounds.add(left.pop(0))
        turn = rounds.turn()
        told += [f"done {task.loss} {task.seed}" for task in turn.done]
        told += [f"short {task.loss} {task.seed}" for task in turn.short]
        left += turn.short
    return told


@pytest.fixture
def bench(make_study: Make, make_dataset: Make, make_bench: Make) -> Bench:
    found: Bench = make_bench(make_study(model={"width": 4, "dropout": 0.2}), make_dataset())
    return found


@pytest.fixture
def tasks(bench: Bench) -> list[Assignment]:
    return [Assignment(loss, seed, "i") for seed in (1, 2) for loss in ("ce", "focal")]


@pytest.fixture
def alone(bench: Bench, tasks: list[Assignment], tmp_path: Path) -> dict[Assignment, tuple[bytes, bytes]]:
    own = in_tensors(bench, tmp_path / "alone")
    for task in tasks:
        loop.train(task, own, lambda _: None)
    return {task: files(own, task) for task in tasks}


@pytest.mark.parametrize("captures", [True, False])
def test_a_run_is_the_same_alone_and_taking_turns_with_others(
    bench: Bench, tasks: list[Assignment], alone: Any, tmp_path: Path, captures: bool
) -> None:
    shared = in_tensors(bench, tmp_path / "shared")
    chance, module = random.Random(7), recording()
    lanes = (lambda: module.RecordingLane(lambda: chance.randrange(4))) if captures else (lambda: lane(CPU))
    told = walk(Rounds(place_of(shared, lanes), room_for(3)), tasks)
    assert sorted(told) == sorted(f"done {task.loss} {task.seed}" for task in tasks)
    assert {task: files(shared, task) for task in tasks} == alone


def test_turns_go_round_and_a_run_that_waits_holds_nobody(tmp_path: Path) -> None:
    seen: list[str] = []
    module = recording()

    def begin(task: Assignment, own: Lane) -> Course:
        for step in range(3):
            seen.append(f"{task.loss}{step}")
            yield Pause(until=module.Later(2) if task.loss == "a" and step == 0 else None)

    rounds = Rounds(Place(begin, lambda: lane(CPU), PlainMeter()), room_for(2))
    walk(rounds, [Assignment("a", 1, "i"), Assignment("b", 1, "i")])
    assert seen == ["a0", "b0", "b1", "b2", "a1", "a2"]


def out_of(memory: str) -> Exception:
    return torch.OutOfMemoryError(f"{memory} out of memory")


@pytest.mark.parametrize("wrapped", [False, True])
def test_out_of_memory_the_fleet_shrinks_goes_on_and_ends_the_same(
    bench: Bench, tasks: list[Assignment], alone: Any, tmp_path: Path, wrapped: bool
) -> None:
    shared = in_tensors(bench, tmp_path / "shared")
    failures = iter([True])

    def begin(task: Assignment, own: Lane) -> Course:
        for count, pause in enumerate(loop.course(task, shared, lambda _: None, own)):
            if task == tasks[1] and count == 9 and next(failures, False):
                try:
                    raise out_of("CUDA")
                except RuntimeError as error:
                    if wrapped:  # as the end of a broken capture wraps it
                        raise RuntimeError("capture was invalidated") from error
                    raise
            yield pause

    rounds = Rounds(place_of(shared, begin=begin), room_for(3))
    told = walk(rounds, tasks)
    assert [line for line in told if line.startswith("short")] == ["short focal 1"]
    assert rounds.capacity.target == 2
    assert rounds.capacity.settled
    assert {task: files(shared, task) for task in tasks} == alone
    resumed = shared.folder.run("focal", 1).run_json.read_text()
    assert '"resumed": []' not in resumed, "the run went on from its checkpoint"


def test_a_run_alone_that_runs_out_of_memory_fails_by_its_name() -> None:
    def begin(task: Assignment, own: Lane) -> Course:
        yield Pause()
        raise out_of("CUDA")

    rounds = Rounds(Place(begin, lambda: lane(CPU), PlainMeter()), room_for(2))
    rounds.add(Assignment("ce", 3, "i"))
    rounds.turn()
    with pytest.raises(Failed, match="loss ce, seed 3") as caught:
        rounds.turn()
    assert out_of_memory(caught.value)


@dataclass
class Card:
    """A device whose throughput saturates, and its memory and clock."""

    saturates_at: int
    memory: int
    time: float = 0.0
    at_work: int = 0
    peak: int = 100

    def held(self) -> int:
        return self.peak if self.at_work == 0 else self.peak + 10 * self.at_work

    def free(self) -> int:
        return self.memory - 10 * self.at_work

    def release(self) -> None:
        pass

    def begin(self, task: Assignment, own: Lane) -> Course:
        self.at_work += 1
        for step in itertools.count():
            self.time += 0.1 / min(self.at_work, self.saturates_at)
            yield Pause(images=10, warm=step > 2, epochs=1 if step % 5 == 0 else 0)


def found_on(card: Card, turns: int = 4000) -> Rounds:
    rounds = Rounds(Place(card.begin, lambda: lane(CPU), card, lambda: card.time), Capacity())
    for _ in range(turns):
        while rounds.room:
            rounds.add(Assignment("ce", 1, "i"))
        rounds.turn()
    return rounds


def test_runs_are_added_as_long_as_they_bring_images_per_second() -> None:
    rounds = found_on(Card(saturates_at=6, memory=10_000))
    assert rounds.capacity.settled
    assert rounds.capacity.target == 8  # of 1, 2, 3, 5, 8, 12: the last that brought anything
    assert [one.runs for one in rounds.capacity.seen] == [1, 2, 3, 5, 8, 12]
    rates = [one.images_per_second for one in rounds.capacity.seen]
    assert rates[1] == pytest.approx(2 * rates[0], rel=0.1)


def test_no_more_runs_than_the_measured_memory_holds() -> None:
    rounds = found_on(Card(saturates_at=1000, memory=60))
    assert rounds.capacity.target == 1 + int(0.9 * 50 // 10)
    assert rounds.at_work == rounds.capacity.target


@given(st.integers(1, 40), st.lists(st.floats(1.0, 1e6), max_size=30), st.integers(1, 10**6), st.integers(0, 10**6))
def test_the_search_ends_and_never_passes_a_limit(at_most: int, rates: list[float], run: int, free: int) -> None:
    found = Capacity(at_most)
    found.measured(run, free)
    limit = min(at_most, 1 + int(0.9 * free // run))
    for rate in rates:
        before = found.target
        found.observe(rate)
        assert 1 <= found.target <= limit
        assert found.target != before or found.settled
    while not found.settled:  # a device that always gains ends at a limit, any other before
        found.observe(found.seen[-1].images_per_second * (1 + 2 * GAIN) if found.seen else 1.0)
    assert found.target <= limit


def test_memory_that_runs_out_takes_one_run_off_for_good() -> None:
    found = room_for(5)
    assert found.shrink(4)
    assert (found.target, found.settled) == (3, True)
    found.observe(1e9)
    assert found.target == 3
    assert found.shrink(2)
    assert found.target == 1
    assert not found.shrink(1)


def test_the_company_of_a_forecast_is_found_likewise(bench: Bench) -> None:
    card = Card(saturates_at=4, memory=10_000)
    alone = measure.Epoch(seconds=99.0, bytes_of_weights=1, bytes_of_memory=2, runs_at_once=1)
    place = Place(card.begin, lambda: lane(CPU), card, lambda: card.time)
    told = measure.company(alone, Assignment("ce", 1, "i"), bench, place)
    assert told.runs_at_once == 5
    # 4 steps of 10 images in 0.1 s: each of five runs has a fifth of 400 images/s
    assert told.seconds == pytest.approx(len(bench.train) * 5 / 400, rel=0.05)
    assert (told.bytes_of_weights, told.bytes_of_memory) == (1, 2)
    assert WINDOW < measure.SEARCH


@pytest.mark.parametrize(("room", "kinds"), [(1, ["ready", "done"] * 3), (3, ["ready"] * 3 + ["done"] * 3)])
def test_a_worker_asks_for_as_many_runs_as_it_has_room_for(
    bench: Bench, tasks: list[Assignment], room: int, kinds: list[str]
) -> None:
    orders: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    said: list[dict[str, Any]] = []
    servant = Servant(orders, bench, said.append, at_most=1)
    servant._rounds.capacity = room_for(room)
    for task in tasks[:3]:
        orders.put(fleet.order("train", task))
    while sum(message["kind"] == "done" for message in said) < 3:
        servant.step()
    assert [message["kind"] for message in said if message["kind"] != "state"] == kinds
    done = [message["task"] for message in said if message["kind"] == "done"]
    assert done == [asdict(task) for task in tasks[:3]]


@pytest.fixture
def _gpu() -> None:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device here")


def on_gpu(bench: Bench, place: Path) -> Bench:
    from cxr_report.training.resident import Resident

    device = torch.device("cuda", 0)
    train, val = (Resident.place(split.images, split.known, device) for split in (bench.train, bench.val))
    return replace(bench, train=train, val=val, device=device, folder=type(bench.folder)(place))


@pytest.mark.gpu
@pytest.mark.usefixtures("_gpu")
def test_on_a_gpu_runs_are_the_same_alone_among_others_and_without_graphs(
    bench: Bench, tasks: list[Assignment], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cxr_report.training.device.lanes import CudaLane

    notes: list[str] = []
    alone, among, eager = (
        replace(on_gpu(bench, tmp_path / name), note=notes.append) for name in ("alone", "among", "eager")
    )
    for task in tasks:
        loop.train(task, alone, lambda _: None)
    walk(Rounds(place_of(among, lambda: lane(among.device)), room_for(4)), tasks)
    assert notes == [], "every step was captured"
    monkeypatch.setattr(CudaLane, "captures", False)
    for task in tasks:
        loop.train(task, eager, lambda _: None)
    for task in tasks:
        assert files(alone, task) == files(among, task) == files(eager, task)


@pytest.mark.gpu
@pytest.mark.usefixtures("_gpu")
def test_on_a_gpu_a_loss_that_waits_for_the_device_is_trained_all_the_same(
    make_study: Make, make_dataset: Make, make_bench: Make, tmp_path: Path
) -> None:
    (tmp_path / "waiting_for_tests.py").write_text(
        "from torch.nn import functional\n"
        "def loss(logits, target):\n"
        "    value = functional.cross_entropy(logits, target)\n"
        "    return value * 2 if value.item() > 100.0 else value\n"
        "loss.capturable = True\n"
    )
    own = {"function": "waiting_for_tests:loss", "formula": "x", "reference": "y"}
    study = make_study(losses={"ce": {"loss": "cross-entropy"}, "own": own})
    notes: list[str] = []
    here = replace(on_gpu(make_bench(study, make_dataset()), tmp_path / "here"), note=notes.append)
    for loss in study.losses:
        loop.train(Assignment(loss, 1, "i"), here, lambda _: None)
    assert notes
    assert all(note.startswith("loss own: its steps are issued one by one") for note in notes)
    kept = {loss: files(here, Assignment(loss, 1, "i"))[1] for loss in study.losses}
    assert kept["ce"] == kept["own"]
