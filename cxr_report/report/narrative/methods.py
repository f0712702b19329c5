"""An Analysis in, the sentences on how it was analysed out."""

from __future__ import annotations

from cxr_report.analysis.value import Analysis
from cxr_report.report.narrative import facts, prose, seeds
from cxr_report.report.narrative.prose import Paragraph, Sentence, sentence
from cxr_report.report.numerals import listed

__all__ = ["analysis_methods"]


def analysis_methods(analysis: Analysis) -> tuple[Paragraph, ...]:
    """Write how the results were analysed, from the plan that was frozen before the runs."""
    return (
        Paragraph("", "", (_metrics(analysis), _thresholds(), *_over_seeds(analysis))),
        Paragraph("", "", (*_over_cases(analysis), *_divergence(analysis))),
    )


def _metrics(analysis: Analysis) -> Sentence:
    metrics = analysis.study.metrics
    secondary = [facts.spoken(metric) for metric in metrics.secondary]
    tail = (
        f"; {listed(secondary)} {'is' if len(secondary) == 1 else 'are'} secondary and exploratory" if secondary else ""
    )
    return sentence("metrics", f"The primary metric is {facts.spoken(metrics.primary)}{tail}.")


def _thresholds() -> Sentence:
    return sentence(
        "thresholds",
        "A case is given the class with the highest probability, a finding is called present from probability one "
        "half; Youden thresholds were chosen on validation and applied to test.",
    )


def _over_seeds(analysis: Analysis) -> tuple[Sentence, ...]:
    plan = analysis.study.analysis
    return (
        sentence(
            "summaries",
            "Losses are described by mean, SD and median over seeds with the ",
            prose.percent_of(plan.alpha, seeds.ALPHA),
            " t interval of the mean.",
        ),
        sentence(
            "tests",
            "Seeds are paired across losses: equality of all losses was tested by Friedman's test with the F of Iman "
            "and Davenport; pairs were compared by the paired t test and the exact Wilcoxon signed-rank test, "
            "with d_z as effect size.",
        ),
        sentence(
            "family",
            f"A difference counts as shown where the p value of the paired t test {facts.by_adjustment(analysis)} over "
            "all pairs of a metric is at most α = ",
            prose.exactly(plan.alpha, seeds.ALPHA),
            "; intervals of differences are not adjusted.",
        ),
    )


def _over_cases(analysis: Analysis) -> tuple[Sentence, ...]:
    repeated = facts.patients_known(analysis) and analysis.data.n_test_patients < analysis.data.n_test
    unit = "patients, who may have several images," if repeated else "cases"
    sentences = [
        sentence("delong", f"The AUROC of a single run has DeLong's interval over {unit} at fixed weights."),
    ]
    if analysis.joint:
        sentences.append(
            sentence(
                "joint-method",
                "Seeds and cases were taken together by the analysis of Obuchowski and Rockette with the degrees of "
                "freedom of Hillis, losses being the modalities and seeds the random readers.",
            )
        )
    return tuple(sentences)


def _divergence(analysis: Analysis) -> tuple[Sentence, ...]:
    if analysis.study.analysis.on_diverged == "drop-seed":
        rule = "A seed with a run that diverged leaves the comparisons of all losses."
    else:
        rule = "A run that diverged is given the worst score that any finished run reached on the metric."
    return (sentence("on-diverged", rule),)
