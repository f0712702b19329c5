"""Korean particles: their form depends on the last sound of the word before, which a template does not know."""

from __future__ import annotations

import re

__all__ = ["settle"]

FORMS = {
    "은(는)": ("은", "는"),
    "이(가)": ("이", "가"),
    "을(를)": ("을", "를"),
    "과(와)": ("과", "와"),
    "(으)로": ("으로", "로"),
    "(이)": ("이", ""),
}
"""As written in a template -> after a consonant, after a vowel."""

FIRST, LAST, FINALS = 0xAC00, 0xD7A3, 28
"""Hangul syllables in Unicode: 28 finals for each initial and vowel, the first of them none."""

RIEUL = 8
"""The final after which (으)로 is 로 nevertheless."""

_OPEN = re.compile("|".join(re.escape(form) for form in FORMS))


def settle(before: str, literal: str) -> str:
    """Choose the form of the particle with which a literal begins, where the word before ends in Hangul.

    After Latin letters and digits, which are read in more ways than one, both forms stay: ``DenseNet은(는)``.

    Args:
        before: what stands before the literal.
        literal: what follows a slot in a template.

    Example:
        >>> settle("민감도", "은(는) 같다"), settle("손실", "을(를) 쓴다"), settle("F1", "은(는)")
        ('는 같다', '을 쓴다', '은(는)')
    """
    found = _OPEN.match(literal)
    if found is None or not before or not FIRST <= ord(before[-1]) <= LAST:
        return literal
    final = (ord(before[-1]) - FIRST) % FINALS
    closed, opened = FORMS[found[0]]
    vowel = final == 0 or (found[0] == "(으)로" and final == RIEUL)
    return (opened if vowel else closed) + literal[found.end() :]
