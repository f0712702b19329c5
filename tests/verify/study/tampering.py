"""Somebody who changes one digit of a study, and who then repairs every hash that tells of it."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pypdf
from pypdf.generic import DecodedStreamObject, NameObject

from cxr_report import ledger
from cxr_report.runs import StudyFolder, read_json, sha256, write_arrays, write_json
from cxr_report.study import digest

Random = np.random.Generator


def other_digit(text: str, at: int, rng: Random) -> str:
    """Put another digit in the place of one."""
    new = (int(text[at]) + int(rng.integers(1, 10))) % 10
    return f"{text[:at]}{new}{text[at + 1 :]}"


def change_text(file: Path, rng: Random, within: str = r"\d") -> str:
    """Change one digit of a text file; return what stood around it and stands there now."""
    text = file.read_text(encoding="utf-8")
    places = [found.start() for found in re.finditer(within, text) if text[found.start()].isdigit()]
    at = int(places[rng.integers(len(places))])
    changed = other_digit(text, at, rng)
    file.write_text(changed, encoding="utf-8")
    return f"{text[max(0, at - 20) : at + 20]!r} -> {changed[max(0, at - 20) : at + 20]!r}"


def change_page(file: Path, rng: Random) -> str:
    """Change one digit of what a reader sees of a page, or of an exact number behind it."""
    text = file.read_text(encoding="utf-8")
    start, end = text.index("<main"), text.index("</main>")
    shown = re.compile(r'(?<=>)[^<]*\d[^<]*(?=<)|data-value="[^"]*"')
    spots = [
        at
        for found in shown.finditer(text, start, end)
        for at in range(found.start(), found.end())
        if text[at].isdecimal() and text[at].isascii()
    ]
    at = int(spots[rng.integers(len(spots))])
    file.write_text(other_digit(text, at, rng), encoding="utf-8")
    return repr(text[max(0, at - 40) : at + 20])


def change_arrays(file: Path, rng: Random) -> str:
    """Change one number of an array, or one letter of its texts."""
    with np.load(file) as archive:
        arrays = {name: archive[name].copy() for name in archive.files}
    name = sorted(arrays)[rng.integers(len(arrays))]
    flat = arrays[name].reshape(-1)
    at = int(rng.integers(len(flat)))
    before = flat[at]
    if flat.dtype.kind == "U":
        letters = str(before)
        flat[at] = ("1" if letters[:1] != "1" else "2") + letters[1:]
    elif flat.dtype.kind == "f":
        flat[at] = np.float32(before + np.float32(0.01) * max(1.0, abs(float(before))))
    else:
        flat[at] = before + 1 if name != "labels" else (before + 1) % 3
    write_arrays(file, **arrays)
    return f"{name}[{at}]: {before} -> {flat[at]}"


def change_attachment(file: Path, rng: Random) -> str:
    """Change one digit of one file inside of a PDF."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(file.read_bytes()))
    held = [each for each in writer.attachment_list if each.name.endswith((".json", ".csv"))]
    each = held[rng.integers(len(held))]
    text = each.content.decode()
    places = [at for at, letter in enumerate(text) if letter.isascii() and letter.isdigit()]
    at = int(places[rng.integers(len(places))])
    each.content = other_digit(text, at, rng).encode()
    _save(writer, file)
    return f"{each.name}: {text[max(0, at - 20) : at + 20]!r}"


def change_print(file: Path, rng: Random) -> str:
    """Change one printed digit of a PDF's text into another one that its font has."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(file.read_bytes()))
    for number in rng.permutation(len(writer.pages)):
        told = _change_page(writer.pages[int(number)], rng)
        if told:
            _save(writer, file)
            return f"page {number + 1}: {told}"
    raise AssertionError("no digit of the PDF could be changed")


def _change_page(page: Any, rng: Random) -> str:
    """Change one digit of a page; some digits are parts of drawings, and some pages hold no other ones."""
    before, kept = page.extract_text(), page[NameObject("/Contents")]
    content = page.get_contents().get_data()
    spots = list(_printed_digits(page, content))
    for place in rng.permutation(len(spots))[:8]:
        at, others = spots[int(place)]
        stream = DecodedStreamObject()
        stream.set_data(content[:at] + others[rng.integers(len(others))] + content[at + 4 :])
        page[NameObject("/Contents")] = stream
        after = page.extract_text()
        apart = [n for n, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]]
        if len(after) == len(before) and len(apart) == 1 and (before[apart[0]] + after[apart[0]]).isdigit():
            return repr(after[max(0, apart[0] - 30) : apart[0] + 20])
    page[NameObject("/Contents")] = kept
    return ""


def _printed_digits(page: Any, content: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """Yield where a digit is printed, and the codes of the other digits of its font."""
    fonts = {name: _digits(font.get_object()) for name, font in page["/Resources"]["/Font"].items()}
    known: dict[bytes, str] = {}
    for found in re.finditer(rb"(/[^\s/<>()\[\]]+)\s+[\d.]+\s+Tf|<([0-9a-fA-F]+)>", content):
        if found[1]:
            known = fonts.get(found[1].decode(), {})
            continue
        for at in range(found.start(2), found.end(2) - 3, 4):
            own = known.get(content[at : at + 4].lower())
            others = [code for code, digit in known.items() if digit != own]
            if own is not None and others:
                yield at, others


def _digits(font: Any) -> dict[bytes, str]:
    """Return code -> digit of a font, from the map that a PDF has for those who copy its text."""
    if "/ToUnicode" not in font:
        return {}
    pairs = re.findall(rb"<([0-9a-fA-F]{4})>\s*<00(3[0-9])>", font["/ToUnicode"].get_object().get_data())
    return {code.lower(): chr(int(letter, 16)) for code, letter in pairs}


def _save(writer: pypdf.PdfWriter, file: Path) -> None:
    stream = io.BytesIO()
    writer.write(stream)
    file.write_bytes(stream.getvalue())


def repair(folder: StudyFolder) -> None:
    """Make every hash that a file of the study records that of the other file, from the ledger to the manifest."""
    _repair_ledger(folder)
    _repair_data(folder)
    for path in (*folder.path.glob("*/seed-*"), *folder.path.glob("controls/*")):
        _repair_run(path)
    _repair_statistics(folder)
    _repair_manifest(folder)


def _json(file: Path) -> Any:
    try:
        return read_json(file)
    except Exception:
        return None


def _repair_ledger(folder: StudyFolder) -> None:
    told = _json(folder.study_json)
    if not isinstance(told, dict):
        return
    previous = ""
    for entry in told["ledger"]:
        entry["previous"] = previous
        entry["sha256"] = previous = digest({k: v for k, v in entry.items() if k != "sha256"})
    write_json(folder.study_json, told)
    try:
        study = ledger.parse(told["study"], "study.json")
        first = ledger.Entry(
            **{
                **told["ledger"][0],
                "seeds": tuple(told["ledger"][0]["seeds"]),
                "losses": tuple(told["ledger"][0]["losses"]),
            }
        )
        told["plan_sha256"] = ledger._plan_sha256(study, first)
    except Exception:
        return
    write_json(folder.study_json, told)
    for file in folder.path.glob("*/seed-*/run.json"):
        run = _json(file)
        if isinstance(run, dict):
            write_json(file, run | {"plan_sha256": told["plan_sha256"], "ledger_sha256": told["ledger"][-1]["sha256"]})


def _repair_data(folder: StudyFolder) -> None:
    told = _json(folder.data_json)
    if isinstance(told, dict) and isinstance(told.get("truth_sha256"), dict):
        told["truth_sha256"] = {split: sha256(folder.truth(split)) for split in ("val", "test")}
        write_json(folder.data_json, told)


def _repair_run(path: Path) -> None:
    export, evaluation, data = (_json(path / name) for name in ("export.json", "evaluation.json", "../../data.json"))
    if isinstance(export, dict):
        export["torch_predictions_sha256"] = {s: sha256(path / f"predictions-{s}.torch.npz") for s in ("val", "test")}
        write_json(path / "export.json", export)
    if isinstance(evaluation, dict):
        evaluation["predictions_sha256"] = {s: sha256(path / f"predictions-{s}.npz") for s in ("val", "test")}
        if isinstance(export, dict):
            evaluation["onnx_sha256"] = export["onnx_sha256"]
        if isinstance(data, dict) and "fingerprint" in evaluation:
            evaluation["fingerprint"] = data.get("fingerprint")
        write_json(path / "evaluation.json", evaluation)


def _repair_statistics(folder: StudyFolder) -> None:
    place = folder.analysis()
    told, study = _json(place.statistics), _json(folder.study_json)
    if not isinstance(told, dict):
        return
    for name in told.get("inputs", {}):
        if name != "plan" and (folder.path / name).exists():
            told["inputs"][name] = sha256(folder.path / name)
    told["outputs"] = {file.name: sha256(file) for file in (place.scores, place.comparisons)}
    if isinstance(study, dict):
        told["plan_sha256"] = study.get("plan_sha256")
    write_json(place.statistics, told)


def _repair_manifest(folder: StudyFolder) -> None:
    report = folder.report()
    told = _json(report.manifest)
    if not isinstance(told, dict):
        return
    for name in told.get("inputs", {}):
        if ":" not in name and (folder.path / name).exists():
            told["inputs"][name] = sha256(folder.path / name)
    for name in told.get("outputs", {}):
        if (report.path / name).exists():
            told["outputs"][name] = sha256(report.path / name)
    write_json(report.manifest, told)


def unzipped(size: int) -> bytes:
    """Return an archive of a few bytes whose one entry unpacks to many."""
    stream = io.BytesIO()
    block = b"\0" * 2**20
    with (
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("labels.npy", "w", force_zip64=True) as entry,
    ):
        for _ in range(size // len(block)):
            entry.write(block)
    return stream.getvalue()


Change = Callable[[Path, Random], str]
