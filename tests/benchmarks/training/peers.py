"""What others would write for the same study: a plain PyTorch loop, and Lightning's Trainer, one run after another.

Both decode every JPEG again in every epoch, in two worker processes, and change it with Pillow. Network, losses,
optimiser, schedule, epochs, batches and the metric on validation are those of the study.
"""

from __future__ import annotations

import importlib.util
import math
import random
import warnings
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from kit import CLASSES
from PIL import Image, ImageEnhance, ImageOps
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from cxr_report.metrics import metric_value
from cxr_report.study import Study
from cxr_report.training import models
from cxr_report.training.objective import class_counts, objective

READERS = 2
"""Asked for: processes that decode."""


@dataclass(frozen=True, slots=True)
class Work:
    """A study as a peer sees it."""

    study: Study
    root: Path
    grey: tuple[float, float]
    device: str
    threads: int = 1
    """Of torch in the training process."""


class Xrays(Dataset[tuple[Tensor, int]]):
    """Files of one split, opened when they are asked for."""

    def __init__(self, root: Path, split: str, study: Study) -> None:
        self.files = [
            (file, label) for label, name in enumerate(CLASSES) for file in sorted((root / split / name).iterdir())
        ]
        self.size, self.changes = study.data.image_size, study.training.augmentation if split == "train" else None

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        file, label = self.files[index]
        with Image.open(file) as opened:
            image = ImageOps.pad(opened.convert("L"), (self.size, self.size), Image.Resampling.BILINEAR)
        if self.changes is not None:
            image = self.changed(image)
        return torch.from_numpy(np.asarray(image, dtype=np.float32)[None] / 255), label

    def changed(self, image: Image.Image) -> Image.Image:
        """Shift, turn, scale and change brightness and contrast, each by up to what the study says."""
        most, half = self.changes, self.size / 2
        assert most is not None
        turn, zoom = (
            math.radians(random.uniform(-most.rotation, most.rotation)),
            1 + random.uniform(-most.scale, most.scale),
        )
        cosine, sine = math.cos(turn) / zoom, math.sin(turn) / zoom
        x, y = (random.uniform(-most.shift, most.shift) * self.size for _ in range(2))
        matrix = (
            cosine,
            -sine,
            half - half * cosine + half * sine + x,
            sine,
            cosine,
            half - half * sine - half * cosine + y,
        )
        image = image.transform(image.size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
        image = ImageEnhance.Brightness(image).enhance(1 + random.uniform(-most.brightness, most.brightness))
        return ImageEnhance.Contrast(image).enhance(1 + random.uniform(-most.contrast, most.contrast))


def loaders(work: Work) -> tuple[DataLoader[Any], DataLoader[Any]]:
    """Return the readers of training and validation."""
    batch, pinned = work.study.training.batch_size, work.device == "cuda"
    train, val = (Xrays(work.root, split, work.study) for split in ("train", "val"))
    shared: dict[str, Any] = {"num_workers": READERS, "pin_memory": pinned, "persistent_workers": True}
    return (
        DataLoader(train, min(batch, len(train)), shuffle=True, drop_last=True, **shared),
        DataLoader(val, 256, **shared),
    )


def network(work: Work, seed: int) -> models.Classifier:
    """Return the study's network."""
    torch.manual_seed(seed)
    study = work.study
    found = models.build(study.model, len(CLASSES), study_file=Path("bench.toml"), image_size=study.data.image_size)
    found.normalise_by(*work.grey)
    return found.to(work.device)


def loss_of(work: Work, loss: str) -> Callable[[Tensor, Tensor], Tensor]:
    """Return the study's loss."""
    labels = np.array([label for _, label in Xrays(work.root, "train", work.study).files])
    counts = class_counts(labels, len(CLASSES)).to(work.device)
    return objective(work.study.entry(loss), counts, study_file=Path("bench.toml"), key=loss)


def optimiser(work: Work, weights: Iterator[nn.Parameter], steps: int) -> tuple[Any, Any]:
    """Return AdamW, fused, and a one-cycle schedule."""
    training = work.study.training
    found = torch.optim.AdamW(weights, lr=training.learning_rate, weight_decay=training.weight_decay, fused=True)
    return found, torch.optim.lr_scheduler.OneCycleLR(found, training.learning_rate, total_steps=steps)


def plain(work: Work, loss: str, seed: int) -> float:
    """Train a run in a loop as in a tutorial; return the metric after its last epoch."""
    torch.set_num_threads(work.threads)
    train, val = loaders(work)
    classifier, criterion, epochs = network(work, seed), loss_of(work, loss), work.study.training.epochs
    adamw, schedule = optimiser(work, classifier.parameters(), epochs * len(train))
    half = torch.autocast("cuda", torch.bfloat16) if work.device == "cuda" else nullcontext()
    score = math.nan
    for _ in range(epochs):
        classifier.train()
        for images, target in train:
            images, target = (one.to(work.device, non_blocking=True) for one in (images, target))
            with half:
                logits = classifier(images)
            value = criterion(logits.float(), target)
            adamw.zero_grad(set_to_none=True)
            value.backward()
            adamw.step()
            schedule.step()
        classifier.eval()
        with torch.no_grad():
            parts = [(classifier(images.to(work.device)).float().cpu(), target) for images, target in val]
        score = scored(work, parts)
    return score


def scored(work: Work, parts: list[tuple[Tensor, Tensor]]) -> float:
    """Return the study's metric."""
    logits, target = (torch.cat(column).numpy() for column in zip(*parts, strict=True))
    return metric_value(work.study.metrics.primary, work.study.task, target, logits)


def has_lightning() -> bool:
    """Say whether Lightning is installed."""
    return importlib.util.find_spec("lightning") is not None


def lightning(work: Work, loss: str, seed: int) -> float:
    """Train a run with Lightning's Trainer, which logs, checkpoints and draws nothing; return the last metric."""
    import lightning as pl

    torch.set_num_threads(work.threads)

    class Module(pl.LightningModule):
        def __init__(self, steps: int) -> None:
            super().__init__()
            self.classifier, self.steps, self.score = network(work, seed), steps, math.nan
            self.criterion = loss_of(work, loss)
            self.parts: list[tuple[Tensor, Tensor]] = []

        def training_step(self, batch: Any, _: int) -> Tensor:
            images, target = batch
            return self.criterion(self.classifier(images).float(), target)

        def validation_step(self, batch: Any, _: int) -> None:
            self.parts.append((self.classifier(batch[0]).float().cpu(), batch[1].cpu()))

        def on_validation_epoch_end(self) -> None:
            self.score = scored(work, self.parts)
            self.parts.clear()

        def configure_optimizers(self) -> Any:
            adamw, schedule = optimiser(work, self.classifier.parameters(), self.steps)
            return {"optimizer": adamw, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    train, val = loaders(work)
    module, gpu = Module(work.study.training.epochs * len(train)), work.device == "cuda"
    quiet = ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer = pl.Trainer(
            max_epochs=work.study.training.epochs,
            accelerator="gpu" if gpu else "cpu",
            devices=1,
            precision="bf16-mixed" if gpu else "32-true",
            num_sanity_val_steps=0,
            **dict.fromkeys(quiet, False),
        )
        trainer.fit(module, train, val)
    return module.score
