"""A run and a bench in, its epochs of training and validation out, piece by piece on a lane; no file is touched."""

from __future__ import annotations

import math
from collections import deque
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor

from cxr_report.metrics import METRICS, choose_thresholds, metric_value
from cxr_report.progress import RunState
from cxr_report.study import resolved_path
from cxr_report.training import history, models
from cxr_report.training.agenda import Plan
from cxr_report.training.augmentation import changed, draw
from cxr_report.training.bench import Assignment, Bench
from cxr_report.training.device.examiner import Examiner
from cxr_report.training.device.lanes import Lane, Mark, lane
from cxr_report.training.device.pauses import Course, Pause, follow
from cxr_report.training.device.stepper import Stepper
from cxr_report.training.learner import Learner
from cxr_report.training.objective import Objective, class_counts, objective
from cxr_report.training.randomness import drawing, seeded

__all__ = ["Diverged", "Run"]

AHEAD = 8
"""Chosen: steps that are issued before the first of them is done; more would keep the device no busier, and the counts
of what was trained would run ahead of the truth."""


CAPTURABLE = "capturable"
"""By this attribute a loss, or a network, of the user's own says that it may be captured in a CUDA graph."""


class Diverged(Exception):  # noqa: N818 - an outcome of the run, and none that its caller is at fault for
    """The loss, or a logit, is no longer finite."""

    def __init__(self, epoch: int, step: int, reason: str) -> None:
        super().__init__(reason)
        self.epoch, self.step, self.reason = epoch, step, reason


class Run:
    """A run at work."""

    def __init__(self, task: Assignment, bench: Bench, own: Lane | None = None) -> None:
        """Draw its first weights; see `course` for the arguments."""
        self.task, self.bench, self.lane = task, bench, own or lane(bench.device)
        study, training = bench.study, bench.study.training
        batch = min(training.batch_size, len(bench.train))
        rate = study.learning_rate(task.loss)
        self.plan = Plan(task.seed, len(bench.train), batch, training.epochs, training.schedule, rate)
        self.objective = _objective(task, bench)
        classifier = _first_weights(task, bench)
        self.learner = Learner(classifier, self.objective, weight_decay=study.weight_decay(task.loss))
        network = _why_eager(study.model.function, classifier.network)
        step = _why_eager(study.entry(task.loss).function, self.objective.own) or network
        self.stepper = Stepper(self.update, bench.train, self.plan, self.lane, eager=step, note=self._note)
        self.examiner = Examiner(classifier, bench.val, bench.classes, self.lane, eager=network, note=self._note)

    def start_from_pretrained(self) -> None:
        """Read the study's pretrained weights, if it names any."""
        name = self.bench.study.model.pretrained
        if name is not None:
            models.load_pretrained(self.learner.classifier, resolved_path(name, self.bench.study_file))

    def epoch(self) -> None:
        """Train one epoch and validate.

        Raises:
            Diverged: a loss or a validation logit is not finite.
        """
        follow(self.steps(), self.lane)

    def steps(self) -> Course:
        """Train one epoch and validate, piece by piece; see `epoch`."""
        epoch = self.learner.epoch
        self.stepper.begin(epoch, self.plan.agenda(epoch), self.objective.phase(self.progress(epoch)))
        self.learner.classifier.train()
        under_way: deque[Mark] = deque()
        for _ in range(self.plan.steps):
            self.stepper.step()
            under_way.append(self.lane.mark())
            until = under_way.popleft() if len(under_way) > AHEAD else None
            yield Pause(self.plan.batch, until, warm=self.stepper.warm)
        logits = self.logits()
        fetched = self.lane.fetch(self.stepper.losses, logits)
        yield Pause(until=fetched, warm=self.stepper.warm)
        losses, known = fetched.tensors()
        self._refuse_infinite(losses, known)
        fetched = self.lane.fetch(self._validation_loss(logits))
        score = self._score(known)
        yield Pause(until=fetched, warm=self.stepper.warm)
        (loss,) = fetched.tensors()
        rate = self.plan.rate(epoch, self.plan.steps - 1)
        row = history.Epoch(epoch + 1, losses.double().mean().item(), loss.item(), score, rate)
        self.learner.end_epoch(row, higher_is_better=METRICS[self.bench.study.metrics.primary].higher_is_better)

    def step(self, images: Tensor, target: Tensor, epoch: int, step: int) -> Tensor:
        """Do one step of the optimiser on images ``(n, 1, H, W)`` uint8; return the loss, on the device."""
        device = self.bench.device
        uniform = draw(len(images), self.plan.changes(epoch, step)).to(device)
        rate = torch.tensor(self.plan.rate(epoch, step), dtype=torch.float64).to(device)
        with drawing(device, self.plan.start(epoch, step)):
            return self.update(images, target, uniform, rate)

    def update(self, images: Tensor, target: Tensor, uniform: Tensor, rate: Tensor) -> Tensor:
        """Do one step of the optimiser without waiting for the device; see `stepper.Update`."""
        pixels = changed(images.float() / 255, self.bench.study.training.augmentation, uniform)
        pixels = pixels.contiguous(memory_format=torch.channels_last)
        with self.mixed_precision():
            logits = self.learner.classifier(pixels)
        value = self.objective(logits.float(), target, self.progress(self.learner.epoch))
        self.learner.set_rate(rate)
        self.learner.optimiser.zero_grad(set_to_none=True)
        value.backward()  # type: ignore[no-untyped-call]
        self.learner.optimiser.step()
        self.objective.settle()
        return value.detach()

    def validate(self) -> tuple[float, float]:
        """Return the primary metric and the loss on validation, in float32."""
        logits = self.logits()
        self._refuse_infinite(self.stepper.losses[:0], logits)
        return self._score(logits.cpu()), self._validation_loss(logits).item()

    def logits(self) -> Tensor:
        """Return the logits ``(N, C)`` of all validation cases, on the device."""
        return self.examiner.logits()

    @torch.no_grad()
    def _validation_loss(self, logits: Tensor) -> Tensor:
        return self.objective(logits, self.bench.val.labels, self.progress(self.learner.epoch))

    def _refuse_infinite(self, losses: Tensor, logits: Tensor) -> None:
        epoch = self.learner.epoch + 1
        if not losses.isfinite().all():
            step = int((~losses.isfinite()).nonzero()[0])
            raise Diverged(epoch, step + 1, f"the training loss became {losses[step].item()}")
        if not logits.isfinite().all():
            raise Diverged(epoch, self.plan.steps, "a logit of a validation case is not finite")

    def _score(self, logits: Tensor) -> float:
        study, known, found = self.bench.study, self.bench.val.known, logits.numpy()
        own = study.metrics.primary.endswith("_youden")
        thresholds = choose_thresholds(study.task, known, found) if own else None
        return metric_value(study.metrics.primary, study.task, known, found, thresholds=thresholds)

    def _note(self, why: str) -> None:
        self.bench.note(f"loss {self.task.loss}: its steps are issued one by one, which is slower than a graph: {why}")

    def progress(self, epoch: int) -> float:
        """Return the share of the epochs that are done when an epoch, counted from 0, begins."""
        return epoch / self.bench.study.training.epochs

    def mixed_precision(self) -> AbstractContextManager[Any]:
        """Return the context of the forward pass: bfloat16 where asked for, and by default on a GPU that has it."""
        device, wish = self.bench.device, self.bench.study.training.precision
        able = device.type == "cuda" and torch.cuda.is_bf16_supported()
        if wish == "bfloat16" or (wish == "auto" and able):
            return torch.autocast(device.type, torch.bfloat16, cache_enabled=False)  # each weight is cast once a step
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
            images_per_second=self.plan.steps * self.plan.batch / seconds if seconds else math.nan,
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


def _why_eager(name: str | None, function: object) -> str:
    """Say why a function of the user's own must not be captured: what it does in Python would happen once only."""
    if name is None or getattr(function, CAPTURABLE, False):
        return ""
    return f"{name} does not say that its Python does the same in every step ({CAPTURABLE} = True on it)"
