"""Trained weights come in; exported graphs with their proof, predictions and control rows go out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cxr_report.errors import Refusal
from cxr_report.inference.engine import wished
from cxr_report.progress import Progress
from cxr_report.runs import StudyFolder
from cxr_report.study import Study

if TYPE_CHECKING:
    from cxr_report.data.cases import DataSet
    from cxr_report.inference.prediction import Predicted

__all__ = ["check", "evaluate", "export", "foresee", "predict", "wished"]


def export(study: Study, *, study_file: Path, folder: StudyFolder, dataset: DataSet, progress: Progress) -> None:
    """Write model.onnx and export.json of every trained run that has none or stale ones.

    Args:
        study: what is asked.
        study_file: where it was read from; a model of the user's own is looked for beside it.
        folder: where the runs lie.
        dataset: the data; the proof uses the validation cases.
        progress: who is told.

    Raises:
        Refusal: nothing is trained, weights belong to another study, or an exported model differs from the trained
            one.
    """
    try:
        from cxr_report.inference.exporter import export as stage
    except ImportError as error:
        raise Refusal(
            f"exporting needs {error.name}, which the base install leaves out; "
            "install the extra: pip install 'cxr_report[train]'"
        ) from None
    stage(study, study_file=study_file, folder=folder, dataset=dataset, progress=progress)


def check(study: Study, *, study_file: Path, dataset: DataSet) -> None:
    """Try whether a network of the user's own can be exported, before it is trained for hours.

    Args:
        study: what is asked.
        study_file: beside which the network is looked for.
        dataset: its size of images and its classes count.

    Raises:
        Refusal: torch cannot express the network as a graph.
    """
    if study.model.function is None:
        return
    from cxr_report.inference.exporter import check as trial

    trial(study, study_file=study_file, dataset=dataset)


def foresee(provider: str) -> None:
    """Refuse a provider that cannot compute here, before anything is trained; ``auto`` takes what there is.

    Args:
        provider: auto, cuda, tensorrt or cpu.

    Raises:
        Refusal: it is none of these, or it cannot compute a tiny model.
    """
    wish = wished(provider)
    if wish in ("cuda", "tensorrt"):
        from cxr_report.inference.session import choose
        from cxr_report.inference.specimen import specimen

        choose(specimen(), where="a tiny model", wish=wish)


def evaluate(
    study: Study, *, folder: StudyFolder, dataset: DataSet, progress: Progress, provider: str = "auto"
) -> None:
    """Write the predictions and evaluation.json of every exported run, and those of the controls. Needs no torch.

    Args:
        study: what is asked.
        folder: where the runs lie.
        dataset: the data; validation and test cases are predicted, the controls are fitted on train.
        progress: who is told.
        provider: what shall compute: auto, cuda, tensorrt or cpu.

    Raises:
        Refusal: nothing is exported, a model is damaged, foreign, or not the one that was proved, or the provider
            that was asked for is not there.
    """
    wish = wished(provider)
    from cxr_report.inference.evaluator import evaluate as stage

    stage(study, folder=folder, dataset=dataset, progress=progress, provider=wish)


def predict(model: Path, images: Sequence[Path], *, progress: Progress) -> Predicted:
    """Predict images with an exported model that lies anywhere. Needs no torch.

    Args:
        model: the ONNX file.
        images: files and folders of images.
        progress: who is told.

    Raises:
        Refusal: model or images are at fault; see `cxr_report.inference.prediction.predict`.
    """
    from cxr_report.inference.prediction import predict as stage

    return stage(model, images, progress=progress)
