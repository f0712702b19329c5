"""Measure DeLong and the case bootstrap of areas beside their peers; the last line of stdout is one JSON document.

    python tests/benchmarks/stats/areas.py [--quick] [--plot growth.svg]

Every figure is the smallest of several repeats after one warm-up, in seconds of wall time, with the processor time of
the same repeat and the median wall time beside it. Peers are measured in this very run; where a peer is timed on fewer
resamples and scaled, its entry says so. `--quick` shrinks all sizes to see that the script works. Set OMP_NUM_THREADS=1
for one core. `targets` at the end of the document says which aims were met; other work on the machine shows in `load`.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import scipy

from cxr_report.stats import auc_bootstrap, delong, delong_test

SEED = 20
PREVALENCE = 0.25
PROC = """
suppressPackageStartupMessages(library(pROC)); set.seed(1); n <- %d
truth <- rbinom(n, 1, 0.25); a <- rnorm(n) + truth; b <- rnorm(n) + truth
ra <- roc(truth, a, levels = 0:1, direction = "<", quiet = TRUE)
rb <- roc(truth, b, levels = 0:1, direction = "<", quiet = TRUE)
best <- function(f) min(sapply(1:%d, function(i) system.time(f())[["elapsed"]]))
cat(best(function() roc.test(ra, rb, method = "delong")),
    best(function() roc.test(truth, a, b, method = "delong", levels = 0:1, direction = "<", quiet = TRUE)),
    as.character(packageVersion("pROC")))
"""


def scores_of(n: int, runs: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Draw truth `(n,)` and scores `(n, runs)` that share most of their noise."""
    rng = np.random.default_rng(SEED)
    truth = (rng.random(n) < PREVALENCE).astype(int)
    return truth, truth[:, None] + rng.normal(size=(n, 1)) + 0.7 * rng.normal(size=(n, runs))


def measure(work: Callable[[], object], repeats: int) -> dict[str, float]:
    """Time some work after one warm-up; the repeat with the least wall time counts."""
    work()
    times = []
    for _ in range(repeats):
        wall, processor = time.perf_counter(), time.process_time()
        work()
        times.append((time.perf_counter() - wall, time.process_time() - processor))
    wall, processor = min(times)
    median = float(np.median([wall for wall, _ in times]))
    return {"seconds": wall, "processor_seconds": processor, "median_seconds": median, "repeats": repeats}


def many_classifiers(n: int, runs: int, repeats: int) -> dict[str, Any]:
    """DeLong covariance of all runs at once against one paired test after another."""
    truth, scores = scores_of(n, runs)
    columns = np.ascontiguousarray(scores.T)
    pairs = [(i, j) for i in range(runs) for j in range(i)]
    ours = measure(lambda: delong(truth, scores), repeats)
    peer = measure(lambda: [delong_test(truth, columns[i], columns[j]) for i, j in pairs], max(2, repeats // 3))
    return {
        "cases": n,
        "classifiers": runs,
        "delong": ours,
        "pairwise": {**peer, "pairs": len(pairs)},
        "times_faster": peer["seconds"] / ours["seconds"],
        "times_faster_processor": peer["processor_seconds"] / ours["processor_seconds"],
    }


def one_pair(n: int, repeats: int) -> dict[str, Any]:
    """One paired test against its floor: a sort and the running class counts of either score."""
    truth, scores = scores_of(n, 2)
    first, second = np.ascontiguousarray(scores.T)

    def floor() -> None:
        for score in (first, second):
            np.cumsum(truth[np.argsort(score)])

    ours, least = measure(lambda: delong_test(truth, first, second), repeats), measure(floor, repeats)
    return {
        "cases": n,
        "delong_test": ours,
        "floor": least,
        "times_the_floor": ours["seconds"] / least["seconds"],
        "times_the_floor_processor": ours["processor_seconds"] / least["processor_seconds"],
        "pROC": proc(n, min(repeats, 5)),
    }


def proc(n: int, repeats: int) -> dict[str, Any]:
    """The same test by pROC, where R has it: from curves that exist, and from vectors."""
    if shutil.which("Rscript") is None:
        return {"absent": "no Rscript"}
    done = subprocess.run(["Rscript", "-e", PROC % (n, repeats)], capture_output=True, text=True, check=False)
    if done.returncode:
        return {"absent": "R has no pROC"}
    curves, vectors, version = done.stdout.split()
    return {
        "version": version,
        "seconds_from_curves": float(curves),
        "seconds_from_vectors": float(vectors),
        "repeats": repeats,
    }


def resamples(n: int, runs: int, samples: int, repeats: int) -> dict[str, Any]:
    """Areas of all runs on shared resamples against a loop over scikit-learn."""
    truth, scores = scores_of(n, runs)
    ours = measure(lambda: auc_bootstrap(truth, scores, rng=np.random.default_rng(SEED), samples=samples), repeats)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    result = {"cases": n, "runs": runs, "samples": samples, "auc_bootstrap": ours, "peak_mib_of_the_process": peak}
    if importlib.util.find_spec("sklearn") is None:
        return {**result, "sklearn": {"absent": "scikit-learn is not installed"}}
    import sklearn
    from sklearn.metrics import roc_auc_score

    rng, timed = np.random.default_rng(SEED), 20

    def loop() -> None:
        for _ in range(timed):
            drawn = rng.integers(0, n, n)
            roc_auc_score(truth[drawn], scores[drawn, 0])

    peer, scale = measure(loop, max(2, repeats)), runs * samples / timed
    result["sklearn"] = {
        "version": sklearn.__version__,
        "seconds": peer["seconds"] * scale,
        "processor_seconds": peer["processor_seconds"] * scale,
        "areas": runs * samples,
        "areas_timed": timed,
        "scaled": True,
    }
    result["times_faster"] = peer["seconds"] * scale / ours["seconds"]
    result["times_faster_processor"] = peer["processor_seconds"] * scale / ours["processor_seconds"]
    return result


def growth(cases: list[int], samples: list[int], repeats: int) -> dict[str, Any]:
    """Times against the number of cases and of resamples, with the slope of their logarithms (1 = linear)."""
    rows: dict[str, Any] = {"cases": cases, "samples": samples, "delong": [], "over_cases": [], "over_samples": []}

    def boot(truth: Any, scores: Any, count: int) -> float:
        work = lambda: auc_bootstrap(truth, scores, rng=np.random.default_rng(SEED), samples=count)  # noqa: E731
        return measure(work, repeats)["processor_seconds"]

    for n in cases:
        truth, scores = scores_of(n, 4)
        rows["delong"].append(measure(lambda t=truth, s=scores: delong(t, s), 3 * repeats)["processor_seconds"])
        rows["over_cases"].append(boot(truth, scores, samples[0]))
    truth, scores = scores_of(cases[len(cases) // 2], 4)
    rows["over_samples"] = [boot(truth, scores, count) for count in samples]
    for name, sizes in (("delong", cases), ("over_cases", cases), ("over_samples", samples)):
        rows[f"slope_{name}"] = float(np.polyfit(np.log(sizes), np.log(rows[name]), 1)[0])
    return rows


def plot(rows: dict[str, Any], path: Path) -> None:
    """Draw the growth, both axes logarithmic, with n log n and linear lines for the eye."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
    n = np.array(rows["cases"], dtype=float)
    for name, label in (("delong", "DeLong, 4 scores"), ("over_cases", f"bootstrap, {rows['samples'][0]} resamples")):
        (line,) = left.loglog(n, rows[name], "o-", label=label)
        guide = n * np.log(n)
        left.loglog(n, guide * rows[name][0] / guide[0], ":", color=line.get_color())
    left.set(xlabel="cases", ylabel="processor time (s)", title="dotted: n log n")
    left.legend(loc="lower right", fontsize="small")
    counts = np.array(rows["samples"], dtype=float)
    right.loglog(counts, rows["over_samples"], "o-")
    right.loglog(counts, counts * rows["over_samples"][0] / counts[0], ":", color="C0")
    right.set(xlabel="resamples", title="dotted: linear")
    right.set_xticks(rows["samples"], labels=[f"{count}" for count in rows["samples"]])
    right.minorticks_off()
    figure.savefig(path)


def targets(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Set the aims beside what was measured; processor times, where a busy machine would blur the ratio of two."""
    many, pair, boot, rows = (document[name] for name in ("many_classifiers", "one_pair", "resamples", "growth"))
    aims = [
        ("covariance of all classifiers, seconds", many["delong"]["seconds"], 1.0, "at most"),
        ("times faster than pairwise tests", many["times_faster_processor"], 20.0, "at least"),
        ("one paired test, times its floor", pair["times_the_floor_processor"], 2.0, "at most"),
        ("bootstrap of all runs, seconds", boot["auc_bootstrap"]["seconds"], 30.0, "at most"),
        ("bootstrap of all runs, MiB of the process", boot["peak_mib_of_the_process"], 2048.0, "at most"),
        ("times faster than a loop over scikit-learn", boot.get("times_faster_processor"), 100.0, "at least"),
        ("slope over resamples", rows["slope_over_samples"], 1.1, "at most"),
        # n log n has slope 1 + 1 / log n, 1.09 here; the rest is for caches that get too small
        ("slope over cases, DeLong", rows["slope_delong"], 1.2, "at most"),
        ("slope over cases, bootstrap", rows["slope_over_cases"], 1.2, "at most"),
    ]
    return [
        {"what": what, "measured": value, sense: aim, "met": value <= aim if sense == "at most" else value >= aim}
        for what, value, aim, sense in aims
        if value is not None
    ]


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": names[0] if names else platform.processor(),
        "cores": os.cpu_count(),
        "threads": os.environ.get("OMP_NUM_THREADS", "not set"),
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
    }


def main() -> None:
    """Measure, tell, and print the document."""
    parser = argparse.ArgumentParser(description="DeLong and the case bootstrap beside their peers")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it works")
    parser.add_argument("--plot", type=Path, help="where to draw the growth (needs matplotlib)")
    arguments = parser.parse_args()
    quick, repeats = arguments.quick, 2 if arguments.quick else 7
    document: dict[str, Any] = {"benchmark": "stats/areas", "quick": quick, "machine": machine()}
    document["settings"] = {"seed": SEED, "prevalence": PREVALENCE, "warm_up": 1}
    document["many_classifiers"] = many_classifiers(*((1000, 6) if quick else (25_000, 60)), repeats)
    document["one_pair"] = one_pair(5000 if quick else 100_000, 5 * repeats)
    document["resamples"] = resamples(*((1000, 3, 100) if quick else (25_000, 60, 2000)), 1 if quick else 2)
    cases = [500, 1000, 2000] if quick else [6250, 12_500, 25_000, 50_000, 100_000]
    document["growth"] = growth(cases, [50, 100] if quick else [250, 500, 1000, 2000], 2)
    if arguments.plot:
        plot(document["growth"], arguments.plot)
    document["targets"] = [] if quick else targets(document)
    document["machine"]["load_at_the_end"] = os.getloadavg()[0]
    for name in ("many_classifiers", "one_pair", "resamples", "growth", "targets"):
        print(name, json.dumps(document[name], indent=1))
    sys.stdout.write(json.dumps(document) + "\n")


if __name__ == "__main__":
    main()
