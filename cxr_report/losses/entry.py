"""What the catalogue holds: one loss, its hyper-parameters, and what it learns beside the weights."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

__all__ = ["FINDING", "SIGMOID", "SOFTMAX", "TRUE_CLASS", "Learned", "LossEntry", "Parameter"]

SOFTMAX = ("binary", "multiclass")
"""Tasks whose logits pass through a softmax: one class per case."""

SIGMOID = ("multilabel",)
"""Tasks whose logits pass through a sigmoid each: any number of findings per case."""

TRUE_CLASS = "y: the true class; p_y: softmax probability of the true class"
"""How the meaning of a softmax loss's symbols begins."""

FINDING = "p: sigmoid probability of one finding; t: its label, 0 or 1; unknown labels do not enter the mean"
"""How the meaning of a sigmoid loss's symbols begins."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One hyper-parameter of a loss, a real number in a closed interval."""

    name: str
    symbol: str
    """LaTeX, as it stands in the formula."""
    default: float
    low: float
    high: float
    meaning: str

    @property
    def letter(self) -> str:
        r"""The symbol as plain text.

        Example:
            >>> Parameter("gamma", r"\gamma_{+}", 0.0, 0.0, 1.0, "an exponent").letter
            'γ_+'
        """
        return re.sub(r"\\([a-z]+)", _greek, self.symbol).translate({ord("{"): None, ord("}"): None})


@dataclass(frozen=True, slots=True)
class Learned:
    """One number per finding that a loss learns beside the network's weights; it begins at 0."""

    name: str
    ascends: bool = False
    """Whether the loss is maximised over it, and not minimised; it is then kept from falling below 0."""


@dataclass(frozen=True, slots=True)
class LossEntry:
    """One loss as the study names it and the report prints it."""

    name: str
    title: str
    """As it stands in running text, without a leading article."""
    tasks: tuple[str, ...]
    formula: str
    """LaTeX that matplotlib's mathtext can set; loss of one case (one finding), before the mean."""
    spoken: str
    """The formula in words, the alternative text of its picture."""
    where: str
    """What the symbols mean."""
    reference: str
    doi: str
    parameters: tuple[Parameter, ...] = ()
    uses_counts: bool = False
    """Whether the loss takes the class counts of the training split."""
    uses_progress: bool = False
    """Whether the loss changes with the share of the epochs that are done, in [0, 1)."""
    cosine_head: bool = False
    """Whether the last layer gives `scale` times a cosine, and `scale` is one of the parameters."""
    learned: tuple[Learned, ...] = ()
    """What the loss learns beside the weights; it stays in the checkpoint and is no part of the exported model."""


def _greek(command: re.Match[str]) -> str:
    name = command[1].removeprefix("var").replace("lambda", "lamda")  # as Unicode spells it
    return unicodedata.lookup(f"GREEK SMALL LETTER {name}")
