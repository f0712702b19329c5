"""Whatever is given: an answer or one sentence, in bounded time, and a page without a script."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxr_report.errors import Refusal
from cxr_report.verify.text import Checked, check, encode, marked_page, read_bytes, text_table

WORDS = """
t F χ² r z ( ) [ ] 1 28 2.20 0 , ; = < > − - p P .05 0,05 to AUC accuracy % / of M SD n ± * ** ns | <b> &lt; </td>
<table> <tr> <td> \begin{tabular}{ll} \\ & \\end{tabular} $ { } × 10 e-400 e999 ∞ ½ ٣ ² Holm one-sided W U df
"""
PIECES = st.sampled_from([*WORDS.split(), " ", "\n", "\t", "\0", "95% CI", "n1 = n2 = 0"])
SUFFIXES = st.sampled_from([".txt", ".html", ".tex", ""])


def answered(data: bytes, suffix: str) -> Checked | None:
    """What was found, or nothing where the data are refused in one sentence."""
    try:
        return check(read_bytes(data, "x", suffix))
    except Refusal as refusal:
        if "\n" in str(refusal):
            raise
        return None


def everything(data: bytes, suffix: str) -> None:
    """Go the whole way; a refusal is an answer."""
    checked = answered(data, suffix)
    if checked is None:
        return
    assert text_table(checked)
    assert encode(checked)
    page = marked_page(checked)
    page.encode("utf-8")
    assert "<script" not in page.lower()


@given(st.text(max_size=400), SUFFIXES)
@settings(max_examples=200)
def test_no_text_crashes(text: str, suffix: str) -> None:
    everything(text.encode("utf-8", errors="surrogatepass"), suffix)


@given(st.lists(PIECES, max_size=60), SUFFIXES)
@settings(max_examples=400)
def test_no_shuffled_statistics_crash(pieces: list[str], suffix: str) -> None:
    everything("".join(pieces).encode(), suffix)


@given(st.binary(max_size=300), st.sampled_from([b"", b"%PDF-1.7\n", b"PK\x03\x04", b"<html>"]))
@settings(max_examples=150)
def test_no_bytes_crash(data: bytes, start: bytes) -> None:
    everything(start + data, "")


def grows_linearly(piece: str, suffix: str) -> bool:
    """Ten times the text takes at most thirty times the processor time; a quadratic way takes a hundred times."""
    spent = []
    for length in (100_000, 1_000_000):
        text = piece * (length // len(piece))
        began = time.process_time()
        answered(text.encode(), suffix)
        spent.append(time.process_time() - began)
    return spent[1] < max(3.0, 30 * spent[0])


@pytest.mark.parametrize(("piece", "suffix"), [("1", ".txt"), ("(", ".txt"), ("(1,2)", ".txt"), ("<!-- ", ".html")])
def test_a_megabyte_of_digits_or_brackets_takes_linear_time(piece: str, suffix: str) -> None:
    assert grows_linearly(piece, suffix)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".txt", ".html", ".tex"])
@pytest.mark.parametrize(
    "piece",
    ["1 ", "p=.05 ", "t(28) ", "F1,", "95% CI ", "M = 3, SD = ", "1 x 10 ", "<a ", "{", "-", "\\begin{tabular}{", "|1"],
)
def test_a_megabyte_of_anything_takes_linear_time(piece: str, suffix: str) -> None:
    assert grows_linearly(piece, suffix)


@given(st.text(alphabet="<>&\"'/script abc=", max_size=80))
def test_markup_in_the_text_is_escaped(text: str) -> None:
    page = marked_page(check(read_bytes(f"{text} t(28) = 2.20, p = .06. {text}".encode(), "x", ".txt")))
    body = page.partition("</head>")[2]
    tags = set(re.findall(r"<(/?[a-z0-9]+)", body))
    assert tags <= {"body", "/body", "/html", "h1", "/h1", "h2", "/h2", "p", "/p", "mark", "/mark", "b", "/b", "table",
                    "/table", "tr", "/tr", "th", "/th", "td", "/td", "small", "/small"}  # fmt: skip
