"""Templates of one's own: they go before the package's, run where little can be reached, and travel with the study."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cxr_report.analysis.value import Analysis
from cxr_report.errors import Refusal
from cxr_report.ledger import published
from cxr_report.report import document, manifest, page, templates
from cxr_report.report.document import Document
from cxr_report.report.tables import Table
from cxr_report.runs import StudyFolder
from cxr_report.study import Study


@pytest.fixture(scope="module")
def composed(made_up: Callable[..., Analysis], machine: Callable[..., Table]) -> Document:
    return document.compose(made_up(losses=2, seeds=3), machine())


def _study(made_up: Callable[..., Analysis], asked: str) -> Study:
    study = made_up(losses=2, seeds=2).study
    return study.model_copy(update={"report": study.report.model_copy(update={"templates": asked})})


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A study file with a folder of templates beside it."""
    (tmp_path / "study.toml").write_text("")
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "limitations.html.j2").write_text(
        "<section id='limitations'><h2>Ours: {{ doc.title }}</h2></section>"
    )
    return tmp_path


def test_a_template_of_ones_own_goes_before_the_packages_and_the_others_stay(home: Path, composed: Document) -> None:
    own, theirs = page.render(composed, home / "ours"), page.render(composed)
    assert f"<h2>Ours: {composed.title}</h2>" in own
    assert "4 Limitations" in theirs
    assert "4 Limitations" not in own
    assert own[own.index('id="references"') :] == theirs[theirs.index('id="references"') :]


def test_a_users_text_is_escaped_in_a_template_of_ones_own_too(home: Path, composed: Document) -> None:
    told = page.render(replace(composed, title="<script>alert(1)</script>"), home / "ours")
    assert told.count("<script") == 1


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("{{ doc.nothing }}", "nothing"),
        ("{% if %}", r"limitations\.html\.j2, line 1"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{{ doc.title.__init__.__globals__ }}", "unsafe"),
        ("{% include 'not-there.j2' %}", "not-there"),
        ("{{ 1 // 0 }}", "zero"),
        ("{% include '../study.toml' %}", r"\.\./study\.toml"),
        ("{{ range(10**9) | list }}", "[Rr]ange"),
    ],
)
def test_a_template_that_cannot_be_used_is_refused_in_one_sentence(
    written: str, told: str, home: Path, composed: Document
) -> None:
    (home / "ours" / "limitations.html.j2").write_text(written)
    with pytest.raises(Refusal, match=told) as caught:
        page.render(composed, home / "ours")
    assert str(caught.value).startswith("report.templates: ")
    assert "\n" not in str(caught.value)


def test_a_script_that_would_end_inside_the_page_is_refused(home: Path, composed: Document) -> None:
    (home / "ours" / "report.js").write_text("'</script>'")
    with pytest.raises(Refusal, match=r"report\.js"):
        page.render(composed, home / "ours")


def test_a_fault_of_the_packages_own_templates_is_no_refusal(
    home: Path, composed: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "ours" / "report.js").write_text("")
    (home / "ours" / "report.html.j2").write_text("{{ doc.nothing }}")
    monkeypatch.setattr(templates, "find", lambda: home / "ours")
    with pytest.raises(Exception, match="nothing") as caught:
        page.render(composed)
    assert not isinstance(caught.value, Refusal)


@pytest.mark.parametrize("asked", ["../elsewhere", "/etc", ".", "ours/../..", "ours/.."])
def test_a_folder_outside_of_the_study_files_is_refused(
    asked: str, home: Path, made_up: Callable[..., Analysis]
) -> None:
    with pytest.raises(Refusal, match="leads out of the study file's folder"):
        templates.check(_study(made_up, asked), home / "study.toml")


def test_a_link_that_leads_out_is_refused(home: Path, made_up: Callable[..., Analysis]) -> None:
    (home / "way-out").symlink_to("/etc")
    with pytest.raises(Refusal, match="leads out"):
        templates.check(_study(made_up, "way-out"), home / "study.toml")
    (home / "ours" / "secret.j2").symlink_to("/etc/hostname")
    with pytest.raises(Refusal, match=r"secret\.j2 is no plain file"):
        templates.check(_study(made_up, "ours"), home / "study.toml")


def test_a_missing_an_empty_and_a_huge_folder_are_refused(home: Path, made_up: Callable[..., Analysis]) -> None:
    with pytest.raises(Refusal, match=r"no such folder beside study\.toml"):
        templates.check(_study(made_up, "theirs"), home / "study.toml")
    (home / "empty").mkdir()
    with pytest.raises(Refusal, match=r"holds no template; allowed: .*report\.css"):
        templates.check(_study(made_up, "empty"), home / "study.toml")
    (home / "ours" / "big.css").write_bytes(b" " * (templates.LARGEST + 1))
    with pytest.raises(Refusal, match="larger than"):
        templates.check(_study(made_up, "ours"), home / "study.toml")


def test_templates_travel_with_the_study_and_go_when_they_are_no_longer_asked_for(
    home: Path, made_up: Callable[..., Analysis]
) -> None:
    folder, study = StudyFolder(home / "runs" / "made-up"), _study(made_up, "ours")
    assert templates.own(_study(made_up, ""), folder) is None
    with pytest.raises(Refusal, match=r"templates: is missing"):
        templates.own(study, folder)
    templates.take(study, home / "study.toml", folder)
    assert templates.own(study, folder) == folder.templates
    assert [file.name for file in folder.templates.iterdir()] == ["limitations.html.j2"]
    before = manifest.inputs(folder, [], folder.templates)
    (home / "ours" / "limitations.html.j2").write_text("other")
    templates.take(study, home / "study.toml", folder)
    assert manifest.inputs(folder, [], folder.templates) != before
    templates.take(_study(made_up, ""), home / "study.toml", folder)
    assert not folder.templates.exists()


def test_the_run_folder_names_the_templates_without_their_place(made_up: Callable[..., Analysis]) -> None:
    study: Any = published(_study(made_up, "some/where/ours"))
    assert study.report.templates == "ours"
