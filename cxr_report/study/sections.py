"""The sections of a study file that say what is trained and how the report looks: plain data in, frozen values out."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from cxr_report.errors import nearest
from cxr_report.losses import CATALOGUE
from cxr_report.study.search import Dimension
from cxr_report.study.section import Section, Shown, Written

__all__ = [
    "Augmentation",
    "Data",
    "External",
    "Loss",
    "Model",
    "Phantom",
    "Report",
    "Section",
    "SplitRule",
    "Table",
    "Task",
    "Training",
    "TrainingOverride",
]

Task = Literal["binary", "multiclass", "multilabel", "none"]
"""What a case's truth is; ``none`` where scores alone are given, whose cases are not known."""

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
"""Of an external test set."""

_KNOWN_COLUMNS = ("path", "label", "split", "patient_id", "sex", "age", "view")
"""Of a manifest."""

_FUNCTION = r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$"


class Phantom(Section):
    """The built-in synthetic radiographs."""

    seed: int = Field(0, ge=0)
    patients: int = Field(600, ge=12, le=1_000_000)
    images_per_patient: float = Field(1.4, ge=1.0, le=10.0, description="mean number of images of one patient")
    findings: tuple[str, ...] = Field(
        ("consolidation", "effusion"), min_length=1, description="among consolidation, effusion, nodule, cardiomegaly"
    )
    prevalence: float = Field(0.3, gt=0.0, lt=1.0, description="share of cases with each finding")
    difficulty: float = Field(0.5, ge=0.0, le=1.0, description="0 plain to see, 1 hardly visible")


class SplitRule(Section):
    """How cases are split where the source does not say it: by patient, stratified by class."""

    seed: int = Field(0, ge=0)
    validation: float = Field(0.2, gt=0.0, lt=1.0)
    test: float = Field(0.2, gt=0.0, lt=1.0)

    @model_validator(mode="after")
    def _leaves_something_to_train_on(self) -> SplitRule:
        if self.validation + self.test >= 0.95:
            raise ValueError("validation + test must stay below 0.95 of the cases")
        return self


class Table(Section):
    """Numbers of runs that were not trained here, read from a table; written by ``compare``, never by hand."""

    content: Literal["scores", "predictions"]
    scale: Literal["probabilities", "logits", "ranking"] | None = Field(
        None, description="what predictions are; ranking: a score of which only the order is known"
    )
    splits: tuple[Literal["val", "test"], ...] = Field((), description="those that have predictions")
    left_out: dict[int, tuple[str, ...]] = Field(
        default_factory=dict, description="seeds that were dropped, and the losses that lack them"
    )

    @model_validator(mode="after")
    def _fits_content(self) -> Table:
        predicted = self.content == "predictions"
        if predicted != (self.scale is not None) or predicted != ("test" in self.splits):
            raise ValueError("predictions have a scale and test cases, scores have neither")
        return self


class External(Section):
    """Test cases of another source: the same runs predict them, and nothing is trained, chosen or tuned on them."""

    name: str = Field(description="becomes part of file names")
    label: Shown = Field("", description="how the report calls it; default: its name")
    source: Literal["folder", "manifest", "medmnist", "phantom"]
    path: str = Field("", description="folder, CSV or .npz, relative to the study file")
    split: Literal["all", "test"] = Field("all", description="which cases of the source are taken")
    classes: dict[Shown, Shown] = Field(
        default_factory=dict, description="a class or finding as the source calls it -> as the study does"
    )
    positive: Shown | None = Field(None, description="what the source calls the positive class of a binary study")
    columns: dict[str, str] = Field(default_factory=dict, description="other names of manifest columns")
    patients: Literal["same", "other"] = Field(
        "same", description="whether an equal name of a patient is the same person as in the study's own source"
    )
    phantom: Phantom | None = None

    @field_validator("name")
    @classmethod
    def _part_of_a_file_name(cls, value: str) -> str:
        if not _NAME.fullmatch(value):
            raise ValueError(f"must be 1 to 32 of a to z, 0 to 9 and '-', not at an end, got {value!r}")
        return value

    @field_validator("columns")
    @classmethod
    def _known_columns(cls, value: dict[str, str]) -> dict[str, str]:
        return _columns(value)

    @model_validator(mode="after")
    def _path_fits_source(self) -> External:
        _fits(self.source, self.path, self.phantom)
        return self

    @property
    def title(self) -> str:
        """How the report calls it."""
        return self.label or self.name


class Data(Section):
    """Where the cases come from and how an image becomes a square of grey values."""

    source: Literal["folder", "manifest", "medmnist", "phantom", "table"]
    path: str = Field("", description="folder, CSV or .npz, relative to the study file")
    image_size: int = Field(64, ge=16, le=1024, description="side of the square image in pixels")
    resize: Literal["pad", "crop", "squash"] = "pad"
    classes: tuple[Shown, ...] | None = Field(None, description="order of the classes, or the finding columns")
    positive: Shown | None = Field(None, description="the positive class of a binary study")
    columns: dict[str, str] = Field(default_factory=dict, description="other names of manifest columns")
    split: SplitRule = SplitRule()
    allow_leakage: bool = False
    on_bad_image: Literal["refuse", "skip"] = "refuse"
    publish_names: bool = False
    phantom: Phantom | None = None
    table: Table | None = None
    external: tuple[External, ...] = Field((), description="test sets of other sources; may be added at any time")

    @field_validator("columns")
    @classmethod
    def _known_columns(cls, value: dict[str, str]) -> dict[str, str]:
        return _columns(value)

    @field_validator("external")
    @classmethod
    def _each_once(cls, value: tuple[External, ...]) -> tuple[External, ...]:
        for field in ("name", "title"):
            names = [getattr(each, field) for each in value]
            twice = [name for name in names if names.count(name) > 1]
            if twice:
                raise ValueError(f"two sets are called {twice[0]!r}; each needs a name and a label of its own")
        return value

    @model_validator(mode="after")
    def _path_fits_source(self) -> Data:
        _fits(self.source, self.path, self.phantom)
        if self.external and self.source == "table":
            raise ValueError("external goes with runs that are trained here, and not with a table")
        if (self.source == "table") != (self.table is not None):
            raise ValueError("source = 'table' and section table go together; `cxr-report compare` writes them")
        return self

    @model_serializer(mode="wrap")
    def _without_what_does_not_apply(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        plain: dict[str, Any] = handler(self)
        if self.table is None:
            gone = ("table",) if self.external else ("table", "external")
            return {key: value for key, value in plain.items() if key not in gone}
        return {key: value for key, value in plain.items() if key in ("source", "path", "classes", "positive", "table")}


def _columns(value: dict[str, str]) -> dict[str, str]:
    for key in value:
        if key not in _KNOWN_COLUMNS:
            raise ValueError(
                f"unknown column {key!r}; allowed: {', '.join(_KNOWN_COLUMNS)}{nearest(key, _KNOWN_COLUMNS)}"
            )
    return value


def _fits(source: str, path: str, phantom: Phantom | None) -> None:
    if source == "phantom" and path:
        raise ValueError("path does not go with source = 'phantom', which is made by the program")
    if source != "phantom" and not path:
        raise ValueError(f"path is missing: source = {source!r} needs one")
    if source != "phantom" and phantom is not None:
        raise ValueError(f"section phantom goes with source = 'phantom', not with {source!r}")


class Model(Section):
    """The network that every run trains."""

    name: Literal["small-resnet", "densenet121", "resnet18", "custom"] = "small-resnet"
    width: int = Field(16, ge=4, le=256, description="channels of the first stage of small-resnet")
    dropout: float = Field(0.0, ge=0.0, lt=1.0)
    pretrained: str | None = Field(None, description="local file with weights, relative to the study file")
    pretrained_sha256: str | None = None
    function: str | None = Field(None, pattern=_FUNCTION, description="package.module:name for name = 'custom'")
    function_sha256: str | None = None

    @model_validator(mode="after")
    def _function_goes_with_custom(self) -> Model:
        if (self.name == "custom") != (self.function is not None):
            raise ValueError("function = 'package.module:name' and name = 'custom' go together")
        return self


class Augmentation(Section):
    """Random changes of training images; every figure is the largest change."""

    shift: float = Field(0.06, ge=0.0, le=0.5, description="share of the side")
    rotation: float = Field(7.0, ge=0.0, le=180.0, description="degrees")
    scale: float = Field(0.08, ge=0.0, le=0.5, description="relative")
    brightness: float = Field(0.1, ge=0.0, le=1.0, description="added, of the full range")
    contrast: float = Field(0.15, ge=0.0, lt=1.0, description="relative")
    flip: bool = Field(False, description="mirror left and right; off, for the heart is on the left")


class TrainingOverride(Section):
    """What one loss may have of its own."""

    learning_rate: float | None = Field(None, gt=0.0, le=10.0)
    weight_decay: float | None = Field(None, ge=0.0, le=10.0)


class Training(Section):
    """How every run is trained."""

    epochs: int = Field(20, ge=1, le=10_000)
    batch_size: int = Field(32, ge=2, le=65_536)
    learning_rate: float = Field(2e-3, gt=0.0, le=10.0)
    weight_decay: float = Field(0.05, ge=0.0, le=10.0)
    schedule: Literal["one-cycle", "cosine"] = "one-cycle"
    checkpoint: Literal["best", "last"] = "best"
    precision: Literal["auto", "float32", "bfloat16"] = Field("auto", description="auto: bfloat16 on a GPU that has it")
    augmentation: Augmentation = Augmentation()


class Loss(Section):
    """One entry of the section losses: a loss of the catalogue, or a function of the user's own."""

    loss: str | None = None
    parameters: dict[str, float] = Field(default_factory=dict)
    function: str | None = Field(None, pattern=_FUNCTION)
    function_sha256: str | None = None
    formula: str | None = None
    reference: str | None = None
    label: Shown | None = Field(None, description="how the report calls it")
    training: TrainingOverride = TrainingOverride()
    tuning: dict[str, Dimension] = Field(default_factory=dict, description="where its parameters are searched")
    reported: bool = Field(False, description="known by its name alone: its runs were not trained here")

    @model_validator(mode="before")
    @classmethod
    def _gather_parameters(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        own = {key: entry for key, entry in value.items() if key in cls.model_fields}
        free = {key: entry for key, entry in value.items() if key not in cls.model_fields}
        if free:
            own["parameters"] = {**own.get("parameters", {}), **free}
        return own

    @model_serializer(mode="wrap")
    def _without_what_does_not_apply(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        plain: dict[str, Any] = handler(self)
        if self.reported:
            return {key: value for key, value in plain.items() if key in ("label", "reported")}
        gone = ("reported",) if self.tuning else ("reported", "tuning")
        return {key: value for key, value in plain.items() if key not in gone}

    @model_validator(mode="after")
    def _complete(self) -> Loss:
        if self.reported:
            if not self.label or self.loss or self.function or self.parameters or self.tuning:
                raise ValueError("a reported loss has a label and nothing else")
            return self
        if (self.loss is None) == (self.function is None):
            raise ValueError("either loss (a name of the catalogue) or function = 'package.module:name' must be given")
        if self.function is not None:
            missing = [key for key in ("formula", "reference") if getattr(self, key) is None]
            if missing:
                raise ValueError(f"a loss of your own needs {' and '.join(missing)} for the report's methods")
            self._searches_what_it_has({})
            return self
        return self._of_catalogue()

    def _of_catalogue(self) -> Loss:
        entry = CATALOGUE.get(self.loss or "")
        if entry is None:
            raise ValueError(
                f"unknown loss {self.loss!r}; allowed: {', '.join(CATALOGUE)}{nearest(self.loss or '', CATALOGUE)}"
            )
        known = {parameter.name: parameter for parameter in entry.parameters}
        options = ["label", "training", "tuning", *known]
        for key, given in self.parameters.items():
            if key not in known:
                raise ValueError(f"unknown key {key!r}; allowed: {', '.join(options)}{nearest(key, options)}")
            limits = known[key]
            if not limits.low <= given <= limits.high:
                raise ValueError(f"{key} must lie in [{limits.low:g}, {limits.high:g}], got {given:g}")
        filled = {name: self.parameters.get(name, parameter.default) for name, parameter in known.items()}
        object.__setattr__(self, "parameters", filled)
        self._searches_what_it_has({name: (parameter.low, parameter.high) for name, parameter in known.items()})
        return self

    def _searches_what_it_has(self, limits: Mapping[str, tuple[float, float]]) -> None:
        """Hold what shall be searched against the parameters and their limits, where these are known."""
        for name, dimension in self.tuning.items():
            if name not in self.parameters:
                known = ", ".join(self.parameters) or "nothing, since it has no parameter"
                raise ValueError(
                    f"tuning: {name!r} is none of its parameters; allowed: {known}{nearest(name, self.parameters)}"
                )
            (low, high), (least, most) = limits.get(name, (-math.inf, math.inf)), dimension.span
            if least < low or most > high:
                raise ValueError(f"tuning.{name} must lie in [{low:g}, {high:g}], got {least:g} to {most:g}")


class Report(Section):
    """What may change at any time: how the report is presented."""

    title: Shown = Field("", max_length=300)
    authors: tuple[Shown, ...] = ()
    language: Literal["en", "ko"] = "en"
    style: Literal["report", "article"] = Field("report", description="one column, or two as in a journal")
    templates: str = Field("", description="folder of templates of one's own, relative to the study file")
    introduction: Written = Field(
        "", max_length=20_000, description="text of the authors' own; blank lines part paragraphs"
    )
    show_cases: bool | None = Field(None, description="whether test images may be published; left out: phantoms only")

    def shows_cases(self, source: str) -> bool:
        """Say whether pixels of test cases may be published: as decided, and undecided those of the phantom alone.

        Args:
            source: where the data comes from.

        Example:
            >>> Report().shows_cases("phantom"), Report().shows_cases("manifest")
            (True, False)
        """
        return source == "phantom" if self.show_cases is None else self.show_cases
