"""An Analysis in, the sentences on how the hyper-parameters were tuned out; none where nothing was tuned."""

from __future__ import annotations

from cxr_report.analysis.value import Analysis
from cxr_report.report.language import speech
from cxr_report.report.narrative import facts, prose
from cxr_report.report.narrative.prose import Paragraph, Sentence, sentence

__all__ = ["limit", "tuning_methods"]


def tuning_methods(analysis: Analysis) -> tuple[Paragraph, ...]:
    """Write budget, score, how configurations were drawn, and where the stated one stayed."""
    if not analysis.tuning:
        return ()
    return (Paragraph("", "", (_budget(analysis), _draw(analysis), _choice(analysis), *_kept(analysis))),)


def limit(analysis: Analysis) -> Sentence:
    """Write what tuning, or its absence, leaves open."""
    say = speech(analysis)
    if not analysis.tuning:
        said = say("Hyper-parameters were fixed in advance and not tuned for any loss by this study.")
        return sentence("no-tuning", said)
    said = say(
        "Hyper-parameters were tuned with {trials} configurations per loss; another budget or other ranges may order "
        "the losses otherwise.",
        trials=prose.count(len(analysis.tuning[0].trials)),
    )
    return sentence("tuned-limit", said)


def _budget(analysis: Analysis) -> Sentence:
    say, first = speech(analysis), analysis.tuning[0]
    trials, trainings = len(first.trials), len(first.seeds)
    each = say.counted(trainings, "{n} training", "{n} trainings", n=prose.count(trainings))
    epochs = say.counted(first.epochs, "{n} epoch", "{n} epochs", n=prose.count(first.epochs, "tuning.0.epochs"))
    said = say(
        "Before the runs every loss was tuned with the same budget: {trials} configurations with {trainings} each of "
        "{epochs}, {all} trainings in all, on seeds that no run has.",
        trials=prose.count(trials),
        trainings=each,
        epochs=epochs,
        all=prose.count(trials * trainings * len(analysis.tuning)),
    )
    return sentence("tuning-budget", said)


def _draw(analysis: Analysis) -> Sentence:
    said = speech(analysis)(
        "The first configuration is the one that the study states; the others were drawn at random before any "
        "training, learning rates and weight decays alike for all losses."
    )
    return sentence("tuning-draw", said)


def _choice(analysis: Analysis) -> Sentence:
    say = speech(analysis)
    said = say(
        "The configuration with the best mean {metric} on validation was chosen, of equals the earliest; test cases "
        "were not read.",
        metric=facts.spoken(analysis.tuning[0].metric, say),
    )
    return sentence("tuning-choice", said)


def _kept(analysis: Analysis) -> tuple[Sentence, ...]:
    say = speech(analysis)
    stated = [analysis.labels[one.loss] for one in analysis.tuning if one.chosen == 1 and not one.note]
    without = [analysis.labels[one.loss] for one in analysis.tuning if one.note]
    kept = say("The stated configuration stayed the best for {losses}.", losses=say.listed(stated))
    undefined = say(
        "No configuration had a defined score for {losses}, so that the stated one was kept.",
        losses=say.listed(without),
    )
    return (
        *([sentence("tuning-kept", kept)] if stated else []),
        *([sentence("tuning-undefined", undefined)] if without else []),
    )
