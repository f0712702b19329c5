"""The laws of splitting."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from cxr_report.data.splits import joined_groups, label_matrix, stratified_split

SHARES = (0.6, 0.2, 0.2)


def drawn(seed: int, patients: int, classes: int, largest: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Patients of one class each, with 1 to ``largest`` images, in mixed order."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, largest + 1, size=patients)
    groups = np.repeat(rng.permutation(patients) * 7, sizes)
    labels = np.repeat(rng.integers(0, classes, size=patients), sizes)
    order = rng.permutation(len(groups))
    return groups[order], labels[order]


def cut(groups: NDArray[np.int64], labels: NDArray[np.int64], classes: int, seed: int = 0) -> NDArray[np.int64]:
    return stratified_split(groups, label_matrix(labels, classes), shares=SHARES, rng=np.random.default_rng(seed))


@given(seed=st.integers(0, 10_000), patients=st.integers(3, 80), classes=st.integers(2, 4), largest=st.integers(1, 6))
def test_no_patient_crosses_and_every_class_is_shared_out(seed: int, patients: int, classes: int, largest: int) -> None:
    """A split gets a group only while its demand is open, so no split exceeds it by more than one group."""
    groups, labels = drawn(seed, patients, classes, largest)
    split = cut(groups, labels, classes, seed)
    for group in np.unique(groups):
        assert len(np.unique(split[groups == group])) == 1
    for label in np.unique(labels):
        counts = np.bincount(split[labels == label], minlength=3)
        excess = counts - np.array(SHARES) * (labels == label).sum()
        assert excess.max() < largest + 1e-9
        assert excess.min() > -2 * largest - 1e-9


def test_single_images_are_shared_out_to_within_one() -> None:
    groups = np.arange(1000)
    labels = np.repeat([0, 1, 2], [700, 250, 50])
    split = cut(groups, labels, 3)
    for label in range(3):
        counts = np.bincount(split[labels == label], minlength=3)
        assert np.abs(counts - np.array(SHARES) * (labels == label).sum()).max() <= 1


def test_rare_findings_reach_every_split_of_a_multilabel_set() -> None:
    rng = np.random.default_rng(0)
    labels = (rng.uniform(size=(600, 4)) < [0.5, 0.2, 0.05, 0.01]).astype(float)
    labels[rng.uniform(size=labels.shape) < 0.2] = np.nan
    split = stratified_split(np.arange(600) // 2, labels, shares=SHARES, rng=rng)
    for finding in range(4):
        total = np.nansum(labels[:, finding])
        counts = [np.nansum(labels[split == place, finding]) for place in range(3)]
        assert np.allclose(counts, np.array(SHARES) * total, atol=max(3, 0.06 * total))


def test_large_patients_do_not_all_go_to_one_split() -> None:
    sizes = np.array([10] * 30 + [1] * 300)
    groups = np.repeat(np.arange(330), sizes)
    split = cut(groups, np.zeros(len(groups), dtype=np.int64), 2)
    shares = [len(np.unique(groups[(split == place) & (groups < 30)])) for place in range(3)]
    assert shares == [18, 6, 6]


def test_seed_decides() -> None:
    groups, labels = drawn(1, 60, 2, 3)
    first = cut(groups, labels, 2, seed=5)
    assert np.array_equal(first, cut(groups, labels, 2, seed=5))
    assert not np.array_equal(first, cut(groups, labels, 2, seed=6))


@given(st.lists(st.tuples(st.integers(0, 12), st.sampled_from("abcdefgh")), min_size=1, max_size=40))
def test_joined_groups_are_the_components_of_shared_patients_and_images(cases: list[tuple[int, str]]) -> None:
    """The witness joins pairwise until nothing changes."""
    patients = np.array([patient for patient, _ in cases])
    images = np.array([image for _, image in cases])
    witness = patients.copy()
    changed = True
    while changed:
        changed = False
        for i in range(len(cases)):
            for j in range(len(cases)):
                if (patients[i] == patients[j] or images[i] == images[j]) and witness[i] != witness[j]:
                    witness[i] = witness[j] = min(witness[i], witness[j])
                    changed = True
    joined = joined_groups(patients, images)
    assert np.array_equal(joined[:, None] == joined[None, :], witness[:, None] == witness[None, :])


@pytest.mark.parametrize("classes", [2, 3])
def test_label_matrix_of_class_indices_is_the_indicator(classes: int) -> None:
    labels = np.arange(classes)
    assert np.array_equal(label_matrix(labels, classes), np.eye(classes))
