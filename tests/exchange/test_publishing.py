"""What is published stands alone, is the same every time, and was proved before; else nothing is written."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cxr_report import stages
from cxr_report.errors import Refusal
from cxr_report.exchange import Wish, compare, publish, read
from cxr_report.runs import StudyFolder, read_json, sha256, write_json

Copied = Callable[[], StudyFolder]


@pytest.fixture(scope="session")
def published(reported: StudyFolder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip of the reported study."""
    target = tmp_path_factory.mktemp("published") / "example.zip"
    publish(reported, Wish("CC-BY-4.0", target))
    return target


def refused(folder: StudyFolder, wish: Wish) -> str:
    """Publish, and return the refusal; nothing may be left, here or in the temporary folder."""
    assert wish.out is not None
    before = sorted(path.name for path in wish.out.parent.iterdir())
    with tempfile.TemporaryDirectory() as temporary, pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", temporary)
        with pytest.raises(Refusal) as caught:
            publish(folder, wish)
        assert list(Path(temporary).iterdir()) == []
    assert sorted(path.name for path in wish.out.parent.iterdir()) == before
    return str(caught.value)


def test_the_zip_holds_the_study_without_weights_and_four_files_beside_it(
    published: Path, reported: StudyFolder
) -> None:
    with zipfile.ZipFile(published) as found:
        names = found.namelist()
        assert names == sorted(names)
        assert {name for name in names if "/" not in name} == {"LICENSE", "CITATION.cff", "README.md", "SHA256SUMS"}
        assert not [name for name in names if name.endswith((".pt", ".safetensors", ".onnx"))]
        for name in (name for name in names if "/" in name):
            assert found.read(name) == (reported.path.parent / name).read_bytes()


def test_every_file_stands_in_the_sums_and_is_told_of_in_the_readme(published: Path) -> None:
    with zipfile.ZipFile(published) as found:
        sums = dict(reversed(line.split("  ")) for line in found.read("SHA256SUMS").decode().splitlines())
        assert set(sums) == set(found.namelist()) - {"SHA256SUMS"}
        assert all(hashlib.sha256(found.read(name)).hexdigest() == digest for name, digest in sums.items())
        readme = found.read("README.md").decode()
        counts = [int(count) for count in re.findall(r"^\| `example/[^|]* \| ([0-9]+) \|", readme, re.MULTILINE)]
        assert sum(counts) == len([name for name in found.namelist() if name.startswith("example/")])
        assert "another file" not in readme
        assert "LICENSE" in readme


def test_the_same_study_gives_the_same_bytes_without_weights_and_in_another_place(
    published: Path, copied: Copied, tmp_path: Path
) -> None:
    folder = copied()
    for file in [*folder.path.rglob("*.onnx"), *folder.path.rglob("*.safetensors")]:
        file.unlink()
    moved = StudyFolder(folder.path.rename(folder.path.with_name("renamed")))
    done = publish(moved, Wish("cc-by-4.0", tmp_path / "again.zip"))
    assert done.file.read_bytes() == published.read_bytes()
    assert (done.weights, done.rounded, done.size) == (0, 0, published.stat().st_size)


def test_the_unpacked_zip_alone_gives_the_same_analysis(published: Path, tmp_path: Path) -> None:
    shutil.unpack_archive(published, tmp_path)
    folder = StudyFolder(tmp_path / "example")
    before = sha256(folder.analysis().statistics)
    shutil.rmtree(folder.analysis().path)
    stages.analyse(folder)
    assert sha256(folder.analysis().statistics) == before
    assert not compare(read(published), read(folder.path)).changed


def test_authors_release_and_date_are_taken_from_what_is_asked(reported: StudyFolder, tmp_path: Path) -> None:
    wish = Wish("CC0-1.0", tmp_path / "x.zip", ("Curie, Marie",), "1.1", "2026-02-28")
    publish(reported, wish)
    with zipfile.ZipFile(tmp_path / "x.zip") as found:
        cited = found.read("CITATION.cff").decode()
        assert 'family-names: "Curie"' in cited
        assert 'version: "1.1"\ndate-released: "2026-02-28"\n' in cited
        assert "by Curie, Marie\n" in found.read("LICENSE").decode()


def test_the_analysis_by_another_plan_is_computed_again_too(copied: Copied, tmp_path: Path) -> None:
    folder = copied()
    plan = tmp_path / "strict.toml"
    plan.write_text('[analysis]\nalpha = 0.01\nadjustment = "bh"\nfamily = "all"\n')
    stages.analyse(folder, name="strict", plan=plan)
    publish(folder, Wish("MIT", tmp_path / "x.zip"))
    with zipfile.ZipFile(tmp_path / "x.zip") as found:
        assert "example/analysis-strict/statistics.json" in found.namelist()
    content = read_json(folder.analysis("strict").statistics)
    content["smallest_wilcoxon_p"] = 0.123
    write_json(folder.analysis("strict").statistics, content)
    told = refused(folder, Wish("MIT", tmp_path / "y.zip"))
    assert "analysis-strict/statistics.json does not follow" in told
    assert "smallest_wilcoxon_p" in told


def test_an_incomplete_study_is_published_as_what_it_is(copied: Copied, tmp_path: Path) -> None:
    folder = copied()
    shutil.rmtree(folder.run("weighted", 2).path)
    stages.analyse(folder, partial=True)
    files = {"report.html": b"<html></html>"}
    for name, content in files.items():
        (folder.report("partial").path / name).parent.mkdir(exist_ok=True)
        (folder.report("partial").path / name).write_bytes(content)
    outputs = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    write_json(folder.report("partial").manifest, {"outputs": outputs, "inputs": {}})
    publish(folder, Wish("MIT", tmp_path / "x.zip", partial=True))
    with zipfile.ZipFile(tmp_path / "x.zip") as found:
        names = {name.split("/")[1] for name in found.namelist() if "/" in name}
        assert {"analysis-partial", "report-partial"} <= names
        assert not {"analysis", "report"} & names
        readme = found.read("README.md").decode()
    assert "**The study is incomplete:**" in readme
    assert "cxr-report analyse --partial example" in readme


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        ({"licence": ""}, "--licence"),
        ({"licence": "WTF-1"}, "--licence WTF-1: allowed are"),
        ({"released": "yesterday"}, "--date yesterday"),
        ({"authors": ("",)}, "names no author"),
        ({"partial": True}, "analysis-partial/statistics.json is missing; run `cxr-report analyse --partial` first"),
    ],
)
def test_what_is_asked_wrongly_is_refused_before_any_work(
    reported: StudyFolder, tmp_path: Path, wish: dict[str, object], reason: str
) -> None:
    assert reason in refused(reported, Wish(**{"licence": "MIT", "out": tmp_path / "x.zip", **wish}))  # type: ignore[arg-type]


def test_the_target_is_a_zip_outside_of_the_study(reported: StudyFolder, tmp_path: Path) -> None:
    assert "must end in .zip" in refused(reported, Wish("MIT", tmp_path / "x.tar"))
    assert "lies in the study itself" in refused(reported, Wish("MIT", reported.path / "x.zip"))
    (tmp_path / "folder.zip").mkdir()
    assert "is no regular file but a folder" in refused(reported, Wish("MIT", tmp_path / "folder.zip"))


def test_no_study_is_refused(tmp_path: Path) -> None:
    assert "study.json: is missing" in refused(StudyFolder(tmp_path / "nothing"), Wish("MIT", tmp_path / "x.zip"))


def test_an_incomplete_study_is_refused_with_what_is_missing(copied: Copied, tmp_path: Path) -> None:
    folder = copied()
    run = folder.run("weighted", 2)
    run.predictions("test").unlink()
    told = refused(folder, Wish("MIT", tmp_path / "x.zip"))
    assert "the study is incomplete, 1 file is missing" in told
    assert told.endswith("\nweighted/seed-0002/predictions-test.npz")


def test_a_study_without_its_report_is_refused(copied: Copied, tmp_path: Path) -> None:
    folder = copied()
    shutil.rmtree(folder.report().path)
    assert "report/manifest.json is missing; run `cxr-report report` first" in refused(
        folder, Wish("MIT", tmp_path / "x.zip")
    )


def test_weights_that_are_not_the_recorded_ones_are_refused_though_they_stay_at_home(
    copied: Copied, tmp_path: Path
) -> None:
    folder = copied()
    folder.run("weighted", 2).weights.write_bytes(b"others")
    told = refused(folder, Wish("MIT", tmp_path / "x.zip"))
    assert "weighted/seed-0002/weights.safetensors does not match the hash that" in told


def test_predictions_that_are_not_the_recorded_ones_are_refused(copied: Copied, tmp_path: Path) -> None:
    folder = copied()
    file = folder.run("weighted", 2).predictions("test")
    with np.load(file) as arrays:
        np.savez(file, ids=arrays["ids"], logits=arrays["logits"] + 1)
    told = refused(folder, Wish("MIT", tmp_path / "x.zip"))
    assert "weighted/seed-0002/predictions-test.npz does not match the hash that" in told


def test_a_refusal_speaks_of_the_study_and_not_of_its_copy(copied: Copied, tmp_path: Path) -> None:
    folder = copied()
    told = read_json(folder.analysis().statistics)
    write_json(folder.analysis().statistics, {**told, "runs": "none"})
    manifest = read_json(folder.report().manifest)
    manifest["inputs"]["analysis/statistics.json"] = sha256(folder.analysis().statistics)
    write_json(folder.report().manifest, manifest)
    assert refused(folder, Wish("MIT", tmp_path / "x.zip")).startswith(
        f"{folder.analysis().path}: statistics.json is no"
    )


def test_a_number_that_does_not_come_out_again_is_refused_even_if_every_hash_is_mended(
    copied: Copied, tmp_path: Path
) -> None:
    folder = copied()
    content = read_json(folder.analysis().statistics)
    content["joint"][0]["pairs"][0]["verdict"] = "first better"
    write_json(folder.analysis().statistics, content)
    manifest = read_json(folder.report().manifest)
    manifest["inputs"]["analysis/statistics.json"] = sha256(folder.analysis().statistics)
    write_json(folder.report().manifest, manifest)
    told = refused(folder, Wish("MIT", tmp_path / "x.zip"))
    assert "analysis/statistics.json does not follow from the files of the study" in told
    assert "the decision on weighted against cross-entropy on auroc, seeds and cases is 'not shown'" in told


@pytest.mark.parametrize("name", ["report/report.pdf", "report/tables/main.csv", "analysis/comparisons.csv"])
def test_a_report_of_other_files_is_refused(copied: Copied, tmp_path: Path, name: str) -> None:
    folder = copied()
    (folder.path / name).write_bytes((folder.path / name).read_bytes() + b"\n")
    assert f"{name} is not what report/manifest.json records of it" in refused(folder, Wish("MIT", tmp_path / "x.zip"))


def test_what_tells_of_the_machine_is_refused_and_an_older_zip_stays(
    copied: Copied, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, target = copied(), tmp_path / "x.zip"
    target.write_bytes(b"older")
    monkeypatch.setenv("USER", "jdoe42")
    run = folder.run("weighted", 2).run_json
    run.write_text(json.dumps({**read_json(run), "note": "of jdoe42, in /home/jdoe42/runs"}))
    manifest = read_json(folder.report().manifest)
    manifest["inputs"][folder.relative(run)] = sha256(run)
    write_json(folder.report().manifest, manifest)
    told = refused(folder, Wish("MIT", target))
    assert "weighted/seed-0002/run.json (note): the user name 'jdoe42'" in told
    assert "the absolute path '/home/jdoe42/runs'" in told
    assert target.read_bytes() == b"older"
