"""An Analysis in, the sentences on how it was analysed out."""

from __future__ import annotations

from cxr_report.analysis.value import Analysis
from cxr_report.report.language import phrase, speech
from cxr_report.report.names import family
from cxr_report.report.narrative import descriptions, external, facts, given, omnibus, prose
from cxr_report.report.narrative.prose import Paragraph, Sentence, sentence
from cxr_report.report.pieces import Said

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
        Paragraph("", "", (_targets(analysis), *_joint(analysis), _over_seeds(analysis), *_delong(analysis))),
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
    said = (*descriptions.descriptions(analysis), *external.method(analysis))
    return (Paragraph("", "", said),) if said else ()


def _metrics(analysis: Analysis) -> list[Sentence]:
    say, order = speech(analysis), analysis.study.analysis.hierarchy
    others = [metric for metric in analysis.study.metrics.secondary if metric not in order]
    parts: list[Said] = [say("The primary metric is {metric}", metric=facts.spoken(analysis.metrics[0], say))]
    if order:
        parts.append(
            say.counted(
                len(order),
                "{metrics} is tested after it",
                "{metrics} are tested after it, in this order",
                metrics=say.listed([facts.spoken(name, say) for name in order]),
            )
        )
    if others:
        parts.append(
            say.counted(
                len(others),
                "{metrics} is secondary and exploratory",
                "{metrics} are secondary and exploratory",
                metrics=say.listed([facts.spoken(name, say) for name in others]),
            )
        )
    return [sentence("metrics", say.rowed(parts, "; "), ".")]


def _macro(analysis: Analysis) -> tuple[Sentence, ...]:
    """Say over what a metric of ranks is averaged where there are several classes or findings."""
    say = speech(analysis)
    named = [facts.spoken(metric, say) for metric in analysis.metrics if metric in _AVERAGED]
    if analysis.study.task in ("binary", "none") or not named:
        return ()
    named[0] = named[0][0].upper() + named[0][1:]
    metrics = say.listed(named)
    if analysis.study.task == "multiclass":
        said = say.counted(
            len(named),
            "{metrics} is the unweighted mean over the classes of one class against the rest, unless a class is named.",
            "{metrics} are unweighted means over the classes of one class against the rest, unless a class is named.",
            metrics=metrics,
        )
    else:
        said = say.counted(
            len(named),
            "{metrics} is the unweighted mean over the findings, unless a finding is named.",
            "{metrics} are unweighted means over the findings, unless a finding is named.",
            metrics=metrics,
        )
    return (sentence("macro", said),)


def _thresholds(analysis: Analysis) -> tuple[Sentence, ...]:
    if not analysis.study.decides:
        return ()
    say = speech(analysis)
    if analysis.study.task == "multilabel":
        rule = sentence("thresholds", say("A finding is called present from probability one half."))
    else:
        rule = sentence("thresholds", say("A case is given the class with the highest probability."))
    if not any(metric.endswith("_youden") for metric in analysis.metrics):
        return (rule,)
    return (rule, sentence("youden", say("Youden thresholds were chosen on validation and applied to test.")))


def _summaries(analysis: Analysis) -> Sentence:
    level = prose.percent_of(analysis.study.analysis.alpha, facts.ALPHA)
    said = speech(analysis)(
        "Losses are described by mean, SD and median over seeds with the {level} t interval of the mean.", level=level
    )
    return sentence("summaries", said)


def _targets(analysis: Analysis) -> Sentence:
    if not analysis.study.predicted:
        return given.target(analysis)
    said = speech(analysis)(
        "Every comparison is asked three questions: would it hold for other seeds and other {unit} together, for "
        "other seeds on these test cases, and for other {unit} with these runs; the first decides, wherever it can be "
        "answered, and training set, split and tuning are fixed in all three.",
        unit=facts.case_unit(analysis),
    )
    return sentence("targets", said)


def _joint(analysis: Analysis) -> tuple[Sentence, ...]:
    """Say how seeds and patients were taken together, where they were."""
    if not (analysis.joint or analysis.cases):
        return ()
    say = speech(analysis)
    taken = say(
        "Seeds and {unit} were taken together by the analysis of Obuchowski and Rockette with the degrees of freedom "
        "of Hillis, losses being the modalities and seeds the random readers.",
        unit=facts.case_unit(analysis),
    )
    own = say("Each pair has an error term of its own, not smaller than what the cases alone bring.")
    return (sentence("joint-method", taken), sentence("joint-pair-method", own), _covariances(analysis))


_COVARIANCES = {
    "delong": phrase("DeLong’s for {metrics}"),
    "jackknife": phrase("the jackknife’s for {metrics}"),
    "bootstrap": phrase("the case bootstrap’s for {metrics}"),
}


def _covariances(analysis: Analysis) -> Sentence:
    """Say how the covariance over cases of each metric was estimated."""
    say = speech(analysis)
    how = {test.metric: test.covariance for test in (*analysis.cases, *analysis.joint)}
    grouped = {
        method: [facts.spoken(metric, say) for metric in analysis.metrics if how.get(metric) == method]
        for method in _COVARIANCES
    }
    told = [say(_COVARIANCES[method], metrics=say.listed(metrics)) for method, metrics in grouped.items() if metrics]
    without = [facts.spoken(metric, say) for metric in analysis.metrics if metric not in how]
    begin = (
        phrase("The covariance over cases (summed per patient) is {methods}")
        if analysis.data.patients_known
        else phrase("The covariance over cases is {methods}")
    )
    parts: list[Said] = [say(begin, methods=say.listed(told))]
    if without:
        parts.append(say("there is none for {metrics}", metrics=say.listed(without)))
    return sentence("covariances", say.rowed(parts, "; "), ".")


def _over_seeds(analysis: Analysis) -> Sentence:
    said = speech(analysis)(
        "Over seeds, which are paired across losses, two losses were compared by the paired t test with d_z as effect "
        "size, and beside it by the exact Wilcoxon signed-rank test and the permutation of signs."
    )
    return sentence("tests", said)


def _family(analysis: Analysis) -> tuple[Sentence, ...]:
    say, plan = speech(analysis), analysis.study.analysis
    total, what = family(analysis)
    declared = say(
        "The declared family of a metric is its {number} {comparisons}; a difference counts as shown where its p value "
        "{adjusted} over the family is at most α = {alpha}.",
        number=prose.count(total),
        comparisons=what,
        adjusted=facts.by_adjustment(analysis),
        alpha=prose.exactly(plan.alpha, facts.ALPHA),
    )
    intervals = say(
        "Every difference has two {level} intervals: an unadjusted one, and one that is simultaneous over the family "
        "after Bonferroni.",
        level=prose.percent_of(plan.alpha, facts.ALPHA),
    )
    return (sentence("family", declared), sentence("intervals", intervals))


def _hierarchy(analysis: Analysis) -> tuple[Sentence, ...]:
    if not analysis.study.analysis.hierarchy:
        return ()
    said = speech(analysis)(
        "A metric of the hierarchy is tested only where every comparison of the metrics before it is shown, for the "
        "same target."
    )
    return (sentence("hierarchy", said),)


def _omnibus(analysis: Analysis) -> Sentence:
    say = speech(analysis)
    said = say(
        "Of the tests of all losses at once the {test} was planned; others stand beside it, and none gates.",
        test=say.text(omnibus.TESTS[analysis.study.analysis.omnibus]),
    )
    return sentence("omnibus-method", said)


def _equivalence(analysis: Analysis) -> tuple[Sentence, ...]:
    if not analysis.equivalences:
        return ()
    tested = (
        phrase(
            "Equivalence within ±{margin}, and non-inferiority to the baseline by as much, were tested with the joint "
            "standard error and adjusted over the family."
        )
        if analysis.study.analysis.family == "baseline"
        else phrase(
            "Equivalence within ±{margin} was tested with the joint standard error and adjusted over the family."
        )
    )
    margin = prose.exactly(analysis.study.analysis.margin, "study.analysis.margin")
    return (sentence("equivalence-method", speech(analysis)(tested, margin=margin)),)


def _delong(analysis: Analysis) -> tuple[Sentence, ...]:
    if not analysis.study.predicted:
        return ()
    say = speech(analysis)
    repeated = analysis.data.patients_known and analysis.data.n_test_patients < analysis.data.n_test
    unit = say.text("patients, who may have several images,") if repeated else facts.case_unit(analysis)
    said = say("The AUROC of a single run has DeLong’s interval over {unit} at fixed weights.", unit=unit)
    return (sentence("delong", said),)


def _divergence(analysis: Analysis) -> Sentence:
    if analysis.study.analysis.on_diverged == "drop-seed":
        rule = phrase("A seed with a run that diverged leaves the comparisons of all losses.")
    else:
        rule = phrase(
            "A run that diverged is given the worst score that any finished run reached on the metric, in the tests "
            "over seeds."
        )
    return sentence("on-diverged", speech(analysis)(rule))
