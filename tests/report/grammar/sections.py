"""Whole sections, held to the analysis: every sentence is true, and nothing that must be said is left out."""

from __future__ import annotations

import html
import math
import re
from typing import Any

from cxr_report.analysis.value import Analysis

from .reader import Reader
from .words import ABBREVIATIONS, demand

Told = list[tuple[str, str, dict[str, str]]]
"""Section, form and fields of every sentence."""


def check_results(analysis: Analysis, paragraphs: Any) -> None:
    """Hold the results section to the analysis: every sentence is true, and what must be said is said."""
    reader, told = Reader(analysis), []
    for paragraph in paragraphs:
        for name, words in reader.sentences(paragraph.text()):
            told.append((paragraph.section, name, words))
            reader.check(name, words)
    names = [name for _, name, _ in told]
    primary = reader.primary
    demand(names.count("target") == 1, "the target of the means is not named once")
    demand(sum(name.startswith("wilcoxon") for name in names) == 1, "Wilcoxon's test is not told once")
    demand(names.count("secondary") == len(analysis.study.metrics.secondary), "secondary metrics are not all told")
    _decisions(reader, [each for each in told if each[0] == "decisions"])
    _beside(reader, [each for each in told if each[0] == "beside"])
    _omnibus(reader, [name for section, name, _ in told if section == "omnibus"])
    _equivalence(reader, [name for section, name, _ in told if section == "equivalence"])
    free = [name for name in analysis.study.metrics.secondary if name not in reader.plan.hierarchy]
    demand(("family-bound" in names) == bool(free and reader.plan.adjustment != "none"), "the bound of the adjustment")
    demand(names.count("shortcut") == len(reader.shortcuts("pixels", "metadata")), "shortcuts are not all told")
    having = [c for c in analysis.controls if not math.isnan(c.values.get(primary, math.nan))]
    demand(names.count("control-interval") == sum(bool(reader.within(c)) for c in having), "means in an interval")
    demand(("diverged" in names) == bool(analysis.diverged), "divergence is not told")
    demand(("no-divergence" in names) != bool(analysis.diverged), "divergence is denied")
    demand(("missing" in names) == analysis.partial, "missing runs are not told")
    handlings = {each.handling for each in analysis.left_out}
    demand(names.count("left-out") == len(handlings), "the seeds left out are not named")
    classes = {w["klass"] for section, _, w in told if section == "classes"}
    there = {entry.klass for entry in analysis.summaries if entry.metric == primary and entry.klass}
    demand(classes == there, "classes told", classes, "classes there", there)


def _decisions(reader: Reader, told: Told) -> None:
    """Demand the target, the count, every difference that is shown, and what the other targets say."""
    metric, target = reader.primary, reader.decided(reader.primary)
    names, shown = [name for _, name, _ in told], reader.shown(metric, target)
    known, every = reader.defined(metric, target), reader.rows(metric, target)
    demand(names[0] == f"rests-on-{target}", "it is not said first on what the decisions rest")
    demand(names[1] == ("count" if known else "untested"), "the decisions are not counted")
    demand(reader.target(told[1][2]["where"]) == target, "the decisions are those of another target")
    pairs = {frozenset((reader.by_label[w["better"]], reader.by_label[w["worse"]])) for _, n, w in told if n == "pair"}
    demand("clauses" in names or pairs == set(shown), "pairs told", pairs, "pairs shown", set(shown))
    demand(("open" in names) == (0 < len(shown) < len(known)), "open comparisons are not told")
    demand(("largest" in names) == (bool(known) and not shown), "the largest difference is not told")
    demand(("undefined-pairs" in names) == (0 < len(known) < len(every)), "undefined comparisons are not told")
    both = target == "both"
    demand(("narrower" in names) == (both and bool(reader.narrower())), "narrower intervals are explained or not")
    alone = both and bool(reader.without_case_part())
    demand(("no-case-part" in names) == alone, "pairs without a case part are named or not")
    demand(("fewer-runs" in names) == reader.fewer(), "another number of seeds is told or not")
    _contradictions(reader, told)
    agreed = both and bool(known) and bool(reader.others(metric)) and not reader.contradictions()
    demand(("agreement" in names) == agreed, "agreement is told or not")


def _contradictions(reader: Reader, told: Told) -> None:
    kinds = [(n.removeprefix("disagreement-"), reader._alone(w["who"])) for _, n, w in told if "disagreement" in n]
    demand(sorted(kinds) == sorted(reader.contradictions()), "contradictions told", kinds)


def _beside(reader: Reader, told: Told) -> None:
    """Demand the count of every other target there is."""
    decided = reader.decided(reader.primary)
    there = [t for t in ("seeds", "cases") if t != decided and (t == "seeds" or reader.test(reader.primary, t))]
    said = [reader.target(w["where"]) for _, n, w in told if n in ("count", "untested")]
    demand(said == there, "the other targets are", there, "not", said)
    shown = [target for target in there if reader.shown(reader.primary, target)]
    demand(sum(n == "clauses" for _, n, _ in told) == len(shown), "who is better for another target is not told")


def _omnibus(reader: Reader, names: list[str]) -> None:
    demand(names.count("omnibus") + names.count("no-omnibus") == 1, "the planned omnibus test is not told once")
    demand(names.count("omnibus-beside") == 1 and names[-1] == "no-gate", "the other tests, or the gate")
    instead = reader.planned().test != reader.plan.omnibus
    demand(("omnibus-instead" in names) == instead, "another test in the place of the planned one")
    demand(("no-case-term" in names) != reader.case_term(), "the lack of a case term is told or not")


def _equivalence(reader: Reader, names: list[str]) -> None:
    joint = bool(reader.a.equivalences)
    demand(("equivalent" in names) == joint, "equivalence is not told")
    baseline = reader.plan.family == "baseline"
    demand(("not-inferior" in names) == (joint and baseline), "non-inferiority is told or not")
    demand(("no-equivalence" in names) != joint, "equivalence is denied")
    demand(("not-equivalent" in names) == (joint and len(reader.equivalent()) < reader.total), "what it leaves open")
    seeds = any(not math.isnan(row.p_tost) for row in reader.a.seeds_equivalences)
    demand(("seeds-equivalence" in names) == seeds, "equivalence over seeds is not told")


def check_abstract(analysis: Analysis, paragraphs: Any) -> None:
    """Hold the abstract to the analysis."""
    reader = Reader(analysis)
    demand([p.heading for p in paragraphs] == ["Objective", "Methods", "Results", "Conclusion"], "headings")
    told = {p.heading: list(reader.sentences(text)) for p, text in zip(paragraphs, plain(paragraphs), strict=True)}
    for sentences in told.values():
        for name, words in sentences:
            reader.check(name, words)
    target = reader.decided(reader.primary)
    known, shown = reader.defined(reader.primary, target), reader.shown(reader.primary, target)
    names = [name for name, _ in told["Conclusion"]]
    demand(names[0] == ("verdict" if shown else "verdict-open"), "the decision does not open the conclusion")
    _contradictions(reader, [("", *each) for each in told["Conclusion"]])
    demand(("shortcut-scope" in names) == bool(reader.shortcuts("metadata")), "shortcuts are not named")
    demand("scope" in names, "the scope is not told")
    demand(("synthetic" in names) == (analysis.study.data.source == "phantom"), "synthetic data are not named")
    demand(("exploratory" in names) == bool(analysis.exploratory), "exploratory is not said")
    results = [name for name, _ in told["Results"]]
    demand({"leader", "no-leader"} & set(results), "the leader is not told")
    demand(("count" in results) == bool(known) and ("untested" in results) != bool(known), "decisions are not told")
    demand(("largest" in results) == bool(known), "the largest difference is not told")
    first = next(words for name, words in told["Results"] if name in ("count", "untested"))
    demand(reader.target(first["where"]) == target, "the abstract rests on another target")
    demand(("beside" in results) == bool(reader.others(reader.primary)), "the other targets are not told")
    demand(("equivalent" in results) == bool(analysis.equivalences), "equivalence is not told")
    outside = [words["set"] for name, words in told["Results"] if name.startswith("external-brief")]
    demand(outside == [each.title for each in analysis.external], "external test sets are told in the abstract")
    demand([name for name, _ in told["Methods"]] == ["design", "plan"], "design and plan are not told")


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
    wanted = {"metrics", "thresholds", "summaries", "targets", "tests", "family", "intervals", "delong", "on-diverged"}
    wanted |= {"omnibus-method"} | ({"equivalence-method"} if analysis.equivalences else set())
    wanted |= {"joint-method", "joint-pair-method", "covariances"} if analysis.joint or analysis.cases else set()
    wanted |= {"hierarchy"} if reader.plan.hierarchy else set()
    wanted |= {"macro"} if reader.averaged() else set()
    wanted |= {"youden"} if any("youden" in name for name in analysis.metrics) else set()
    wanted |= {"positive-class"} if analysis.study.task == "binary" else set()
    wanted |= {"unknown-labels"} if analysis.study.task == "multilabel" else set()
    parts = {
        "controls-method": analysis.controls,
        "bins": analysis.calibrations or "ece" in analysis.metrics,
        "ranks-method": analysis.rankings,
        "floor-method": analysis.twins or analysis.seed_floor,
        "null-method": analysis.null_rates,
        "multiverse-method": analysis.multiverse,
        "subgroups-method": analysis.subgroups,
        "external-method": analysis.external,
    }
    wanted |= {name for name, there in parts.items() if there}
    demand(names == wanted, "methods", names)


def check_tuning(analysis: Analysis, paragraphs: Any) -> None:
    """Hold the methods of the tuning to what it spent and chose; demand silence where nothing was tuned."""
    reader, names = Reader(analysis), set()
    for paragraph in paragraphs:
        for name, words in reader.sentences(paragraph.text()):
            reader.check(name, words)
            names.add(name)
    scored = [one for one in analysis.tuning if one.best[-1] == one.best[-1]]
    wanted = {"tuning-budget", "tuning-draw", "tuning-choice"} if analysis.tuning else set()
    wanted |= {"tuning-kept"} if any(one.chosen == 1 for one in scored) else set()
    wanted |= {"tuning-undefined"} if len(scored) < len(analysis.tuning) else set()
    demand(names == wanted, "tuning", names)


def check_limitations(analysis: Analysis, paragraphs: Any) -> None:
    """Hold the limitations to the design."""
    reader = Reader(analysis)
    told = [each for paragraph in paragraphs for each in reader.sentences(paragraph.text())]
    for name, words in told:
        reader.check(name, words)
    data, own = analysis.study.data, [loss.training for loss in analysis.study.losses.values()]
    wanted = {
        "one-split": True,
        "one-source": not analysis.external,
        "external-limit": bool(analysis.external),
        "no-tuning": not analysis.tuning,
        "tuned-limit": bool(analysis.tuning),
        "test-size": not reader.precise(),
        "own-settings": not analysis.tuning
        and any(t.learning_rate is not None or t.weight_decay is not None for t in own),
        "synthetic-limit": data.source == "phantom",
        "leakage": data.allow_leakage,
        "few-seeds": len(analysis.seeds) < 10,
        "normality": 2 <= len(analysis.seeds) < 10,
        "seeds-only": True,
        "precision": reader.precise(),
        "absent": bool(analysis.absent),
        "left-out-limit": bool(analysis.left_out),
        "fidelity-limit": any(each.changes or each.not_finite for each in analysis.agreements),
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
