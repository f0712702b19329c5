"""An Analysis in, the sentences on how it was analysed out."""

from __future__ import annotations

from cxr_report.analysis.value import Analysis
from cxr_report.report.names import family
from cxr_report.report.narrative import descriptions, facts, given, omnibus, prose
from cxr_report.report.narrative.prose import Paragraph, Sentence, sentence
from cxr_report.report.numerals import listed

__all__ = ["analysis_methods"]

_AVERAGED = ("auroc", "average_precision")


def analysis_methods(analysis: Analysis) -> tuple[Paragraph, ...]:
    """Write how the results were analysed, from the plan that was frozen before the runs."""
    return (
        Paragraph(
            "",
            "",
            (
                *_metrics(analysis),
                *_macro(analysis),
                *descriptions.labels(analysis),
                *_thresholds(analysis),
                _summaries(analysis),
            ),
        ),
        Paragraph("", "", (_targets(analysis), *_joint(analysis), _over_seeds(), *_delong(analysis))),
        Paragraph(
            "",
            "",
            (
                *_family(analysis),
                *_hierarchy(analysis),
                _omnibus(analysis),
                *_equivalence(analysis),
                *([_divergence(analysis)] if analysis.study.trained else []),
            ),
        ),
        *_beside(analysis),
    )


def _beside(analysis: Analysis) -> tuple[Paragraph, ...]:
    said = descriptions.descriptions(analysis)
    return (Paragraph("", "", said),) if said else ()


def _metrics(analysis: Analysis) -> list[Sentence]:
    primary, order = analysis.study.metrics.primary, analysis.study.analysis.hierarchy
    tail = ""
    for names, what in (
        (list(order), "tested after it, in this order" if len(order) > 1 else "tested after it"),
        ([metric for metric in analysis.study.metrics.secondary if metric not in order], "secondary and exploratory"),
    ):
        if names:
            verb = "is" if len(names) == 1 else "are"
            tail += f"; {listed([facts.spoken(name) for name in names])} {verb} {what}"
    return [sentence("metrics", f"The primary metric is {facts.spoken(primary)}{tail}.")]


def _macro(analysis: Analysis) -> tuple[Sentence, ...]:
    """Say over what a metric of ranks is averaged where there are several classes or findings."""
    named = [facts.spoken(metric) for metric in analysis.metrics if metric in _AVERAGED]
    if analysis.study.task in ("binary", "none") or not named:
        return ()
    verb = "is the unweighted mean" if len(named) == 1 else "are unweighted means"
    many, of = (
        ("classes", " of one class against the rest") if analysis.study.task == "multiclass" else ("findings", "")
    )
    one = "class" if many == "classes" else "finding"
    text = f"{listed(named)} {verb} over the {many}{of}, unless a {one} is named."
    return (sentence("macro", text[0].upper() + text[1:]),)


def _thresholds(analysis: Analysis) -> tuple[Sentence, ...]:
    if not analysis.study.decides:
        return ()
    if analysis.study.task == "multilabel":
        rule = sentence("thresholds", "A finding is called present from probability one half.")
    else:
        rule = sentence("thresholds", "A case is given the class with the highest probability.")
    if not any(metric.endswith("_youden") for metric in analysis.metrics):
        return (rule,)
    return (rule, sentence("youden", "Youden thresholds were chosen on validation and applied to test."))


def _summaries(analysis: Analysis) -> Sentence:
    level = prose.percent_of(analysis.study.analysis.alpha, facts.ALPHA)
    begin = "Losses are described by mean, SD and median over seeds with the "
    return sentence("summaries", begin, level, " t interval of the mean.")


def _targets(analysis: Analysis) -> Sentence:
    if not analysis.study.predicted:
        return given.target()
    unit = facts.case_unit(analysis)
    return sentence(
        "targets",
        f"Every comparison is asked three questions: would it hold for other seeds and other {unit} together, for "
        f"other seeds on these test cases, and for other {unit} with these runs; the first decides, wherever it can be "
        "answered, and training set, split and tuning are fixed in all three.",
    )


def _joint(analysis: Analysis) -> tuple[Sentence, ...]:
    """Say how seeds and patients were taken together, where they were."""
    if not (analysis.joint or analysis.cases):
        return ()
    return (
        sentence(
            "joint-method",
            f"Seeds and {facts.case_unit(analysis)} were taken together by the analysis of Obuchowski and Rockette "
            "with the degrees of freedom of Hillis, losses being the modalities and seeds the random readers.",
        ),
        sentence(
            "joint-pair-method",
            "Each pair has an error term of its own, not smaller than what the cases alone bring.",
        ),
        _covariances(analysis),
    )


_COVARIANCES = {"delong": "DeLong’s", "jackknife": "the jackknife’s", "bootstrap": "the case bootstrap’s"}


def _covariances(analysis: Analysis) -> Sentence:
    """Say how the covariance over cases of each metric was estimated."""
    how = {test.metric: test.covariance for test in (*analysis.cases, *analysis.joint)}
    grouped = {
        name: [facts.spoken(metric) for metric in analysis.metrics if how.get(metric) == method]
        for method, name in _COVARIANCES.items()
    }
    told = [f"{name} for {listed(metrics)}" for name, metrics in grouped.items() if metrics]
    without = [facts.spoken(metric) for metric in analysis.metrics if metric not in how]
    tail = f"; there is none for {listed(without)}" if without else ""
    per = " (summed per patient)" if analysis.data.patients_known else ""
    return sentence("covariances", f"The covariance over cases{per} is {listed(told)}{tail}.")


def _over_seeds() -> Sentence:
    return sentence(
        "tests",
        "Over seeds, which are paired across losses, two losses were compared by the paired t test with d_z as effect "
        "size, and beside it by the exact Wilcoxon signed-rank test and the permutation of signs.",
    )


def _family(analysis: Analysis) -> tuple[Sentence, ...]:
    plan = analysis.study.analysis
    total, what = family(analysis)
    return (
        sentence(
            "family",
            "The declared family of a metric is its ",
            prose.count(total),
            f" {what}; a difference counts as shown where its p value {facts.by_adjustment(analysis)} over the family "
            "is at most α = ",
            prose.exactly(plan.alpha, facts.ALPHA),
            ".",
        ),
        sentence(
            "intervals",
            "Every difference has two ",
            prose.percent_of(plan.alpha, facts.ALPHA),
            " intervals: an unadjusted one, and one that is simultaneous over the family after Bonferroni.",
        ),
    )


def _hierarchy(analysis: Analysis) -> tuple[Sentence, ...]:
    if not analysis.study.analysis.hierarchy:
        return ()
    text = (
        "A metric of the hierarchy is tested only where every comparison of the metrics before it is shown, for the "
        "same target."
    )
    return (sentence("hierarchy", text),)


def _omnibus(analysis: Analysis) -> Sentence:
    name = omnibus.TESTS[analysis.study.analysis.omnibus]
    text = f"Of the tests of all losses at once the {name} was planned; others stand beside it, and none gates."
    return sentence("omnibus-method", text)


def _equivalence(analysis: Analysis) -> tuple[Sentence, ...]:
    if not analysis.equivalences:
        return ()
    return (
        sentence(
            "equivalence-method",
            "Equivalence within ±",
            prose.exactly(analysis.study.analysis.margin, "study.analysis.margin"),
            f"{_one_sided(analysis)} tested with the joint standard error and adjusted over the family.",
        ),
    )


def _one_sided(analysis: Analysis) -> str:
    against_baseline = analysis.study.analysis.family == "baseline"
    return ", and non-inferiority to the baseline by as much, were" if against_baseline else " was"


def _delong(analysis: Analysis) -> tuple[Sentence, ...]:
    if not analysis.study.predicted:
        return ()
    repeated = analysis.data.patients_known and analysis.data.n_test_patients < analysis.data.n_test
    unit = "patients, who may have several images," if repeated else facts.case_unit(analysis)
    return (sentence("delong", f"The AUROC of a single run has DeLong’s interval over {unit} at fixed weights."),)


def _divergence(analysis: Analysis) -> Sentence:
    if analysis.study.analysis.on_diverged == "drop-seed":
        rule = "A seed with a run that diverged leaves the comparisons of all losses."
    else:
        rule = (
            "A run that diverged is given the worst score that any finished run reached on the metric, in the tests "
            "over seeds."
        )
    return sentence("on-diverged", rule)
