"""How the report calls losses, targets, roles and adjustments: an Analysis in, short texts out."""

from __future__ import annotations

from dataclasses import replace

from cxr_report.analysis.value import BOTH, CASES, Analysis, Target
from cxr_report.losses import CATALOGUE
from cxr_report.metrics import METRICS
from cxr_report.report import hangul, numerals
from cxr_report.report.language import ENGLISH, Speech, phrase, speech
from cxr_report.report.pieces import text_of

__all__ = [
    "adjustment",
    "counted",
    "counting",
    "divergence",
    "family",
    "labelled",
    "localised",
    "number_of_seeds",
    "roles",
    "short",
    "short_target",
    "spoken",
    "tested",
    "titled",
    "up_to",
]

ROOM = 22
"""Chosen: Latin letters that a name may be as broad as beside another one in a table, or above a small panel."""

_ADJUSTMENTS = {
    "none": phrase("no adjustment for multiple comparisons"),
    "bonferroni": phrase("Bonferroni’s adjustment"),
    "holm": phrase("Holm’s adjustment"),
    "hochberg": phrase("Hochberg’s adjustment"),
    "hommel": phrase("Hommel’s adjustment"),
    "bh": phrase("Benjamini and Hochberg’s adjustment"),
    "by": phrase("Benjamini and Yekutieli’s adjustment"),
}

_PROPER = ("Brier", "Cohen’s", "Matthews")
"""Words with which a title begins that keep their capital inside a sentence."""


def adjustment(analysis: Analysis) -> str:
    """Return how the plan's adjustment for multiple comparisons is called."""
    return speech(analysis).text(_ADJUSTMENTS[analysis.study.analysis.adjustment])


def titled(metric: str, say: Speech = ENGLISH) -> str:
    """Return a metric's title as it begins a sentence, or stands in a table."""
    return say.text(METRICS[metric].title).replace("'", "’")


def spoken(metric: str, say: Speech = ENGLISH) -> str:
    """Return a metric's title as it stands inside a sentence."""
    title = titled(metric, say)
    if say.language != "en":
        return title
    if title.split()[0] in _PROPER or not title[1:2].islower():
        return title
    return title[0].lower() + title[1:]


def localised(analysis: Analysis) -> Analysis:
    """Name the losses of the catalogue in the report's language; a label of the user's own stays as it is."""
    say = speech(analysis)
    names = (*analysis.study.losses, *analysis.study.noise_floor.identical)
    labels = {name: _localised(analysis, name, say) for name in names if name in analysis.labels}
    return replace(analysis, labels={**analysis.labels, **labels})


def _localised(analysis: Analysis, name: str, say: Speech) -> str:
    label, loss = analysis.labels[name], analysis.study.entry(name)
    entry = CATALOGUE.get(loss.loss or "")
    if entry is None or loss.label is not None:
        return label
    title = entry.title.partition(" (")[0]
    return say.text(title) + label.removeprefix(title) if label.startswith(title) else label


def short(analysis: Analysis) -> dict[str, str]:
    """Return a short name for every loss: its label, or else its key in the study, or else a code.

    Returns:
        Loss -> name at most as broad as `ROOM` Latin letters; no two are equal.
    """
    found: dict[str, str] = {}
    for place, loss in enumerate(analysis.losses, start=1):
        free = [name for name in (analysis.labels[loss], loss) if name not in found.values()]
        found[loss] = next((name for name in free if hangul.breadth(name) <= ROOM), f"L{place}")
    return found


def short_target(analysis: Analysis, target: Target) -> str:
    """Return what a test holds for other samples of, such as ``seeds and patients``."""
    say = speech(analysis)
    if analysis.data.patients_known:
        told = {BOTH: phrase("seeds and patients"), CASES: phrase("patients, these runs")}
    else:
        told = {BOTH: phrase("seeds and cases"), CASES: phrase("cases, these runs")}
    return say.text(told.get(target, phrase("seeds, these cases")))


def roles(analysis: Analysis) -> dict[str, str]:
    """Return what the plan makes of each metric: primary, secondary and tested in order, or exploratory."""
    say, order = speech(analysis), analysis.study.analysis.hierarchy
    steps = {
        metric: say.text("secondary, step {place} of the hierarchy", place=str(place))
        for place, metric in enumerate(order, start=2)
    }
    primary = analysis.study.metrics.primary
    return {
        metric: say.text("primary") if metric == primary else steps.get(metric, say.text("secondary, exploratory"))
        for metric in analysis.metrics
    }


def family(analysis: Analysis) -> tuple[int, str]:
    """Return how many comparisons the declared family has, and what they are, such as ``pairs of losses``."""
    say, plan, k = speech(analysis), analysis.study.analysis, len(analysis.losses)
    if plan.family == "all":
        return k * (k - 1) // 2, say.text("pair of losses" if k == 2 else "pairs of losses")
    baseline = analysis.labels[plan.baseline]
    what = say.counted(k - 1, "comparison with {baseline}", "comparisons with {baseline}", baseline=baseline)
    return k - 1, text_of(what)


def counted(analysis: Analysis, *, single: bool = False) -> str:
    """Return what stands behind most tables and figures, to close their captions.

    Args:
        analysis: everything.
        single: whether findings are shown one by one, each with the cases whose label is known.
    """
    say = speech(analysis)
    cases = up_to(analysis) if single else tested(analysis)
    if cases and analysis.data.patients_known:
        patients = numerals.count(analysis.data.n_test_patients)
        cases = say.text("{cases} of {patients} patients", cases=cases, patients=patients)
    seeds = say.text("{seeds} per loss function", seeds=number_of_seeds(len(analysis.seeds), say=say))
    return counting(cases, seeds)


def tested(analysis: Analysis) -> str:
    """Return how many cases the losses were tested on; empty where scores alone are given."""
    cases = numerals.count(analysis.data.n_test)
    return speech(analysis).text("{cases} test cases", cases=cases) if analysis.study.predicted else ""


def labelled(analysis: Analysis) -> dict[str, int]:
    """Return for every finding how many test cases have a known label; empty where every case has one class."""
    return {
        entry.klass: sum(map(sum, entry.counts)) // entry.n_seeds
        for entry in analysis.confusions
        if entry.klass and entry.n_seeds
    }


def up_to(analysis: Analysis) -> str:
    """Return how many cases stand behind a finding: up to as many as were tested, where labels are not known."""
    some = any(known < analysis.data.n_test for known in labelled(analysis).values())
    return speech(analysis).text("up to {cases}", cases=tested(analysis)) if some else tested(analysis)


def divergence(analysis: Analysis) -> tuple[str, ...]:
    """Return how many runs diverged, of all and per loss, as it stands beside every comparison.

    Returns:
        One sentence; none where nothing was trained here.
    """
    if not analysis.study.trained:
        return ()
    say, ended = speech(analysis), str(sum(run.state != "missing" for run in analysis.runs))
    per = [
        f"{analysis.labels[loss]} {count}"
        for loss in analysis.losses
        if (count := sum(run.loss == loss for run in analysis.diverged))
    ]
    number = str(len(analysis.diverged))
    if not per:
        return (say.text("Diverged runs: {number} of {ended}.", number=number, ended=ended),)
    told = say.text("Diverged runs: {number} of {ended} ({losses}).", number=number, ended=ended, losses="; ".join(per))
    return (told,)


def number_of_seeds(count: int, kind: str = "", *, say: Speech = ENGLISH) -> str:
    """Return a number of seeds with the right ending.

    Args:
        count: how many.
        kind: ``paired``, or empty.
        say: the language.

    Example:
        >>> number_of_seeds(1), number_of_seeds(5, "paired")
        ('1 seed', '5 paired seeds')
    """
    if kind == "paired":
        return text_of(say.counted(count, "{n} paired seed", "{n} paired seeds", n=str(count)))
    return text_of(say.counted(count, "{n} seed", "{n} seeds", n=str(count)))


def counting(*parts: str) -> str:
    """Return what was counted as it closes a caption; what is empty is left out.

    Example:
        >>> counting("", "3 losses", "5 seeds")
        'n = 3 losses, 5 seeds'
    """
    return f"n = {', '.join(part for part in parts if part)}"
