"""A study on a real Ray cluster of two nodes that see nothing of the driver's folder; one is killed at work.

Everything runs in processes of its own, so that no warning of Ray's reaches these tests.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import cxr_report
from cxr_report.runs import RunFolder, StudyFolder

BINARIES = Path(sys.executable).parent


def missing() -> str:
    """Say what these tests lack here; empty where they can run."""
    if importlib.util.find_spec("ray") is None:
        return "the extra ray is not installed"
    if not sys.platform.startswith("linux") or shutil.which("unshare") is None:
        return "mount namespaces need Linux and unshare"
    made = subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, text=True)
    return "" if made.returncode == 0 else f"no mount namespace can be made here ({made.stderr.strip()})"


pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

STUDY = """
name = "tiny"
task = "multiclass"
seeds = 2

[data]
source = "phantom"
image_size = 32

[data.phantom]
patients = 90
difficulty = 0.3

[model]
width = 4

[training]
epochs = 25
batch_size = 16

[losses.ce]
loss = "cross-entropy"

[losses.ours]
function = "loss_of_ours:loss"
formula = "x"
reference = "y"

[noise_floor]
seeds = true
"""
OURS = "from helper_of_ours import cross\n\ndef loss(logits, target):\n    return 0.5 * cross(logits, target)\n"
HELPER = "from torch.nn import functional\n\ndef cross(a, b):\n    return functional.cross_entropy(a, b)\n"


@dataclass
class Nodes:
    """A cluster on this machine; each node has a mount namespace in which a folder is empty."""

    hidden: Path
    place: Path
    """Ray's own files; a short path, since sockets lie there."""
    port: int
    code: Path
    """A copy of our package that nobody changes meanwhile, as nodes with other sources get no run."""
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self, *, head: bool = False, environment: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        role = ["--head", f"--port={self.port}", f"--temp-dir={self.place}", "--include-dashboard=false"]
        options = role if head else [f"--address={self.address}"]
        ray = [BINARIES / "ray", "start", "--block", "--num-cpus=1", "--num-gpus=0", "--node-ip-address=127.0.0.1"]
        ray += ["--object-store-memory=100000000", "--disable-usage-stats", *options]
        script = f'mount -t tmpfs none "{self.hidden}" && exec "$@"'
        with (self.place / f"node-{len(self.started)}.log").open("wb") as log:
            process = subprocess.Popen(
                ["unshare", "-m", "sh", "-c", script, "sh", *ray],
                env={**os.environ, "RAY_USAGE_STATS_ENABLED": "0", "PYTHONPATH": str(self.code), **(environment or {})},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.started.append(process)
        assert wait_until(lambda: "Ray runtime started" in self.log(process)), self.log(process)
        return process

    def log(self, process: subprocess.Popen[bytes]) -> str:
        return (self.place / f"node-{self.started.index(process)}.log").read_text()

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """Let a node end as if its power failed."""
        for member in members(process.pid):
            os.kill(member, signal.SIGKILL)
        process.wait(30)

    def sees(self, process: subprocess.Popen[bytes], file: Path) -> bool:
        """Say whether a node finds a file."""
        enter = ["nsenter", "-m", "-t", str(process.pid), "test", "-e", file]
        return subprocess.run(enter, check=False).returncode == 0


def members(session: int) -> list[int]:
    """Processes of a session that live."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, _, _, of = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
            except OSError:
                continue
            if int(of) == session and state != "Z":
                found.append(int(entry.name))
    return found


def wait_until(condition: Callable[[], object], seconds: float = 90.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study file in a folder that no node sees."""
    place = tmp_path / "driver"
    place.mkdir()
    (place / "tiny.toml").write_text(STUDY)
    (place / "loss_of_ours.py").write_text(OURS)
    (place / "helper_of_ours.py").write_text(HELPER)
    return place / "tiny.toml"


@pytest.fixture
def code(tmp_path: Path) -> Path:
    place, package = tmp_path / "code", Path(cxr_report.__file__).parent
    shutil.copytree(package, place / "cxr_report", ignore=shutil.ignore_patterns("__pycache__"))
    return place


@pytest.fixture
def nodes(study: Path, code: Path) -> Iterator[Nodes]:
    lacking = missing()
    if lacking:
        pytest.skip(lacking)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    made = Nodes(study.parent, Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp")), port, code)
    try:
        yield made
    finally:
        for process in made.started:
            made.kill(process)
        shutil.rmtree(made.place, ignore_errors=True)


class Driver:
    """`cxr-report train` in a process of its own, in a session of its own."""

    def __init__(self, study: Path, code: Path, runs: str, options: tuple[str, ...]) -> None:
        self.told = study.parent / f"{runs}-{time.monotonic_ns()}.log"
        self.folder = StudyFolder(study.parent / runs / "tiny")
        with self.told.open("wb") as told:
            self.process = subprocess.Popen(
                [BINARIES / "cxr-report", "train", study, "--runs", study.parent / runs, *options],
                stdout=subprocess.PIPE,
                stderr=told,
                start_new_session=True,
                cwd=study.parent,  # Ray puts the driver's working directory first on the path of every worker
                env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(code)},
            )

    def said(self) -> str:
        return self.told.read_text()

    def end(self) -> tuple[int, str]:
        out, _ = self.process.communicate(timeout=400)
        return self.process.returncode, out.decode()


Drive = Callable[..., Driver]


@pytest.fixture
def drive(study: Path, code: Path) -> Iterator[Drive]:
    """Start drivers of the study; those that a failed test leaves are ended."""
    started: list[Driver] = []

    def start(runs: str, *options: str) -> Driver:
        started.append(Driver(study, code, runs, options))
        return started[-1]

    yield start
    for driver in started:
        driver.process.kill()
        driver.process.communicate(timeout=30)


def results(run: RunFolder) -> tuple[bytes, bytes]:
    return run.weights.read_bytes(), run.history.read_bytes()


def finished(folder: StudyFolder) -> set[Path]:
    return set(folder.path.glob("*/seed-*/weights.safetensors"))


def test_a_study_ends_the_same_though_a_node_is_killed_at_work(nodes: Nodes, study: Path, drive: Drive) -> None:
    head = nodes.start(head=True)
    other = nodes.start()
    assert study.exists()
    assert not nodes.sees(head, study)
    assert not nodes.sees(other, study)
    driver = drive("far", "--on", "ray", "--address", nodes.address)
    at_work = wait_until(lambda: driver.said().count(": training, epoch") >= 2 and errands(other))
    assert at_work, driver.said() + nodes.log(other)
    nodes.kill(other)
    code, out = driver.end()
    said = driver.said()
    assert code == 0, said
    assert out.strip() == str(driver.folder.path)
    assert "Ray cluster of 2 nodes with 2 CPUs: one run on each" in said
    lost = r"lost with node .+ \((the node died|its process ended unexpectedly)\); tried again on another node where"
    assert len(re.findall(lost, said)) == 1
    assert said.count(": begun again on node ") == 1
    assert "raylet" not in said

    local = drive("near")
    assert local.end()[0] == 0, local.said()
    there = finished(driver.folder)
    assert len(there) == 6
    assert {file.relative_to(driver.folder.path) for file in there} == {
        file.relative_to(local.folder.path) for file in finished(local.folder)
    }
    for file in there:
        loss, seed = file.parent.parent.name, int(file.parent.name.removeprefix("seed-"))
        assert results(driver.folder.run(loss, seed)) == results(local.folder.run(loss, seed))
        record = json.loads(driver.folder.run(loss, seed).run_json.read_text())
        assert record["ray"]["differs_from_driver"] == []
        assert record["finished"] is not None
    assert {file.name for file in there.pop().parent.iterdir()} == {"run.json", "history.csv", "weights.safetensors"}

    again = drive("far", "--on", "ray", "--address", "127.0.0.1:1")
    assert again.end()[0] == 0, "a finished study needs no cluster"


def test_an_interrupt_leaves_nothing_at_work_and_the_same_command_goes_on(
    nodes: Nodes, study: Path, drive: Drive
) -> None:
    head = nodes.start(head=True)
    idle = len(members(head.pid))
    driver = drive("far", "--on", "ray", "--address", nodes.address)
    assert wait_until(lambda: finished(driver.folder) and driver.said().count(": training, epoch") >= 2), driver.said()
    kept = {file: file.stat().st_mtime_ns for file in finished(driver.folder)}
    driver.process.send_signal(signal.SIGINT)
    code, _ = driver.end()
    assert code == 130, driver.said()
    assert "interrupted; what was finished is kept" in driver.said()
    assert set(kept) <= finished(driver.folder)
    assert len(finished(driver.folder)) < 6
    assert wait_until(lambda: not errands(head), 30)
    assert len(members(head.pid)) <= idle + 2, "Ray keeps some idle processes"
    again = drive("far", "--on", "ray", "--address", nodes.address)
    assert again.end()[0] == 0, again.said()
    assert f"{len(kept)} of 6 runs are finished already" in again.said()
    assert {file: file.stat().st_mtime_ns for file in kept} == kept
    assert len(finished(driver.folder)) == 6


def errands(node: subprocess.Popen[bytes]) -> list[int]:
    """Processes of a node that train."""
    return [pid for pid in members(node.pid) if b"errand" in title(pid)]


def title(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def test_a_node_with_other_versions_gets_no_run_and_alone_it_is_refused(
    nodes: Nodes, drive: Drive, tmp_path: Path
) -> None:
    other = tmp_path / "other" / "numpy-1.26.4.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: numpy\nVersion: 1.26.4\n")
    nodes.start(head=True, environment={"PYTHONPATH": f"{other.parent}{os.pathsep}{nodes.code}"})
    driver = drive("far", "--on", "ray", "--address", nodes.address)
    code, _ = driver.end()
    assert code == 2, driver.said()
    last = driver.said().strip().splitlines()[-1]
    assert last.startswith("cxr-report: node ")
    assert "has numpy 1.26.4 and the driver numpy " in last
    assert finished(driver.folder) == set()
