"""Decoding once, in parallel, whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from cxr_report.data.decoding import arranged, decode
from cxr_report.data.listing import Listing, Picture, Record, Unreadable
from cxr_report.progress import Silent


@dataclass
class Source:
    """Pictures made from their place; counts what is asked of it."""

    content: str = "a"
    mark: str = "a"
    bad: tuple[int, ...] = ()
    stop_at: int = -1
    reads: list[int] = field(default_factory=list)
    looked: int = 0

    def quick_key(self) -> str:
        return hashlib.sha256(self.mark.encode()).hexdigest()

    def exact_key(self) -> str:
        self.looked += 1
        return hashlib.sha256(b"exact" + self.content.encode()).hexdigest()

    def read(self, index: int) -> Picture:
        self.reads.append(index)
        if index == self.stop_at:
            raise KeyboardInterrupt
        if index in self.bad:
            raise Unreadable(f"reason {index}")
        pixels = np.full((16, 16), index % 251, dtype=np.uint8)
        return Picture(pixels, f"{index:064d}", 16, 16, blank=True, patient=f"p{index // 2}", age=index)


class Bar(Silent):
    """Adds up what a progress bar would show."""

    def __init__(self) -> None:
        self.total, self.done, self.ended = 0, 0, False

    def start(self, label: str, total: int) -> None:
        self.total = total

    def advance(self, label: str, count: int = 1) -> None:
        self.done += count

    def finish(self, label: str) -> None:
        self.ended = True


def listing(source: Source, count: int = 100) -> Listing:
    return Listing("folder", "x", ("a", "b"), [Record(f"{i}.png", 0) for i in range(count)], source, count)


@pytest.fixture
def go(tmp_path: Path) -> Callable[..., object]:
    def make(source: Source, **options: object) -> object:
        given = {"size": 16, "workers": 2, "keep_bad": False, "progress": Silent(), **options}
        return decode(listing(source), tmp_path / "cache", **given)  # type: ignore[arg-type]

    return make


def test_result_is_in_order_whatever_the_number_of_workers(tmp_path: Path) -> None:
    for workers in (1, 2, 7):
        source = Source(bad=(3, 50))
        found = decode(
            listing(source), tmp_path / str(workers), size=16, workers=workers, keep_bad=True, progress=Silent()
        )
        expected = [place for place in range(100) if place not in (3, 50)]
        assert found.index.tolist() == expected
        assert found.images[:, 0, 0].tolist() == expected
        assert found.age.tolist() == expected
        assert found.group.tolist() == [place // 2 for place in expected]
        assert dict(zip(found.bad_index.tolist(), found.bad_reason.tolist(), strict=True)) == {
            3: "reason 3", 50: "reason 50"
        }  # fmt: skip


def test_images_are_mapped_and_read_only(go: Callable[..., NDArray[np.uint8]]) -> None:
    found = go(Source())
    assert isinstance(found.images, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        found.images[0, 0, 0] = 1


def test_second_time_nothing_is_decoded_and_nothing_hashed(go: Callable[..., object]) -> None:
    go(Source())
    again = Source()
    go(again)
    assert again.reads == []
    assert again.looked == 0


def test_touched_files_of_equal_content_are_hashed_and_not_decoded(go: Callable[..., object]) -> None:
    go(Source(mark="before"))
    again = Source(mark="after")
    go(again)
    assert again.reads == []
    assert again.looked == 1


def test_other_content_is_decoded_anew(go: Callable[..., object]) -> None:
    go(Source())
    again = Source(content="b", mark="b")
    go(again)
    assert sorted(again.reads) == list(range(100))


def test_progress_counts_every_image(go: Callable[..., object]) -> None:
    bar = Bar()
    go(Source(bad=(1,)), progress=bar)
    assert (bar.total, bar.done, bar.ended) == (100, 100, True)


@pytest.mark.parametrize("stop_at", [0, 37, 99])
def test_interrupted_decoding_leaves_no_half_file_and_goes_on(
    go: Callable[..., object], tmp_path: Path, stop_at: int
) -> None:
    with pytest.raises(KeyboardInterrupt):
        go(Source(stop_at=stop_at))
    left = [file for file in (tmp_path / "cache").iterdir() if file.suffix != ".lock"]
    assert left == []
    found = go(Source())
    assert found.images[:, 0, 0].tolist() == list(range(100))  # type: ignore[attr-defined]


def test_what_a_killed_process_left_is_swept(go: Callable[..., object], tmp_path: Path) -> None:
    go(Source())
    finished = next((tmp_path / "cache").glob("*.npy"))
    stray = finished.with_name(f".{finished.name}.abcd.part")
    finished.rename(stray)
    again = Source()
    go(again)
    assert len(again.reads) == 100
    assert not stray.exists()
    assert finished.exists()


@pytest.mark.parametrize("ending", ["*.npy", "*.npz", "*.json"])
def test_damaged_cache_is_made_anew(go: Callable[..., object], tmp_path: Path, ending: str) -> None:
    go(Source())
    file = next((tmp_path / "cache").glob(ending))
    file.write_bytes(file.read_bytes()[:40])
    found = go(Source())
    assert found.images[:, 0, 0].tolist() == list(range(100))  # type: ignore[attr-defined]


def test_refused_images_are_looked_at_again_and_skipped_ones_are_not(go: Callable[..., object]) -> None:
    go(Source(bad=(4,)))
    again = Source(bad=(4,))
    go(again, keep_bad=True)
    assert len(again.reads) == 100
    third = Source(bad=(4,))
    go(third, keep_bad=True)
    assert third.reads == []


def test_another_order_is_a_mapped_file_too(go: Callable[..., object], tmp_path: Path) -> None:
    found = go(Source())
    order = np.random.default_rng(0).permutation(100)
    for _ in range(2):
        images = arranged(found, order, tmp_path / "cache")  # type: ignore[arg-type]
        assert isinstance(images, np.memmap)
        assert images[:, 0, 0].tolist() == order.tolist()
    assert arranged(found, np.arange(100), tmp_path / "cache") is found.images  # type: ignore[arg-type, attr-defined]
