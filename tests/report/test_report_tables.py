"""The tables: the same cells in print, as CSV and as LaTeX; undefined stays undefined; text stays text."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_makers.drawn import random_analysis

from cxr_report.analysis.value import BOTH, CASES, Analysis
from cxr_report.report import numerals
from cxr_report.report.answers import deciding, over_seeds, shown
from cxr_report.report.figures import differences
from cxr_report.report.tables import (
    Body,
    Cell,
    Column,
    Table,
    appendix,
    class_pairs,
    comparisons,
    equivalence,
    joint,
    omnibus,
    results,
    sensitivity,
    to_csv,
    to_latex,
)
from cxr_report.report.tables.table import LOW_HIGH, interval, number, of, plain
from cxr_report.report.tables.writing import escape_latex, neutralise

SMALL = Table(
    key="small",
    number="Table 1",
    title="AUROC & more",
    n="n = 224 test cases",
    columns=(
        Column("loss", "Loss", "text"),
        Column("n", "Seeds"),
        Column("mean", "Mean", group="AUROC"),
        Column("interval", "95 % interval", group="AUROC", parts=LOW_HIGH),
    ),
    bodies=(
        Body((
            (plain("cross_entropy"), of(5), number(0.91234), interval(0.9, 0.925)),
            (plain("=focal"), of(4), number(math.nan), interval(math.nan, math.nan)),
        ), "AUROC (higher is better)"),
        Body(
            ((plain("Pixels"), Cell("–", (None,)), number(0.74, strong=True), interval(-0.01, 0.79)),),
            "AUROC",
            apart=True,
        ),
    ),
    notes=("– undefined.",),
    bodies_title="metric",
)  # fmt: skip

CSV = """\
metric,loss,n,mean,interval_low,interval_high
AUROC (higher is better),cross_entropy,5,0.91234,0.9,0.925
AUROC (higher is better),'=focal,4,,,
AUROC,Pixels,,0.74,-0.01,0.79
"""

LATEX = r"""% needs \usepackage{booktabs}
\begin{table}
\centering
\caption{AUROC \& more (n = 224 test cases).}\label{tab:small}
\begin{tabular}{lrrr}
\toprule
 &  & \multicolumn{2}{c}{AUROC} \\
\cmidrule(lr){3-4}
Loss & Seeds & Mean & 95 \% interval \\
\midrule
\multicolumn{4}{l}{\textit{AUROC (higher is better)}} \\
cross\_entropy & 5 & 0.912 & 0.900 to 0.925 \\
=focal & 4 & -- & -- \\
\midrule
\multicolumn{4}{l}{\textit{AUROC}} \\
Pixels & -- & \textbf{0.740} & \ensuremath{-}0.010 to 0.790 \\
\bottomrule
\end{tabular}
\par\smallskip{\footnotesize -- undefined.\par}
\end{table}
"""


def test_a_table_as_csv_has_full_precision_and_empty_cells_for_what_is_undefined() -> None:
    assert to_csv(SMALL) == CSV


def test_a_table_as_latex_is_set_with_booktabs() -> None:
    assert to_latex(SMALL) == LATEX


def test_a_long_table_breaks_over_pages_with_its_head_repeated() -> None:
    rows = tuple((plain(str(place)), of(place), number(0.5), interval(0, 1)) for place in range(60))
    text = to_latex(replace(SMALL, bodies=(Body(rows),), bodies_title=""))
    assert "\\begin{longtable}" in text
    assert text.count("Loss & Seeds") == 2
    assert text.index("\\endfirsthead") < text.index("\\endhead") < text.index("59 & 59")


def test_a_row_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="a row has 1 cells, 4 are needed"):
        replace(SMALL, bodies=(Body(((plain("x"),),)),))


@given(st.text(min_size=1))
def test_no_text_in_a_csv_can_be_read_as_a_formula(text: str) -> None:
    table = Table("t", "", "", "", (Column("a", "A", "text"),), (Body(((plain(text),),)),))
    read = list(csv.reader(io.StringIO(to_csv(table), newline="")))
    assert read[1] in ([neutralise(text)], [])
    assert not neutralise(text).lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert neutralise(text).removeprefix("'") in (re.sub("[\r\n]+", " ", text), re.sub("[\r\n]+", " ", text)[1:])


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_in_a_csv_keeps_its_full_precision_and_is_never_taken_for_a_formula(value: float) -> None:
    table = Table("t", "", "", "", (Column("a", "A"),), (Body(((number(value),),)),))
    assert float(to_csv(table).splitlines()[1]) == value


@given(st.text())
def test_no_text_can_break_a_latex_table(text: str) -> None:
    written = escape_latex(text)
    bare = re.sub(r"\\[{}&#%_$,]|\\ensuremath\{[^{}]*(\{[^{}]*\})?\}|\\text[a-z]+\{\}", "", written)
    assert not re.search(r"[\\{}&#%_$^\n]", bare)


def _tables(analysis: Analysis) -> list[Table]:
    found = [
        results.main(analysis),
        comparisons.headline(analysis),
        omnibus.omnibus(analysis, analysis.metrics[:1], "omnibus"),
        omnibus.omnibus(analysis, analysis.metrics[1:], "omnibus-secondary"),
        comparisons.pairs(analysis, analysis.metrics[:1], "pairs"),
        comparisons.pairs(analysis, analysis.metrics[1:], "pairs-secondary"),
        comparisons.exact(analysis),
        comparisons.outside(analysis),
        joint.comparisons(analysis, BOTH, "joint"),
        joint.comparisons(analysis, CASES, "cases"),
        joint.means(analysis, analysis.joint[0], "joint.0"),
        equivalence.equivalence(analysis),
        *appendix.runs(analysis),
    ]
    return [table for table in found if table is not None]


def test_the_numbers_of_a_column_have_equal_decimals_within_a_metric(made_up: Callable[..., Analysis]) -> None:
    exempt = {"w_plus", "max_delta", "df", "df1"}
    for table in _tables(made_up()):
        for place, column in enumerate(table.columns):
            if column.kind == "text" or column.name in exempt or re.match(r"p(_|$)", column.name):
                continue
            for body in table.bodies:
                texts = [row[place].text for row in body.rows if row[place].text != numerals.UNDEFINED]
                first = {re.split(r"[ ;(]", text)[0] for text in texts}
                assert len({len(text.partition(".")[2]) for text in first}) <= 1, (table.key, column.name, first)


def test_a_metric_that_is_undefined_everywhere_shows_no_number_anywhere(made_up: Callable[..., Analysis]) -> None:
    analysis = made_up(undefined=("brier",))
    bodies = [body for body in results.main(analysis).bodies if body.title.startswith("Brier") and not body.apart]
    cells = [cell.text for body in bodies for row in body.rows for cell in row[2:]]
    assert cells
    assert set(cells) == {numerals.UNDEFINED}
    notes = " ".join(results.main(analysis).notes)
    assert "Brier score: undefined" in notes


def test_the_controls_stand_apart_below_the_losses_of_every_metric(made_up: Callable[..., Analysis]) -> None:
    bodies = results.main(made_up()).bodies
    assert [body.apart for body in bodies] == [False, True] * 4
    assert [row[0].text for row in bodies[1].rows] == ["Pixel logistic regression *", "Metadata only *"]
    assert [row[1].text for row in bodies[1].rows] == [numerals.UNDEFINED] * 2


@pytest.mark.parametrize("shape", [{}, {"joint": False, "family": "all"}, {"family": "all"}])
def test_a_decision_is_bold_exactly_where_the_analysis_says_that_a_difference_is_shown(
    made_up: Callable[..., Analysis], shape: dict[str, Any]
) -> None:
    analysis = made_up(**{"losses": 6, "seeds": 10, **shape})
    rows = deciding(analysis, "auroc").family
    table = comparisons.headline(analysis).bodies[0].rows
    assert [row[5].strong for row in table] == [row[-1].strong for row in table] == [shown(row) for row in rows]
    words = {"first better": "better", "second better": "worse", "not shown": f"not{numerals.NO_BREAK}shown"}
    assert [row[-1].text for row in table] == [words[row.verdict] for row in rows]
    assert {row[5].strong for row in table} == {True, False}


def test_beside_a_decision_stand_the_answers_of_the_other_targets_each_under_its_name(
    made_up: Callable[..., Analysis],
) -> None:
    analysis = made_up(losses=3)
    table = comparisons.headline(analysis)
    assert [column.group for column in table.columns[4:8]] == [
        "Seeds and cases", "Seeds and cases", "Seeds, these cases", "Cases, these runs",
    ]  # fmt: skip
    joint_, cases = analysis.joint[0].pairs, analysis.cases[0].pairs
    seeds = [pair for pair in analysis.pairs if pair.primary]
    for row, place in zip(table.bodies[0].rows, (0, 1), strict=True):
        told = [cell.values[0] for cell in row[4:9]]
        assert told == [
            joint_[place].p, joint_[place].p_adjusted, seeds[place].p_t, cases[place].p, seeds[place].d_z,
        ]  # fmt: skip


def test_without_an_analysis_over_cases_the_seeds_decide_and_no_other_target_is_named(
    made_up: Callable[..., Analysis],
) -> None:
    table = comparisons.headline(made_up(joint=False))
    assert {column.group for column in table.columns} == {"", "95\N{NO-BREAK SPACE}% interval", "Seeds, these cases"}
    assert "for other seeds, these cases" in table.title
    assert "seeds and cases" not in " ".join(table.notes)


def test_every_difference_has_an_unadjusted_and_a_simultaneous_interval(made_up: Callable[..., Analysis]) -> None:
    for table in (
        comparisons.headline(made_up()),
        comparisons.pairs(made_up(), ("auroc",), "pairs"),
        joint.comparisons(made_up(), BOTH, "joint"),
    ):
        assert table is not None
        names = [column.name for column in table.columns]
        for body in table.bodies:
            for row in body.rows:
                low, high = row[names.index("interval")].values
                wide_low, wide_high = row[names.index("simultaneous")].values
                assert wide_low < low < high < wide_high  # type: ignore[operator]


def test_pairs_outside_of_the_family_stand_apart_with_raw_p_values_alone(made_up: Callable[..., Analysis]) -> None:
    analysis = made_up(losses=4)
    table = comparisons.outside(analysis)
    assert table is not None
    assert table.rows == 3
    assert not [column for column in table.columns if "adj" in column.title or "simultaneous" in column.name]
    assert comparisons.outside(made_up(losses=2)) is None
    assert comparisons.outside(made_up(family="all")) is None
    assert comparisons.headline(analysis).rows == 3


def test_equivalence_is_told_exactly_where_it_is_shown_and_seeds_alone_are_told_apart(
    made_up: Callable[..., Analysis],
) -> None:
    seen = set()
    for analysis in map(random_analysis, (*range(12), 40, 51)):
        table = equivalence.equivalence(analysis)
        assert table is not None
        assert {column.group for column in table.columns[-3:]} == {"Seeds, these cases only"}
        names = [column.name for column in table.columns]
        told = [row[names.index("shown")].values[0] for row in table.bodies[0].rows] if "shown" in names else []
        found = analysis.equivalences
        assert told == ["equivalent" if r.equivalent else "not inferior" if r.noninferior else "neither" for r in found]
        seen |= set(told)
    assert seen == {"equivalent", "not inferior", "neither"}
    alone = equivalence.equivalence(made_up(joint=False))
    assert alone is not None
    assert [column.name for column in alone.columns] == ["pair", "p_tost", "t_rope", "rank_rope"]


def test_the_planned_test_of_all_losses_stands_first_and_is_marked(made_up: Callable[..., Analysis]) -> None:
    for analysis, mark in ((made_up(), "(planned)"), (made_up(joint=False), "(in place of the planned)")):
        rows = omnibus.omnibus(analysis, ("auroc",), "omnibus").bodies[0].rows
        assert [row[0].text.endswith(mark) for row in rows] == [True] + [False] * (len(rows) - 1)
        planned = next(test for test in analysis.omnibus if test.metric == "auroc" and test.planned)
        assert rows[0][2].values == (planned.statistic,)
        assert rows[0][4].values == (planned.p,)


def test_an_omnibus_test_is_bold_exactly_where_it_rejects(made_up: Callable[..., Analysis]) -> None:
    analysis = made_up(losses=3, seeds=3)
    bodies = omnibus.omnibus(analysis, analysis.metrics, "omnibus").bodies
    bold = {(row[0].values[0], row[4].values[0]): row[4].strong for body in bodies for row in body.rows}
    assert bold == {(test.test, test.p): test.rejected for test in analysis.omnibus}
    assert set(bold.values()) == {True, False}


def test_the_table_of_exact_tests_says_where_the_wilcoxon_test_is_powerless(made_up: Callable[..., Analysis]) -> None:
    few = " ".join(comparisons.exact(made_up(seeds=5)).notes)
    many = " ".join(comparisons.exact(made_up(seeds=12)).notes)
    assert "cannot reach 0.05: its smallest possible adjusted p is 0.188" in few
    assert "cannot reach" not in many


def test_every_metric_is_called_by_its_role_in_the_plan(made_up: Callable[..., Analysis]) -> None:
    analysis = made_up(hierarchy=("brier",))
    titles = {body.title.split(";")[0] for body in comparisons.pairs(analysis, analysis.metrics, "all").bodies}
    assert titles == {
        "AUROC (higher is better), primary",
        "Balanced accuracy (higher is better), secondary, exploratory",
        "Average precision (higher is better), secondary, exploratory",
        "Brier score (lower is better), secondary, step 2 of the hierarchy",
    }


def test_the_family_over_seeds_alone_is_told_with_its_own_decisions(made_up: Callable[..., Analysis]) -> None:
    analysis = made_up(losses=6, seeds=10)
    table = comparisons.pairs(analysis, ("auroc",), "pairs")
    assert [row[6].strong for row in table.bodies[0].rows] == [
        shown(row) for row in over_seeds(analysis, "auroc").family
    ]


def test_the_rate_of_diverged_runs_stands_beside_every_comparison(made_up: Callable[..., Analysis]) -> None:
    analysis = made_up(seeds=6, diverged=2)
    told = "Diverged runs: 2 of 24 (label-smoothing 2)."
    compared = [table for table in _tables(analysis) if table.columns[0].name == "pair"]
    more = (sensitivity.sensitivity(analysis), class_pairs.class_pairs(analysis))
    compared += [table for table in more if table is not None]
    assert {"headline", "pairs", "joint", "cases", "equivalence", "sensitivity"} <= {table.key for table in compared}
    assert [table.key for table in compared if told not in table.notes] == []
    assert told.removesuffix(".") in differences.draw(analysis).title
    assert "Diverged runs: 0 of 20." in comparisons.headline(made_up()).notes


def test_many_losses_are_dealt_to_several_tables_of_classes_and_none_is_lost(made_up: Callable[..., Analysis]) -> None:
    analysis = made_up(task="multilabel", classes=14, losses=11, seeds=3)
    tables = list(results.classes(analysis, "auroc", {}))
    assert [name for table in tables for name in (c.name for c in table.columns[2:])] == list(analysis.losses)
    assert max(len(table.columns) for table in tables) <= 7


def test_long_labels_are_shortened_where_two_stand_side_by_side_and_explained_once(
    made_up: Callable[..., Analysis],
) -> None:
    analysis = made_up(long_names=True)
    row = comparisons.pairs(analysis, ("auroc",), "pairs").bodies[0].rows[0]
    assert row[0].text == "weighted-cross-entropy − cross-entropy"
    assert row[0].values == (analysis.labels["weighted-cross-entropy"], analysis.labels["cross-entropy"])


@pytest.mark.parametrize(
    ("number_", "text"),
    [(0.0, "0.000"), (-0.0, "0.000"), (-0.0004, "0.000"), (-0.0006, "−0.001"), (math.inf, "∞"), (math.nan, "–")],
)
def test_a_number_is_written_with_a_typographic_minus_and_without_negative_zero(number_: float, text: str) -> None:
    assert numerals.value(number_) == text


@given(st.floats(0, 1), st.sampled_from([0.01, 0.05, 0.1]))
def test_a_printed_p_lies_on_the_same_side_of_alpha_as_the_p(p: float, alpha: float) -> None:
    text = numerals.p_value(p, alpha)
    shown = float(text.lstrip("<>"))
    assert (shown <= alpha) == (p <= alpha)
    assert text != "0.000"
