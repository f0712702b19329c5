"""Plain text in, estimates with intervals and shares of counted cases out."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cxr_report.verify.text.finding.kinds import KINDS
from cxr_report.verify.text.finding.patterns import P_VALUE, sentence, sizes
from cxr_report.verify.text.numbers import NUMERAL, Number, decimal_sign, read
from cxr_report.verify.text.statements import Found, Interval, Share

__all__ = ["AREA", "POOLED", "SHARE", "SPAN", "find_intervals", "find_shares", "method_named", "span_highs"]

AREA = re.compile(r"(?i:AUROC|\bAUCs?\b|ROC-?AUC|area under (?:the )?(?:ROC|receiver|curve)|c-statistic|c-index)")
SHARE = re.compile(
    r"(?i:accuracy|sensitivity|specificity|recall|\bprecision|\bPPV\b|\bNPV\b|predictive value|정확도|민감도|특이도)"
)
"""Names of shares that are known."""
_CHANGE = re.compile(r"(?i:differ|change|increas|decreas|gain|Δ|improv|higher|lower|minus|reduc|slope|ratio| by )")
POOLED = re.compile(
    r"(?i:\bseeds?\b|\bruns?\b|\bfolds?\b|cross-?valid|cluster|repeat|repetition|simultaneous|bonferroni|ensemble|macro|"
    r"\bmean\b|average|balanced|weighted|several images|per patient|readers?|trials?\b|pooled|±)"
)
"""Words after which n cases do not give the width of an interval, nor the grain of a share."""

_LEVEL = (
    r"(?P<level>\d{2}(?:[.,]\d{1,2})?) ?%? ?-?(?:CI|CIs|C\.I\.|confidence intervals?|credible intervals?|CrI|HDI|"
    r"intervals?|신뢰 ?구간)"
)
SPAN = rf"(?P<low>{NUMERAL}) ?%? ?(?P<between>to|--|-|,|;|and|≈|~|\.\.\.?) ?(?P<high>{NUMERAL})(?P<span_percent> ?%)?"
"""Two ends of an interval."""

_AFTER = re.compile(rf"{_LEVEL}(?P<lead>[^\d%=.,;+-]{{0,70}}[=:,]? ?[(\[]? ?){SPAN}")
"""95% CI 0.88-0.94, whatever stands before it."""
_HEADED = re.compile(
    rf"[(\[]{_LEVEL}[)\]]:? ?(?:=|:|of|was|were|is)? ?(?P<estimate>{NUMERAL})(?P<percent> ?%)? ?[(\[,;] ?{SPAN}"
)
"""AUC (95% CI) = 0.91 (0.88-0.94)."""
_BARE = re.compile(rf"(?P<estimate>{NUMERAL})(?P<percent> ?%)? ?[(\[] ?{SPAN} ?[)\]]")
"""0.91 [0.88, 0.94], where what is estimated has a name."""
_ESTIMATE = re.compile(
    rf"(?P<estimate>{NUMERAL})(?P<percent> ?%)?(?:,? ?(?:[(\[;:] ?|, ?|with (?:a )?)?"
    r"| ?[(\[] ?\d{1,7} ?(?:/|of|out of) ?\d{1,7} ?[;,] ?)$"
)
_NO_ESTIMATE = re.compile(
    r"(?:(?<![A-Za-z])(?:SD|SE|SEM|[Ss]\.[Dd]\.|[nN]|IQR|range|df|R2|[Tt]able|[Ff]igure|[Gg]roup|[Mm]odel)[ =:]{0,3}"
    r"|±) ?$"
)
"""What a number is called that an interval is never about."""
_SECOND = re.compile(
    rf"{NUMERAL} ?%? ?(?:vs\.?|versus|v\.|and|against|to|minus|than|compared (?:with|to)|for .{{1,12}} (?:vs\.?|and)) "
    r"(?:[a-z]{1,12} ){0,2}$"
)
"""A value before the estimate that it is compared with."""
_COUNTED = re.compile(r"(?<![\d./,-])(?P<count>\d{1,7}) ?(?:/|of|out of) ?(?P<n>\d{1,7})(?!\d|[./,]\d)")
_GROUPS = re.compile(
    r"(?P<positives>\d{1,7}) (?:[a-z-]{1,20} ){0,2}?(?:positives?|diseased|abnormals?|cases with|patients with|with)\b"
    r"[^.;]{0,50}?(?P<negatives>\d{1,7}) (?:[a-z-]{1,20} ){0,2}?(?:negatives?|controls?|healthy|normals?|without)"
)
_METHODS: Mapping[str, str] = {
    "wilson": r"(?i:wilson)",
    "clopper-pearson": r"(?i:clopper|exact binomial|binomial exact|exact 9)",
    "agresti-coull": r"(?i:agresti)",
    "wald": r"(?i:\bwald\b|normal approximation)",
    "jeffreys": r"(?i:jeffreys)",
    "delong": r"(?i:delong)",
    "hanley": r"(?i:hanley)",
    "bootstrap": r"(?i:bootstrap)",
}
_LEVEL_AFTER = re.compile(r" ?-?(?:CI|C\.I\.|confidence|interval|credible|level|prediction|power)")
_COUNT_FIRST = re.compile(
    rf"{_COUNTED.pattern}(?: [a-z-]{{2,20}}){{0,3}} ?[(\[,;=:] ?(?P<value>{NUMERAL})(?P<percent> ?%)?(?![\d])"
)
_VALUE_FIRST = re.compile(
    rf"(?<![\d.,-])(?P<value>\d{{1,3}}(?:[.,]\d{{1,6}})?|\.\d{{1,6}})(?P<percent> ?%)? ?[(\[,;:]{{1,2}} ?(?:[nN] ?= ?)?"
    rf"{_COUNTED.pattern}"
)
_NAMED_N = re.compile(
    rf"(?i:accuracy|정확도)(?:[^.;\d()]|\d(?=\d{{0,6}} [a-z]{{3}})){{0,40}}?(?P<value>{NUMERAL})"
    r"(?P<percent> ?%)? ?[(\[,;] ?"
    r"[nN] ?= ?(?P<n>\d{1,7})(?!\d|[.,]\d)"
)


def find_intervals(text: str) -> list[Found]:
    """Find estimates with their intervals.

    An estimate stands right before its interval, or between the words "95% CI" and it. A number that is not called
    an area or a share counts only where it has decimals, or the interval has none: "group 1 (95% CI 0.2-0.4)".

    Example:
        >>> [found.statement.name for found in find_intervals("an AUC of 0.91 (95% CI 0.88-0.94)")]
        ['area']
    """
    found = [each for match in _HEADED.finditer(text) if (each := _interval(text, match, match.start(), match))]
    for match in _AFTER.finditer(text):
        before = text[max(0, match.start() - 60) : match.start()]
        estimate = _ESTIMATE.search(before)
        start = match.start() - len(before) + (estimate.start() if estimate else 0)
        if estimate and not _overlaps(found, match) and not _is_other(text, start):
            each = _interval(text, match, start, estimate)
            found += [each] if each else []
    for match in _BARE.finditer(text):
        if not _overlaps(found, match) and _name(text, match.start()):
            each = _interval(text, match, match.start(), match)
            found += [each] if each else []
    return found


def _is_other(text: str, start: int) -> bool:
    """Say whether a number is a test statistic, a p value or of the spread: an interval after it is of another one."""
    lead = text[max(0, start - 60) : start]
    if _NO_ESTIMATE.search(lead):
        return True
    piece, offset = text[max(0, start - 60) : start + 20], min(start, 60)
    known = [P_VALUE, *(kind.pattern for name, kind in KINDS.items() if name not in ("r", "rs", "tau"))]
    return any(match.start("number") == offset for pattern in known for match in pattern.finditer(piece))


def _overlaps(found: list[Found], match: re.Match[str]) -> bool:
    return any(each.start < match.end() and match.start() < each.end for each in found)


def _name(text: str, start: int) -> str:
    """Return what a number is called by the words before it: area, share or nothing."""
    before = text[max(0, start - 70) : start]
    last: tuple[int, str] = (-1, "")
    for name, pattern in (("area", AREA), ("share", SHARE)):
        for match in pattern.finditer(before):
            last = max(last, (match.end(), name))
    between = before[last[0] :] if last[1] else before
    numbered = re.search(r"\d", re.sub(r"9[059] ?% ?CI|(?<![\d.])\d{1,7} [A-Za-z]{3}", "", between))
    return "" if not last[1] or _CHANGE.search(before) or numbered else last[1]


def _interval(text: str, match: re.Match[str], start: int, estimate: re.Match[str]) -> Found | None:
    """Put the parts of an interval together."""
    decimal = decimal_sign([estimate["estimate"], match["low"], match["high"]]) or "."
    value = read(estimate["estimate"], decimal)
    low, highs = read(match["low"], decimal), span_highs(match, decimal)
    name = _name(text, start)
    if not name and value.whole and not (low.whole and highs[0].whole):
        return None
    per_cent = bool(estimate["percent"] or match["span_percent"])
    if name and low.value < 0:
        name = ""
    value, low, highs = _one_scale(value, low, highs, bool(name) and (per_cent or highs[0].value > 1.5))
    first, end = sentence(text, start, match.end())
    near = text[first:end]
    level = read(match["level"], ".").value / 100 if "level" in match.groupdict() else 0.95
    statement = Interval(
        name, value, low, highs[0], level, tuple(highs[1:]), n=_cases(text, start, match.end(), value) if name else 0,
        groups=_groups(near) if name == "area" else None, method=method_named(near), pooled=bool(POOLED.search(near)),
        second=bool(_SECOND.search(text[max(0, start - 40) : start])),
    )  # fmt: skip
    return Found(statement, start, match.end())


def span_highs(match: re.Match[str], decimal: str) -> list[Number]:
    """Return the upper end of an interval in every reading: a second dash may be its minus sign."""
    high = read(match["high"], decimal)
    if match["between"] == "--" and high.value > 0:
        return [high, Number(-high.value, high.unit)]
    return [high]


def _one_scale(value: Number, low: Number, highs: list[Number], per_cent: bool) -> tuple[Number, Number, list[Number]]:
    """Bring per cent to shares, each number for itself: 89% (0.82-0.94) is in use."""
    if not per_cent:
        return value, low, highs
    value = value.scaled(0.01) if value.value > 1 else value
    if highs[0].value > 1.5:
        low, highs = low.scaled(0.01), [each.scaled(0.01) for each in highs]
    return value, low, highs


def _cases(text: str, start: int, end: int, value: Number) -> int:
    """Return the n of a share that stands within its bracket or right before it."""
    for match in _COUNTED.finditer(text, max(0, start - 30), min(len(text), end + 30)):
        n = int(match["n"])
        if n and value.low <= int(match["count"]) / n <= value.high:
            return n
    found = sizes(text[end : end + 24].partition(")")[0])
    return found[0] if len(found) == 1 else 0


def _groups(near: str) -> tuple[int, int] | None:
    match = _GROUPS.search(near)
    if not match or not int(match["positives"]) or not int(match["negatives"]):
        return None
    return int(match["positives"]), int(match["negatives"])


def method_named(text: str) -> str:
    """Return the method of an interval that words name.

    Example:
        >>> method_named("95% CI by Wilson's method"), method_named("95% CI")
        ('wilson', '')
    """
    return next((name for name, pattern in _METHODS.items() if re.search(pattern, text)), "")


def find_shares(text: str) -> list[Found]:
    """Find shares whose counts stand beside them, and accuracies with n.

    Example:
        >>> [found.statement.n for found in find_shares("an accuracy of 92.9% (208/224)")]
        [224]
    """
    found: list[Found] = []
    for pattern in (_VALUE_FIRST, _COUNT_FIRST, _NAMED_N):
        for match in pattern.finditer(text):
            if not _overlaps(found, match) and (each := _share(text, match)):
                found.append(each)
    return found


def _share(text: str, match: re.Match[str]) -> Found | None:
    value = read(match["value"], decimal_sign([match["value"]]) or ".")
    n = int(match["n"])
    count = int(match["count"]) if "count" in match.groupdict() else None
    if match["percent"]:
        value = value.scaled(0.01)
        if _LEVEL_AFTER.match(text, match.end("percent")):
            return None
    elif value.whole or value.value > 1:
        return None
    if not n or (count is not None and count > n):
        return None
    lead = text[max(0, match.start() - 60) : match.end()]
    name = "share" if SHARE.search(lead) else ""
    first, end = sentence(text, match.start(), match.end())
    return Found(Share(name, value, n, count, bool(POOLED.search(text[first:end]))), match.start(), match.end())
