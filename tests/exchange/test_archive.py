"""Equal folders give equal zips; a stranger's zip can do no harm."""

from __future__ import annotations

import os
import stat
import zipfile
from pathlib import Path

import pytest

from cxr_report.errors import Refusal
from cxr_report.exchange import archive


def folder_with(root: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


FILES = {"s/b.json": b"{}", "s/a/c.csv": b"x,y\n" * 500, "README.md": b"hello"}


def zip_with(file: Path, *entries: tuple[str, bytes], mode: int = 0, flags: int = 0) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in entries:
            entry = zipfile.ZipInfo(name)
            entry.external_attr, entry.compress_type = mode << 16, zipfile.ZIP_DEFLATED
            target.writestr(entry, content)
    return file


def everything(name: str) -> bool:
    return True


def test_equal_files_give_equal_bytes_whenever_and_in_whatever_order_they_were_written(tmp_path: Path) -> None:
    first = folder_with(tmp_path / "a", FILES)
    second = folder_with(tmp_path / "b", dict(reversed(FILES.items())))
    for file in second.rglob("*"):
        os.utime(file, (1, 1))
        file.chmod(0o700)
    archive.write(first, tmp_path / "a.zip")
    archive.write(second, tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_entries_are_sorted_and_carry_one_date(tmp_path: Path) -> None:
    archive.write(folder_with(tmp_path / "a", FILES), tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as found:
        assert found.namelist() == sorted(FILES)
        assert {entry.date_time for entry in found.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_what_was_written_comes_back(tmp_path: Path) -> None:
    archive.write(folder_with(tmp_path / "a", FILES), tmp_path / "a.zip")
    names = archive.unpack(tmp_path / "a.zip", tmp_path / "out", lambda name: name != "README.md")
    assert names == sorted(FILES)
    found = {
        file.relative_to(tmp_path / "out").as_posix(): file.read_bytes() for file in archive.files_of(tmp_path / "out")
    }
    assert found == {name: content for name, content in FILES.items() if name != "README.md"}


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../outside",
        "s/../../outside",
        "C:/outside",
        "s\\outside",
        "s//a",
        "./a",
        "s/\x07",
        "a/" * 80 + "b",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused_and_nothing_is_unpacked(tmp_path: Path, name: str) -> None:
    made = zip_with(tmp_path / "x.zip", ("s/study.json", b"{}"), (name, b"x"))
    with pytest.raises(Refusal, match=r"x\.zip: the entry .* nothing was unpacked"):
        archive.unpack(made, tmp_path / "deep" / "out", everything)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.zip"]


def test_a_link_is_refused(tmp_path: Path) -> None:
    made = zip_with(tmp_path / "x.zip", ("s/study.json", b"/etc/passwd"), mode=stat.S_IFLNK | 0o777)
    with pytest.raises(Refusal, match="is a link or a device"):
        archive.unpack(made, tmp_path / "out", everything)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_twice_is_refused(tmp_path: Path) -> None:
    made = zip_with(tmp_path / "x.zip", ("s/a", b"1"), ("s/a", b"2"))
    with pytest.raises(Refusal, match="stands there twice"):
        archive.unpack(made, tmp_path / "out", everything)


def test_a_bomb_is_stopped_at_the_limit(tmp_path: Path) -> None:
    made = zip_with(tmp_path / "x.zip", ("s/a", bytes(20 * 2**20)))
    assert made.stat().st_size < 2**16
    with pytest.raises(Refusal, match="unpacks to more than 1000000 bytes"):
        archive.unpack(made, tmp_path / "out", everything, most_bytes=1_000_000)
    assert (tmp_path / "out" / "s" / "a").stat().st_size <= 1_000_000 + archive.CHUNK


def test_a_size_that_the_index_claims_is_not_believed(tmp_path: Path) -> None:
    made = zip_with(tmp_path / "x.zip", ("s/a", bytes(5 * 2**20)))
    content = made.read_bytes()
    made.write_bytes(content.replace((5 * 2**20).to_bytes(4, "little"), (10).to_bytes(4, "little")))
    with pytest.raises(Refusal, match=r"x\.zip"):
        archive.unpack(made, tmp_path / "out", everything, most_bytes=1_000_000)


def test_too_many_entries_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_ENTRIES", 2)
    made = zip_with(tmp_path / "x.zip", *((f"s/{number}", b"") for number in range(3)))
    with pytest.raises(Refusal, match="holds 3 files; allowed are 2"):
        archive.unpack(made, tmp_path / "out", everything)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.99])
def test_half_a_zip_is_refused_in_one_sentence(tmp_path: Path, share: float) -> None:
    archive.write(folder_with(tmp_path / "a", FILES), tmp_path / "a.zip")
    content = (tmp_path / "a.zip").read_bytes()
    (tmp_path / "half.zip").write_bytes(content[: int(share * len(content))])
    with pytest.raises(Refusal, match=r"half\.zip: is damaged or no zip") as caught:
        archive.unpack(tmp_path / "half.zip", tmp_path / "out", everything)
    assert "\n" not in str(caught.value)


def test_a_flipped_byte_is_refused(tmp_path: Path) -> None:
    archive.write(folder_with(tmp_path / "a", {"s/a": os.urandom(5000)}), tmp_path / "a.zip")
    content = bytearray((tmp_path / "a.zip").read_bytes())
    content[2000] ^= 0xFF
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(Refusal, match="is damaged or no zip"):
        archive.unpack(tmp_path / "a.zip", tmp_path / "out", everything)


def test_a_folder_in_place_of_a_zip_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="is no regular file but a folder"):
        archive.unpack(tmp_path, tmp_path / "out", everything)
