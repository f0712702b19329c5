"""Studies of runs that were not trained here: what their study.json says, and what they may ask for."""

from __future__ import annotations

from typing import Any

import pytest

from cxr_report.errors import Refusal
from cxr_report.metrics import METRICS
from cxr_report.study import Study, load, parse

SCORES: dict[str, Any] = {"content": "scores"}
PREDICTIONS: dict[str, Any] = {"content": "predictions", "scale": "probabilities", "splits": ["test"]}
LOSSES = {name: {"reported": True, "label": name.upper()} for name in ("ce", "focal")}


def table(content: dict[str, Any], **sections: Any) -> Study:
    raw = {
        "name": "given",
        "task": "none" if content["content"] == "scores" else "binary",
        "data": {"source": "table", "path": "results.csv", "table": content},
        "losses": LOSSES,
        "seeds": [1, 2, 3],
        **sections,
    }
    return parse(raw, "study.json")


def refusal(*args: Any, **sections: Any) -> str:
    with pytest.raises(Refusal) as caught:
        table(*args, **sections)
    return str(caught.value)


@pytest.mark.parametrize("content", [SCORES, PREDICTIONS])
def test_study_json_says_nothing_of_a_training_that_did_not_happen(content: dict[str, Any]) -> None:
    secondary = {"secondary": []} if content is SCORES else {}
    study = table(content, metrics=secondary)
    plain = study.model_dump(mode="json")
    assert not {"model", "training", "noise_floor"} & set(plain)
    assert not {"model", "training", "noise_floor"} & set(study.plan())
    assert set(plain["data"]) == {"source", "path", "classes", "positive", "table"}
    assert plain["losses"]["ce"] == {"label": "CE", "reported": True}
    assert parse(plain, "study.json") == study


def test_a_trained_study_is_written_as_before() -> None:
    study = parse(
        {
            "name": "trained",
            "task": "binary",
            "data": {"source": "phantom"},
            "losses": {"ce": {"loss": "cross-entropy"}, "focal": {"loss": "focal"}},
            "seeds": 2,
        },
        "study.toml",
    )
    plain = study.model_dump(mode="json")
    assert "table" not in plain["data"]
    assert "reported" not in plain["losses"]["ce"]
    assert {"model", "training", "noise_floor"} <= set(plain)
    assert (study.trained, study.predicted, study.decides, study.splits) == (True, True, True, ("val", "test"))


def test_what_is_there_follows_from_the_table() -> None:
    scores = table(SCORES, metrics={"primary": "dice:higher", "secondary": ["auroc"]})
    assert (scores.trained, scores.predicted, scores.decides, scores.splits) == (False, False, False, ())
    assert scores.scored_metrics() == ("dice:higher", "auroc")
    both = table({**PREDICTIONS, "splits": ["test", "val"]})
    assert (both.trained, both.predicted, both.decides, both.splits) == (False, True, True, ("val", "test"))
    assert "sensitivity_youden" in both.scored_metrics()
    assert "sensitivity_youden" not in table(PREDICTIONS).scored_metrics()
    ranked = table({**PREDICTIONS, "scale": "ranking"}, metrics={"secondary": []})
    assert not ranked.decides
    assert ranked.scored_metrics() == ("auroc", "average_precision", "sensitivity_at_specificity_90")


def test_reported_losses_are_no_twins_of_each_other() -> None:
    assert table(PREDICTIONS).twins() == ()


def test_one_seed_is_enough_where_cases_carry_the_comparison_and_only_there() -> None:
    assert table(PREDICTIONS, seeds=[7]).seeds == (7,)
    assert "at least 2 seeds" in refusal(SCORES, seeds=[7], metrics={"secondary": []})


def test_a_metric_of_the_users_own_has_its_direction_and_no_bounds() -> None:
    dice, distance = METRICS["dice:higher"], METRICS["hd95 (mm):lower"]
    assert (dice.title, dice.higher_is_better, dice.tasks) == ("dice", True, ())
    assert (distance.title, distance.higher_is_better) == ("hd95 (mm)", False)
    assert (dice.low, dice.high) == (float("-inf"), float("inf"))
    assert "dice:higher" not in METRICS
    assert "dice:higher" not in list(METRICS)
    for unknown in ("dice", "dice:", ":higher", "dice:up"):
        with pytest.raises(KeyError):
            METRICS[unknown]


def test_a_metric_of_the_users_own_cannot_be_computed_from_predictions() -> None:
    said = refusal(PREDICTIONS, metrics={"primary": "dice:higher"})
    assert "dice:higher is not defined for binary" in said


@pytest.mark.parametrize(
    ("content", "sections", "told"),
    [
        (PREDICTIONS, {"metrics": {"primary": "sensitivity_youden"}}, "needs validation cases"),
        ({**PREDICTIONS, "scale": "ranking"}, {"metrics": {"primary": "accuracy"}}, "needs probabilities"),
        ({**PREDICTIONS, "scale": "ranking"}, {}, "needs probabilities"),
        (PREDICTIONS, {"analysis": {"margin": 1.5}}, "must be less than 1 for auroc"),
        (PREDICTIONS, {"task": "none"}, "allowed: binary, multiclass, multilabel"),
        (SCORES, {"task": "binary", "metrics": {"secondary": []}}, "allowed: binary, multiclass, multilabel"),
        ({"content": "predictions"}, {}, "predictions have a scale"),
        ({"content": "scores", "splits": ["test"]}, {}, "scores have neither"),
        (PREDICTIONS, {"losses": {**LOSSES, "bce": {"loss": "cross-entropy"}}}, "a reported loss goes with"),
        (PREDICTIONS, {"losses": {**LOSSES, "x": {"reported": True}}}, "has a label and nothing else"),
    ],
)
def test_what_the_table_cannot_answer_is_refused(content: dict[str, Any], sections: Any, told: str) -> None:
    assert told in refusal(content, **sections)


def test_the_margin_of_a_metric_without_bounds_may_be_large() -> None:
    study = table(SCORES, metrics={"primary": "hd95:lower", "secondary": []}, analysis={"margin": 2.5})
    assert study.analysis.margin == 2.5


def test_a_study_file_cannot_ask_for_a_table(tmp_path: Any) -> None:
    file = tmp_path / "study.toml"
    file.write_text(
        "task = 'binary'\nseeds = 2\n[data]\nsource = 'table'\npath = 'x.csv'\n"
        "[data.table]\ncontent = 'predictions'\nscale = 'logits'\nsplits = ['test']\n"
        "[losses.a]\nreported = true\nlabel = 'a'\n[losses.b]\nreported = true\nlabel = 'b'\n"
    )
    with pytest.raises(Refusal, match="compare"):
        load(file)
