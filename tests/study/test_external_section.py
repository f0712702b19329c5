"""The sections data.external of a study file: what is accepted, and the one sentence for each fault."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cxr_report.errors import Refusal
from cxr_report.study import Study, load, parse

BASE: dict[str, Any] = {
    "name": "tiny",
    "task": "multiclass",
    "seeds": 3,
    "losses": {"ce": {"loss": "cross-entropy"}, "focal": {"loss": "focal"}},
}
SET = {"name": "padchest", "source": "manifest", "path": "padchest/manifest.csv"}


def study(*sets: dict[str, Any], task: str = "multiclass", **data: Any) -> Study:
    source = {"source": "folder", "path": "images", **data}
    losses = {"bce": {"loss": "bce"}, "w": {"loss": "weighted-bce"}} if task == "multilabel" else BASE["losses"]
    return parse({**BASE, "task": task, "losses": losses, "data": {**source, "external": list(sets)}}, "study.toml")


@pytest.mark.parametrize(
    ("sets", "told"),
    [
        ([{**SET, "name": "Pad Chest"}], ("data.external[1].name", "a to z, 0 to 9 and '-'", "'Pad Chest'")),
        ([{**SET, "name": "-a"}], ("data.external[1].name", "'-a'")),
        ([{**SET, "name": "../x"}], ("data.external[1].name", "'../x'")),
        ([SET, SET], ("two sets are called 'padchest'",)),
        ([SET, {**SET, "name": "other", "label": "padchest"}], ("two sets are called 'padchest'",)),
        ([{"name": "a", "source": "manifest"}], ("path is missing", "'manifest'")),
        ([{"name": "a", "source": "phantom", "path": "x"}], ("path does not go with source = 'phantom'",)),
        ([{**SET, "phantom": {"seed": 1}}], ("section phantom goes with source = 'phantom'",)),
        ([{**SET, "sauce": 1}], ("data.external[1].sauce: unknown key", "did you mean 'source'")),
        (
            [SET, {**SET, "name": "other", "sauce": 1}],
            ("data.external[2].sauce: unknown key", "did you mean 'source'"),
        ),
        ([{**SET, "columns": {"lable": "x"}}], ("unknown column 'lable'", "did you mean 'label'")),
        ([{**SET, "split": "train"}], ("data.external[1].split", "all, test")),
        ([{**SET, "source": "table"}], ("data.external[1].source", "folder, manifest, medmnist, phantom")),
        ([{**SET, "positive": "x"}], ("positive goes with task = 'binary'",)),
        ([{"name": "a", "source": "phantom", "phantom": {"sead": 1}}], ("data.external[1].phantom.sead", "'seed'")),
    ],
)
def test_a_fault_is_one_sentence_with_key_and_what_is_allowed(sets: list[Any], told: tuple[str, ...]) -> None:
    with pytest.raises(Refusal) as caught:
        study(*sets)
    assert [part for part in told if part not in str(caught.value)] == []
    assert "\n" not in str(caught.value)


def test_several_findings_a_case_cannot_lie_in_folders() -> None:
    with pytest.raises(Refusal, match="a folder per class cannot hold several findings"):
        study({"name": "a", "source": "folder", "path": "x"}, task="multilabel", source="phantom", path="")


def test_a_study_without_sets_is_written_as_it_always_was() -> None:
    assert "external" not in study().model_dump(mode="json")["data"]
    assert study(SET).model_dump(mode="json")["data"]["external"][0]["name"] == "padchest"


def test_a_set_is_no_part_of_what_decides_a_run_s_weights() -> None:
    assert study().run_identity("ce", 1, "f") == study(SET).run_identity("ce", 1, "f")


def test_a_set_is_called_by_its_label_or_else_by_its_name() -> None:
    found = study(SET, {**SET, "name": "b", "label": "Hospital B"}).data.external
    assert [each.title for each in found] == ["padchest", "Hospital B"]


def test_sets_are_read_from_a_study_file(tmp_path: Path) -> None:
    file = tmp_path / "study.toml"
    file.write_text(
        'task = "multiclass"\nseeds = 2\n[data]\nsource = "folder"\npath = "images"\n'
        '[[data.external]]\nname = "a"\nsource = "folder"\npath = "a"\nclasses = { COVID = "covid19" }\n'
        '[[data.external]]\nname = "b"\nsource = "medmnist"\npath = "b.npz"\nsplit = "test"\n'
        '[losses.ce]\nloss = "cross-entropy"\n[losses.focal]\nloss = "focal"\n'
    )
    found = load(file).data.external
    assert [(each.name, each.source, each.split) for each in found] == [
        ("a", "folder", "all"),
        ("b", "medmnist", "test"),
    ]
    assert found[0].classes == {"COVID": "covid19"}
