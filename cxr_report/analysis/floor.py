"""The runs of the noise floor in; what rounding alone changes, and what another set of seeds alone changes, out.

Neither enters a comparison of the study or changes it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from cxr_report import stats
from cxr_report.analysis.case_covariance import CaseCovariance, case_covariance
from cxr_report.analysis.comparisons import notes
from cxr_report.analysis.context import Context, generator
from cxr_report.analysis.gather import RunMaterial
from cxr_report.analysis.joint import usable
from cxr_report.analysis.scoring import ScoredRun
from cxr_report.analysis.value import SeedFloor, Twin
from cxr_report.metrics import METRICS, decide

__all__ = ["MOST_SPLITS", "difference_of_means", "seed_floor", "splits", "twins"]

Floats = NDArray[np.float64]

MOST_SPLITS = 10_000
"""Chosen: up to so many splits all are taken, beyond that so many random ones; 2 x 8 seeds have 6,435."""


@dataclass(frozen=True, slots=True)
class _Run:
    """One finished run, compared or of the noise floor."""

    seed: int
    material: RunMaterial
    scored: ScoredRun


def _runs(context: Context, loss: str) -> dict[int, _Run]:
    """Return the finished runs of a loss by seed, rising."""
    pairs = [
        *zip(context.material.runs, context.scored, strict=True),
        *zip(context.material.floor, context.floor, strict=True),
    ]
    found = [_Run(run.seed, run, scored) for run, scored in pairs if run.loss == loss]
    return {run.seed: run for run in sorted(found, key=lambda run: run.seed)}


def twins(context: Context) -> tuple[Twin, ...]:
    """Hold losses that are mathematically the same against each other, seed by seed: the numerical floor.

    Two such runs differ by rounding alone, whose effects training may amplify. It says how large a difference can be
    without any meaning; where all bits of the test logits agree it says that, and nothing is tested.

    Args:
        context: study, runs and scores, those of the noise floor among them.

    Returns:
        One per pair of ``Study.twins``; without a seed that both finished NaN with a note.
    """
    return tuple(_twin(context, first, second) for first, second in context.study.twins())


def _twin(context: Context, first: str, second: str) -> Twin:
    metric, ours, theirs = context.study.metrics.primary, _runs(context, first), _runs(context, second)
    seeds = [seed for seed in context.study.seeds if seed in ours and seed in theirs]
    pairs = [(_logits(ours[seed]), _logits(theirs[seed])) for seed in seeds]
    differences = [ours[seed].scored.value(metric) - theirs[seed].scored.value(metric) for seed in seeds]
    return Twin(
        first=first,
        second=second,
        metric=metric,
        n_seeds=len(seeds),
        n_cases=len(context.test.ids),
        identical=bool(seeds) and all(x.tobytes() == y.tobytes() for x, y in pairs),
        max_delta=max((float(np.abs(x.astype(np.float64) - y).max()) for x, y in pairs), default=math.nan),
        flips=sum(_flips(context.study.task, x, y) for x, y in pairs),
        differences=tuple(differences),
        note=notes(
            _unfinished(context, first, context.study.seeds, ours),
            _unfinished(context, second, context.study.seeds, theirs),
            "" if seeds else "no seed is finished for both",
            f"{METRICS[metric].title} is undefined" if any(math.isnan(each) for each in differences) else "",
        ),
    )


def _logits(run: _Run) -> NDArray[np.float32]:
    return run.material.logits["test"]


def _flips(task: str, first: NDArray[np.float32], second: NDArray[np.float32]) -> int:
    return int((decide(task, first) != decide(task, second)).sum())


def _unfinished(context: Context, loss: str, planned: Sequence[int], finished: dict[int, _Run]) -> str:
    """Name the planned runs of a loss that are not finished, and which of them diverged."""
    gone = (*context.material.diverged, *context.material.floor_diverged)
    diverged = [run.seed for run in gone if run.loss == loss and run.seed in planned]
    missing = [seed for seed in planned if seed not in finished and seed not in diverged]
    return notes(
        f"{loss} diverged with seed {', '.join(map(str, diverged))}" if diverged else "",
        f"{loss} is not finished with seed {', '.join(map(str, missing))}" if missing else "",
    )


def seed_floor(context: Context) -> tuple[SeedFloor, ...]:
    """Compare the baseline with itself trained with as many further seeds, on the same cases: the seed floor.

    One planned comparison for other seeds and other cases, nested design, in no family: it is reported either way.
    Beside it the 95th percentile of |difference of means| over the splits of all these runs into two halves, which
    describes what the choice of seeds alone does on these cases. A metric without a covariance over cases (ECE) is
    compared over seeds alone, and a note says so.

    Args:
        context: study, runs and scores, those of the noise floor among them.

    Returns:
        One, or none where the plan has no further seeds. Fewer than two finished runs on a side: NaN with a note.
    """
    trained = context.found.trained
    if not trained.noise_floor.seeds:
        return ()
    loss, metric = trained.analysis.baseline, context.study.metrics.primary
    runs, planned = _runs(context, loss), (*trained.seeds, *trained.floor_seeds)
    defined = [run for run in runs.values() if math.isfinite(run.scored.value(metric))]
    ours = [run for run in defined if run.seed in trained.seeds]
    further = [run for run in defined if run.seed in trained.floor_seeds]
    undefined = f"undefined with {len(runs) - len(defined)} seeds" if len(defined) < len(runs) else ""
    bare = _untested(loss, metric, ours, further, notes(_unfinished(context, loss, planned, runs), undefined))
    if min(len(ours), len(further)) < 2:
        return (replace(bare, note=notes(bare.note, "a comparison needs two finished runs on either side")),)
    return (_tested(context, bare, ours, further),)


def _untested(loss: str, metric: str, ours: list[_Run], further: list[_Run], note: str) -> SeedFloor:
    nan = math.nan
    return SeedFloor(
        loss=loss,
        metric=metric,
        seeds=tuple(run.seed for run in ours),
        further=tuple(run.seed for run in further),
        difference=nan,
        se=nan,
        df=nan,
        t=nan,
        p=nan,
        low=nan,
        high=nan,
        percentile_95=nan,
        n_splits=0,
        exhaustive=False,
        note=note,
    )


def _tested(context: Context, bare: SeedFloor, ours: list[_Run], further: list[_Run]) -> SeedFloor:
    found = _covariance(context, bare.metric, [*ours, *further])
    theta = np.array([run.scored.value(bare.metric) for run in (*ours, *further)])
    over_cases, entry = usable(found), METRICS[bare.metric]
    bounded = math.isfinite(entry.low) and math.isfinite(entry.high)
    result = stats.obuchowski_rockette(
        [theta[: len(ours)], theta[len(ours) :]],
        found.covariance if over_cases else np.zeros((theta.size, theta.size)),
        cases="random" if over_cases else "fixed",
        design="nested",
        confidence=1 - context.study.analysis.alpha,
        bounds=(entry.low, entry.high) if bounded else None,
    )
    row = result.differences(error="pair")[0]
    halves = splits(len(ours), len(further), generator("seed floor"))
    return replace(
        bare,
        difference=float(row.estimate),
        se=float(row.se),
        df=float(row.df),
        t=float(row.t),
        p=float(row.p),
        low=float(row.low),
        high=float(row.high),
        percentile_95=float(np.percentile(np.abs(difference_of_means(theta, halves)), 95)),
        n_splits=len(halves),
        exhaustive=_number_of_splits(len(ours), len(further)) <= MOST_SPLITS,
        note=notes(
            bare.note, "" if over_cases else "over seeds alone, on these cases", found.note, str(result.note), row.note
        ),
    )


def _covariance(context: Context, metric: str, runs: list[_Run]) -> CaseCovariance:
    return case_covariance(
        context.study.task,
        context.test.labels,
        np.stack([_logits(run) for run in runs]),
        metric,
        thresholds=np.array([run.scored.thresholds for run in runs]),
        groups=context.test.groups,
        rng=generator(f"case covariance of the seed floor, {metric}"),
    )


def _number_of_splits(first: int, second: int) -> int:
    """Count the splits; where the halves are alike, which of them comes first makes no other split."""
    return math.comb(first + second, first) // (2 if first == second else 1)


def splits(first: int, second: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Split runs into two sets: in every way where there are at most `MOST_SPLITS`, else so many times at random.

    Args:
        first: runs of the first set, at least 1.
        second: runs of the second set, at least 1.
        rng: draws the random splits.

    Returns:
        ``(B, first + second)``: whether a run belongs to the first set. Of sets of one size the first run is in the
        first one, for the two are alike.

    Example:
        >>> splits(1, 1, np.random.default_rng(0)).tolist()
        [[True, False]]
        >>> len(splits(5, 5, np.random.default_rng(0)))
        126
    """
    n = first + second
    if _number_of_splits(first, second) > MOST_SPLITS:
        return np.asarray(rng.permuted(np.tile(np.arange(n) < first, (MOST_SPLITS, 1)), axis=1))
    alike = int(first == second)
    chosen = [(*range(alike), *rest) for rest in combinations(range(alike, n), first - alike)]
    result = np.zeros((len(chosen), n), dtype=np.bool_)
    np.put_along_axis(result, np.array(chosen, dtype=np.int64), values=True, axis=1)
    return result


def difference_of_means(values: Floats, halves: NDArray[np.bool_]) -> Floats:
    """Return mean of the first set minus mean of the second for every split.

    Args:
        values: ``(n,)``.
        halves: ``(B, n)``, see `splits`.

    Returns:
        ``(B,)``.

    Example:
        >>> difference_of_means(np.array([1.0, 2.0, 3.0]), np.array([[True, False, False]])).tolist()
        [-1.5]
    """
    sizes = halves.sum(axis=1)
    return np.asarray(halves @ values / sizes - ~halves @ values / (values.size - sizes))
