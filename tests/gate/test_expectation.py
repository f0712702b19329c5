"""Where variances come from: a pilot's statistics or the user's components, and how they follow the cases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from cxr_report.errors import Refusal
from cxr_report.gate import Expectation, of_components, of_pilot, read_pilot
from cxr_report.runs import StudyFolder, write_json
from cxr_report.study import Components, parse

STUDY = {
    "name": "pilot",
    "task": "multiclass",
    "seeds": 4,
    "data": {"source": "phantom"},
    "losses": {"ce": {"loss": "cross-entropy"}, "focal": {"loss": "focal"}, "ls": {"loss": "label-smoothing"}},
}
PARTS = {"var_loss_seed": 5e-5, "var_error": 6e-5, "cov1": 3e-5, "cov2": 2.5e-5, "cov3": 2e-5}


def pilot(place: Path, **changes: Any) -> StudyFolder:
    folder = StudyFolder(place / "pilot")
    entry = {"metric": "auroc", "target": "seeds and cases", "n_seeds": 4, "n_cases": 100, **PARTS, **changes}
    study = parse(STUDY, "s").model_dump(mode="json")
    write_json(folder.analysis().statistics, {"study": study, "losses": ["ce", "focal", "ls"], "joint": [entry]})
    return folder


def test_a_pilot_gives_its_mean_square_its_error_part_and_its_degrees_of_freedom(tmp_path: Path) -> None:
    found = of_pilot(read_pilot(pilot(tmp_path)), "auroc")
    assert found.square == pytest.approx(5e-5 + 6e-5 - 3e-5 - 5e-6)
    assert found.error == pytest.approx(6e-5 - 3e-5 - 5e-6)
    assert found.case == pytest.approx(5e-6)
    assert (found.cases, found.df) == (100, 6)
    assert "3 losses x 4 seeds, 100 test cases" in found.source


def test_the_loss_x_seed_part_does_not_shrink_with_the_cases_and_the_rest_does(tmp_path: Path) -> None:
    found = of_pilot(read_pilot(pilot(tmp_path)), "auroc")
    ms, case = found.at(400)
    assert ms == pytest.approx(5e-5 + (6e-5 - 3e-5 - 5e-6) / 4)
    assert case == pytest.approx(5e-6 / 4)
    assert found.at(None) == found.at(100)
    assert "scaled by 100/400" in found.scaling(400)
    assert "its loss x seed part is not" in found.scaling(400)
    assert found.scaling(100) == ""


def test_a_mean_square_below_its_error_part_counts_as_that_part(tmp_path: Path) -> None:
    found = of_pilot(read_pilot(pilot(tmp_path, var_loss_seed=-2e-5)), "auroc")
    assert found.at(100)[0] == pytest.approx(6e-5 - 3e-5 - 5e-6)


def test_a_negative_case_part_counts_as_none(tmp_path: Path) -> None:
    found = of_pilot(read_pilot(pilot(tmp_path, cov2=1e-5)), "auroc")
    assert found.case == 0
    assert found.error == pytest.approx(6e-5 - 3e-5)


def test_the_upper_bound_is_that_of_chi_square(tmp_path: Path) -> None:
    found = of_pilot(read_pilot(pilot(tmp_path)), "auroc")
    assert found.upper().square == pytest.approx(found.square * 6 / chi2.ppf(0.2, 6))
    known = of_components(Components(ms=1e-4, case=0))
    assert known.upper() == known


def test_the_users_components_are_of_two_losses_and_are_never_understated() -> None:
    stated = of_components(Components(ms=1e-4, case=2e-5, seeds=5, cases=100))
    assert (stated.df, stated.error) == (4, None)
    assert stated.at(200) == (1e-4, 1e-5)
    assert stated.at(50) == (2e-4, 4e-5)
    assert "is taken as stated" in stated.scaling(200)
    assert "scaled likewise" in stated.scaling(50)
    assert of_components(Components(ms=1e-4, case=2e-5)).at(50) == (1e-4, 2e-5)


@given(
    square=st.floats(0, 1),
    error=st.one_of(st.none(), st.floats(0, 1)),
    case=st.floats(0, 1),
    fewer=st.integers(2, 1000),
    more=st.integers(0, 1000),
)
def test_more_cases_never_bring_more_variance(
    square: float, error: float | None, case: float, fewer: int, more: int
) -> None:
    expected = Expectation(square, error, case, 100, None, "")
    few, many = expected.at(fewer), expected.at(fewer + more)
    assert many[0] <= few[0] * (1 + 1e-12)
    assert many[1] <= few[1] * (1 + 1e-12)
    assert expected.at(fewer)[0] >= min(square, error or square) * min(1.0, 100 / fewer) * (1 - 1e-12)


def test_a_folder_without_an_analysis_is_no_pilot(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match=r"holds no analysis/statistics\.json; a pilot is a study that was analysed"):
        read_pilot(StudyFolder(tmp_path))


@pytest.mark.parametrize(
    "content", ["[]", "{}", '{"study": {}}', '{"study": 3, "joint": [], "losses": []}', "9" * 5000, "[" * 100_000]
)
def test_a_file_that_is_no_statistics_is_one_sentence(tmp_path: Path, content: str) -> None:
    file = StudyFolder(tmp_path).analysis().statistics
    file.parent.mkdir(parents=True)
    file.write_text(content)
    with pytest.raises(Refusal) as caught:
        read_pilot(StudyFolder(tmp_path))
    assert "\n" not in str(caught.value)
    assert "statistics.json" in str(caught.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("n_seeds", 1), ("n_seeds", -4), ("n_seeds", 2.5), ("n_seeds", "4"), ("n_seeds", None), ("n_seeds", True),
        ("n_cases", 0), ("n_cases", 10**12), ("n_cases", [100]), ("n_cases", float("nan")),
        ("var_error", "much"), ("var_loss_seed", float("nan")), ("cov1", float("inf")), ("cov2", 10**400),
        ("cov3", [1.0]), ("cov3", 1e300), ("cov1", True),
    ],
)  # fmt: skip
def test_a_pilot_with_an_impossible_field_is_damaged(tmp_path: Path, field: str, value: Any) -> None:
    folder = pilot(tmp_path)
    file = folder.analysis().statistics
    raw = json.loads(file.read_text())
    raw["joint"][0][field] = value
    file.write_text(json.dumps(raw))
    with pytest.raises(Refusal, match=rf"statistics.json is damaged .*ValueError: {field} must be a") as caught:
        read_pilot(folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("losses", ["ce", 3, None, [], ["ce"], ["ce", "ce"], ["ce", "other"], ["ce", 2], {"ce": 1}])
def test_a_pilot_of_impossible_losses_is_damaged(tmp_path: Path, losses: Any) -> None:
    folder = pilot(tmp_path)
    file = folder.analysis().statistics
    file.write_text(json.dumps({**json.loads(file.read_text()), "losses": losses}))
    with pytest.raises(Refusal, match=r"is damaged .*losses must be some of ce, focal, ls, each once"):
        read_pilot(folder)


def test_a_pilot_that_lacks_a_component_is_damaged(tmp_path: Path) -> None:
    folder = pilot(tmp_path)
    file = folder.analysis().statistics
    raw = json.loads(file.read_text())
    del raw["joint"][0]["cov2"]
    file.write_text(json.dumps(raw))
    with pytest.raises(Refusal, match=r"is damaged .*KeyError: 'cov2'"):
        read_pilot(folder)


def test_a_pilot_without_the_metric_or_with_seeds_fixed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="no analysis of brier over seeds and cases; it has one of auroc"):
        of_pilot(read_pilot(pilot(tmp_path)), "brier")
    with pytest.raises(Refusal, match="no analysis of auroc"):
        of_pilot(read_pilot(pilot(tmp_path, target="cases")), "auroc")


def test_an_undefined_component_is_refused_by_name(tmp_path: Path) -> None:
    folder = pilot(tmp_path)
    raw = json.loads(folder.analysis().statistics.read_text())
    raw["joint"][0]["cov2"] = None
    write_json(folder.analysis().statistics, raw)
    with pytest.raises(Refusal, match="its cov2 of auroc is undefined"):
        of_pilot(read_pilot(folder), "auroc")
