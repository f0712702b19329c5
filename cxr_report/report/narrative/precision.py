"""An Analysis in, the sentences on where uncertainty comes from, and on what would make it smaller, out."""

from __future__ import annotations

import math

from cxr_report.analysis.value import Analysis, VarianceParts
from cxr_report.report.narrative import facts, prose
from cxr_report.report.narrative.prose import Sentence, sentence
from cxr_report.report.numerals import listed

__all__ = ["variances"]

_OF = {"difference of two losses": "a difference of two losses", "mean of one loss": "the mean of one loss"}

_POOLED = {"difference of two losses": "pairs", "mean of one loss": "losses"}


def variances(analysis: Analysis) -> tuple[Sentence, ...]:
    """Say for the primary metric what comes from seeds and what from cases."""
    return tuple(
        _parts(f"variances.{place}", part)
        for place, part in enumerate(analysis.variances)
        if part.metric == analysis.study.metrics.primary
    )


def _parts(key: str, part: VarianceParts) -> Sentence:
    metric, of, total = facts.spoken(part.metric), _OF[part.of], part.seeds + part.both + part.cases
    if math.isnan(total):
        return sentence("variance-undefined", f"The variance of {of} in {metric} could not be taken apart.")
    if not total > 0:
        return sentence("variance-none", f"Neither seeds nor cases made {of} in {metric} vary.")
    worth = {
        "seeds": "so that more seeds would be worth more than more cases",
        "cases": "so that more cases would be worth more than more seeds",
    }.get(part.worth_more_of, "so that more of either would be worth about the same")
    return sentence(
        "variance",
        f"Of the variance of {of} in {metric}, ",
        prose.share(part.seeds / total),
        " came from seeds, ",
        prose.share(part.cases / total),
        " from cases and ",
        prose.share(part.both / total),
        f" from their interaction{_raised(part)}; its standard error, pooled over all {_POOLED[part.of]}, of ",
        prose.spread(part.se, f"{key}.se"),
        " would be ",
        prose.spread(part.se_twice_the_seeds, f"{key}.se_twice_the_seeds"),
        " with twice the seeds and ",
        prose.spread(part.se_twice_the_cases, f"{key}.se_twice_the_cases"),
        f" with twice the cases, {worth}.",
    )


def _raised(part: VarianceParts) -> str:
    """Say which parts were estimated at 0 or below and count as 0."""
    names = {"seeds": part.seeds, "cases": part.cases, "the interaction": part.both}
    found = listed([name for name, value in names.items() if value == 0])
    return f" (the part of {found} was estimated at 0 or below, and counts as 0)" if found else ""
