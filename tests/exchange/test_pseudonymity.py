"""What tells of a machine, its user or an original file is found wherever it stands, and nothing else is."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest

from cxr_report.errors import Refusal
from cxr_report.exchange import owner
from cxr_report.exchange.owner import Owner
from cxr_report.exchange.pseudonymity import Leak, leaks, refuse
from cxr_report.runs import StudyFolder, write_arrays, write_json, write_text

OWNER = Owner(
    (("user name", "jdoe42"), ("host name", "xraylab-gpu7"), ("host name", "xraylab-gpu7.clinic.org")),
    ("/home/jdoe42", "/storage/studies"),
)
CLEAN = {
    "loss": "ce",
    "seed": 1,
    "device": "cuda: NVIDIA H100 80GB HBM3",
    "git_commit": "0123456789abcdef0123456789abcdef01234567",
    "versions": {"system": "Linux x86_64", "torch": "2.13.0+cpu", "cudnn": "9.1.0.70"},
    "start": "2026-11-25T15:51:27+00:00",
    "reason": "no usable GPU was found",
}
HTML = (
    "<!doctype html><html><head><style>:root{{--main:1}}</style></head><body><main><p>{said}</p></main></body></html>"
)


@pytest.fixture
def folder(tmp_path: Path) -> StudyFolder:
    """A folder with one clean file of every kind."""
    made = StudyFolder(tmp_path / "example")
    run = made.run("ce", 1)
    write_json(run.run_json, CLEAN)
    write_arrays(run.predictions("test"), ids=np.array(["0a1b2c3d4e5f", "aaaabbbbcccc"]), logits=np.zeros((2, 2)))
    write_arrays(made.truth("test"), ids=np.array(["0a1b2c3d4e5f", "aaaabbbbcccc"]), patients=np.arange(2))
    write_text(made.analysis().scores, "loss,seed,value\nce,1,0.5\n")
    write_text(
        made.report().html, HTML.format(said="See https://doi.org/10.1/x and </p> a/b, sensitivity/specificity.")
    )
    write_text(made.report().figure("roc"), '<svg xmlns="http://www.w3.org/2000/svg"><text>AUROC</text></svg>')
    write_text(made.report().table("main", "tex"), "\\\\\n\\midrule A\\\\B & 0.5 \\\\\n")
    return made


@pytest.fixture
def study(examples, request):  # type: ignore[no-untyped-def]
    """The study that the folder belongs to."""
    return examples.study_of(examples.Recipe(losses=2, seeds=2))


def told(folder: StudyFolder, study) -> list[Leak]:  # type: ignore[no-untyped-def]
    return leaks(folder, study, OWNER)


def test_clean_files_tell_nothing(folder: StudyFolder, study) -> None:  # type: ignore[no-untyped-def]
    assert told(folder, study) == []


def test_whole_studies_tell_nothing(reported: StudyFolder, study) -> None:  # type: ignore[no-untyped-def]
    there = {file.suffix for file in reported.path.rglob("*")}
    assert {".json", ".npz", ".csv", ".html", ".pdf", ".svg", ".tex"} <= there
    for file in ("checkpoint.pt", "weights.safetensors", "model.onnx"):
        for each in reported.path.rglob(file):
            assert each.name not in str(told(reported, study))


@pytest.mark.parametrize(
    "secret",
    [
        "trained by jdoe42",
        "xrays_of_jdoe42-2",
        "on xraylab-gpu7",
        "XRAYLAB-GPU7.clinic.org",
        "/home/jdoe42/x",
        "/home/someone/else",
        "see /mnt/disk3/xrays",
        "/anything/at/all",
        "C:\\Users\\Doe\\x",
        "D:/xrays/kept/a",
        "\\\\fileserver\\share\\x",
        "~/studies/x",
        "file:///srv/x",
        "00:1a:2b:3c:4d:5e",
        "GPU-0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f",
        "patient_0007.dcm",
        "IM-0001.JPG",
    ],
)
@pytest.mark.parametrize("kind", ["json", "key", "csv", "npz"])
def test_what_is_planted_as_a_value_is_found(folder: StudyFolder, study, kind: str, secret: str) -> None:  # type: ignore[no-untyped-def]
    run = folder.run("ce", 1)
    if kind == "json":
        write_json(run.run_json, {**CLEAN, "resumed": [{"note": secret}]})
    elif kind == "key":
        write_json(run.run_json, {**CLEAN, secret: 1})
    elif kind == "csv":
        write_text(folder.analysis().scores, f'loss,seed,value\n"{secret}",1,0.5\n')
    else:
        write_arrays(folder.path / "gallery.npz", captions=np.array(["covid19", secret]))
    assert len(told(folder, study)) >= 1
    assert "\n" not in str(told(folder, study)[0])


@pytest.mark.parametrize(
    "secret", ["trained by jdoe42", "xraylab-gpu7", "/home/x/y", "/storage/studies", "C:\\Users\\Doe\\x"]
)
@pytest.mark.parametrize("kind", ["text", "comment", "attribute", "svg", "tex", "stream", "pdf"])
def test_what_is_planted_in_a_report_is_found(folder: StudyFolder, study, kind: str, secret: str) -> None:  # type: ignore[no-untyped-def]
    report = folder.report()
    packed = zlib.compress(f"BT ({secret}) Tj ET".encode())
    planted = {
        "text": (report.html, HTML.format(said=secret).encode()),
        "comment": (report.html, HTML.format(said=f"<!-- {secret} -->").encode()),
        "attribute": (report.html, HTML.format(said=f'<img alt="{secret}">').encode()),
        "svg": (report.figure("roc"), f"<svg><title>{secret}</title></svg>".encode()),
        "tex": (report.table("main", "tex"), f"% {secret}\n".encode()),
        "stream": (report.pdf, b"%PDF-1.7\n1 0 obj <</Filter /FlateDecode>> stream\n" + packed + b"\nendstream"),
        "pdf": (report.pdf, f"%PDF-1.7\n<</Author ({secret})>>".encode()),
    }
    file, content = planted[kind]
    file.write_bytes(content)
    assert {leak.file for leak in told(folder, study)} == {folder.relative(file)}


@pytest.mark.parametrize("field", ["hostname", "node", "user", "cwd", "machine_id", "Username"])
def test_a_field_about_the_machine_is_found_whatever_its_value(folder: StudyFolder, study, field: str) -> None:  # type: ignore[no-untyped-def]
    write_json(folder.run("ce", 1).run_json, {**CLEAN, "versions": {field: "qq"}})
    (leak,) = told(folder, study)
    assert (
        str(leak)
        == f"ce/seed-0001/run.json (versions.{field}): the field '{field}', which identifies a machine or its user"
    )


def test_names_of_cases_are_found_unless_the_study_publishes_them(folder: StudyFolder, study) -> None:  # type: ignore[no-untyped-def]
    write_arrays(folder.truth("test"), ids=np.array(["smith_anna", "aaaabbbbcccc"]), patients=np.arange(2))
    assert [leak.where for leak in told(folder, study)] == ["the array ids"]
    names = study.model_copy(update={"data": study.data.model_copy(update={"publish_names": True})})
    assert told(folder, names) == []


def test_names_of_cases_are_found_beside_their_images_too(folder: StudyFolder, study) -> None:  # type: ignore[no-untyped-def]
    write_arrays(folder.gallery, ids=np.array(["smith_anna"]), images=np.zeros((1, 4, 4), dtype=np.uint8))
    assert [leak.file for leak in told(folder, study)] == ["gallery.npz"]


def test_names_of_patients_are_found_even_then(folder: StudyFolder, study) -> None:  # type: ignore[no-untyped-def]
    write_arrays(folder.truth("test"), ids=np.array(["aaaabbbbcccc"]), patients=np.array(["Smith"]))
    names = study.model_copy(update={"data": study.data.model_copy(update={"publish_names": True})})
    assert [leak.where for leak in told(folder, names)] == ["the array patients"]


def test_a_user_who_is_an_author_is_named_by_decision(folder: StudyFolder, study) -> None:  # type: ignore[no-untyped-def]
    write_json(folder.run("ce", 1).run_json, {**CLEAN, "note": "jdoe42"})
    report = study.report.model_copy(update={"authors": ("Jdoe42, Jane",)})
    assert told(folder, study.model_copy(update={"report": report})) == []


def test_a_name_inside_of_a_word_or_hash_is_none(folder: StudyFolder, study) -> None:  # type: ignore[no-untyped-def]
    write_json(folder.run("ce", 1).run_json, {**CLEAN, "note": "xjdoe42x and jdoe421"})
    assert told(folder, study) == []


def test_an_array_of_objects_is_refused_since_nobody_can_look_into_it(folder: StudyFolder, study) -> None:  # type: ignore[no-untyped-def]
    np.savez(folder.path / "gallery.npz", x=np.array([{"a": 1}], dtype=object))
    with pytest.raises(Refusal, match=r"gallery\.npz: cannot be read"):
        told(folder, study)


def test_a_stream_that_swells_without_end_is_refused(folder: StudyFolder, study, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr("cxr_report.exchange.words.LARGEST_STREAM", 1000)
    folder.report().pdf.write_bytes(b"%PDF\nstream\n" + zlib.compress(bytes(10_000)))
    with pytest.raises(Refusal, match="a stream of it unpacks to more than 1000 bytes"):
        told(folder, study)


def test_the_refusal_names_every_place_up_to_twenty() -> None:
    with pytest.raises(Refusal) as caught:
        refuse([Leak(f"{number}.json", "a.b", "the user name 'jdoe42'") for number in range(23)])
    lines = str(caught.value).splitlines()
    assert lines[0].startswith("nothing is published, for 23 places tell of a machine")
    assert lines[1] == "0.json (a.b): the user name 'jdoe42'"
    assert lines[-1] == "and 3 more"
    refuse([])


def test_the_machine_says_who_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("USER", "jdoe42")
    monkeypatch.setenv("HOME", "/home/jdoe42")
    monkeypatch.setattr("socket.gethostname", lambda: "xraylab-gpu7.clinic.org")
    found = owner.here(tmp_path / "runs" / "example")
    assert {("user name", "jdoe42"), ("host name", "xraylab-gpu7"), ("host name", "xraylab-gpu7.clinic.org")} <= set(
        found.names
    )
    assert {"/home/jdoe42", str(tmp_path / "runs")} <= set(found.folders)


@pytest.mark.parametrize("name", ["root", "ab", "Ubuntu", "12345"])
def test_an_ordinary_name_identifies_nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    monkeypatch.setenv("USER", name)
    assert ("user name", name) not in owner.here(tmp_path).names


def test_json_that_is_damaged_is_refused(folder: StudyFolder, study) -> None:  # type: ignore[no-untyped-def]
    folder.run("ce", 1).run_json.write_text(json.dumps(CLEAN)[:-5])
    with pytest.raises(Refusal, match=r"ce/seed-0001/run\.json: cannot be read"):
        told(folder, study)


def test_half_an_array_is_refused(folder: StudyFolder, study) -> None:  # type: ignore[no-untyped-def]
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as target:
        target.writestr("x.npy", b"\x93NUMPY")
    (folder.path / "gallery.npz").write_bytes(sink.getvalue())
    with pytest.raises(Refusal, match=r"gallery\.npz: cannot be read"):
        told(folder, study)
