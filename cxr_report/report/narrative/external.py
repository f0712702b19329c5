"""An Analysis in, the sentences on external test sets out: what they are, who leads, what is shown and what changes."""

from __future__ import annotations

import math
from collections.abc import Iterator

from cxr_report.analysis.value import Analysis, Change, ExternalTest, JointPair
from cxr_report.metrics import METRICS
from cxr_report.report.language import Speech, phrase, speech
from cxr_report.report.narrative import comparisons, facts, prose
from cxr_report.report.narrative.prose import Sentence, sentence
from cxr_report.report.pieces import Piece, Said
from cxr_report.report.tables.external import mean_of

__all__ = ["brief", "external", "limit", "method"]

_SHOWN = ("first better", "second better")


def method(analysis: Analysis) -> tuple[Sentence, ...]:
    """Say how external test sets were analysed; nothing where there is none."""
    if not analysis.external:
        return ()
    said = speech(analysis)(
        "External test cases were predicted by the same runs, with nothing trained, chosen or tuned on them; each set "
        "was analysed as the study’s own test cases were, with a family and an adjustment of its own, and changes "
        "between the two have a standard error over seeds, which are paired, and over the cases of both, which are "
        "independent."
    )
    return (sentence("external-method", said),)


def external(analysis: Analysis, place: int) -> tuple[Sentence, ...]:
    """Write all about one external test set.

    Args:
        analysis: everything.
        place: of the set in ``external``.
    """
    return tuple(_external(analysis, place))


def _external(analysis: Analysis, place: int) -> Iterator[Sentence]:
    say, found = speech(analysis), analysis.external[place]
    yield sentence("external-set", say(_origin(found), set=found.title, cases=_cases(say, found, place)))
    yield from _overlaps(say, found)
    if found.absent:
        gone = [
            say("{klass} (no positive case)" if each.lacks == "positive" else "{klass} (no negative case)", klass=name)
            for each in found.absent
            for name in [each.klass]
        ]
        told = say("It does not allow every metric of every class: {classes}.", classes=say.listed(gone))
        yield sentence("external-absent", told)
    if found.seeds != analysis.seeds:
        number = say.counted(len(found.seeds), "{n} seed", "{n} seeds", n=prose.count(len(found.seeds)))
        told = say("What follows is of {seeds}, for not every run has predicted it.", seeds=number)
        yield sentence("external-seeds", told)
    yield _leader(analysis, place)
    yield from _shown(analysis, place)
    yield from _changes(analysis, place)
    yield from _order(analysis, place)
    told = say(
        "All of this speaks of other seeds and other {unit} of that source alone, and changes no decision on the "
        "study’s own test cases.",
        unit=_unit(say, found),
    )
    yield sentence("external-reading", told)


def _origin(found: ExternalTest) -> str:
    """Say when a set was asked for: what was added later is exploratory."""
    if found.planned:
        return phrase("The external test set {set} has {cases} and was part of the study from its beginning.")
    if found.after_analysis:
        return phrase(
            "The external test set {set} has {cases} and was added after a first analysis, so that what is said of it "
            "is exploratory."
        )
    return phrase(
        "The external test set {set} has {cases} and was added after the study had begun and before its first "
        "analysis, so that what is said of it is exploratory."
    )


def _cases(say: Speech, found: ExternalTest, place: int) -> tuple[Piece, ...]:
    cases = prose.count(found.n_cases, f"external.{place}.n_cases")
    if not found.patients_known:
        return say("{cases} cases", cases=cases)
    patients = prose.count(found.n_patients, f"external.{place}.n_patients")
    return say.counted(
        found.n_patients,
        "{cases} cases of {patients} patient",
        "{cases} cases of {patients} patients",
        cases=cases,
        patients=patients,
    )


def _unit(say: Speech, found: ExternalTest) -> str:
    return say.text("patients" if found.patients_known else "cases")


def _overlaps(say: Speech, found: ExternalTest) -> Iterator[Sentence]:
    """Say what it shares with the study's own cases; what runs learned from is there only where the study allows it."""
    if found.shared_images or found.shared_patients:
        told = say(
            "It shares {images} images and {patients} patients with the study’s own test cases, so that the two are "
            "not independent.",
            images=prose.count(found.shared_images),
            patients=prose.count(found.shared_patients),
        )
        yield sentence("external-shared", told)
    if found.learned_images or found.learned_patients:
        told = say(
            "It shares {images} images and {patients} patients with the training and validation cases, which the study "
            "allows and which may flatter all losses.",
            images=prose.count(found.learned_images),
            patients=prose.count(found.learned_patients),
        )
        yield sentence("external-learned", told)


def _best(analysis: Analysis, place: int) -> list[tuple[str, float, float, float, str]]:
    """Return the losses with the best mean of the primary metric, each with interval and place; several that tie."""
    metric, found = analysis.study.metrics.primary, analysis.external[place]
    rows = [(loss, *mean_of(found, metric, loss)) for loss in analysis.losses]
    known = [row for row in rows if not math.isnan(row[1])]
    if not known:
        return []
    means = [row[1] for row in known]
    top = max(means) if METRICS[metric].higher_is_better else min(means)
    return [row for row in known if abs(row[1] - top) <= facts.TIE * max(map(abs, means))]


def _leader(analysis: Analysis, place: int) -> Sentence:
    say, metric = speech(analysis), analysis.study.metrics.primary
    best, name = _best(analysis, place), facts.spoken(metric, say)
    if not best:
        return sentence(
            "external-no-leader", say("On this set the {metric} was undefined for every loss.", metric=name)
        )
    loss, mean, low, high, key = best[0]
    field = "estimate" if key.startswith("joint") else "mean"
    value = prose.value(mean, f"external.{place}.{key}.{field}")
    higher = METRICS[metric].higher_is_better
    if len(best) > 1:
        shared = (
            phrase("On this set the highest mean {metric} was shared by {losses}: {mean}.")
            if higher
            else phrase("On this set the lowest mean {metric} (lower is better) was shared by {losses}: {mean}.")
        )
        losses = say.listed([analysis.labels[row[0]] for row in best])
        return sentence("external-tied", say(shared, metric=name, losses=losses, mean=value))
    single = (
        phrase("On this set the highest mean {metric} was that of {loss}: {mean} ({spread}).")
        if higher
        else phrase("On this set the lowest mean {metric} (lower is better) was that of {loss}: {mean} ({spread}).")
    )
    spread = say("no interval")
    if not math.isnan(low):
        spread = say(
            "{level} CI over seeds and {unit} {low} to {high}",
            level=prose.percent_of(analysis.study.analysis.alpha, facts.ALPHA),
            unit=_unit(say, analysis.external[place]),
            low=prose.value(low, f"external.{place}.{key}.low"),
            high=prose.value(high, f"external.{place}.{key}.high"),
        )
    return sentence("external-leader", say(single, metric=name, loss=analysis.labels[loss], mean=value, spread=spread))


def _family(analysis: Analysis, place: int) -> list[JointPair]:
    """Return the declared family on the primary metric; empty where there is no joint analysis of it."""
    metric = analysis.study.metrics.primary
    tests = [test for test in analysis.external[place].joint if test.metric == metric]
    return [pair for test in tests for pair in test.pairs if pair.in_family]


def _shown(analysis: Analysis, place: int) -> Iterator[Sentence]:
    say, metric, found = speech(analysis), analysis.study.metrics.primary, analysis.external[place]
    name, rows = facts.spoken(metric, say), _family(analysis, place)
    tested = [row for row in rows if not math.isnan(row.p)]
    if not tested:
        why = found.without_joint.get(metric) or next((row.note for row in rows if row.note), "")
        reason = facts.noted(why or "no seed is finished for every loss", say)
        told = say("No comparison of the losses on it in {metric} could be tested: {why}.", metric=name, why=reason)
        yield sentence("external-untested", told)
        return
    shown = [row for row in tested if row.verdict in _SHOWN]
    slots: dict[str, Said] = {
        "unit": _unit(say, found),
        "adjusted": facts.by_adjustment(analysis),
        "metric": name,
        "showed": _showed(say, len(shown), len(rows)),
    }
    if not shown:
        told = say(
            "For other seeds and {unit} of that source, {adjusted} within this set alone, {showed} in {metric}, which "
            "is no evidence that the losses are equal.",
            **slots,
        )
        yield sentence("external-open", told)
    else:
        told = say(
            "For other seeds and {unit} of that source, {adjusted} within this set alone, {showed} in {metric}: "
            "{pairs}.",
            pairs=say.rowed([_way(analysis, row) for row in shown], "; "),
            **slots,
        )
        yield sentence("external-shown", told)
    if len(tested) < len(rows):
        number = prose.count(len(rows) - len(tested))
        yield sentence("external-undefined", say("Of these {n} could not be tested.", n=number))


def _showed(say: Speech, shown: int, total: int) -> tuple[Piece, ...]:
    if not total:
        return say("no comparison showed a difference")
    if total == 1:
        return say("the one comparison showed a difference" if shown else "the one comparison showed no difference")
    return say("{counted} comparisons showed a difference", counted=comparisons.count(shown, total, say=say))


def _way(analysis: Analysis, pair: JointPair) -> tuple[Piece, ...]:
    better, worse = (pair.first, pair.second) if pair.verdict == "first better" else (pair.second, pair.first)
    higher = METRICS[analysis.study.metrics.primary].higher_is_better
    return speech(analysis)(
        phrase("higher with {better} than with {worse}") if higher else phrase("lower with {better} than with {worse}"),
        better=analysis.labels[better],
        worse=analysis.labels[worse],
    )


def _changes(analysis: Analysis, place: int) -> Iterator[Sentence]:
    """Say how the primary metric changes from the study's own test cases, from the most negative to the most positive.

    Its direction is told by the signs alone, so that nothing depends on which way is better.
    """
    say, metric, found = speech(analysis), analysis.study.metrics.primary, analysis.external[place]
    name = facts.spoken(metric, say)
    rows = [(f"external.{place}.changes.{n}", row) for n, row in enumerate(found.changes) if row.metric == metric]
    known = sorted((each for each in rows if not math.isnan(each[1].difference)), key=lambda each: each[1].difference)
    if not known:
        why = next((row.note for _, row in rows if row.note), "") or "no seed is finished for every loss"
        told = say(
            "How {metric} changes from the study’s own test cases to these is undefined: {why}.",
            metric=name,
            why=facts.noted(why, say),
        )
        yield sentence("external-no-change", told)
        return
    told = say(
        "External minus own test cases, the mean {metric} changed by {least} to {most}.",
        metric=name,
        least=_change(analysis, *known[0]),
        most=_change(analysis, *known[-1]),
    )
    yield sentence("external-change", told)


def _change(analysis: Analysis, key: str, row: Change) -> tuple[Piece, ...]:
    say = speech(analysis)
    difference, loss = prose.difference(row.difference, f"{key}.difference"), analysis.labels[row.loss]
    if math.isnan(row.low):
        return say("{difference} ({loss}; no interval)", difference=difference, loss=loss)
    return say(
        "{difference} ({loss}; {level} CI {low} to {high})",
        difference=difference,
        loss=loss,
        level=prose.percent_of(analysis.study.analysis.alpha, facts.ALPHA),
        low=prose.difference(row.low, f"{key}.low"),
        high=prose.difference(row.high, f"{key}.high"),
    )


def _order(analysis: Analysis, place: int) -> Iterator[Sentence]:
    say = speech(analysis)
    for n, order in enumerate(analysis.external[place].orders):
        key = f"external.{place}.orders.{n}"
        same = (
            phrase("The losses stood in the same order as on the study’s own test cases, by their means{tau}.")
            if order.same
            else phrase("The losses stood in another order than on the study’s own test cases, by their means{tau}.")
        )
        tau: Said = ""
        if not math.isnan(order.tau):
            tau = say(" (Kendall’s τ {tau})", tau=prose.statistic(order.tau, f"{key}.tau"))
        yield sentence("external-order", say(same, tau=tau))


def brief(analysis: Analysis) -> tuple[Sentence, ...]:
    """Write one sentence for each external test set, for the abstract."""
    return tuple(_brief(analysis, place) for place in range(len(analysis.external)))


def _brief(analysis: Analysis, place: int) -> Sentence:
    say, metric, found = speech(analysis), analysis.study.metrics.primary, analysis.external[place]
    best, rows = _best(analysis, place), _family(analysis, place)
    name = facts.spoken(metric, say)
    if not best:
        told = say(
            "On the external test set {set} ({cases}) the {metric} was undefined.",
            set=found.title,
            cases=_cases(say, found, place),
            metric=name,
        )
        return sentence("external-brief-none", told)
    higher = METRICS[metric].higher_is_better
    template = (
        phrase(
            "On the external test set {set} ({cases}{exploratory}) the highest mean {metric} was that of {losses}, "
            "{mean}, and {showed}."
        )
        if higher
        else phrase(
            "On the external test set {set} ({cases}{exploratory}) the lowest mean {metric} was that of {losses}, "
            "{mean}, and {showed}."
        )
    )
    _, mean, _, _, key = best[0]
    field = "estimate" if key.startswith("joint") else "mean"
    told = say(
        template,
        set=found.title,
        cases=_cases(say, found, place),
        exploratory="" if found.planned else say("; added later, exploratory"),
        metric=name,
        losses=say.listed([analysis.labels[row[0]] for row in best]),
        mean=prose.value(mean, f"external.{place}.{key}.{field}"),
        showed=_showed(say, sum(row.verdict in _SHOWN for row in rows), len(rows)),
    )
    return sentence("external-brief", told)


def limit(analysis: Analysis) -> Sentence:
    """Say of which sources the test cases are."""
    say = speech(analysis)
    if not analysis.external:
        told = say("No external test set was used: test cases come from the source of the training cases.")
        return sentence("one-source", told)
    told = say(
        "Beside test cases from the source of the training cases there are external ones from {sets} alone, so that "
        "nothing is known of other sources.",
        sets=say.listed([each.title for each in analysis.external]),
    )
    return sentence("external-limit", told)
