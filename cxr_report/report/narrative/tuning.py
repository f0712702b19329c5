"""An Analysis in, the sentences on how the hyper-parameters were tuned out; none where nothing was tuned."""

from __future__ import annotations

from cxr_report.analysis.value import Analysis
from cxr_report.report.narrative import facts, prose
from cxr_report.report.narrative.prose import Paragraph, Sentence, sentence
from cxr_report.report.numerals import listed

__all__ = ["limit", "tuning_methods"]


def tuning_methods(analysis: Analysis) -> tuple[Paragraph, ...]:
    """Write budget, score, how configurations were drawn, and where the stated one stayed."""
    if not analysis.tuning:
        return ()
    return (Paragraph("", "", (_budget(analysis), _draw(), _choice(analysis), *_kept(analysis))),)


def limit(analysis: Analysis) -> Sentence:
    """Write what tuning, or its absence, leaves open."""
    if not analysis.tuning:
        return sentence("no-tuning", "Hyper-parameters were fixed in advance and not tuned for any loss by this study.")
    return sentence(
        "tuned-limit",
        "Hyper-parameters were tuned with ",
        prose.count(len(analysis.tuning[0].trials)),
        " configurations per loss; another budget or other ranges may order the losses otherwise.",
    )


def _budget(analysis: Analysis) -> Sentence:
    first = analysis.tuning[0]
    trials, trainings = len(first.trials), len(first.seeds)
    return sentence(
        "tuning-budget",
        "Before the runs every loss was tuned with the same budget: ",
        prose.count(trials),
        " configurations with ",
        prose.count(trainings),
        f" {'training' if trainings == 1 else 'trainings'} each of ",
        prose.count(first.epochs, "tuning.0.epochs"),
        f" {'epoch' if first.epochs == 1 else 'epochs'}, ",
        prose.count(trials * trainings * len(analysis.tuning)),
        " trainings in all, on seeds that no run has.",
    )


def _draw() -> Sentence:
    return sentence(
        "tuning-draw",
        "The first configuration is the one that the study states; the others were drawn at random before any "
        "training, learning rates and weight decays alike for all losses.",
    )


def _choice(analysis: Analysis) -> Sentence:
    metric = facts.spoken(analysis.tuning[0].metric)
    return sentence(
        "tuning-choice",
        f"The configuration with the best mean {metric} on validation was chosen, of equals the earliest; test cases "
        "were not read.",
    )


def _kept(analysis: Analysis) -> tuple[Sentence, ...]:
    stated = [analysis.labels[one.loss] for one in analysis.tuning if one.chosen == 1 and not one.note]
    without = [analysis.labels[one.loss] for one in analysis.tuning if one.note]
    kept = sentence("tuning-kept", f"The stated configuration stayed the best for {listed(stated)}.")
    undefined = sentence(
        "tuning-undefined",
        f"No configuration had a defined score for {listed(without)}, so that the stated one was kept.",
    )
    return (*([kept] if stated else []), *([undefined] if without else []))
