"""A small grammar of the report's English: rendered text in, claims out, each held to the Analysis.

It shares no code with the narrator: forms of sentences are written down here once more, and what they must say is
worked out from the raw fields of the Analysis.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from cxr_report.analysis.value import Analysis
from cxr_report.metrics import METRICS

ADJUSTED = {
    "none": "without adjustment for multiple comparisons",
    "bonferroni": "after Bonferroni’s adjustment",
    "holm": "after Holm’s adjustment",
    "hochberg": "after Hochberg’s adjustment",
    "hommel": "after Hommel’s adjustment",
    "bh": "after Benjamini and Hochberg’s adjustment",
    "by": "after Benjamini and Yekutieli’s adjustment",
}
SPOKEN = {
    "auroc": "AUROC",
    "brier": "Brier score",
    "log_loss": "log loss",
    "balanced_accuracy": "balanced accuracy",
    "mcc": "Matthews correlation coefficient",
    "f1": "F1 score",
    "kappa": "Cohen’s kappa",
    "average_precision": "average precision",
    "sensitivity_youden": METRICS["sensitivity_youden"].title[0].lower() + METRICS["sensitivity_youden"].title[1:],
}
ABBREVIATIONS = {
    "AUROC": "area under the receiver operating characteristic curve",
    "CI": "confidence interval",
    "SD": "standard deviation",
}
COUNT, VALUE, DIFFERENCE, STATISTIC = r"\d[\d\u202f]*", r"−?\d+\.\d{3}", r"−?\d+\.\d{4}", r"−?\d+\.\d\d|∞"
EXACT = r"−?\d+(?:\.\d+)?|∞"
P = r"\u00a0[=<>]\u00a0\d\.\d+"


FORMS = [
    (name, form)
    for line in Path(__file__).with_name("narrative_forms.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
    for name, form in [line.split("\t")]
]


class Broken(AssertionError):  # noqa: N818 - the text is broken
    """The text says what the analysis does not."""


def curly(text: str) -> str:
    """Write apostrophes as printers do."""
    return text.replace("'", "’")


def demand(condition: object, *words: object) -> None:
    """Fail with words where a condition does not hold."""
    if not condition:
        raise Broken(" ".join(map(str, words)))


def number(text: str) -> tuple[float, float]:
    """Read a printed number and half a unit of its last decimal."""
    plain = text.replace("−", "-").replace("\u202f", "").replace("∞", "inf")
    decimals = len(plain.partition(".")[2])
    return float(plain), 0.5 * 10.0**-decimals * (1 + 1e-9)


def same(text: str, value: float, what: str) -> None:
    """Demand that a printed number is the value, rounded."""
    shown, half = number(text)
    close = shown == value or abs(shown - value) <= half
    demand(close, what, "is printed as", text, "and is", value)


def same_p(text: str, value: float, alpha: float, what: str) -> None:
    """Demand that a printed p is the value, on the same side of alpha."""
    sign, digits = (text[1], text[3:]) if text.startswith("\u00a0") else ("=", text)
    shown, half = number(digits)
    if sign == "=":
        demand(shown > 0 and (shown < 1 or value == 1), what, "is printed as", text, "which no p value is")
        demand(abs(shown - value) <= half, what, "is printed as", text, "and is", value)
        demand((shown <= alpha) == (value <= alpha), what, text, "lies on the other side of alpha than", value)
    else:
        demand(shown in (0.001, 0.999), what, "is cut off at", shown)
        demand(value < shown if sign == "<" else value > shown, what, "is printed as", text, "and is", value)


class Reader:
    """Reads text about one analysis."""

    def __init__(self, analysis: Analysis) -> None:
        self.a = analysis
        self.plan = analysis.study.analysis
        self.primary = analysis.study.metrics.primary
        self.by_label = {label: loss for loss, label in analysis.labels.items()}
        label = "|".join(re.escape(each) for each in sorted(self.by_label, key=len, reverse=True))
        self.label = f"(?:{label})"
        self.labels = f"{self.label}(?:, {self.label})*(?: and {self.label})?"
        metric = "|".join(re.escape(each) for each in sorted(SPOKEN.values(), key=len, reverse=True))
        titles = "|".join(re.escape(curly(METRICS[each].title)) for each in SPOKEN)
        classes = "|".join(map(re.escape, analysis.classes))
        clause = f"with {self.label} than with {self.labels}"
        self.kinds = {
            "n": COUNT, "v": VALUE, "d": DIFFERENCE, "s": STATISTIC, "e": EXACT, "p": P, "L": self.label,
            "LL": self.labels, "M": metric, "T": titles, "K": classes, "C": f"{clause}(?:; {clause})*",
            "%": r"[\d.]+\u00a0%", "A": "|".join(map(re.escape, ADJUSTED.values())), "W": r"(?:[^.]|\.(?!\s|$))+",
            "LV": f"{self.label} (?:{VALUE}|–)(?:, {self.label} (?:{VALUE}|–))*",
            "LN": rf"\d+ of {self.label}(?:, \d+ of {self.label})*(?: and \d+ of {self.label})?",
            "U": "patients|cases", "KK": rf"(?:{classes})(?:, (?:{classes}))*(?: and (?:{classes}))?",
            "SC": rf"(?:{classes}) \(AUROC {VALUE}\)(?: and (?:{classes}) \(AUROC {VALUE}\))*",
            "PT": rf" of {COUNT} patients?", "adj": "adjusted p|unadjusted p",
        }  # fmt: skip
        self.forms = [(name, re.compile(self._compile(form))) for name, form in FORMS]

    def _compile(self, form: str) -> str:
        """Turn a form into a pattern: ``{name:kind}`` is a field, ``[[...]]`` may be absent."""
        parts = re.split(r"(\{\w+:[^}]+\}|\[\[|\]\])", form)
        made = []
        for part in parts:
            field = re.fullmatch(r"\{(\w+):([^}]+)\}", part)
            if field:
                kind = self.kinds.get(field[2], field[2])
                made.append(f"(?P<{field[1]}>{kind})")
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
            yield name, {key: value for key, value in hit.groupdict().items() if value is not None}
            place = hit.end()
            demand(place == len(text) or text[place] == " ", "no end of sentence at", text[place : place + 60])
            place += 1

    def losses(self, text: str) -> list[str]:
        """Read a list of losses."""
        return [self.by_label[label] for label in re.findall(self.label, text)]

    # what must be said

    def shown(self, metric: str) -> dict[frozenset[str], tuple[str, str]]:
        """Work out which pairs differ: {both} -> (better, worse)."""
        higher, found = METRICS[metric].higher_is_better, {}
        for pair in self.a.pairs:
            if pair.metric == metric and pair.p_t_adjusted <= self.plan.alpha:
                names = (pair.first, pair.second) if (pair.difference > 0) == higher else (pair.second, pair.first)
                found[frozenset(names)] = names
        return found

    def joint_shown(self) -> dict[frozenset[str], tuple[str, str]]:
        """Work out which pairs differ over seeds and cases together."""
        found = {}
        for pair in self.a.joint[0].pairs if self.a.joint else ():
            if pair.p_adjusted <= self.plan.alpha:
                names = (pair.first, pair.second) if pair.difference > 0 else (pair.second, pair.first)
                found[frozenset(names)] = names
        return found

    def clauses(self, text: str) -> dict[frozenset[str], tuple[str, str]]:
        """Read ``with A than with B and C; with B than with D``."""
        found = {}
        for clause in re.findall(f"with ({self.label}) than with ({self.labels})", text):
            for other in self.losses(clause[1]):
                found[frozenset((self.by_label[clause[0]], other))] = (self.by_label[clause[0]], other)
        return found

    def summary(self, loss: str, metric: str, klass: str = "") -> Any:
        """Find one row of the table."""
        rows = [s for s in self.a.summaries if (s.loss, s.metric, s.klass) == (loss, metric, klass)]
        demand(len(rows) == 1, "no row for", loss, metric, klass)
        return rows[0]

    def means(self, metric: str, klass: str = "") -> dict[str, float]:
        """Work out the means from the values of the seeds."""
        found = {}
        for loss in self.a.losses:
            values = [v for v in self.summary(loss, metric, klass).values if not math.isnan(v)]
            if values:
                found[loss] = math.fsum(values) / len(values)
        return found

    def leaders(self, metric: str, klass: str = "") -> set[str]:
        """Work out who leads."""
        means = self.means(metric, klass)
        if not means:
            return set()
        top = (max if METRICS[metric].higher_is_better else min)(means.values())
        return {loss for loss, mean in means.items() if abs(mean - top) <= 1e-11 * abs(top)}

    def metric(self, text: str) -> str:
        """Read a metric's name."""
        return next(name for name, spoken in SPOKEN.items() if text in (spoken, curly(METRICS[name].title)))

    def known_patients(self) -> bool:
        return bool(self.a.data.content["patients"]["known"])

    def patients(self, words: dict[str, str]) -> None:
        """Hold ``of 60 patients`` to the data."""
        demand(("patients" in words) == self.known_patients(), "patients are named or not against the data")
        if "patients" in words:
            said = re.search(COUNT, words["patients"])
            demand(said, "no number of patients")
            same(said[0], self.a.data.n_test_patients, "patients")  # type: ignore[index]

    def alpha(self, words: dict[str, str]) -> None:
        """Hold alpha, the level of intervals, the adjustment and the name of p to the plan."""
        if "alpha" in words:
            demand(number(words["alpha"])[0] == self.plan.alpha, "alpha is", self.plan.alpha, "not", words["alpha"])
        if "level" in words:
            said = float(words["level"].replace("\u00a0%", ""))
            demand(abs(said - 100 * (1 - self.plan.alpha)) < 1e-9, "the level of the intervals is", said)
        if "by" in words:
            demand(words["by"] == ADJUSTED[self.plan.adjustment], "adjustment is", words["by"])
        if "over" in words:
            demand(words["over"] == ("patients" if self.known_patients() else "cases"), "over", words["over"])
        if "adj" in words:
            expected = "unadjusted p" if self.plan.adjustment == "none" else "adjusted p"
            demand(words["adj"] == expected, "the p value is called", words["adj"])

    # forms

    def check(self, name: str, words: dict[str, str]) -> None:
        """Hold one sentence to the analysis."""
        self.alpha(words)
        rule: Callable[[dict[str, str]], None] | None = getattr(self, "on_" + name.replace("-", "_"), None)
        if rule is not None:
            rule(words)

    def on_leader(self, w: dict[str, str]) -> None:
        metric, klass = self.metric(w["metric"]), w.get("klass", "")
        higher = METRICS[metric].higher_is_better
        demand(w["extreme"] == ("highest" if higher else "lowest"), "direction of", metric)
        demand(("hint" in w) != higher, "hint on the direction of", metric)
        if "losses" in w:
            demand(set(self.losses(w["losses"])) == self.leaders(metric, klass), "the leaders are others")
            demand(len(self.leaders(metric, klass)) > 1, "a lone leader is told as several")
            same(w["mean"], self.means(metric, klass)[self.losses(w["losses"])[0]], "mean")
            return
        loss = self.by_label[w["loss"]]
        demand({loss} == self.leaders(metric, klass), "the leader is not", loss)
        row = self.summary(loss, metric, klass)
        same(w["mean"], self.means(metric, klass)[loss], "mean")
        same(w["n"], sum(not math.isnan(v) for v in row.values), "seeds")
        demand((w["n"] == "1") == (w["unit"] == "seed"), "one seed, several seeds")
        demand(("low" in w) == (not math.isnan(row.low)), "an interval is told or not against the table")
        if "low" in w:
            for key in ("low", "high", "sd"):
                same(w[key], getattr(row, key), key)
            demand(("these" in w) == (not klass), "these test cases")
            self._both(w, None if klass or metric != "auroc" else loss)

    def _both(self, w: dict[str, str], loss: str | None) -> None:
        """Hold the interval over seeds and patients behind that over seeds to the joint analysis."""
        given = self.counts()["diverged"] and self.plan.on_diverged == "worst-score"
        rows = [r for r in self.a.joint[0].means if r.loss == loss] if self.a.joint and not given else []
        demand(("jlow" in w) == bool(rows), "an interval over seeds and patients is told or not")
        for row in rows:
            same(w["jlow"], row.low, "joint low")
            same(w["jhigh"], row.high, "joint high")

    def on_no_leader(self, w: dict[str, str]) -> None:
        demand(not self.means(self.metric(w["metric"]), w.get("klass", "")), "a defined metric is told as undefined")

    def on_others(self, w: dict[str, str]) -> None:
        found = re.findall(rf"({self.label}) ({VALUE}|–)", w["list"])
        rest = [loss for loss in self.a.losses if loss not in self.leaders(self.primary)]
        demand([self.by_label[label] for label, _ in found] == rest, "the other losses are", rest)
        for label, text in found:
            mean = self.means(self.primary).get(self.by_label[label], math.nan)
            if text == "–":
                demand(math.isnan(mean), "a defined mean is told as undefined")
            else:
                same(text, mean, "mean")

    def on_target(self, w: dict[str, str]) -> None:
        same(w["cases"], self.a.data.n_test, "test cases")
        self.patients(w)

    def on_omnibus(self, w: dict[str, str]) -> None:
        test = next(t for t in self.a.omnibus if t.metric == self.primary)
        demand(self.metric(w["metric"]) == self.primary, "another metric")
        demand(("rejected" in w) == (test.p_f <= self.plan.alpha), "equality is rejected or not against p", test.p_f)
        for key in ("n_seeds", "n_losses", "df", "chi2", "df1", "df2", "f", "kendall_w"):
            same(w[key], getattr(test, key), key)
        same_p(w["p"], test.p, self.plan.alpha, "Friedman's p")
        same_p(w["p_f"], test.p_f, self.plan.alpha, "Iman and Davenport's p")

    def on_no_omnibus(self, w: dict[str, str]) -> None:
        test = next(t for t in self.a.omnibus if t.metric == self.primary)
        demand(math.isnan(test.p_f), "a defined test is told as undefined")
        demand(w["note"] == test.note, "the reason is another")

    def on_pairs(self, w: dict[str, str]) -> None:
        metric = self.metric(w["metric"])
        demand(metric == self.primary, "another metric")
        self._counted(w, len(self.shown(metric)))
        self._least(w, [pair.p_t_adjusted for pair in self.a.pairs if pair.metric == metric])

    def _least(self, w: dict[str, str], p: list[float]) -> None:
        """Demand the smallest p value where no pair is shown to differ."""
        known = [value for value in p if not math.isnan(value)]
        wanted = bool(known) and min(known) > self.plan.alpha
        demand(("p" in w) == wanted, "the smallest p is told or not")
        if wanted:
            demand(("least" in w) == (len(p) > 1), "the smallest of one")
            same_p(w["p"], min(known), self.plan.alpha, "smallest p")

    def on_largest(self, w: dict[str, str]) -> None:
        metric = self.metric(w["metric"])
        demand(metric == self.primary, "another metric")
        every = [p for p in self.a.pairs if p.metric == metric]
        known = [p for p in every if not math.isnan(p.p_t)]
        order = (self.by_label[w["first"]], self.by_label[w["second"]])
        pair = next((p for p in known if (p.first, p.second) == order), None)
        demand(pair is not None, "the difference is told the other way round")
        demand(("most" in w) == (len(every) > 1), "the largest of one")
        most = max(abs(p.difference) for p in known)
        demand(abs(pair.difference) == most, "a pair differs more")  # type: ignore[union-attr]
        for key in ("difference", "low", "high"):
            same(w[key], getattr(pair, key), key)
        same_p(w["p"], pair.p_t_adjusted, self.plan.alpha, "adjusted p")  # type: ignore[union-attr]

    def on_within_margin(self, w: dict[str, str]) -> None:
        joint = bool(self.a.joint) and self.primary == "auroc"
        demand(("over" in w) == joint, "the target of the intervals")
        pairs: Any = self.a.joint[0].pairs if joint else [p for p in self.a.pairs if p.metric == self.primary]
        demand(number(w["margin"])[0] == self.plan.margin, "margin")
        same(w["total"], len(pairs), "pairs")
        same(w["n"], sum(max(-p.low, p.high) <= self.plan.margin for p in pairs), "pairs within the margin")

    def on_no_case_term(self, w: dict[str, str]) -> None:
        demand(self.a.joint[0].cov2 <= self.a.joint[0].cov3, "there is a case term")

    def narrower(self) -> bool:
        """Work out whether an interval over seeds and patients is narrower than the same over seeds."""
        for row in self.a.joint[0].means if self.a.joint else ():
            for entry in self.a.summaries:
                alike = (entry.loss, entry.metric, entry.klass) == (row.loss, "auroc", "")
                if alike and row.high - row.low < entry.high - entry.low:
                    return True
        for one in self.a.joint[0].pairs if self.a.joint else ():
            for two in self.a.pairs:
                alike = two.metric == "auroc" and (one.first, one.second) == (two.first, two.second)
                if alike and one.high - one.low < two.high - two.low:
                    return True
        return False

    def on_family_bound(self, w: dict[str, str]) -> None:
        demand(ADJUSTED[self.plan.adjustment] == f"after {w['name']}’s adjustment", "the adjustment is another")

    def _counted(self, w: dict[str, str], shown: int) -> None:
        k = len(self.a.losses)
        total = k * (k - 1) // 2
        if "two" in w:
            demand(total == 1, "more than one pair is told as one")
            demand(("negated" in w) == (not shown), "the two losses differ or not against the analysis")
            return
        same(w["total"], total, "pairs")
        demand(("none" in w) == (shown == 0), "none is told against", shown)
        if "shown" in w:
            same(w["shown"], shown, "pairs shown to differ")

    def _pair(self, w: dict[str, str], pairs: Any, shown: Any, p: str) -> None:
        names = (self.by_label[w["better"]], self.by_label[w["worse"]])
        demand(shown.get(frozenset(names)) == names, "it is not shown that", names[0], "is better than", names[1])
        order = (self.by_label[w["first"]], self.by_label[w["second"]])
        pair = next((each for each in pairs if (each.first, each.second) == order), None)
        demand(pair is not None, "the difference is told the other way round")
        for key, field in (
            ("difference", "difference"),
            ("low", "low"),
            ("high", "high"),
            ("t", "t"),
            ("df", "df"),
            ("d_z", "d_z"),
        ):
            if key in w:
                same(w[key], getattr(pair, field), key)
        same_p(w["p"], getattr(pair, p), self.plan.alpha, "adjusted p")

    def on_pair(self, w: dict[str, str]) -> None:
        metric = self.metric(w["metric"])
        higher = METRICS[metric].higher_is_better
        demand(metric == self.primary and w["way"] == ("higher" if higher else "lower"), "direction of", metric)
        pairs = [pair for pair in self.a.pairs if pair.metric == metric]
        self._pair(w, pairs, self.shown(metric), "p_t_adjusted")
        size = abs(number(w["difference"])[0])
        if "margin" in w:
            demand(number(w["margin"])[0] == self.plan.margin, "margin")
            demand(size <= self.plan.margin + 1e-4, "not below the margin")
        else:
            demand(size >= self.plan.margin - 1e-4, "below the margin, and not said")

    def on_other_pairs(self, w: dict[str, str]) -> None:
        metric = self.metric(w["metric"])
        demand(w["way"] == ("higher" if METRICS[metric].higher_is_better else "lower"), "direction")
        told = self.clauses(w["clauses"])
        demand(all(self.shown(metric).get(key) == names for key, names in told.items()), "a pair is not shown")

    def on_open_pairs(self, w: dict[str, str]) -> None:
        left = [
            pair for pair in self.a.pairs
            if pair.metric == self.primary and pair.p_t_adjusted > self.plan.alpha
        ]  # fmt: skip
        same(w["n"], len(left), "pairs without a shown difference")
        same_p(w["p"], min(pair.p_t_adjusted for pair in left), self.plan.alpha, "smallest p")

    def on_undefined_pairs(self, w: dict[str, str]) -> None:
        same(w["n"], sum(p.metric == self.primary and math.isnan(p.p_t) for p in self.a.pairs), "undefined pairs")

    def _wilcoxon(self, w: dict[str, str]) -> None:
        k = len(self.a.losses)
        same(w["total"], k * (k - 1) // 2, "comparisons")
        if "seeds" in w:
            same(w["seeds"], len(self.a.seeds), "seeds")
        if "least" in w:
            text = w["least"].removeprefix("less than ").removeprefix("more than ")
            sign = {"less": "<", "more": ">"}.get(w["least"][:4])
            value = self.smallest()
            same_p(f"\u00a0{sign}\u00a0{text}" if sign else text, value, self.plan.alpha, "smallest Wilcoxon p")

    def smallest(self) -> float:
        """Work out the smallest adjusted p of the exact Wilcoxon test: all pairs have the smallest raw one."""
        k, n = len(self.a.losses), len(self.a.seeds)
        m = k * (k - 1) // 2
        raw = 2.0 ** (1 - n)
        times = {"bonferroni": m, "holm": m, "by": sum(1 / i for i in range(1, m + 1))}
        return min(1.0, raw * times.get(self.plan.adjustment, 1))

    def on_wilcoxon_powerless(self, w: dict[str, str]) -> None:
        demand(self.smallest() > self.plan.alpha, "Wilcoxon's test can reach alpha")
        self._wilcoxon(w)

    def on_wilcoxon(self, w: dict[str, str]) -> None:
        demand(self.smallest() <= self.plan.alpha, "Wilcoxon's test cannot reach alpha")
        self._wilcoxon(w)
        pairs = [pair for pair in self.a.pairs if pair.metric == self.primary]
        same(w["reached"], sum(pair.p_wilcoxon_adjusted <= self.plan.alpha for pair in pairs), "Wilcoxon pairs")

    def on_wilcoxon_undefined(self, w: dict[str, str]) -> None:
        demand(not self.a.seeds, "there are seeds")
        self._wilcoxon(w)

    def on_secondary(self, w: dict[str, str]) -> None:
        metric = self.metric(w["metric"])
        demand(metric in self.a.study.metrics.secondary, metric, "is not secondary")
        shown = self.shown(metric)
        self._counted(w, len(shown))
        demand(self.clauses(w.get("clauses", "")) == shown, "other pairs are shown to differ")
        if "way" in w:
            demand(w["way"] == ("higher" if METRICS[metric].higher_is_better else "lower"), "direction")
        demand(("loss" in w) == (len(self.leaders(metric)) == 1), "a leader is told or not")
        if "loss" in w:
            demand({self.by_label[w["loss"]]} == self.leaders(metric), "the leader is another")
            demand(w["extreme"] == ("highest" if METRICS[metric].higher_is_better else "lowest"), "direction")
            same(w["mean"], self.means(metric)[self.by_label[w["loss"]]], "mean")

    def on_joint(self, w: dict[str, str]) -> None:
        joint = self.a.joint[0]
        same(w["n_seeds"], joint.n_seeds, "seeds")
        same(w["cases"], joint.n_cases, "cases")
        self.patients(w)
        if "note" in w:
            demand(math.isnan(joint.p), "a defined test is told as undefined")
            return
        demand(("rejected" in w) == (joint.p <= self.plan.alpha), "equality is rejected or not against p", joint.p)
        same(w["n_losses"], len(self.a.losses), "losses")
        for key in ("df1", "df2", "f"):
            shown, half = number(w[key])
            wide = max(half, 1e-3 * abs(shown)) if key == "df2" else half
            value = getattr(joint, key)
            demand(shown == value or abs(shown - value) <= wide, key, w[key], value)
        same_p(w["p"], joint.p, self.plan.alpha, "joint p")

    def on_joint_pairs(self, w: dict[str, str]) -> None:
        demand(self.metric(w["metric"]) == "auroc", "another metric")
        self._counted(w, len(self.joint_shown()))
        self._least(w, [pair.p_adjusted for pair in self.a.joint[0].pairs])

    def on_joint_pair(self, w: dict[str, str]) -> None:
        demand(w["way"] == "higher", "direction")
        self._pair(w, self.a.joint[0].pairs, self.joint_shown(), "p_adjusted")

    def on_joint_clauses(self, w: dict[str, str]) -> None:
        demand(self.metric(w["metric"]) == "auroc" and w["way"] == "higher", "direction")
        demand(self.clauses(w["clauses"]) == self.joint_shown(), "other pairs are shown over seeds and cases")

    def on_control(self, w: dict[str, str]) -> None:
        control = self.control(w["who"])
        demand(self.metric(w["metric"]) == self.primary, "another metric")
        same(w["value"], control.values[self.primary], "control")
        wanted = self.primary == "auroc" and not math.isnan(control.auroc.low)
        demand(("low" in w) == wanted, "an interval is told or not")
        if "low" in w:
            same(w["low"], control.auroc.low, "low")
            same(w["high"], control.auroc.high, "high")

    def control(self, words: str) -> Any:
        """Find the control that is spoken of."""
        name = "pixels" if "pixels" in words else "metadata"
        self.last_control = next(each for each in self.a.controls if each.name == name)
        return self.last_control

    def not_above(self) -> set[str]:
        """Work out which losses do not exceed the control just spoken of."""
        value, higher = self.last_control.values[self.primary], METRICS[self.primary].higher_is_better
        means = {loss: self.means(self.primary).get(loss, math.nan) for loss in self.a.losses}
        return {loss for loss, mean in means.items() if not (mean > value if higher else mean < value)}

    def on_control_exceeded(self, w: dict[str, str]) -> None:
        demand(not self.not_above(), "a loss does not exceed the control")
        demand(w["way"] == ("higher" if METRICS[self.primary].higher_is_better else "lower"), "direction")

    def on_control_not_exceeded(self, w: dict[str, str]) -> None:
        demand(set(self.losses(w["losses"])) == self.not_above(), "other losses do not exceed the control")
        demand(w["way"] == ("higher" if METRICS[self.primary].higher_is_better else "lower"), "direction")

    def inside(self, control: Any) -> set[str]:
        """Work out which losses have their mean in the interval of a control."""
        low, high = control.auroc.low, control.auroc.high
        means = self.means("auroc") if self.primary == "auroc" else {}
        return {loss for loss, mean in means.items() if low <= mean <= high}

    def on_control_interval(self, w: dict[str, str]) -> None:
        demand(set(self.losses(w["losses"])) == self.inside(self.last_control), "other means lie in the interval")

    def shortcuts(self, *names: str) -> dict[tuple[str, str], float]:
        """Work out which classes a control ranks at least as well as every loss: {(control, class)} -> AUROC."""
        having = {entry.klass for entry in self.a.summaries if entry.metric == "auroc"}
        return {
            (control.name, klass): value
            for control in self.a.controls if control.name in names
            for klass, value in control.classes.items() if klass in having
            if (means := self.means("auroc", klass)) and all(value >= mean - 1e-12 for mean in means.values())
        }  # fmt: skip

    def on_shortcut(self, w: dict[str, str]) -> None:
        name = "pixels" if "pixels" in w["who"] else "metadata"
        found = self.shortcuts(name)
        demand((name, w["klass"]) in found, "a loss exceeds the control on", w["klass"])
        same(w["value"], found[name, w["klass"]], "control")

    def on_shortcut_limit(self, w: dict[str, str]) -> None:
        found = self.shortcuts("metadata")
        told = dict(re.findall(rf"({'|'.join(map(re.escape, self.a.classes))}) \(AUROC ({VALUE})\)", w["list"]))
        demand(set(told) == {klass for _, klass in found}, "other classes are told by the metadata")
        demand((w["them"] == "it") == (len(told) == 1), "it, them")
        for klass, text in told.items():
            same(text, found["metadata", klass], "AUROC of the metadata")

    def on_shortcut_scope(self, w: dict[str, str]) -> None:
        told = set(re.split(", | and ", w["classes"]))
        demand(told == {klass for _, klass in self.shortcuts("metadata")}, "other classes are told by the metadata")

    def on_precision(self, w: dict[str, str]) -> None:
        joint = self.a.joint[0]
        same(w["cases"], joint.n_cases, "cases")
        self.patients(w)
        top = max(joint.means, key=lambda row: row.estimate)
        same(w["half"], 0.5 * (top.high - top.low), "half the width of the interval")

    def on_normality(self, w: dict[str, str]) -> None:
        same(w["n"], len(self.a.seeds), "differences")

    def on_both_open(self, w: dict[str, str]) -> None:
        demand(self.metric(w["metric"]) == self.primary == "auroc", "another metric")
        demand(not self.shown(self.primary) and not self.joint_shown(), "a difference is shown")

    def on_joint_plan(self, w: dict[str, str]) -> None:
        demand(self.metric(w["metric"]) == "auroc", "another metric")

    def averaged(self) -> list[str]:
        """Work out which metrics of ranks are means over classes."""
        many = self.a.study.task != "binary"
        return [name for name in self.a.metrics if many and name in ("auroc", "average_precision")]

    def on_macro(self, w: dict[str, str]) -> None:
        told = w["averaged"].split(" and ")
        demand([name.lower() for name in told] == [SPOKEN[name].lower() for name in self.averaged()], "other means")
        demand(w["verb"].startswith("is") == (len(told) == 1), "is, are")
        multilabel = self.a.study.task == "multilabel"
        demand((w["many"] == "findings") == multilabel == (w["one"] == "finding"), "classes or findings")

    def on_thresholds(self, w: dict[str, str]) -> None:
        demand(w["rule"].startswith("A finding") == (self.a.study.task == "multilabel"), "the rule of decision")

    def on_joint_pair_method(self, w: dict[str, str]) -> None:
        demand(("summed" in w) == self.known_patients(), "sums per patient")

    def counts(self) -> dict[str, int]:
        """Count runs by state."""
        states = [run.state for run in self.a.runs]
        return {state: states.count(state) for state in ("done", "diverged", "missing")}

    def on_missing(self, w: dict[str, str]) -> None:
        same(w["n"], self.counts()["missing"], "missing runs")
        same(w["planned"], len(self.a.runs), "planned runs")

    def on_no_divergence(self, w: dict[str, str]) -> None:
        demand(self.counts()["diverged"] == 0, "runs diverged")
        same(w["finished"], self.counts()["done"], "finished runs")

    def on_diverged(self, w: dict[str, str]) -> None:
        counts = self.counts()
        finished = counts["done"] + counts["diverged"]
        same(w["n"], counts["diverged"], "diverged runs")
        same(w["finished"], finished, "finished runs")
        same(w["share"].replace("\u00a0%", ""), 100 * counts["diverged"] / finished, "share of diverged runs")
        told = {self.by_label[label]: int(n) for n, label in re.findall(rf"(\d+) of ({self.label})", w["list"])}
        truth = {
            loss: sum(run.loss == loss and run.state == "diverged" for run in self.a.runs) for loss in self.a.losses
        }
        demand(told == {loss: n for loss, n in truth.items() if n}, "diverged per loss", told, truth)

    def on_dropped(self, w: dict[str, str]) -> None:
        demand(self.plan.on_diverged == "drop-seed", "the rule for diverged runs is another")
        same(w["kept"], len(self.a.seeds), "compared seeds")
        same(w["planned"], len(self.a.planned_seeds), "planned seeds")

    def on_imputed(self, w: dict[str, str]) -> None:
        demand(self.plan.on_diverged == "worst-score", "the rule for diverged runs is another")
        same(w["kept"], len(self.a.seeds), "compared seeds")
        same(w["planned"], len(self.a.planned_seeds), "planned seeds")

    def on_objective(self, w: dict[str, str]) -> None:
        same(w["n"], len(self.a.losses), "losses")
        demand(("synthetic" in w) == (self.a.study.data.source == "phantom"), "synthetic or not")

    def on_design(self, w: dict[str, str]) -> None:
        same(w["seeds"], len(self.a.planned_seeds), "planned seeds")
        same(w["cases"], self.a.data.n_test, "test images")
        self.patients(w)

    def on_plan(self, w: dict[str, str]) -> None:
        k = len(self.a.losses)
        demand(self.metric(w["metric"]) == self.primary, "another primary metric")
        same(w["total"], k * (k - 1) // 2, "pairs")

    def on_seeds_open(self, w: dict[str, str]) -> None:
        demand(self.metric(w["metric"]) == self.primary and not self.shown(self.primary), "pairs are shown over seeds")

    def on_joint_open(self, w: dict[str, str]) -> None:
        demand(self.metric(w["metric"]) == "auroc" and not self.joint_shown(), "pairs are shown over seeds and cases")

    def on_seeds_verdict(self, w: dict[str, str]) -> None:
        demand(self.metric(w["metric"]) == self.primary, "another metric")
        demand(w["way"] == ("higher" if METRICS[self.primary].higher_is_better else "lower"), "direction")
        demand(self.clauses(w["clauses"]) == self.shown(self.primary), "other pairs are shown over seeds")

    def on_exploratory(self, w: dict[str, str]) -> None:
        demand(all(reason in w["reasons"] for reason in self.a.exploratory), "a reason is left out")

    def on_few_seeds(self, w: dict[str, str]) -> None:
        same(w["n"], len(self.a.seeds), "seeds")

    def on_test_size(self, w: dict[str, str]) -> None:
        same(w["cases"], self.a.data.n_test, "test cases")
        self.patients(w)

    def on_rare(self, w: dict[str, str]) -> None:
        few = int(w["n"])
        truth = {name for name, n in self.a.data.positives.items() if n < few}
        told = set(re.findall("|".join(map(re.escape, self.a.classes)), w["classes"]))
        demand(told == truth, "rare classes")

    def on_undefined(self, w: dict[str, str]) -> None:
        same(w["n"], sum(math.isnan(entry.mean) for entry in self.a.summaries), "undefined summaries")
        same(w["total"], len(self.a.summaries), "summaries")

    def on_metrics(self, w: dict[str, str]) -> None:
        demand(self.metric(w["metric"]) == self.primary, "another primary metric")
        secondary = self.a.study.metrics.secondary
        demand(("secondary" in w) == bool(secondary), "secondary metrics")
        if "secondary" in w:
            told = re.split(", | and ", w["secondary"])
            demand([self.metric(name) for name in told] == list(secondary), "secondary metrics")

    def on_delong(self, w: dict[str, str]) -> None:
        several = self.known_patients() and self.a.data.n_test_patients < self.a.data.n_test
        demand(w["unit"].startswith("patients") == several, "the unit of the interval over cases")

    def on_on_diverged(self, w: dict[str, str]) -> None:
        demand(w["rule"].startswith("A seed") == (self.plan.on_diverged == "drop-seed"), "the rule for diverged runs")

    def on_own_settings(self, w: dict[str, str]) -> None:
        own = {
            name for name, loss in self.a.study.losses.items()
            if loss.training.learning_rate is not None or loss.training.weight_decay is not None
        }  # fmt: skip
        demand(set(self.losses(w["losses"])) == own, "losses with settings of their own")


def check_results(analysis: Analysis, paragraphs: Any) -> None:
    """Hold the results section to the analysis: every sentence is true, and what must be said is said."""
    reader, told = Reader(analysis), []
    for paragraph in paragraphs:
        for name, words in reader.sentences(paragraph.text()):
            told.append((paragraph.section, name, words))
            reader.check(name, words)
    names = [name for _, name, _ in told]
    demand(names.count("target") == 1, "the target of inference is not named once")
    demand(names.count("omnibus") + names.count("no-omnibus") == 1, "the omnibus test is not told once")
    demand(names.count("pairs") == 1, "the number of pairs is not told once")
    demand(sum(name.startswith("wilcoxon") for name in names) == 1, "Wilcoxon's test is not told once")
    demand(names.count("secondary") == len(analysis.study.metrics.secondary), "secondary metrics are not all told")
    demand(names.count("joint") == len(analysis.joint), "the joint analysis is not told")
    shown, primary = reader.shown(reader.primary), reader.primary
    pairs = {frozenset((reader.by_label[w["better"]], reader.by_label[w["worse"]])) for _, n, w in told if n == "pair"}
    for _, name, words in told:
        if name == "other-pairs":
            pairs |= set(reader.clauses(words["clauses"]))
    demand(pairs == set(shown), "pairs told", pairs, "pairs shown", set(shown))
    undefined = [p for p in analysis.pairs if p.metric == primary and math.isnan(p.p_t)]
    every = [p for p in analysis.pairs if p.metric == primary]
    demand(("open-pairs" in names) == (0 < len(shown) < len(every) - len(undefined)), "open pairs are not told")
    demand(("largest" in names) == (not shown and len(undefined) < len(every)), "the largest difference is not told")
    demand(names.count("within-margin") == 1, "the margin is not told once")
    case_term = not analysis.joint or math.isnan(analysis.joint[0].p) or analysis.joint[0].cov2 > analysis.joint[0].cov3
    demand(("no-case-term" in names) != case_term, "the lack of a case term is told or not")
    demand(("narrower" in names) == reader.narrower(), "narrower intervals are explained or not")
    bound = bool(analysis.study.metrics.secondary) and reader.plan.adjustment != "none"
    demand(("family-bound" in names) == bound, "the bound of the adjustment")
    demand(names.count("shortcut") == len(reader.shortcuts("pixels", "metadata")), "shortcuts are not all told")
    having = [c for c in analysis.controls if not math.isnan(c.values.get(primary, math.nan))]
    demand(names.count("control-interval") == sum(bool(reader.inside(c)) for c in having), "means in an interval")
    demand(("undefined-pairs" in names) == bool(undefined), "undefined pairs are not told")
    both = {
        frozenset((reader.by_label[w["better"]], reader.by_label[w["worse"]])) for _, n, w in told if n == "joint-pair"
    }
    if "joint-clauses" not in names:
        demand(both == set(reader.joint_shown()), "pairs over seeds and cases are not all told")
    demand(("diverged" in names) == bool(analysis.diverged), "divergence is not told")
    demand(("no-divergence" in names) != bool(analysis.diverged), "divergence is denied")
    demand(("missing" in names) == analysis.partial, "missing runs are not told")
    classes = {w["klass"] for section, _, w in told if section == "classes"}
    having = {entry.klass for entry in analysis.summaries if entry.metric == primary and entry.klass}
    demand(classes == having, "classes told", classes, "classes there", having)


def check_abstract(analysis: Analysis, paragraphs: Any) -> None:
    """Hold the abstract to the analysis."""
    reader = Reader(analysis)
    demand([p.heading for p in paragraphs] == ["Objective", "Methods", "Results", "Conclusion"], "headings")
    told = {p.heading: list(reader.sentences(text)) for p, text in zip(paragraphs, plain(paragraphs), strict=True)}
    for sentences in told.values():
        for name, words in sentences:
            reader.check(name, words)
    names = [name for name, _ in told["Conclusion"]]
    open_both = {"both-open", "seeds-open"} & set(names)
    demand(bool(open_both) != bool(reader.shown(reader.primary)), "the verdict over seeds is told twice or not")
    demand(("shortcut-scope" in names) == bool(reader.shortcuts("metadata")), "shortcuts are not named")
    demand(("seeds-verdict" in names) == bool(reader.shown(reader.primary)), "the verdict over seeds is not told")
    demand(("joint-clauses" in names) == bool(reader.joint_shown()), "the verdict over seeds and cases is not told")
    demand("scope" in names, "the scope is not told")
    demand(("synthetic" in names) == (analysis.study.data.source == "phantom"), "synthetic data are not named")
    demand(("exploratory" in names) == bool(analysis.exploratory), "exploratory is not said")
    results = [name for name, _ in told["Results"]]
    no_term = bool(analysis.joint) and analysis.joint[0].cov2 <= analysis.joint[0].cov3
    independent = not no_term or math.isnan(analysis.joint[0].p)
    demand(("joint" in results) == (bool(analysis.joint) and independent), "a test without a case term is told")
    demand(("joint-plan" in [name for name, _ in told["Methods"]]) == bool(analysis.joint), "the joint analysis")
    known = [p for p in analysis.pairs if p.metric == reader.primary and not math.isnan(p.p_t)]
    demand(("largest" in results) == bool(known), "the largest difference is not told")
    demand({"leader", "no-leader"} & set(results) and "pairs" in results, "leader or pairs are not told")


def plain(paragraphs: Any) -> list[str]:
    """Demand that abbreviations are spelled out where they stand first and nowhere else; return texts without that."""
    texts = [p.text() for p in paragraphs]
    for short, full in ABBREVIATIONS.items():
        spelled, whole = f"{full} ({short})", "\n".join(texts)
        place = re.search(rf"\b{short}\b", whole)
        if place:
            demand(whole[: place.end() + 1].endswith(spelled), short, "is not spelled out")
            demand(whole.count(full) == 1, short, "is spelled out again")
        texts = [text.replace(spelled, short) for text in texts]
    return texts


def check_methods(analysis: Analysis, paragraphs: Any) -> None:
    """Hold the methods of analysis to the plan."""
    reader, names = Reader(analysis), set()
    for paragraph in paragraphs:
        for name, words in reader.sentences(paragraph.text()):
            reader.check(name, words)
            names.add(name)
    wanted = {"metrics", "thresholds", "summaries", "tests", "family", "delong", "on-diverged"}
    wanted |= {"joint-method", "joint-pair-method"} if analysis.joint else set()
    wanted |= {"macro"} if reader.averaged() else set()
    wanted |= {"youden"} if any("youden" in name for name in analysis.metrics) else set()
    demand(names == wanted, "methods", names)


def check_limitations(analysis: Analysis, paragraphs: Any) -> None:
    """Hold the limitations to the design."""
    reader = Reader(analysis)
    told = [each for paragraph in paragraphs for each in reader.sentences(paragraph.text())]
    for name, words in told:
        reader.check(name, words)
    data, own = analysis.study.data, [loss.training for loss in analysis.study.losses.values()]
    wanted = {
        "one-split": True,
        "one-source": True,
        "no-tuning": True,
        "test-size": not analysis.joint,
        "own-settings": any(t.learning_rate is not None or t.weight_decay is not None for t in own),
        "synthetic-limit": data.source == "phantom",
        "leakage": data.allow_leakage,
        "few-seeds": len(analysis.seeds) < 10,
        "normality": 2 <= len(analysis.seeds) < 10,
        "seeds-only": True,
        "precision": bool(analysis.joint),
        "shortcut-limit": bool(reader.shortcuts("metadata")),
        "patients-unknown": not reader.known_patients(),
        "undefined": any(math.isnan(entry.mean) for entry in analysis.summaries),
        "diverged-limit": bool(analysis.diverged),
        "partial": analysis.partial,
        "exploratory": bool(analysis.exploratory),
    }
    names = {name for name, _ in told} - {"rare"}
    demand(names == {name for name, there in wanted.items() if there}, "limitations", names)


def check_numbers(plain: Any, paragraphs: Any) -> None:
    """Demand that every number stands at its place in statistics.json, and that HTML says what text says."""
    for paragraph in paragraphs:
        for sentence in paragraph.sentences:
            for figure in sentence.numbers():
                if figure.key:
                    found = look_up(plain, figure.key)
                    alike = found == figure.value or (found != found and figure.value != figure.value)
                    demand(alike, figure.key, "is", found, "not", figure.value)
        bare = html.unescape(re.sub(r"<[^>]+>", "", paragraph.html()))
        demand(bare == paragraph.text(), "HTML and text differ")


def look_up(plain: Any, key: str) -> Any:
    """Walk a path such as ``pairs.3.p_t``."""
    for step in key.split("."):
        plain = plain[int(step)] if isinstance(plain, list | tuple) else plain[step]
    return float(plain) if isinstance(plain, str) else plain
