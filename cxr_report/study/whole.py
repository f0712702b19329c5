"""All sections of a study file come in, one frozen Study goes out, in which they fit together."""

from __future__ import annotations

import re
from itertools import combinations, product
from typing import Any

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    field_validator,
    model_serializer,
    model_validator,
)

from cxr_report.errors import nearest
from cxr_report.losses import CATALOGUE, SIGMOID, SOFTMAX, alike, identity
from cxr_report.metrics import METRICS, NEEDS_VALIDATION, RANKED
from cxr_report.study.hashing import digest
from cxr_report.study.inference import Inference
from cxr_report.study.plan import Analysis, Metrics, NoiseFloor
from cxr_report.study.search import Tuning
from cxr_report.study.sections import Data, Loss, Model, Report, Section, Task, Training
from cxr_report.study.space import check_space, resolved, searched_parameters

__all__ = ["FLOOR_STEP", "MOST_SEEDS", "RESERVED", "Study"]

FLOOR_STEP = 1_000_000
"""Chosen: added to a seed, it gives the seed of the noise floor; far beyond what anyone lists by hand."""

MOST_SEEDS = 2**31
"""Seeds lie below it."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
RESERVED = re.compile(
    r"(analysis|report|controls|tuning)([-.].*)?|templates|truth-.*|gallery\.npz|study\.json|data\.json", re.IGNORECASE
)
"""Names of a study's own files, which no loss may have."""


class Study(Section):
    """One question: data, model, losses, seeds, metrics, analysis plan."""

    name: str
    task: Task
    data: Data
    model: Model = Model()
    training: Training = Training()
    losses: dict[str, Loss] = Field(min_length=1)
    seeds: tuple[int, ...]
    metrics: Metrics = Metrics()
    analysis: Analysis = Analysis()
    noise_floor: NoiseFloor = NoiseFloor()
    tuning: Tuning | None = None
    inference: Inference = Inference()
    report: Report = Report()

    @field_validator("name")
    @classmethod
    def _folder_name(cls, value: str) -> str:
        if not _NAME.fullmatch(value):
            raise ValueError(f"a study's name is 1 to 64 letters, digits, '.', '_' or '-', got {value!r}")
        return value

    @field_validator("seeds", mode="before")
    @classmethod
    def _count_or_list(cls, value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int):
            return value
        if not 2 <= value <= 1000:
            raise ValueError(f"a count of seeds lies in 2 to 1000, got {value}; one seed has no spread to test against")
        return tuple(range(1, value + 1))

    @field_validator("seeds")
    @classmethod
    def _some_seeds(cls, value: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        if len(set(value)) < len(value):
            raise ValueError("a seed is named twice; each may stand once")
        data: Data | None = info.data.get("data")
        fewest = 1 if data is not None and data.table is not None and data.table.content == "predictions" else 2
        if len(value) < fewest:
            raise ValueError("at least 2 seeds are needed; one seed has no spread to test against")
        if min(value) < 0 or max(value) >= MOST_SEEDS:
            raise ValueError("seeds lie in 0 to 2147483647")
        return tuple(sorted(value))

    @field_validator("losses")
    @classmethod
    def _names_of_losses(cls, value: dict[str, Loss]) -> dict[str, Loss]:
        _refuse_names(list(value))
        if len(value) < 2:
            raise ValueError("at least 2 losses are needed for a comparison")
        return value

    @model_validator(mode="after")
    def _possible(self) -> Study:
        self._losses_fit_source()
        self._losses_fit_task()
        self._metrics_fit_task()
        self._data_fits_task()
        self._analysis_fits()
        self._floor_fits()
        self._tuning_fits()
        if self.inference.variants and not self.trained:
            raise ValueError("inference.variants: go with runs that are trained here, and not with a table")
        return self

    def _analysis_fits(self) -> None:
        plan, secondary = self.analysis, self.metrics.secondary
        if plan.margin >= 1 and self.metrics.primary in METRICS:
            raise ValueError(f"analysis.margin: must be less than 1 for {self.metrics.primary}, got {plan.margin:g}")
        baseline = plan.baseline or next(iter(self.losses))
        if baseline not in self.losses:
            raise ValueError(
                f"analysis.baseline: {baseline!r} is not among the losses {', '.join(self.losses)}"
                f"{nearest(baseline, self.losses)}"
            )
        for place, name in enumerate(plan.hierarchy):
            if name not in secondary:
                raise ValueError(
                    f"analysis.hierarchy: {name!r} is not among metrics.secondary; allowed: "
                    f"{', '.join(secondary) or 'none, since there are no secondary metrics'}{nearest(name, secondary)}"
                )
            if name in plan.hierarchy[:place]:
                raise ValueError(f"analysis.hierarchy: names {name!r} twice; each may stand once")
        asked = plan.multiverse.adjustments
        adjustments = (
            asked if plan.adjustment in asked else (*asked, plan.adjustment)
        )  # the planned row is always there
        looked_at = {"metrics": self._looked_at(), "adjustments": adjustments}
        multiverse = plan.multiverse.model_copy(update=looked_at)
        resolved = plan.model_copy(update={"baseline": baseline, "multiverse": multiverse})
        object.__setattr__(self, "analysis", resolved)

    def _looked_at(self) -> tuple[str, ...]:
        known = (self.metrics.primary, *self.metrics.secondary)
        for name in self.analysis.multiverse.metrics:
            if name not in known:
                raise ValueError(
                    f"analysis.multiverse.metrics: {name!r} is neither the primary nor a secondary metric; allowed: "
                    f"{', '.join(known)}{nearest(name, known)}"
                )
        return self.analysis.multiverse.metrics or known

    def _floor_fits(self) -> None:
        for seed, far in zip(self.seeds, self.floor_seeds, strict=False):
            if far in self.seeds:
                raise ValueError(
                    f"noise_floor.seeds: the floor's seed for seed {seed} is {far}, which is one of the study's seeds; "
                    f"allowed: seeds of which no two lie {FLOOR_STEP} apart"
                )
        _refuse_names([*self.losses, *self.noise_floor.identical])
        for name, loss in self.noise_floor.identical.items():
            if name in self.losses:
                raise ValueError(f"noise_floor.identical.{name}: is the name of a loss of the study; give it its own")
            self._refuse_no_twin(name, loss)

    def _refuse_no_twin(self, name: str, loss: Loss) -> None:
        if self._partner(name) is not None:
            return
        same = [other for other, entry in self.losses.items() if _function(entry) == _function(loss)]
        if same:
            raise ValueError(
                f"noise_floor.identical.{name}: has another learning rate or weight decay than {same[0]}, with which "
                "it shares its function; allowed: the same ones"
            )
        known = "; ".join(
            f"to {other}: {', '.join(alike(entry.loss, entry.parameters))}"
            for other, entry in self.losses.items()
            if entry.loss is not None
        )
        raise ValueError(
            f"noise_floor.identical.{name}: is identical to no loss of the study; identical would be {known}"
        )

    def _tuning_fits(self) -> None:
        for name in (*self.losses, *self.noise_floor.identical):
            if self.entry(name).tuning and (self.tuning is None or name not in self.losses):
                needs = "a compared loss" if self.tuning is not None else "a section [tuning]"
                raise ValueError(f"{self.key(name)}.tuning: goes with {needs}")
        if self.tuning is None:
            return
        if not self.trained:
            raise ValueError("tuning: goes with runs that are trained here, and not with a table")
        object.__setattr__(self, "tuning", resolved(self.tuning, self.training))
        check_space(self.tuning, self.losses)
        for first, second in self.floor_twins():
            self._refuse_parting(first, second)

    def _refuse_parting(self, first: str, second: str) -> None:
        """Refuse an identical loss that could not follow its partner through tuning, being another formula."""
        ours, theirs = self.losses[first], self.entry(second)
        searched = [] if self.tuning is None else searched_parameters(self.tuning, ours)
        if searched and (ours.loss, ours.function) != (theirs.loss, theirs.function):
            raise ValueError(
                f"{self.key(second)}: is identical to {first} only with the parameters that are written, and tuning "
                f"searches {', '.join(searched)}; allowed: the same loss, or losses.{first}.tuning with 'fixed' for it"
            )

    def _partner(self, name: str) -> str | None:
        """Return the first loss of the study that is the same function, trained in the same way."""
        return next((other for other in self.losses if self._sameness(other) == self._sameness(name)), None)

    def _sameness(self, name: str) -> tuple[Any, ...]:
        return (_function(self.entry(name)), self.learning_rate(name), self.weight_decay(name))

    def _losses_fit_source(self) -> None:
        if (self.task == "none") == self.predicted:
            raise ValueError("task: 'none' goes with a table of scores alone; allowed: binary, multiclass, multilabel")
        for name, loss in self.losses.items():
            if loss.reported == self.trained:
                raise ValueError(
                    f"losses.{name}: a reported loss goes with data.source = 'table' and with nothing else"
                )

    def _losses_fit_task(self) -> None:
        wanted = SIGMOID if self.task == "multilabel" else SOFTMAX
        for name, loss in self.losses.items():
            entry = CATALOGUE.get(loss.loss or "")
            if entry is not None and self.task not in entry.tasks:
                fitting = [key for key, other in CATALOGUE.items() if other.tasks == wanted]
                raise ValueError(
                    f"losses.{name}: {entry.name} is for {' and '.join(entry.tasks)} studies, this one is {self.task}; "
                    f"allowed: {', '.join(fitting)}"
                )

    def _metrics_fit_task(self) -> None:
        asked = (self.metrics.primary, *self.metrics.secondary)
        for name in asked if self.predicted else ():
            if self.task not in METRICS[name].tasks:
                fitting = [key for key, metric in METRICS.items() if self.task in metric.tasks]
                raise ValueError(
                    f"metrics: {name} is not defined for {self.task} studies; allowed: {', '.join(fitting)}"
                )
            if name not in self.scored_metrics():
                lack = "validation cases" if name in NEEDS_VALIDATION and self.decides else "probabilities"
                raise ValueError(
                    f"metrics: {name} needs {lack}, which the table does not hold; allowed: "
                    f"{', '.join(self.scored_metrics())}"
                )

    def _data_fits_task(self) -> None:
        data = self.data
        if data.positive is not None and self.task != "binary":
            raise ValueError(f"data.positive goes with task = 'binary', this study is {self.task}")
        if data.classes is not None and data.positive is not None and data.positive not in data.classes:
            raise ValueError(
                f"data.positive: {data.positive!r} is not among data.classes{nearest(data.positive, data.classes)}"
            )
        if self.task == "multilabel" and data.source == "folder":
            raise ValueError("data.source: a folder per class cannot hold several findings a case; use a manifest")
        if self.task == "multilabel" and data.source == "manifest" and not data.classes:
            raise ValueError("data.classes: a multilabel manifest needs the list of its finding columns")
        if self.task == "binary" and data.source in ("folder", "manifest") and data.positive is None:
            raise ValueError("data.positive: a binary study needs the name of its positive class")
        for each in data.external:
            if self.task == "multilabel" and each.source == "folder":
                raise ValueError("data.external: a folder per class cannot hold several findings a case")
            if self.task != "binary" and each.positive is not None:
                raise ValueError(f"data.external: positive goes with task = 'binary', this study is {self.task}")

    @property
    def trained(self) -> bool:
        """Whether the runs are trained here; the others come from a table of numbers."""
        return self.data.table is None

    @property
    def predicted(self) -> bool:
        """Whether there are predictions for cases, and not scores alone."""
        return self.data.table is None or self.data.table.content == "predictions"

    @property
    def decides(self) -> bool:
        """Whether predictions are probabilities, so that a class can be decided for, and not ranks of cases alone."""
        return self.predicted and (self.data.table is None or self.data.table.scale != "ranking")

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that have predictions, in the order val, test; none where scores alone are given."""
        if self.data.table is None:
            return ("val", "test")
        return tuple(split for split in ("val", "test") if split in self.data.table.splits)

    def scored_metrics(self) -> tuple[str, ...]:
        """Return the metrics that every run has: those of the catalogue that can be computed, or those given."""
        if not self.predicted:
            return (self.metrics.primary, *self.metrics.secondary)
        known = [name for name, metric in METRICS.items() if self.task in metric.tasks]
        if not self.decides:
            return tuple(name for name in known if name in RANKED)
        return tuple(name for name in known if "val" in self.splits or name not in NEEDS_VALIDATION)

    @model_serializer(mode="wrap")
    def _without_what_was_not_done(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        plain: dict[str, Any] = handler(self)
        gone = {*(() if self.trained else ("model", "training", "noise_floor")), *(() if self.tuning else ("tuning",))}
        gone |= set() if self.inference.variants else {"inference"}
        return {key: value for key, value in plain.items() if key not in gone}

    @property
    def floor_seeds(self) -> tuple[int, ...]:
        """The seeds of the baseline's further runs, one for each of the study's; empty without that noise floor."""
        return tuple((seed + FLOOR_STEP) % MOST_SEEDS for seed in self.seeds) if self.noise_floor.seeds else ()

    def compared_runs(self) -> tuple[tuple[str, int], ...]:
        """Return the runs that are compared as (loss, seed), loss by loss."""
        return tuple(product(self.losses, self.seeds))

    def floor_runs(self) -> tuple[tuple[str, int], ...]:
        """Return the runs of the noise floor as (loss, seed): the baseline's further seeds, the identical losses."""
        further = product((self.analysis.baseline,), self.floor_seeds)
        return (*further, *product(self.noise_floor.identical, self.seeds))

    def planned_runs(self) -> tuple[tuple[str, int], ...]:
        """Return every run as (loss, seed): the compared ones, then those of the noise floor."""
        return (*self.compared_runs(), *self.floor_runs())

    def entry(self, name: str) -> Loss:
        """Return a loss of the study, or one that is identical to it, by its name.

        Raises:
            KeyError: the study has no such loss.
        """
        return self.losses[name] if name in self.losses else self.noise_floor.identical[name]

    def key(self, name: str) -> str:
        """Return where a loss stands in the study file, for a message."""
        return f"losses.{name}" if name in self.losses else f"noise_floor.identical.{name}"

    def twins(self) -> tuple[tuple[str, str], ...]:
        """Return pairs of losses that are the same function, trained in the same way.

        First each loss of the noise floor behind its partner among the compared losses, then the pairs among those.
        """
        among = [pair for pair in combinations(self.losses, 2) if self._sameness(pair[0]) == self._sameness(pair[1])]
        return (*self.floor_twins(), *among)

    def floor_twins(self) -> tuple[tuple[str, str], ...]:
        """Return each identical loss of the noise floor behind its partner among the compared losses."""
        found = [(self._partner(name), name) for name in self.noise_floor.identical]
        return tuple((first, second) for first, second in found if first is not None)

    def plan(self) -> dict[str, Any]:
        """Return what defines the runs and the analysis: everything but name, seeds and report, as plain data."""
        return self.model_dump(mode="json", exclude={"name", "seeds", "report"})

    def run_identity(self, loss: str, seed: int, fingerprint: str) -> str:
        """Return the hash of all that decides a run's weights: data, model, training, loss and seed.

        Args:
            loss: name of a loss of the study, or of one that is identical to it.
            seed: the run's seed.
            fingerprint: sha256 of the decoded data.
        """
        entry = self.entry(loss).model_dump(mode="json", exclude={"label", "formula", "reference", "tuning"})
        return digest(
            {
                "task": self.task,
                "fingerprint": fingerprint,
                "model": self.model.model_dump(mode="json", exclude={"pretrained"}),
                "training": self.training.model_dump(mode="json"),
                "primary": self.metrics.primary,
                "loss": entry,
                "seed": seed,
            }
        )

    def learning_rate(self, loss: str) -> float:
        """Return the peak learning rate of a loss: its own, or the study's."""
        own = self.entry(loss).training.learning_rate
        return self.training.learning_rate if own is None else own

    def weight_decay(self, loss: str) -> float:
        """Return the weight decay of a loss: its own, or the study's."""
        own = self.entry(loss).training.weight_decay
        return self.training.weight_decay if own is None else own


def _function(loss: Loss) -> tuple[Any, ...]:
    """Return what decides whether two losses are the same function; one of the user's own is the same as itself."""
    if loss.reported:
        return ("reported", loss.label)
    if loss.loss is None:
        return ("own", loss.function, tuple(sorted(loss.parameters.items())))
    return ("catalogue", *identity(loss.loss, loss.parameters))


def _refuse_names(names: list[str]) -> None:
    for name in names:
        if not _NAME.fullmatch(name) or RESERVED.fullmatch(name):
            raise ValueError(
                f"a loss's name becomes a folder: 1 to 64 letters, digits, '.', '_' or '-', "
                f"and not a name of the study's own files, got {name!r}"
            )
    if len({name.lower() for name in names}) < len(set(names)):
        raise ValueError("two losses differ only in upper and lower case, which some disks cannot tell apart")
