"""A study that was trained, exported and evaluated is published, and its zip alone says the same."""

from __future__ import annotations

import zipfile
from pathlib import Path

from cxr_report import stages
from cxr_report.exchange import Wish, compare, publish, read


def test_a_trained_study_is_published_and_its_zip_says_the_same(finished: stages.Workplace, tmp_path: Path) -> None:
    done = publish(finished.folder, Wish("CC-BY-4.0", tmp_path / "tiny.zip", ("Curie, Marie",)))
    assert (done.strangers, done.rounded) == ((), 0)
    assert done.weights >= 2 * 4  # weights and graph of four runs
    found = compare(read(finished.folder.path), read(done.file))
    assert not found.changed
    assert found.rounded == 0
    secret = str(finished.study_file.parent).encode()
    with zipfile.ZipFile(done.file) as archive:
        assert not [name for name in archive.namelist() if secret in archive.read(name)]
