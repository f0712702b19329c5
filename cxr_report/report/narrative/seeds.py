"""An Analysis in, the sentences on the chance of the seed out: who leads, do the losses differ, which pairs do."""

from __future__ import annotations

import math
from collections.abc import Sequence

from cxr_report.analysis.value import Analysis, JointPair, LossSummary, Pair
from cxr_report.metrics import METRICS
from cxr_report.report.narrative import facts, prose
from cxr_report.report.narrative.facts import Keyed
from cxr_report.report.narrative.prose import Piece, Sentence, sentence
from cxr_report.report.numerals import listed

__all__ = [
    "ALPHA",
    "CASES",
    "counted",
    "largest",
    "leader",
    "main",
    "of_patients",
    "omnibus",
    "pair_count",
    "pairs",
    "smallest_p",
    "within_margin",
]

ALPHA = "study.analysis.alpha"
CASES = "data.n_test"
PATIENTS = "data.n_test_patients"

MANY = 6
"""Chosen: up to so many pairs are told one by one, as many as four losses have; beyond, the table tells them."""


def main(analysis: Analysis, metric: str) -> tuple[Sentence, ...]:
    """Say which loss leads, what the others reach, and for what the numbers hold."""
    sentences = [leader(analysis, metric)]
    rest = facts.followers(analysis, metric)
    if facts.best(analysis, metric) and rest:
        sentences.append(_others(analysis, rest))
    sentences.append(
        sentence(
            "target",
            "Intervals and tests of this part describe the chance of the seed: they answer whether other training runs "
            "would agree on these ",
            prose.count(analysis.data.n_test, CASES),
            " test cases",
            of_patients(analysis),
            ", and not whether other patients would.",
        )
    )
    return tuple(sentences)


def of_patients(analysis: Analysis) -> list[Piece]:
    """Say of how many patients the test cases are, where the source names them."""
    if not analysis.data.patients_known:
        return []
    number = analysis.data.n_test_patients
    return [" of ", prose.count(number, PATIENTS), " patient" if number == 1 else " patients"]


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
        prose.percent_of(analysis.study.analysis.alpha, ALPHA),
        " CI over seeds, on these test cases, " if not entry.klass else " CI over seeds ",
        prose.value(entry.low, f"{key}.low"),
        " to ",
        prose.value(entry.high, f"{key}.high"),
        *_over_patients(analysis, entry),
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
    return [f"; over seeds and {facts.case_unit(analysis)} ", low, " to ", high]


def _others(analysis: Analysis, rest: list[Keyed[LossSummary]]) -> Sentence:
    pieces: list[Piece] = ["Means of the other losses: "]
    for place, (key, entry) in enumerate(rest):
        pieces += [", "] if place else []
        pieces += [f"{analysis.labels[entry.loss]} ", prose.value(entry.mean, f"{key}.mean")]
    return sentence("others", *pieces, ".")


def omnibus(analysis: Analysis, metric: str) -> Sentence:
    """Say whether the losses are equal at all."""
    key, test = facts.omnibus_of(analysis, metric)
    name, alpha = facts.spoken(metric), analysis.study.analysis.alpha
    if math.isnan(test.p):
        return sentence(
            "no-omnibus",
            f"Whether the losses are equal in {name} at all could not be tested: {facts.noted(test.note)}.",
        )
    seeds, losses = prose.count(test.n_seeds, f"{key}.n_seeds"), prose.count(test.n_losses, f"{key}.n_losses")
    detail: list[Piece] = [
        " (",
        prose.statistic(test.statistic, f"{key}.statistic"),
        ", p",
        *prose.p_of(test.p, f"{key}.p", alpha=alpha),
        ")",
    ]
    threshold = prose.exactly(alpha, ALPHA)
    if test.rejected:
        return sentence(
            "omnibus-rejected",
            "Over ",
            seeds,
            " seeds, equality of the ",
            losses,
            f" losses in {name} was rejected at α = ",
            threshold,
            detail,
            ".",
        )
    return sentence(
        "omnibus-open",
        "Over ",
        seeds,
        " seeds, there was no evidence at α = ",
        threshold,
        " against equality of the ",
        losses,
        f" losses in {name}",
        detail,
        "; this does not show that they are equal.",
    )


def pairs(analysis: Analysis, metric: str) -> tuple[Sentence, ...]:
    """Say which pairs differ, by how much, what is left open, and what the exact Wilcoxon test can say."""
    found = facts.pairs_of(analysis, metric)
    sentences = [pair_count(analysis, metric)]
    if not facts.shown(found):
        sentences += largest(analysis, metric)
    sentences += _told(analysis, metric, facts.shown(found))
    sentences += _rest(analysis, found)
    if not facts.joint_is(analysis, metric):
        sentences.append(within_margin(analysis, "seeds", found))
    sentences.append(_wilcoxon(analysis, found))
    return tuple(sentences)


def pair_count(analysis: Analysis, metric: str) -> Sentence:
    """Say of how many pairs of losses one is shown to be better over seeds."""
    pairs = facts.pairs_of(analysis, metric)
    shown, alpha = facts.shown(pairs), analysis.study.analysis.alpha
    end: list[Piece] = [f"in {facts.spoken(metric)} {facts.by_adjustment(analysis)} (paired t tests over seeds, α = "]
    end.append(prose.exactly(alpha, ALPHA))
    defined = [(key, pair) for key, pair in pairs if not math.isnan(facts.decisive(pair)[1])]
    if defined and not shown:
        key, pair = min(defined, key=lambda each: facts.decisive(each[1])[1])
        field, p = facts.decisive(pair)
        end += smallest_p(analysis, len(pairs), p, f"{key}.{field}")
    return counted("pairs", len(shown), len(pairs), [*end, ")."])


def smallest_p(analysis: Analysis, total: int, p: float, key: str) -> list[Piece]:
    """Name the smallest p value where no pair is shown to differ, as it stands behind alpha."""
    which = "" if total == 1 else "smallest "
    return [f"; {which}{facts.adjusted_name(analysis)}", *prose.p_of(p, key, alpha=analysis.study.analysis.alpha)]


def largest(analysis: Analysis, metric: str) -> list[Sentence]:
    """Tell the largest mean difference of two losses over seeds, where one has a defined test."""
    every = facts.pairs_of(analysis, metric)
    defined = [each for each in every if not math.isnan(each[1].p_t)]
    if not defined:
        return []
    key, pair = max(defined, key=lambda each: abs(each[1].difference))
    labels, alpha = analysis.labels, analysis.study.analysis.alpha
    field, p = facts.decisive(pair)
    words = sentence(
        "largest",
        f"The {'' if len(every) == 1 else 'largest '}mean difference in {facts.spoken(metric)} was ",
        prose.difference(pair.difference, f"{key}.difference"),
        f" ({labels[pair.first]} minus {labels[pair.second]}; ",
        prose.percent_of(alpha, ALPHA),
        " CI over seeds ",
        prose.difference(pair.low, f"{key}.low"),
        " to ",
        prose.difference(pair.high, f"{key}.high"),
        f", {facts.adjusted_name(analysis)}",
        *prose.p_of(p, f"{key}.{field}", alpha=alpha),
        ").",
    )
    return [words]


def within_margin(
    analysis: Analysis, target: str, pairs: Sequence[Keyed[Pair]] | Sequence[Keyed[JointPair]]
) -> Sentence:
    """Say for how many pairs the whole interval of the difference is smaller than the planned margin.

    Args:
        analysis: for the margin.
        target: what the intervals are over, such as ``seeds``.
        pairs: every pair of losses on the primary metric.
    """
    margin = analysis.study.analysis.margin
    inside = sum(pair.low >= -margin and pair.high <= margin for _, pair in pairs)
    one = len(pairs) == 1
    found: list[Piece] = [prose.count(inside), " of ", prose.count(len(pairs)), f" {'pair' if one else 'pairs'}"]
    return sentence(
        "within-margin",
        f"The interval over {target} of ",
        found,
        " lies within ±",
        prose.exactly(margin, "study.analysis.margin"),
        ", the planned margin.",
    )


def counted(kind: str, found: int, total: int, end: list[Piece]) -> Sentence:
    """Say how many of all pairs are shown to differ.

    Args:
        kind: of the sentence.
        found: pairs shown to differ.
        total: all pairs.
        end: of the sentence, from ``in AUROC`` on.
    """
    if total == 1:
        return sentence(kind, f"The two losses were {'' if found else 'not '}shown to differ ", end)
    if not found:
        return sentence(kind, "None of the ", prose.count(total), " pairs of losses was shown to differ ", end)
    verb = "was" if found == 1 else "were"
    start = (prose.count(found), " of ", prose.count(total))
    return sentence(kind, start, f" pairs of losses {verb} shown to differ ", end)


def _told(analysis: Analysis, metric: str, pairs: list[Keyed[Pair]]) -> list[Sentence]:
    """Describe pairs that differ: each in a sentence, or, where they are many, those of the leading loss."""
    many = len(pairs) > MANY
    leaders = {entry.loss for _, entry in facts.best(analysis, metric)}
    detailed = [each for each in pairs if not many or facts.better_of(each[1]) in leaders]
    sentences = [_pair(analysis, key, pair) for key, pair in detailed]
    others = [pair for _, pair in pairs if pair not in [each[1] for each in detailed]]
    if others:
        sentences.append(
            sentence(
                "other-pairs",
                f"{facts.titled(metric)} was also {facts.direction(metric)} {facts.clauses(analysis, others)}.",
            )
        )
    return sentences


def _pair(analysis: Analysis, key: str, pair: Pair) -> Sentence:
    labels, alpha = analysis.labels, analysis.study.analysis.alpha
    field, p = facts.decisive(pair)
    pieces: list[Piece] = [
        f"{facts.titled(pair.metric)} was {facts.direction(pair.metric)} with {labels[facts.better_of(pair)]} than "
        f"with {labels[facts.worse_of(pair)]}: mean difference ({labels[pair.first]} minus {labels[pair.second]}) ",
        prose.difference(pair.difference, f"{key}.difference"),
        " (",
        prose.percent_of(alpha, ALPHA),
        " CI ",
        prose.difference(pair.low, f"{key}.low"),
        " to ",
        prose.difference(pair.high, f"{key}.high"),
        ", t(",
        prose.exactly(pair.df, f"{key}.df"),
        ") = ",
        prose.statistic(pair.t, f"{key}.t"),
        f", {facts.adjusted_name(analysis)}",
        *prose.p_of(p, f"{key}.{field}", alpha=alpha),
        ", d_z = ",
        prose.statistic(pair.d_z, f"{key}.d_z"),
        ")",
    ]
    margin = analysis.study.analysis.margin
    if pair.primary and abs(pair.difference) < margin:
        pieces += [", which is less than the planned margin of ", prose.exactly(margin, "study.analysis.margin")]
    return sentence("pair", *pieces, ".")


def _rest(analysis: Analysis, pairs: list[Keyed[Pair]]) -> list[Sentence]:
    open_pairs = [each for each in pairs if each[1].verdict == "not shown" and not math.isnan(each[1].p_t)]
    without = facts.undefined(pairs)
    sentences = []
    if open_pairs and len(open_pairs) + len(without) < len(pairs):
        field, _ = facts.decisive(open_pairs[0][1])
        key, pair = min(open_pairs, key=lambda each: facts.decisive(each[1])[1])
        which = "pair" if len(open_pairs) == 1 else "pairs"
        sentences.append(
            sentence(
                "open-pairs",
                "For ",
                prose.count(len(open_pairs)),
                f" {which} no difference was shown (smallest {facts.adjusted_name(analysis)}",
                *prose.p_of(facts.decisive(pair)[1], f"{key}.{field}", alpha=analysis.study.analysis.alpha),
                "), which is no evidence that the losses are equal.",
            )
        )
    if without:
        notes = list(dict.fromkeys(pair.note for _, pair in without if pair.note))
        sentences.append(
            sentence(
                "undefined-pairs",
                "For ",
                prose.count(len(without)),
                f" {'pair' if len(without) == 1 else 'pairs'} the paired t test is undefined"
                f"{f' ({facts.noted(listed(notes))})' if notes else ''}.",
            )
        )
    return sentences


def _wilcoxon(analysis: Analysis, pairs: list[Keyed[Pair]]) -> Sentence:
    alpha, least = analysis.study.analysis.alpha, analysis.smallest_wilcoxon_p
    seeds = len(analysis.seeds)
    about: list[Piece] = ["With ", prose.count(seeds), f" {'seed' if seeds == 1 else 'seeds'} and "]
    about += [prose.count(len(pairs)), f" {'comparison' if len(pairs) == 1 else 'comparisons'} "]
    if math.isnan(least):
        return sentence("wilcoxon-undefined", about, "there is no exact Wilcoxon test.")
    limit = prose.p_alone(least, "smallest_wilcoxon_p", alpha=alpha)
    name = facts.adjusted_name(analysis)
    threshold = prose.exactly(alpha, ALPHA)
    if least > alpha:
        return sentence(
            "wilcoxon-powerless",
            about,
            "the exact Wilcoxon test cannot reach α = ",
            threshold,
            f"; the smallest {name} value that it can take is ",
            limit,
            ".",
        )
    reached = sum(pair.p_wilcoxon_adjusted <= alpha for _, pair in pairs)
    return sentence(
        "wilcoxon",
        "The exact Wilcoxon test reached α = ",
        threshold,
        " for ",
        prose.count(reached),
        " of ",
        prose.count(len(pairs)),
        f" {'pair' if len(pairs) == 1 else 'pairs'}; the smallest {name} value that it can take here is ",
        limit,
        ".",
    )
