"""The tables: the same cells in print, as CSV and as LaTeX; undefined stays undefined; text stays text."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr_report.analysis.value import Analysis
from cxr_report.report import numerals
from cxr_report.report.tables import Body, Cell, Column, Table, appendix, comparisons, results, to_csv, to_latex
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
    return [
        results.main(analysis),
        results.omnibus(analysis),
        comparisons.pairs(analysis, analysis.metrics[:1], "pairs"),
        comparisons.pairs(analysis, analysis.metrics[1:], "pairs-secondary"),
        *(comparisons.joint(analysis, test, "joint.0") for test in analysis.joint),
        *(comparisons.joint_means(analysis, test, "joint.0") for test in analysis.joint),
        *appendix.runs(analysis),
    ]


def test_the_numbers_of_a_column_have_equal_decimals_within_a_metric(made_up: Callable[..., Analysis]) -> None:
    exempt = {
        "p",
        "p_f",
        "p_t",
        "p_t_adjusted",
        "p_wilcoxon",
        "p_wilcoxon_adjusted",
        "p_adjusted",
        "w_plus",
        "max_delta",
        "df",
    }
    for table in _tables(made_up()):
        for place, column in enumerate(table.columns):
            if column.kind == "text" or column.name in exempt:
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


def test_an_adjusted_p_is_bold_exactly_where_the_analysis_says_that_a_difference_is_shown(
    made_up: Callable[..., Analysis],
) -> None:
    analysis = made_up(losses=6, seeds=10)
    table = comparisons.pairs(analysis, analysis.metrics[:1], "pairs")
    bold = [row[5].strong for row in table.bodies[0].rows]
    assert bold == [pair.verdict != "not shown" for pair in analysis.pairs if pair.primary]
    assert True in bold
    assert False in bold


def test_the_table_of_pairs_says_where_the_wilcoxon_test_is_powerless(made_up: Callable[..., Analysis]) -> None:
    few = " ".join(comparisons.pairs(made_up(seeds=5), ("auroc",), "pairs").notes)
    many = " ".join(comparisons.pairs(made_up(seeds=12), ("auroc",), "pairs").notes)
    assert "cannot reach 0.05: its smallest possible adjusted p is 0.375" in few
    assert "cannot reach" not in many


def test_the_rate_of_diverged_runs_stands_beside_every_comparison(made_up: Callable[..., Analysis]) -> None:
    notes = " ".join(comparisons.pairs(made_up(seeds=6, diverged=2), ("auroc",), "pairs").notes)
    assert "Diverged runs: 2 of 24 (label-smoothing 2)." in notes


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
    assert row[0].text == "cross-entropy − weighted-cross-entropy"
    assert row[0].values == (analysis.labels["cross-entropy"], analysis.labels["weighted-cross-entropy"])


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
