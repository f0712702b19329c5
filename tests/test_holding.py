"""One process holds a study, or several hold a shard each: who is let in, and who is told what."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr_report import holding
from cxr_report.errors import Refusal
from cxr_report.holding import Shard, held, held_by_shard
from cxr_report.runs import StudyFolder


@pytest.fixture
def folder(tmp_path: Path) -> StudyFolder:
    return StudyFolder(tmp_path / "runs" / "a.b")


def nothing() -> None:
    return None


@given(st.integers(1, 40), st.lists(st.integers(), max_size=60))
def test_shards_are_disjoint_and_together_everything(count: int, tasks: list[int]) -> None:
    places = list(range(len(tasks)))
    parts = [Shard(number, count).of(places) for number in range(1, count + 1)]
    assert sorted(place for part in parts for place in part) == places
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.parametrize(
    "text", ["", "3", "0/4", "5/4", "1/0", "-1/4", "1/4/2", "a/b", "1.0/4", " 1/4", "1/4\n", "²/4"]
)
def test_a_wrong_shard_is_one_sentence(text: str) -> None:
    with pytest.raises(Refusal, match=r"^--shard takes i/n with i in 1 to n, such as 3/10, got ") as caught:
        Shard.parse(text)
    assert str(caught.value).endswith(repr(text))


def test_shards_of_one_count_work_side_by_side(folder: StudyFolder) -> None:
    with ExitStack() as at_work:
        for number in (1, 2, 3):
            at_work.enter_context(held_by_shard(folder, Shard(number, 3), nothing))
        assert [number for number, _, _ in folder.shard_locks()] == [1, 2, 3]


def test_the_same_shard_twice_is_refused(folder: StudyFolder) -> None:
    with (
        held_by_shard(folder, Shard(1, 3), nothing),
        pytest.raises(Refusal, match=r"shard 1/3 is being trained"),
        held_by_shard(folder, Shard(1, 3), nothing),
    ):
        pass


def test_shards_of_another_count_are_refused_since_they_share_runs(folder: StudyFolder) -> None:
    with (
        held_by_shard(folder, Shard(1, 3), nothing),
        pytest.raises(
            Refusal, match=r"shard 1/3 of this study is being trained, and a run may belong to that and to 2/4"
        ),
        held_by_shard(folder, Shard(2, 4), nothing),
    ):
        pass


def test_a_driver_of_the_whole_study_waits_for_no_shard(folder: StudyFolder) -> None:
    with (
        held_by_shard(folder, Shard(1, 3), nothing),
        held_by_shard(folder, Shard(3, 3), nothing),
        pytest.raises(Refusal, match=r"a\.b: shards 1/3, 3/3 of this study are being trained"),
        held(folder),
    ):
        pass
    with held(folder):
        pass


def test_a_shard_does_not_enter_a_study_that_is_driven(folder: StudyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding, "TURN", 0.1)
    with (
        held(folder),
        pytest.raises(Refusal, match="another process is working on this study"),
        held_by_shard(folder, Shard(1, 2), nothing),
    ):
        pass


def test_a_beginning_that_fails_leaves_no_lock(folder: StudyFolder) -> None:
    def fail() -> None:
        raise Refusal("no")

    with pytest.raises(Refusal, match="no"), held_by_shard(folder, Shard(1, 2), fail):
        pass
    with held(folder):
        pass


def test_a_study_named_like_anothers_shard_is_not_taken_for_one(tmp_path: Path) -> None:
    long, short = StudyFolder(tmp_path / "a-shard-1-of-2"), StudyFolder(tmp_path / "a")
    with held(long), held(short):
        assert list(short.shard_locks()) == []


ENTER = """
import sys
from pathlib import Path
from cxr_report.holding import Shard, held_by_shard
from cxr_report.runs import StudyFolder
place, log, shard, seconds = Path(sys.argv[1]), Path(sys.argv[2]), Shard.parse(sys.argv[3]), float(sys.argv[4])

def begin():
    for word in ("in", "out"):
        log.write_text(f"{log.read_text()}{word} {shard}\\n")

with held_by_shard(StudyFolder(place), shard, begin):
    import time
    time.sleep(seconds)
"""


def enter(folder: StudyFolder, log: Path, shard: str, *, seconds: float = 0.0) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", ENTER, folder.path, log, shard, str(seconds)])


def test_many_that_start_at_once_begin_one_after_another(folder: StudyFolder, tmp_path: Path) -> None:
    log, shards = tmp_path / "log", [f"{number}/6" for number in range(1, 7)]
    log.write_text("")
    jobs = [enter(folder, log, shard) for shard in shards]
    assert [job.wait(60) for job in jobs] == [0] * len(shards)
    lines = log.read_text().splitlines()
    pairs = [tuple(lines[place : place + 2]) for place in range(0, len(lines), 2)]
    assert sorted(pairs) == [(f"in {shard}", f"out {shard}") for shard in shards]


def test_the_lock_of_a_killed_process_is_free(folder: StudyFolder, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("")
    job = enter(folder, log, "2/2", seconds=600)
    try:
        end = time.monotonic() + 60
        while "out" not in log.read_text() and time.monotonic() < end:
            time.sleep(0.05)
        with pytest.raises(Refusal, match=r"another process|shard 2/2 of this study is being trained"), held(folder):
            pass
    finally:
        job.kill()
        job.wait(60)
    with held(folder):
        pass


def test_locks_lie_beside_the_studies_and_never_inside_one(folder: StudyFolder) -> None:
    with held_by_shard(folder, Shard(1, 2), nothing):
        assert folder.shard_lock(1, 2).exists()
        assert not folder.path.exists()


HOLD = """
import sys, time
from pathlib import Path
from cxr_report import holding, runs
with holding.held(runs.StudyFolder(Path(sys.argv[1]))):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_study_has_one_driver_and_a_killed_one_lets_go(tmp_path: Path) -> None:
    folder = StudyFolder(tmp_path / "s")
    with subprocess.Popen([sys.executable, "-c", HOLD, str(folder.path)], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(Refusal, match="another process is working on this study"), held(folder):
            pass
        other.kill()
    with held(folder):
        pass
    assert not folder.path.exists()
