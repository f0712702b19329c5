"""A made-up Analysis in; made-up counts of labels that change, and made-up cases that are shown for them, out."""

from __future__ import annotations

import numpy as np

from cxr_report.analysis.value import Analysis, LabelChanges
from cxr_report.data.gallery import BY_LOSS, BY_SEED, Gallery


def made_label_changes(analysis: Analysis, rng: np.random.Generator) -> tuple[LabelChanges, ...]:
    """Make counts that could be: those of both kinds are among those of each; one seed changes nothing."""
    n, seeds = analysis.data.n_test, max(1, len(analysis.seeds))
    by_loss = int(rng.integers(0, n + 1))
    by_seed = 0 if seeds == 1 else int(rng.integers(0, n + 1))
    both = int(rng.integers(max(0, by_loss + by_seed - n), min(by_loss, by_seed) + 1))
    return (LabelChanges(n, len(analysis.losses), seeds, by_loss, by_seed, both),)


def made_gallery(
    analysis: Analysis, *, by_loss: int = 6, by_seed: int = 6, side: int = 64, mapped: bool = True, seed: int = 3
) -> Gallery:
    """Make noisy images and maps, and runs that contradict each other."""
    rng = np.random.default_rng(seed)
    n, k, s = by_loss + by_seed, len(analysis.losses), len(analysis.seeds)
    several = analysis.study.task == "multilabel"
    values = 2 if several else len(analysis.classes)
    labels = rng.integers(0, values, (n, k, s))
    labels[:by_loss, 0], labels[:by_loss, 1] = 0, 1
    labels[by_loss:, 0, 0], labels[by_loss:, 0, 1] = 0, 1
    pairs = np.zeros((n, 2, 2), dtype=np.int64)
    pairs[:by_loss, 1, 0] = 1
    pairs[by_loss:, 1, 1] = 1
    files = np.array(sorted(analysis.inputs))
    return Gallery(
        ids=np.array([f"{place:012x}" for place in range(n)]),
        kinds=np.array([BY_LOSS] * by_loss + [BY_SEED] * by_seed),
        images=rng.integers(0, 256, (n, side, side), dtype=np.uint8),
        truth=rng.integers(-1 if several else 0, values, n),
        findings=rng.integers(0, len(analysis.classes), n) if several else np.full(n, -1),
        losses=np.array(analysis.losses),
        seeds=np.array(analysis.seeds, dtype=np.int64),
        labels=labels,
        pairs=pairs,
        maps=rng.integers(0, 256, (n, 2, 7, 7) if mapped else (n, 2, 0, 0), dtype=np.uint8),
        files=files,
        sha256=np.array([analysis.inputs[name] for name in files.tolist()]),
        fingerprint=np.array(["ab" * 32]),
    )
