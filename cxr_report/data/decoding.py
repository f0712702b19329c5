"""A Listing in, one memory-mapped array of grey squares out: decoded once, in parallel, kept beside the studies."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from cxr_report.data.dicom import require_pydicom
from cxr_report.data.images import DICOM_SUFFIXES, strict_decoding
from cxr_report.data.listing import Listing, Picture, Unreadable
from cxr_report.errors import Refusal
from cxr_report.progress import Progress
from cxr_report.runs import ImageCache, read_arrays, read_json, whole, write_arrays, write_json
from cxr_report.study import digest

__all__ = ["Decoded", "arranged", "decode"]

DECODER = 1
"""Changes whenever the same files would give other pixels, so that no older cache is taken for the new one."""

CHUNK = 16
"""Images per piece of work, chosen: small enough for a moving bar, large enough that queueing costs nothing."""

LABEL = "decode"

NO_PIXELS = np.empty((0, 0), dtype=np.uint8)

_FACTS = ("index", "sha256", "width", "height", "blank", "group", "sex", "age", "view", "bad_index", "bad_reason")


@dataclass(frozen=True, slots=True)
class Decoded:
    """The images of a listing that could be decoded, in its order."""

    key: str
    """Of the content and of how it was decoded."""
    images: NDArray[np.uint8]
    """``(N, S, S)``, memory-mapped and read-only."""
    index: NDArray[np.int64]
    """``(N,)`` place in the listing."""
    sha256: NDArray[np.str_]
    """``(N,)`` of the grey pixels before resizing."""
    width: NDArray[np.int64]
    height: NDArray[np.int64]
    blank: NDArray[np.bool_]
    group: NDArray[np.int64]
    """``(N,)`` patients as the files' headers tell them apart, numbered by first appearance; -1 = not told."""
    sex: NDArray[np.str_]
    age: NDArray[np.float64]
    view: NDArray[np.str_]
    bad_index: NDArray[np.int64]
    """``(B,)`` places in the listing that could not be decoded."""
    bad_reason: NDArray[np.str_]


def decode(listing: Listing, cache: Path, *, size: int, workers: int, keep_bad: bool, progress: Progress) -> Decoded:
    """Decode every image of a listing, or find them decoded.

    Args:
        listing: what to decode.
        cache: the folder in which decoded arrays are kept.
        size: side of the squares in pixels.
        workers: threads; the result does not depend on it.
        keep_bad: whether a result with unreadable images is kept; it is not where they will be refused, so that
            mending a file is always seen.
        progress: who is told.
    """
    store = ImageCache(cache)
    _require_for(listing)
    quick = digest({"decoder": DECODER, "key": listing.origin.quick_key()})
    key = _known_key(store, quick)
    if key is None:
        key = digest({"decoder": DECODER, "key": listing.origin.exact_key()})
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(store.lock(key)):
        found = _open(store, key, size)
        if found is None:
            found = _decode_into(store, key, listing, size, workers if listing.parallel else 1, progress)
        if len(found.bad_index) and not keep_bad:
            store.facts(key).unlink(missing_ok=True)
        else:
            write_json(store.index(quick), {"key": key})
    return found


def arranged(found: Decoded, order: NDArray[np.int64], cache: Path) -> NDArray[np.uint8]:
    """Return the images in another order, memory-mapped too.

    Args:
        found: what was decoded.
        order: ``(N,)`` places in its order.
        cache: the folder in which decoded arrays are kept.
    """
    if np.array_equal(order, np.arange(len(found.index))):
        return found.images
    rearranged = {"decoded": found.key, "order": hashlib.sha256(order.tobytes()).hexdigest()}
    file = ImageCache(cache).pixels(digest(rearranged))
    wanted = (len(order), *found.images.shape[1:])
    try:
        there = np.load(file, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        there = None
    if there is None or there.shape != wanted:
        with whole(file) as stream:
            _write_header(stream, len(order), wanted[1])
            for first in range(0, len(order), 1024):
                stream.write(found.images[order[first : first + 1024]].tobytes())
        there = np.load(file, mmap_mode="r", allow_pickle=False)
    images: NDArray[np.uint8] = there
    return images


def _require_for(listing: Listing) -> None:
    if any(record.key.lower().endswith(DICOM_SUFFIXES) for record in listing.records):
        require_pydicom()


def _known_key(store: ImageCache, quick: str) -> str | None:
    try:
        entry = read_json(store.index(quick))
    except Refusal:  # a cache that cannot be read is no fault of the user's; it is made anew
        return None
    key = entry.get("key") if isinstance(entry, dict) else None
    return key if isinstance(key, str) else None


def _open(store: ImageCache, key: str, size: int) -> Decoded | None:
    try:
        facts = read_arrays(store.facts(key), _FACTS)
        images = np.load(store.pixels(key), mmap_mode="r", allow_pickle=False)
    except (Refusal, OSError, ValueError, EOFError):
        return None
    if images.shape != (len(facts["index"]), size, size) or images.dtype != np.uint8:
        return None
    return Decoded(key=key, images=images, **facts)


def _decode_into(store: ImageCache, key: str, listing: Listing, size: int, workers: int, progress: Progress) -> Decoded:
    for stray in store.strays(key):  # left by a killed process; the lock says that nobody writes them now
        stray.unlink(missing_ok=True)
    kept: list[tuple[int, Picture]] = []
    bad: list[tuple[int, str]] = []
    with whole(store.pixels(key)) as stream:
        _write_header(stream, len(listing.records), size)
        start = stream.tell()
        with closing(_outcomes(listing, workers, progress)) as outcomes:
            for place, outcome in outcomes:
                if isinstance(outcome, str):
                    bad.append((place, outcome))
                    continue
                stream.write(outcome.pixels.tobytes())
                kept.append((place, replace(outcome, pixels=NO_PIXELS)))
        stream.seek(0)
        _write_header(stream, len(kept), size)
        if stream.tell() != start:  # numpy pads headers so that the first axis may grow
            raise RuntimeError("the header of a .npy file changed its length")
    write_arrays(store.facts(key), **_facts(kept, bad))
    found = _open(store, key, size)
    if found is None:
        raise RuntimeError(f"{store.pixels(key)} cannot be read back")
    return found


def _write_header(stream: IO[bytes], count: int, size: int) -> None:
    head = {"descr": "|u1", "fortran_order": False, "shape": (count, size, size)}
    np.lib.format.write_array_header_1_0(stream, head)


def _outcomes(listing: Listing, workers: int, progress: Progress) -> Generator[tuple[int, Picture | str], None, None]:
    """Yield every record's picture, or why there is none, in the listing's order, with little waiting in memory."""
    total = len(listing.records)
    waiting: deque[tuple[range, Future[list[Picture | str]]]] = deque()
    pieces = iter(range(0, total, CHUNK))
    progress.start(LABEL, total)
    pool = ThreadPoolExecutor(max_workers=max(1, workers))
    try:
        with strict_decoding():
            while True:
                while len(waiting) < 4 * max(1, workers) and (first := next(pieces, None)) is not None:
                    places = range(first, min(first + CHUNK, total))
                    waiting.append((places, pool.submit(_piece, listing, places)))
                if not waiting:
                    break
                places, future = waiting.popleft()
                yield from zip(places, future.result(), strict=True)
                progress.advance(LABEL, len(places))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    progress.finish(LABEL)


def _piece(listing: Listing, places: range) -> list[Picture | str]:
    return [_outcome(listing, place) for place in places]


def _outcome(listing: Listing, place: int) -> Picture | str:
    try:
        return listing.origin.read(place)
    except Unreadable as reason:
        return str(reason)


def _facts(kept: list[tuple[int, Picture]], bad: list[tuple[int, str]]) -> dict[str, NDArray[Any]]:
    pictures = [picture for _, picture in kept]
    groups: dict[str, int] = {}
    return {
        "index": np.array([place for place, _ in kept], dtype=np.int64),
        "sha256": np.array([picture.sha256 for picture in pictures], dtype="<U64"),
        "width": np.array([picture.width for picture in pictures], dtype=np.int64),
        "height": np.array([picture.height for picture in pictures], dtype=np.int64),
        "blank": np.array([picture.blank for picture in pictures], dtype=np.bool_),
        "group": np.array(
            [-1 if p.patient is None else groups.setdefault(p.patient, len(groups)) for p in pictures], dtype=np.int64
        ),
        "sex": np.array([picture.sex for picture in pictures], dtype=np.str_),
        "age": np.array([picture.age for picture in pictures], dtype=np.float64),
        "view": np.array([picture.view for picture in pictures], dtype=np.str_),
        "bad_index": np.array([place for place, _ in bad], dtype=np.int64),
        "bad_reason": np.array([reason for _, reason in bad], dtype=np.str_),
    }
