"""An Analysis in, the whole report as one value out: texts, numbered figures, numbered tables, references."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from cxr_report.analysis.value import BOTH, CASES, SEEDS, Analysis, Target
from cxr_report.data.gallery import Gallery
from cxr_report.metrics import METRICS, Metric
from cxr_report.report import narrative
from cxr_report.report.answers import answers, deciding
from cxr_report.report.bibliography import Bibliography, Reference
from cxr_report.report.checklists import GUIDELINES
from cxr_report.report.cohort import Cohort, cohort
from cxr_report.report.figures import (
    confusion,
    differences,
    flow,
    learning,
    precision_recall,
    roc,
    seeds,
    significance,
)
from cxr_report.report.figures import tuning as tuning_curve
from cxr_report.report.figures.picture import Picture
from cxr_report.report.headings import headings
from cxr_report.report.language import Speech, phrase, speech
from cxr_report.report.names import adjustment, localised
from cxr_report.report.narrative import Paragraph
from cxr_report.report.sections import Section, beyond, listings, proofs
from cxr_report.report.tables import (
    appendix,
    checklists,
    comparisons,
    equivalence,
    joint,
    omnibus,
    results,
    study,
    tuning,
)
from cxr_report.report.tables.table import Table

__all__ = ["Document", "compose"]

MODELS = {
    "small-resnet": "10.1109/CVPR.2016.90",
    "resnet18": "10.1109/CVPR.2016.90",
    "densenet121": "10.1109/CVPR.2017.243",
}
SCHEDULES = {"one-cycle": "10.48550/arXiv.1708.07120", "cosine": "10.48550/arXiv.1608.03983"}
ADJUSTMENTS = {
    "holm": "holm",
    "bonferroni": "bonferroni",
    "hochberg": "10.1093/biomet/75.4.800",
    "hommel": "10.1093/biomet/75.2.383",
    "bh": "10.1111/j.2517-6161.1995.tb02031.x",
    "by": "10.1214/aos/1013699998",
}


_DECISIONS: Mapping[Target, str] = {
    BOTH: phrase("Seeds and cases together: the decisions"),
    SEEDS: phrase("Seeds, on these test cases: the decisions"),
    CASES: phrase("Cases, for these runs: the decisions"),
}

JOINT = ("10.1080/03610919508813243", "10.1002/sim.2532", "10.1016/j.acra.2007.12.015", "10.1002/sim.5926")
"""Obuchowski and Rockette's analysis, and Hillis's degrees of freedom and designs."""


@dataclass(frozen=True, slots=True)
class Document:
    """Everything that the templates set."""

    analysis: Analysis
    cohort: Cohort
    title: str
    authors: tuple[str, ...]
    adjustment: str
    """How the plan's adjustment for multiple comparisons is called."""
    metrics: tuple[Metric, ...]
    """Those that are compared, primary first."""
    marks: tuple[str, ...]
    """What page 1 says above all: synthetic data, partial, exploratory."""
    abstract: tuple[Paragraph, ...]
    introduction_title: str
    introduction: tuple[Paragraph, ...]
    """The authors' own, or what the design says."""
    sizes: tuple[Paragraph, ...]
    """How large the networks are; none where that is not known."""
    analysis_methods: tuple[Paragraph, ...]
    tuning_methods: tuple[Paragraph, ...]
    """None where nothing was tuned."""
    decision_title: str
    """Heading of the section that holds the decisions: it names the inference target."""
    results: Mapping[str, tuple[Paragraph, ...]]
    """Section -> paragraphs."""
    limitations: tuple[Paragraph, ...]
    figures: Mapping[str, Picture]
    """Key -> figure, in the order in which they stand."""
    tables: Mapping[str, Table]
    """Key -> table, in the order in which they stand; those of the appendix last."""
    class_tables: tuple[str, ...]
    """Keys of the tables per class of the primary metric."""
    further_figures: tuple[str, ...]
    """Keys of the figures of further metrics in the appendix."""
    appendix: tuple[str, ...]
    """Keys of the tables of the appendix, but for the proofs, and for time and machine."""
    sections: tuple[Section, ...]
    """Those of the results that follow the comparisons."""
    proofs: tuple[Section, ...]
    """Those of the appendix on the methods themselves."""
    checklists: Section
    """Reporting guidelines, item by item."""
    listings: tuple[Table, ...]
    """Tables that stand as files alone, for they are too long to print."""
    cites: Mapping[str, str]
    """What is cited -> its numbers."""
    references: tuple[Reference, ...]


def compose(analysis: Analysis, machine: Table, shown: Gallery | None = None) -> Document:
    """Put the report together.

    Args:
        analysis: everything that the report says.
        machine: the one table that is fed from elsewhere.
        shown: the test cases whose images may be published; None: there are none.
    """
    analysis = localised(analysis)
    say, cases = speech(analysis), cohort(analysis)
    bibliography = Bibliography()
    cites = _cites_before_losses(analysis, bibliography)
    losses = [study.losses(analysis, bibliography.cite)] if analysis.study.trained else []
    data = [study.data(analysis, cases)] if analysis.study.predicted else []
    searched = tuning.tuning(analysis)
    losses += [searched] if searched is not None else []
    cites |= _cites_after_losses(analysis, bibliography)
    main, class_tables = _main_tables(analysis, cases)
    sections, methods, told = beyond(analysis, shown), proofs(say), _sections(narrative.results(analysis))
    had = [name for name, there in (("secondary", told.get("secondary")), ("classes", class_tables)) if there]
    asked = _checklists(analysis, cases, headings(analysis, had, sections))
    main += [table for each in sections for table in each.tables]
    further = _appendix_tables(analysis, cases, [table for each in sections for table in each.tables_apart])
    numbered = [
        *_numbered(say, [*data, *losses, *main], phrase("Table {n}")),
        *_numbered(say, [*further, *_of(*methods, asked), machine], phrase("Table A{n}")),
    ]
    first, *more = seeds.draw(analysis)
    drawn = (
        flow.draw(cases.flow(), say) if analysis.study.trained else None,
        tuning_curve.draw(analysis),
        learning.draw(analysis),
        first,
        confusion.draw(analysis),
        roc.draw(analysis),
        precision_recall.draw(analysis),
        differences.draw(analysis),
        significance.draw(analysis),
        *(picture for each in sections for picture in each.figures),
    )
    apart = [picture for each in sections for picture in each.figures_apart]
    apart += [picture for each in methods for picture in each.figures]
    figures = _counted(say, (picture for picture in drawn if picture), phrase("Figure {n}"))
    figures += _counted(say, [*more, *apart], phrase("Figure A{n}"))
    return Document(
        analysis=analysis,
        cohort=cases,
        title=analysis.study.report.title or _title(analysis),
        authors=analysis.study.report.authors,
        adjustment=adjustment(analysis),
        metrics=tuple(METRICS[name] for name in analysis.metrics),
        marks=tuple(_marks(analysis, cases)),
        abstract=narrative.abstract(analysis),
        introduction_title=say.text("Introduction"),
        introduction=narrative.introduction(analysis),
        sizes=narrative.sizes(analysis),
        analysis_methods=narrative.analysis_methods(analysis),
        tuning_methods=narrative.tuning_methods(analysis),
        decision_title=say.text(_DECISIONS[deciding(analysis, analysis.metrics[0]).target]),
        results=told,
        limitations=narrative.limitations(analysis),
        figures=MappingProxyType({figure.key: figure for figure in figures}),
        tables=MappingProxyType({table.key: table for table in numbered}),
        class_tables=class_tables,
        further_figures=tuple(figure.key for figure in more),
        appendix=tuple(table.key for table in further),
        sections=sections,
        proofs=methods,
        checklists=asked,
        listings=listings(analysis),
        cites=MappingProxyType(cites),
        references=bibliography.references(),
    )


def _title(analysis: Analysis) -> str:
    say, told = speech(analysis), {"n": str(len(analysis.losses)), "study": analysis.study.name}
    if not analysis.study.trained:
        return say.text("{n} loss functions, compared by given numbers: {study}", **told)
    return say.text("{n} loss functions for the classification of chest radiographs: study {study}", **told)


def _marks(analysis: Analysis, cases: Cohort) -> Iterable[str]:
    say = speech(analysis)
    if cases.synthetic:
        yield say.text("Synthetic data")
    if analysis.partial:
        yield say.text("Partial")
    if analysis.exploratory:
        yield say.text("Exploratory")


def _of(*sections: Section) -> list[Table]:
    return [table for each in sections for table in each.tables]


def _counted(say: Speech, pictures: Iterable[Picture], form: str) -> list[Picture]:
    return [replace(picture, number=say.text(form, n=str(n))) for n, picture in enumerate(pictures, start=1)]


def _numbered(say: Speech, tables: Iterable[Table], form: str) -> list[Table]:
    return [replace(table, number=say.text(form, n=str(place))) for place, table in enumerate(tables, start=1)]


def _main_tables(analysis: Analysis, cases: Cohort) -> tuple[list[Table], tuple[str, ...]]:
    primary = analysis.metrics[:1]
    tables = [results.main(analysis), comparisons.headline(analysis)]
    both = answers(analysis, primary[0], BOTH)
    if both is not None and both.test is not None:
        tables.append(joint.means(analysis, both.test, both.key))
    same = equivalence.equivalence(analysis)
    tables += [same] if same is not None else []
    tables += [omnibus.omnibus(analysis, primary, "omnibus"), comparisons.pairs(analysis, primary, "pairs")]
    per_class = list(results.classes(analysis, primary[0], _positives(cases)))
    return [*tables, *per_class], tuple(table.key for table in per_class)


def _checklists(analysis: Analysis, cases: Cohort, numbers: Mapping[str, str]) -> Section:
    return Section(
        key="checklists",
        title=speech(analysis).text("Reporting checklists"),
        paragraphs=narrative.checklists(analysis),
        tables=checklists.tables(analysis, cases, numbers),
    )


def _positives(cases: Cohort) -> dict[str, int]:
    test = cases.test()
    return dict(test.positive) if test else {}


def _appendix_tables(analysis: Analysis, cases: Cohort, more: Iterable[Table]) -> list[Table]:
    tables: list[Table | None] = [
        *appendix.runs(analysis),
        joint.comparisons(analysis, BOTH, "joint"),
        joint.comparisons(analysis, CASES, "cases"),
        comparisons.outside(analysis),
        comparisons.exact(analysis),
    ]
    if len(analysis.metrics) > 1:
        tables.append(comparisons.pairs(analysis, analysis.metrics[1:], "pairs-secondary"))
        tables.append(omnibus.omnibus(analysis, analysis.metrics[1:], "omnibus-secondary"))
    for metric in analysis.metrics[1:]:
        tables += results.classes(analysis, metric, _positives(cases))
    return [table for table in (*tables, *more, appendix.settings(analysis)) if table is not None]


def _sections(paragraphs: Iterable[Paragraph]) -> Mapping[str, tuple[Paragraph, ...]]:
    found: dict[str, tuple[Paragraph, ...]] = {}
    for paragraph in paragraphs:
        found[paragraph.section] = (*found.get(paragraph.section, ()), paragraph)
    return MappingProxyType(found)


def _cites_before_losses(analysis: Analysis, bibliography: Bibliography) -> dict[str, str]:
    """Cite in the order of the text: data, model, training; of given numbers none of the three is known."""
    told = analysis.study
    if not told.trained:
        return {}
    medmnist = ("10.1038/s41597-022-01721-8",) if told.data.source == "medmnist" else ()
    monai = ("10.48550/arXiv.2211.02701",) if told.model.name in ("densenet121", "resnet18") else ()
    return {
        "source": bibliography.cite(*medmnist),
        "model": bibliography.cite(MODELS.get(told.model.name, ""), *monai),
        "torch": bibliography.cite("10.48550/arXiv.1912.01703"),
        "adamw": bibliography.cite("10.48550/arXiv.1711.05101"),
        "schedule": bibliography.cite(SCHEDULES[told.training.schedule]),
    }


def _cites_after_losses(analysis: Analysis, bibliography: Bibliography) -> dict[str, str]:
    # in the order of the text: the plan, its metrics, the tests
    cites = {"search": bibliography.cite(*(("bergstra",) if analysis.tuning else ()))}
    cites |= {"adjustment": bibliography.cite(ADJUSTMENTS.get(analysis.study.analysis.adjustment, ""))}
    cites |= {f"metric-{name}": bibliography.cite(METRICS[name].doi) for name in analysis.metrics}
    repeated = analysis.data.n_test_patients < analysis.data.n_test
    areas = ("10.2307/2531595", *(("10.2307/2533958",) if repeated else ())) if analysis.study.predicted else ()
    methods = {test.covariance for test in (*analysis.joint, *analysis.cases)} & {"jackknife", "bootstrap"}
    wanted = {
        "joint": JOINT if analysis.joint or analysis.cases else (),
        "resampling": ("10.1137/1.9781611970319",) if methods else (),
        "delong": areas,
        "wilcoxon": ("10.2307/3001968",),
        "hierarchy": ("10.1016/S0378-3758(01)00077-5",) if analysis.study.analysis.hierarchy else (),
        "friedman": ("10.1080/01621459.1937.10503522", "10.1080/03610928008827904"),
        "anova": ("10.1007/BF02289823",),
        "mixed": ("10.1002/9780470316856",),
        "effect": ("steiger",),
        "equivalence": ("10.1007/BF01068419", "10.1001/jama.2012.87802") if analysis.equivalences else (),
        "posterior": ("benavoli",),
        "ranks": ("demsar", "nemenyi", "10.2307/2983325") if analysis.rankings else (),
        "multiverse": ("10.1177/1745691616658637", "10.1038/s41562-020-0912-z") if analysis.multiverse else (),
        "calibration": ("10.1175/2007WAF2006116.1",) if analysis.calibrations else (),
        "scipy": ("10.1038/s41592-019-0686-2",),
    }
    wanted |= {guideline.key: (guideline.doi,) for guideline in GUIDELINES}
    return cites | {key: bibliography.cite(*works) for key, works in wanted.items()}
