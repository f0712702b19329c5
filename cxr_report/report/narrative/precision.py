"""An Analysis in, the sentences on where uncertainty comes from, and on what would make it smaller, out."""

from __future__ import annotations

import math

from cxr_report.analysis.value import Analysis, VarianceParts
from cxr_report.report.language import Speech, phrase, speech
from cxr_report.report.narrative import facts, prose
from cxr_report.report.narrative.prose import Sentence, sentence
from cxr_report.report.pieces import Piece

__all__ = ["variances"]

_OF = {
    "difference of two losses": phrase("a difference of two losses"),
    "mean of one loss": phrase("the mean of one loss"),
}

_POOLED = {
    "difference of two losses": phrase(
        "Of the variance of {of} in {metric}, {seeds} came from seeds, {cases} from cases and {both} from their "
        "interaction{raised}; its standard error, pooled over all pairs, of {se} would be {twice_seeds} with twice the "
        "seeds and {twice_cases} with twice the cases, {worth}."
    ),
    "mean of one loss": phrase(
        "Of the variance of {of} in {metric}, {seeds} came from seeds, {cases} from cases and {both} from their "
        "interaction{raised}; its standard error, pooled over all losses, of {se} would be {twice_seeds} with twice "
        "the seeds and {twice_cases} with twice the cases, {worth}."
    ),
}

_WORTH = {
    "seeds": phrase("so that more seeds would be worth more than more cases"),
    "cases": phrase("so that more cases would be worth more than more seeds"),
}


def variances(analysis: Analysis) -> tuple[Sentence, ...]:
    """Say for the primary metric what comes from seeds and what from cases."""
    return tuple(
        _parts(speech(analysis), f"variances.{place}", part)
        for place, part in enumerate(analysis.variances)
        if part.metric == analysis.study.metrics.primary
    )


def _parts(say: Speech, key: str, part: VarianceParts) -> Sentence:
    total = part.seeds + part.both + part.cases
    measured = {"of": say.text(_OF[part.of]), "metric": facts.spoken(part.metric, say)}
    if math.isnan(total):
        said = say("The variance of {of} in {metric} could not be taken apart.", **measured)
        return sentence("variance-undefined", said)
    if not total > 0:
        return sentence("variance-none", say("Neither seeds nor cases made {of} in {metric} vary.", **measured))
    said = say(
        _POOLED[part.of],
        seeds=prose.share(part.seeds / total),
        cases=prose.share(part.cases / total),
        both=prose.share(part.both / total),
        raised=_raised(say, part),
        se=prose.spread(part.se, f"{key}.se"),
        twice_seeds=prose.spread(part.se_twice_the_seeds, f"{key}.se_twice_the_seeds"),
        twice_cases=prose.spread(part.se_twice_the_cases, f"{key}.se_twice_the_cases"),
        worth=say(_WORTH.get(part.worth_more_of, phrase("so that more of either would be worth about the same"))),
        **measured,
    )
    return sentence("variance", said)


def _raised(say: Speech, part: VarianceParts) -> tuple[Piece, ...]:
    """Say which parts were estimated at 0 or below and count as 0."""
    names = {phrase("seeds"): part.seeds, phrase("cases"): part.cases, phrase("the interaction"): part.both}
    found = [say.text(name) for name, value in names.items() if value == 0]
    if not found:
        return ()
    return say(" (the part of {parts} was estimated at 0 or below, and counts as 0)", parts=say.listed(found))
