"""The benchmark of areas runs, and its last line is one JSON document."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "stats" / "areas.py"


def test_the_last_line_is_one_document_with_peers_of_the_same_run():
    done = subprocess.run(
        [sys.executable, "-W", "error", str(SCRIPT), "--quick"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    document = json.loads(done.stdout.splitlines()[-1])
    assert document["quick"]
    assert document["many_classifiers"]["pairwise"]["pairs"] == 15
    assert document["one_pair"]["floor"]["seconds"] > 0
    assert document["resamples"]["sklearn"]
    assert set(document["machine"]) >= {"processor", "cores", "numpy", "scipy", "python"}
