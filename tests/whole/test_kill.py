"""kill -9 at any moment, then the same command: the study ends as if it had never been killed."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

NOT_COMPARED = re.compile(
    r"(.*/)?(run\.json|evaluation\.json|checkpoint\.pt)|study\.json|report/(manifest\.json|report\.pdf)"
)
"""These hold times or machine facts, or hash files that do."""

MARKED = re.compile(r"<!-- time-and-machine: begin -->.*?<!-- time-and-machine: end -->", re.DOTALL)
COMMAND = [sys.executable, "-c", "from cxr_report.cli import main; main()", "run", "tiny.toml"]
ORPHAN_SECONDS = 10.0
"""Chosen: a worker that outlives its killed driver by more than this counts as an orphan."""


def start(place: Path, mark: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "CXR_REPORT_TEST_MARK": mark}
    return subprocess.Popen(COMMAND, cwd=place, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def marked_processes(mark: str) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                environment = (entry / "environ").read_bytes()
                zombie = (entry / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
            except OSError:
                continue
            if mark.encode() in environment and not zombie:
                found.append(int(entry.name))
    return found


def content(study: Path) -> dict[str, bytes]:
    files = {path.relative_to(study).as_posix(): path for path in study.rglob("*") if path.is_file()}
    kept = {name: path.read_bytes() for name, path in files.items() if not NOT_COMPARED.fullmatch(name)}
    page, found = MARKED.subn("", kept["report/report.html"].decode())
    assert found == 1, "the report must have exactly one block of time and machine"
    return {**kept, "report/report.html": page.encode()}


def finish(place: Path, mark: str) -> None:
    process = start(place, mark)
    _, said = process.communicate(timeout=600)
    assert process.returncode == 0, said.decode()


def kill_after(place: Path, seconds: float) -> bool:
    """Start the study and kill it; say whether there was something left to kill."""
    mark = uuid.uuid4().hex
    process = start(place, mark)
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
    process.communicate()
    deadline = time.monotonic() + ORPHAN_SECONDS
    while marked_processes(mark) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert marked_processes(mark) == [], "workers outlived their driver"
    return process.returncode == -signal.SIGKILL


def killed_study(tmp_path: Path, text: str, *, kills: int, seed: int) -> int:
    """Compare an undisturbed study with one killed many times; return how many kills hit."""
    calm, hurt = tmp_path / "calm", tmp_path / "hurt"
    for place in (calm, hurt):
        place.mkdir()
        (place / "tiny.toml").write_text(text)
    began = time.monotonic()
    finish(calm, "calm" + uuid.uuid4().hex)
    whole = time.monotonic() - began
    moments = random.Random(seed)
    hit = 0
    for _ in range(4 * kills):
        if hit == kills or (hurt / "runs/tiny/report/manifest.json").exists():
            break
        hit += kill_after(hurt, moments.uniform(0.25, 0.75) * whole * moments.choice((0.4, 1.0)))
    finish(hurt, "hurt" + uuid.uuid4().hex)
    expected, got = content(calm / "runs/tiny"), content(hurt / "runs/tiny")
    assert sorted(got) == sorted(expected)
    assert [name for name in expected if got[name] != expected[name]] == []
    return hit


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds orphans through /proc, which is absent here")
def test_a_study_killed_now_and_then_ends_byte_identical(tmp_path: Path, tiny_text: str) -> None:
    assert killed_study(tmp_path, tiny_text, kills=3, seed=1) >= 1


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds orphans through /proc, which is absent here")
def test_a_study_killed_many_times_ends_byte_identical(tmp_path: Path, tiny_text: str) -> None:
    longer = tiny_text.replace("epochs = 2", "epochs = 12").replace("patients = 90", "patients = 240")
    hit = killed_study(tmp_path, longer, kills=12, seed=2)
    print(f"kills that hit a live study: {hit}")
    assert hit >= 4
