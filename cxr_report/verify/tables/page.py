"""An audit in, the report's page as a value out: sections, tables and curves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cxr_report
from cxr_report.report import audit as room
from cxr_report.report.audit import AuditPage, AuditSection, AuditTable, CurvePanel, ProbabilityCurve
from cxr_report.verify.tables import Audit, wording
from cxr_report.verify.tables.finding import IMPOSSIBLE
from cxr_report.verify.tables.pairs import CERTAIN
from cxr_report.verify.tables.standing import Standing

__all__ = ["compose"]

REFERENCES = (
    ("Brown NJL, Heathers JAJ. The GRIM test: a simple technique detects numerous anomalies in the reporting of "
     "results in psychology. Social Psychological and Personality Science. 2017;8(4):363–369.",
     "10.1177/1948550616673876"),
    ("Anaya J. The GRIMMER test: a method for testing the validity of reported measures of variability. PeerJ "
     "Preprints. 2016;4:e2400v1.", "10.7287/peerj.preprints.2400v1"),
    ("Wilson EB. Probable inference, the law of succession, and statistical inference. Journal of the American "
     "Statistical Association. 1927;22(158):209–212.", "10.1080/01621459.1927.10502953"),
    ("Hanley JA, McNeil BJ. The meaning and use of the area under a receiver operating characteristic (ROC) curve. "
     "Radiology. 1982;143(1):29–36.", "10.1148/radiology.143.1.7063747"),
    ("Hanley JA, McNeil BJ. A method of comparing the areas under receiver operating characteristic curves derived "
     "from the same cases. Radiology. 1983;148(3):839–843.", "10.1148/radiology.148.3.6878708"),
    ("McNemar Q. Note on the sampling error of the difference between correlated proportions or percentages. "
     "Psychometrika. 1947;12(2):153–157.", "10.1007/BF02295996"),
    ("Connor RJ. Sample size for testing differences in proportions for the paired-sample design. Biometrics. "
     "1987;43(1):207–211.", "10.2307/2531961"),
    ("Genz A. Numerical computation of multivariate normal probabilities. Journal of Computational and Graphical "
     "Statistics. 1992;1(2):141–149.", "10.1080/10618600.1992.10477010"),
)  # fmt: skip
"""In the order in which the sections use them."""

PAIRS = ("Metric", "Better", "Worse", "Probability", "Flat prior", "Seeds only", "Verdict")

MOST_PAIRS = 60
"""Chosen: rows of the table of pairs; the JSON holds all."""


def compose(found: Audit) -> AuditPage:
    """Put the page together."""
    name = Path(found.table.name).name
    sections = (_read(found), _checks(found), *_intervals(found), *_winners(found), *_pairs(found), _assumptions())
    return AuditPage(
        title=f"Audit of a table of results: {name}",
        identity=f"{len(found.table.entries)} printed values · made with cxr_report {cxr_report.__version__}",
        summary=tuple(wording.summary(found.findings, found.standings)),
        sections=sections,
        references=REFERENCES,
    )


def _read(found: Audit) -> AuditSection:
    notes = [note[0].upper() + note[1:] + "." for note in found.table.notes]
    return AuditSection("read", "How the table was read", (" ".join(notes),))


def _checks(found: Audit) -> AuditSection:
    heads = ("Method", "Metric", "Printed", "Grade", "Chance", "Passing", "Why")
    ordered = sorted(found.findings, key=lambda each: each.grade != IMPOSSIBLE)
    rows = tuple(wording.finding_row(each) for each in ordered)
    note = (
        "Chance: rate at which a number at random would pass, min(1, m S / 10^d), for m parts, S runs and d decimals. "
        "Passing: share of the nearest printable numbers that pass the same check. A value is impossible if no counts "
        "give it exactly rounded (halves either way) nor, for a mean, as a mean of rounded runs."
    )
    table = AuditTable(
        "checks", "What can have arisen; impossible values first", heads, frozenset({2, 4, 5}), rows, note, wide=True
    )
    text = (
        "A number that cannot have arisen from the stated cases and runs is no proof of anything but a difference "
        "between table and text: other sizes, another metric of the same name, a slip of the pen."
    )
    return AuditSection("checks-section", "Values that n allows", (text,), (table,))


def _intervals(found: Audit) -> Iterator[AuditSection]:
    if found.ranges:
        heads = ("Method", "Metric", "Printed", "95 % interval", "For other", "By")
        told = [wording.range_row(each) for each in found.ranges]
        rows = tuple((*row[:4], {"cases": "patients", "seeds": "seeds"}[row[4]], row[5]) for row in told)
        note = " ".join(f"{by}: {assumes}." for by, assumes in dict.fromkeys((row[5], row[6]) for row in told))
        table = AuditTable("intervals", "Intervals that follow from the table", heads, frozenset({2, 3}), rows, note)
        yield AuditSection("intervals-section", "Intervals that were left out", (), (table,))


def _winners(found: Audit) -> Iterator[AuditSection]:
    told = tuple(wording.claim(each, standing) for standing in found.standings for each in standing.claims)
    if told:
        picture = room.figure(list(_panels(found.standings)), CERTAIN)
        yield AuditSection("winners", "What the winners are worth", (), picture=picture, points=told)


def _panels(standings: tuple[Standing, ...]) -> Iterator[CurvePanel]:
    for standing in standings:
        first = standing.claims[0]
        pair = first.pair
        if pair.curve is not None:
            rival = pair.worse if pair.better is first.entry else pair.better
            probability = pair.curve.probability if pair.better is first.entry else 1 - pair.curve.probability
            curve = ProbabilityCurve(
                f"{first.entry.method} better than {rival.method}",
                [float(each) for each in pair.curve.agreement],
                [float(each) for each in probability],
            )
            yield CurvePanel(standing.title, pair.curve.axis, (curve,))
        if first.best is not None:
            curve = ProbabilityCurve(
                f"{first.entry.method} the best of all",
                [float(each) for each in first.best.agreement],
                [float(each) for each in first.best.probability],
            )
            yield CurvePanel(standing.title, first.best.axis, (curve,))


def _pairs(found: Audit) -> Iterator[AuditSection]:
    order = ("told apart at no agreement", "told apart at some agreements", "told apart at every agreement")
    known = [(standing.title, pair) for standing in found.standings for pair in standing.pairs if pair.verdict in order]
    known.sort(key=lambda each: order.index(each[1].verdict))
    if known:
        rows = tuple((title, *wording.pair_row(pair)) for title, pair in known[:MOST_PAIRS])
        kept = [place for place in range(len(PAIRS)) if any(row[place] for row in rows)]
        numbers = frozenset(new for new, place in enumerate(kept) if 3 <= place <= 5)
        heads = tuple(PAIRS[place] for place in kept)
        left = len(known) - len(rows)
        cells = tuple(tuple(row[place] for place in kept) for row in rows)
        note = f"{left} more pairs are not printed." if left else ""
        table = AuditTable("pairs", "Pairs, those that cannot be told apart first", heads, numbers, cells, note)
        yield AuditSection("pairs-section", "Which methods can be told apart", (), (table,))


def _assumptions() -> AuditSection:
    return AuditSection("assumptions", "What is assumed", (), points=wording.ASSUMPTIONS)
