"""An Analysis in, how large the networks are out."""

from __future__ import annotations

from cxr_report.analysis.value import Analysis
from cxr_report.report.language import speech
from cxr_report.report.narrative import prose
from cxr_report.report.narrative.prose import Paragraph, Sentence, sentence

__all__ = ["sizes"]


def sizes(analysis: Analysis) -> tuple[Paragraph, ...]:
    """Say how many parameters and multiply-accumulates the networks have; nothing where that is not known."""
    if not analysis.sizes:
        return ()
    return (Paragraph("", "", (_parameters(analysis), *_times(analysis))),)


def _parameters(analysis: Analysis) -> Sentence:
    say, low, high = speech(analysis), analysis.sizes[0], analysis.sizes[-1]
    least = prose.count(low.parameters, "sizes.0.parameters")
    if low.parameters == high.parameters:
        return sentence("model-parameters", say("The network has {n} trained parameters.", n=least))
    most = prose.count(high.parameters, f"sizes.{len(analysis.sizes) - 1}.parameters")
    said = say("The networks have {low} to {high} trained parameters, by loss function.", low=least, high=most)
    return sentence("model-parameters-range", said)


def _times(analysis: Analysis) -> tuple[Sentence, ...]:
    found = [(size.multiply_accumulates, f"sizes.{n}.multiply_accumulates") for n, size in enumerate(analysis.sizes)]
    known = [(times, key) for times, key in found if times is not None]
    if len(known) < len(found):
        return ()
    say, (most, key), side = speech(analysis), max(known), str(analysis.study.data.image_size)
    if min(known)[0] == most:
        said = say(
            "One image of {side} × {side} pixels takes {n} multiply-accumulates, counted over the convolutions and "
            "matrix products of the exported graph.",
            side=side,
            n=prose.count(most, key),
        )
        return (sentence("model-times", said),)
    said = say(
        "One image of {side} × {side} pixels takes up to {n} multiply-accumulates, counted over the convolutions and "
        "matrix products of the exported graph.",
        side=side,
        n=prose.count(most, key),
    )
    return (sentence("model-times-most", said),)
