"""The grammar of the sections beyond the comparisons: text in, every sentence held to the Analysis."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats as scipy_stats

from cxr_report.analysis.value import Analysis
from cxr_report.metrics import METRICS

from .external import wanted
from .reader import Reader, series
from .words import COUNT, demand, same, same_p

FORMS = [
    (name, form)
    for line in Path(__file__).with_name("further.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
    for name, form in [line.split("\t")]
]
RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
PARTS = {"seeds": "seeds", "cases": "cases", "the interaction": "both"}
SHARE = r"[\d.]+\u00a0%"
SHOWN = ("first better", "second better")
ARITHMETICS = {
    "the trained networks in torch": "torch",
    "the exported graphs on the CPU": "cpu",
    "the variant fp16": "fp16",
    "the variant int8": "int8",
}


def shown(pair: Any, alpha: float) -> bool:
    """Work out whether a pair is shown to differ, from its adjusted p."""
    p = pair.p_t_adjusted if hasattr(pair, "p_t") else pair.p_adjusted
    return bool(p <= alpha)


class Further(Reader):
    """Reads the sections beyond the comparisons."""

    def __init__(self, analysis: Analysis) -> None:
        super().__init__(analysis)
        self.forms = [(name, re.compile(self._compile(form))) for name, form in FORMS]

    def _kinds(self) -> dict[str, str]:
        ways = f"better in {COUNT}|worse in {COUNT}|better in {COUNT} and worse in {COUNT}"
        counts = f"{self.label} against {self.label} was (?:{ways}) of {COUNT}"
        share = f"{self.label} in {SHARE}"
        classes = "|".join(map(re.escape, self.a.classes))
        pair = f"for (?:{classes}) (?:higher|lower) with {self.label} than with {self.label}"
        twins = "|".join(re.escape(twin.second) for twin in self.a.twins) or "none"
        return super()._kinds() | {
            "G": f"{counts}(?:; {counts})*", "CP": f"{pair}(?:; {pair})*",
            "LS": series(share), "D": r"−?\d+\.\d{4,5}", "B": rf"{SHARE}|<\u00a0{SHARE}",
            "AR": "|".join(ARITHMETICS), "Z": r"0|\d\.\d × 10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+", "TW": twins,
            "TT": "seeds and patients|seeds and cases|seeds, these cases|patients, these runs|cases, these runs",
        }  # fmt: skip

    def own(self, words: dict[str, str]) -> None:
        """Demand that the primary metric is spoken of."""
        if "metric" in words:
            demand(self.metric(words["metric"]) == self.primary, "another metric")

    def share(self, text: str, value: float) -> None:
        """Hold a printed share to its value."""
        same(text.replace("\u00a0%", ""), 100 * value, "share")

    def small(self, text: str, value: float) -> None:
        """Hold a small number to its value."""
        if text == "0":
            demand(value == 0, "0 is printed for", value)
            return
        mantissa, exponent = text.split(" × 10")
        told = float(mantissa) * 10.0 ** int(exponent.translate(RAISED))
        demand(abs(told - value) <= 0.051 * 10.0 ** int(exponent.translate(RAISED)), "printed", text, "is", value)

    def on_variance(self, w: dict[str, str]) -> None:
        self.own(w)
        part = next(v for v in self.a.variances if v.metric == self.primary and v.of in w["of"])
        total = part.seeds + part.cases + part.both
        for name in ("seeds", "cases", "both"):
            self.share(w[name], getattr(part, name) / total)
        now, seeds, cases = (
            math.sqrt(x)
            for x in (total, part.seeds / 2 + part.both / 2 + part.cases, part.seeds + part.both / 2 + part.cases / 2)
        )
        for key, value in (("se", now), ("more_seeds", seeds), ("more_cases", cases)):
            same(w[key], value, key)
        zero = [told for told, name in PARTS.items() if getattr(part, name) == 0]
        demand(re.split(", | and ", w["zero"]) == zero if zero else "zero" not in w, "parts that count as 0 are", zero)
        demand((w["pool"] == "pairs") == (part.of == "difference of two losses"), "pooled over pairs or losses")
        near = abs(seeds - cases) <= 0.1 * max(now - seeds, now - cases)
        wanted = "of either" if near else "seeds" if seeds < cases else "cases"
        demand(w["worth"].startswith(wanted), "what is worth more")

    def on_variance_none(self, w: dict[str, str]) -> None:
        self.own(w)
        part = next(v for v in self.a.variances if v.metric == self.primary and v.of in w["of"])
        demand(part.seeds == part.cases == part.both == 0, "something varies")

    def ranks(self) -> np.ndarray[Any, Any]:
        """Work out the mean ranks from the scores."""
        rows = np.array([self.summary(loss, self.primary).values for loss in self.a.losses], dtype=np.float64).T
        rows = np.round(rows[np.isfinite(rows).all(axis=1)], 12)
        sign = -1 if METRICS[self.primary].higher_is_better else 1
        return np.asarray(scipy_stats.rankdata(sign * rows, axis=1).mean(axis=0))

    def on_ranks(self, w: dict[str, str]) -> None:
        self.own(w)
        truth = dict(zip(self.a.losses, self.ranks(), strict=True))
        for key, loss, how, best in (("low", "first", "one", min), ("high", "second", "other", max)):
            rank = best(truth.values())
            holders = {name for name, own in truth.items() if abs(own - rank) < 1e-9}
            demand(set(self.losses(w[loss])) == holders, "others rank", key, holders)
            demand((w[how] == "shared by") == (len(holders) > 1), "a rank that is shared, or not")
            same(w[key], rank, "mean rank")

    def on_ranks_equal(self, w: dict[str, str]) -> None:
        self.own(w)
        demand(np.ptp(self.ranks()) < 1e-9, "the losses rank differently")
        same(w["low"], float(self.ranks()[0]), "mean rank")

    def ranking(self) -> Any:
        return next(each for each in self.a.rankings if each.metric == self.primary)

    def on_ranks_nemenyi(self, w: dict[str, str]) -> None:
        each, k = self.ranking(), len(self.a.losses)
        q = scipy_stats.studentized_range.ppf(1 - self.plan.alpha, k, np.inf) / math.sqrt(2)
        same(w["cd"], q * math.sqrt(k * (k + 1) / (6 * each.n_seeds)), "critical difference")

    def on_ranks_stable(self, w: dict[str, str]) -> None:
        each = self.ranking()
        told = dict(re.findall(rf"({self.label}) in ({SHARE})", w["shares"]))
        best = {loss for loss, rank in zip(self.a.losses, self.ranks(), strict=True) if rank - min(self.ranks()) < 1e-9}
        demand({self.by_label[label] for label in told} == best, "other losses have the best mean rank")
        for label, share in told.items():
            self.share(share, each.distribution[self.a.losses.index(self.by_label[label])][0])
        demand(("tau" in w) == (not math.isnan(each.tau)), "tau is told or not")
        for key, value in (("tau", each.tau), ("low", each.tau_low), ("high", each.tau_high)):
            if key in w:
                same(w[key], value, key)

    def twin(self, w: dict[str, str]) -> Any:
        return next(t for t in self.a.twins if t.second == w["second"])

    def on_twin_missing(self, w: dict[str, str]) -> None:
        demand(self.twin(w).n_seeds == 0, "seeds are finished for both")

    def on_twin_identical(self, w: dict[str, str]) -> None:
        demand(self.twin(w).identical and self.twin(w).max_delta == 0, "the logits are not identical")
        same(w["n"], self.twin(w).n_seeds, "seeds")

    def on_twin(self, w: dict[str, str]) -> None:
        twin = self.twin(w)
        demand(not twin.identical, "identical logits are told as different")
        same(w["n"], twin.n_seeds, "seeds")
        demand((w["flips"] == "no") == (twin.flips == 0), "no label changed")
        same(w["flips"].replace("no", "0"), twin.flips, "labels that changed")
        self.small(w["delta"], twin.max_delta)
        demand(("still" in w) == (max(map(abs, twin.differences)) == 0), "the metric changed or not")
        if "most" in w:
            self.small(w["most"], max(abs(each) for each in twin.differences))

    def on_seed_floor(self, w: dict[str, str]) -> None:
        self.own(w)
        (each,) = self.a.seed_floor
        demand(self.by_label[w["loss"]] == self.plan.baseline, "another loss than the baseline")
        joint = "over seeds, on these test cases" if "seeds alone" in each.note else f"over seeds and {self.unit}"
        demand(w["target"] == joint, "the target of the comparison")
        same(w["n"], len(each.further), "further seeds")
        for key in ("difference", "low", "high", "df", "t"):
            same(w[key], getattr(each, key), key)
        same_p(w["p"], each.p, self.plan.alpha, "p")

    def alike(self, each: Any) -> bool:
        """Work out whether difference and percentile are two numbers that four decimals do not tell apart."""
        size = abs(each.difference)
        return size != each.percentile_95 and f"{size:.4f}" == f"{each.percentile_95:.4f}"

    def on_no_seed_floor(self, w: dict[str, str]) -> None:
        demand(math.isnan(self.a.seed_floor[0].difference), "the comparison is defined")

    def on_seed_percentile(self, w: dict[str, str]) -> None:
        (each,) = self.a.seed_floor
        demand((w["which"] == "all") == each.exhaustive, "all splits or some")
        same(w["size"], len(each.seeds), "seeds of a set")
        demand(len(w["percentile"]) == 6 + self.alike(each), "the percentile reads as the difference, or not")
        same(w["n"], each.n_splits, "splits")
        same(w["percentile"], each.percentile_95, "95th percentile")

    def on_null_rates(self, w: dict[str, str]) -> None:
        own = "mrmc pairs" if self.test(self.primary, "both") else "paired t"
        others = [rate for rate in self.a.null_rates if rate.test != own]
        self.bounded(w["own"], next(rate for rate in self.a.null_rates if rate.test == own))
        self.bounded(w["low"], min(others, key=lambda rate: rate.rate))
        self.bounded(w["high"], max(others, key=lambda rate: rate.rate))
        claims = {rate.claim for rate in self.a.null_rates}
        demand(("target" in w) == (len(claims) == 1), "one claim or several")
        if "target" in w:
            demand(self.claim(w["target"]) in claims, "another claim")

    def bounded(self, text: str, rate: Any) -> None:
        """Hold a rate to its value, or to the bound of three over the number of simulations where it is 0."""
        demand(text.startswith("<") == (rate.rate == 0), "a rate of 0, or not")
        if rate.rate:
            self.share(text, rate.rate)
        else:
            self.share(text.removeprefix("<\u00a0"), 3 / rate.n_simulations)

    def claim(self, text: str) -> str:
        """Read what a test holds for."""
        demand("patients" not in text or self.known_patients(), "patients are named against the data")
        return text.replace("patients", "cases")

    def groups(self) -> list[Any]:
        """Work out the groups of the plan's estimand."""
        own = [group for group in self.a.multiverse if group.metric == self.primary]
        return [group for group in own if group.threshold == own[0].threshold]

    def on_multiverse(self, w: dict[str, str]) -> None:
        self.own(w)
        pattern = rf"({self.label}) against ({self.label}) was ([^;]+) of ({COUNT})"
        told = {}
        for a, b, ways, total in re.findall(pattern, w.get("list", "")):
            counts = {way: int(n) for way, n in re.findall(rf"(better|worse) in ({COUNT})", ways)}
            told[self.by_label[a], self.by_label[b]] = (counts.get("better", 0), counts.get("worse", 0), int(total))
        mine = self.of_target(w["target"])
        wanted = {(group.first, group.second): self.decisions(group) for group in mine}
        none = {pair for pair, (better, worse, _) in wanted.items() if not (better or worse)}
        demand(self.listed(w.get("none", "")) == none, "comparisons without a difference are", none)
        demand(told == {pair: counts for pair, counts in wanted.items() if pair not in none}, "decisions", told, wanted)

    on_multiverse_none = on_multiverse

    def of_target(self, words: str) -> list[Any]:
        """Work out the groups of a target."""
        return [group for group in self.groups() if group.target == self.claim(words)]

    def decisions(self, group: Any) -> tuple[int, int, int]:
        """Count the decisions of a group that can be reached: better, worse, all."""
        decisions = {(r.test, r.adjustment): r for r in group.rows if r.smallest_p <= self.plan.alpha}
        up = METRICS[self.primary].higher_is_better == (group.estimate > 0)
        reached = sum(row.p_adjusted <= self.plan.alpha for row in decisions.values())
        return (reached if up else 0, 0 if up else reached, len(decisions))

    def on_multiverse_changed(self, w: dict[str, str]) -> None:
        self.own(w)
        mine, decided = self.of_target(w["target"]), self.decided(self.primary)
        truth = {
            frozenset((row.first, row.second)): self.winner(self.primary, row)
            for row in self.rows(self.primary, decided)
        }
        changed = 0
        for group in mine:
            better, worse, all_ = self.decisions(group)
            won = truth[frozenset((group.first, group.second))]
            same_way = better if won and won[0] == group.first else worse if won else all_ - better - worse
            changed += same_way < all_
        demand(("zero" in w) == (changed == 0), "decisions change")
        same(w.get("n", "0"), changed, "comparisons with another decision")
        same(w["total"], len(mine), "comparisons")

    def unreachable(self) -> int:
        """Count decisions of the plan's estimand that cannot reach alpha."""
        return sum(
            len({(r.test, r.adjustment) for r in group.rows if not r.smallest_p <= self.plan.alpha})
            for group in self.groups()
        )

    def on_multiverse_unreachable(self, w: dict[str, str]) -> None:
        same(w["n"], self.unreachable(), "decisions out of reach")

    def class_rows(self) -> list[Any]:
        return [(each.klass, pair) for each in self.a.class_comparisons for pair in each.pairs]

    def on_class_pairs_open(self, w: dict[str, str]) -> None:
        self.own(w)
        same(w["total"], len(self.class_rows()), "comparisons")
        demand(not any(shown(pair, self.plan.alpha) for _, pair in self.class_rows()), "differences are shown")

    def on_class_pairs(self, w: dict[str, str]) -> None:
        self.own(w)
        same(w["total"], len(self.class_rows()), "comparisons")
        truth = set()
        for klass, pair in self.class_rows():
            if shown(pair, self.plan.alpha):
                up = (pair.difference > 0) == METRICS[self.primary].higher_is_better
                truth.add((klass, *((pair.first, pair.second) if up else (pair.second, pair.first))))
        same(w["n"], len(truth), "differences")
        demand(("list" in w) == (len(truth) <= 6) != ("some" in w), "differences are named")
        if truth:
            classes = "|".join(map(re.escape, self.a.classes))
            pattern = rf"for ({classes}) (higher|lower) with ({self.label}) than with ({self.label})"
            found = re.findall(pattern, w.get("list", w.get("some")))
            told = {(k, self.by_label[a], self.by_label[b]) for k, _, a, b in found}
            p = {(k, frozenset((pair.first, pair.second))): pair.p for k, pair in self.class_rows()}
            least = sorted(p[k, frozenset((a, b))] for k, a, b in truth)[:6]
            demand(told <= truth and sorted(p[k, frozenset((a, b))] for k, a, b in told) == least, "other differences")
            way = "higher" if METRICS[self.primary].higher_is_better else "lower"
            demand({each[1] for each in found} == {way}, "the direction")

    def on_calibration(self, w: dict[str, str]) -> None:
        errors = {each.loss: each.ece for each in self.a.calibrations}
        for key, loss, best in (("low", "first", min), ("high", "second", max)):
            demand(
                errors[self.by_label[w[loss]]] == best(errors.values()), "another loss is calibrated better or worse"
            )
            same(w[key], best(errors.values()), "calibration error")
        tested = any(pair.metric == "ece" for pair in self.a.pairs)
        demand(w["tested"].startswith("comparisons") == tested, "calibration errors are compared or not")
        if tested:
            end = (
                "primary metric" if self.primary == "ece" else "plan" if "ece" in self.plan.hierarchy else "exploratory"
            )
            demand(w["tested"].endswith(end), "the role of the calibration error")

    def on_subgroups(self, w: dict[str, str]) -> None:
        self.own(w)
        same(w["n"], sum(bool(group.means) for group in self.a.subgroups), "subgroups")
        refused = sum(bool(group.refused) and group.refused != "not known" for group in self.a.subgroups)
        same(w.get("refused", "0"), refused, "refused subgroups")

    def on_sensitivity(self, w: dict[str, str]) -> None:
        self.own(w)
        demand(w["rule"].startswith("with ") == (self.plan.on_diverged == "drop-seed"), "the rule for diverged runs")
        demand(("score" in w) == (self.plan.on_diverged == "drop-seed"), "the worst score is explained")
        rows = [pair for pair in self.a.sensitivity if self.inside(pair)]
        same(w["total"], len(rows), "comparisons")
        demand("0" not in (w.get("n"), w.get("planned")), "0 is told for none")
        same(w.get("n", "0"), sum(shown(pair, self.plan.alpha) for pair in rows), "differences")
        same(w["all"], self.total, "comparisons as planned")
        planned = [row for row in self.rows(self.primary, "seeds") if shown(row, self.plan.alpha)]
        same(w.get("planned", "0"), len(planned), "differences as planned")

    def ensemble(self) -> Any:
        return next((each for each in self.a.ensembles if each.metric == self.primary), None)

    def ensemble_gains(self) -> list[float]:
        """Work out what every defined ensemble has beyond the mean of its members."""
        scores = self.ensemble().scores if self.ensemble() else ()
        gains = [score.estimate - score.members for score in scores]
        return [gain for gain in gains if not math.isnan(gain)]

    def ensemble_family(self) -> list[Any]:
        return [pair for pair in self.ensemble().pairs if pair.in_family] if self.ensemble() else []

    def on_ensemble_gain(self, w: dict[str, str]) -> None:
        self.own(w)
        gains, higher = self.ensemble_gains(), METRICS[self.primary].higher_is_better
        same(w["n"], sum(gain > 0 if higher else gain < 0 for gain in gains), "ensembles that are better")
        same(w["total"], len(gains), "ensembles")
        demand((w["way"] == "higher") == higher, "the direction")
        demand(("low" in w) != higher, "that lower is better is said or not")

    def on_ensemble_pairs(self, w: dict[str, str]) -> None:
        self.own(w)
        family = self.ensemble_family()
        number = sum(shown(pair, self.plan.alpha) for pair in family)
        demand(not all(math.isnan(pair.p) for pair in family), "nothing was tested")
        demand(("zero" in w) == (number == 0) == ("closing" in w), "differences are shown")
        same(w.get("n", "0"), number, "differences")
        same(w["total"], len(family), "comparisons")

    def on_ensemble_pair(self, w: dict[str, str]) -> None:
        self.own(w)
        (pair,) = self.ensemble_family()
        demand(not math.isnan(pair.p), "nothing was tested")
        demand((w["verb"] == "shown") == shown(pair, self.plan.alpha) != ("closing" in w), "a difference is shown")

    def unequal_ensembles(self) -> bool:
        """Work out whether ensembles of different sizes were compared, and a comparison tested."""
        seeds = {each.loss: each.n_seeds for each in self.ensemble().scores} if self.ensemble() else {}
        family = self.ensemble_family()
        tested = any(not math.isnan(pair.p) for pair in family)
        return tested and any(seeds[pair.first] != seeds[pair.second] for pair in family)

    def on_ensemble_unequal(self, w: dict[str, str]) -> None:
        seeds = [each.n_seeds for each in self.ensemble().scores]
        same(w["low"], min(seeds), "seeds of the smallest ensemble")
        same(w["high"], max(seeds), "seeds of the largest ensemble")

    def on_ensemble_untested(self, w: dict[str, str]) -> None:
        self.own(w)
        demand(all(math.isnan(pair.p) for pair in self.ensemble_family()), "a comparison is tested")

    def changing(self, w: dict[str, str], count: str) -> Any:
        """Find the counts of labels that change, and hold what every sentence on them says."""
        (found,) = self.a.label_changes
        same(w["n"], getattr(found, count), "cases whose label changes")
        same(w["total"], found.n_cases, "test cases")
        if "what" in w:
            demand(("finding" in w["what"]) == (self.a.study.task == "multilabel"), "labels for findings")
        return found

    def on_labels_by_loss(self, w: dict[str, str]) -> None:
        found = self.changing(w, "by_loss")
        demand(found.n_seeds > 1, "one seed has no most frequent label")
        same(w["seeds"], found.n_seeds, "seeds")
        demand(("finding" in w) == (self.a.study.task == "multilabel"), "labels for findings")

    def on_labels_by_seed(self, w: dict[str, str]) -> None:
        same(w["both"], self.changing(w, "by_seed").both, "cases of both kinds")

    def on_labels_one_seed(self, w: dict[str, str]) -> None:
        demand(self.changing(w, "by_loss").n_seeds == 1, "there is more than one seed")

    def agreement(self, w: dict[str, str]) -> Any:
        """Find what a sentence on an arithmetic is about, and hold its counts."""
        found = [each for each in self.a.agreements if each.arithmetic == ARITHMETICS[w["arithmetic"]]]
        demand(len(found) == 1, "an arithmetic that is not there")
        each = found[0]
        demand((each.not_finite == 0) == ("n" not in w), "whether logits are finite")
        if "n" in w:
            same(w["n"], each.not_finite, "predictions that are not finite")
            return each
        same(w["rankings"], each.n_rankings, "rankings")
        if "decisions" in w:
            same(w["decisions"], each.n_decisions, "decisions")
        same(w["flips"], each.flips, "labels that changed")
        same(w["labels"], each.n_labels, "labels")
        self.small(w["delta"], each.max_delta)
        return each

    def on_fidelity(self, w: dict[str, str]) -> None:
        each = self.agreement(w)
        demand(not each.changes, "a conclusion is another one")
        demand(each.n_decisions > 0, "no decision was compared, and none is therefore another one")

    def on_fidelity_undecided(self, w: dict[str, str]) -> None:
        each = self.agreement(w)
        demand(not each.changes, "a conclusion is another one")
        demand(each.n_decisions == 0, "there was a decision to compare")

    def on_fidelity_broken(self, w: dict[str, str]) -> None:
        self.agreement(w)

    def on_fidelity_changed(self, w: dict[str, str]) -> None:
        kinds = [change.kind for change in self.agreement(w).changes]
        demand(bool(kinds), "nothing changed")
        same(w["turned"], kinds.count("ranking"), "rankings that changed")
        same(w["changed"], kinds.count("decision"), "decisions that changed")


def check_further(analysis: Analysis, paragraphs: Sequence[Any]) -> set[str]:
    """Hold what stands beyond the comparisons to the analysis; return the names of the forms that were met."""
    reader, names = Further(analysis), []
    for paragraph in paragraphs:
        for name, words in reader.sentences(paragraph.text()):
            reader.check(name, words)
            names.append(name)
    demand(sum(n.startswith("variance") for n in names) == _own(analysis, "variances"), "variances are not all told")
    demand(
        sum(names.count(name) for name in ("ranks", "ranks-equal", "no-ranks")) == _own(analysis, "rankings"),
        "ranks are not told",
    )
    demand(sum(n.startswith("twin") for n in names) == len(analysis.twins), "twins are not all told")
    demand(names.count("seed-floor") + names.count("no-seed-floor") == len(analysis.seed_floor), "the seed floor")
    demand(("null-rates" in names) == ("null-reading" in names) == bool(analysis.null_rates), "null rates are not told")
    demand(("multiverse-reading" in names) == bool(analysis.multiverse), "how to read the multiverse is not told")
    targets = {group.target for group in reader.groups()} if analysis.multiverse else set()
    told = sum(names.count(name) for name in ("multiverse", "multiverse-none", "multiverse-changed"))
    demand(told == len(targets), "a target of the multiverse is not told")
    demand(("multiverse-unreachable" in names) == (reader.unreachable() > 0), "decisions out of reach are not told")
    told = sum(name.startswith("class-pairs") for name in names)
    demand(told == bool(reader.class_rows()), "single classes are not told")
    known = [each for each in analysis.calibrations if not math.isnan(each.ece)]
    demand(names.count("calibration") == bool(known), "calibration is not told")
    demand(("subgroups" in names) == bool(analysis.subgroups), "subgroups are not told")
    demand(("sensitivity" in names) == bool(analysis.sensitivity), "the other rule is not told")
    told_outside = [name for name in names if name.startswith("external")]
    expected = [name for found in analysis.external for name in wanted(reader, found)]
    demand(told_outside == expected, "of external test sets is told", told_outside, "not", expected)
    demand(("ensemble-gain" in names) == bool(reader.ensemble_gains()), "what averaging brought is not told")
    demand(("ensemble-unequal" in names) == reader.unequal_ensembles(), "unequal ensembles are not told")
    forms = ["labels-one-seed"], ["labels-by-loss", "labels-by-seed"]
    expected = [name for each in analysis.label_changes for name in (*forms[each.n_seeds > 1], "labels-reading")]
    demand([name for name in names if name.startswith("labels")] == expected, "labels that change are not all told")
    told = sum(name.startswith("fidelity") for name in names)
    demand(told == len(analysis.agreements), "arithmetics are not all told")
    told = sum(name in ("ensemble-pairs", "ensemble-pair", "ensemble-untested") for name in names)
    demand(told == bool(reader.ensemble_family()), "comparisons of ensembles are not told")
    return set(names)


def _own(analysis: Analysis, field: str) -> int:
    return sum(each.metric == analysis.metrics[0] for each in getattr(analysis, field))
