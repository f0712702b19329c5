"""The benchmark of the analysis runs, and its last line is one JSON document."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "analysis" / "whole.py"


def test_the_last_line_is_one_document_with_the_parts_and_a_peer_of_the_same_run():
    done = subprocess.run(
        [sys.executable, "-W", "error", str(SCRIPT), "--quick"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    document = json.loads(done.stdout.splitlines()[-1])
    assert document["quick"]
    assert 0 < document["whole"]["seconds"] <= document["whole"]["limit_seconds"]
    parts = document["whole"]["parts"]
    assert next(iter(parts)).endswith(".analyse")
    assert {"analysis.assemble.assemble", "analysis.scoring.score_all"} <= set(parts)
    metrics = document["covariances"]["metrics"]
    assert {row["method"] for row in metrics.values()} == {"delong", "jackknife", "bootstrap", "none"}
    assert metrics["average_precision"]["times_faster"] > 1
    assert set(document["machine"]) >= {"processor", "cores", "versions", "python"}
