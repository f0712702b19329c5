"""An Analysis in; the sections beyond the comparisons out: each a heading, sentences, figures and tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from cxr_report.analysis.value import Analysis
from cxr_report.conformance import population_claim, recorded
from cxr_report.data.gallery import Gallery
from cxr_report.report.figures import gallery as gallery_figures
from cxr_report.report.figures import multiverse, population, power, ranking, reliability, subgroups, variance
from cxr_report.report.figures.picture import Picture
from cxr_report.report.language import ENGLISH, Speech, phrase, speech
from cxr_report.report.narrative import proof
from cxr_report.report.narrative.further import further
from cxr_report.report.narrative.planning import planning
from cxr_report.report.narrative.prose import Paragraph, Sentence
from cxr_report.report.tables import calibration, class_pairs, conformance, external, sensitivity
from cxr_report.report.tables import ensembles as ensemble_tables
from cxr_report.report.tables import fidelity as fidelity_tables
from cxr_report.report.tables import floor as floor_tables
from cxr_report.report.tables import multiverse as multiverse_tables
from cxr_report.report.tables import precision as precision_tables
from cxr_report.report.tables import rankings as ranking_tables
from cxr_report.report.tables import subgroups as subgroup_tables
from cxr_report.report.tables.table import Table

__all__ = ["Section", "beyond", "listings", "proofs"]

FEW = 24
"""Chosen: rows up to which a table of single classes stands in the text; a longer one goes to the appendix."""


@dataclass(frozen=True, slots=True)
class Section:
    """One section of the report."""

    key: str
    """Anchor."""
    title: str
    paragraphs: tuple[Paragraph, ...] = ()
    figures: tuple[Picture, ...] = ()
    tables: tuple[Table, ...] = ()
    """Set in the section."""
    figures_apart: tuple[Picture, ...] = ()
    """Set in the appendix."""
    tables_apart: tuple[Table, ...] = ()
    """Set in the appendix."""

    @property
    def keys(self) -> tuple[str, ...]:
        """What the section points to."""
        figures, tables = (*self.figures, *self.figures_apart), (*self.tables, *self.tables_apart)
        return (*(picture.key for picture in figures), *(table.key for table in tables))


def beyond(analysis: Analysis, shown: Gallery | None = None) -> tuple[Section, ...]:
    """Return the sections of the results that there is something to say in.

    Args:
        analysis: everything that the report says.
        shown: the cases whose images may be published; None: there are none.
    """
    made = (
        _classes(analysis),
        _precision(analysis),
        _ranking(analysis),
        _floor(analysis),
        _multiverse(analysis),
        _calibration(analysis),
        _subgroups(analysis),
        _sensitivity(analysis),
        _ensembles(analysis),
        _labels(analysis, shown),
        _fidelity(analysis),
        *(_external(analysis, place) for place in range(len(analysis.external))),
    )
    told = further(analysis)
    whole = (
        replace(each, paragraphs=tuple(said for said in told if f"results-{said.section}" == each.key)) for each in made
    )
    return tuple(section for section in (*whole, _planning(analysis)) if section.paragraphs or section.keys)


def proofs(say: Speech = ENGLISH) -> tuple[Section, ...]:
    """Return the sections of the appendix on the methods themselves, the same in every report of a language."""
    claim, found = population_claim(), recorded()
    return (
        Section(
            key="methods-population",
            title=say.text("Tests over seeds and claims about other cases"),
            paragraphs=_said(proof.population(claim, say)),
            figures=(population.draw(claim, say),),
            tables=(conformance.population(claim, say),),
        ),
        Section(
            key="methods-conformance",
            title=say.text("Agreement with other programs"),
            paragraphs=_said(proof.conformance(found, say)),
            tables=(conformance.conformance(found, say),),
        ),
    )


def listings(analysis: Analysis) -> tuple[Table, ...]:
    """Return the tables that are too long to print and stand as files alone."""
    return _tables(multiverse_tables.listing(analysis), fidelity_tables.listing(analysis))


def _said(sentences: tuple[Sentence, ...]) -> tuple[Paragraph, ...]:
    return (Paragraph("", "", sentences),)


def _tables(*found: Table | None) -> tuple[Table, ...]:
    return tuple(table for table in found if table is not None)


def _pictures(*found: Picture | None) -> tuple[Picture, ...]:
    return tuple(picture for picture in found if picture is not None)


def _classes(analysis: Analysis) -> Section:
    kind = phrase("Comparisons per finding" if analysis.study.task == "multilabel" else "Comparisons per class")
    found = _tables(class_pairs.class_pairs(analysis))
    near = tuple(_short(found))
    return Section(
        key="results-class-pairs",
        title=speech(analysis).text(kind),
        tables=near,
        tables_apart=() if near else found,
    )


def _short(tables: Iterable[Table]) -> Iterator[Table]:
    return (table for table in tables if table.rows <= FEW)


def _precision(analysis: Analysis) -> Section:
    return Section(
        key="results-precision",
        title=speech(analysis).text("Where the uncertainty comes from"),
        figures=_pictures(variance.draw(analysis)),
        tables_apart=_tables(precision_tables.variances(analysis)),
    )


def _ranking(analysis: Analysis) -> Section:
    return Section(
        key="results-ranks",
        title=speech(analysis).text("Ranks over seeds, on these test cases"),
        figures=_pictures(ranking.draw(analysis)),
        tables_apart=_tables(ranking_tables.ranks(analysis), ranking_tables.matrix(analysis)),
    )


def _floor(analysis: Analysis) -> Section:
    return Section(
        key="results-floor",
        title=speech(analysis).text(
            "Noise floor" if analysis.twins or analysis.seed_floor else "Calibration of the tests"
        ),
        tables=_tables(floor_tables.twins(analysis), floor_tables.null_rates(analysis)),
    )


def _multiverse(analysis: Analysis) -> Section:
    drawn = multiverse.draw(analysis)
    return Section(
        key="results-multiverse",
        title=speech(analysis).text("The conclusion under other analyses"),
        figures=tuple(drawn[:1]),
        figures_apart=tuple(drawn[1:]),
        tables_apart=_tables(multiverse_tables.decisions(analysis)),
    )


def _calibration(analysis: Analysis) -> Section:
    return Section(
        key="results-calibration",
        title=speech(analysis).text("Calibration"),
        figures=_pictures(reliability.draw(analysis)),
        tables=_tables(calibration.calibration(analysis)),
    )


def _subgroups(analysis: Analysis) -> Section:
    return Section(
        key="results-subgroups",
        title=speech(analysis).text("Subgroups of the test cases, exploratory"),
        figures=_pictures(subgroups.draw(analysis)),
        tables=_tables(subgroup_tables.sizes(analysis)),
        tables_apart=_tables(subgroup_tables.results(analysis)),
    )


def _ensembles(analysis: Analysis) -> Section:
    return Section(
        key="results-ensembles",
        title=speech(analysis).text("Ensembles over seeds"),
        tables=_tables(ensemble_tables.values(analysis)),
        tables_apart=_tables(ensemble_tables.comparisons(analysis)),
    )


def _labels(analysis: Analysis, shown: Gallery | None) -> Section:
    kinds = gallery_figures.draw(analysis, shown)
    return Section(
        key="results-labels",
        title=speech(analysis).text("Labels that depend on the loss function or the seed"),
        figures=kinds[:2],
        figures_apart=kinds[2:],
    )


def _fidelity(analysis: Analysis) -> Section:
    return Section(
        key="results-fidelity",
        title=speech(analysis).text("Agreement of arithmetics"),
        tables=_tables(fidelity_tables.agreements(analysis)),
    )


def _sensitivity(analysis: Analysis) -> Section:
    return Section(
        key="results-sensitivity",
        title=speech(analysis).text("Under the other rule for diverged runs"),
        tables_apart=_tables(sensitivity.sensitivity(analysis)),
    )


def _planning(analysis: Analysis) -> Section:
    return Section(
        key="results-planning",
        title=speech(analysis).text("Planning a next study"),
        paragraphs=planning(analysis),
        figures=_pictures(power.draw(analysis)),
    )


def _external(analysis: Analysis, place: int) -> Section:
    found, say = analysis.external[place], speech(analysis)
    return Section(
        key=f"results-external-{found.name}",
        title=say.text("External test set: {name}", name=found.title)
        if found.planned
        else say.text("External test set, added later: {name}", name=found.title),
        tables=_tables(
            external.cases(analysis, place), external.results(analysis, place), external.comparisons(analysis, place)
        ),
    )
