"""An Analysis in, the sentences on single classes, on calibration, on subgroups and on the other rule out."""

from __future__ import annotations

import math
from collections.abc import Iterator

from cxr_report.analysis.value import BOTH, Analysis, JointPair
from cxr_report.report.answers import role_of
from cxr_report.report.language import phrase, speech
from cxr_report.report.narrative import comparisons, facts, prose
from cxr_report.report.narrative.prose import Sentence, sentence
from cxr_report.report.pieces import Piece, Said

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
    say = speech(analysis)
    found = [(klass, pair) for klass, pair in rows if pair.verdict in _SHOWN]
    begin = say(
        phrase("{where} {adjusted} over the {comparisons} comparisons of all findings,")
        if analysis.study.task == "multilabel"
        else phrase("{where} {adjusted} over the {comparisons} comparisons of all classes,"),
        where=facts.over(analysis, BOTH),
        adjusted=facts.by_adjustment(analysis),
        comparisons=prose.count(len(rows)),
    )
    metric = facts.spoken(analysis.class_comparisons[0].metric, say)
    if not found:
        none = say(
            "{begin} no difference in {metric} was shown, which is no evidence that the losses are equal.",
            begin=begin,
            metric=metric,
        )
        return (sentence("class-pairs-open", none),)
    least = sorted(found, key=lambda each: each[1].p)[:MOST]
    ways: list[Said] = [_way(analysis, klass, pair) for klass, pair in found if (klass, pair) in least]
    told: dict[str, Said] = {
        "begin": begin,
        "n": prose.count(len(found)),
        "metric": metric,
        "ways": say.rowed(ways, "; "),
    }
    if len(found) > MOST:
        said = say("{begin} {n} differences in {metric} were shown, with the smallest p values {ways}.", **told)
    else:
        said = say.counted(
            len(found),
            "{begin} {n} difference in {metric} was shown: {ways}.",
            "{begin} {n} differences in {metric} were shown: {ways}.",
            **told,
        )
    return (sentence("class-pairs", said),)


def _way(analysis: Analysis, klass: str, pair: JointPair) -> tuple[Piece, ...]:
    better, worse = (pair.first, pair.second) if pair.verdict == "first better" else (pair.second, pair.first)
    way = (
        phrase("for {klass} higher with {better} than with {worse}")
        if facts.direction(analysis.study.metrics.primary) == "higher"
        else phrase("for {klass} lower with {better} than with {worse}")
    )
    return speech(analysis)(
        way,
        klass=klass,
        better=analysis.labels[better],
        worse=analysis.labels[worse],
    )


def calibration(analysis: Analysis) -> tuple[Sentence, ...]:
    """Say whose probabilities are calibrated best and worst."""
    known = [(n, each) for n, each in enumerate(analysis.calibrations) if not math.isnan(each.ece)]
    if not known:
        return ()
    low, high = min(known, key=lambda each: each[1].ece), max(known, key=lambda each: each[1].ece)
    said = speech(analysis)(
        "The mean expected calibration error over seeds was lowest with {low_loss} ({low}) and highest with "
        "{high_loss} ({high}); {tested}.",
        low_loss=analysis.labels[low[1].loss],
        low=prose.value(low[1].ece, f"calibrations.{low[0]}.ece"),
        high_loss=analysis.labels[high[1].loss],
        high=prose.value(high[1].ece, f"calibrations.{high[0]}.ece"),
        tested=_tested(analysis),
    )
    return (sentence("calibration", said),)


def _tested(analysis: Analysis) -> str:
    """Say whether calibration errors were compared by a test: over seeds, where the study lists that metric."""
    say = speech(analysis)
    if ECE not in analysis.metrics:
        return say.text("this is a description, and nothing was tested")
    role = role_of(analysis, ECE)
    if role == "primary":
        return say.text("comparisons of it were tested over seeds only, as the primary metric")
    if role == "hierarchy":
        return say.text("comparisons of it were tested over seeds only, in the order of the plan")
    return say.text("comparisons of it were tested over seeds only, exploratory")


def subgroups(analysis: Analysis) -> tuple[Sentence, ...]:
    """Say how many subgroups were looked at, and how many were refused."""
    if not analysis.subgroups:
        return ()
    say = speech(analysis)
    by = dict.fromkeys(say.text(_BY.get(group.attribute, group.attribute)) for group in analysis.subgroups)
    refused = sum(bool(group.refused) for group in analysis.subgroups if group.value)
    parts: list[Said] = [
        say(
            "By {attributes}, {metric} was looked at in {groups} subgroups of the test cases, exploratory and without "
            "a test",
            attributes=say.listed(list(by)),
            metric=facts.spoken(analysis.study.metrics.primary, say),
            groups=prose.count(sum(not group.refused for group in analysis.subgroups)),
        )
    ]
    if refused:
        parts.append(
            say.counted(
                refused,
                "{n} was refused for want of cases or of a class",
                "{n} were refused for want of cases or of a class",
                n=prose.count(refused),
            )
        )
    return (sentence("subgroups", say.rowed(parts, "; "), "."),)


_BY = {"sex": phrase("sex"), "age": phrase("age"), "view": phrase("view")}


def sensitivity(analysis: Analysis) -> tuple[Sentence, ...]:
    """Say what the other rule for diverged runs would have shown over seeds."""
    return tuple(_sensitivity(analysis))


def _sensitivity(analysis: Analysis) -> Iterator[Sentence]:
    rows = [pair for pair in analysis.sensitivity if pair.in_family]
    if not rows:
        return
    say, metric = speech(analysis), analysis.study.metrics.primary
    planned = [pair for pair in analysis.pairs if pair.in_family and pair.metric == metric]
    told = {
        "now": comparisons.count(sum(pair.verdict in _SHOWN for pair in rows), len(rows), say=say),
        "then": comparisons.count(sum(pair.verdict in _SHOWN for pair in planned), len(planned), say=say),
        "metric": facts.spoken(metric, say),
    }
    if analysis.study.analysis.on_diverged == "drop-seed":
        said = say.counted(
            len(rows),
            "In a sensitivity analysis over seeds, on these test cases, with the worst score for every run that "
            "diverged, {now} comparison showed a difference in {metric}; as planned it was {then}; it is of seeds "
            "only, for a run that diverged has no predictions, and its score is the worst that any finished run "
            "reached.",
            "In a sensitivity analysis over seeds, on these test cases, with the worst score for every run that "
            "diverged, {now} comparisons showed a difference in {metric}; as planned it was {then}; it is of seeds "
            "only, for a run that diverged has no predictions, and its score is the worst that any finished run "
            "reached.",
            **told,
        )
    else:
        said = say.counted(
            len(rows),
            "In a sensitivity analysis over seeds, on these test cases, without the seeds of runs that diverged, {now} "
            "comparison showed a difference in {metric}; as planned it was {then}; it is of seeds only, for a run that "
            "diverged has no predictions.",
            "In a sensitivity analysis over seeds, on these test cases, without the seeds of runs that diverged, {now} "
            "comparisons showed a difference in {metric}; as planned it was {then}; it is of seeds only, for a run "
            "that diverged has no predictions.",
            **told,
        )
    yield sentence("sensitivity", said)
