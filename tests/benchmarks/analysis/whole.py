"""Measure the whole analysis of a study, and the covariances over cases in it; the last line of stdout is one document.

    python tests/benchmarks/analysis/whole.py [--quick]

The study is made of random predictions: 6 losses, 10 seeds, 5,000 test cases, 3 classes, the default plan. `seconds`
is the smallest wall time of several whole analyses, from an empty folder to statistics.json on the disk, and
`first_seconds` that of the first one, caches cold. `parts` comes from one more analysis under the profiler, which slows
it down: the seconds inside each function of `cxr_report.analysis`, those of the functions that it calls included. The
covariances are timed beside the jackknife that calls the metric for every run and patient, on some patients of one run
and scaled. `--quick` shrinks all sizes to see that the script works. Set OMP_NUM_THREADS=1 for one core.
"""

from __future__ import annotations

import argparse
import cProfile
import importlib.util
import json
import os
import platform
import pstats
import resource
import shutil
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from cxr_report import stats
from cxr_report.analysis import analyse
from cxr_report.analysis.case_covariance import case_covariance
from cxr_report.metrics import METRICS, choose_thresholds, metric_value
from cxr_report.runs import StudyFolder, read_arrays

LIMIT = 30.0
"""Asked for: seconds that the whole analysis may take."""

SHARE = 0.01
"""Chosen: parts below this share of the profiled time are not listed."""

SEED = 20


def examples() -> ModuleType:
    """Load the maker of study folders, which lies beside the tests and not in the package."""
    spec = importlib.util.spec_from_file_location("examples", Path(__file__).parents[2] / "examples.py")
    assert spec is not None
    assert spec.loader is not None
    sys.modules["examples"] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def whole(folder: StudyFolder, repeats: int) -> dict[str, Any]:
    """Analyse the study again and again from nothing, then once more under the profiler."""
    times = []
    for _ in range(repeats + 1):
        shutil.rmtree(folder.path / "analysis", ignore_errors=True)
        wall, processor = time.perf_counter(), time.process_time()
        analyse(folder)
        times.append((time.perf_counter() - wall, time.process_time() - processor))
    seconds, processor_seconds = min(times[1:])
    return {
        "seconds": seconds,
        "processor_seconds": processor_seconds,
        "first_seconds": times[0][0],
        "repeats": repeats,
        "limit_seconds": LIMIT,
        "peak_mib_of_the_process": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "parts": parts(folder),
    }


def parts(folder: StudyFolder) -> dict[str, float]:
    """Return the profiled seconds inside each function of the analysis, the longest first."""
    shutil.rmtree(folder.path / "analysis")
    profile = cProfile.Profile()
    profile.enable()
    analyse(folder)
    profile.disable()
    found: dict[str, float] = {}
    for (file, _, function), (_, _, _, inside, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        place = Path(file).with_suffix("").parts
        if "cxr_report" in place and "analysis" in place and not function.startswith("<"):
            name = ".".join((*place[len(place) - place[::-1].index("cxr_report") :], function))
            found[name] = found.get(name, 0.0) + inside
    most = max(found.values())
    return dict(sorted(((k, v) for k, v in found.items() if v >= SHARE * most), key=lambda pair: -pair[1]))


def covariances(folder: StudyFolder, losses: int, seeds: int, timed: int) -> dict[str, Any]:
    """Time the covariance of every metric of the catalogue over all runs, beside the jackknife by force."""
    truth = {split: read_arrays(folder.truth(split), ["labels"])["labels"] for split in ("val", "test")}
    runs = sorted(folder.path.glob("*/seed-*"))
    assert len(runs) == losses * seeds, "every run of the study is wanted"
    logits = {
        split: np.stack([read_arrays(run / f"predictions-{split}.npz", ["logits"])["logits"] for run in runs])
        for split in ("val", "test")
    }
    thresholds = np.array([choose_thresholds("multiclass", truth["val"], each) for each in logits["val"]])
    rows = {}
    for name, metric in METRICS.items():
        if "multiclass" not in metric.tasks:
            continue
        start = time.perf_counter()
        result = case_covariance(
            "multiclass", truth["test"], logits["test"], name, thresholds=thresholds, rng=np.random.default_rng(SEED)
        )
        rows[name] = {"method": result.method, "seconds": time.perf_counter() - start}
        if result.method in ("jackknife", "delong"):
            forced = by_force(name, truth["test"], logits["test"], thresholds, timed)
            rows[name] |= {"by_force_seconds": forced, "times_faster": forced / rows[name]["seconds"]}
    plan = [rows[name]["seconds"] for name in ("auroc", "balanced_accuracy", "average_precision", "brier")]
    return {"runs": len(runs), "cases": len(truth["test"]), "default_plan_seconds": sum(plan), "metrics": rows}


def by_force(name: str, labels: Any, logits: Any, thresholds: Any, timed: int) -> float:
    """Return the seconds of a jackknife that scores the cases once per run and patient, scaled from one run."""

    def statistic(truth: Any, run: Any) -> float:
        return metric_value(name, "multiclass", truth, run, thresholds=thresholds[0])

    groups = np.minimum(np.arange(len(labels)), timed)  # so many patients of one case, and one of all the others
    start = time.perf_counter()
    stats.jackknife_covariance(statistic, labels, logits[0], groups=groups)
    return (time.perf_counter() - start) / timed * len(labels) * len(logits)


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    packages = ("cxr_report", "numpy", "scipy", "statsmodels", "pandas", "pydantic")
    return {
        "processor": names[0] if names else platform.processor(),
        "cores": os.cpu_count(),
        "threads": os.environ.get("OMP_NUM_THREADS", "not set"),
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
        "versions": {package: version(package) for package in packages},
    }


def main() -> None:
    """Make the study, measure, tell, and print the document."""
    parser = argparse.ArgumentParser(description="the whole analysis of a study, and the covariances over cases")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it works")
    quick = parser.parse_args().quick
    losses, seeds, test = (3, 3, 200) if quick else (6, 10, 5000)
    kit = examples()
    with tempfile.TemporaryDirectory() as scratch:
        recipe = kit.Recipe(losses=losses, seeds=seeds, val=test // 5, test=test)
        folder = kit.make_study(Path(scratch), recipe)
        document: dict[str, Any] = {
            "benchmark": "analysis/whole",
            "quick": quick,
            "machine": machine(),
            "study": {"losses": losses, "seeds": seeds, "test_cases": test, "classes": recipe.classes},
            "whole": whole(folder, 1 if quick else 3),
            "covariances": covariances(folder, losses, seeds, 5 if quick else 20),
        }
    for name in ("study", "whole", "covariances"):
        print(name, json.dumps(document[name], indent=1))
    sys.stdout.write(json.dumps(document) + "\n")


if __name__ == "__main__":
    main()
