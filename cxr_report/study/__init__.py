"""What is asked: a TOML file comes in, a frozen and fully resolved Study goes out."""

from cxr_report.study.hashing import canonical, digest
from cxr_report.study.plan import Analysis, Components, Metrics, Multiverse, NoiseFloor
from cxr_report.study.reading import function_sha256, load, parse, resolved_path
from cxr_report.study.sections import (
    Augmentation,
    Data,
    Loss,
    Model,
    Phantom,
    Report,
    Section,
    SplitRule,
    Table,
    Task,
    Training,
    TrainingOverride,
)
from cxr_report.study.whole import Study

__all__ = [
    "Analysis",
    "Augmentation",
    "Components",
    "Data",
    "Loss",
    "Metrics",
    "Model",
    "Multiverse",
    "NoiseFloor",
    "Phantom",
    "Report",
    "Section",
    "SplitRule",
    "Study",
    "Table",
    "Task",
    "Training",
    "TrainingOverride",
    "canonical",
    "digest",
    "function_sha256",
    "load",
    "parse",
    "resolved_path",
]
