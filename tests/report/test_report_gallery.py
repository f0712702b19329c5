"""Cases that a report shows: true pictures and words, and no pixel anywhere unless the study says so."""

from __future__ import annotations

import base64
import io
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from report_makers.labels import made_gallery

from cxr_report import report as room
from cxr_report.analysis import load
from cxr_report.analysis.value import Analysis
from cxr_report.data import gallery as showcase
from cxr_report.errors import Refusal
from cxr_report.progress import Silent
from cxr_report.report import document, page, pdf
from cxr_report.report.figures import Picture, gallery
from cxr_report.report.narrative.labels import labels
from cxr_report.report.sections import beyond
from cxr_report.report.tables import Table
from cxr_report.runs import StudyFolder, read_json, write_json

SVG = "{http://www.w3.org/2000/svg}"
PIXELS = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]+)")
HANGUL = re.compile("[가-힣]")


def korean(analysis: Analysis) -> Analysis:
    report = analysis.study.report.model_copy(update={"language": "ko"})
    return replace(analysis, study=analysis.study.model_copy(update={"report": report}))


def texts(picture: Picture) -> list[str]:
    return ["".join(each.itertext()) for each in ElementTree.fromstring(picture.svg).iter(f"{SVG}text")]


def tiles(picture: Picture) -> list[np.ndarray]:
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(each)))) for each in PIXELS.findall(picture.svg)]


@pytest.mark.parametrize("task", ["multiclass", "multilabel"])
def test_images_are_drawn_as_they_are_and_every_run_says_what_it_said(
    task: str, made_up: Callable[..., Analysis]
) -> None:
    analysis = made_up(task=task, losses=3)
    shown = made_gallery(analysis)
    pictures = gallery.draw(analysis, shown)
    assert [picture.key for picture in pictures] == ["gallery-loss", "gallery-seed"]
    for picture, start in zip(pictures, (0, 6), strict=True):
        drawn = tiles(picture)
        assert len(drawn) == 18
        for place in range(6):
            for turn in range(3):
                np.testing.assert_array_equal(drawn[3 * place + turn], shown.images[start + place])
        words = ("absent", "present") if task == "multilabel" else analysis.classes
        told = texts(picture)
        assert sum(bool(re.fullmatch(rf"seed \d+: {words[0]}", text)) for text in told) == 6
        assert sum(bool(re.fullmatch(rf"seed \d+: {words[1]}", text)) for text in told) == 6


def test_every_loss_is_told_with_the_number_of_seeds_of_each_label(made_up: Callable[..., Analysis]) -> None:
    analysis = made_up(losses=2, seeds=5, classes=3)
    shown = made_gallery(analysis, by_loss=1, by_seed=0)
    votes = np.array([[[2, 0, 2, 2, 0], [1, 1, 1, 1, 1]]])
    (picture,) = gallery.draw(analysis, replace(shown, labels=votes, truth=np.array([1])))
    first, second, third = analysis.classes
    told = [text.replace("\N{NO-BREAK SPACE}", " ") for text in texts(picture)]
    assert f"cross-entropy: {third} 3, {first} 2" in told
    assert any(text.endswith(f": {second} 5") for text in told)
    assert f"Truth: {second}" in told


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_alternative_text_and_the_caption_state_the_counts(language: str, made_up: Callable[..., Analysis]) -> None:
    analysis = made_up() if language == "en" else korean(made_up())
    counts = analysis.label_changes[0]
    by_loss, by_seed = gallery.draw(analysis, made_gallery(analysis))
    for picture, number in ((by_loss, counts.by_loss), (by_seed, counts.by_seed - counts.both)):
        assert {str(counts.n_cases), str(number), "6"} <= set(re.findall(r"\d+", picture.alt))
        assert {str(number), "6"} <= set(re.findall(r"\d+", picture.title))
        assert ElementTree.fromstring(picture.svg).findtext(f"{SVG}title") == picture.alt
        assert bool(HANGUL.search(picture.title)) == (language == "ko")
    assert "why" in by_loss.title or language == "ko"


def test_without_maps_there_are_images_alone_and_a_sentence_that_says_so(made_up: Callable[..., Analysis]) -> None:
    analysis = made_up()
    pictures = gallery.draw(analysis, made_gallery(analysis, mapped=False))
    assert [len(tiles(picture)) for picture in pictures] == [6, 6]
    assert all(
        "no class-activation maps" in picture.title and "where a network" not in picture.title for picture in pictures
    )


@pytest.mark.parametrize("losses", [2, 6, 12])
def test_figures_fit_on_a_page_and_none_is_lost(losses: int, made_up: Callable[..., Analysis]) -> None:
    analysis = made_up(losses=losses, seeds=3, long_names=True)
    pictures = gallery.draw(analysis, made_gallery(analysis, by_loss=12, by_seed=0))
    assert sum(len(tiles(picture)) for picture in pictures) == 36
    assert len({picture.key for picture in pictures}) == len(pictures)
    for picture in pictures:
        root = ElementTree.fromstring(picture.svg)
        assert float(root.attrib["width"].removesuffix("pt")) <= 6.3 * 72 + 0.1
        assert float(root.attrib["height"].removesuffix("pt")) <= 8.4 * 72


def test_the_lines_of_a_map_are_there_without_colour_and_surround_what_it_marks(
    made_up: Callable[..., Analysis],
) -> None:
    analysis = made_up()
    shown = made_gallery(analysis, by_loss=1, by_seed=0)
    maps = np.zeros((1, 2, 7, 7), dtype=np.uint8)
    maps[0, 0, 1, 5] = 255
    (picture,) = gallery.draw(analysis, replace(shown, maps=maps))
    lines = [
        each.attrib
        for each in ElementTree.fromstring(picture.svg).iter(f"{SVG}path")
        if each.attrib.get("stroke") in ("#ffffff", "#000000") and each.attrib.get("fill") == "none"
    ]
    assert {each["stroke"] for each in lines} == {"#ffffff", "#000000"}
    images = [each.attrib for each in ElementTree.fromstring(picture.svg).iter(f"{SVG}image")]
    left, top = (float(part) for part in re.findall(r"[-\d.]+", images[1]["transform"])[-2:])
    side = gallery.TILE * 72
    for line in lines:
        places = np.array(re.findall(r"[-\d.]+", line["d"]), dtype=float).reshape(-1, 2)
        x, y = places.mean(axis=0)
        assert 5 / 7 < (x - left) / side < 6 / 7
        assert abs(y - (top - side)) > side or 0 < (y - top) / side < 3 / 7 or 4 / 7 < (top - y) / side < 1


def test_a_page_of_six_losses_ten_seeds_and_a_dozen_large_images_stays_below_three_megabytes(
    made_up: Callable[..., Analysis], machine: Callable[..., Table]
) -> None:
    analysis = made_up(losses=6, seeds=10)
    source = page.render(document.compose(analysis, machine(), made_gallery(analysis, side=256)))
    assert source.count("data:image/png") == 36
    assert len(source) < 3_000_000
    assert "img-src data:" in source


def test_counts_are_told_without_any_picture_where_none_may_be_shown(made_up: Callable[..., Analysis]) -> None:
    analysis = made_up()
    (section,) = [each for each in beyond(analysis) if each.key == "results-labels"]
    assert section.figures == section.figures_apart == ()
    keys = [number.key for paragraph in section.paragraphs for one in paragraph.sentences for number in one.numbers()]
    assert "label_changes.0.by_loss" in keys
    assert "label_changes.0.by_seed" in keys


@pytest.mark.parametrize("task", ["multiclass", "multilabel"])
@pytest.mark.parametrize("seeds", [1, 5])
def test_korean_says_the_same_numbers_and_nothing_in_english(
    task: str, seeds: int, made_up: Callable[..., Analysis]
) -> None:
    analysis = made_up(task=task)
    counts = replace(analysis.label_changes[0], n_seeds=seeds)
    analysis = replace(analysis, label_changes=(counts,))
    english, other = labels(analysis), labels(korean(analysis))
    assert [each.kind for each in english] == [each.kind for each in other]
    numbers = [
        sorted((number.key, number.value) for each in said for number in each.numbers()) for said in (english, other)
    ]
    assert numbers[0] == numbers[1]
    assert not any(re.search("[A-Za-z]{4,}", each.text()) for each in other)


@pytest.mark.parametrize("mapped", [True, False])
@pytest.mark.parametrize("task", ["multiclass", "multilabel"])
def test_captions_and_words_in_the_figures_are_korean_too(
    task: str, mapped: bool, made_up: Callable[..., Analysis]
) -> None:
    analysis = korean(made_up(task=task, losses=2))
    own = {word for name in (*analysis.classes, *analysis.losses) for word in re.findall("[A-Za-z]{4,}", name)}
    for picture in gallery.draw(analysis, made_gallery(analysis, mapped=mapped)):
        said = [picture.title, picture.n, picture.alt, *texts(picture)]
        found = {word for text in said for word in re.findall("[A-Za-z]{4,}", text)}
        assert {word for word in found if not re.fullmatch("[0-9a-f]+", word)} <= own


# of files


@pytest.fixture
def plain_pdf() -> Iterator[None]:
    """Set no real pages here: what is asked is what goes into the files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pdf, "render", lambda source, attached=(): source.encode() + b"".join(e.data for e in attached))
        yield


@pytest.fixture
def place(finished: StudyFolder, tmp_path: Path, plain_pdf: None) -> StudyFolder:
    """An analysed study with a gallery of its own predictions."""
    folder = StudyFolder(tmp_path / finished.path.name)
    shutil.copytree(finished.path, folder.path)
    write_gallery(folder)
    return folder


def write_gallery(folder: StudyFolder, **other: Any) -> None:
    showcase.write(folder.gallery, replace(made_gallery(load(folder.analysis())), **other))


def decide(folder: StudyFolder, *, show: bool | None) -> None:
    told = read_json(folder.study_json)
    told["study"]["report"]["show_cases"] = show
    write_json(folder.study_json, told)


def made(folder: StudyFolder) -> bytes:
    """Make the report and return all bytes of the folder that a paper publishes, but for the gallery's own file."""
    room.report(folder, folder.analysis(), folder.report(), progress=Silent())
    files = [file for file in sorted(folder.path.rglob("*")) if file.is_file() and file != folder.gallery]
    return b"".join(file.read_bytes() for file in files)


def test_cases_come_and_go_with_the_decision(place: StudyFolder) -> None:
    figure = place.report().figure("gallery-loss")
    made(place)
    assert figure.exists()
    told = read_json(place.report().manifest)
    assert "gallery.npz" in told["inputs"]
    decide(place, show=False)
    content = made(place)
    assert not figure.exists()
    assert "gallery.npz" not in read_json(place.report().manifest)["inputs"]
    assert b"data:image/png" not in content
    rows = [image.tobytes() for image in showcase.read(place.gallery).images]
    assert not any(row in content for row in rows)


def test_a_gallery_is_no_attachment_and_no_input_of_the_statistics(place: StudyFolder) -> None:
    made(place)
    assert "gallery.npz" not in read_json(place.analysis().statistics)["inputs"]
    assert "gallery.npz" not in read_json(place.report().manifest)["attached"]["names"]


def test_a_report_without_the_file_says_the_same_but_for_the_pictures(place: StudyFolder) -> None:
    place.gallery.unlink()
    made(place)
    source = place.report().html.read_text(encoding="utf-8")
    assert "data:image/png" not in source
    assert "results-labels" in source


def test_equal_galleries_give_an_equal_page_and_another_one_is_taken_over(place: StudyFolder) -> None:
    first = made(place)
    assert made(place) == first
    found = showcase.read(place.gallery)
    showcase.write(place.gallery, replace(found, images=255 - found.images))
    assert made(place) != first


def test_a_gallery_of_other_predictions_or_other_losses_is_refused(place: StudyFolder) -> None:
    found = showcase.read(place.gallery)
    showcase.write(place.gallery, replace(found, sha256=np.array(["ab" * 32] * len(found.sha256))))
    with pytest.raises(Refusal, match="shows cases of another"):
        made(place)
    showcase.write(place.gallery, replace(found, losses=found.losses[::-1]))
    with pytest.raises(Refusal, match="other losses or classes"):
        made(place)
