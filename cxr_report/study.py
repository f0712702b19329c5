"""What is asked: a TOML file comes in, a frozen and fully resolved Study goes out."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from cxr_report.errors import Refusal, nearest
from cxr_report.losses import CATALOGUE, SIGMOID, SOFTMAX
from cxr_report.metrics import METRICS

__all__ = [
    "Analysis",
    "Augmentation",
    "Data",
    "Loss",
    "Metrics",
    "Model",
    "Phantom",
    "Report",
    "SplitRule",
    "Study",
    "Training",
    "TrainingOverride",
    "canonical",
    "digest",
    "load",
]

Task = Literal["binary", "multiclass", "multilabel"]
_FUNCTION = r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_RESERVED = re.compile(r"(analysis|report|controls)([-.].*)?|truth-.*|study\.json|data\.json", re.IGNORECASE)


class Section(BaseModel):
    """A part of the study file: frozen, and without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, protected_namespaces=())


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


class Data(Section):
    """Where the cases come from and how an image becomes a square of grey values."""

    source: Literal["folder", "manifest", "medmnist", "phantom"]
    path: str = Field("", description="folder, CSV or .npz, relative to the study file")
    image_size: int = Field(64, ge=16, le=1024, description="side of the square image in pixels")
    resize: Literal["pad", "crop", "squash"] = "pad"
    classes: tuple[str, ...] | None = Field(None, description="order of the classes, or the finding columns")
    positive: str | None = Field(None, description="the positive class of a binary study")
    columns: dict[str, str] = Field(default_factory=dict, description="other names of manifest columns")
    split: SplitRule = SplitRule()
    allow_leakage: bool = False
    on_bad_image: Literal["refuse", "skip"] = "refuse"
    publish_names: bool = False
    phantom: Phantom | None = None

    @field_validator("columns")
    @classmethod
    def _known_columns(cls, value: dict[str, str]) -> dict[str, str]:
        known = ("path", "label", "split", "patient_id", "sex", "age", "view")
        for key in value:
            if key not in known:
                raise ValueError(f"unknown column {key!r}; allowed: {', '.join(known)}{nearest(key, known)}")
        return value

    @model_validator(mode="after")
    def _path_fits_source(self) -> Data:
        if self.source == "phantom" and self.path:
            raise ValueError("path does not go with source = 'phantom', which is made by the program")
        if self.source != "phantom" and not self.path:
            raise ValueError(f"path is missing: source = {self.source!r} needs one")
        if self.source != "phantom" and self.phantom is not None:
            raise ValueError(f"section phantom goes with source = 'phantom', not with {self.source!r}")
        return self


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
    label: str | None = Field(None, description="how the report calls it")
    training: TrainingOverride = TrainingOverride()

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

    @model_validator(mode="after")
    def _complete(self) -> Loss:
        if (self.loss is None) == (self.function is None):
            raise ValueError("either loss (a name of the catalogue) or function = 'package.module:name' must be given")
        if self.function is not None:
            missing = [key for key in ("formula", "reference") if getattr(self, key) is None]
            if missing:
                raise ValueError(f"a loss of your own needs {' and '.join(missing)} for the report's methods")
            return self
        return self._of_catalogue()

    def _of_catalogue(self) -> Loss:
        entry = CATALOGUE.get(self.loss or "")
        if entry is None:
            raise ValueError(
                f"unknown loss {self.loss!r}; allowed: {', '.join(CATALOGUE)}{nearest(self.loss or '', CATALOGUE)}"
            )
        known = {parameter.name: parameter for parameter in entry.parameters}
        options = ["label", "training", *known]
        for key, given in self.parameters.items():
            if key not in known:
                raise ValueError(f"unknown key {key!r}; allowed: {', '.join(options)}{nearest(key, options)}")
            limits = known[key]
            if not limits.low <= given <= limits.high:
                raise ValueError(f"{key} must lie in [{limits.low:g}, {limits.high:g}], got {given:g}")
        filled = {name: self.parameters.get(name, parameter.default) for name, parameter in known.items()}
        object.__setattr__(self, "parameters", filled)
        return self


class Metrics(Section):
    """The number that the conclusion rests on, and the others."""

    primary: str = "auroc"
    secondary: tuple[str, ...] = ("balanced_accuracy", "average_precision", "brier")

    @model_validator(mode="after")
    def _known(self) -> Metrics:
        for name in (self.primary, *self.secondary):
            if name not in METRICS:
                raise ValueError(f"unknown metric {name!r}; allowed: {', '.join(METRICS)}{nearest(name, METRICS)}")
        if self.primary in self.secondary or len(set(self.secondary)) < len(self.secondary):
            raise ValueError("a metric is named twice; each may stand once, as primary or as secondary")
        return self


class Analysis(Section):
    """The analysis plan, written before the runs exist."""

    alpha: float = Field(0.05, gt=0.0, lt=0.5)
    adjustment: Literal["none", "bonferroni", "holm", "hochberg", "hommel", "bh", "by"] = "holm"
    baseline: str = Field("", description="the loss that the others are held against; default: the first one")
    margin: float = Field(0.01, gt=0.0, lt=1.0, description="difference of the primary metric too small to matter")
    on_diverged: Literal["drop-seed", "worst-score"] = "drop-seed"


class Report(Section):
    """What may change at any time: how the report is presented."""

    title: str = Field("", max_length=300)
    authors: tuple[str, ...] = ()
    language: Literal["en"] = "en"


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
    def _some_seeds(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(value)) < len(value):
            raise ValueError("a seed is named twice; each may stand once")
        if len(value) < 2:
            raise ValueError("at least 2 seeds are needed; one seed has no spread to test against")
        if min(value) < 0 or max(value) > 2**31 - 1:
            raise ValueError("seeds lie in 0 to 2147483647")
        return tuple(sorted(value))

    @field_validator("losses")
    @classmethod
    def _names_of_losses(cls, value: dict[str, Loss]) -> dict[str, Loss]:
        for name in value:
            if not _NAME.fullmatch(name) or _RESERVED.fullmatch(name):
                raise ValueError(
                    f"a loss's name becomes a folder: 1 to 64 letters, digits, '.', '_' or '-', "
                    f"and not a name of the study's own files, got {name!r}"
                )
        if len({name.lower() for name in value}) < len(value):
            raise ValueError("two losses differ only in upper and lower case, which some disks cannot tell apart")
        if len(value) < 2:
            raise ValueError("at least 2 losses are needed for a comparison")
        return value

    @model_validator(mode="after")
    def _possible(self) -> Study:
        self._losses_fit_task()
        self._metrics_fit_task()
        self._data_fits_task()
        baseline = self.analysis.baseline or next(iter(self.losses))
        if baseline not in self.losses:
            raise ValueError(
                f"analysis.baseline: {baseline!r} is not among the losses {', '.join(self.losses)}"
                f"{nearest(baseline, self.losses)}"
            )
        if not self.analysis.baseline:
            object.__setattr__(self, "analysis", self.analysis.model_copy(update={"baseline": baseline}))
        return self

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
        for name in (self.metrics.primary, *self.metrics.secondary):
            if self.task not in METRICS[name].tasks:
                fitting = [key for key, metric in METRICS.items() if self.task in metric.tasks]
                raise ValueError(
                    f"metrics: {name} is not defined for {self.task} studies; allowed: {', '.join(fitting)}"
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

    def plan(self) -> dict[str, Any]:
        """Return what defines the runs and the analysis: everything but name, seeds and report, as plain data."""
        return self.model_dump(mode="json", exclude={"name", "seeds", "report"})

    def run_identity(self, loss: str, seed: int, fingerprint: str) -> str:
        """Return the hash of all that decides a run's weights: data, model, training, loss and seed.

        Args:
            loss: name of an entry of ``losses``.
            seed: the run's seed.
            fingerprint: sha256 of the decoded data.
        """
        entry = self.losses[loss].model_dump(mode="json", exclude={"label", "formula", "reference"})
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
        own = self.losses[loss].training.learning_rate
        return self.training.learning_rate if own is None else own

    def weight_decay(self, loss: str) -> float:
        """Return the weight decay of a loss: its own, or the study's."""
        own = self.losses[loss].training.weight_decay
        return self.training.weight_decay if own is None else own


def canonical(value: Any) -> bytes:
    """Write plain data as JSON in the one form that is hashed: sorted keys, no blanks, UTF-8, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def digest(value: Any) -> str:
    """Return the sha256 of plain data in its canonical form, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical(value)).hexdigest()


def load(path: Path) -> Study:
    """Read a study file and resolve it.

    Every default is filled in, and files and functions that it names are found and hashed.

    Args:
        path: a TOML file.

    Returns:
        The study; ``data.path`` and ``model.pretrained`` stay as written (see `resolved_path`).

    Raises:
        Refusal: one sentence with file, key, what is allowed and the nearest known key.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise Refusal(f"{path}: there is no such study file; `cxr-report init` writes one") from None
    except (OSError, UnicodeDecodeError) as error:
        raise Refusal(f"{path}: cannot be read as UTF-8 text ({error})") from None
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Refusal(f"{path}: is not valid TOML: {error}") from None
    raw.setdefault("name", path.stem)
    return _with_hashes(parse(raw, str(path)), path)


def parse(raw: Mapping[str, Any], where: str) -> Study:
    """Check plain data against the study's rules.

    Args:
        raw: the content of a study file, or of the field ``study`` in a study.json.
        where: the file's name, for the message.

    Raises:
        Refusal: the first fault, in one sentence.
    """
    try:
        return Study.model_validate(dict(raw))
    except ValidationError as error:
        raise Refusal(f"{where}: {_sentence(error)}") from None


def resolved_path(name: str, study_file: Path) -> Path:
    """Return where a path written in a study file lies: relative to that file, ``~`` expanded."""
    return (study_file.resolve().parent / Path(name).expanduser()).resolve()


def _with_hashes(study: Study, file: Path) -> Study:
    changes: dict[str, Any] = {}
    if study.model.pretrained is not None:
        weights = resolved_path(study.model.pretrained, file)
        if not weights.is_file():
            raise Refusal(f"{file}: model.pretrained: there is no file {study.model.pretrained}")
        sha = hashlib.sha256(weights.read_bytes()).hexdigest()
        changes["model"] = study.model.model_copy(update={"pretrained_sha256": sha})
    if study.model.function is not None:
        sha = function_sha256(study.model.function, file, "model.function")
        changes["model"] = changes.get("model", study.model).model_copy(update={"function_sha256": sha})
    losses = dict(study.losses)
    for name, loss in losses.items():
        if loss.function is not None:
            sha = function_sha256(loss.function, file, f"losses.{name}.function")
            losses[name] = loss.model_copy(update={"function_sha256": sha})
    return study.model_copy(update={**changes, "losses": losses})


def function_sha256(reference: str, study_file: Path, key: str) -> str:
    """Hash the source file of ``package.module:name`` without running it.

    Args:
        reference: the function, findable from the study file's folder or the installed packages.
        study_file: the study file.
        key: where the reference stands, for the message.

    Raises:
        Refusal: the module cannot be found or is no Python source.
    """
    module = reference.partition(":")[0]
    folder = str(study_file.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        spec = None
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        raise Refusal(
            f"{study_file}: {key}: module {module!r} is found neither beside the study file nor among the "
            "installed packages"
        )
    return hashlib.sha256(Path(spec.origin).read_bytes()).hexdigest()


def _sentence(error: ValidationError) -> str:
    faults = error.errors(include_url=False)
    first = _fault(faults[0])
    more = len(faults) - 1
    return first if not more else f"{first} (and {more} more {'fault' if more == 1 else 'faults'})"


def _fault(fault: Any) -> str:
    place = [part for part in fault["loc"] if not isinstance(part, int) and part != "parameters"]
    key = ".".join(str(part) for part in place) or "study"
    kind, got, context = fault["type"], fault["input"], fault.get("ctx", {})
    if kind == "extra_forbidden":
        known = _known_keys(place[:-1])
        return f"{key}: unknown key; allowed: {', '.join(known)}{nearest(str(place[-1]), known)}"
    if kind == "missing":
        return f"{key}: is missing{_allowed(place)}"
    if kind == "value_error":
        return f"{key}: {context['error']}" if place else str(context["error"])
    if kind == "literal_error":
        options = re.findall(r"'([^']*)'", context["expected"])
        return f"{key}: got {got!r}; allowed: {', '.join(options)}{nearest(str(got), options)}"
    if kind in ("model_type", "dict_type", "model_attributes_type"):
        return f"{key}: must be a table of keys, such as [{key}], got {got!r}"
    if key == "seeds":
        return f"seeds: must be a count, such as 5, or a list of whole numbers, such as [1, 2, 3], got {got!r}"
    if kind == "string_pattern_mismatch":
        return f"{key}: must be a function written as 'package.module:name', got {got!r}"
    text = fault["msg"].replace("Input should be", "must be").replace("valid tuple", "list")
    shown = repr(got) if not isinstance(got, dict | list) or len(repr(got)) < 60 else type(got).__name__
    return f"{key}: {text[0].lower()}{text[1:]}, got {shown}"


def _section(place: list[Any]) -> type[BaseModel] | None:
    sections: Mapping[str, type[BaseModel]] = MappingProxyType(
        {
            "": Study,
            "data": Data,
            "data.phantom": Phantom,
            "data.split": SplitRule,
            "model": Model,
            "training": Training,
            "training.augmentation": Augmentation,
            "metrics": Metrics,
            "analysis": Analysis,
            "report": Report,
        }
    )
    if place and place[0] == "losses":
        return TrainingOverride if len(place) == 3 else Loss
    return sections.get(".".join(str(part) for part in place))


def _known_keys(place: list[Any]) -> list[str]:
    section = _section(place)
    hidden = ("function_sha256", "pretrained_sha256")
    return [] if section is None else [key for key in section.model_fields if key not in hidden]


def _allowed(place: list[Any]) -> str:
    section = _section(place[:-1])
    field = None if section is None else section.model_fields.get(str(place[-1]))
    if field is None:
        return ""
    options = re.findall(r"'([^']*)'", str(field.annotation)) if "Literal" in str(field.annotation) else []
    return f"; allowed: {', '.join(options)}" if options else ""
