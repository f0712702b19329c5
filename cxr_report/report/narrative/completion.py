"""An Analysis in, the sentences on which runs finished, diverged or are missing out."""

from __future__ import annotations

from cxr_report.analysis.value import Analysis, LeftOut
from cxr_report.report.language import phrase, speech
from cxr_report.report.narrative import prose
from cxr_report.report.narrative.prose import Sentence, sentence
from cxr_report.report.pieces import Piece, Said

__all__ = ["finished", "left_out"]


def finished(analysis: Analysis) -> tuple[Sentence, ...]:
    """Say how many runs finished, how many diverged, and what became of their seeds; nothing of given numbers."""
    if not analysis.study.trained:
        return ()
    say, planned = speech(analysis), len(analysis.losses) * len(analysis.planned_seeds)
    sentences = []
    missing = sum(run.state == "missing" for run in analysis.runs)
    if missing:
        said = say.counted(
            missing,
            "Of {planned} planned runs {missing} was not finished when this was written.",
            "Of {planned} planned runs {missing} were not finished when this was written.",
            planned=prose.count(planned),
            missing=prose.count(missing),
        )
        sentences.append(sentence("missing", said))
    gone = len(analysis.diverged)
    if gone:
        sentences += [_diverged(analysis, planned - missing), _after_divergence(analysis)]
    else:
        none = (
            phrase("No run diverged (0 of {runs} finished runs, those of the noise floor apart).")
            if _floored(analysis)
            else phrase("No run diverged (0 of {runs} finished runs).")
        )
        sentences.append(sentence("no-divergence", say(none, runs=prose.count(planned - missing))))
    return tuple(sentences)


def left_out(analysis: Analysis) -> tuple[Sentence, ...]:
    """Name the seeds that are not finished for every loss, and what became of them."""
    found: dict[str, list[LeftOut]] = {}
    for seed in analysis.left_out:
        found.setdefault(seed.handling, []).append(seed)
    say = speech(analysis)
    return tuple(
        sentence("left-out", say(_HANDLING[handling], seeds=say.listed([_seed(analysis, each) for each in seeds])))
        for handling, seeds in found.items()
    )


_HANDLING = {
    "left out of every comparison": phrase("Left out of every comparison: {seeds}."),
    "given the worst score in the tests over seeds": phrase(
        "Given the worst score in the tests over seeds, and left out of the analyses over cases: {seeds}."
    ),
}


def _seed(analysis: Analysis, gone: LeftOut) -> tuple[Piece, ...]:
    say = speech(analysis)
    return say(
        "seed {seed} ({losses}: {reason})",
        seed=str(gone.seed),
        losses=say.listed([analysis.labels[loss] for loss in gone.losses]),
        reason=say.note(gone.reason),
    )


def _diverged(analysis: Analysis, started: int) -> Sentence:
    say, gone = speech(analysis), len(analysis.diverged)
    per_loss: list[Said] = [
        say("{number} of {loss}", number=str(number), loss=analysis.labels[loss])
        for loss in analysis.losses
        if (number := sum(run.loss == loss for run in analysis.diverged))
    ]
    told = (
        phrase("Of {runs} finished runs, those of the noise floor apart, {number} diverged ({share}): {losses}.")
        if _floored(analysis)
        else phrase("Of {runs} finished runs {number} diverged ({share}): {losses}.")
    )
    said = say(
        told,
        runs=prose.count(started),
        number=prose.count(gone),
        share=prose.share(gone / started),
        losses=say.listed(per_loss),
    )
    return sentence("diverged", said)


def _floored(analysis: Analysis) -> bool:
    """Say whether there are runs of the noise floor, which are not among those that are counted."""
    return bool(analysis.twins or analysis.seed_floor)


def _after_divergence(analysis: Analysis) -> Sentence:
    say = speech(analysis)
    kept, planned = prose.count(len(analysis.seeds)), prose.count(len(analysis.planned_seeds))
    if analysis.study.analysis.on_diverged == "drop-seed":
        dropped = say(
            "As planned, a seed with a diverged run left the comparisons of all losses; {kept} of {planned} planned "
            "seeds were compared.",
            kept=kept,
            planned=planned,
        )
        return sentence("dropped", dropped)
    imputed = say(
        "As planned, a diverged run was given the worst score that any finished run reached on the metric; {kept} of "
        "{planned} planned seeds were compared.",
        kept=kept,
        planned=planned,
    )
    return sentence("imputed", imputed)
