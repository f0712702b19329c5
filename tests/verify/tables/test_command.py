"""The command: exit codes, text, JSON and the report's files."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from cxr_report import cli
from cxr_report.verify.tables import Said, audit_grid, parse
from cxr_report.verify.tables.files import write
from cxr_report.verify.tables.lines import to_text
from cxr_report.verify.tables.record import to_csv, to_json

CLEAN = "method,accuracy,n\nA,**0.90**,100\nB,0.88,100\nC,0.85,100\n"
PLANTED = "method,accuracy,n\nA,**0.912**,100\nB,0.880,100\nC,0.850,100\n"


def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[Any, str, str]:
    monkeypatch.setattr(sys, "argv", ["cxr-report", *words])
    with pytest.raises(SystemExit) as end:
        cli.main()
    shown = capsys.readouterr()
    return end.value.code, shown.out, shown.err


def test_exit_codes_and_streams(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("clean.csv").write_text(CLEAN)
    Path("planted.csv").write_text(PLANTED)
    code, out, _ = call(monkeypatch, capsys, "audit", "clean.csv", "--no-report")
    assert code == 0
    assert "0 cannot have arisen" in out
    code, out, _ = call(monkeypatch, capsys, "audit", "planted.csv", "--no-report")
    assert code == 1
    assert "cannot arise from n = 100: 91 of 100 is 0.9100, 92 of 100 is 0.9200" in out
    code, out, err = call(monkeypatch, capsys, "audit", "none.csv")
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    code, _, err = call(monkeypatch, capsys, "audit", "clean.csv", "--percent", "--fractions")
    assert (code, err) == (2, "cxr-report: --percent and --fractions exclude each other\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clean.csv", "planted.csv"]


def test_json_alone_stands_on_stdout_and_files_land_in_the_runs_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("my table.csv").write_text(CLEAN)
    code, out, err = call(monkeypatch, capsys, "audit", "my table.csv", "--json")
    assert code == 0
    assert json.loads(out)["impossible"] == 0
    assert err == "runs/audit-my-table/audit.pdf\n"
    names = sorted(path.name for path in Path("runs/audit-my-table").iterdir())
    assert names == ["audit.csv", "audit.html", "audit.json", "audit.pdf"]
    assert Path("runs/audit-my-table/audit.json").read_text(encoding="utf-8") == out


def test_options_stand_in_for_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text("method,accuracy\nA,66.6\n")
    assert call(monkeypatch, capsys, "audit", "t.csv", "--n-test", "3", "--no-report")[0] == 1
    assert call(monkeypatch, capsys, "audit", "t.csv", "--n-test", "3", "--truncated", "--no-report")[0] == 0
    assert call(monkeypatch, capsys, "audit", "t.csv", "--n-test", "500", "--no-report")[0] == 0


def test_the_report_is_tagged_self_contained_and_the_same_each_time(tmp_path: Path) -> None:
    found = audit_grid(parse(PLANTED, "planted.csv"), Said())
    pdf = write(found, tmp_path / "one").read_bytes()
    assert write(found, tmp_path / "two").read_bytes() == pdf
    html = (tmp_path / "one" / "audit.html").read_text(encoding="utf-8")
    assert re.findall(r'(?:src|href)="(?!https://doi.org/|#|data:)[^"]*"', html) == []
    assert "<script" not in html
    reader = PdfReader(io.BytesIO(pdf))
    catalog: Any = reader.trailer["/Root"]
    assert catalog["/MarkInfo"]["/Marked"]
    text = " ".join(page.extract_text() for page in reader.pages)
    flat = " ".join(text.split())
    assert "Audit of a table of results: planted.csv" in flat
    assert "cannot arise from n = 100" in flat
    assert "agreement-curves" in html


def test_the_words_are_neutral() -> None:
    text = to_text(audit_grid(parse(PLANTED, "t"), Said())) + to_json(audit_grid(parse(PLANTED, "t"), Said()))
    assert not re.search(
        r"(?i)fraud|fabricat|wrong|false|cheat|mistake|suspicious|error(?! rate)",
        text.replace(": false", "").replace("independent errors", ""),
    )


def test_the_assumptions_are_printed() -> None:
    text = " ".join(to_text(audit_grid(parse(CLEAN, "t"), Said())).split())
    for words in ("same cases", "Patients are independent", "every agreement", "prior", "not corrected for that"):
        assert words in text


def test_formulas_are_neutralised_and_text_is_escaped(tmp_path: Path) -> None:
    hostile = "method,accuracy,n\n=HYPERLINK(1),0.90,100\n<script>alert(1)</script>,0.88,100\n+A,0.85,100\n"
    found = audit_grid(parse(hostile, "t"), Said())
    from cxr_report.report.tables.writing import neutralise

    rows = list(csv.reader(io.StringIO(to_csv(found, neutralise))))
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row)
    write(found, tmp_path)
    html = (tmp_path / "audit.html").read_text(encoding="utf-8")
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_the_sentences_hold_what_the_json_holds() -> None:
    found = audit_grid(parse(CLEAN, "t"), Said())
    told = json.loads(to_json(found))["standings"][0]["claims"][0]
    low, high = told["against"]["probability_low"], told["against"]["probability_high"]
    assert f"probability {low:.3f} to {high:.3f}" in told["sentence"]
    best = told["best_of_all"]["probability"]
    assert f"best of all with probability {min(best):.3f} to {max(best):.3f}" in told["sentence"]
    assert "is inside the noise at every agreement" in told["sentence"]


@pytest.mark.parametrize(
    "text",
    [
        "method,metric,value\nA,latency,12\n",
        "method,auc,positives,negatives\nA,1.00,5,5\nB,1.00,5,5\n",
        "method,accuracy,n\nA,1.00,5\nB,1.00,5\nC,0.00,5\n",
        "method,f1\nA,0.9\n",
        "method,kappa,positives,negatives\nA,-0.2,10,10\nB,0.1,10,10\n",
        "method,accuracy,sd,seeds,n\nA,0.90,0.00,3,10\nB,0.90,0.00,3,10\n",
    ],
)
def test_tables_at_the_edge_have_a_report_too(text: str, tmp_path: Path) -> None:
    found = audit_grid(parse(text, "t"), Said(scale="fraction"))
    assert to_text(found)
    json.loads(to_json(found))
    assert write(found, tmp_path).is_file()
