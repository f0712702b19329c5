"""The study file: what is accepted, how it is resolved, and the one sentence for each fault."""

from __future__ import annotations

import re
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr_report.errors import Refusal
from cxr_report.losses import CATALOGUE
from cxr_report.study import Study, digest, load, parse

MINIMAL: dict[str, Any] = {
    "name": "tiny",
    "task": "multiclass",
    "seeds": 3,
    "data": {"source": "folder", "path": "images"},
    "losses": {"ce": {"loss": "cross-entropy"}, "focal": {"loss": "focal"}},
}


def changed(**sections: Any) -> dict[str, Any]:
    return {**MINIMAL, **sections}


def refusal(raw: dict[str, Any]) -> str:
    with pytest.raises(Refusal) as caught:
        parse(raw, "study.toml")
    return str(caught.value)


FAULTS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "unknown top-level key": (changed(tsak="binary"), ("tsak", "unknown key", "did you mean 'task'")),
    "unknown key in a section": (
        changed(training={"epoch": 3}),
        ("training.epoch", "allowed: epochs, batch_size", "did you mean 'epochs'"),
    ),
    "unknown key of a loss": (
        changed(losses={**MINIMAL["losses"], "f": {"loss": "focal", "gama": 1}}),
        ("losses.f", "'gama'", "did you mean 'gamma'"),
    ),
    "unknown key of a loss's own training": (
        changed(losses={**MINIMAL["losses"], "f": {"loss": "focal", "training": {"lr": 1}}}),
        ("losses.f.training.lr", "learning_rate, weight_decay"),
    ),
    "wrong type": (changed(training={"epochs": "many"}), ("training.epochs", "'many'")),
    "fraction where a whole number is meant": (changed(training={"epochs": 1.5}), ("training.epochs", "1.5")),
    "not a table": (changed(data=3), ("data", "table", "3")),
    "out of range": (changed(analysis={"alpha": 0.9}), ("analysis.alpha", "less than 0.5", "0.9")),
    "infinite": (changed(training={"learning_rate": float("inf")}), ("training.learning_rate",)),
    "unknown word": (changed(task="multi-class"), ("task", "binary, multiclass, multilabel", "'multiclass'")),
    "missing section": ({"name": "x", "task": "binary"}, ("data", "missing", "more")),
    "unknown loss": (
        changed(losses={**MINIMAL["losses"], "f": {"loss": "focall"}}),
        ("losses.f", "did you mean 'focal'"),
    ),
    "softmax loss in a multilabel study": (
        changed(task="multilabel", data={"source": "manifest", "path": "m.csv", "classes": ["a", "b"]}),
        ("losses.ce", "multilabel", "bce, weighted-bce, sigmoid-focal"),
    ),
    "sigmoid loss in a multiclass study": (
        changed(losses={**MINIMAL["losses"], "b": {"loss": "bce"}}),
        ("losses.b", "multiclass", "cross-entropy"),
    ),
    "baseline that is no loss": (
        changed(analysis={"baseline": "foca"}),
        ("analysis.baseline", "ce, focal", "did you mean 'focal'"),
    ),
    "one loss only": (changed(losses={"ce": {"loss": "cross-entropy"}}), ("losses", "at least 2")),
    "one seed only": (changed(seeds=1), ("seeds", "no spread")),
    "one seed in a list": (changed(seeds=[4]), ("seeds", "at least 2")),
    "a seed twice": (changed(seeds=[4, 4]), ("seeds", "twice")),
    "seeds in words": (changed(seeds="five"), ("seeds", "count", "list")),
    "negative seed": (changed(seeds=[-1, 2]), ("seeds", "0 to")),
    "parameter out of range": (
        changed(losses={**MINIMAL["losses"], "f": {"loss": "focal", "gamma": -1}}),
        ("losses.f", "gamma", "[0, 10]", "-1"),
    ),
    "own loss without a formula": (
        changed(losses={**MINIMAL["losses"], "o": {"function": "m:f"}}),
        ("losses.o", "formula and reference"),
    ),
    "loss named like a file of the study": (
        changed(losses={**MINIMAL["losses"], "analysis": {"loss": "focal"}}),
        ("losses", "'analysis'"),
    ),
    "losses that differ in case only": (
        changed(losses={**MINIMAL["losses"], "CE": {"loss": "focal"}}),
        ("losses", "upper and lower case"),
    ),
    "loss name that leaves the folder": (
        changed(losses={**MINIMAL["losses"], "../up": {"loss": "focal"}}),
        ("losses", "'../up'"),
    ),
    "study name that leaves the folder": (changed(name="../x"), ("name", "'../x'")),
    "alpha that is nothing": (
        changed(analysis={"alpha": 1e-20}),
        ("analysis.alpha", "greater than or equal to 0.000001", "got 1e-20"),
    ),
    "label that cannot be shown": (
        changed(losses={**MINIMAL["losses"], "f": {"loss": "focal", "label": "fo\x07cal"}}),
        ("losses.f.label", "'fo\\x07cal'", "U+0007", "can be shown"),
    ),
    "class that cannot be shown": (
        changed(data={"source": "folder", "path": "d", "classes": ["a", "b\n"]}),
        ("data.classes", "U+000A"),
    ),
    "title that cannot be shown": (changed(report={"title": "a\x1b[2Jb"}), ("report.title", "U+001B")),
    "author that cannot be shown": (changed(report={"authors": ["A\u2028B"]}), ("report.authors", "U+2028")),
    "empty list of tests": (
        changed(analysis={"multiverse": {"tests": []}}),
        ("analysis.multiverse.tests", "too short; allowed: at least 1, got 0"),
    ),
    "metric in capitals": (changed(metrics={"primary": "AUROC"}), ("metrics", "did you mean 'auroc'")),
    "unknown metric": (changed(metrics={"primary": "aurocc"}), ("metrics", "did you mean 'auroc'")),
    "metric named twice": (changed(metrics={"primary": "auroc", "secondary": ["auroc"]}), ("metrics", "twice")),
    "binary study without a positive class": (changed(task="binary"), ("data.positive",)),
    "positive class in a multiclass study": (
        changed(data={"source": "folder", "path": "d", "positive": "x"}),
        ("data.positive", "binary"),
    ),
    "path with the phantom": (changed(data={"source": "phantom", "path": "x"}), ("data", "phantom")),
    "no path": (changed(data={"source": "folder"}), ("data", "path is missing")),
    "unknown manifest column": (
        changed(data={"source": "manifest", "path": "m.csv", "columns": {"patient": "P"}}),
        ("data.columns", "did you mean 'patient_id'"),
    ),
    "split that leaves nothing": (
        changed(data={"source": "folder", "path": "d", "split": {"validation": 0.5, "test": 0.5}}),
        ("data.split", "below 0.95"),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_sentence_that_names_file_key_and_what_is_allowed(fault: str) -> None:
    raw, words = FAULTS[fault]
    said = refusal(raw)
    assert said.startswith("study.toml: ")
    assert "\n" not in said
    assert [word for word in words if word not in said] == []


def test_defaults_are_filled_in_and_the_first_loss_is_the_baseline() -> None:
    study = parse(MINIMAL, "study.toml")
    assert study.analysis.baseline == "ce"
    assert study.seeds == (1, 2, 3)
    assert study.losses["focal"].parameters == {"gamma": 2.0}


def test_a_resolved_study_reads_back_as_itself() -> None:
    study = parse(MINIMAL, "study.toml")
    assert parse(study.model_dump(mode="json"), "study.json") == study


def test_two_entries_of_one_loss_with_other_parameters_are_two_losses() -> None:
    losses = {"f1": {"loss": "focal", "gamma": 1}, "f5": {"loss": "focal", "gamma": 5}}
    study = parse(changed(losses=losses), "study.toml")
    assert [study.losses[name].parameters["gamma"] for name in losses] == [1.0, 5.0]


@given(
    epochs=st.integers(1, 10_000),
    rate=st.floats(1e-9, 10),
    seeds=st.lists(st.integers(0, 2**31 - 1), min_size=2, max_size=20, unique=True),
)
def test_any_allowed_value_survives_the_way_through_json(epochs: int, rate: float, seeds: list[int]) -> None:
    study = parse(changed(training={"epochs": epochs, "learning_rate": rate}, seeds=seeds), "study.toml")
    assert parse(study.model_dump(mode="json"), "study.json") == study
    assert study.seeds == tuple(sorted(seeds))


@given(st.text(max_size=40))
def test_any_key_that_is_not_known_is_refused_in_one_sentence(key: str) -> None:
    if key in Study.model_fields:
        return
    with pytest.raises(Refusal, match="unknown key"):
        parse(changed(**{key: 1}), "study.toml")


def test_a_run_is_the_same_run_whatever_it_is_called_and_another_one_where_anything_that_decides_it_differs() -> None:
    study = parse(MINIMAL, "study.toml")
    renamed = parse(changed(name="other", report={"title": "T"}, seeds=[2, 9]), "study.toml")
    assert study.run_identity("ce", 2, "f") == renamed.run_identity("ce", 2, "f")
    others = [
        study.run_identity("ce", 3, "f"),
        study.run_identity("focal", 2, "f"),
        study.run_identity("ce", 2, "g"),
        parse(changed(training={"epochs": 7}), "s").run_identity("ce", 2, "f"),
        parse(changed(model={"width": 8}), "s").run_identity("ce", 2, "f"),
    ]
    assert len({study.run_identity("ce", 2, "f"), *others}) == 6


def test_the_override_of_a_loss_is_its_own_only() -> None:
    losses = {**MINIMAL["losses"], "slow": {"loss": "focal", "training": {"learning_rate": 1e-5}}}
    study = parse(changed(losses=losses), "study.toml")
    assert study.learning_rate("slow") == 1e-5
    assert study.learning_rate("ce") == study.training.learning_rate
    assert study.weight_decay("slow") == study.training.weight_decay


@pytest.mark.parametrize("name", ["demo.toml", "starter.toml"])
def test_the_shipped_studies_are_valid_and_the_starter_shows_the_defaults_it_states(name: str) -> None:
    text = (resources.files("cxr_report") / "starters" / name).read_text(encoding="utf-8")
    study = parse(tomllib.loads(text), name)
    assert len(study.losses) == 4
    for entry in CATALOGUE.values():
        assert name != "starter.toml" or entry.name in text


def test_every_line_that_the_starter_comments_out_is_valid_where_it_stands() -> None:
    text = (resources.files("cxr_report") / "starters" / "starter.toml").read_text(encoding="utf-8")
    plan = text[text.index("[analysis]") : text.index("[report]")]
    bare = re.sub(r"(?m)^# (?=\[|\w+ = )", "", plan)
    told = tomllib.loads(text.replace(plan, bare))
    study = parse(told, "starter.toml")
    assert study.analysis.hierarchy == ("average_precision",)
    assert study.analysis.components is not None
    assert study.twins() == (("ce", "kl"),)
    assert study.analysis.multiverse == parse(tomllib.loads(text), "starter.toml").analysis.multiverse
    assert study.tuning is not None
    assert study.tuning == parse({**tomllib.loads(text), "tuning": {"weight_decay": [0.005, 0.05, 0.5]}}, "s").tuning
    sections = (study.analysis, study.analysis.multiverse, study.analysis.components, study.noise_floor, study.tuning)
    for section in sections:
        assert [key for key in type(section).model_fields if key not in plan] == []


def test_the_demo_has_both_noise_floors() -> None:
    text = (resources.files("cxr_report") / "starters" / "demo.toml").read_text(encoding="utf-8")
    study = parse(tomllib.loads(text), "demo.toml")
    assert len(study.floor_seeds) == len(study.seeds) == 5
    assert study.twins() == (("cross-entropy", "kl-divergence"),)


def test_a_missing_file_a_broken_file_and_a_file_that_is_no_text_are_named(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="no such study file"):
        load(tmp_path / "none.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("a = [1,")
    with pytest.raises(Refusal, match=r"broken\.toml: is not valid TOML"):
        load(broken)
    broken.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Refusal, match="UTF-8"):
        load(broken)


def test_the_source_of_a_function_of_ones_own_is_found_beside_the_study_file_and_hashed(tmp_path: Path) -> None:
    (tmp_path / "my_own_loss_a.py").write_text("def loss(logits, target):\n    return logits.sum()\n")
    text = (
        'task = "multiclass"\nseeds = 2\n[data]\nsource = "folder"\npath = "d"\n[losses.ce]\nloss = "cross-entropy"\n'
        '[losses.own]\nfunction = "my_own_loss_a:loss"\nformula = "z"\nreference = "me"\n'
    )
    file = tmp_path / "own.toml"
    file.write_text(text)
    first = load(file)
    assert first.name == "own"
    assert len(first.losses["own"].function_sha256 or "") == 64
    (tmp_path / "my_own_loss_a.py").write_text("def loss(logits, target):\n    return logits.mean()\n")
    assert load(file).losses["own"].function_sha256 != first.losses["own"].function_sha256
    file.write_text(text.replace("my_own_loss_a:", "nowhere_to_be_found:"))
    with pytest.raises(Refusal, match=r"losses\.own\.function: module 'nowhere_to_be_found'"):
        load(file)


def test_the_hash_of_plain_data_does_not_depend_on_the_order_of_keys() -> None:
    assert digest({"a": 1, "b": [1.5, "x"]}) == digest({"b": [1.5, "x"], "a": 1})
    assert digest({"a": 1}) != digest({"a": 2})
