"""Labels that depend on the loss or on the seed: counted by hand, and the laws that any such count must obey."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cxr_report.metrics.changes import changes, votes

LABELS = hnp.arrays(np.int64, st.tuples(*[st.integers(1, 4)] * 3), elements=st.integers(0, 3))


def test_a_hand_made_table_is_read_as_a_reader_would() -> None:
    labels = np.array(
        [
            [[0, 0, 0, 1], [0, 0, 1, 1], [0, 1, 2, 2]],
            [[0, 1, 0, 2], [0, 1, 0, 2], [0, 0, 0, 2]],
        ]
    )
    found = changes(labels)
    assert found.most.tolist() == [[0, 0, -1, 1], [0, 1, 0, 2]]
    assert found.by_loss.tolist() == [False, True, False, True]
    assert found.by_seed.tolist() == [False, True, True, True]
    assert found.apart[0, 1] == pytest.approx([0, 1 / 3, 0, 2 / 3])
    assert found.split[0] == pytest.approx([0, 1 / 3, 2 / 3, 1 / 3])
    assert votes(labels)[:, 0, 2].tolist() == [1, 1, 1]


@given(LABELS)
def test_the_order_of_losses_and_of_seeds_does_not_matter(labels: np.ndarray) -> None:
    found, turned = changes(labels), changes(labels[::-1, ::-1])
    assert (found.by_loss == turned.by_loss).all()
    assert (found.by_seed == turned.by_seed).all()
    assert np.allclose(found.apart, turned.apart[::-1, ::-1])


@given(LABELS)
def test_other_names_of_the_labels_change_nothing(labels: np.ndarray) -> None:
    found, renamed = changes(labels), changes(3 - labels)
    assert (found.by_loss == renamed.by_loss).all()
    assert (found.by_seed == renamed.by_seed).all()
    assert np.allclose(found.split, renamed.split)


@given(LABELS)
def test_where_all_runs_agree_nothing_changes_and_where_any_differ_something_does(labels: np.ndarray) -> None:
    found = changes(labels)
    agree = (labels == labels[0, 0]).all(axis=(0, 1))
    assert (~(found.by_loss | found.by_seed) == agree).all()


@given(LABELS)
def test_distances_are_shares_and_are_positive_only_between_losses_that_contradict_each_other(
    labels: np.ndarray,
) -> None:
    found = changes(labels)
    assert ((found.apart >= 0) & (found.apart <= 1 + 1e-12)).all()
    assert ((found.apart.max(axis=(0, 1)) > 0) == found.by_loss).all()
    assert ((found.split >= 0) & (found.split < 1)).all()


@pytest.mark.parametrize("labels", [np.zeros((0, 2, 3), int), np.zeros((2, 0, 3), int), np.full((1, 1, 1), -1)])
def test_what_are_no_labels_is_refused(labels: np.ndarray) -> None:
    with pytest.raises(ValueError, match="integers from 0 of shape"):
        changes(labels)
