"""The sections beyond the comparisons: true sentences, keyed numbers, figures that fit, nothing where nothing is."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_grammar import further
from report_grammar.sections import check_numbers, look_up
from report_grammar.words import Broken
from report_makers.drawn import random_analysis
from report_makers.further import enriched

from cxr_report.analysis.value import Analysis, Ensemble, EnsembleScore, SeedFloor, to_plain
from cxr_report.conformance import population_claim, recorded
from cxr_report.report import document, page
from cxr_report.report.figures import Picture, differences, multiverse, ranking
from cxr_report.report.narrative.further import further as narrative
from cxr_report.report.sections import Section, beyond, listings, proofs
from cxr_report.report.tables import Table, to_csv
from cxr_report.report.tables import ensembles as ensemble_tables
from cxr_report.report.tables.conformance import power_of_ten

SVG = "{http://www.w3.org/2000/svg}"
PARTS = (
    "variances", "rankings", "twins", "seed_floor", "null_rates", "multiverse", "calibrations", "class_comparisons",
    "subgroups", "sensitivity", "ensembles", "agreements",
    "label_changes", "external", "planning",
)  # fmt: skip
SHAPES: dict[str, dict[str, Any]] = {
    "usual": {},
    "two losses": {"task": "binary", "losses": 2, "seeds": 2, "joint": False},
    "findings": {"task": "multilabel", "losses": 3, "classes": 14, "seeds": 3},
    "undefined": {"undefined": ("auroc", "brier"), "joint": False},
    "many losses": {"losses": 12, "seeds": 3, "family": "all", "long_names": True},
    "diverged": {"diverged": 2, "losses": 3, "seeds": 6},
}


def drawn(seed: int) -> Analysis:
    """Draw an analysis with all parts; some compare unequal ensembles, some have no decision to compare."""
    whole = enriched(random_analysis(seed), np.random.default_rng([seed, 1]))
    if seed % 4 == 1:
        return replace(whole, ensembles=tuple(replace(each, scores=_one_larger(each)) for each in whole.ensembles))
    if seed % 4 == 2:
        return replace(whole, agreements=tuple(replace(each, n_decisions=0, changes=()) for each in whole.agreements))
    return whole


def _one_larger(found: Ensemble) -> tuple[EnsembleScore, ...]:
    return (replace(found.scores[0], n_seeds=found.scores[0].n_seeds + 2), *found.scores[1:])


@pytest.fixture(scope="module")
def analyses() -> list[Analysis]:
    """The same random analyses for every bug, and one whose losses all have the same mean rank."""
    return [drawn(seed) for seed in (*range(40), 44)]


def check_all(analyses: list[Analysis], bug: Callable[[Analysis], Analysis]) -> None:
    """Hold what a confused narrator writes to the analyses as they are."""
    for analysis in analyses:
        further.check_further(analysis, narrative(bug(analysis)))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_every_sentence_is_true_and_every_part_is_told(seed: int) -> None:
    analysis = drawn(seed)
    paragraphs = narrative(analysis)
    further.check_further(analysis, paragraphs)
    check_numbers(to_plain(analysis), paragraphs)


def test_the_random_analyses_meet_every_form_of_sentence(analyses: list[Analysis]) -> None:
    met = set().union(*(further.check_further(each, narrative(each)) for each in analyses))
    assert {name for name, _ in further.FORMS} - met <= {"variance-undefined", "variance-none"}


# confusions of a narrator: it is given another analysis than the one that its sentences are held to


def _seeds_for_cases(a: Analysis) -> Analysis:
    return replace(a, variances=tuple(replace(v, seeds=v.cases, cases=v.seeds) for v in a.variances))


def _worth_of_the_other(a: Analysis) -> Analysis:
    other: dict[str, Any] = {"seeds": "cases", "cases": "seeds"}
    return replace(
        a, variances=tuple(replace(v, worth_more_of=other.get(v.worth_more_of, "seeds")) for v in a.variances)
    )


def _a_difference_for_a_mean(a: Analysis) -> Analysis:
    of: dict[str, Any] = {
        "mean of one loss": "difference of two losses",
        "difference of two losses": "mean of one loss",
    }
    return replace(a, variances=tuple(replace(v, of=of[v.of]) for v in a.variances))


def _ranks_upside_down(a: Analysis) -> Analysis:
    k = len(a.losses)
    return replace(
        a, rankings=tuple(replace(r, mean_ranks=tuple(k + 1 - each for each in r.mean_ranks)) for r in a.rankings)
    )


def _tie_told_as_one_winner(a: Analysis) -> Analysis:
    def apart(ranks: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(rank + 1e-4 * place for place, rank in enumerate(ranks))

    return replace(a, rankings=tuple(replace(r, mean_ranks=apart(r.mean_ranks)) for r in a.rankings))


def _last_rank_for_first(a: Analysis) -> Analysis:
    return replace(
        a, rankings=tuple(replace(r, distribution=tuple(row[::-1] for row in r.distribution)) for r in a.rankings)
    )


def _different_told_as_identical(a: Analysis) -> Analysis:
    return replace(a, twins=tuple(replace(t, identical=True) for t in a.twins))


def _percentile_for_difference(a: Analysis) -> Analysis:
    return replace(a, seed_floor=tuple(replace(f, difference=f.percentile_95) for f in a.seed_floor))


def _some_splits_told_as_all(a: Analysis) -> Analysis:
    return replace(a, seed_floor=tuple(replace(f, exhaustive=not f.exhaustive) for f in a.seed_floor))


def _seed_floor_kept_quiet(a: Analysis) -> Analysis:
    return replace(a, seed_floor=())


def _better_for_worse(a: Analysis) -> Analysis:
    return replace(a, multiverse=tuple(replace(g, n_better=g.n_worse, n_worse=g.n_better) for g in a.multiverse))


def _out_of_reach_but_counted(a: Analysis) -> Analysis:
    def counted(group: Any) -> Any:
        rows = tuple(replace(row, reachable=True) for row in group.rows)
        return replace(group, rows=rows, n_reachable=len({(row.test, row.adjustment) for row in rows}))

    return replace(a, multiverse=tuple(map(counted, a.multiverse)))


def _targets_pooled(a: Analysis) -> Analysis:
    return replace(a, multiverse=tuple(replace(g, target="seeds and cases") for g in a.multiverse))


def _planned_decision_told_as_open(a: Analysis) -> Analysis:
    def opened(group: Any) -> Any:
        return replace(group, rows=tuple(replace(r, verdict="not shown") if r.planned else r for r in group.rows))

    return replace(a, multiverse=tuple(map(opened, a.multiverse)))


def _rare_rejections_told_as_none(a: Analysis) -> Analysis:
    return replace(a, null_rates=tuple(replace(r, rate=0.0 if r.rate < 0.2 else r.rate) for r in a.null_rates))


def _parts_of_the_variance_told_as_nothing(a: Analysis) -> Analysis:
    return replace(a, variances=tuple(replace(v, both=0.0) for v in a.variances))


def _calibration_told_as_untested(a: Analysis) -> Analysis:
    return replace(a, metrics=tuple(metric for metric in a.metrics if metric != "ece"))


def _raw_p_of_single_classes(a: Analysis) -> Analysis:
    def raw(pair: Any) -> Any:
        up = (pair.difference > 0) == further.METRICS[a.metrics[0]].higher_is_better
        said = ("first better" if up else "second better") if pair.p <= a.study.analysis.alpha else "not shown"
        return replace(pair, verdict=said)

    found = tuple(replace(each, pairs=tuple(map(raw, each.pairs))) for each in a.class_comparisons)
    return replace(a, class_comparisons=found)


def _calibration_upside_down(a: Analysis) -> Analysis:
    return replace(a, calibrations=tuple(replace(each, ece=1 - each.ece) for each in a.calibrations))


def _refusals_kept_quiet(a: Analysis) -> Analysis:
    return replace(a, subgroups=tuple(group for group in a.subgroups if not group.refused))


def _losses_of_an_ensemble_told_as_gains(a: Analysis) -> Analysis:
    def turned(found: Any) -> Any:
        return replace(found, scores=tuple(replace(s, gain=-s.gain) for s in found.scores))

    return replace(a, ensembles=tuple(map(turned, a.ensembles)))


def _ensembles_of_another_metric(a: Analysis) -> Analysis:
    names = [found.metric for found in a.ensembles]
    return replace(
        a, ensembles=tuple(replace(e, metric=name) for e, name in zip(a.ensembles, names[1:] + names[:1], strict=True))
    )


def _raw_p_of_ensembles(a: Analysis) -> Analysis:
    def raw(pair: Any) -> Any:
        said = "first better" if pair.p <= a.study.analysis.alpha else "not shown"
        return replace(pair, verdict=said if pair.in_family else pair.verdict)

    return replace(a, ensembles=tuple(replace(e, pairs=tuple(map(raw, e.pairs))) for e in a.ensembles))


def _ensembles_outside_of_the_family_counted(a: Analysis) -> Analysis:
    def inside(pair: Any) -> Any:
        return replace(pair, in_family=True)

    return replace(a, ensembles=tuple(replace(e, pairs=tuple(map(inside, e.pairs))) for e in a.ensembles))


def _comparisons_of_ensembles_kept_quiet(a: Analysis) -> Analysis:
    return replace(a, ensembles=tuple(replace(e, pairs=()) for e in a.ensembles))


def _cases_of_the_seed_told_as_of_the_loss(a: Analysis) -> Analysis:
    return replace(a, label_changes=tuple(replace(e, by_loss=e.by_seed, by_seed=e.by_loss) for e in a.label_changes))


def _cases_of_both_kinds_kept_quiet(a: Analysis) -> Analysis:
    return replace(a, label_changes=tuple(replace(e, both=0) for e in a.label_changes))


def _labels_that_change_kept_quiet(a: Analysis) -> Analysis:
    return replace(a, label_changes=())


def _turned_decisions_kept_quiet(a: Analysis) -> Analysis:
    return replace(a, agreements=tuple(replace(each, changes=()) for each in a.agreements))


def _rankings_told_as_decisions(a: Analysis) -> Analysis:
    other: dict[str, Any] = {"ranking": "decision", "decision": "ranking"}

    def turned(each: Any) -> Any:
        return replace(each, changes=tuple(replace(change, kind=other[change.kind]) for change in each.changes))

    return replace(a, agreements=tuple(map(turned, a.agreements)))


def _one_arithmetic_told_as_another(a: Analysis) -> Analysis:
    names = [each.arithmetic for each in a.agreements]
    turned = zip(a.agreements, names[1:] + names[:1], strict=True)
    return replace(a, agreements=tuple(replace(each, arithmetic=name) for each, name in turned))


def _logits_that_are_not_finite_kept_quiet(a: Analysis) -> Analysis:
    return replace(a, agreements=tuple(replace(each, not_finite=0) for each in a.agreements))


def _an_arithmetic_left_out(a: Analysis) -> Analysis:
    return replace(a, agreements=a.agreements[:-1])


def _unequal_ensembles_told_as_alike(a: Analysis) -> Analysis:
    def alike(found: Ensemble) -> Ensemble:
        return replace(found, scores=tuple(replace(s, n_seeds=found.scores[-1].n_seeds) for s in found.scores))

    return replace(a, ensembles=tuple(map(alike, a.ensembles)))


def _no_decision_told_as_an_unchanged_one(a: Analysis) -> Analysis:
    return replace(a, agreements=tuple(replace(e, n_decisions=max(1, e.n_decisions)) for e in a.agreements))


def _untested_ensembles_told_as_equal(a: Analysis) -> Analysis:
    def equal(pair: Any) -> Any:
        return replace(pair, p=1.0 if math.isnan(pair.p) else pair.p)

    return replace(a, ensembles=tuple(replace(e, pairs=tuple(map(equal, e.pairs))) for e in a.ensembles))


BUGS = [
    found for name, found in list(globals().items()) if name.startswith("_") and getattr(found, "__annotations__", {})
    == {"a": "Analysis", "return": "Analysis"}
]  # fmt: skip


def test_there_are_more_than_ten_confusions() -> None:
    assert len(BUGS) > 10


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.__name__.strip("_"))
def test_a_confusion_is_found(bug: Callable[[Analysis], Analysis], analyses: list[Analysis]) -> None:
    with pytest.raises(Broken):
        check_all(analyses, bug)


def test_a_note_of_the_table_says_that_ensembles_of_different_sizes_are_compared(analyses: list[Analysis]) -> None:
    seen = set()
    for analysis in analyses:
        made = ensemble_tables.comparisons(analysis)
        if made is None:
            continue
        unequal = any(
            len({s.n_seeds for s in found.scores if s.loss in (pair.first, pair.second)}) > 1
            for found in analysis.ensembles
            for pair in found.pairs
            if pair.in_family
        )
        assert any(note.startswith("Ensembles of different numbers of seeds") for note in made.notes) == unequal
        seen.add(unequal)
    assert seen == {True, False}


def test_parts_that_are_empty_leave_no_section(made_up: Callable[..., Analysis]) -> None:
    analysis: Any = made_up()
    empty = replace(analysis, **dict.fromkeys(PARTS, ()))
    assert beyond(empty) == ()
    assert listings(empty) == ()


@pytest.mark.parametrize("part", PARTS)
def test_one_empty_part_leaves_the_others(part: str, made_up: Callable[..., Analysis]) -> None:
    analysis: Any = made_up(**SHAPES["diverged"])
    whole, less = beyond(analysis), beyond(replace(analysis, **{part: ()}))
    assert len(less) in (len(whole), len(whole) - 1)
    assert {each.key for each in less} <= {each.key for each in whole}


def _tables(sections: tuple[Section, ...]) -> list[Table]:
    return [table for each in sections for table in (*each.tables, *each.tables_apart)]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_keyed_cell_holds_what_statistics_json_holds(shape: str, made_up: Callable[..., Analysis]) -> None:
    analysis = made_up(**SHAPES[shape])
    plain = to_plain(analysis)
    cells = [
        cell for table in _tables(beyond(analysis)) for body in table.bodies for row in body.rows for cell in row
    ]  # fmt: skip
    keyed = [cell for cell in cells if cell.key]
    assert len(keyed) > 20
    for cell in keyed:
        found = look_up(plain, cell.key) if not isinstance(_at(plain, cell.key), dict) else _at(plain, cell.key)["low"]
        assert cell.values[0] == pytest.approx(found, nan_ok=True, rel=0, abs=0), cell.key


def _at(plain: Any, key: str) -> Any:
    for step in key.split("."):
        plain = plain[int(step)] if isinstance(plain, list | tuple) else plain[step]
    return plain


def _pictures(analysis: Analysis) -> list[Picture]:
    return [
        picture
        for each in (*beyond(analysis), *proofs())
        for picture in (*each.figures, *each.figures_apart)
    ]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_figures_are_sound_fit_on_a_page_and_are_told_in_words(shape: str, made_up: Callable[..., Analysis]) -> None:
    for picture in _pictures(made_up(**SHAPES[shape])):
        root = ElementTree.fromstring(picture.svg)
        assert float(root.attrib["width"].removesuffix("pt")) <= 6.3 * 72 + 0.1
        assert float(root.attrib["height"].removesuffix("pt")) <= 9.0 * 72
        assert root.findtext(f"{SVG}title") == picture.alt
        assert len(picture.alt) > 40
        coordinates = " ".join(element.attrib.get("d", "") for element in root.iter())
        assert "nan" not in coordinates
        texts = ["".join(element.itertext()) for element in root.iter(f"{SVG}text")]
        assert [text for text in texts if text in ("nan", "inf", "None")] == []


def _hollow(analysis: Analysis) -> int:
    """Count white marks that are drawn by reference, which are those of decisions out of reach and one in the key."""
    return sum(
        element.attrib.get("fill") == "#ffffff"
        for picture in multiverse.draw(analysis)
        for element in ElementTree.fromstring(picture.svg).iter(f"{SVG}use")
    )


def test_decisions_that_cannot_reach_alpha_are_drawn_hollow_and_are_not_counted(
    made_up: Callable[..., Analysis],
) -> None:
    few, many = made_up(seeds=3), made_up(seeds=12)
    groups = [group for _, group in multiverse.planned_groups(few)]
    out = {(g.first, g.second, r.test, r.adjustment) for g in groups for r in g.rows if not r.reachable}
    assert len(out) == 3 * 2 * 4
    assert _hollow(few) == len(out) + 1
    assert _hollow(many) == 1


def test_the_planned_decision_is_framed_once_per_comparison(made_up: Callable[..., Analysis]) -> None:
    analysis = made_up()
    planned = [row for _, group in multiverse.planned_groups(analysis) for row in group.rows if row.planned]
    assert len(planned) == len(analysis.losses) - 1
    assert {row.test for row in planned} == {"mrmc"}


def test_every_combination_stands_in_a_file_and_not_on_the_page(
    made_up: Callable[..., Analysis], machine: Callable[..., Table]
) -> None:
    analysis = made_up()
    table = next(table for table in listings(analysis) if table.key == "multiverse-rows")
    lines = to_csv(table).splitlines()
    assert len(lines) == 1 + sum(len(group.rows) for group in analysis.multiverse)
    assert sum(",yes," in line for line in lines) >= len(analysis.losses) - 1
    assert 'id="multiverse-rows"' not in page.render(document.compose(analysis, machine()))


def test_no_p_value_and_no_share_of_splits_belongs_to_the_floor_of_identical_losses(
    made_up: Callable[..., Analysis],
) -> None:
    analysis = replace(made_up(), twins=made_up().twins[:1], seed_floor=(), null_rates=())
    (section,) = [each for each in beyond(analysis) if each.key == "results-floor"]
    text = " ".join(paragraph.text() for paragraph in section.paragraphs)
    assert "identical" in text
    assert "p\N{NO-BREAK SPACE}" not in text
    assert [column.name for column in section.tables[0].columns if column.name.startswith("p")] == ["pair"]


def _told_floor(analysis: Analysis) -> bool:
    picture = differences.draw(analysis)
    return "baseline against itself" in picture.svg and "95th percentile" in picture.title


def test_the_seed_floor_is_drawn_into_the_differences_where_it_was_measured(made_up: Callable[..., Analysis]) -> None:
    analysis = made_up()
    assert _told_floor(analysis)
    assert not _told_floor(replace(analysis, seed_floor=()))
    undefined: SeedFloor = replace(analysis.seed_floor[0], percentile_95=math.nan)
    assert not _told_floor(replace(analysis, seed_floor=(undefined,)))


def test_wilcoxons_groups_are_bars_only_where_they_are_drawn_and_otherwise_the_matrix_is_printed(
    made_up: Callable[..., Analysis],
) -> None:
    analysis = made_up()
    (rank, *rest) = analysis.rankings
    nemenyi, wilcoxon = rank.procedures
    runs = (analysis.losses[:2],)
    for flag in (True, False):
        told = replace(wilcoxon, drawn=flag, transitive=flag, cliques=runs)
        own = replace(analysis, rankings=(replace(rank, procedures=(replace(nemenyi, drawn=True), told)), *rest))
        assert ranking.drawn_cliques(told) == (runs if flag else ())
        keys = [table.key for table in _tables(beyond(own))]
        assert ("ranks-matrix" in keys) != flag


def test_the_proofs_name_the_level_the_model_and_every_check() -> None:
    population, conformance = proofs()
    told = " ".join(paragraph.text() for paragraph in population.paragraphs)
    claim = population_claim()
    assert claim.words in told
    assert "α = 0.05" in population.figures[0].title
    rates = [test.rates for test in claim.tests if test.target == "both"]
    assert all(abs(rate - claim.alpha) < 0.01 for each in rates for rate in each)
    assert "joint tests" in population.figures[0].alt
    assert conformance.tables[0].rows == len(recorded().checks)
    assert "all agree" in conformance.paragraphs[0].text()


def test_a_deviation_is_printed_as_the_power_of_ten_that_it_does_not_exceed() -> None:
    assert [power_of_ten(value) for value in (3e-6, 1e-8, 0.0, 0.02, 1.0, 3.0)] == [
        "10⁻⁵", "10⁻⁸", "0", "10⁻¹", "1", "10¹",
    ]  # fmt: skip


def test_sections_are_numbered_on_and_point_to_what_they_show(
    made_up: Callable[..., Analysis], machine: Callable[..., Table]
) -> None:
    composed = document.compose(made_up(), machine())
    source = page.render(composed)
    for section in composed.sections:
        part = source.split(f'<section id="{section.key}">')[1].split("</section>")[0]
        assert all(f'href="#{key}"' in part for key in section.keys)
        assert all(f'id="{each.key}"' in part for each in (*section.figures, *section.tables))
        assert all(f'id="{each.key}"' in source for each in (*section.figures_apart, *section.tables_apart))
