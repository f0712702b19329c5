"""An Analysis in, every test and interval that the report rests on out, one row of comparisons.csv each."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from cxr_report.analysis.ensemble_rows import ensemble_rows
from cxr_report.analysis.row_parts import Row, compared, freedom
from cxr_report.analysis.value import (
    BOTH,
    CASES,
    SEEDS,
    Analysis,
    ClassComparison,
    Equivalence,
    ExternalTest,
    Joint,
    JointMean,
    JointPair,
    Omnibus,
    Pair,
    RunSummary,
    SeedFloor,
    SeedsEquivalence,
    Subgroup,
)

__all__ = ["COMPARISONS", "rows"]

COMPARISONS = (
    "metric",
    "class",
    "group",
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
    "low_simultaneous",
    "high_simultaneous",
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
"""The columns; what does not apply to a row is empty, and so is what is undefined."""


def rows(analysis: Analysis) -> Iterator[Row]:
    """Write the tests of all losses at once, the pairs for every target, and the intervals of single runs.

    The decision of a pair is its verdict by the adjusted p at alpha; a pair outside the declared family has neither.
    """
    for each in _every(analysis):
        yield {"n_cases": analysis.data.n_test, "alpha": analysis.study.analysis.alpha, **each}


def _every(analysis: Analysis) -> Iterator[Row]:
    for test in analysis.omnibus:
        yield _omnibus(test)
    for joint in (*analysis.joint, *analysis.cases):
        yield from (_joint_pair(analysis, joint, pair) for pair in joint.pairs)
    for pair in analysis.pairs:
        yield from _pair(analysis, pair)
    for found in analysis.class_comparisons:
        yield from _class(analysis, found)
    yield from (_equivalence(each) for each in analysis.equivalences)
    yield from (_seeds_equivalence(each) for each in analysis.seeds_equivalences)
    for group in analysis.subgroups:
        yield from _subgroup(group)
    for ensemble in analysis.ensembles:
        yield from ensemble_rows(ensemble, adjustment=analysis.study.analysis.adjustment)
    yield from (_floor(each) for each in analysis.seed_floor)
    for each in analysis.external:
        yield from _external(analysis, each)
    yield from (_run(analysis, run) for run in analysis.runs if run.state == "done")


def _omnibus(test: Omnibus) -> Row:
    return {
        "metric": test.metric,
        "role": test.role,
        "target": test.target,
        "test": test.test,
        "n_seeds": test.n_seeds,
        "statistic": test.statistic,
        "df1": test.df1,
        "df2": freedom(test.df2),
        "p": test.p,
        "effect": test.effect,
        "effect_value": test.effect_value,
        "decision": ("planned: " if test.planned else "beside it: ") + _rejected(test.rejected, test.p),
        "note": test.note,
    }


def _family(analysis: Analysis, pairs: Iterable[Pair | JointPair], *, inside: bool) -> Row:
    if not inside:
        return {}
    return {"adjustment": analysis.study.analysis.adjustment, "family": sum(pair.in_family for pair in pairs)}


def _joint_pair(analysis: Analysis, joint: Joint, pair: JointPair) -> Row:
    return {
        "metric": joint.metric,
        "role": joint.role,
        "target": joint.target,
        "test": "obuchowski-rockette pair" + (", seeds fixed" if joint.target == CASES else ""),
        **compared(pair),
        "n_seeds": joint.n_seeds,
        "df1": freedom(pair.df),
        **_family(analysis, joint.pairs, inside=pair.in_family),
        "note": pair.note or joint.note,
    }


def _pair(analysis: Analysis, pair: Pair) -> Iterator[Row]:
    base = {
        "metric": pair.metric,
        "role": pair.role,
        "target": SEEDS,
        "first": pair.first,
        "second": pair.second,
        "n_seeds": pair.n_seeds,
        **_family(analysis, [each for each in analysis.pairs if each.metric == pair.metric], inside=pair.in_family),
        "note": pair.note,
    }
    yield {
        **base,
        "test": "paired t",
        "estimate": pair.difference,
        "low": pair.low,
        "high": pair.high,
        "low_simultaneous": pair.low_simultaneous,
        "high_simultaneous": pair.high_simultaneous,
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
    yield {**base, "test": "sign flip", "p": pair.p_sign_flip, "adjustment": "", "family": ""}


def _class(analysis: Analysis, found: ClassComparison) -> Iterator[Row]:
    base: Row = {"metric": found.metric, "class": found.klass, "role": "primary", "target": BOTH, "note": found.note}
    base |= {"n_seeds": len(analysis.seeds)}
    yield from ({**base, **_mean(row)} for row in found.means)
    for pair in found.pairs:
        yield {
            **base,
            "test": "obuchowski-rockette pair",
            **compared(pair),
            "df1": freedom(pair.df),
            "adjustment": analysis.study.analysis.adjustment,
            "family": sum(len(each.pairs) for each in analysis.class_comparisons),
        }


def _mean(row: JointMean) -> Row:
    return {
        "test": "obuchowski-rockette interval",
        "first": row.loss,
        "estimate": row.estimate,
        "low": row.low,
        "high": row.high,
        "df1": freedom(row.df),
    }


def _equivalence(found: Equivalence) -> Row:
    return {
        "metric": found.metric,
        "role": "primary",
        "target": BOTH,
        "test": "equivalence",
        "first": found.first,
        "second": found.second,
        "estimate": found.difference,
        "low": found.low,
        "high": found.high,
        "p": found.p_equivalence,
        "p_adjusted": found.p_equivalence_adjusted,
        "effect": "margin",
        "effect_value": found.margin,
        "decision": "equivalent" if found.equivalent else "not shown",
        "note": found.note,
    }


def _seeds_equivalence(found: SeedsEquivalence) -> Row:
    return {
        "metric": found.metric,
        "role": "primary",
        "target": SEEDS,
        "test": "two one-sided t tests",
        "first": found.first,
        "second": found.second,
        "p": found.p_tost,
        "effect": "margin",
        "effect_value": found.margin,
        "note": found.note,
    }


def _subgroup(found: Subgroup) -> Iterator[Row]:
    base: Row = {
        "metric": found.metric,
        "group": f"{found.attribute}: {found.value or 'not known'}",
        "role": "exploratory",
        "target": BOTH,
        "n_cases": found.n_cases,
    }
    if found.refused:
        yield {**base, "note": found.refused}
    yield from ({**base, **_mean(row)} for row in found.means)


def _floor(found: SeedFloor) -> Row:
    return {
        "metric": found.metric,
        "role": "control",
        "target": BOTH,
        "test": "obuchowski-rockette, nested: the baseline against itself",
        "first": found.loss,
        "second": found.loss,
        "n_seeds": len(found.seeds),
        "estimate": found.difference,
        "low": found.low,
        "high": found.high,
        "statistic": found.t,
        "df1": freedom(found.df),
        "p": found.p,
        "decision": "changes nothing",
        "note": found.note,
    }


def _run(analysis: Analysis, run: RunSummary) -> Row:
    return {
        "metric": "auroc",
        "role": "primary" if analysis.study.metrics.primary == "auroc" else "exploratory",
        "target": CASES,
        "test": "delong interval",
        "first": run.loss,
        "seed": run.seed,
        "n_seeds": 1,
        "estimate": run.auroc.estimate,
        "low": run.auroc.low,
        "high": run.auroc.high,
    }


def _external(analysis: Analysis, found: ExternalTest) -> Iterator[Row]:
    """Write the means, the comparisons and the changes of an external test set, its name being the group."""
    base: Row = {"group": f"external: {found.name}", "n_cases": found.n_cases}
    if not found.planned:
        base["role"] = "exploratory"  # it was added later
    for joint in found.joint:
        told = {"metric": joint.metric, "role": joint.role, "target": joint.target, "n_seeds": joint.n_seeds}
        yield from ({**told, **_mean(row), **base} for row in joint.means)
        yield from ({**_joint_pair(analysis, joint, pair), **base} for pair in joint.pairs)
    for change in found.changes:
        yield {
            "metric": change.metric,
            "role": "exploratory",
            "target": BOTH,
            "test": "external minus own test cases",
            "first": change.loss,
            "second": change.loss,
            "n_seeds": change.n_seeds,
            "estimate": change.difference,
            "low": change.low,
            "high": change.high,
            "df1": freedom(change.df),
            "note": change.note,
            **base,
        }


def _rejected(rejected: bool, p: float) -> str:
    if math.isnan(p):
        return "undefined"
    return "rejected" if rejected else "not rejected"
