"""An Analysis in, the sentences on which loss has the best mean out, overall and per class."""

from __future__ import annotations

import math

from cxr_report.analysis.value import Analysis, LossSummary
from cxr_report.metrics import METRICS
from cxr_report.report.language import phrase, speech
from cxr_report.report.narrative import facts, prose
from cxr_report.report.narrative.facts import Keyed
from cxr_report.report.narrative.prose import Sentence, sentence
from cxr_report.report.pieces import Number, Piece, Said

__all__ = ["cases_of", "classes", "leader", "main", "tested"]


def main(analysis: Analysis, metric: str) -> tuple[Sentence, ...]:
    """Say which loss leads, what the others reach, and for what the numbers hold."""
    say = speech(analysis)
    sentences = [leader(analysis, metric)]
    rest = facts.followers(analysis, metric)
    if facts.best(analysis, metric) and rest:
        sentences.append(_others(analysis, rest))
    if not analysis.study.predicted:
        return tuple(sentences)
    said = say(
        "Unless an interval says otherwise, the numbers of this part describe the chance of the seed: whether other "
        "training runs would agree on these {cases}, and not whether other {unit} would.",
        cases=tested(analysis),
        unit=facts.case_unit(analysis),
    )
    return (*sentences, sentence("target", said))


def tested(analysis: Analysis) -> tuple[Piece, ...]:
    """Say how many cases were tested, and of how many patients, where the source names them."""
    return facts.of_patients(
        analysis,
        phrase("{cases} test cases"),
        phrase("{cases} test cases of {patients} patient"),
        phrase("{cases} test cases of {patients} patients"),
        cases=prose.count(analysis.data.n_test, facts.CASES_KEY),
    )


def cases_of(analysis: Analysis, cases: Number) -> tuple[Piece, ...]:
    """Say a number of cases, and of how many patients they are, where the source names them."""
    return facts.of_patients(
        analysis,
        phrase("{cases} cases"),
        phrase("{cases} cases of {patients} patient"),
        phrase("{cases} cases of {patients} patients"),
        cases=cases,
    )


def leader(analysis: Analysis, metric: str, klass: str = "") -> Sentence:
    """Say which loss has the best mean of a metric, with its interval over seeds."""
    say = speech(analysis)
    found, name = facts.best(analysis, metric, klass), _measured(analysis, metric, klass)
    if not found:
        return sentence("no-leader", say("The {metric} was undefined on test for every loss.", metric=name))
    key, first = found[0]
    mean = prose.value(first.mean, f"{key}.mean")
    names = [analysis.labels[entry.loss] for _, entry in found]
    higher = METRICS[metric].higher_is_better
    if len(found) > 1:
        shared = (
            phrase("The highest mean test {metric} was shared by {losses}: {mean}.")
            if higher
            else phrase("The lowest mean test {metric} (lower is better) was shared by {losses}: {mean}.")
        )
        return sentence("tied-leaders", say(shared, metric=name, losses=say.listed(names), mean=mean))
    single = (
        phrase("The highest mean test {metric} was that of {loss}: {mean} ({spread}).")
        if higher
        else phrase("The lowest mean test {metric} (lower is better) was that of {loss}: {mean} ({spread}).")
    )
    said = say(single, metric=name, loss=names[0], mean=mean, spread=_over_seeds(analysis, key, first))
    return sentence("leader", said)


def _measured(analysis: Analysis, metric: str, klass: str) -> tuple[Piece, ...]:
    say = speech(analysis)
    name = facts.spoken(metric, say)
    return say("{metric} of {klass}", metric=name, klass=klass) if klass else (name,)


def _over_seeds(analysis: Analysis, key: str, entry: LossSummary) -> tuple[Piece, ...]:
    say = speech(analysis)
    number = prose.count(entry.n_seeds, f"{key}.n_seeds")
    seeds = say.counted(entry.n_seeds, "{n} seed", "{n} seeds", n=number)
    if math.isnan(entry.low) or math.isnan(entry.high):
        return say("no interval, {seeds}", seeds=seeds)
    told = {
        "level": prose.percent_of(analysis.study.analysis.alpha, facts.ALPHA),
        "low": prose.value(entry.low, f"{key}.low"),
        "high": prose.value(entry.high, f"{key}.high"),
        "sd": prose.spread(entry.sd, f"{key}.sd"),
    }
    joint = None if entry.klass else facts.joint_mean(analysis, entry.metric, entry.loss)
    if joint is None:
        return say("{level} CI over seeds, on these test cases, {low} to {high}; SD {sd}, {seeds}", seeds=seeds, **told)
    place, row = joint
    return say(
        "{level} CI over seeds and {unit} {joint_low} to {joint_high}; over seeds, on these test cases, {low} to "
        "{high}; SD {sd}, {seeds}",
        unit=facts.case_unit(analysis),
        joint_low=prose.value(row.low, f"{place}.low"),
        joint_high=prose.value(row.high, f"{place}.high"),
        seeds=seeds,
        **told,
    )


def _others(analysis: Analysis, rest: list[Keyed[LossSummary]]) -> Sentence:
    say = speech(analysis)
    means: list[Said] = [
        say("{loss} {mean}", loss=analysis.labels[entry.loss], mean=prose.value(entry.mean, f"{key}.mean"))
        for key, entry in rest
    ]
    return sentence("others", say("Means of the other losses: {means}.", means=say.rowed(means)))


def classes(analysis: Analysis, metric: str) -> tuple[Sentence, ...]:
    """Say for every class or finding which loss leads, where the metric has values per class."""
    having = [klass for klass in analysis.classes if facts.summaries_of(analysis, metric, klass)]
    return tuple(leader(analysis, metric, klass) for klass in having)
