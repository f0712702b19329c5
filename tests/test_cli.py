"""The command line: exit codes, one sentence on stderr, results alone on stdout."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cxr_report import cli, console, ledger, stages, standing, workplace
from cxr_report.errors import Refusal
from cxr_report.progress import RunState
from cxr_report.runs import StudyFolder, write_json, write_text
from cxr_report.study import load

STUDY = """
task = "multiclass"
seeds = 2
[data]
source = "phantom"
[losses.ce]
loss = "cross-entropy"
[losses.focal]
loss = "focal"
"""


class Called:
    def __init__(self, code: object, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path):  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)

    def invoke(*words: str) -> Called:
        monkeypatch.setattr(sys, "argv", ["cxr-report", *words])
        with pytest.raises(SystemExit) as end:
            cli.main()
        shown = capsys.readouterr()
        return Called(end.value.code, shown.out, shown.err)

    return invoke


def test_init_writes_a_study_that_is_valid_and_does_not_overwrite_it(call, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    first = call("init")
    assert (first.code, first.out) == (0, "study.toml\n")
    assert load(tmp_path / "study.toml").name == "my-study"
    again = call("init")
    assert again.code == 2
    assert "study.toml: is there already" in again.err


@pytest.mark.parametrize("verb", ["run", "train", "export", "evaluate", "analyse", "report", "status"])
def test_every_verb_refuses_a_missing_study_file_in_one_sentence(  # type: ignore[no-untyped-def]
    call, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "require", lambda extra: None)
    done = call(verb, "none.toml")
    assert done.code == 2
    assert done.out == ""
    assert done.err == "cxr-report: none.toml: there is no such study file; `cxr-report init` writes one\n"


def test_a_wrong_key_is_one_sentence_and_exit_code_2(  # type: ignore[no-untyped-def]
    call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "require", lambda extra: None)
    (tmp_path / "s.toml").write_text(STUDY + "[training]\nepoch = 3\n")
    done = call("run", "s.toml")
    assert done.code == 2
    assert done.err.startswith("cxr-report: s.toml: training.epoch: unknown key; allowed: epochs")
    assert done.err.count("\n") == 1
    assert not (tmp_path / "runs").exists()


def test_an_unknown_verb_or_option_is_exit_code_2(call) -> None:  # type: ignore[no-untyped-def]
    assert call("trian", "s.toml").code == 2
    assert call("run", "s.toml", "--wrokers", "3").code == 2


def test_the_version_is_printed(call) -> None:  # type: ignore[no-untyped-def]
    done = call("--version")
    assert done.code == 0
    assert done.out.count(".") >= 1


def test_another_analysis_needs_its_name_and_its_plan(call, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "s.toml").write_text(STUDY)
    done = call("analyse", "s.toml", "--as", "other")
    assert done.code == 2
    assert "go together" in done.err


def test_an_interrupt_is_exit_code_130_and_says_how_to_go_on(call, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(stages.Workplace, "open", interrupted)
    monkeypatch.setattr(stages, "require", lambda extra: None)
    done = call("run", "s.toml")
    assert done.code == 130
    assert "interrupted" in done.err
    assert "goes on from there" in done.err


@pytest.mark.parametrize("words", [("demo",), ("run", "s.toml"), ("train", "s.toml")])
def test_without_the_extra_the_one_sentence_says_so_before_anything_else(  # type: ignore[no-untyped-def]
    call, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "s.toml").write_text(STUDY)
    monkeypatch.setattr(workplace, "EXTRAS", {"train": ("no_such_package_at_all",)})
    done = call(*words)
    assert done.code == 2
    assert "no_such_package_at_all" in done.err
    assert "pip install 'cxr_report[train]'" in done.err
    assert not (tmp_path / "runs").exists()


def test_status_shows_what_is_done_missing_and_diverged(call, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "s.toml").write_text(STUDY)
    folder = StudyFolder(tmp_path / "runs" / "s")
    ledger.freeze(load(tmp_path / "s.toml"), folder)
    write_json(folder.run("ce", 1).evaluation_json, {})
    write_json(folder.run("focal", 2).diverged, {})
    write_text(folder.run("ce", 2).weights, "")
    done = call("status", "s.toml")
    assert done.code == 0
    rows = {line.split()[0]: line.split()[1:] for line in done.out.splitlines() if line.strip()}
    assert rows["ce"] == ["evaluated", "trained"]
    assert rows["focal"] == ["missing", "diverged"]
    assert "1 evaluated, 1 trained, 1 missing, 1 diverged" in done.out
    assert call("status", str(folder.path)).out == done.out


def test_status_shows_the_noise_floor_as_blocks_of_its_own(call, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    floor = '[noise_floor]\nseeds = true\n[noise_floor.identical.kl]\nloss = "kl-divergence"\n'
    (tmp_path / "s.toml").write_text(STUDY + floor)
    folder = StudyFolder(tmp_path / "runs" / "s")
    ledger.freeze(load(tmp_path / "s.toml"), folder)
    write_json(folder.run("ce", 1_000_002).evaluation_json, {})
    write_text(folder.run("kl", 1).weights, "")
    lines = call("status", "s.toml").out.splitlines()
    head, compared, again, same = lines[0], lines[2:5], lines[6:9], lines[10:13]
    assert head == "study s: 2 losses x 2 seeds"
    assert [line.split()[0] for line in compared] == ["loss", "ce", "focal"]
    assert again == [
        "noise floor of seeds: ce again, with as many further seeds",
        "loss  seed 1000001  seed 1000002",
        "ce         missing     evaluated",
    ]
    assert same == [
        "noise floor of rounding: kl is ce, by another formula",
        "loss     seed 1     seed 2",
        "kl      trained    missing",
    ]
    assert "runs: 1 evaluated, 1 trained, 6 missing" in lines


def test_status_of_a_folder_that_is_no_study_is_one_sentence(call, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    done = call("status", str(tmp_path))
    assert done.code == 2
    assert "study.json: is missing" in done.err


def test_power_is_answered_without_a_study_on_stdout_alone(call, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    done = call("power", "--ms", "1e-4", "--case", "2e-5", "--margin", "0.02", "--cases", "300", "--losses", "3")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(
        "2 comparisons against the baseline, adjusted by holm, at alpha 0.05; a difference of 0."
    )
    assert "2400 cases" in done.out
    paired = call("power", "--dz", "1")
    assert "for a power of 0.8: 10 seeds\n" in paired.out
    assert list(tmp_path.iterdir()) == []


def test_a_question_about_power_that_lacks_something_is_one_sentence_and_exit_code_2(call) -> None:  # type: ignore[no-untyped-def]
    done = call("power", "--ms", "1e-4")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("cxr-report: power: --case is missing")
    assert done.err.count("\n") == 1


def test_the_states_of_a_run_follow_its_files(tmp_path: Path) -> None:
    run = StudyFolder(tmp_path).run("ce", 1)
    seen = [standing.state(run)]
    for file in (run.run_json, run.weights, run.export_json, run.evaluation_json, run.diverged):
        write_text(file, "{}")
        seen.append(standing.state(run))
    assert seen == ["missing", "started", "trained", "exported", "evaluated", "diverged"]


def test_plain_lines_say_how_a_run_ended() -> None:
    from rich.console import Console

    screen = Console(record=True, width=200)
    lines = console.Lines(screen)
    lines.start("decode", 3)
    lines.advance("decode", 3)
    lines.finish("decode")
    lines.run(RunState("[bold]ce", 3, "trained", 5, 5, 0.25, 0.9, 100.0))
    lines.run(RunState("focal", 3, "diverged", 2, 5, float("nan"), float("nan"), float("nan")))
    text = screen.export_text()
    assert "decode: 3 of 3, done" in text
    assert "[bold]ce seed 3: trained, epoch 5 of 5, training loss 0.2500, validation 0.9000, 100 images/s" in text
    assert "focal seed 3: diverged, epoch 2 of 5\n" in text


def test_the_live_table_lists_the_runs_at_work_and_the_time_left() -> None:
    from rich.console import Console

    screen = Console(record=True, width=120, force_terminal=True)
    table = console.LiveTable(screen)
    table.run(RunState("ce", 1, "training", 0, 4, float("nan"), float("nan"), float("nan")))
    table.run(RunState("ce", 1, "training", 2, 4, 0.5, 0.8, 321.0))
    table.run(RunState("ce", 2, "waiting", 0, 4, float("nan"), float("nan"), float("nan")))
    screen.print(table.live.get_renderable())
    text = screen.export_text()
    assert "0 of 2 runs finished, time left: about" in text
    assert "2/4" in text
    assert "321" in text


def test_an_unknown_extra_package_is_named_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workplace, "EXTRAS", {"infer": ("json", "absent_one", "absent_two")})
    with pytest.raises(Refusal, match=r"absent_one, absent_two, .*pip install 'cxr_report\[infer\]'"):
        stages.require("infer")
