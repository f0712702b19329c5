"""All that changes while a run learns: weights, optimiser, history, best epoch; checkpoint.pt holds it."""

from __future__ import annotations

import hashlib
import math
from dataclasses import astuple
from typing import Any

import torch
from torch import Tensor

from cxr_report.errors import Refusal
from cxr_report.runs import RunFolder, sha256, whole, write_text
from cxr_report.training import history, weights
from cxr_report.training.functions import what_happened
from cxr_report.training.history import Epoch
from cxr_report.training.models import Classifier
from cxr_report.training.objective import FACTOR, Objective

__all__ = ["HISTORY", "Learner", "restore_history"]

FORMAT = 1
"""Of checkpoint.pt."""

HISTORY = "history_sha256"
"""The key in the metadata of the weights under which the hash of history.csv stands."""


class Learner:
    """A classifier on its way through the epochs, with what its loss learns."""

    def __init__(self, classifier: Classifier, objective: Objective, *, weight_decay: float) -> None:
        self.classifier = classifier
        self.objective = objective
        self.optimiser = _adamw(classifier, objective, weight_decay)
        self.history: list[Epoch] = []
        self.best_epoch = 0
        self.best_score = math.nan
        self._best_weights: dict[str, Tensor] = {}

    @property
    def epoch(self) -> int:
        """Epochs finished."""
        return len(self.history)

    def set_rate(self, rate: Tensor) -> None:
        """Set the learning rate ``()`` of the next step; nothing waits for the device."""
        for group in self.optimiser.param_groups:
            torch.mul(rate, group.get(FACTOR, 1.0), out=group["lr"])

    def end_epoch(self, row: Epoch, *, higher_is_better: bool) -> None:
        """Note an epoch, and keep its weights if it is the best so far; of equals the earliest is kept."""
        self.history.append(row)
        gain = row.val_primary - self.best_score if higher_is_better else self.best_score - row.val_primary
        if math.isnan(row.val_primary) or gain <= 0:
            return
        self.best_epoch, self.best_score = row.epoch, row.val_primary
        self._best_weights = {name: value.detach().clone() for name, value in self.classifier.state_dict().items()}

    def chosen(self, checkpoint: str) -> tuple[int, dict[str, Tensor]]:
        """Return the epoch whose weights are kept and these weights, on the CPU.

        Args:
            checkpoint: ``best`` or ``last``; where the primary metric was undefined in every epoch, best means last.
        """
        if checkpoint == "best" and self.best_epoch:
            return self.best_epoch, _plain(self._best_weights)
        return self.epoch, _plain(self.classifier.state_dict())

    def save(self, run: RunFolder, identity: str) -> None:
        """Write checkpoint.pt whole."""
        content = {
            "format": FORMAT,
            "identity": identity,
            "model": self.classifier.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "loss": self.objective.state(),
            "history": [list(astuple(row)) for row in self.history],
            "best": {"epoch": self.best_epoch, "score": self.best_score, "weights": self._best_weights},
        }
        with whole(run.checkpoint) as stream:
            torch.save(content, stream)

    def resume(self, run: RunFolder, identity: str, device: torch.device) -> None:
        """Go back to where checkpoint.pt was written.

        Raises:
            Refusal: the file is damaged, or belongs to another run than the study asks for.
        """
        content = _read(run, device)
        if content.get("identity") != identity:
            raise Refusal(
                f"{run.checkpoint}: was begun as run {str(content.get('identity'))[:12]}, the study now asks for run "
                f"{identity[:12]}; delete the run's folder to train it again"
            )
        self.classifier.load_state_dict(content["model"])
        try:
            self.objective.restore(content.get("loss", {}))  # absent where losses could not learn anything yet
        except ValueError as error:
            raise Refusal(f"{run.checkpoint}: {error}; delete the run's folder to train it again") from None
        self.optimiser.load_state_dict(content["optimiser"])
        _place_rates(self.optimiser, device)
        self.history = [Epoch(*row) for row in content["history"]]
        best = content["best"]
        self.best_epoch, self.best_score, self._best_weights = best["epoch"], best["score"], best["weights"]


def restore_history(run: RunFolder) -> None:
    """Write a finished run's history.csv anew from its checkpoint where it is missing or was changed.

    Raises:
        Refusal: the checkpoint cannot give it back.
    """
    recorded = weights.metadata(run).get(HISTORY)
    if run.history.exists() and recorded in (None, sha256(run.history)):
        return
    why = f"{run.history}: is {'not what training left' if run.history.exists() else 'missing'}"
    how = f"delete {run.path} and run the same command again, which trains this run anew"
    if not run.checkpoint.exists():
        raise Refusal(f"{why}, and there is no {run.checkpoint.name} to write it from; {how}")
    try:
        text = history.csv([Epoch(*row) for row in _read(run, torch.device("cpu"))["history"]])
    except Refusal as refusal:
        raise Refusal(f"{why}, and {run.checkpoint.name} is damaged too; {how}") from refusal
    if recorded not in (None, hashlib.sha256(text.encode()).hexdigest()):
        raise Refusal(f"{why}, and {run.checkpoint.name} is of another training; {how}")
    write_text(run.history, text)


def _read(run: RunFolder, device: torch.device) -> dict[str, Any]:
    try:
        content: dict[str, Any] = torch.load(run.checkpoint, map_location=device, weights_only=True)
    except Exception as error:
        raise Refusal(
            f"{run.checkpoint}: is damaged ({what_happened(error)}); delete it to begin the run again"
        ) from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise Refusal(f"{run.checkpoint}: is no checkpoint of format {FORMAT}; delete it to begin the run again")
    return content


def _adamw(classifier: Classifier, objective: Objective, weight_decay: float) -> torch.optim.AdamW:
    """Set up AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101); vectors, that is biases and norms, do not decay.

    What a loss learns has no decay and a learning rate of its own, and goes up where the loss is maximised over it.
    """
    weights = [weight for weight in classifier.parameters() if weight.requires_grad]
    groups = [
        {"params": [weight for weight in weights if weight.ndim > 1], "weight_decay": weight_decay},
        {"params": [weight for weight in weights if weight.ndim <= 1], "weight_decay": 0.0},
        *objective.groups(),
    ]
    optimiser = torch.optim.AdamW([group for group in groups if group["params"]], lr=0.0, fused=True)
    _place_rates(optimiser, classifier.mean.device)
    return optimiser


def _place_rates(optimiser: torch.optim.AdamW, device: torch.device) -> None:
    """Keep learning rates, of which a checkpoint holds a copy, where a captured step finds them.

    The fused optimiser of a GPU reads float32; that of a CPU takes a number, so that no digit is lost.
    """
    on_cpu = device.type == "cpu"
    for group in optimiser.param_groups:
        group["lr"] = torch.zeros((), dtype=torch.float64 if on_cpu else torch.float32, device=device)
        group["capturable"] = not on_cpu
    optimiser._warned_capturable_if_run_uncaptured = True  # the first steps are not captured, on purpose


def _plain(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().cpu().clone(memory_format=torch.contiguous_format) for name, value in weights.items()}
