"""Blocks are put into an order that leaves no holes, and that an author could have chosen."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cxr_report.report.floats import Block, order

KINDS = st.sampled_from(["figure", "table", "rows", "text", "h2", "h3"])


@st.composite
def blocks(draw: st.DrawFn) -> list[Block]:
    sizes = draw(st.lists(st.tuples(KINDS, st.floats(0.01, 1.5)), max_size=25))
    return [Block(place, kind, 0.03 if kind in ("h2", "h3") else size) for place, (kind, size) in enumerate(sizes)]


def test_text_flows_into_the_hole_before_a_figure_that_does_not_fit() -> None:
    page = [Block(0, "text", 0.5), Block(1, "figure", 0.8), Block(2, "text", 0.3), Block(3, "text", 0.4)]
    assert order(page, 1.0) == [0, 2, 3, 1]


def test_text_flows_past_every_figure_that_waits() -> None:
    page = [Block(0, "text", 0.6), Block(1, "figure", 0.5), Block(2, "figure", 0.3), Block(3, "text", 0.35)]
    assert order(page, 1.0) == [0, 3, 1, 2]


def test_a_figure_drifts_past_one_heading_and_no_further() -> None:
    page = [Block(0, "text", 0.4), Block(1, "figure", 0.95), Block(2, "h3", 0.05), Block(3, "text", 0.1),
            Block(4, "h3", 0.05), Block(5, "text", 0.2)]  # fmt: skip
    assert order(page, 1.0) == [0, 2, 3, 1, 4, 5]


def test_a_table_does_not_overtake_one_that_waits() -> None:
    page = [Block(0, "text", 0.6), Block(1, "table", 0.5), Block(2, "rows", 0.3), Block(3, "text", 0.35)]
    assert order(page, 1.0) == [0, 3, 1, 2]


def test_a_figure_that_fits_stays_where_it_is() -> None:
    page = [Block(0, "text", 0.1), Block(1, "figure", 0.8), Block(2, "text", 0.3)]
    assert order(page, 1.0) == [0, 1, 2]


def test_a_heading_is_not_left_above_a_figure_that_it_does_not_belong_to() -> None:
    page = [
        Block(0, "text", 0.5),
        Block(1, "figure", 0.8),
        Block(2, "text", 0.2),
        Block(3, "h3", 0.05),
        Block(4, "figure", 0.3),
    ]
    assert order(page, 1.0) == [0, 2, 1, 3, 4]


@given(blocks())
def test_no_block_is_lost_or_doubled(found: list[Block]) -> None:
    assert sorted(order(found, 1.0)) == list(range(len(found)))


@given(blocks())
def test_figures_tables_and_text_keep_their_order_among_themselves(found: list[Block]) -> None:
    new = order(found, 1.0)
    for kinds in (("figure",), ("table", "rows"), ("text", "h2", "h3")):
        own = [place for place in new if found[place].kind in kinds]
        assert own == sorted(own)


@given(blocks())
def test_nothing_crosses_the_beginning_of_a_main_section(found: list[Block]) -> None:
    new = order(found, 1.0)
    for at, place in enumerate(new):
        if found[place].kind == "h2":
            assert set(new[:at]) == set(range(place))
