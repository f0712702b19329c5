"""Formulas as pictures, for no renderer of PDF here lays out MathML: mathtext comes in, SVG goes out."""

from __future__ import annotations

import html
import io
import re

import matplotlib
from matplotlib import mathtext
from matplotlib.font_manager import FontProperties

from cxr_report.report.figures.picture import tidy

__all__ = ["draw"]

SIZE = 10.5
"""Points: of the drawing, which the page scales to the text around it."""

_LENGTH = re.compile(r'(?<= )(width|height)="([\d.]+)pt"')


def draw(latex: str, name: str, spoken: str) -> str:
    """Set one formula.

    Args:
        latex: without dollar signs, as matplotlib's mathtext understands it.
        name: unique in the page.
        spoken: the formula in words.

    Returns:
        An ``svg`` element; or, where mathtext cannot set it, the source as escaped text.
    """
    stream = io.BytesIO()
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update({"svg.fonttype": "path", "svg.hashsalt": name, "mathtext.fontset": "stix"})
        try:
            mathtext.math_to_image(f"${_spaced(latex)}$", stream, format="svg", prop=FontProperties(size=SIZE))
        except ValueError:
            return f"<code>{html.escape(latex)}</code>"
    drawn = re.sub(r"<metadata>.*?</metadata>", "", stream.getvalue().decode(), flags=re.DOTALL)
    return _LENGTH.sub(_relative, tidy(drawn, f"formula-{name}", spoken), count=2)


def _relative(found: re.Match[str]) -> str:
    """Give a length in units of the surrounding text's size."""
    return f'{found[1]}="{float(found[2]) / SIZE:.3f}em"'


def _spaced(latex: str) -> str:
    """Put a thin space before an operator such as log where a factor stands before it, which mathtext leaves out."""
    return re.sub(r"(?<=[\w})])\s*(?=\\(?:log|sum)\b)", lambda _: r"\,", latex)
