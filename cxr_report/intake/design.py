"""Which loss has which seed in, the seeds that every loss has out: a missing cell is named, never passed over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cxr_report.errors import Refusal, nearest

__all__ = ["INCOMPLETE", "Settled", "settle"]

INCOMPLETE = ("refuse", "drop-seed")
"""What may become of a design in which a loss lacks a seed: a refusal, or that seed is left out of every loss."""

SHOWN = 5
"""Chosen: missing cells that a message names one by one."""


@dataclass(frozen=True, slots=True)
class Settled:
    """The seeds that are compared."""

    seeds: tuple[int, ...]
    """Those that every loss has, rising."""
    left_out: Mapping[int, tuple[str, ...]]
    """Seed that is left out of every loss -> the losses that lack it."""


def settle(
    file: Path,
    seeds: Sequence[int],
    lacking: Mapping[tuple[str, int], str],
    *,
    incomplete: str,
    fewest: int,
) -> Settled:
    """Take the seeds that every loss has.

    Args:
        file: the table, for the message.
        seeds: all that occur.
        lacking: (loss, seed) -> what it lacks, in words.
        incomplete: one of `INCOMPLETE`.
        fewest: seeds that must be left.

    Raises:
        Refusal: a cell is missing and no seed may be dropped, or too few are left, or ``incomplete`` is another word.
    """
    if incomplete not in INCOMPLETE:
        close = nearest(incomplete, INCOMPLETE)
        raise Refusal(f"--incomplete: got {incomplete!r}; allowed: {', '.join(INCOMPLETE)}{close}")
    gone: dict[int, list[str]] = {}
    for loss, seed in lacking:
        gone.setdefault(seed, []).append(loss)
    kept = tuple(sorted(set(seeds) - set(gone)))
    if lacking and incomplete == "refuse":
        told = [f"{loss} has no {what}" for (loss, _), what in list(lacking.items())[:SHOWN]]
        more = f" (and {len(lacking) - SHOWN} more missing cells)" if len(lacking) > SHOWN else ""
        drop = f", or --incomplete drop-seed, which leaves {_seeds(sorted(gone))} out of every loss"
        raise Refusal(
            f"{file}: the design is incomplete: {'; '.join(told)}{more}; allowed: every loss with every seed"
            f"{drop if len(kept) >= fewest else ''}"
        )
    if len(kept) < fewest:
        why = f" after {_seeds(sorted(gone))} were left out" if len(gone) > 1 else ""
        why = f" after {_seeds(sorted(gone))} was left out" if len(gone) == 1 else why
        raise Refusal(
            f"{file}: holds {len(kept)} {'seed' if len(kept) == 1 else 'seeds'} that every loss has{why}; "
            f"allowed: at least {fewest}" + (", since one seed has no spread to test against" if fewest > 1 else "")
        )
    return Settled(kept, {seed: tuple(losses) for seed, losses in sorted(gone.items())})


def _seeds(seeds: Sequence[int]) -> str:
    return f"{'seed' if len(seeds) == 1 else 'seeds'} {', '.join(str(seed) for seed in seeds)}"
