"""The whole way from somebody's table to a report, by the command line."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tables_given import prediction_rows, score_rows, write

from cxr_report import cli, standing
from cxr_report.analysis import load
from cxr_report.runs import StudyFolder, read_json

Run = Callable[..., tuple[int, str, str]]

TRAINED = (
    "epoch",
    "ONNX",
    "residual network",
    "DenseNet",
    "augment",
    "AdamW",
    "learning rate",
    "PyTorch",
    "was trained with",
    "for training",
    "diverged",
    "this training set",
    "0 test cases",
    "0 images",
    "hyper-parameters were fixed in advance",
)
"""What a report on given numbers cannot know, and must not say."""


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["cxr-report", *words])
        with pytest.raises(SystemExit) as end:
            cli.main()
        out, err = capsys.readouterr()
        code = end.value.code
        return (0 if code is None else int(code)), out, err

    return call


def shown(report: Path) -> str:
    """Return the text of the page, without what is drawn and without the versions of programs."""
    page = re.sub(r"<(style|svg).*?</\1>", " ", report.with_name("report.html").read_text(encoding="utf-8"), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


@pytest.mark.parametrize(
    ("rows", "words", "told"),
    [
        (
            score_rows(("Cross entropy", "Focal (γ = 2)"), seeds=5),
            ("--primary", "auroc", "--title", "Given scores"),
            "Every loss had scores with 5 seeds, which were the same for all losses",
        ),
        (
            score_rows(seeds=4, dice=0.8, hd95=3.0),
            ("--primary", "dice", "--higher", "dice", "--lower", "hd95", "--family", "all"),
            "hd95: as given in the table, lower values being better.",
        ),
        (
            prediction_rows(losses=("ce", "focal", "ldam"), cases=60, seeds=3, per_patient=2),
            ("--task", "binary"),
            "for 60 test cases of 30 patients.",
        ),
        (
            prediction_rows("multilabel", cases=60, val=20, seeds=2),
            ("--task", "multilabel"),
            "for 40 test cases of 40 patients.",
        ),
        (
            prediction_rows(cases=60, seeds=1),
            ("--task", "binary", "--secondary", "brier,ece"),
            "whether other patients would agree about these runs, and not whether other training runs would.",
        ),
    ],
    ids=["scores", "own metrics", "binary", "multilabel", "one seed"],
)
def test_a_table_becomes_a_report_that_says_nothing_of_a_training(
    tmp_path: Path, run: Run, rows: list[dict[str, Any]], words: Sequence[str], told: str
) -> None:
    table = write(tmp_path / "results.csv", rows)
    code, out, err = run("compare", str(table), "--runs", str(tmp_path / "runs"), *words)
    assert (code, err.splitlines()[0].startswith(f"{table}: ")) == (0, True)
    report = Path(out.strip())
    assert report == tmp_path / "runs" / "results" / "report" / "report.pdf"
    assert report.read_bytes().startswith(b"%PDF")
    text = shown(report)
    assert "results.csv" in text
    assert told in text
    body = text.split("Appendix")[0]
    assert [word for word in TRAINED if re.search(rf"\b{word}", body, re.IGNORECASE)] == []
    for row in rows:
        assert row["loss"] in text
    assert read_json(report.with_name("manifest.json"))


def test_a_dropped_seed_and_names_of_any_letters_reach_the_page(tmp_path: Path, run: Run) -> None:
    odd = "a <b> & $x$ %"
    rows = [row for row in score_rows(("ce", odd), seeds=4) if (row["loss"], row["seed"]) != (odd, 2)]
    table = write(tmp_path / "odd.csv", rows)
    words = ("--primary", "auroc", "--incomplete", "drop-seed", "--runs", str(tmp_path / "runs"))
    code, out, err = run("compare", str(table), *words)
    assert (code, err.count("Traceback")) == (0, 0)
    text = html.unescape(shown(Path(out.strip())))
    assert f"Left out of every comparison: seed 2 ({odd}: missing)." in text
    assert f"seed 2 left out of every loss, since {odd} lacks it" in text
    assert "With 3 seeds" in text


def test_the_same_command_again_changes_nothing_and_the_later_stages_take_the_folder(tmp_path: Path, run: Run) -> None:
    table = write(tmp_path / "cases.csv", prediction_rows(cases=40, seeds=2))
    runs = ("--runs", str(tmp_path / "runs"))
    assert run("compare", str(table), "--task", "binary", *runs)[0] == 0
    folder = StudyFolder(tmp_path / "runs" / "cases")
    before = {file: file.read_bytes() for file in folder.path.rglob("*") if file.is_file()}
    assert run("compare", str(table), "--task", "binary", *runs)[0] == 0
    assert {file: file.read_bytes() for file in folder.path.rglob("*") if file.is_file()} == before
    table.unlink()
    folder.analysis().statistics.unlink()
    folder.report().pdf.unlink()
    assert run("analyse", str(folder.path))[0] == 0
    assert run("report", str(folder.path))[0] == 0
    assert {file: file.read_bytes() for file in folder.path.rglob("*") if file.is_file()} == before


def test_another_plan_of_given_scores_is_another_analysis(tmp_path: Path, run: Run) -> None:
    table = write(tmp_path / "scores.csv", score_rows(dice=0.8, auroc=0.7))
    runs = ("--runs", str(tmp_path / "runs"))
    assert run("compare", str(table), "--primary", "dice", "--higher", "dice", *runs)[0] == 0
    plan = tmp_path / "plan.toml"
    plan.write_text("[metrics]\nprimary = 'auroc'\n")
    folder = StudyFolder(tmp_path / "runs" / "scores")
    assert run("analyse", str(folder.path), str(plan), "--as", "areas")[0] == 0
    found = load(folder.analysis("areas"))
    assert found.metrics == ("auroc", "dice:higher")
    assert found.exploratory


def test_status_tells_what_is_there(tmp_path: Path, run: Run) -> None:
    runs = ("--runs", str(tmp_path / "runs"))
    assert run("compare", str(write(tmp_path / "s.csv", score_rows())), "--primary", "auroc", *runs)[0] == 0
    told = standing.table(StudyFolder(tmp_path / "runs" / "s"))
    assert "scores, as given: there" in told
    assert "report: there" in told
    assert "missing" not in told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("none.csv",), "none.csv: there is no such file"),
        (("cases.csv",), "--task: is needed for predictions and is never guessed"),
        (("cases.csv", "--task", "binary", "--primary", "aurok"), "unknown metric 'aurok'"),
        (("cases.csv", "--task", "binary", "--incomplete", "skip"), "--incomplete: got 'skip'"),
    ],
)
def test_what_is_at_fault_is_one_sentence_and_nothing_is_written(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch, words: Sequence[str], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "cases.csv", prediction_rows(cases=20, seeds=2))
    code, out, err = run("compare", *words)
    assert (code, out) == (2, "")
    assert told in err
    assert len(err.splitlines()) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["cases.csv"]


def test_compare_loads_nothing_that_trains(tmp_path: Path) -> None:
    table = write(tmp_path / "results.csv", score_rows())
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from cxr_report.intake import Asked, read\n"
        f"read(Path({str(table)!r}), Asked(primary='auroc'))\n"
        "print([name for name in ('torch', 'onnxruntime', 'matplotlib', 'sklearn', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_sixty_runs_of_five_thousand_cases_are_read_in_seconds(tmp_path: Path) -> None:
    """Memory stays near the numbers themselves: text is held a batch at a time."""
    drawn = np.random.default_rng(0)
    file = tmp_path / "large.csv"
    truth = drawn.integers(0, 2, 5000)
    with file.open("w") as stream:
        stream.write("loss,seed,case,truth,prob_normal,prob_pneumonia\n")
        for loss in "abcdef":
            for seed in range(10):
                p = 1 / (1 + np.exp(-drawn.normal(size=5000) - truth))
                stream.writelines(
                    f"{loss},{seed},{case},{'pneumonia' if truth[case] else 'normal'},{1 - q!r},{q!r}\n"
                    for case, q in enumerate(p.tolist())
                )
    code = (
        "import resource, sys, time\n"
        "from pathlib import Path\n"
        "from cxr_report.intake import Asked, read\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "begin = time.process_time()\n"
        f"read(Path({str(file)!r}), Asked(task='binary'))\n"
        "print(time.process_time() - begin, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, kilobytes = map(float, done.stdout.split())
    assert seconds < 20  # 2.7 s measured; the bound leaves room for a busy machine
    assert kilobytes < 300_000  # 62 MB measured at the peak
