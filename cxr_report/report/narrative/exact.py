"""An Analysis in, the sentence on what the exact Wilcoxon test can say out."""

from __future__ import annotations

import math

from cxr_report.analysis.value import Analysis
from cxr_report.report.language import speech
from cxr_report.report.narrative import comparisons, facts, prose
from cxr_report.report.narrative.prose import Sentence, sentence
from cxr_report.report.pieces import Said

__all__ = ["wilcoxon"]


def wilcoxon(analysis: Analysis) -> Sentence:
    """Say how many comparisons the exact Wilcoxon test shows, or that it cannot show any with so few seeds."""
    say, alpha, least = speech(analysis), analysis.study.analysis.alpha, analysis.smallest_wilcoxon_p
    primary = analysis.study.metrics.primary
    pairs = [pair for pair in analysis.pairs if pair.metric == primary and pair.in_family]
    number, compared = len(analysis.seeds), comparisons.counted(analysis, len(pairs))
    seeds = say.counted(number, "{n} seed", "{n} seeds", n=prose.count(number))
    if math.isnan(least):
        none = say(
            "With {seeds} and {comparisons} there is no exact Wilcoxon test over seeds.",
            seeds=seeds,
            comparisons=compared,
        )
        return sentence("wilcoxon-undefined", none)
    told: dict[str, Said] = {
        "alpha": prose.exactly(alpha, facts.ALPHA),
        "comparisons": compared,
        "p_name": facts.adjusted_name(analysis),
        "least": prose.p_alone(least, "smallest_wilcoxon_p", alpha=alpha, say=say),
    }
    if least > alpha:
        powerless = say(
            "With {seeds} and {comparisons} the exact Wilcoxon test over seeds cannot reach α = {alpha}; the smallest "
            "{p_name} value that it can take is {least}.",
            seeds=seeds,
            **told,
        )
        return sentence("wilcoxon-powerless", powerless)
    said = say(
        "The exact Wilcoxon test over seeds reached α = {alpha} for {reached} of {comparisons}; the smallest {p_name} "
        "value that it can take here is {least}.",
        reached=prose.count(sum(pair.p_wilcoxon_adjusted <= alpha for pair in pairs)),
        **told,
    )
    return sentence("wilcoxon", said)
