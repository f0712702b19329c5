"""What only a CUDA device can show; every test says why it is skipped where there is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cxr_report import stages

torch = pytest.importorskip("torch")


@pytest.fixture(autouse=True)
def _device() -> None:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device is available to torch")


@pytest.mark.gpu
def test_the_whole_way_on_a_gpu_is_proved_and_says_where_it_ran(tiny_text: str, tmp_path: Path) -> None:
    (tmp_path / "tiny.toml").write_text(tiny_text)
    place = stages.Workplace.open(tmp_path / "tiny.toml", tmp_path / "runs")
    stages.run(place)
    run = place.folder.run("ce", 1)
    assert "cuda" in json.dumps(json.loads(run.run_json.read_text())).lower()
    assert json.loads(run.export_json.read_text())["proof"]["flips_outside"] == 0
    assert place.folder.report().pdf.exists()


@pytest.mark.gpu
def test_a_run_on_a_gpu_is_the_same_alone_and_among_others(tiny_text: str, tmp_path: Path) -> None:
    weights = []
    for name, seeds in (("few", "[1, 2]"), ("many", "[1, 2, 3, 4]")):
        file = tmp_path / f"{name}.toml"
        file.write_text(tiny_text.replace('name = "tiny"', f'name = "{name}"').replace("seeds = 2", f"seeds = {seeds}"))
        place = stages.Workplace.open(file, tmp_path / "runs")
        stages.train(place)
        weights.append(place.folder.run("ce", 2).weights.read_bytes())
    assert weights[0] == weights[1]
