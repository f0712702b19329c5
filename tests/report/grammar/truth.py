"""What must be said, worked out from the raw fields of an Analysis."""

from __future__ import annotations

import math
import re
from typing import Any

from cxr_report.analysis.value import Analysis
from cxr_report.metrics import METRICS

from .words import COUNT, SPOKEN, curly, demand, same

Shown = dict[frozenset[str], tuple[str, str]]
"""{both losses} -> (better, worse)."""


class Truth:
    """An analysis, and what follows from it."""

    def __init__(self, analysis: Analysis) -> None:
        self.a = analysis
        self.plan = analysis.study.analysis
        self.primary = analysis.study.metrics.primary
        self.by_label = {label: loss for loss, label in analysis.labels.items()}
        label = "|".join(re.escape(each) for each in sorted(self.by_label, key=len, reverse=True))
        self.label = f"(?:{label})"
        self.labels = f"{self.label}(?:, {self.label})*(?: and {self.label})?"
        self.unit = "patients" if self.known_patients() else "cases"
        k = len(analysis.losses)
        self.total = k - 1 if self.plan.family == "baseline" else k * (k - 1) // 2

    # comparisons

    def inside(self, row: Any) -> bool:
        """Work out whether a pair belongs to the declared family."""
        return self.plan.family == "all" or self.plan.baseline in (row.first, row.second)

    def test(self, metric: str, target: str) -> Any:
        """Find the analysis over cases, if there is one."""
        found = {"both": self.a.joint, "cases": self.a.cases}.get(target, ())
        return next((each for each in found if each.metric == metric), None)

    def rows(self, metric: str, target: str) -> list[Any]:
        """Find the comparisons of the family."""
        test = self.test(metric, target)
        every = [p for p in self.a.pairs if p.metric == metric] if target == "seeds" else test.pairs if test else ()
        return [row for row in every if self.inside(row)]

    def raw(self, row: Any) -> float:
        """Read the raw p of a row."""
        return float(row.p_t if hasattr(row, "p_t") else row.p)

    def adjusted(self, row: Any) -> float:
        """Read the adjusted p of a row."""
        return float(row.p_t_adjusted if hasattr(row, "p_t") else row.p_adjusted)

    def decided(self, metric: str) -> str:
        """Work out which target decides."""
        if self.test(metric, "both"):
            return "both"
        tested = any(p.metric == metric and p.n_seeds >= 2 for p in self.a.pairs)
        return "cases" if self.test(metric, "cases") and not tested else "seeds"

    def winner(self, metric: str, row: Any) -> tuple[str, str] | None:
        """Work out which loss of a pair is shown to be better: (better, worse)."""
        if not self.adjusted(row) <= self.plan.alpha:
            return None
        higher = METRICS[metric].higher_is_better
        return (row.first, row.second) if (row.difference > 0) == higher else (row.second, row.first)

    def shown(self, metric: str, target: str) -> Shown:
        """Work out which pairs differ."""
        won = [self.winner(metric, row) for row in self.rows(metric, target)]
        return {frozenset(each): each for each in won if each}

    def defined(self, metric: str, target: str) -> list[Any]:
        """Find the comparisons whose test is defined."""
        return [row for row in self.rows(metric, target) if not math.isnan(self.raw(row))]

    def others(self, metric: str) -> list[str]:
        """Find the targets beside the deciding one, for which anything could be tested."""
        found = [target for target in ("seeds", "cases") if target != self.decided(metric)]
        return [target for target in found if self.defined(metric, target)]

    def contradictions(self) -> dict[tuple[str, tuple[str, ...]], set[tuple[str, str]]]:
        """Work out where answers differ: {(kind, targets alone)} -> pairs, as (first, second)."""
        found: dict[tuple[str, tuple[str, ...]], set[tuple[str, str]]] = {}
        if self.decided(self.primary) != "both":
            return found
        for row in self.rows(self.primary, "both"):
            won = self.winner(self.primary, row)
            alone = {}
            for target in self.others(self.primary):
                (other,) = [
                    each
                    for each in self.rows(self.primary, target)
                    if {each.first, each.second} == {row.first, row.second}
                ]
                alone[target] = self.winner(self.primary, other)
            kinds = {
                "more": tuple(target for target, each in alone.items() if each and not won),
                "less": tuple(target for target, each in alone.items() if won and not each),
                "against": tuple(target for target, each in alone.items() if won and each and each != won),
            }
            for kind, targets in kinds.items():
                if targets:
                    found.setdefault((kind, targets), set()).add((row.first, row.second))
        return found

    def narrower(self) -> set[tuple[str, str]]:
        """Work out for which pairs an interval over seeds and patients is narrower, or p smaller, than over seeds."""
        seeds = {(p.first, p.second): self._claims(p) for p in self.rows(self.primary, "seeds")}
        return {
            (p.first, p.second)
            for p in self.rows(self.primary, "both")
            if any(x < (1 - 1e-9) * y for x, y in zip(self._claims(p), seeds[p.first, p.second], strict=True))
        }

    def _claims(self, row: Any) -> tuple[float, float, float]:
        return (row.high - row.low, row.high_simultaneous - row.low_simultaneous, self.adjusted(row))

    def without_case_part(self) -> set[tuple[str, str]]:
        """Work out for which pairs nothing but the seeds has degrees of freedom."""
        test = self.test(self.primary, "both")
        return {(p.first, p.second) for p in self.rows(self.primary, "both") if p.df <= (test.n_seeds - 1) * (1 + 1e-9)}

    # means

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

    # words

    def losses(self, text: str) -> list[str]:
        """Read a list of losses."""
        return [self.by_label[label] for label in re.findall(self.label, text)]

    def clauses(self, text: str) -> Shown:
        """Read ``with A and B than with C; with C than with D``."""
        found = {}
        for better, worse in re.findall(f"with ({self.labels}) than with ({self.labels})", text):
            for one in self.losses(better):
                for other in self.losses(worse):
                    demand(frozenset((one, other)) not in found, one, "and", other, "are told twice")
                    found[frozenset((one, other))] = (one, other)
        return found

    def listed(self, text: str) -> set[tuple[str, str]]:
        """Read ``A against B, C against D and E against F``."""
        found = re.findall(f"({self.label}) against ({self.label})", text)
        return {(self.by_label[first], self.by_label[second]) for first, second in found}

    def metric(self, text: str) -> str:
        """Read a metric's name."""
        return next(name for name, spoken in SPOKEN.items() if text in (spoken, curly(METRICS[name].title)))

    def target(self, text: str) -> str:
        """Read what something holds for."""
        words = text.lower().removesuffix(",").removesuffix(" together")
        told = {
            f"over seeds and {self.unit}": "both",
            "over seeds, on these test cases": "seeds",
            f"over {self.unit}, for these runs": "cases",
        }
        demand(words in told, text, "is no target, or patients are named against the data")
        return told[words]

    def way(self, metric: str) -> str:
        """Say how a better value lies."""
        return "higher" if METRICS[metric].higher_is_better else "lower"

    # data

    def known_patients(self) -> bool:
        """Read whether the source names the patients."""
        return bool(self.a.data.content["patients"]["known"])

    def patients(self, words: dict[str, str]) -> None:
        """Hold ``of 60 patients`` to the data."""
        demand(("patients" in words) == self.known_patients(), "patients are named or not against the data")
        if "patients" in words:
            said = re.search(COUNT, words["patients"])
            demand(said, "no number of patients")
            same(said[0], self.a.data.n_test_patients, "patients")  # type: ignore[index]

    def counts(self) -> dict[str, int]:
        """Count runs by state."""
        states = [run.state for run in self.a.runs]
        return {state: states.count(state) for state in ("done", "diverged", "missing")}

    def imputed(self) -> bool:
        """Work out whether diverged runs were given a score."""
        return bool(self.counts()["diverged"]) and self.plan.on_diverged == "worst-score"
