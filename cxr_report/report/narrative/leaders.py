"""An Analysis in, the sentences on which loss has the best mean out, overall and per class."""

from __future__ import annotations

import math

from cxr_report.analysis.value import Analysis, LossSummary
from cxr_report.metrics import METRICS
from cxr_report.report.narrative import facts, prose
from cxr_report.report.narrative.facts import Keyed
from cxr_report.report.narrative.prose import Piece, Sentence, sentence
from cxr_report.report.numerals import listed

__all__ = ["classes", "leader", "main", "of_patients"]


def main(analysis: Analysis, metric: str) -> tuple[Sentence, ...]:
    """Say which loss leads, what the others reach, and for what the numbers hold."""
    sentences = [leader(analysis, metric)]
    rest = facts.followers(analysis, metric)
    if facts.best(analysis, metric) and rest:
        sentences.append(_others(analysis, rest))
    if not analysis.study.predicted:
        return tuple(sentences)
    sentences.append(
        sentence(
            "target",
            "Unless an interval says otherwise, the numbers of this part describe the chance of the seed: whether "
            "other training runs would agree on these ",
            prose.count(analysis.data.n_test, facts.CASES_KEY),
            " test cases",
            of_patients(analysis),
            f", and not whether other {facts.case_unit(analysis)} would.",
        )
    )
    return tuple(sentences)


def of_patients(analysis: Analysis) -> list[Piece]:
    """Say of how many patients the test cases are, where the source names them."""
    if not analysis.data.patients_known:
        return []
    number = analysis.data.n_test_patients
    return [" of ", prose.count(number, facts.PATIENTS_KEY), " patient" if number == 1 else " patients"]


def leader(analysis: Analysis, metric: str, klass: str = "") -> Sentence:
    """Say which loss has the best mean of a metric, with its interval over seeds."""
    found = facts.best(analysis, metric, klass)
    of = f" of {klass}" if klass else ""
    if not found:
        return sentence("no-leader", f"The {facts.spoken(metric)}{of} was undefined on test for every loss.")
    better = METRICS[metric].higher_is_better
    extreme, hint = ("highest", "") if better else ("lowest", " (lower is better)")
    key, first = found[0]
    mean = prose.value(first.mean, f"{key}.mean")
    names = [analysis.labels[entry.loss] for _, entry in found]
    if len(found) > 1:
        return sentence(
            "tied-leaders",
            f"The {extreme} mean test {facts.spoken(metric)}{of}{hint} was shared by {listed(names)}: ",
            mean,
            ".",
        )
    return sentence(
        "leader",
        f"The {extreme} mean test {facts.spoken(metric)}{of}{hint} was that of {names[0]}: ",
        mean,
        _over_seeds(analysis, key, first),
        ".",
    )


def _over_seeds(analysis: Analysis, key: str, entry: LossSummary) -> list[Piece]:
    seeds = prose.count(entry.n_seeds, f"{key}.n_seeds")
    unit = " seed" if entry.n_seeds == 1 else " seeds"
    if math.isnan(entry.low) or math.isnan(entry.high):
        return [" (no interval, ", seeds, unit, ")"]
    return [
        " (",
        prose.percent_of(analysis.study.analysis.alpha, facts.ALPHA),
        " CI ",
        *_over_patients(analysis, entry),
        "over seeds, on these test cases, ",
        prose.value(entry.low, f"{key}.low"),
        " to ",
        prose.value(entry.high, f"{key}.high"),
        "; SD ",
        prose.spread(entry.sd, f"{key}.sd"),
        ", ",
        seeds,
        unit,
        ")",
    ]


def _over_patients(analysis: Analysis, entry: LossSummary) -> list[Piece]:
    """Tell the interval over seeds and patients of a mean, where there is one."""
    found = None if entry.klass else facts.joint_mean(analysis, entry.metric, entry.loss)
    if found is None:
        return []
    key, row = found
    low, high = prose.value(row.low, f"{key}.low"), prose.value(row.high, f"{key}.high")
    return [f"over seeds and {facts.case_unit(analysis)} ", low, " to ", high, "; "]


def _others(analysis: Analysis, rest: list[Keyed[LossSummary]]) -> Sentence:
    pieces: list[Piece] = ["Means of the other losses: "]
    for place, (key, entry) in enumerate(rest):
        pieces += [", "] if place else []
        pieces += [f"{analysis.labels[entry.loss]} ", prose.value(entry.mean, f"{key}.mean")]
    return sentence("others", *pieces, ".")


def classes(analysis: Analysis, metric: str) -> tuple[Sentence, ...]:
    """Say for every class or finding which loss leads, where the metric has values per class."""
    having = [klass for klass in analysis.classes if facts.summaries_of(analysis, metric, klass)]
    return tuple(leader(analysis, metric, klass) for klass in having)
