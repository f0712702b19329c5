"""DICOM files: shown as a radiologist sees them, and without identity."""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cxr_report.data import DataSet, read_strata, write
from cxr_report.data.dicom import is_dicom, read_dicom, window
from cxr_report.data.images import MAX_PIXELS, picture
from cxr_report.data.listing import Unreadable
from cxr_report.errors import Refusal
from cxr_report.runs import StudyFolder
from cxr_report.study import Study

SECRETS = ("DOE^JANE", "MRN-778899", "19560304", "St. Elsewhere", "ACC-4711", "1.2.826.0.1.3680043.8.498.1")


def dicom(file: Path, pixels: NDArray[Any], **header: Any) -> Path:
    """Write an uncompressed DICOM file with identity fields."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1"
    meta.MediaStorageSOPInstanceUID = SECRETS[5]
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    content = Dataset()
    content.file_meta = meta
    content.SOPClassUID, content.SOPInstanceUID = meta.MediaStorageSOPClassUID, SECRETS[5]
    (
        content.PatientName,
        content.PatientID,
        content.PatientBirthDate,
        content.InstitutionName,
        content.AccessionNumber,
    ) = SECRETS[:5]
    content.PatientSex, content.PatientAge, content.ViewPosition = "F", "067Y", "PA"
    content.SamplesPerPixel, content.PhotometricInterpretation = 1, "MONOCHROME2"
    content.Rows, content.Columns = pixels.shape[:2]
    bits = pixels.dtype.itemsize * 8
    content.BitsAllocated, content.BitsStored, content.HighBit = bits, bits, bits - 1
    content.PixelRepresentation = int(pixels.dtype.kind == "i")
    for name, value in header.items():
        setattr(content, name, value)
    content.PixelData = pixels.tobytes() + b"\0" * (pixels.nbytes % 2)
    content.save_as(file, enforce_file_format=True)
    return file


@pytest.fixture
def deep() -> NDArray[np.uint16]:
    """12-bit values."""
    return np.random.default_rng(0).integers(0, 4096, size=(20, 20)).astype(np.uint16)


def grey(file: Path) -> NDArray[Any]:
    return read_dicom(file, max_pixels=MAX_PIXELS).grey


def test_real_pair_with_and_without_the_monochrome1_tag_are_negatives(pydicom: ModuleType, shared_data: Path) -> None:
    files = [shared_data / "dicom" / f"chest_pa_{kind}_8bit_jpeg.dcm" for kind in ("mono2", "mono1tag")]
    positive, negative = (grey(file) for file in files)
    assert positive.shape == (1024, 1024)
    assert np.array_equal(negative, 255 - positive)
    same = {picture(file, 64, policy="pad").sha256 for file in files}
    assert len(same) == 1, "the same stored pixels are the same image for the search of duplicates"


def test_real_monochrome1_file_with_a_window_shows_dark_lungs(pydicom: ModuleType, shared_data: Path) -> None:
    shot = read_dicom(shared_data / "dicom" / "chest_pa_mono1_16bit_jpeg2000.dcm", max_pixels=MAX_PIXELS)
    assert shot.stored.dtype == np.uint16
    height, width = shot.grey.shape
    lung = shot.grey[height // 3 : height // 2, width // 5 : width // 3]
    middle = shot.grey[height // 3 : height // 2, int(0.47 * width) : int(0.53 * width)]
    assert lung.mean() + 25 < middle.mean()
    assert (shot.sex, shot.view) == ("F", "PA")


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
def test_window_agrees_with_pydicom(
    pydicom: ModuleType, tmp_path: Path, deep: NDArray[np.uint16], function: str
) -> None:
    from pydicom.pixels.processing import apply_windowing

    header = {"BitsStored": 12, "HighBit": 11, "WindowCenter": 1800, "WindowWidth": 1500, "VOILUTFunction": function}
    file = dicom(tmp_path / "x.dcm", deep, **header)
    witness = apply_windowing(deep, pydicom.dcmread(file)) * (255 / 4095)
    assert np.allclose(grey(file), witness, atol=1e-3)
    assert np.ptp(grey(file)) > 200


def test_rescale_comes_before_the_window(pydicom: ModuleType, tmp_path: Path, deep: NDArray[np.uint16]) -> None:
    plain = dicom(tmp_path / "a.dcm", deep, WindowCenter=2000, WindowWidth=1000)
    moved = dicom(tmp_path / "b.dcm", deep, RescaleSlope=2, RescaleIntercept=-1024, WindowCenter=2976, WindowWidth=1999)
    assert np.allclose(grey(plain), grey(moved), atol=0.2)


def test_first_of_several_windows_is_used(pydicom: ModuleType, tmp_path: Path, deep: NDArray[np.uint16]) -> None:
    one = dicom(tmp_path / "a.dcm", deep, WindowCenter=2000, WindowWidth=1000)
    two = dicom(tmp_path / "b.dcm", deep, WindowCenter=[2000, 9], WindowWidth=[1000, 9])
    assert np.array_equal(grey(one), grey(two))


def test_lookup_table_is_applied(pydicom: ModuleType, tmp_path: Path, deep: NDArray[np.uint16]) -> None:
    from pydicom.dataset import Dataset

    table = Dataset()
    table.LUTDescriptor = [4096, 0, 16]
    table.LUTData = np.array([257 * (255 - value // 16) for value in range(4096)], dtype="<u2").tobytes()
    file = dicom(tmp_path / "x.dcm", deep, BitsStored=12, HighBit=11, VOILUTSequence=[table])
    assert np.allclose(grey(file), 255 - deep // 16)


def test_without_a_window_deep_images_run_between_percentiles(
    pydicom: ModuleType, tmp_path: Path, deep: NDArray[np.uint16]
) -> None:
    marked = deep.copy()
    marked[0, 0] = 65_535
    result = grey(dicom(tmp_path / "x.dcm", marked))
    assert result.max() == 255
    assert result[1:].std() > 60, "one bright marker does not push everything else into black"


def test_monochrome1_is_inverted_after_the_window(
    pydicom: ModuleType, tmp_path: Path, deep: NDArray[np.uint16]
) -> None:
    header = {"WindowCenter": 2000, "WindowWidth": 1000}
    two = grey(dicom(tmp_path / "a.dcm", deep, **header))
    one = grey(dicom(tmp_path / "b.dcm", deep, PhotometricInterpretation="MONOCHROME1", **header))
    assert np.allclose(one, 255 - two)


def test_padding_is_black_and_does_not_count(pydicom: ModuleType, tmp_path: Path, deep: NDArray[np.uint16]) -> None:
    framed = deep.copy()
    framed[:8] = 60_000
    header = {"PhotometricInterpretation": "MONOCHROME1", "PixelPaddingValue": 60_000}
    result = grey(dicom(tmp_path / "x.dcm", framed, **header))
    assert (result[:8] == 0).all()
    assert np.ptp(result[8:]) == 255


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"NumberOfFrames": 2}, "2 frames"),
        ({"Rows": 60_000, "Columns": 60_000}, "at most 89478485 pixels"),
        ({"WindowCenter": 10, "WindowWidth": 0}, "impossible window"),
        ({"WindowCenter": 10, "WindowWidth": 9, "VOILUTFunction": "CUBIC"}, "unknown window function"),
    ],
)
def test_what_cannot_be_used_says_why(
    pydicom: ModuleType, tmp_path: Path, deep: NDArray[np.uint16], header: dict[str, Any], reason: str
) -> None:
    with pytest.raises(Unreadable, match=reason):
        picture(dicom(tmp_path / "x.dcm", deep, **header), 16, policy="pad")


def test_deflated_files_are_refused_before_unpacking(
    pydicom: ModuleType, tmp_path: Path, deep: NDArray[np.uint16]
) -> None:
    content = dicom(tmp_path / "x.dcm", deep).read_bytes()
    explicit, deflated = b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.1.99"
    place = content.index(explicit)
    length = struct.unpack("<I", content[140:144])[0]
    changed = content[: place - 2] + struct.pack("<H", len(deflated)) + deflated + content[place + len(explicit) :]
    file = tmp_path / "y.dcm"
    file.write_bytes(changed[:140] + struct.pack("<I", length + 2) + changed[144:])
    with pytest.raises(Unreadable, match="deflated"):
        picture(file, 16, policy="pad")


def test_truncated_file_is_unreadable(pydicom: ModuleType, tmp_path: Path, deep: NDArray[np.uint16]) -> None:
    file = dicom(tmp_path / "x.dcm", deep)
    file.write_bytes(file.read_bytes()[:-300])
    with pytest.raises(Unreadable, match="cannot be decoded"):
        picture(file, 16, policy="pad")


def test_missing_pydicom_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    ask: Callable[..., Study],
    read: Callable[..., DataSet],
) -> None:
    for name in ("a", "b"):
        (tmp_path / "images" / name).mkdir(parents=True)
        (tmp_path / "images" / name / "x.dcm").write_bytes(b"\0" * 128 + b"DICM")
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(Refusal, match=r"DICOM files need pydicom.*pip install 'cxr_report\[train\]'") as refused:
        read(ask(source="folder", path="images"))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("publish", [False, True])
def test_identity_never_leaves_the_header(
    pydicom: ModuleType, tmp_path: Path, ask: Callable[..., Study], read: Callable[..., DataSet], publish: bool
) -> None:
    """Two images each of 20 patients: grouped by the header's patient, whose name stands in no file that is written."""
    rng = np.random.default_rng(0)
    for patient in range(20):
        for image in range(2):
            home = tmp_path / "images" / ("ill" if patient % 2 else "well")
            home.mkdir(parents=True, exist_ok=True)
            pixels = rng.integers(0, 4096, size=(20, 20)).astype(np.uint16)
            name = f"{patient * 2 + image:03d}" + ("" if image else ".dcm")
            dicom(home / name, pixels, PatientID=f"{SECRETS[1]}-{patient}")
    study = ask(source="folder", path="images", publish_names=publish)
    loaded = read(study)
    folder = StudyFolder(tmp_path / "runs" / "t")
    write(loaded, study, folder)
    assert loaded.description["patients"]["number"] == 20
    assert loaded.description["patients"]["with_several_images"] == 20
    for split in ("train", "val", "test"):
        assert (np.unique(loaded.split(split).patients, return_counts=True)[1] == 2).all()
        assert set(loaded.split(split).metadata["sex"]) == {"F"}
        assert set(loaded.split(split).metadata["age"]) == {67.0}
        assert set(loaded.split(split).metadata["view"]) == {"PA"}
    for split in ("val", "test"):
        words = {name: set(values.tolist()) for name, values in read_strata(folder, split).items()}
        assert words == {"sex": {"female"}, "view": {"PA"}, "age": {"65+"}}
        assert np.float64(67.0).tobytes() not in folder.truth(split).read_bytes(), "an exact age is published"
    written = [file for file in (tmp_path / "runs").rglob("*") if file.is_file()]
    assert any(file.suffix == ".npy" for file in written)
    for file in written:
        content = file.read_bytes()
        for secret in SECRETS:
            for form in (secret.encode(), secret.encode("utf-32-le"), secret.encode("utf-16-le")):
                assert form not in content, f"{secret} stands in {file.name}"


def test_content_tells_dicom_without_an_ending(pydicom: ModuleType, tmp_path: Path, deep: NDArray[np.uint16]) -> None:
    assert is_dicom(dicom(tmp_path / "IM0001", deep))
    (tmp_path / "other").write_bytes(b"DICM" + b"\0" * 196)
    assert not is_dicom(tmp_path / "other")


def test_window_of_width_one_is_a_step(pydicom: ModuleType) -> None:
    assert window(np.array([4.0, 4.5, 5.0]), 5.0, 1.0).tolist() == [0.0, 0.0, 255.0]
