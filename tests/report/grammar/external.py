"""Claims about external test sets: what they are, who leads on them, what is shown and what changes."""

from __future__ import annotations

import math
import re
from typing import Any

from cxr_report.metrics import METRICS

from .plan import Plan
from .words import DIFFERENCE, VALUE, demand, same
from .words import number as printed


class Outside(Plan):
    """Rules for sentences on test cases of other sources; those of a section follow the one that names the set."""

    set: Any = None
    """The external test set that is spoken of."""

    def named(self, title: str) -> Any:
        """Find a set by its title."""
        return next(each for each in self.a.external if each.title == title)

    def on_external_set(self, w: dict[str, str]) -> None:
        self.set = self.named(w["set"])
        self._size(w)
        when = "part" if self.set.planned else "added after a first" if self.set.after_analysis else "added after the"
        demand(w["when"].startswith(when), "the time at which the set was asked for")

    def _size(self, w: dict[str, str]) -> None:
        same(w["cases"], self.set.n_cases, "external cases")
        demand(("whose" in w) == self.set.content["patients_known"], "patients are named against the data")
        if "whose" in w:
            same(re.sub(r"\D", "", w["whose"]), self.set.n_patients, "external patients")

    def _unit(self, w: dict[str, str]) -> None:
        unit = "patients" if self.set.content["patients_known"] else "cases"
        demand(w["unit"] == unit, "other", w["unit"])

    def _primary(self, w: dict[str, str]) -> None:
        demand(self.metric(w["metric"]) == self.primary, "another metric")

    def overlap(self, what: str, *splits: str) -> int:
        """Count what the set shares with splits of the study."""
        return sum(self.set.content["overlap"][what][split]["count"] for split in splits)

    def on_external_shared(self, w: dict[str, str]) -> None:
        for key, what in (("images", "images"), ("people", "patients")):
            same(w[key], self.overlap(what, "test"), f"shared {what}")

    def on_external_learned(self, w: dict[str, str]) -> None:
        for key, what in (("images", "images"), ("people", "patients")):
            same(w[key], self.overlap(what, "train", "val"), f"learned {what}")

    def on_external_absent(self, w: dict[str, str]) -> None:
        told = [f"{each.klass} (no {each.lacks} case)" for each in self.set.absent]
        demand(re.split(", | and ", w["list"]) == told, "absent classes are", told)

    def on_external_seeds(self, w: dict[str, str]) -> None:
        same(w["n"], len(self.set.seeds), "seeds of the set")

    def external_means(self) -> dict[str, tuple[float, Any]]:
        """Work out the mean of every loss, with its row of the joint analysis where there is one."""
        joint = next((test for test in self.set.joint if test.metric == self.primary), None)
        if joint is not None:
            return {row.loss: (row.estimate, row) for row in joint.means}
        rows = [row for row in self.set.summaries if row.metric == self.primary]
        return {row.loss: (row.mean, None) for row in rows if not math.isnan(row.mean)}

    def external_leaders(self) -> set[str]:
        """Work out which losses have the best mean."""
        means = {loss: mean for loss, (mean, _) in self.external_means().items()}
        if not means:
            return set()
        top = (max if METRICS[self.primary].higher_is_better else min)(means.values())
        return {loss for loss, mean in means.items() if abs(mean - top) <= 1e-12}

    def _leads(self, w: dict[str, str], losses: set[str]) -> None:
        self._primary(w)
        higher = METRICS[self.primary].higher_is_better
        demand(w["extreme"] == ("highest" if higher else "lowest"), "the direction")
        demand(losses == self.external_leaders(), "the leaders are", self.external_leaders())
        same(w["mean"], self.external_means()[next(iter(losses))][0], "external mean")

    def on_external_leader(self, w: dict[str, str]) -> None:
        loss = self.by_label[w["loss"]]
        self._leads(w, {loss})
        demand(("hint" in w) != METRICS[self.primary].higher_is_better, "lower is better")
        _, row = self.external_means()[loss]
        defined = row is not None and not math.isnan(row.low)
        demand(("low" in w) == defined, "an interval is told or not")
        if defined:
            self._unit(w)
            same(w["low"], row.low, "low")
            same(w["high"], row.high, "high")

    def on_external_tied(self, w: dict[str, str]) -> None:
        self._leads(w, set(self.losses(w["losses"])))

    def on_external_no_leader(self, w: dict[str, str]) -> None:
        self._primary(w)
        demand(not self.external_leaders(), "a loss leads")

    def external_rows(self) -> list[Any]:
        """Work out the declared family on the primary metric."""
        joint = next((test for test in self.set.joint if test.metric == self.primary), None)
        return [] if joint is None else [pair for pair in joint.pairs if self.inside(pair)]

    def external_shown(self) -> set[tuple[str, str]]:
        """Work out the pairs (better, worse) that are shown, from adjusted p and difference."""
        higher, found = METRICS[self.primary].higher_is_better, set()
        for row in self.external_rows():
            if row.p_adjusted <= self.plan.alpha and row.difference != 0:
                up = (row.difference > 0) == higher
                found.add((row.first, row.second) if up else (row.second, row.first))
        return found

    def external_tested(self) -> int:
        """Count the comparisons whose test is defined."""
        return sum(not math.isnan(row.p) for row in self.external_rows())

    def on_external_untested(self, w: dict[str, str]) -> None:
        self._primary(w)
        demand(not self.external_tested(), "comparisons were tested")

    def _external_counted(self, w: dict[str, str], shown: int) -> None:
        total = len(self.external_rows())
        demand(("single" in w) == (total == 1), "one comparison or several")
        if "single" not in w:
            same(w["total"], total, "comparisons")
            same(w.get("n", "0"), shown, "differences")

    def on_external_open(self, w: dict[str, str]) -> None:
        self._primary(w)
        self._unit(w)
        self._external_counted(w, 0)
        demand(not self.external_shown(), "differences are shown")

    def on_external_shown(self, w: dict[str, str]) -> None:
        self._primary(w)
        self._unit(w)
        self._external_counted(w, len(self.external_shown()))
        found = re.findall(rf"(higher|lower) with ({self.label}) than with ({self.label})", w["pairs"])
        told = {(self.by_label[a], self.by_label[b]) for _, a, b in found}
        demand(told == self.external_shown(), "pairs told", told, "shown", self.external_shown())
        way = "higher" if METRICS[self.primary].higher_is_better else "lower"
        demand({each[0] for each in found} == {way}, "the direction")

    def on_external_undefined(self, w: dict[str, str]) -> None:
        same(w["n"], len(self.external_rows()) - self.external_tested(), "comparisons without a test")

    def on_external_change(self, w: dict[str, str]) -> None:
        self._primary(w)
        rows = {row.loss: row for row in self.set.changes if row.metric == self.primary}
        known = {loss: row.external - row.own for loss, row in rows.items() if not math.isnan(row.difference)}
        for key, end in (("least", min), ("most", max)):
            loss, low, high = self._one_change(w[key], known)
            demand(abs(known[loss] - end(known.values())) < 1e-9, "another loss changes", key)
            demand((low is None) == math.isnan(rows[loss].low), "an interval is told or not")
            if low is not None and high is not None:
                same(low, rows[loss].low, "low")
                same(high, rows[loss].high, "high")

    def _one_change(self, text: str, known: dict[str, float]) -> tuple[str, str | None, str | None]:
        hit = re.fullmatch(
            rf"({DIFFERENCE}) \(({self.label}); (?:no interval|([\d.]+)\u00a0% CI ({DIFFERENCE}) to ({DIFFERENCE}))\)",
            text,
        )
        demand(hit, "a change reads", text)
        assert hit is not None
        loss = self.by_label[hit[2]]
        demand(loss in known, "a change of", loss, "is told, which is undefined")
        shown, half = printed(hit[1])
        demand(abs(shown - known[loss]) <= half, "the change is", known[loss], "not", hit[1])
        if hit[3]:
            demand(abs(float(hit[3]) - 100 * (1 - self.plan.alpha)) < 1e-9, "the level is", hit[3])
        return loss, hit[4], hit[5]

    def on_external_no_change(self, w: dict[str, str]) -> None:
        self._primary(w)
        rows = [row for row in self.set.changes if row.metric == self.primary]
        demand(all(math.isnan(row.difference) for row in rows), "a change is defined")

    def on_external_order(self, w: dict[str, str]) -> None:
        (order,) = self.set.orders
        demand((w["how"] == "the same order as") == order.same, "the order is the same or not")
        demand(("tau" in w) == (not math.isnan(order.tau)), "tau is told or not")
        if "tau" in w:
            same(w["tau"], order.tau, "tau")

    def on_external_reading(self, w: dict[str, str]) -> None:
        self._unit(w)

    def on_external_brief(self, w: dict[str, str]) -> None:
        self.set = self.named(w["set"])
        self._size(w)
        self._leads(w, set(self.losses(w["losses"])))
        demand(("later" in w) != self.set.planned, "that the set was added later is told or not")
        rows, shown = self.external_rows(), len(self.external_shown())
        numbers = [int(each) for each in re.findall(r"\d+", w["how"])]
        several = [shown, len(rows)] if shown else [len(rows)]
        demand(numbers == (several if len(rows) > 1 else []), "differences", w["how"])
        if len(rows) < 2:
            said = "no comparison" if not rows else "the one comparison showed " + ("a" if shown else "no")
            demand(
                w["how"].startswith(said) and w["how"].endswith("no") == (said[-2:] == "no"), "differences", w["how"]
            )

    def on_external_brief_none(self, w: dict[str, str]) -> None:
        self.set = self.named(w["set"])
        self._size(w)
        self.on_external_no_leader(w)

    def on_external_limit(self, w: dict[str, str]) -> None:
        told = re.findall("|".join(re.escape(each.title) for each in self.a.external), w["sets"])
        demand(told == [each.title for each in self.a.external], "other sources are named")


def kinds(analysis: Any, label: str) -> dict[str, str]:
    """Return what the fields of these sentences look like."""
    titles = "|".join(re.escape(each.title) for each in analysis.external) or "none"
    pair = f"(?:higher|lower) with {label} than with {label}"
    inner = rf"(?:no interval|[\d.]+\u00a0% CI {DIFFERENCE} to {DIFFERENCE})"
    return {
        "ES": titles,
        "EL": f"(?:{titles})(?:, (?:{titles}))*(?: and (?:{titles}))?",
        "EP": f"{pair}(?:; {pair})*",
        "EC": rf"{DIFFERENCE} \({label}; {inner}\)",
        "EV": VALUE,
    }


def wanted(reader: Outside, found: Any) -> list[str]:
    """Return the sentences of one set's section that must be there, in order."""
    reader.set = found
    shared = [reader.overlap(what, "test") for what in ("images", "patients")]
    learned = [reader.overlap(what, "train", "val") for what in ("images", "patients")]
    leaders, tested = reader.external_leaders(), reader.external_tested()
    changes = [row for row in found.changes if row.metric == reader.primary]
    some = any(not math.isnan(row.difference) for row in changes)
    parts = [
        ("external-set", True),
        ("external-shared", any(shared)),
        ("external-learned", any(learned)),
        ("external-absent", bool(found.absent)),
        ("external-seeds", found.seeds != reader.a.seeds),
        ("external-no-leader", not leaders),
        ("external-leader", len(leaders) == 1),
        ("external-tied", len(leaders) > 1),
        ("external-untested", not tested),
        ("external-open", bool(tested) and not reader.external_shown()),
        ("external-shown", bool(reader.external_shown())),
        ("external-undefined", 0 < tested < len(reader.external_rows())),
        ("external-change", some),
        ("external-no-change", not some),
        ("external-order", bool(found.orders)),
        ("external-reading", True),
    ]
    return [name for name, there in parts if there]
