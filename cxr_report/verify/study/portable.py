"""A report's PDF: its text against the page's, token by token, and the files inside of it against the folder's."""

from __future__ import annotations

import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterator

from cxr_report.errors import Refusal
from cxr_report.report import attachments
from cxr_report.runs import StudyFolder
from cxr_report.verify.study.difference import Difference, Step
from cxr_report.verify.study.marks import NUMBER, Run, read
from cxr_report.verify.study.recomputing import Memory

__all__ = ["inside", "step", "text_of"]

NAME = "The text of the PDF"

AROUND = 10
"""Chosen: letters of the page on one side of a number that must stand there in the PDF too, where lines were broken."""

_THIN = re.compile("(?<=\\d)[\u202f\u2009](?=\\d{3})")
"""What sets thousands apart in the page; a PDF's text has it, a blank, or nothing."""

_FIGURE = re.compile("(?:Figures?|그림)A?$|(?:Figures|그림)[\\dA,and]*$")
"""What stands before the number of a figure, without blanks."""


def text_of(pdf: bytes, memory: Memory) -> list[str]:
    """Return the text of every page.

    Raises:
        Refusal: the PDF cannot be read.
    """
    key = "pdf " + hashlib.sha256(pdf).hexdigest()
    if key not in memory.kept:
        memory.kept[key] = _text(pdf)
    found: list[str] = memory.kept[key]
    return found


def _text(pdf: bytes) -> list[str]:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        return [page.extract_text() for page in PdfReader(io.BytesIO(pdf), strict=False).pages]
    except (PyPdfError, OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, IndexError) as error:
        words = " ".join(str(error).split()) or type(error).__name__
        raise Refusal(f"the PDF cannot be read ({words})") from None


def step(file: str, pages: list[str], page: str, *, gaps: bool = False) -> Step:
    """Hold every number of the PDF's text against the page's.

    Where the page lacks a section that the PDF may have, and numbers differ, every number of the page is looked for
    beside its own words, but for those of figures, which may have moved on.

    Args:
        file: the PDF's name, for the reader.
        pages: its text.
        page: the HTML page that it was set from; where the program can set it anew, the one set anew.
        gaps: whether the page may lack the section of test cases with their pixels, which are not published.
    """
    runs = [run for run in read(page) if run.seen and run.text.strip()]
    total = len(pages)
    body = "\n".join(_THIN.sub("", re.sub(rf"(?m)^\s*\d+ / {total}(?!\d)", "", text)) for text in pages)
    blocks = _blocks(runs)
    wanted = Counter(token for _, text in blocks for token in NUMBER.findall(text))
    stands = Counter(NUMBER.findall(body))
    missing, extra = _joined(wanted - stands, stands - wanted, body)
    if not missing:
        heads = {token for run in runs if run.head for token in NUMBER.findall(run.text)}
        extra = Counter({token: count for token, count in extra.items() if token not in heads})
    differences = [*_missing(file, missing, extra, blocks, body), *_extra(file, extra, body, bool(missing))]
    packed = _packed(body)
    whole = [(section, text) for section, text in blocks if _packed(text) in packed]
    broken = [each for each in blocks if each not in whole and NUMBER.search(each[1])]
    excused = gaps and bool(differences)
    if excused or not differences:
        differences = [each for block in broken for each in _order(file, block, packed, figures=not excused)]
    facts = (
        *(["the PDF may show test cases whose pixels are not here: numbers of that section are not checked"] * excused),
        f"{len(whole)} of {len(blocks)} paragraphs, cells and lines stand letter by letter in the PDF; in the others, "
        "which lines or pages break, every number stands beside the same letters",
        "the numbers drawn into figures were counted with the others",
    )
    return Step(NAME, sum(wanted.values()), "numbers", tuple(differences), (), facts)


def _blocks(runs: list[Run]) -> list[tuple[str, str]]:
    found: dict[int, tuple[str, str]] = {}
    for run in runs:
        section, text = found.get(run.block, (run.section, ""))
        found[run.block] = section, text + run.text
    return [(section, _THIN.sub("", text)) for section, text in found.values()]


def _packed(text: str) -> str:
    return re.sub(r"[\s\u00ad\u200b\u2010-]+", "", text)


def _joined(missing: Counter[str], extra: Counter[str], body: str) -> tuple[Counter[str], Counter[str]]:
    """Take two numbers for one where the end of a line parts a long identifier, or a blank stands before thousands."""
    for token in missing.elements():
        for parts, gap in _partings(token):
            form = gap.join(map(re.escape, parts))
            if not Counter(parts) - extra and re.search(rf"(?<!\d){form}(?!\d)", body):
                missing, extra = missing - Counter([token]), extra - Counter(parts)
                break
    return missing, extra


def _partings(token: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield into what a number may be parted, and what then stands between the parts."""
    if token.isdigit() and len(token) > 4:
        first = len(token) % 3 or 3
        yield (token[:first], *(token[at : at + 3] for at in range(first, len(token), 3))), r"\s"
    for cut in range(1, len(token)):
        yield (token[:cut], token[cut:]), r"[-\u2010]?\s*\n\s*"


def _missing(
    file: str, missing: Counter[str], extra: Counter[str], blocks: list[tuple[str, str]], body: str
) -> Iterator[Difference]:
    """Name every number that the PDF lacks, with the sentence or cell in which the page has it."""
    packed = _packed(body)
    for token, count in missing.items():
        homes = [(section, text) for section, text in blocks if token in NUMBER.findall(text)]
        lost = [each for each in homes if _packed(each[1]) not in packed] or homes
        for section, text in lost[:count]:
            stands = ", ".join(sorted(extra)[:5]) or "no such number"
            place = f"{section}: {_cut(text, token)}"
            yield Difference(file, place, stands, token, "the PDF prints another number than the page")


def _extra(file: str, extra: Counter[str], body: str, told: bool) -> Iterator[Difference]:
    for token in extra:
        at = re.search(rf"(?<![\d.]){re.escape(token)}(?![\d.])", body)
        around = " ".join(body[max(0, at.start() - 60) : at.end() + 40].split()) if at else ""
        should = "" if told else "no such number"
        yield Difference(file, around, token, should, "the PDF prints a number that the page has not")


def _order(file: str, block: tuple[str, str], packed: str, *, figures: bool) -> Iterator[Difference]:
    """Hold every number of a broken block against the letters on either side of it; those of figures if asked to."""
    section, text = block
    own = _packed(text)
    for found in NUMBER.finditer(own):
        before = own[max(0, found.start() - AROUND) : found.end()]
        after = own[found.start() : found.end() + AROUND]
        numbered = _FIGURE.search(own[: found.start()]) is not None
        if before not in packed and after not in packed and (figures or not numbered):
            why = "the PDF prints the number elsewhere, or beside other words"
            yield Difference(file, f"{section}: {_cut(text, found[0])}", "other words", before, why)


def _cut(text: str, token: str) -> str:
    flat = " ".join(text.split())
    at = max(0, flat.find(token) - 60)
    return flat[at : at + 120]


def inside(folder: StudyFolder, name: str, pdf: bytes, memory: Memory) -> Step:
    """Hold the files inside of a PDF against those of the folder, byte for byte, and against their own checksums.

    Args:
        folder: the study.
        name: of the analysis whose report it is.
        pdf: its bytes.
        memory: what was read already.

    Raises:
        Refusal: the PDF cannot be read.
    """
    file = folder.relative(folder.report(name).pdf)
    key = "inside " + hashlib.sha256(pdf).hexdigest()
    if key not in memory.kept:
        memory.kept[key] = attachments(pdf)
    held: dict[str, bytes] = memory.kept[key]
    differences = []
    for each, content in held.items():
        beside = folder.path / each
        if not beside.is_file():
            why = "the PDF carries a file that the folder lacks"
            differences.append(Difference(each, "", "no file", f"a copy inside of {file}", why))
        elif beside.read_bytes() != content:
            why = f"the copy inside of {file} is another one: one of the two was changed"
            differences.append(Difference(each, "", *_first(beside.read_bytes(), content), why))
    return Step("The files inside of the PDF", len(held), "files", tuple(differences))


def _first(stands: bytes, copy: bytes) -> tuple[str, str]:
    """Return what lies around the first byte in which two files differ."""
    at = next(
        (n for n, pair in enumerate(zip(stands, copy, strict=False)) if pair[0] != pair[1]), min(len(stands), len(copy))
    )
    parts = (part[max(0, at - 12) : at + 12] for part in (stands, copy))
    one, other = ("".join(chr(byte) if 32 <= byte < 127 else "·" for byte in part) for part in parts)
    return f"byte {at + 1}: {one}", f"{other} in the copy"
