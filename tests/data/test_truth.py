"""Truth files and data.json."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from cxr_report.data import DataSet, read_truth, write
from cxr_report.data.strata import strata
from cxr_report.runs import StudyFolder, read_json, sha256
from cxr_report.study import Study


def test_truth_comes_back_as_it_was(ask: Callable[..., Study], read: Callable[..., DataSet], tmp_path: Path) -> None:
    study = ask("multilabel", source="phantom", image_size=16, phantom={"patients": 60})
    loaded = read(study)
    folder = StudyFolder(tmp_path / "runs" / "t")
    write(loaded, study, folder)
    for split in ("val", "test"):
        truth, cases = read_truth(folder, split), loaded.split(split)
        assert len(truth) == len(cases)
        assert truth.classes == loaded.classes
        assert np.array_equal(truth.ids, cases.ids)
        assert np.array_equal(truth.patients, cases.patients)
        assert truth.labels.dtype == np.float32
        assert np.array_equal(truth.labels, cases.labels, equal_nan=True)
        for name in ("width", "height"):
            assert np.array_equal(truth.sizes[name], cases.metadata[name])
        for name, words in strata(cases.metadata).items():
            assert np.array_equal(truth.strata[name], words)
    assert read_json(folder.data_json)["fingerprint"] == loaded.fingerprint
    assert read_json(folder.data_json)["task"] == "multilabel"


def test_equal_data_give_equal_bytes(ask: Callable[..., Study], read: Callable[..., DataSet], tmp_path: Path) -> None:
    study = ask(source="phantom", image_size=16, phantom={"patients": 60})
    written = []
    for place in ("a", "b"):
        folder = StudyFolder(tmp_path / place / "t")
        write(read(study, cache=folder.cache), study, folder)
        written.append({file.name: file.read_bytes() for file in folder.path.iterdir()})
    assert written[0] == written[1]
    assert sorted(written[0]) == ["data.json", "truth-test.npz", "truth-val.npz"]


def test_data_json_binds_the_truth_files_that_stand_before_it(
    ask: Callable[..., Study], read: Callable[..., DataSet], tmp_path: Path
) -> None:
    study = ask(source="phantom", image_size=16, phantom={"patients": 60})
    folder = StudyFolder(tmp_path / "runs" / "t")
    write(read(study), study, folder)
    bound = read_json(folder.data_json)["truth_sha256"]
    assert bound == {split: sha256(folder.truth(split)) for split in ("val", "test")}
    written = [file.stat().st_mtime_ns for file in (folder.truth("val"), folder.truth("test"), folder.data_json)]
    assert written == sorted(written)
