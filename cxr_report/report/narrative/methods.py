"""An Analysis in, the sentences on how it was analysed out."""

from __future__ import annotations

from cxr_report.analysis.value import Analysis
from cxr_report.report.narrative import facts, prose, seeds
from cxr_report.report.narrative.prose import Paragraph, Sentence, sentence
from cxr_report.report.numerals import listed

__all__ = ["analysis_methods"]

_AVERAGED = ("auroc", "average_precision")


def analysis_methods(analysis: Analysis) -> tuple[Paragraph, ...]:
    """Write how the results were analysed, from the plan that was frozen before the runs."""
    return (
        Paragraph("", "", (_metrics(analysis), *_macro(analysis), *_thresholds(analysis), *_over_seeds(analysis))),
        Paragraph("", "", (*_over_cases(analysis), *_divergence(analysis))),
    )


def _metrics(analysis: Analysis) -> Sentence:
    metrics = analysis.study.metrics
    secondary = [facts.spoken(metric) for metric in metrics.secondary]
    tail = (
        f"; {listed(secondary)} {'is' if len(secondary) == 1 else 'are'} secondary and exploratory" if secondary else ""
    )
    return sentence("metrics", f"The primary metric is {facts.spoken(metrics.primary)}{tail}.")


def _macro(analysis: Analysis) -> tuple[Sentence, ...]:
    """Say over what a metric of ranks is averaged where there are several classes or findings."""
    named = [facts.spoken(metric) for metric in analysis.metrics if metric in _AVERAGED]
    if analysis.study.task == "binary" or not named:
        return ()
    verb = "is the unweighted mean" if len(named) == 1 else "are unweighted means"
    many, of = (
        ("classes", " of one class against the rest") if analysis.study.task == "multiclass" else ("findings", "")
    )
    one = "class" if many == "classes" else "finding"
    text = f"{listed(named)} {verb} over the {many}{of}, unless a {one} is named."
    return (sentence("macro", text[0].upper() + text[1:]),)


def _thresholds(analysis: Analysis) -> tuple[Sentence, ...]:
    if analysis.study.task == "multilabel":
        rule = sentence("thresholds", "A finding is called present from probability one half.")
    else:
        rule = sentence("thresholds", "A case is given the class with the highest probability.")
    if not any(metric.endswith("_youden") for metric in analysis.metrics):
        return (rule,)
    return (rule, sentence("youden", "Youden thresholds were chosen on validation and applied to test."))


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
            "Seeds are paired across losses: equality of all losses was tested by Friedman’s test with the F of Iman "
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
    repeated = analysis.data.patients_known and analysis.data.n_test_patients < analysis.data.n_test
    unit = "patients, who may have several images," if repeated else facts.case_unit(analysis)
    sentences = [
        sentence("delong", f"The AUROC of a single run has DeLong’s interval over {unit} at fixed weights."),
    ]
    return (*sentences, *_joint(analysis))


def _joint(analysis: Analysis) -> tuple[Sentence, ...]:
    """Say how seeds and patients were taken together, where they were."""
    if not analysis.joint:
        return ()
    per_patient = ", summed per patient" if analysis.data.patients_known else ""
    return (
        sentence(
            "joint-method",
            f"Seeds and {facts.case_unit(analysis)} were taken together by the analysis of Obuchowski and Rockette "
            "with the degrees of freedom of Hillis, losses being the modalities and seeds the random readers.",
        ),
        sentence(
            "joint-pair-method",
            "Each pair has an error term of its own, not smaller than what the cases alone bring; covariances are "
            f"DeLong’s{per_patient}.",
        ),
    )


def _divergence(analysis: Analysis) -> tuple[Sentence, ...]:
    if analysis.study.analysis.on_diverged == "drop-seed":
        rule = "A seed with a run that diverged leaves the comparisons of all losses."
    else:
        rule = "A run that diverged is given the worst score that any finished run reached on the metric."
    return (sentence("on-diverged", rule),)
