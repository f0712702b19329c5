"""What is asked: a TOML file comes in, a frozen and fully resolved Study goes out."""

from cxr_report.study.hashing import canonical, digest
from cxr_report.study.inference import Inference, Variant
from cxr_report.study.plan import Analysis, Components, Metrics, Multiverse, NoiseFloor
from cxr_report.study.reading import function_sha256, load, parse, resolved_path
from cxr_report.study.search import Dimension, Tuning
from cxr_report.study.section import Section
from cxr_report.study.sections import (
    Augmentation,
    Data,
    External,
    Loss,
    Model,
    Phantom,
    Report,
    SplitRule,
    Table,
    Task,
    Training,
    TrainingOverride,
)
from cxr_report.study.space import OPTIMISER, space
from cxr_report.study.whole import MOST_SEEDS, Study

__all__ = [
    "MOST_SEEDS",
    "OPTIMISER",
    "Analysis",
    "Augmentation",
    "Components",
    "Data",
    "Dimension",
    "External",
    "Inference",
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
    "Tuning",
    "Variant",
    "canonical",
    "digest",
    "function_sha256",
    "load",
    "parse",
    "resolved_path",
    "space",
]
