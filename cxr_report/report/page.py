"""A Document in, one self-contained HTML page out, set by the jinja2 templates."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import jinja2
import jinja2.sandbox
from markupsafe import Markup, escape

from cxr_report.errors import Refusal
from cxr_report.report import fonts, machine, numerals, templates
from cxr_report.report.document import Document
from cxr_report.report.enclosures import LIMIT, Selection
from cxr_report.report.language import Speech, phrase, speech
from cxr_report.report.pieces import Piece, text_of

__all__ = ["BEGIN", "END", "render"]

BEGIN = f"<!-- {machine.BLOCK}: begin -->"
END = f"<!-- {machine.BLOCK}: end -->"
"""What marks the one block that may differ between equal studies; a user's text cannot hold it, for it is escaped."""

FACES = "/* the fonts go here */"
"""Stands in the style sheet, above any text of the user's."""


SOURCES = (
    ("joint", phrase("seeds and cases together")),
    ("resampling", phrase("jackknife and bootstrap")),
    ("delong", phrase("areas under curves")),
    ("wilcoxon", phrase("the signed-rank test")),
    ("hierarchy", phrase("gatekeeping")),
    ("friedman", phrase("Friedman’s test and its F")),
    ("anova", phrase("degrees of freedom of the analysis of variance")),
    ("mixed", phrase("the mixed model")),
    ("effect", phrase("the interval of d_z")),
    ("equivalence", phrase("equivalence")),
    ("posterior", phrase("posteriors over seeds")),
    ("ranks", phrase("ranks over seeds")),
    ("multiverse", phrase("other analyses side by side")),
    ("calibration", phrase("parts of the Brier score")),
)
"""What is cited -> what it is the source of, in the order of the methods."""

CONTENTS = "<!-- the contents go here -->"
"""Stands where the list of sections goes, which is known once they are all set."""


def render(document: Document, own: Path | None = None, attached: Selection | None = None) -> str:
    """Set the page.

    Every text of the user's is escaped; only what the program made itself (figures, formulas, sentences with marked
    numbers) goes in as markup.

    Args:
        document: what to set.
        own: a folder of templates that go before those of the package; None: there is none.
        attached: what travels inside of the PDF; None: nothing does.

    Raises:
        Refusal: a template of the folder cannot be used; the sentence names it and what is wrong.
    """
    environment = _environment(own)
    try:
        page = _set(document, attached, environment)
    except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError) as error:
        if own is None:
            raise
        raise Refusal(f"report.templates: {_place(error)}{' '.join(str(error).split())}") from None
    return page.replace(FACES, fonts.face_rules(_outside(page)), 1)


def _environment(own: Path | None) -> jinja2.Environment:
    """Make the place where templates run; what they may reach is limited, for a folder may be a stranger's."""
    folders = [jinja2.FileSystemLoader(folder) for folder in (own, templates.find()) if folder is not None]
    environment = jinja2.sandbox.SandboxedEnvironment(
        loader=jinja2.ChoiceLoader(folders),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= _FILTERS
    return environment


def _set(document: Document, attached: Selection | None, environment: jinja2.Environment) -> str:
    script = _script(environment)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    page = environment.get_template("report.html.j2").render(
        doc=document,
        a=document.analysis,
        study=document.analysis.study,
        attached=attached,
        faces=_markup(FACES),
        contents=_markup(CONTENTS),
        limit=LIMIT,
        sources=SOURCES,
        **_spoken(environment, speech(document.analysis)),
        script=_markup(script),
        script_hash=_markup(f"sha256-{digest}"),
    )
    return page.replace(CONTENTS, _contents(page), 1)


def _spoken(environment: jinja2.Environment, say: Speech) -> dict[str, Callable[..., Markup]]:
    """Give the templates a voice: filters for single words, and functions for sentences with markup in their slots."""
    environment.filters |= {
        "said": say.text,
        "noted": say.note,
        "listed": lambda words: _joined(say.listed(list(words))),
    }
    return {
        "say": lambda template, **slots: _joined(say(template, **slots)),
        "code": lambda text: Markup("<code>{}</code>").format(text),
        "italic": lambda text: Markup("<i>{}</i>").format(text),
    }


def _joined(pieces: Iterable[Piece]) -> Markup:
    """Put pieces together; what is no markup yet is escaped."""
    return Markup("").join(piece if isinstance(piece, str) else text_of(piece) for piece in pieces)


def _script(environment: jinja2.Environment) -> str:
    """Read the page's one script; the page allows no other, by its hash."""
    if environment.loader is None:
        raise ValueError("the environment has no loader")
    script = environment.loader.get_source(environment, "report.js")[0]
    if re.search("</script|<!--", script, re.IGNORECASE):
        raise ValueError("report.js: holds </script or <!--, which would end or hide the script inside the page")
    return script


def _place(error: Exception) -> str:
    """Say in which template and line an error lies, where that is known."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        return f"{error.name}, line {error.lineno}: "
    step, found = error.__traceback__, ""
    while step is not None:
        name = Path(step.tb_frame.f_code.co_filename).name
        if name.endswith(".j2"):
            found = f"{name}, line {step.tb_lineno}: "
        step = step.tb_next
    return found


def _contents(page: str) -> str:
    """List the headings of the sections of a page, with links, as they are set."""
    lines: list[str] = []
    deep = False
    for key, level, title in _HEADING.findall(page):
        text = f'<a href="#{key}">{title}</a>'
        if level == "3" and lines:
            lines.append(f"{'' if deep else '<ul>'}<li>{text}</li>")
            deep = True
        else:
            lines.append(f"{'</ul>' if deep else ''}{'</li>' if lines else ''}<li>{text}")
            deep = False
    return f"<ul>{''.join(lines)}{'</ul>' if deep else ''}{'</li>' if lines else ''}</ul>"


_HEADING = re.compile(r'<section[^>]*? id="([\w-]+)"[^>]*>\s*<h([23])>(.*?)</h[23]>')


def _outside(page: str) -> list[str]:
    """Return the page without the marked block, whose characters must not change the fonts everywhere."""
    before, rest = page.split(BEGIN, 1)
    return [before, rest.split(END, 1)[1]]


def _markup(text: str) -> Markup:
    return Markup(text)  # noqa: S704 - for what the program made itself


def _raw(value: object) -> str:
    """Write a full-precision value for an attribute."""
    return "null" if value is None or value != value else str(value)


def _typeset(text: str) -> Markup:
    """Set symbols of statistics as such: ``d_z``, ``n_c``, and p before a number. Text that is no markup is escaped."""
    with_indices = _INDEXED.sub(r"<i>\1</i><sub>\2</sub>", _polished(str(escape(text))))
    return _markup(_raised(_P.sub("<i>p</i>", with_indices)))


def _symbol(title: str) -> Markup:
    """Set the head of a column: symbols slanted, words upright."""
    return _markup(f"<i>{_raised(str(escape(title)))}</i>") if title in _SYMBOLS else _typeset(title)


def _breakable(text: str) -> Markup:
    """Let a very long word break where it must; the text is escaped."""
    parts = [_OVERLONG.sub("\\g<0>\0", word) if len(word) > 30 else word for word in text.split(" ")]
    return _markup(_raised(_polished(str(escape(" ".join(parts)))).replace("\0", "<wbr>")))


def _polished(escaped: str) -> str:
    """Set apostrophes and the dash between two names as such, and keep a letter and its number together."""
    kept = _SETTING.sub("\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}", _APOSTROPHE.sub("’", escaped))
    for pair in _NAMES:
        kept = kept.replace(pair, pair.replace("-", "\N{EN DASH}"))
    return kept


_APOSTROPHE = re.compile(r"(?<=[A-Za-z])(?:'|&#39;)(?=[a-z ])")
_SETTING = re.compile(r"(?<=[\w²]) = (?=[\d−])")
_NAMES = ("Kullback-Leibler", "Greenhouse-Geisser", "Iman-Davenport")
"""Two people each, not one person of a double name."""


def _raised(escaped: str) -> str:
    """Set raised digits and signs as such: the fonts have only some of them as characters of their own."""
    return _RAISED.sub(lambda run: f"<sup>{run[0].translate(_LEVEL)}</sup>", escaped)


_RAISED = re.compile("[⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_LEVEL = str.maketrans("⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "+−0123456789")
_OVERLONG = re.compile(r".{15}")
_INDEXED = re.compile(r"(?<![\w.\"&;])([A-Za-zα-ω])_([A-Za-z0-9+-])(?!\w)")
_P = re.compile(r"(?<![\w.\"])p(?=[\xa0 ](?:=|&lt;|&gt;|at most))")
_SYMBOLS = ("t", "p", "F", "df", "χ²", "W⁺")


def _size(number: int) -> str:
    """Write a number of bytes."""
    return f"{numerals.fixed(number / 2**20, 1)}\N{NO-BREAK SPACE}MiB"


_FILTERS = {
    "made": _markup,
    "breakable": _breakable,
    "typeset": _typeset,
    "symbol": _symbol,
    "raw": _raw,
    "count": numerals.count,
    "general": numerals.general,
    "percent": numerals.percent,
    "fixed": numerals.fixed,
    "size": _size,
}
