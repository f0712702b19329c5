"""A study is licensed by an identifier that everybody knows, or not at all."""

from __future__ import annotations

import pytest

from cxr_report.errors import Refusal
from cxr_report.exchange import licence


@pytest.mark.parametrize("known", list(licence.KNOWN))
def test_the_text_names_identifier_terms_and_owner(known: str) -> None:
    told = licence.text(licence.check(known.lower()), "Five losses", ("Curie, Marie", "B. Author"))
    assert told.startswith(f"SPDX-License-Identifier: {known}\n")
    assert "by Curie, Marie, B. Author" in told
    assert licence.KNOWN[known][1] in told


def test_without_a_licence_the_refusal_names_a_few() -> None:
    with pytest.raises(Refusal, match=r"--licence: .*CC-BY-4\.0, CC0-1\.0"):
        licence.check("")


def test_an_unknown_licence_is_refused_with_the_nearest() -> None:
    with pytest.raises(Refusal, match=r"--licence CC-BY-4: allowed are .*did you mean 'CC-BY-4\.0'"):
        licence.check("CC-BY-4")
