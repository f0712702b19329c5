"""The proof of an export, as a function of two sets of logits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cxr_report.inference.proof import TOLERANCE, Flip, Proof, prove

IDS = np.array(["a", "b", "c"])
LOGITS = np.array([[0.0, 10.0], [3.0, 1.0], [2.0, 2.0 - 1e-4]], dtype=np.float32)


def test_equal_logits_are_sound() -> None:
    proof = prove(LOGITS, LOGITS, ids=IDS)
    assert (proof.cases, proof.max_difference, proof.max_logit) == (3, 0.0, 10.0)
    assert proof.fault() == ""


def test_the_largest_difference_and_logit_are_found() -> None:
    moved = LOGITS.copy()
    moved[1, 0] += 0.5
    assert prove(LOGITS, moved, ids=IDS).max_difference == 0.5
    assert prove(-LOGITS, moved, ids=IDS).max_logit == 10.0


@pytest.mark.parametrize(("share", "sound"), [(0.9, True), (1.1, False)])
def test_the_limit_is_a_share_of_the_largest_logit(share: float, sound: bool) -> None:
    moved = LOGITS.copy()
    moved[0, 0] += share * TOLERANCE * 10.0
    fault = prove(LOGITS, moved, ids=IDS).fault()
    assert (fault == "") is sound
    assert sound or "differs from the trained one by up to 0.0011 in a logit on 3 validation cases" in fault


def test_a_flip_within_rounding_is_counted_and_named_and_no_fault() -> None:
    moved = LOGITS.copy()
    moved[2, 1] += 2e-4
    proof = prove(LOGITS, moved, ids=IDS)
    assert [flip.id for flip in proof.inside] == ["c"]
    assert proof.inside[0].margin == pytest.approx(1e-4, rel=1e-2)
    assert proof.outside == ()
    assert proof.fault() == ""


def test_a_flip_outside_the_band_is_a_fault_that_names_the_case() -> None:
    proof = Proof(3, 1e-6, 10.0, (), (Flip("b", "", 2.0),))
    assert "case b, whose margin 2 exceeds twice the largest difference 1e-06" in proof.fault()


def test_a_multilabel_case_has_one_label_per_finding_at_logit_zero() -> None:
    reference = np.array([[5e-5, -1e-5], [7.0, -3.0]], dtype=np.float32)
    moved = reference + np.array([[-1e-4, 1e-4], [0.0, 0.0]], dtype=np.float32)
    proof = prove(reference, moved, ids=IDS[:2], findings=("effusion", "nodule"))
    assert [(flip.id, flip.finding) for flip in proof.inside] == [("a", "effusion"), ("a", "nodule")]
    assert proof.inside[0].margin == pytest.approx(5e-5)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_logits_that_are_not_finite_are_a_fault(value: float) -> None:
    broken = LOGITS.copy()
    broken[0, 0] = value
    assert "not finite" in prove(LOGITS, broken, ids=IDS).fault()
    assert "not finite" in prove(broken, LOGITS, ids=IDS).fault()
    assert "not finite" in prove(broken, broken, ids=IDS).fault()


def test_shapes_that_differ_and_no_cases_are_refused() -> None:
    with pytest.raises(ValueError, match="one shape"):
        prove(LOGITS, LOGITS[:2], ids=IDS)
    with pytest.raises(ValueError, match="one shape"):
        prove(LOGITS[:0], LOGITS[:0], ids=IDS[:0])


floats = st.floats(-20, 20, width=32)


@given(arrays(np.float32, (3, 2), elements=floats), arrays(np.float32, (3, 2), elements=floats), st.booleans())
def test_no_flip_lies_outside_twice_the_largest_difference(ours: object, theirs: object, several: bool) -> None:
    findings = ("effusion", "nodule") if several else ()
    proof = prove(np.asarray(ours), np.asarray(theirs), ids=IDS, findings=findings)
    assert proof.outside == ()


@given(arrays(np.float32, (3, 2), elements=floats), arrays(np.float32, (3, 2), elements=floats))
def test_the_order_of_the_cases_does_not_matter(ours: object, theirs: object) -> None:
    first, second = np.asarray(ours), np.asarray(theirs)
    there = prove(first, second, ids=IDS)
    back = prove(first[::-1], second[::-1], ids=IDS[::-1])
    assert (there.max_difference, there.max_logit) == (back.max_difference, back.max_logit)
    assert {flip.id for flip in there.inside} == {flip.id for flip in back.inside}
