"""Scores and comparisons in, scores.csv and comparisons.csv as text out, at full precision."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from cxr_report.analysis.scoring import ScoredRun
from cxr_report.analysis.value import Analysis, Joint, JointPair, Omnibus, Pair, RunSummary

__all__ = ["COMPARISONS", "SCORES", "comparisons_csv", "scores_csv"]

SCORES = ("loss", "seed", "split", "class", "metric", "value", "n")
COMPARISONS = (
    "metric",
    "role",
    "target",
    "test",
    "first",
    "second",
    "seed",
    "n_seeds",
    "n_cases",
    "estimate",
    "low",
    "high",
    "statistic",
    "df1",
    "df2",
    "p",
    "p_adjusted",
    "adjustment",
    "family",
    "alpha",
    "effect",
    "effect_value",
    "effect_low",
    "effect_high",
    "decision",
    "note",
)

SEEDS = "seeds, these cases"
CASES = "cases, these runs"
BOTH = "seeds and cases"


def scores_csv(scored: Iterable[ScoredRun]) -> str:
    """Write every score: loss, seed, split, class, metric, value, n.

    The class of an overall score and the seed of a control are empty; an undefined value is empty.

    Args:
        scored: runs and controls, in the order of the rows.
    """
    rows = (
        (run.loss, "" if run.seed is None else run.seed, split, row.klass, row.metric, row.value, row.n)
        for run in scored
        for split, entries in run.rows.items()
        for row in entries.values()
    )
    return _csv(SCORES, rows)


def comparisons_csv(analysis: Analysis) -> str:
    """Write every test and interval that the report rests on, one row each.

    The decision of a pair is its verdict by the adjusted p at alpha; a single run has an interval over cases and no
    test.
    """
    rows = [row for omnibus in analysis.omnibus for row in _omnibus(analysis, omnibus)]
    rows += [row for pair in analysis.pairs for row in _pair(analysis, pair)]
    rows += [row for joint in analysis.joint for row in _joint(analysis, joint)]
    rows += [_run(analysis, run) for run in analysis.runs if run.state == "done"]
    return _csv(COMPARISONS, ([row.get(column, "") for column in COMPARISONS] for row in rows))


def _omnibus(analysis: Analysis, omnibus: Omnibus) -> Iterator[dict[str, Any]]:
    base = {
        "metric": omnibus.metric,
        "role": _role(omnibus.primary),
        "target": SEEDS,
        "n_seeds": omnibus.n_seeds,
        "n_cases": analysis.data.n_test,
        "alpha": analysis.study.analysis.alpha,
        "effect": "Kendall's W",
        "effect_value": omnibus.kendall_w,
        "note": omnibus.note,
    }
    yield {**base, "test": "friedman", "statistic": omnibus.chi2, "df1": omnibus.df, "p": omnibus.p}
    yield {
        **base,
        "test": "iman-davenport",
        "statistic": omnibus.f,
        "df1": omnibus.df1,
        "df2": omnibus.df2,
        "p": omnibus.p_f,
        "decision": _rejected(omnibus.rejected, omnibus.p_f),
    }


def _pair(analysis: Analysis, pair: Pair) -> Iterator[dict[str, Any]]:
    base = {
        "metric": pair.metric,
        "role": _role(pair.primary),
        "target": SEEDS,
        "first": pair.first,
        "second": pair.second,
        "n_seeds": pair.n_seeds,
        "n_cases": analysis.data.n_test,
        "adjustment": analysis.study.analysis.adjustment,
        "family": math.comb(len(analysis.losses), 2),
        "alpha": analysis.study.analysis.alpha,
        "note": pair.note,
    }
    yield {
        **base,
        "test": "paired t",
        "estimate": pair.difference,
        "low": pair.low,
        "high": pair.high,
        "statistic": pair.t,
        "df1": pair.df,
        "p": pair.p_t,
        "p_adjusted": pair.p_t_adjusted,
        "effect": "d_z",
        "effect_value": pair.d_z,
        "effect_low": pair.d_z_low,
        "effect_high": pair.d_z_high,
        "decision": pair.verdict,
    }
    yield {
        **base,
        "test": "wilcoxon exact",
        "statistic": pair.w_plus,
        "p": pair.p_wilcoxon,
        "p_adjusted": pair.p_wilcoxon_adjusted,
    }


def _joint(analysis: Analysis, joint: Joint) -> Iterator[dict[str, Any]]:
    base = {
        "metric": joint.metric,
        "role": _role(joint.primary),
        "target": BOTH,
        "n_seeds": joint.n_seeds,
        "n_cases": joint.n_cases,
        "alpha": analysis.study.analysis.alpha,
        "note": joint.note,
    }
    yield {
        **base,
        "test": "obuchowski-rockette",
        "statistic": joint.f,
        "df1": joint.df1,
        "df2": joint.df2,
        "p": joint.p,
        "decision": _rejected(joint.rejected, joint.p),
    }
    for pair in joint.pairs:
        yield {**base, **_joint_pair(analysis, pair)}


def _joint_pair(analysis: Analysis, pair: JointPair) -> dict[str, Any]:
    return {
        "test": "obuchowski-rockette pair",
        "first": pair.first,
        "second": pair.second,
        "estimate": pair.difference,
        "low": pair.low,
        "high": pair.high,
        "statistic": pair.t,
        "df1": pair.df,
        "p": pair.p,
        "p_adjusted": pair.p_adjusted,
        "adjustment": analysis.study.analysis.adjustment,
        "family": math.comb(len(analysis.losses), 2),
        "decision": pair.verdict,
    }


def _run(analysis: Analysis, run: RunSummary) -> dict[str, Any]:
    return {
        "metric": "auroc",
        "role": _role(analysis.study.metrics.primary == "auroc"),
        "target": CASES,
        "test": "delong interval",
        "first": run.loss,
        "seed": run.seed,
        "n_seeds": 1,
        "n_cases": analysis.data.n_test,
        "estimate": run.auroc.estimate,
        "low": run.auroc.low,
        "high": run.auroc.high,
        "alpha": analysis.study.analysis.alpha,
    }


def _role(primary: bool) -> str:
    return "primary" if primary else "exploratory"


def _rejected(rejected: bool, p: float) -> str:
    if math.isnan(p):
        return "undefined"
    return "rejected" if rejected else "not rejected"


def _csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else ""
    return str(value)
