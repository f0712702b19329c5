"""Content of statistics.json in, what the report concludes from it out, in words that do not hang on any order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["Conclusion", "conclusions"]

Conclusion = tuple[str, bool]
"""What is concluded, and whether the plan asked for it."""

_Told = Iterator[tuple[str, Conclusion]]


def conclusions(statistics: Mapping[str, Any]) -> dict[str, Conclusion]:
    """Return every conclusion by its question.

    Args:
        statistics: content of statistics.json.

    Example:
        >>> pair = {"first": "focal", "second": "ce", "in_family": True, "verdict": "first better"}
        >>> joint = {"metric": "auroc", "role": "primary", "target": "seeds and cases", "pairs": [pair]}
        >>> conclusions({"joint": [joint]})
        {'focal against ce on auroc, seeds and cases': ('focal better', True)}
    """
    found: dict[str, Conclusion] = {}
    for part in (_joint, _omnibus, _equivalences, _rankings, _others, _multiverse, _external):
        for question, conclusion in part(statistics):
            found.setdefault(question, conclusion)
    return found


def _joint(statistics: Mapping[str, Any]) -> _Told:
    for joint in statistics.get("joint", ()):
        planned = joint.get("role") != "exploratory"
        yield from _pairs(joint["pairs"], f"on {joint['metric']}, {joint['target']}", planned=planned)


def _pairs(pairs: Any, about: str, *, planned: bool) -> _Told:
    for pair in pairs:
        what = f"{pair['first']} against {pair['second']} {about}"
        yield what, (_verdict(pair), planned and bool(pair.get("in_family")))


def _verdict(pair: Mapping[str, Any]) -> str:
    return {"first better": f"{pair['first']} better", "second better": f"{pair['second']} better"}.get(
        pair["verdict"], str(pair["verdict"])
    )


def _omnibus(statistics: Mapping[str, Any]) -> _Told:
    for test in statistics.get("omnibus", ()):
        question = f"any difference on {test['metric']} by {test['test']}, {test['target']}"
        yield question, ("rejected equality" if test["rejected"] else "not shown", bool(test.get("planned")))


def _equivalences(statistics: Mapping[str, Any]) -> _Told:
    for pair in statistics.get("equivalences", ()):
        both = " and ".join(sorted((pair["first"], pair["second"])))
        yield f"equivalence of {both} on {pair['metric']}", ("shown" if pair["equivalent"] else "not shown", True)
        if "noninferior" in pair:
            question = f"non-inferiority of {pair['first']} to {pair['second']} on {pair['metric']}"
            yield question, ("shown" if pair["noninferior"] else "not shown", True)


def _rankings(statistics: Mapping[str, Any]) -> _Told:
    for ranking in statistics.get("rankings", ()):
        order = _order(dict(zip(ranking["losses"], ranking["mean_ranks"], strict=False)))
        yield f"order of the mean ranks on {ranking['metric']}", (order, ranking.get("role") == "primary")
        for each in ranking.get("procedures", ()):
            groups = "; ".join(sorted(" = ".join(sorted(group)) for group in each["cliques"])) or "none"
            yield f"losses not told apart on {ranking['metric']} by {each['procedure']}", (groups, False)


def _order(ranks: Mapping[str, Any]) -> str:
    """Write losses from the best rank to the worst; equal ranks by name, undefined ones last."""
    known = sorted((rank, name) for name, rank in ranks.items() if isinstance(rank, int | float))
    text = ""
    for place, (rank, name) in enumerate(known):
        text += name if not place else f" {'=' if rank == known[place - 1][0] else '>'} {name}"
    undefined = sorted(name for name, rank in ranks.items() if not isinstance(rank, int | float))
    return text + (f" (undefined: {', '.join(undefined)})" if undefined else "")


def _others(statistics: Mapping[str, Any]) -> _Told:
    """Yield verdicts that stand beside those of the plan: for other targets, per class, and of ensembles."""
    for joint in statistics.get("cases", ()):
        yield from _pairs(joint["pairs"], f"on {joint['metric']}, {joint['target']}", planned=False)
    for pair in statistics.get("pairs", ()):
        yield from _pairs([pair], f"on {pair['metric']}, seeds, these cases", planned=False)
    for each in statistics.get("class_comparisons", ()):
        yield from _pairs(each["pairs"], f"on {each['metric']} of {each['klass']}", planned=False)
    for each in statistics.get("ensembles", ()):
        yield from _pairs(each["pairs"], f"on {each['metric']}, ensembles", planned=False)


def _multiverse(statistics: Mapping[str, Any]) -> _Told:
    for group in statistics.get("multiverse", ()):
        threshold = f" ({group['threshold']})" if group["threshold"] else ""
        about = f"{group['first']} against {group['second']} on {group['metric']}{threshold}, {group['target']}"
        for row in group["rows"]:
            words = {"better": f"{group['first']} better", "worse": f"{group['second']} better"}
            question = f"{about}, by {row['test']} and {row['adjustment']}"
            yield question, (words.get(row["verdict"], str(row["verdict"])), False)


def _external(statistics: Mapping[str, Any]) -> _Told:
    for each in statistics.get("external", ()):
        for joint in each["joint"]:
            yield from _pairs(joint["pairs"], f"on {joint['metric']} of the test set {each['name']}", planned=False)
        for order in each["orders"]:
            yield f"order on {order['metric']} of the test set {each['name']}", (" > ".join(order["external"]), False)
