"""An Analysis in, the structured abstract out."""

from __future__ import annotations

from cxr_report.analysis.value import Analysis, JointPair, Pair
from cxr_report.report.narrative import beyond, completion, facts, prose, seeds
from cxr_report.report.narrative.facts import Keyed
from cxr_report.report.narrative.prose import Paragraph, Sentence, sentence
from cxr_report.report.numerals import listed

__all__ = ["abstract", "conclusion"]

MODELS = {
    "small-resnet": "a small residual network",
    "densenet121": "a DenseNet-121",
    "resnet18": "a ResNet-18",
    "custom": "a network of the authors' own",
}


def abstract(analysis: Analysis) -> tuple[Paragraph, ...]:
    """Write the abstract: objective, methods, results, conclusion."""
    primary = analysis.study.metrics.primary
    found = [*completion.finished(analysis), seeds.leader(analysis, primary), seeds.pair_count(analysis, primary)]
    joint = facts.joint_of(analysis)
    if joint is not None:
        found.append(beyond.joint_omnibus(analysis, joint))
        found.append(beyond.joint_pairs(analysis, joint)[0])
    return (
        Paragraph("", "Objective", (_objective(analysis),)),
        Paragraph("", "Methods", _methods(analysis)),
        Paragraph("", "Results", tuple(found)),
        Paragraph("", "Conclusion", conclusion(analysis)),
    )


def _objective(analysis: Analysis) -> Sentence:
    synthetic = analysis.study.data.source == "phantom"
    return sentence(
        "objective",
        "To compare ",
        prose.count(len(analysis.losses)),
        f" loss functions for training {MODELS[analysis.study.model.name]} on "
        f"{'synthetic chest radiographs' if synthetic else 'chest radiographs'}.",
    )


def _methods(analysis: Analysis) -> tuple[Sentence, ...]:
    plan, k = analysis.study.analysis, len(analysis.losses)
    return (
        sentence(
            "design",
            "Every loss was trained with ",
            prose.count(len(analysis.planned_seeds)),
            " seeds, which were the same for all losses, and tested on ",
            prose.count(analysis.data.n_test, seeds.CASES),
            " images",
            seeds.of_patients(analysis),
            ".",
        ),
        sentence(
            "plan",
            f"The primary metric was {facts.spoken(analysis.study.metrics.primary)}; all pairs of losses (",
            prose.count(k * (k - 1) // 2),
            f") were compared by paired t tests over seeds {facts.by_adjustment(analysis)}, α = ",
            prose.exactly(plan.alpha, seeds.ALPHA),
            ".",
        ),
    )


def conclusion(analysis: Analysis) -> tuple[Sentence, ...]:
    """Say what follows, for which target, and with which reservations."""
    primary = analysis.study.metrics.primary
    sentences = [_verdict(analysis, "seeds", facts.pairs_of(analysis, primary), primary)]
    joint = facts.joint_of(analysis)
    if joint is not None:
        key, test = joint
        pairs = [(f"{key}.pairs.{place}", pair) for place, pair in enumerate(test.pairs)]
        sentences.append(_verdict(analysis, "joint", pairs, test.metric))
    sentences.append(
        sentence("scope", "The conclusion holds for this training set, this split and these hyper-parameters.")
    )
    if analysis.study.data.source == "phantom":
        sentences.append(
            sentence("synthetic", "The data are synthetic, so that nothing here is a statement about patients.")
        )
    if analysis.exploratory:
        sentences.append(sentence("exploratory", f"The analysis is exploratory: {listed(analysis.exploratory)}."))
    return tuple(sentences)


def _verdict(
    analysis: Analysis, target: str, pairs: list[Keyed[Pair]] | list[Keyed[JointPair]], metric: str
) -> Sentence:
    where = "Over seeds, on these test cases," if target == "seeds" else "Over seeds and cases together,"
    name = facts.spoken(metric)
    shown = [pair for _, pair in pairs if pair.verdict != "not shown"]
    if not shown:
        return sentence(
            f"{target}-open",
            f"{where} no difference between the losses in {name} was shown, which is no evidence that they are equal.",
        )
    told = facts.clauses(analysis, shown)
    return sentence(f"{target}-verdict", f"{where} {name} was {facts.direction(metric)} {told}.")
