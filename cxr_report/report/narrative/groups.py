"""An Analysis in, the sentences on single classes, on calibration, on subgroups and on the other rule out."""

from __future__ import annotations

import math
from collections.abc import Iterator

from cxr_report.analysis.value import Analysis, JointPair
from cxr_report.report.answers import role_of
from cxr_report.report.figures.subgroups import ATTRIBUTES
from cxr_report.report.narrative import facts, prose
from cxr_report.report.narrative.comparisons import count
from cxr_report.report.narrative.prose import Piece, Sentence, sentence
from cxr_report.report.numerals import listed
from cxr_report.report.tables.sensitivity import OTHER_RULE

__all__ = ["calibration", "class_pairs", "sensitivity", "subgroups"]

MOST = 6
"""Chosen: differences of single classes that a sentence can list."""

ECE = "ece"
"""The metric of calibration that a study may list."""

_SHOWN = ("first better", "second better")


def class_pairs(analysis: Analysis) -> tuple[Sentence, ...]:
    """Say for which classes a difference is shown over seeds and cases, adjusted across classes."""
    rows = [(each.klass, pair) for each in analysis.class_comparisons for pair in each.pairs]
    if not rows:
        return ()
    kind = "findings" if analysis.study.task == "multilabel" else "classes"
    found = [(klass, pair) for klass, pair in rows if pair.verdict in _SHOWN]
    begin = (
        f"Over seeds and {facts.case_unit(analysis)} together, {facts.by_adjustment(analysis)} over the ",
        prose.count(len(rows)),
        f" comparisons of all {kind}, ",
    )
    metric = facts.spoken(analysis.class_comparisons[0].metric)
    if not found:
        return (
            sentence(
                "class-pairs-open",
                *begin,
                f"no difference in {metric} was shown, which is no evidence that the losses are equal.",
            ),
        )
    least = sorted(found, key=lambda each: each[1].p)[:MOST]
    told = "; ".join(f"for {klass} {_way(analysis, pair)}" for klass, pair in found if (klass, pair) in least)
    tail = f": {told}" if len(found) <= MOST else f", with the smallest p values {told}"
    return (
        sentence(
            "class-pairs",
            *begin,
            prose.count(len(found)),
            f" {'difference' if len(found) == 1 else 'differences'} in {metric} "
            f"{'was' if len(found) == 1 else 'were'} shown{tail}.",
        ),
    )


def _way(analysis: Analysis, pair: JointPair) -> str:
    better, worse = (pair.first, pair.second) if pair.verdict == "first better" else (pair.second, pair.first)
    way = facts.direction(analysis.study.metrics.primary)
    return f"{way} with {analysis.labels[better]} than with {analysis.labels[worse]}"


def calibration(analysis: Analysis) -> tuple[Sentence, ...]:
    """Say whose probabilities are calibrated best and worst."""
    known = [(n, each) for n, each in enumerate(analysis.calibrations) if not math.isnan(each.ece)]
    if not known:
        return ()
    low, high = min(known, key=lambda each: each[1].ece), max(known, key=lambda each: each[1].ece)
    return (
        sentence(
            "calibration",
            f"The mean expected calibration error over seeds was lowest with {analysis.labels[low[1].loss]} (",
            prose.value(low[1].ece, f"calibrations.{low[0]}.ece"),
            f") and highest with {analysis.labels[high[1].loss]} (",
            prose.value(high[1].ece, f"calibrations.{high[0]}.ece"),
            f"); {_tested(analysis)}.",
        ),
    )


def _tested(analysis: Analysis) -> str:
    """Say whether calibration errors were compared by a test: over seeds, where the study lists that metric."""
    if ECE not in analysis.metrics:
        return "this is a description, and nothing was tested"
    role = {"primary": "as the primary metric", "hierarchy": "in the order of the plan"}.get(role_of(analysis, ECE))
    return f"comparisons of it were tested over seeds only, {role or 'exploratory'}"


def subgroups(analysis: Analysis) -> tuple[Sentence, ...]:
    """Say how many subgroups were looked at, and how many were refused."""
    if not analysis.subgroups:
        return ()
    by = list(dict.fromkeys(ATTRIBUTES.get(group.attribute, group.attribute).lower() for group in analysis.subgroups))
    refused = sum(bool(group.refused) for group in analysis.subgroups if group.value)
    pieces: list[Piece] = [
        f"By {listed(by)}, {facts.spoken(analysis.study.metrics.primary)} was looked at in ",
        prose.count(sum(not group.refused for group in analysis.subgroups)),
        " subgroups of the test cases, exploratory and without a test",
    ]
    if refused:
        was = "was" if refused == 1 else "were"
        pieces += ["; ", prose.count(refused), f" {was} refused for want of cases or of a class"]
    return (sentence("subgroups", *pieces, "."),)


def sensitivity(analysis: Analysis) -> tuple[Sentence, ...]:
    """Say what the other rule for diverged runs would have shown over seeds."""
    return tuple(_sensitivity(analysis))


def _sensitivity(analysis: Analysis) -> Iterator[Sentence]:
    rows = [pair for pair in analysis.sensitivity if pair.in_family]
    if not rows:
        return
    metric = analysis.study.metrics.primary
    planned = [pair for pair in analysis.pairs if pair.in_family and pair.metric == metric]
    yield sentence(
        "sensitivity",
        "In a sensitivity analysis over seeds, on these test cases, "
        f"{OTHER_RULE[analysis.study.analysis.on_diverged]}, ",
        *count(sum(pair.verdict in _SHOWN for pair in rows), len(rows)),
        f" {'comparison' if len(rows) == 1 else 'comparisons'} showed a difference in {facts.spoken(metric)}; as "
        "planned it was ",
        *count(sum(pair.verdict in _SHOWN for pair in planned), len(planned)),
        "; it is of seeds only, for a run that diverged has no predictions",
        ", and its score is the worst that any finished run reached."
        if analysis.study.analysis.on_diverged == "drop-seed"
        else ".",
    )
