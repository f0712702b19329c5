"""An Analysis in, the sentence on what the exact Wilcoxon test can say out."""

from __future__ import annotations

import math

from cxr_report.analysis.value import Analysis
from cxr_report.report.narrative import facts, prose
from cxr_report.report.narrative.prose import Piece, Sentence, sentence

__all__ = ["wilcoxon"]


def wilcoxon(analysis: Analysis) -> Sentence:
    """Say how many comparisons the exact Wilcoxon test shows, or that it cannot show any with so few seeds."""
    primary, alpha, least = analysis.study.metrics.primary, analysis.study.analysis.alpha, analysis.smallest_wilcoxon_p
    pairs = [pair for pair in analysis.pairs if pair.metric == primary and pair.in_family]
    seeds, total = len(analysis.seeds), len(pairs)
    unit = "comparison" if total == 1 else "comparisons"
    about: list[Piece] = ["With ", prose.count(seeds), f" {'seed' if seeds == 1 else 'seeds'} and "]
    about += [prose.count(total), f" {unit} "]
    if math.isnan(least):
        return sentence("wilcoxon-undefined", about, "there is no exact Wilcoxon test over seeds.")
    limit = prose.p_alone(least, "smallest_wilcoxon_p", alpha=alpha)
    name, threshold = facts.adjusted_name(analysis), prose.exactly(alpha, facts.ALPHA)
    if least > alpha:
        about += ["the exact Wilcoxon test over seeds cannot reach α = ", threshold]
        return sentence("wilcoxon-powerless", about, f"; the smallest {name} value that it can take is ", limit, ".")
    reached = sum(pair.p_wilcoxon_adjusted <= alpha for pair in pairs)
    return sentence(
        "wilcoxon",
        "The exact Wilcoxon test over seeds reached α = ",
        threshold,
        " for ",
        prose.count(reached),
        " of ",
        prose.count(total),
        f" {unit}; the smallest {name} value that it can take here is ",
        limit,
        ".",
    )
