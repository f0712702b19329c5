"""What reporting guidelines ask, each question once and in words of our own, with the place that answers it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from cxr_report.report.checklists.places import Answer, Place, Told, everywhere, nowhere, partly, where
from cxr_report.report.language import phrase

__all__ = ["TOPICS", "Topic"]


@dataclass(frozen=True, slots=True)
class Topic:
    """One question."""

    asks: str
    """In a few words of our own."""
    place: Place = nowhere
    """Where the report answers it; by default nowhere, for only the authors know."""


def _trained(told: Told) -> bool:
    return told.trained


def _predicted(told: Told) -> bool:
    return told.analysis.study.predicted


_own = where(lambda told: told.introduced, "introduction")


def _in_groups(told: Told) -> Answer:
    """Answer what is asked of all cases and of groups: in part, where there are no groups."""
    found = everywhere("results-main", "results-classes", "results-subgroups")(told)
    return replace(found, whole="results-subgroups" in found.sections)


DATA, TRAINING, LOSSES, PLAN = "methods-data", "methods-training", "methods-losses", "methods-analysis"

_OPENING = {
    "technology": Topic(phrase("Kind of artificial intelligence, named at the start"), where(_trained, "abstract")),
    "accuracy-named": Topic(
        phrase("Study of accuracy named as such, with a measure of it"),
        where(lambda told: told.trained and told.accuracy, "abstract"),
    ),
    "prediction-title": Topic(phrase("Title that names model, population and outcome")),
    "summary": Topic(phrase("Structured abstract"), everywhere("abstract")),
    "background": Topic(phrase("Medical background, intended use and role"), _own),
    "context": Topic(phrase("Medical context, and why the model is needed"), _own),
    "purpose": Topic(phrase("For whom the model is meant, and at which point of care"), _own),
    "inequalities": Topic(phrase("Known inequalities of health between groups")),
    "aims": Topic(phrase("Aims and hypotheses"), everywhere("abstract", "introduction", PLAN)),
    "timing": Topic(phrase("Data collected before or after the question was put")),
    "goal": Topic(phrase("What kind of study it is"), everywhere("abstract")),
}

_DATA = {
    "sources": Topic(phrase("Where the data come from"), where(lambda told: told.named_source, DATA)),
    "criteria": Topic(
        phrase("Which patients and images were taken, and which left out"), partly(where(_trained, DATA))
    ),
    "found-by": Topic(phrase("By what patients were found")),
    "dates": Topic(phrase("When the data were collected")),
    "setting": Topic(phrase("Kind and number of the places of care")),
    "setting-dates": Topic(phrase("Where and when patients were found")),
    "series": Topic(phrase("Consecutive, random or convenient choice of patients")),
    "treatments": Topic(phrase("Treatments that patients had received")),
    "preparation": Topic(phrase("Preparation of the images"), where(_trained, DATA)),
    "preparation-groups": Topic(
        phrase("Preparation and checks of the data, alike in all groups"), partly(where(_trained, DATA))
    ),
    "acquisition-preparation": Topic(phrase("How images were taken and prepared"), partly(where(_trained, DATA))),
    "subsets": Topic(phrase("Choice of parts of the data")),
    "identity": Topic(phrase("Removal of what identifies patients")),
    "missing": Topic(phrase("Missing data, and what was done about them"), where(_trained, DATA)),
    "missing-labels": Topic(
        phrase("Unclear results, and how they counted"), partly(where(lambda told: told.unknown_labels, PLAN))
    ),
    "acquisition": Topic(phrase("How the images were taken")),
    "devices": Topic(
        phrase("Devices that took the images, and software of the test"),
        partly(where(_trained, "time-and-machine-section")),
    ),
    "standard": Topic(phrase("How the truth was established"), where(lambda told: told.synthetic, DATA)),
    "standard-reason": Topic(phrase("Why the truth was established in this way")),
    "standard-cutoffs": Topic(phrase("Categories of the reference standard, planned or not")),
    "annotators": Topic(phrase("Who labelled the cases, and with what training")),
    "annotation-test": Topic(phrase("How the test cases were labelled")),
    "readers": Topic(phrase("Agreement between and within those who labelled")),
    "blind-test": Topic(phrase("What was known to those who applied the test")),
    "blind-standard": Topic(phrase("What was known to those who established the truth")),
    "inputs-chosen": Topic(phrase("Choice of the model’s inputs"), partly(where(_trained, DATA))),
    "inputs-defined": Topic(phrase("What the inputs are and how they were measured"), partly(where(_trained, DATA))),
    "inputs-assessors": Topic(phrase("Who judged the inputs, where judgement is needed")),
    "partitions": Topic(phrase("How cases were split, and for what each part was used"), where(_trained, DATA)),
    "disjoint": Topic(phrase("At which level the parts are disjoint"), where(_trained, DATA)),
    "size": Topic(phrase("Planned size of the study, and its reason")),
    "ethics": Topic(phrase("Approval by an ethics committee, and consent")),
}

_MODEL = {
    "model": Topic(phrase("The model in detail"), where(lambda told: told.network, TRAINING)),
    "software": Topic(phrase("Software with versions"), where(_trained, "time-and-machine-section")),
    "start": Topic(phrase("Initial weights"), where(_trained, TRAINING)),
    "training": Topic(phrase("Training with all its settings"), where(_trained, TRAINING, LOSSES)),
    "inputs-handled": Topic(phrase("How inputs were scaled and changed"), where(_trained, DATA, TRAINING)),
    "building": Topic(phrase("Kind of model, steps of its making, tuning"), where(_trained, TRAINING, LOSSES)),
    "development": Topic(phrase("How the test was developed, with numbers of cases"), where(_trained, DATA, TRAINING)),
    "selection": Topic(phrase("How the final weights were chosen"), where(_trained, TRAINING)),
    "ensembles": Topic(phrase("Combination of several models"), everywhere("results-ensembles")),
    "imbalance": Topic(phrase("What was done about rare classes"), where(lambda told: told.against_imbalance, LOSSES)),
    "output": Topic(
        phrase("What the model puts out, and from what threshold"),
        where(lambda told: told.analysis.study.decides, PLAN),
    ),
    "applied": Topic(phrase("How predictions were computed"), where(_trained, TRAINING)),
    "updating": Topic(phrase("Updating of the model after it was tested")),
    "users": Topic(phrase("Who shall use it, and with what expertise")),
    "explanation": Topic(phrase("Methods that explain single predictions")),
    "whole-model": Topic(phrase("The model itself, for use by others")),
}

_EVALUATION = {
    "metrics": Topic(phrase("Measures of performance"), everywhere(PLAN)),
    "statistics": Topic(phrase("Statistical methods, significance and uncertainty"), everywhere(PLAN)),
    "variability": Topic(
        phrase("Analyses of variability, planned or exploratory"),
        everywhere("results-precision", "results-ranks", "results-subgroups"),
    ),
    "robustness": Topic(
        phrase("Robustness under other analyses or conditions"),
        everywhere("results-multiverse", "results-sensitivity", "results-fidelity"),
    ),
    "fairness": Topic(phrase("What was done for fairness between groups")),
    "errors-groups": Topic(phrase("Errors and fairness, examined by groups"), partly(everywhere("results-subgroups"))),
    "internal": Topic(phrase("Test on cases of the same source"), where(_trained, "results-main")),
    "external": Topic(phrase("Test on cases of another source"), everywhere("results-external-")),
    "external-differs": Topic(phrase("In what another source differs"), partly(everywhere("results-external-"))),
    "clusters": Topic(
        phrase("Differences between places of care, and how they were handled"),
        partly(where(lambda told: bool(told.analysis.external), PLAN)),
    ),
    "alike": Topic(phrase("In what training and test cases differ"), partly(where(lambda told: told.split_here, DATA))),
    "flow": Topic(phrase("Numbers taken and left out, as a diagram"), where(_trained, DATA)),
    "demographics": Topic(phrase("Who the patients of each part are"), where(lambda told: told.demographics, DATA)),
    "characteristics": Topic(
        phrase("Characteristics of patients and images in each part"),
        partly(where(lambda told: told.demographics, DATA)),
    ),
    "numbers": Topic(phrase("Cases and positive cases of each analysis"), where(_predicted, DATA)),
    "severity": Topic(phrase("How severe the disease was")),
    "alternatives": Topic(phrase("What those without the disease had"), where(lambda told: told.other_classes, DATA)),
    "interval": Topic(phrase("Time and treatment between test and truth")),
    "representative": Topic(phrase("Whether the cases are like those of later use")),
    "crosstab": Topic(
        phrase("Results of the test by the truth"),
        where(lambda told: bool(told.analysis.confusions), "results-main"),
    ),
    "performance": Topic(phrase("Performance with its uncertainty"), everywhere("results-main", "results-decisions")),
    "precision": Topic(
        phrase("Estimates of accuracy with their precision"), everywhere("results-main", "results-classes")
    ),
    "performance-groups": Topic(
        phrase("Performance with intervals, in groups too"),
        _in_groups,
    ),
    "heterogeneity": Topic(phrase("Performance in each place of care"), partly(everywhere("results-external-"))),
    "failures": Topic(
        phrase("Where the models fail, and why"),
        partly(where(lambda told: bool(told.analysis.confusions), "results-main")),
    ),
    "harm": Topic(phrase("Harm done by the test or by establishing the truth")),
}

_CLOSING = {
    "limits": Topic(phrase("Limitations"), everywhere("limitations")),
    "interpretation": Topic(phrase("What the results mean beside earlier work")),
    "practice": Topic(phrase("What follows for practice")),
    "fair-use": Topic(phrase("Ethics and fairness of the use")),
    "poor-inputs": Topic(phrase("What to do with poor or missing inputs")),
    "next": Topic(phrase("Next steps of research")),
    "trial": Topic(phrase("Registration of a clinical trial")),
    "registration": Topic(phrase("Registration of the study")),
    "protocol": Topic(phrase("Where the full plan can be read"), everywhere(PLAN, "files")),
    "availability": Topic(phrase("Availability of software, model and data")),
    "data-sharing": Topic(phrase("Availability of the data")),
    "code-sharing": Topic(phrase("Availability of the code")),
    "audit": Topic(phrase("Whether outputs are kept and can be checked"), everywhere("files")),
    "funding": Topic(phrase("Funding and the part of the funders")),
    "conflicts": Topic(phrase("Conflicts of interest")),
    "commerce": Topic(phrase("Commercial interests")),
    "public": Topic(phrase("Part of patients and the public in the study")),
}

TOPICS: Mapping[str, Topic] = MappingProxyType({**_OPENING, **_DATA, **_MODEL, **_EVALUATION, **_CLOSING})
"""Key -> question."""
