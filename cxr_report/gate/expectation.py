"""A pilot's statistics or the user's components in, the variances that are to be expected out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from scipy import stats as distributions

from cxr_report.errors import Refusal
from cxr_report.runs import StudyFolder, read_json
from cxr_report.study import Components, Study, parse
from cxr_report.study.plan import MOST_SQUARE

__all__ = ["Expectation", "Pilot", "of_components", "of_pilot", "read_pilot"]

CONFIDENCE = 0.8
"""Chosen: of the upper bound of a pilot's mean square. Planned at the bound, four of five studies have the power or
more (Browne 1995, doi 10.1002/sim.4780141709)."""


PARTS = ("var_loss_seed", "var_error", "cov1", "cov2", "cov3")
"""Components of the analysis over seeds and cases."""

COUNTS = ("n_seeds", "n_cases")
"""Counts of it."""

BOTH = "seeds and cases"
"""What the analysis that power is computed from is over; it needs two seeds, one over cases alone one."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """The variances that decide the power of a comparison, and how they follow the number of test cases."""

    square: float
    """Mean square of loss x seed, in squared units of the metric."""
    error: float | None
    """The part of it that is sampling of cases and goes with 1 / cases; None = not known apart."""
    case: float
    """cov2 - cov3, at least 0; goes with 1 / cases."""
    cases: int | None
    """Test cases that all three refer to; None = those of the design."""
    df: int | None
    """Degrees of freedom behind the mean square; None = taken as known."""
    source: str
    """Where it comes from, in words."""

    def at(self, cases: int | None) -> tuple[float, float]:
        """Return mean square and case part for another number of test cases.

        The case part and the error part go with 1 / cases; what losses and seeds do together does not. A mean square
        below its own error part is chance and counts as that part, as in the analysis. Where the parts are not known
        apart, the mean square grows with fewer cases and does not shrink with more: either way it is not understated.
        """
        ratio = 1.0 if cases is None or self.cases is None else self.cases / cases
        if self.error is None:
            return self.square * max(1.0, ratio), self.case * ratio
        return max(self.square - self.error, 0.0) + self.error * ratio, self.case * ratio

    def upper(self) -> Expectation:
        """Return the same with the upper 80 % bound of the mean square, from chi-square; one that is known stays."""
        if self.df is None:
            return self
        return replace(self, square=self.square * self.df / float(distributions.chi2.ppf(1 - CONFIDENCE, self.df)))

    def scaling(self, cases: int | None) -> str:
        """Say what `at` does for a number of test cases; empty where nothing is scaled."""
        if cases is None or self.cases is None or cases == self.cases:
            return ""
        by = f"scaled by {self.cases}/{cases}, since {'it goes' if self.error is None else 'they go'} with 1/cases"
        if self.error is not None:
            return f"the case part and the error part of the mean square are {by}; its loss x seed part is not"
        whole = "as stated" if cases > self.cases else "scaled likewise"
        return f"the case part is {by}; the mean square, whose parts are not known apart, is taken {whole}"


@dataclass(frozen=True, slots=True)
class Pilot:
    """What a finished study says of itself."""

    study: Study
    n_losses: int
    joint: tuple[Mapping[str, Any], ...]
    """The analyses over seeds and cases, one per metric."""
    name: str


def of_components(components: Components) -> Expectation:
    """Take what the user states; the mean square of two losses over the pilot's seeds has seeds - 1 degrees of freedom.

    Example:
        >>> of_components(Components(ms=1e-4, case=2e-5)).at(None)
        (0.0001, 2e-05)
    """
    df = None if components.seeds is None else components.seeds - 1
    return Expectation(components.ms, None, components.case, components.cases, df, "the study's [analysis.components]")


def read_pilot(folder: StudyFolder) -> Pilot:
    """Read the finished study that serves as a pilot.

    Raises:
        Refusal: it was not analysed, or its statistics.json is none.
    """
    file = folder.analysis().statistics
    if not file.exists():
        raise Refusal(f"--pilot {folder.path}: holds no {folder.relative(file)}; a pilot is a study that was analysed")
    try:
        raw = read_json(file)
        study = parse(raw["study"], str(file))
        losses = _losses(raw["losses"], study)
        joint = tuple(_checked(dict(entry)) for entry in raw["joint"])
        return Pilot(study, losses, joint, folder.path.name)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise Refusal(
            f"--pilot {folder.path}: {file.name} is damaged or of another version ({type(error).__name__}: {error}); "
            "analyse the pilot again"
        ) from None


def _losses(names: Any, study: Study) -> int:
    """Count the losses that were analysed; each is one of the study's, and stands once.

    Raises:
        ValueError: they are none.
    """
    known = isinstance(names, list) and all(isinstance(name, str) and name in study.losses for name in names)
    if not known or not 2 <= len(set(names)) == len(names):
        raise ValueError(f"losses must be some of {', '.join(study.losses)}, each once, got {str(names)[:60]}")
    return len(names)


def _checked(entry: dict[str, Any]) -> dict[str, Any]:
    """Hold an analysis over seeds and cases against what its counts and components can be; null is undefined.

    Raises:
        KeyError: a count or a component is not there.
        ValueError: one is no number, or out of range.
    """
    for name in COUNTS:
        least = 2 if name == "n_cases" or entry.get("target", BOTH) == BOTH else 1
        if type(entry[name]) is not int or not least <= entry[name] < 2**31:
            raise ValueError(f"{name} must be a whole number from {least}, got {str(entry[name])[:60]}")
    for name in PARTS:
        value = entry[name]
        if value is not None and (type(value) not in (int, float) or not abs(value) <= MOST_SQUARE):
            raise ValueError(f"{name} must be a finite number or null, got {str(value)[:60]}")
    return entry


def of_pilot(pilot: Pilot, metric: str) -> Expectation:
    """Take the components of a pilot's analysis over seeds and cases.

    Args:
        pilot: the finished study.
        metric: the metric that is planned for.

    Returns:
        The mean square with (k - 1)(S - 1) degrees of freedom, its error part `var_error - cov1 - (cov2 - cov3)`.

    Raises:
        Refusal: the pilot has no such analysis of the metric.
    """
    found = [entry for entry in pilot.joint if entry.get("metric") == metric]
    usable = [entry for entry in found if entry.get("target", BOTH) == BOTH]
    if not usable:
        known = ", ".join(str(entry.get("metric")) for entry in pilot.joint) or "no metric"
        raise Refusal(
            f"--pilot {pilot.name}: has no analysis of {metric} over seeds and cases; it has one of {known}, and needs "
            "at least 2 seeds"
        )
    entry = usable[0]
    values = {name: entry[name] for name in PARTS}
    for name, value in values.items():
        if value is None:
            raise Refusal(f"--pilot {pilot.name}: its {name} of {metric} is undefined; analyse a pilot with more cases")
    return _expected(pilot, entry, {name: float(value) for name, value in values.items()})


def _expected(pilot: Pilot, entry: Mapping[str, Any], values: Mapping[str, float]) -> Expectation:
    between = values["cov2"] - values["cov3"]
    square = values["var_loss_seed"] + values["var_error"] - values["cov1"] - between
    seeds, cases = entry["n_seeds"], entry["n_cases"]
    return Expectation(
        square=max(square, 0.0),
        error=max(values["var_error"] - values["cov1"] - max(between, 0.0), 0.0),
        case=max(between, 0.0),
        cases=cases,
        df=(pilot.n_losses - 1) * (seeds - 1),
        source=f"the pilot {pilot.name} ({pilot.n_losses} losses x {seeds} seeds, {cases} test cases)",
    )
