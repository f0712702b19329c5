"""One run: from its first weights, or its checkpoint, to weights.safetensors or diverged.json."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor

from cxr_report.metrics import METRICS, choose_thresholds, metric_value
from cxr_report.progress import RunState
from cxr_report.runs import RunFolder, sweep, write_bytes, write_json, write_text
from cxr_report.study import resolved_path
from cxr_report.training import history, learner, models, record, weights
from cxr_report.training.augmentation import augment
from cxr_report.training.bench import Assignment, Bench
from cxr_report.training.learner import Learner
from cxr_report.training.objective import FACTOR, Objective, class_counts, objective
from cxr_report.training.randomness import generator, seeded
from cxr_report.training.schedule import learning_rate

__all__ = ["Run", "train"]

SAVING = 0.05
"""Chosen: largest share of the time that goes into checkpoints; small networks are saved after every epoch anyway."""

VALIDATION_BATCH = 256
"""Chosen: images at once without gradients."""


class Diverged(Exception):  # noqa: N818 - an outcome of the run, and none that its caller is at fault for
    """The loss, or a logit, is no longer finite."""

    def __init__(self, epoch: int, step: int, reason: str) -> None:
        super().__init__(reason)
        self.epoch, self.step, self.reason = epoch, step, reason


def train(task: Assignment, bench: Bench, tell: Callable[[RunState], None]) -> None:
    """Train a run to its end, resuming its checkpoint where there is one.

    Args:
        task: the run.
        bench: data, study and device.
        tell: called after every epoch and at the end.

    Raises:
        Refusal: the checkpoint is damaged or another run's, or pretrained weights do not fit.
    """
    run = bench.folder.run(task.loss, task.seed)
    run.path.mkdir(parents=True, exist_ok=True)
    sweep(run.path)
    work = Run(task, bench)
    if run.checkpoint.exists():
        work.learner.resume(run, task.identity, bench.device)
    else:
        work.start_from_pretrained()
    record.begin(run, {"identity": task.identity, **bench.provenance}, bench.device)
    try:
        _all_epochs(work, run, tell)
    except Diverged as end:
        write_text(run.history, history.csv(work.learner.history))
        record.finish(run)
        write_json(run.diverged, _account(task, end))
        if task.trial:
            run.checkpoint.unlink(missing_ok=True)
        tell(work.state("diverged", 0.0))
        return
    _finish(work, run)
    tell(work.state("trained", 0.0))


class Run:
    """A run at work."""

    def __init__(self, task: Assignment, bench: Bench) -> None:
        self.task, self.bench = task, bench
        study = bench.study
        self.rate = study.learning_rate(task.loss)
        self.batch = min(study.training.batch_size, len(bench.train))
        self.steps = len(bench.train) // self.batch
        self.objective = _objective(task, bench)
        classifier = _first_weights(task, bench)
        self.learner = Learner(classifier, self.objective, weight_decay=study.weight_decay(task.loss))

    def start_from_pretrained(self) -> None:
        """Read the study's pretrained weights, if it names any."""
        name = self.bench.study.model.pretrained
        if name is not None:
            models.load_pretrained(self.learner.classifier, resolved_path(name, self.bench.study_file))

    def epoch(self) -> None:
        """Train one epoch and validate.

        Cases that do not fill a batch are left out; which ones changes with every epoch.

        Raises:
            Diverged: a loss or a validation logit is not finite.
        """
        epoch = self.learner.epoch
        order = torch.randperm(len(self.bench.train), generator=generator(self.task.seed, "order", epoch))
        self.learner.classifier.train()
        losses = []
        for step in range(self.steps):
            images, target = self.bench.train.batch(order[step * self.batch : (step + 1) * self.batch])
            losses.append(self.step(images, target, epoch, step))
        found = torch.stack(losses).cpu()
        if not found.isfinite().all():
            step = int((~found.isfinite()).nonzero()[0])
            raise Diverged(epoch + 1, step + 1, f"the training loss became {found[step].item()}")
        score, loss = self.validate()
        rate = self.rate_at(epoch, self.steps - 1)
        row = history.Epoch(epoch + 1, found.double().mean().item(), loss, score, rate)
        self.learner.end_epoch(row, higher_is_better=METRICS[self.bench.study.metrics.primary].higher_is_better)

    def step(self, images: Tensor, target: Tensor, epoch: int, step: int) -> Tensor:
        """Do one step of the optimiser on images ``(n, 1, H, W)`` uint8; return the loss, on the device."""
        seed, device = self.task.seed, self.bench.device
        strength = self.bench.study.training.augmentation
        pixels = augment(images.float() / 255, strength, generator(seed, "augment", epoch, step))
        pixels = pixels.contiguous(memory_format=torch.channels_last)
        with seeded(device, seed, "dropout", epoch, step):
            with self.mixed_precision():
                logits = self.learner.classifier(pixels)
            value = self.objective(logits.float(), target, self.progress(epoch))
        rate = self.rate_at(epoch, step)
        for group in self.learner.optimiser.param_groups:
            group["lr"] = group.get(FACTOR, 1.0) * rate
        self.learner.optimiser.zero_grad(set_to_none=True)
        value.backward()  # type: ignore[no-untyped-call]
        self.learner.optimiser.step()
        self.objective.settle()
        return value.detach()

    def validate(self) -> tuple[float, float]:
        """Return the primary metric and the loss on validation, in float32."""
        logits = self.logits()
        if not logits.isfinite().all():
            raise Diverged(self.learner.epoch + 1, self.steps, "a logit of a validation case is not finite")
        with torch.no_grad():
            loss = self.objective(logits, self.bench.val.labels, self.progress(self.learner.epoch)).item()
        study, known, found = self.bench.study, self.bench.val.known, logits.cpu().numpy()
        own = study.metrics.primary.endswith("_youden")
        thresholds = choose_thresholds(study.task, known, found) if own else None
        return metric_value(study.metrics.primary, study.task, known, found, thresholds=thresholds), loss

    def logits(self) -> Tensor:
        """Return the logits ``(N, C)`` of all validation cases, on the device."""
        self.learner.classifier.eval()
        with torch.no_grad():
            parts = [
                self.learner.classifier(self.bench.val.batch(index)[0]).float()
                for index in torch.split(torch.arange(len(self.bench.val)), VALIDATION_BATCH)
            ]
        return torch.cat(parts)

    def progress(self, epoch: int) -> float:
        """Return the share of the epochs that are done when an epoch, counted from 0, begins."""
        return epoch / self.bench.study.training.epochs

    def rate_at(self, epoch: int, step: int) -> float:
        """Return the learning rate of a step."""
        training = self.bench.study.training
        total = training.epochs * self.steps
        return learning_rate(training.schedule, epoch * self.steps + step, total, peak=self.rate)

    def mixed_precision(self) -> AbstractContextManager[Any]:
        """Return the context of the forward pass: bfloat16 where asked for, and by default on a GPU that has it."""
        device, wish = self.bench.device, self.bench.study.training.precision
        able = device.type == "cuda" and torch.cuda.is_bf16_supported()
        if wish == "bfloat16" or (wish == "auto" and able):
            return torch.autocast(device.type, torch.bfloat16)
        return nullcontext()

    def state(self, state: Any, seconds: float) -> RunState:
        """Say where the run stands; ``seconds`` is the duration of the last epoch."""
        rows = self.learner.history
        return RunState(
            loss=self.task.loss,
            seed=self.task.seed,
            state=state,
            epoch=self.learner.epoch,
            epochs=self.bench.study.training.epochs,
            train_loss=rows[-1].train_loss if rows else math.nan,
            score=rows[-1].val_primary if rows else math.nan,
            images_per_second=self.steps * self.batch / seconds if seconds else math.nan,
        )


def _first_weights(task: Assignment, bench: Bench) -> models.Classifier:
    """Draw the weights that a seed begins with, the same for every loss."""
    study = bench.study
    with seeded(torch.device("cpu"), task.seed, "weights"):
        classifier = models.build(
            study.model,
            bench.classes,
            study_file=bench.study_file,
            image_size=study.data.image_size,
            cosine_scale=models.cosine_scale(study.entry(task.loss)),
        )
    classifier.normalise_by(*bench.grey)
    moved: models.Classifier = classifier.to(bench.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return moved


def _objective(task: Assignment, bench: Bench) -> Objective:
    counts = class_counts(bench.train.known, bench.classes).to(bench.device)
    key = f"{bench.study_file.name}: {bench.study.key(task.loss)}"
    return objective(bench.study.entry(task.loss), counts, study_file=bench.study_file, key=key)


def _all_epochs(work: Run, run: RunFolder, tell: Callable[[RunState], None]) -> None:
    """Train what is left; save so seldom that saving takes little of the time, and after the last epoch."""
    tell(work.state("training", 0.0))
    saved, cost = time.monotonic(), 0.0
    while work.learner.epoch < work.bench.study.training.epochs:
        began = time.monotonic()
        work.epoch()
        now = time.monotonic()
        tell(work.state("training", now - began))
        last = work.learner.epoch == work.bench.study.training.epochs
        if last or now - saved >= cost / SAVING:
            work.learner.save(run, work.task.identity)
            write_text(run.history, history.csv(work.learner.history))
            saved = time.monotonic()
            cost = saved - now


def _finish(work: Run, run: RunFolder) -> None:
    """Write history and times, and the weights last, or a trial's score: their existence says that it is trained."""
    task, training = work.task, work.bench.study.training
    table = history.csv(work.learner.history)
    write_text(run.history, table)
    epoch, chosen = work.learner.chosen(training.checkpoint)
    facts = {"identity": task.identity, "loss": task.loss, "seed": task.seed, "epoch": epoch, "epochs": training.epochs}
    facts |= {learner.HISTORY: hashlib.sha256(table.encode()).hexdigest()}
    record.finish(run)
    if task.trial:
        write_json(run.trial, {**facts, "score": work.learner.history[epoch - 1].val_primary})
        run.checkpoint.unlink(missing_ok=True)
        return
    write_bytes(run.weights, weights.encode(chosen, {name: str(told) for name, told in facts.items()}))


def _account(task: Assignment, end: Diverged) -> dict[str, Any]:
    return {
        "identity": task.identity,
        "loss": task.loss,
        "seed": task.seed,
        "epoch": end.epoch,
        "step": end.step,
        "reason": end.reason,
    }
