"""What was computed correctly and printed in any style is consistent; what was changed beyond rounding never is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from cxr_report.verify.text import check, read_bytes


@dataclass(frozen=True)
class Truth:
    """A test with its statistic and degrees of freedom."""

    kind: str
    statistic: float
    df: tuple[float, ...]

    def p(self, statistic: float) -> float:
        """The two-sided p value by scipy's distributions."""
        size = abs(statistic)
        match self.kind:
            case "t":
                return float(2 * stats.t.sf(size, *self.df))
            case "z":
                return float(2 * stats.norm.sf(size))
            case "r":
                return float(2 * stats.t.sf(size * math.sqrt(self.df[0] / max(1e-12, 1 - size**2)), *self.df))
            case "F":
                return float(stats.f.sf(size, *self.df))
            case _:
                return float(stats.chi2.sf(size, *self.df))


whole = st.integers(min_value=2, max_value=300)
fraction = st.integers(min_value=200, max_value=30000).map(lambda n: n / 100)
truths = st.one_of(
    st.builds(Truth, st.just("t"), st.floats(-6, 6), st.tuples(st.one_of(whole, fraction))),
    st.builds(Truth, st.just("z"), st.floats(-5, 5), st.just(())),
    st.builds(Truth, st.just("r"), st.floats(-0.98, 0.98), st.tuples(whole)),
    st.builds(Truth, st.just("F"), st.floats(0, 30), st.tuples(st.integers(1, 12), st.one_of(whole, fraction))),
    st.builds(Truth, st.sampled_from(["chi2", "Friedman", "Q", "H"]), st.floats(0, 60), st.tuples(st.integers(1, 40))),
)


@dataclass(frozen=True)
class Style:
    """How a test is printed."""

    decimals: int
    p_decimals: int
    comma: bool
    bare: bool
    """Without the zero before the decimal sign."""
    minus: str
    blank: str
    df_form: str
    frame: str


styles = st.builds(
    Style,
    st.integers(2, 4),
    st.integers(2, 4),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["-", "−", "–", "− "]),
    st.sampled_from([" ", "", "\u00a0", "\u2009", "\n"]),
    st.sampled_from(["()", "[]", " ()", "sub", "df"]),
    st.sampled_from(["It was {}.", "({})", "see ({}; and so on)", "결과는 {}이었다.", "<p>{}"]),
)
SYMBOLS = {"t": "t", "z": "z", "r": "r", "F": "F", "chi2": "χ²", "Friedman": "Friedman's χ2", "Q": "Q", "H": "H"}


def printed(value: float, decimals: int, style: Style) -> str:
    text = f"{abs(value):.{decimals}f}"
    if style.bare and text.startswith("0."):
        text = text[1:]
    return (style.minus if value < 0 and float(f"{value:.{decimals}f}") else "") + text


def p_text(p: float, style: Style) -> str:
    least = 10**-style.p_decimals
    if p < least:
        return f"p{style.blank}<{style.blank}{printed(least, style.p_decimals, style)}"
    return f"p{style.blank}={style.blank}{printed(p, style.p_decimals, style)}"


def sentence(truth: Truth, statistic: str, p: str, style: Style) -> str:
    """Put a statement together in a style."""
    df = [f"{each:g}" for each in truth.df]
    commas = style.comma and all("." not in each for each in df)
    inner = ("; " if commas else ", ").join(df)
    form = style.df_form if df else "none"
    if form == "sub" and truth.kind in ("r", "Friedman", "chi2", "Q", "H") and (len(df[0]) < 2 or truth.kind != "r"):
        form = "()"
    head = {
        "()": f"({inner})", "[]": f"[{inner}]", " ()": f" ({inner})", "sub": inner.replace(" ", ""), "df": "",
        "none": "",
    }[form]  # fmt: skip
    extra = f", df = {inner}" if form == "df" else ""
    values = f"{SYMBOLS[truth.kind]}{head}{style.blank}={style.blank}{statistic}{extra}, {p}"
    if commas:
        values = f"{SYMBOLS[truth.kind]}{head} = {statistic.replace('.', ',')}{extra}; {p.replace('.', ',')}"
    return style.frame.format(values)


def grades(text: str) -> list[str]:
    return [finding.verdict.grade for finding in check(read_bytes(text.encode(), "x", ".txt")).findings]


@given(truths, styles)
@settings(max_examples=300)
def test_a_correct_test_in_any_style_is_consistent(truth: Truth, style: Style) -> None:
    statistic = printed(truth.statistic, style.decimals, style)
    text = sentence(truth, statistic, p_text(truth.p(truth.statistic), style), style)
    assert grades(text) == ["consistent"], text


@given(truths, styles, st.integers(0, 10**6))
@settings(max_examples=300)
def test_a_p_value_changed_beyond_rounding_is_never_consistent(truth: Truth, style: Style, seed: int) -> None:
    unit, half = 10**-style.p_decimals, 0.5 * 10**-style.decimals
    size = abs(truth.statistic)
    shown = float(f"{size:.{style.decimals}f}")
    most = 0.999999 if truth.kind == "r" else math.inf
    low, high = truth.p(min(shown + half, most)), truth.p(max(0, shown - half))
    other = round((seed % (10**style.p_decimals - 1) + 1) * unit, style.p_decimals)
    slack = 1e-6
    assume(other - unit / 2 > high + slack or other + unit / 2 < low - slack)
    text = sentence(truth, printed(truth.statistic, style.decimals, style), p_text(other, style), style)
    found = grades(text)
    assert len(found) == 1, text
    assert found[0] in ("inconsistent", "changes the decision"), text


@given(truths, styles)
@settings(max_examples=150)
def test_a_bound_on_the_wrong_side_is_never_consistent(truth: Truth, style: Style) -> None:
    p = truth.p(truth.statistic)
    half = 0.5 * 10**-style.decimals
    shown = float(f"{abs(truth.statistic):.{style.decimals}f}")
    low = truth.p(shown + half) if truth.kind != "r" or shown + half < 1 else 0
    assume(low > 0.0011 and p < 1)
    text = sentence(truth, printed(truth.statistic, style.decimals, style), "p < .001", style).replace("<,", "< ,")
    assert set(grades(text)) <= {"inconsistent", "changes the decision"}, text
    assert grades(text), text


@pytest.mark.parametrize("n", range(2, 9))
def test_squares_fit_exactly_what_whole_numbers_can_have(n: int) -> None:
    """All multisets of n whole numbers from 0 to 4: what they give fits; what none of 0..12 gives does not."""
    from itertools import combinations_with_replacement

    from cxr_report.verify.text.numbers import Number
    from cxr_report.verify.text.recomputing.moments import squares_fit

    possible = set()
    for values in combinations_with_replacement(range(5), n):
        mean = sum(values) / n
        sd = math.sqrt(sum((value - mean) ** 2 for value in values) / (n - 1))
        possible.add((round(mean, 2), round(sd, 2)))
        assert squares_fit(Number(round(mean, 2), 0.01), Number(round(sd, 2), 0.01), n)
    pairs = [(Number(m / 100, 0.01), Number(s / 100, 0.01)) for m in range(0, 400, 7) for s in range(0, 200, 7)]
    assert not all(squares_fit(mean, sd, n) for mean, sd in pairs)
