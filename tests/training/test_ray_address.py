"""What is said where no cluster can be joined, or where what was asked for cannot go together."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cxr_report import cli, workplace
from cxr_report.errors import Refusal


@pytest.fixture
def study(tmp_path: Path) -> Path:
    file = tmp_path / "study.toml"
    assert CliRunner().invoke(cli.app, ["init", str(file)]).exit_code == 0
    return file


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--on", "slurm"], "--on takes here or ray, got 'slurm'"),
        (["--address", "auto"], "--address names a Ray cluster and goes with --on ray"),
        (
            ["--on", "ray", "--shard", "1/2"],
            "--shard is for job arrays without Ray; --on ray spreads all runs by itself",
        ),
        (["--shard", "3/2"], "--shard takes i/n with i in 1 to n, such as 3/10, got '3/2'"),
    ],
)
@pytest.mark.parametrize("verb", ["run", "train"])
def test_what_cannot_go_together_is_one_sentence(study: Path, verb: str, options: list[str], sentence: str) -> None:
    found = CliRunner().invoke(cli.app, [verb, str(study), "--runs", str(study.parent / "runs"), *options])
    assert isinstance(found.exception, Refusal)
    assert str(found.exception) == sentence
    assert not (study.parent / "runs").exists()


@pytest.mark.parametrize("options", [["--shard", "1/2"], ["--on", "ray"]])
def test_a_dry_run_is_of_this_machine_and_of_the_whole_study(study: Path, options: list[str]) -> None:
    found = CliRunner().invoke(cli.app, ["run", str(study), "--dry-run", *options])
    assert isinstance(found.exception, Refusal)
    assert "--dry-run" in str(found.exception)


def test_without_the_extra_the_sentence_names_it(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workplace, "EXTRAS", {**workplace.EXTRAS, "ray": ("no_such_ray",)})
    found = CliRunner().invoke(cli.app, ["run", str(study), "--runs", str(study.parent / "runs"), "--on", "ray"])
    assert str(found.exception).endswith("install the extra: pip install 'cxr_report[ray]'")
    assert not (study.parent / "runs").exists()


def refuse_silence(address: str) -> None:
    pytest.importorskip("ray", reason="the extra ray is not installed")
    from cxr_report.training.cluster import ray_cluster

    ray_cluster._refuse_silence(address)


@pytest.mark.parametrize("address", ["", "10.0.0.1", "ray://10.0.0.1:10001", "local", "a b:1", "10.0.0.1:"])
def test_what_is_no_address_is_one_sentence(address: str) -> None:
    with pytest.raises(Refusal, match=r"^--address takes auto, or host:port of a cluster's head node") as caught:
        refuse_silence(address)
    assert str(caught.value).endswith(repr(address))


@pytest.mark.parametrize("port", [1, 99999])
def test_an_address_where_nobody_listens_is_refused_at_once(port: int) -> None:
    with pytest.raises(
        Refusal, match=rf"^--address 127\.0\.0\.1:{port}: no Ray cluster can be joined there \(.+\); start"
    ):
        refuse_silence(f"127.0.0.1:{port}")


def test_an_address_where_someone_listens_passes() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        refuse_silence(f"127.0.0.1:{server.getsockname()[1]}")
        refuse_silence("auto")
