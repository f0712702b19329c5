"""An Analysis in, the sentences on its arithmetic out: whether another one would have led to other conclusions."""

from __future__ import annotations

from collections.abc import Iterator

from cxr_report.analysis.value import Agreement, Analysis
from cxr_report.report import numerals
from cxr_report.report.language import phrase, speech
from cxr_report.report.narrative import prose
from cxr_report.report.narrative.prose import Number, Sentence, sentence
from cxr_report.report.pieces import Said

__all__ = ["fidelity", "limit"]

BY = {
    "torch": phrase("the trained networks in torch"),
    "cpu": phrase("the exported graphs on the CPU"),
    "fp16": phrase("the variant fp16"),
    "int8": phrase("the variant int8"),
}
"""How an arithmetic is called inside a sentence."""

_SAME = phrase(
    "By {by}, none of {rankings} rankings of the losses and none of {decisions} decisions was another one; {flips} of "
    "{labels} labels changed, and logits by up to {delta}."
)
_OTHER = phrase(
    "By {by}, {turned} of {rankings} rankings of the losses and {changed} of {decisions} decisions were other ones, so "
    "that it may not stand in for the exported graphs; {flips} of {labels} labels changed, and logits by up to {delta}."
)
_UNDECIDED = phrase(
    "By {by}, none of {rankings} rankings of the losses was another one, but there was no decision to compare, so that "
    "nothing says whether it may stand in for the exported graphs; {flips} of {labels} labels changed, and logits by "
    "up to {delta}."
)


def fidelity(analysis: Analysis) -> tuple[Sentence, ...]:
    """Say of every arithmetic whether its conclusions are those of the exported graphs in float32."""
    return tuple(_told(analysis, f"agreements.{place}", each) for place, each in enumerate(analysis.agreements))


def _told(analysis: Analysis, key: str, each: Agreement) -> Sentence:
    say = speech(analysis)
    by = say.text(BY[each.arithmetic])
    if each.not_finite:
        said = say(
            "By {by}, {n} predictions held logits that are not finite, so that nothing was compared and it may not "
            "stand in for the exported graphs.",
            by=by,
            n=prose.count(each.not_finite, f"{key}.not_finite"),
        )
        return sentence("fidelity-broken", said)
    slots: dict[str, Said] = {
        "by": by,
        "rankings": prose.count(each.n_rankings, f"{key}.n_rankings"),
        "decisions": prose.count(each.n_decisions, f"{key}.n_decisions"),
        "flips": prose.count(each.flips, f"{key}.flips"),
        "labels": prose.count(each.n_labels, f"{key}.n_labels"),
        "delta": Number(numerals.scientific(each.max_delta), f"{key}.max_delta", each.max_delta),
    }
    if each.replaces:
        return sentence("fidelity", say(_SAME, **slots))
    if each.undecided:
        return sentence("fidelity-undecided", say(_UNDECIDED, **{k: v for k, v in slots.items() if k != "decisions"}))
    turned = {"turned": prose.count(each.rankings_changed), "changed": prose.count(each.decisions_changed)}
    return sentence("fidelity-changed", say(_OTHER, **slots, **turned))


def limit(analysis: Analysis) -> Iterator[Sentence]:
    """Name the arithmetics in which the conclusions do not hold, where there are any."""
    say = speech(analysis)
    barred = [say.text(BY[each.arithmetic]) for each in analysis.agreements if each.barred]
    if barred:
        yield sentence("fidelity-limit", say("The conclusions do not hold for {list}.", list=say.listed(barred)))
