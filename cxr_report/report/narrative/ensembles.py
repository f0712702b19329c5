"""An Analysis in, the sentences on the ensembles over seeds out: what averaging brought, and what the tests show."""

from __future__ import annotations

import math
from collections.abc import Iterator

from cxr_report.analysis.value import Analysis, Ensemble
from cxr_report.metrics import METRICS
from cxr_report.report.language import phrase, speech
from cxr_report.report.narrative import facts, prose
from cxr_report.report.narrative.prose import Sentence, sentence
from cxr_report.report.pieces import Said

__all__ = ["ensembles"]

_GAINS = {
    True: phrase(
        "For {n} of {total} losses the mean of the probabilities of its seeds had a higher {metric} than these seeds "
        "had on average: a description, and no test."
    ),
    False: phrase(
        "For {n} of {total} losses the mean of the probabilities of its seeds had a lower {metric}, which is better, "
        "than these seeds had on average: a description, and no test."
    ),
}

_SHOWN = phrase(
    "{over}, a difference in {metric} was shown for {n} of {total} comparisons of two ensembles {adjusted} "
    "(α = {alpha}); this does not speak of other seeds, and no decision rests on it."
)
_NOT_SHOWN = phrase(
    "{over}, a difference in {metric} was shown for none of the {total} comparisons of two ensembles {adjusted} "
    "(α = {alpha}), which is no evidence that the losses are equal; this does not speak of other seeds, and no "
    "decision rests on it."
)
_ONE_SHOWN = phrase(
    "{over}, a difference in {metric} between the two ensembles was shown (α = {alpha}); this does not speak of other "
    "seeds, and no decision rests on it."
)
_ONE_NOT_SHOWN = phrase(
    "{over}, a difference in {metric} between the two ensembles was not shown (α = {alpha}), which is no evidence that "
    "the losses are equal; this does not speak of other seeds, and no decision rests on it."
)


def ensembles(analysis: Analysis) -> tuple[Sentence, ...]:
    """Write of the primary metric how often an ensemble is better than its seeds, and how many comparisons differ."""
    primary = analysis.study.metrics.primary
    found = [each for each in analysis.ensembles if each.metric == primary]
    parts = (_gains, _comparisons, _unequal)
    return tuple(one for each in found for part in parts for one in part(analysis, each))


def _gains(analysis: Analysis, found: Ensemble) -> Iterator[Sentence]:
    known = [each.gain for each in found.scores if not math.isnan(each.gain)]
    if not known:
        return
    say, higher = speech(analysis), METRICS[found.metric].higher_is_better
    yield sentence(
        "ensemble-gain",
        say(
            _GAINS[higher],
            n=prose.count(sum((gain > 0) if higher else (gain < 0) for gain in known)),
            total=prose.count(len(known)),
            metric=facts.spoken(found.metric, say),
        ),
    )


def _comparisons(analysis: Analysis, found: Ensemble) -> Iterator[Sentence]:
    family = [pair for pair in found.pairs if pair.in_family]
    if not family:
        return
    say, metric = speech(analysis), facts.spoken(found.metric, speech(analysis))
    if all(math.isnan(pair.p) for pair in family):
        yield sentence(
            "ensemble-untested", say("No difference in {metric} between ensembles could be tested.", metric=metric)
        )
        return
    shown = sum(pair.verdict in ("first better", "second better") for pair in family)
    one, several = (_ONE_SHOWN, _SHOWN) if shown else (_ONE_NOT_SHOWN, _NOT_SHOWN)
    slots: dict[str, Said] = {
        "over": say.text(
            "Over patients, for these ensembles" if analysis.data.patients_known else "Over cases, for these ensembles"
        ),
        "metric": metric,
        "alpha": prose.exactly(analysis.study.analysis.alpha, facts.ALPHA),
    }
    if len(family) == 1:
        yield sentence("ensemble-pair", say(one, **slots))
        return
    numbers: dict[str, Said] = {
        "n": prose.count(shown),
        "total": prose.count(len(family)),
        "adjusted": facts.by_adjustment(analysis),
    }
    yield sentence("ensemble-pairs", say(several, **slots, **numbers))


def _unequal(analysis: Analysis, found: Ensemble) -> Iterator[Sentence]:
    """Say that ensembles of different sizes were compared, where a comparison of such could be tested."""
    if not found.unequal or all(math.isnan(pair.p) for pair in found.pairs if pair.in_family):
        return
    say, seeds = speech(analysis), [score.n_seeds for score in found.scores]
    yield sentence(
        "ensemble-unequal",
        say(
            "The ensembles averaged {low} to {high} seeds, and a comparison of two of unequal size is one of their "
            "numbers of seeds too.",
            low=prose.count(min(seeds)),
            high=prose.count(max(seeds)),
        ),
    )
