"""The section inference: part of the plan where variants are asked for, and nothing where none are."""

from __future__ import annotations

from typing import Any

import pytest

from cxr_report.errors import Refusal
from cxr_report.study import Study, digest, parse

FAULTS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "unknown variant": ({"variants": ["fp8"]}, ("inference.variants", "cpu, fp16, int8")),
    "named twice": ({"variants": ["fp16", "fp16"]}, ("inference.variants", "twice")),
    "unknown key": ({"variant": ["fp16"]}, ("inference.variant", "did you mean 'variants'")),
    "no case": ({"variants": ["int8"], "cases_for_calibration": 0}, ("inference.cases_for_calibration", "1", "0")),
}


def study(inference: dict[str, Any] | None = None, **changes: Any) -> Study:
    raw = {
        "name": "tiny",
        "task": "multiclass",
        "seeds": 3,
        "data": {"source": "phantom"},
        "losses": {"ce": {"loss": "cross-entropy"}, "focal": {"loss": "focal"}},
        **({} if inference is None else {"inference": inference}),
    }
    return parse({**raw, **changes}, "study.toml")


def test_a_study_without_variants_has_the_plan_that_it_always_had() -> None:
    assert "inference" not in study().plan()
    assert study({"variants": []}).plan() == study().plan()


def test_variants_are_part_of_the_plan_and_of_no_run() -> None:
    with_both = study({"variants": ["int8", "fp16"]})
    assert with_both.plan()["inference"] == {"variants": ["fp16", "int8"], "cases_for_calibration": 128}
    assert digest(with_both.plan()) != digest(study().plan())
    assert with_both.run_identity("ce", 1, "f") == study().run_identity("ce", 1, "f")
    assert parse({**with_both.plan(), "name": "tiny", "seeds": 3}, "study.json") == with_both


def test_the_order_of_the_variants_means_nothing() -> None:
    assert study({"variants": ["int8", "fp16"]}).plan() == study({"variants": ["fp16", "int8"]}).plan()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_sentence_that_names_the_key_and_what_is_allowed(fault: str) -> None:
    section, words = FAULTS[fault]
    with pytest.raises(Refusal) as caught:
        study(section)
    assert all(word in str(caught.value) for word in words)
    assert "\n" not in str(caught.value)


def test_a_table_of_numbers_has_no_variants() -> None:
    table = {"content": "scores"}
    with pytest.raises(Refusal, match=r"inference\.variants: go with runs that are trained here"):
        study(
            {"variants": ["fp16"]},
            task="none",
            data={"source": "table", "path": "results.csv", "table": table},
            losses={name: {"reported": True, "label": name} for name in ("a", "b")},
            metrics={"primary": "auroc", "secondary": []},
        )
