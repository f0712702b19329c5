"""An Analysis in, the sentences on which runs finished, diverged or are missing out."""

from __future__ import annotations

from cxr_report.analysis.value import Analysis, LeftOut
from cxr_report.report.narrative import prose
from cxr_report.report.narrative.prose import Sentence, sentence
from cxr_report.report.numerals import listed

__all__ = ["finished", "left_out"]


def finished(analysis: Analysis) -> tuple[Sentence, ...]:
    """Say how many runs finished, how many diverged, and what became of their seeds; nothing of given numbers."""
    if not analysis.study.trained:
        return ()
    planned = len(analysis.losses) * len(analysis.planned_seeds)
    sentences = []
    missing = sum(run.state == "missing" for run in analysis.runs)
    if missing:
        sentences.append(
            sentence(
                "missing",
                "Of ",
                prose.count(planned),
                " planned runs ",
                prose.count(missing),
                f" {'was' if missing == 1 else 'were'} not finished when this was written.",
            )
        )
    gone = len(analysis.diverged)
    if gone:
        sentences += [_diverged(analysis, planned - missing), _after_divergence(analysis)]
    else:
        finished = prose.count(planned - missing)
        sentences.append(
            sentence("no-divergence", "No run diverged (0 of ", finished, f" finished runs{_beside(analysis)}).")
        )
    return tuple(sentences)


def left_out(analysis: Analysis) -> tuple[Sentence, ...]:
    """Name the seeds that are not finished for every loss, and what became of them."""
    found: dict[str, list[LeftOut]] = {}
    for seed in analysis.left_out:
        found.setdefault(seed.handling, []).append(seed)
    return tuple(
        sentence("left-out", f"{_HANDLING[handling]}: {listed([_seed(analysis, each) for each in seeds])}.")
        for handling, seeds in found.items()
    )


_HANDLING = {
    "left out of every comparison": "Left out of every comparison",
    "given the worst score in the tests over seeds": (
        "Given the worst score in the tests over seeds, and left out of the analyses over cases"
    ),
}


def _seed(analysis: Analysis, gone: LeftOut) -> str:
    return f"seed {gone.seed} ({listed([analysis.labels[loss] for loss in gone.losses])}: {gone.reason})"


def _diverged(analysis: Analysis, started: int) -> Sentence:
    gone = len(analysis.diverged)
    per_loss = [
        f"{sum(run.loss == loss for run in analysis.diverged)} of {analysis.labels[loss]}"
        for loss in analysis.losses
        if any(run.loss == loss for run in analysis.diverged)
    ]
    return sentence(
        "diverged",
        "Of ",
        prose.count(started),
        f" finished runs{_beside(analysis)}{',' if _beside(analysis) else ''} ",
        prose.count(gone),
        " diverged (",
        prose.share(gone / started),
        f"): {listed(per_loss)}.",
    )


def _beside(analysis: Analysis) -> str:
    """Say that runs of the noise floor are not among those that are counted, where there are such runs."""
    return ", those of the noise floor apart" if analysis.twins or analysis.seed_floor else ""


def _after_divergence(analysis: Analysis) -> Sentence:
    kept, planned = prose.count(len(analysis.seeds)), prose.count(len(analysis.planned_seeds))
    if analysis.study.analysis.on_diverged == "drop-seed":
        return sentence(
            "dropped",
            "As planned, a seed with a diverged run left the comparisons of all losses; ",
            kept,
            " of ",
            planned,
            " planned seeds were compared.",
        )
    return sentence(
        "imputed",
        "As planned, a diverged run was given the worst score that any finished run reached on the metric; ",
        kept,
        " of ",
        planned,
        " planned seeds were compared.",
    )
