"""An Analysis in, the sentences on which runs finished, diverged or are missing out."""

from __future__ import annotations

from cxr_report.analysis.value import Analysis
from cxr_report.report.narrative import prose
from cxr_report.report.narrative.prose import Sentence, sentence
from cxr_report.report.numerals import listed

__all__ = ["finished"]


def finished(analysis: Analysis) -> tuple[Sentence, ...]:
    """Say how many runs finished, how many diverged, and what became of their seeds."""
    planned = len(analysis.losses) * len(analysis.planned_seeds)
    sentences = []
    missing = sum(run.state == "missing" for run in analysis.runs)
    if missing:
        sentences.append(
            sentence(
                "missing",
                prose.count(missing),
                " of ",
                prose.count(planned),
                " planned runs were not finished when this was written.",
            )
        )
    gone = len(analysis.diverged)
    if not gone:
        sentences.append(
            sentence("no-divergence", "No run diverged (0 of ", prose.count(planned - missing), " finished runs).")
        )
        return tuple(sentences)
    sentences.append(_diverged(analysis, planned - missing))
    sentences.append(_after_divergence(analysis))
    return tuple(sentences)


def _diverged(analysis: Analysis, started: int) -> Sentence:
    gone = len(analysis.diverged)
    per_loss = [
        f"{sum(run.loss == loss for run in analysis.diverged)} of {analysis.labels[loss]}"
        for loss in analysis.losses
        if any(run.loss == loss for run in analysis.diverged)
    ]
    return sentence(
        "diverged",
        prose.count(gone),
        " of ",
        prose.count(started),
        " finished runs diverged (",
        prose.share(gone / started),
        f"): {listed(per_loss)}.",
    )


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
