"""Text in, sentences of known forms out, each held to its rule."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from cxr_report.analysis.value import Analysis
from cxr_report.metrics import METRICS

from .external import Outside, kinds
from .words import ADJUSTED, COUNT, DIFFERENCE, EXACT, SPOKEN, STATISTIC, STATISTICS, VALUE, P, curly, demand, number

FORMS = [
    (name, form)
    for line in Path(__file__).with_name("forms.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
    for name, form in [line.split("\t")]
]


def either(words: list[str]) -> str:
    """Match one of several words, the longest first."""
    return "|".join(re.escape(each) for each in sorted(words, key=len, reverse=True))


def series(one: str) -> str:
    """Match one, or several as a sentence lists them."""
    return f"(?:{one})(?:, (?:{one}))*(?: and (?:{one}))?"


class Reader(Outside):
    """Reads text about one analysis."""

    def __init__(self, analysis: Analysis) -> None:
        super().__init__(analysis)
        self.kinds = self._kinds()
        self.forms = [(name, re.compile(self._compile(form))) for name, form in FORMS]

    def _kinds(self) -> dict[str, str]:
        metric, classes = either(list(SPOKEN.values())), "|".join(map(re.escape, self.a.classes))
        clause, tests = f"with {self.labels} than with {self.labels}", either(list(STATISTICS.values()))
        unit = "(?:patients|cases)"
        place = (
            f"[Oo]ver seeds and {unit} together,|[Oo]ver seeds, on these test cases,|[Oo]ver {unit}, for these runs,"
        )
        seed = rf"seed \d+ \({self.labels}: (?:diverged|missing|undefined)\)"
        return {
            "NN": f"{COUNT}|none", "NO": f"{COUNT}|no",
            "n": COUNT, "v": VALUE, "d": DIFFERENCE, "s": STATISTIC, "e": EXACT, "p": P, "L": self.label,
            "LL": self.labels, "M": metric, "T": either([curly(METRICS[each].title) for each in SPOKEN]),
            "ML": series(metric), "K": classes, "C": f"{clause}(?:; {clause})*", "%": r"[\d.]+\u00a0%",
            "A": "|".join(map(re.escape, ADJUSTED.values())), "W": r"(?:[^.]|\.(?!\s|$))+",
            "LV": f"{self.label} (?:{VALUE}|–)(?:, {self.label} (?:{VALUE}|–))*",
            "LN": series(rf"\d+ of {self.label}"), "LP": series(f"{self.label} against {self.label}"),
            "U": unit, "KK": series(classes), "SC": series(rf"(?:{classes}) \(AUROC {VALUE}\)"),
            "PT": rf" of {COUNT} patients?", "adj": "adjusted p|unadjusted p", "TG": place, "TN": tests,
            "WH": f"pairs? of losses|comparisons? with {self.label}", "SL": series(seed),
            "TNS": rf"{series(tests)} \([^()]+\)(?:; {series(tests)} \([^()]+\))*",
            **kinds(self.a, self.label),
            "WHO": "seeds alone and (?:patients|cases) alone|seeds alone|patients alone|cases alone",
        }  # fmt: skip

    def _compile(self, form: str) -> str:
        """Turn a form into a pattern: ``{name:kind}`` is a field, ``[[...]]`` may be absent."""
        parts = re.split(r"(\{\w+:[^}]+\}|\[\[|\]\])", form)
        made, seen = [], Counter[str]()
        for part in parts:
            field = re.fullmatch(r"\{(\w+):([^}]+)\}", part)
            if field:
                seen[field[1]] += 1
                demand(seen[field[1]] == 1, "the form names", field[1], "twice:", form)
                made.append(f"(?P<{field[1]}>{self.kinds.get(field[2], field[2])})")
            else:
                made.append({"[[": "(?:", "]]": ")?"}.get(part, re.escape(part)))
        return "".join(made)

    def sentences(self, text: str) -> Iterator[tuple[str, dict[str, str]]]:
        """Take a paragraph apart; every word of it must belong to a sentence with a known form."""
        place = 0
        while place < len(text):
            found = [(name, hit) for name, form in self.forms if (hit := form.match(text, place))]
            demand(found, "no form fits:", text[place : place + 200])
            name, hit = max(found, key=lambda each: each[1].end())
            words = {key: value for key, value in hit.groupdict().items() if value is not None}
            yield name, {key.removesuffix("_"): value for key, value in words.items()}
            place = hit.end()
            demand(place == len(text) or text[place] == " ", "no end of sentence at", text[place : place + 60])
            place += 1

    def check(self, name: str, words: dict[str, str]) -> None:
        """Hold one sentence to the analysis."""
        self._plan(words)
        rule: Callable[[dict[str, str]], None] | None = getattr(self, "on_" + name.replace("-", "_"), None)
        if rule is not None:
            rule(words)

    def _plan(self, words: dict[str, str]) -> None:
        """Hold alpha, the level of intervals, the adjustment and the name of p to the plan."""
        if "alpha" in words:
            demand(number(words["alpha"])[0] == self.plan.alpha, "alpha is", self.plan.alpha, "not", words["alpha"])
        if "level" in words:
            said = float(words["level"].replace("\u00a0%", ""))
            demand(abs(said - 100 * (1 - self.plan.alpha)) < 1e-9, "the level of the intervals is", said)
        for key in ("by", "by2"):
            demand(words.get(key, ADJUSTED[self.plan.adjustment]) == ADJUSTED[self.plan.adjustment], "adjustment")
        for key in ("over", "over2"):
            demand(words.get(key, self.unit) == self.unit, "over", words.get(key))
        if "adj" in words:
            expected = "unadjusted p" if self.plan.adjustment == "none" else "adjusted p"
            demand(words["adj"] == expected, "the p value is called", words["adj"])
