"""An audit in, its sentences and the cells of its tables out; neutral, and only what was computed."""

from __future__ import annotations

from collections.abc import Iterator
from math import isnan

from cxr_report.verify.tables.finding import IMPOSSIBLE, NAN, POSSIBLE, Finding
from cxr_report.verify.tables.intervals import Range
from cxr_report.verify.tables.needed import POWER, Needed
from cxr_report.verify.tables.pairs import CERTAIN, Pair
from cxr_report.verify.tables.standing import Claim, Standing

__all__ = ["ASSUMPTIONS", "claim", "finding_row", "inside_noise", "needed", "pair_row", "range_row", "rate", "summary"]

ASSUMPTIONS = (
    "All methods of a metric were tested on the same cases.",
    "Patients are independent, with one case each; where patients have several, everything is less sure than stated.",
    "How often two models agree is not printed: every agreement that the numbers allow is gone through, and none is "
    "called likelier than another.",
    "Proportions: the share of discordant cases that one model wins has Jeffreys' prior, Beta(1/2, 1/2); what a flat "
    "prior gives stands beside it. Areas, and the best of all methods: flat prior.",
    "The winner was picked for having come out best; its probability is not corrected for that.",
    "Where patients are concerned, a mean over runs is read as one run with that value; standard deviations speak of "
    "other seeds on these cases only.",
    f"Two values count as told apart where that probability is at least {CERTAIN}, as in a two-sided test at 0.05.",
    "Where no count gives a printed value, the nearest count stands in for it in the comparisons.",
    "Values checked together are taken to come from one threshold.",
)


def rate(number: float) -> str:
    """Write a rate or a probability; empty where there is none.

    Example:
        >>> rate(0.28), rate(0.99999), rate(float("nan"))
        ('0.280', '>0.999', '')
    """
    if isnan(number):
        return ""
    if 0.9995 <= number < 1:
        return ">0.999"
    return "<0.001" if 0 < number < 0.0005 else f"{number:.3f}"


def finding_row(finding: Finding) -> tuple[str, ...]:
    """Return method, metric, what is printed, grade, both rates and the reason."""
    first = finding.entries[0]
    if finding.what == "together":
        names = ", ".join(each.measure.title if each.measure else each.name for each in finding.entries)
        printed = ""
    else:
        names = (first.measure.title if first.measure else first.name) + (", SD" if finding.what == "sd" else "")
        printed = first.sd.text if finding.what == "sd" and first.sd is not None else first.value.text
    where = ", ".join(part for part in (names, first.klass, first.dataset) if part)
    return first.method, where, printed, finding.grade, rate(finding.chance), rate(finding.passing), finding.text


def range_row(found: Range) -> tuple[str, ...]:
    """Return method, metric, printed value, limits in the scale of print, target, method and assumptions."""
    entry = found.entry
    scale, decimals = (100, max(1, entry.value.decimals)) if entry.value.percent else (1, max(3, entry.value.decimals))
    limits = f"{found.low * scale:.{decimals}f} to {found.high * scale:.{decimals}f}"
    where = ", ".join(
        part for part in (entry.measure.title if entry.measure else "", entry.klass, entry.dataset) if part
    )
    return entry.method, where, entry.value.text, limits, found.target, found.method, found.note


def _span(low: float, high: float) -> str:
    return rate(low) if rate(low) == rate(high) else f"{rate(low)} to {rate(high)}"


def pair_row(pair: Pair) -> tuple[str, ...]:
    """Return both methods with their values, the span of the probability, seeds, and the verdict."""
    flat = "" if isnan(pair.flat[0]) else _span(*pair.flat)
    cases = "" if pair.curve is None else _span(pair.low, pair.high)
    better, worse = (f"{entry.method} ({entry.value.text})" for entry in (pair.better, pair.worse))
    return better, worse, cases, flat, rate(pair.seeds), pair.verdict


def inside_noise(found: Claim) -> str:
    """Say whether a claimed winner stands out from its nearest rival."""
    if not found.leads:
        return "is not the best printed value"
    return {
        "told apart at no agreement": "is inside the noise at every agreement",
        "told apart at some agreements": "is inside the noise at some agreements",
        "told apart at every agreement": "stands out at every agreement",
        "unknown": "cannot be compared from this table",
    }[found.pair.verdict]


def claim(found: Claim, standing: Standing) -> str:
    """Write one sentence on a claimed winner."""
    entry, pair = found.entry, found.pair
    rival = pair.worse if pair.better is entry else pair.better
    how = "set in bold" if standing.marked else "the best printed value"
    text = f"{standing.title}: {entry.method} ({entry.value.text}, {how}) {inside_noise(found)}"
    if pair.verdict == "unknown":
        return text + "."
    against = f"{rival.method} ({rival.value.text})"
    if pair.curve is not None:
        low, high = (pair.low, pair.high) if pair.better is entry else (1 - pair.high, 1 - pair.low)
        text += f"; it is better than {against} with probability {_span(low, high)}"
    if not isnan(pair.seeds):
        seeds = pair.seeds if pair.better is entry else 1 - pair.seeds
        subject = "for other seeds on these cases" if pair.curve is not None else f"against {against}, for other seeds"
        text += f"; {subject} with {rate(seeds)}"
    if found.best is not None:
        text += f"; it is the best of all with probability {_span(*_ends(found))}"
    if found.needed:
        text += f"; finding the difference with power {POWER} would take {' and '.join(map(needed, found.needed))}"
    return text + "."


def _ends(found: Claim) -> tuple[float, float]:
    if found.best is None:
        return NAN, NAN
    return float(found.best.probability.min()), float(found.best.probability.max())


def needed(found: Needed) -> str:
    """Say how many cases or seeds would have been needed.

    Example:
        >>> needed(Needed("cases", 189, 1060, "from full agreement to independence"))
        '189 to 1,060 cases (from full agreement to independence)'
    """
    if found.least is None and found.most is None:
        return f"more {found.unit} than there can be, for the values are equal"
    least, most = (f"{number:,}" if number else "more than a thousand million" for number in (found.least, found.most))
    count = least if least == most else f"{least} to {most}"
    return f"{count} {found.unit} ({found.how})"


def summary(findings: tuple[Finding, ...], standings: tuple[Standing, ...]) -> Iterator[str]:
    """Write the sentences that stand above everything."""
    counts = {grade: sum(each.grade == grade for each in findings) for grade in (IMPOSSIBLE, POSSIBLE)}
    rest = len(findings) - sum(counts.values())
    yield (
        f"{len(findings)} checks: {counts[IMPOSSIBLE]} cannot have arisen as the table says, {counts[POSSIBLE]} can, "
        f"{rest} cannot be checked."
    )
    claims = [(each, standing) for standing in standings for each in standing.claims if each.pair.verdict != "unknown"]
    if claims:
        noisy = sum(each.pair.verdict != "told apart at every agreement" or not each.leads for each, _ in claims)
        word = "winner" if len(claims) == 1 else "winners"
        verb = "is" if noisy == 1 else "are"
        yield (
            f"{noisy} of {len(claims)} claimed {word} that can be compared {verb} inside the noise at some or every "
            "agreement."
        )
    pairs = [pair for standing in standings for pair in standing.pairs if pair.verdict != "unknown"]
    if pairs:
        never = sum(pair.verdict == "told apart at no agreement" for pair in pairs)
        some = sum(pair.verdict == "told apart at some agreements" for pair in pairs)
        word = "pair" if len(pairs) == 1 else "pairs"
        yield (f"Of {len(pairs)} {word}, {never} can be told apart at no agreement and {some} at some agreements only.")
