"""Decoding of PNG, JPEG and TIFF files."""

from __future__ import annotations

import os
import struct
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFile

from cxr_report.data import images
from cxr_report.data.images import Files, fault_of, picture, pixel_sha256, strict_decoding
from cxr_report.data.listing import Unreadable

Grain = Callable[..., NDArray[np.uint8]]


def shown(path: Path, size: int = 24) -> NDArray[np.uint8]:
    return picture(path, size, policy="squash").pixels


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_eight_bit_files_are_taken_as_they_are(tmp_path: Path, grain: Grain, ending: str) -> None:
    file = tmp_path / f"x.{ending}"
    Image.fromarray(grain(0, 24, 24)).save(file)
    assert np.array_equal(shown(file), grain(0, 24, 24))


def test_jpeg_is_read(tmp_path: Path) -> None:
    file = tmp_path / "x.jpg"
    Image.fromarray(np.full((24, 24), 90, dtype=np.uint8)).save(file)
    assert (shown(file) == 90).all()


def test_a_wrong_ending_does_not_matter_for_the_content_decides(tmp_path: Path, grain: Grain) -> None:
    file = tmp_path / "x.jpg"
    Image.fromarray(grain(0, 24, 24)).save(file, format="PNG")
    assert np.array_equal(shown(file), grain(0, 24, 24))


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_sixteen_bits_run_from_the_darkest_to_the_brightest_pixel(tmp_path: Path, ending: str) -> None:
    """A 12-bit radiograph in a 16-bit file keeps all its 256 grey levels."""
    values = np.linspace(100, 4095, 24 * 24).reshape(24, 24).astype(np.uint16)
    file = tmp_path / f"x.{ending}"
    Image.fromarray(values).save(file)
    result = shown(file)
    assert result.min() == 0
    assert result.max() == 255
    assert len(np.unique(result)) == 256
    expected = (values - 100.0) * 255 / (values.max() - 100.0)
    assert np.abs(result - expected).max() <= 0.51


def test_shift_of_a_sixteen_bit_scale_changes_nothing(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(0, 4096, size=(24, 24)).astype(np.uint16)
    Image.fromarray(values).save(tmp_path / "a.png")
    Image.fromarray((values + 500) * 8).save(tmp_path / "b.png")
    assert np.array_equal(shown(tmp_path / "a.png"), shown(tmp_path / "b.png"))


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_honoured(tmp_path: Path, orientation: int, depth: type) -> None:
    """The witness undoes each of the eight orientations with numpy (TIFF 6.0, tag 274)."""
    upright = np.random.default_rng(0).permutation(576).reshape(24, 24).astype(depth)
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.T,
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].T,
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = tmp_path / "x.png"
    Image.fromarray(np.ascontiguousarray(stored)).save(file, exif=exif)
    expected = upright if depth is np.uint8 else upright * (255 / 575)
    assert np.abs(shown(file) - expected).max() <= 0.51


def test_colour_becomes_luma_and_what_is_transparent_lies_over_black(tmp_path: Path) -> None:
    colour = np.zeros((24, 24, 4), dtype=np.uint8)
    colour[:12] = [255, 0, 0, 255]
    colour[12:] = [255, 255, 255, 0]
    Image.fromarray(colour, "RGBA").save(tmp_path / "x.png")
    result = shown(tmp_path / "x.png")
    assert (result[:11] == 76).all()
    assert (result[13:] == 0).all()


def tiff(values: NDArray[np.uint16], photometric: int) -> bytes:
    """Write an uncompressed 16-bit grey TIFF by hand; Pillow writes no other photometric interpretation."""
    height, width = values.shape
    content = values.astype("<u2").tobytes()
    tags = [
        (256, 3, width), (257, 3, height), (258, 3, 16), (259, 3, 1), (262, 3, photometric),
        (273, 4, 8), (277, 3, 1), (278, 3, height), (279, 4, len(content)),
    ]  # fmt: skip
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    head = struct.pack("<2sHI", b"II", 42, 8 + len(content))
    return head + content + struct.pack("<H", len(tags)) + entries + struct.pack("<I", 0)


def test_tiff_with_white_as_zero_is_inverted(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(0, 60_000, size=(24, 24)).astype(np.uint16)
    (tmp_path / "black.tif").write_bytes(tiff(values, 1))
    (tmp_path / "white.tif").write_bytes(tiff(values, 0))
    black, white = shown(tmp_path / "black.tif").astype(int), shown(tmp_path / "white.tif").astype(int)
    assert np.abs(black + white - 255).max() <= 1
    assert np.ptp(black) == 255


def test_what_cannot_be_used_says_why(tmp_path: Path, grain: Grain) -> None:
    whole = tmp_path / "whole.png"
    Image.fromarray(grain(0, 200, 200)).save(whole)
    (tmp_path / "cut.png").write_bytes(whole.read_bytes()[:5000])
    (tmp_path / "text.png").write_text("not an image")
    (tmp_path / "empty.png").write_bytes(b"")
    pages = [Image.fromarray(grain(seed)) for seed in range(2)]
    pages[0].save(tmp_path / "pages.tif", save_all=True, append_images=pages[1:])
    Image.fromarray(np.full((8, 8), np.nan, dtype=np.float32)).save(tmp_path / "nan.tif")
    Image.fromarray(grain(0)).save(tmp_path / "x.gif")
    reasons = {}
    for name in ("cut.png", "text.png", "empty.png", "pages.tif", "nan.tif", "x.gif", "gone.png"):
        with strict_decoding(), pytest.raises(Unreadable) as refused:
            shown(tmp_path / name)
        reasons[name] = str(refused.value)
        assert str(tmp_path) not in reasons[name]
    assert reasons["cut.png"].startswith("cannot be decoded (")
    assert reasons["text.png"] == reasons["x.gif"] == "is neither PNG, JPEG, TIFF nor DICOM by its content"
    assert reasons["empty.png"] == "is empty"
    assert reasons["pages.tif"] == "holds 2 images; one image a file is allowed"
    assert reasons["nan.tif"] == "holds values that are no finite numbers"
    assert reasons["gone.png"] == "is missing"


def test_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    """Beyond twice Pillow's limit it raises by itself, between once and twice it would only warn."""
    file = tmp_path / "bomb.png"
    Image.new("L", (64, 64)).save(file)
    content = bytearray(file.read_bytes())
    for width, height in ((95_000, 95_000), (9_500, 9_500)):
        content[16:24] = struct.pack(">II", width, height)
        content[29:33] = struct.pack(">I", zlib.crc32(bytes(content[12:29])))
        file.write_bytes(content)
        with strict_decoding(), pytest.raises(Unreadable, match=f"{images.MAX_PIXELS} pixels"):
            shown(file)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(Unreadable, match="is 9500 x 9500 pixels"):
            shown(file)


def test_pipes_and_folders_are_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "link.png").symlink_to(tmp_path / "pipe.png")
    for name in ("pipe.png", "folder.png", "link.png"):
        with pytest.raises(Unreadable, match="not a regular file"):
            shown(tmp_path / name)
    assert fault_of(Path("/dev/zero")) == "is not a regular file"


def test_hash_is_of_grey_pixels_before_resizing(tmp_path: Path, grain: Grain) -> None:
    """The same grey pixels as PNG and TIFF, grey and RGB, are one image; a one-level change in one pixel is another."""
    pixels = grain(0, 300, 300)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    Image.fromarray(np.stack([pixels] * 3, axis=-1)).save(tmp_path / "b.tif")
    changed = pixels.copy()
    changed[0, 0] ^= 1
    Image.fromarray(changed).save(tmp_path / "c.png")
    a, b, c = (picture(tmp_path / name, 16, policy="pad") for name in ("a.png", "b.tif", "c.png"))
    assert a.sha256 == b.sha256 != c.sha256
    assert (a.width, a.height) == (300, 300)


def test_hash_tells_shapes_and_depths_apart() -> None:
    flat = np.zeros(16, dtype=np.uint8)
    hashes = {pixel_sha256(v) for v in (flat.reshape(4, 4), flat.reshape(2, 8), flat.reshape(4, 4).astype(np.uint16))}
    assert len(hashes) == 3


def test_blank_images_are_told(tmp_path: Path) -> None:
    Image.new("L", (9, 9), 7).save(tmp_path / "x.png")
    assert picture(tmp_path / "x.png", 16, policy="pad").blank


def test_keys_follow_content_and_not_the_place(tmp_path: Path, grain: Grain) -> None:
    keys = []
    for place in ("here", "there"):
        (tmp_path / place).mkdir()
        Image.fromarray(grain(0)).save(tmp_path / place / "x.png")
        keys.append(Files(tmp_path / place, ["x.png"], 16, "pad"))
    assert keys[0].exact_key() == keys[1].exact_key()
    before = keys[1].quick_key()
    Image.fromarray(grain(1)).save(tmp_path / "there" / "x.png")
    assert keys[0].exact_key() != keys[1].exact_key()
    assert keys[1].quick_key() != before


def test_a_truncated_image_is_refused_though_another_library_lets_pillow_fill_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    file = tmp_path / "cut.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (30, 30), dtype=np.uint8)).save(file)
    file.write_bytes(file.read_bytes()[:200])
    with strict_decoding(), pytest.raises(Unreadable, match="truncated"):
        picture(file, 16, policy="pad")
    assert ImageFile.LOAD_TRUNCATED_IMAGES
