"""Write what scikit-posthocs, baycomp, deep-significance and statsmodels say to posthocs.json.

Run by hand where they are installed: `python posthocs.py`. Tests and `cxr-report conformance` read the JSON only.
"""

import json
import warnings
from importlib.metadata import version
from pathlib import Path

import baycomp
import numpy as np
import scikit_posthocs
from deepsig import aso
from deepsig.aso import compute_violation_ratio
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

FOLDER = Path(__file__).parents[3] / "cxr_report" / "conformance" / "witnesses"


def conover():
    tables = json.loads((FOLDER / "losses.json").read_text())["tables"]
    # scikit-posthocs ranks upwards, which for two-sided p is as good as downwards
    return {
        name: scikit_posthocs.posthoc_conover_friedman(np.array(t["scores"])).values.tolist()
        for name, t in tables.items()
    }


def nemenyi():
    tables = json.loads((FOLDER / "losses.json").read_text())["tables"]
    return {
        name: scikit_posthocs.posthoc_nemenyi_friedman(np.array(t["scores"])).values.tolist()
        for name, t in tables.items()
    }


def bayes():
    found = {}
    for name, pair in json.loads((FOLDER / "pairs.json").read_text())["pairs"].items():
        x, y = np.array(pair["x"]) / 1000, np.array(pair["y"]) / 1000
        # baycomp's "left" is x above y; it halves pairs on the edge of the rope, so the rope ends between the steps
        rank = baycomp.SignedRankTest.probs(x, y, rope=0.01025, nsamples=200_000, random_state=1)
        t = baycomp.CorrelatedTTest.probs(x, y, rope=0.01025, runs=1)
        found[name] = {"signed_rank": list(rank), "correlated_t": list(t)}
    return found


def order():
    found = {}
    for name, pair in json.loads((FOLDER / "pairs.json").read_text())["pairs"].items():
        x, y = np.array(pair["x"]) / 1000, np.array(pair["y"]) / 1000
        ratio = compute_violation_ratio(x, y, dt=1 / 20_000)
        bound = aso(x, y, num_bootstrap_iterations=1000, dt=0.002, show_progress=False, seed=1)
        found[name] = {"violation_ratio": float(ratio), "epsilon_min": float(bound)}
    return found


def proportions():
    counts = [(9, 10), (0, 10), (10, 10), (1, 10), (9, 100), (50, 100), (263, 300), (15, 148)]
    differences = [(56, 70, 48, 80), (9, 10, 3, 10), (6, 7, 2, 7), (5, 56, 0, 29), (0, 10, 0, 20), (10, 10, 0, 20)]
    return {
        "agresti_coull": [list(proportion_confint(x, n, method="agresti_coull")) for x, n in counts],
        "wilson": [list(proportion_confint(x, n, method="wilson")) for x, n in counts],
        "newcombe": [[*d, *confint_proportions_2indep(*d, method="newcomb", compare="diff")] for d in differences],
    }


def main():
    warnings.simplefilter("ignore")
    names = ("numpy", "scikit-posthocs", "baycomp", "deepsig", "statsmodels")
    data = {
        "source": "posthocs.py",
        "versions": {name: version(name) for name in names},
        "conover": conover(),
        "nemenyi": nemenyi(),
        "bayes": bayes(),
        "order": order(),
        "proportions": proportions(),
    }
    (FOLDER / "posthocs.json").write_text(json.dumps(data) + "\n")


if __name__ == "__main__":
    main()
