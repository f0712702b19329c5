"""Name and parameters of a loss come in; out goes what is equal for two losses that are the same function."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from cxr_report.losses.catalogue import CATALOGUE

__all__ = ["alike", "identity"]

_Setting: TypeAlias = tuple[str, tuple[tuple[str, float], ...]]
"""An entry's name and its parameters in the order of the catalogue."""

_CROSS_ENTROPY: _Setting = ("cross-entropy", ())
_SAME: Mapping[_Setting, _Setting] = MappingProxyType(
    {
        ("weighted-cross-entropy", (("power", 0.0),)): _CROSS_ENTROPY,
        ("class-balanced", (("beta", 0.0),)): _CROSS_ENTROPY,
        ("focal", (("gamma", 0.0),)): _CROSS_ENTROPY,
        ("label-smoothing", (("epsilon", 0.0),)): _CROSS_ENTROPY,
        ("confidence-penalty", (("beta", 0.0),)): _CROSS_ENTROPY,
        ("dca", (("beta", 0.0),)): _CROSS_ENTROPY,
        ("kl-divergence", ()): _CROSS_ENTROPY,
        ("logit-adjustment", (("tau", 0.0),)): _CROSS_ENTROPY,
        ("bi-tempered", (("t1", 1.0), ("t2", 1.0))): _CROSS_ENTROPY,
        ("balanced-softmax", ()): ("logit-adjustment", (("tau", 1.0),)),
        ("weighted-bce", (("power", 0.0),)): ("bce", ()),
        ("asymmetric", (("gamma_positive", 0.0), ("gamma_negative", 0.0), ("clip", 0.0))): ("bce", ()),
    }
)
"""Settings that are the same function as another one, which stands for all of them."""


def identity(name: str, parameters: Mapping[str, float]) -> tuple[Any, ...]:
    """Return what is equal for two entries of the catalogue exactly where they are the same function.

    A factor makes another function, since it changes the gradient: focal with gamma 0 and alpha 0.5 in its sigmoid form
    is half of binary cross-entropy, and not it. Several losses are a log p_y and (1 - p_y) in some mixture, and are the
    same where the mixture is.

    Args:
        name: of an entry.
        parameters: its hyper-parameters; one that is left out has its default.

    Raises:
        KeyError: the catalogue has no such entry.

    Example:
        >>> identity("focal", {"gamma": 0.0}) == identity("cross-entropy", {})
        True
        >>> identity("poly-1", {"epsilon": 4.0}) == identity("symmetric-cross-entropy", {"alpha": 1.0})
        True
        >>> identity("focal", {"gamma": 2.0}) == identity("cross-entropy", {})
        False
    """
    setting = _setting(name, parameters)
    kept = _SAME.get(setting, setting)
    mixture = _mixture(kept)
    if mixture is not None:
        return next(_spellings(*mixture))
    return _without_what_has_no_say(kept)


def alike(name: str, parameters: Mapping[str, float]) -> tuple[str, ...]:
    """Return the settings of the catalogue that are the same function, in words; the first stands for all.

    Example:
        >>> alike("bce", {})
        ('bce', 'weighted-bce with power 0', 'asymmetric with gamma_positive 0 and gamma_negative 0 and clip 0')
    """
    kept = identity(name, parameters)
    mixture = _mixture(kept)
    spelled = [kept] if mixture is None else list(_spellings(*mixture))
    return tuple(_words(setting) for setting in (*spelled, *(other for other, same in _SAME.items() if same == kept)))


def _setting(name: str, parameters: Mapping[str, float]) -> _Setting:
    known = CATALOGUE[name].parameters
    return name, tuple((entry.name, float(parameters.get(entry.name, entry.default))) for entry in known)


def _mixture(setting: tuple[Any, ...]) -> tuple[float, float] | None:
    """Return a and k of a loss that is -a log p_y + k (1 - p_y), or None."""
    name, values = setting[0], dict(setting[1])
    if name == "cross-entropy":
        return 1.0, 0.0
    if name == "poly-1":
        return 1.0, values["epsilon"]
    if name == "mean-absolute-error":
        return 0.0, 2.0
    if name == "generalised-cross-entropy" and values["q"] in (0.0, 1.0):
        return 1.0 - values["q"], values["q"]
    if name == "symmetric-cross-entropy" or (name == "nce-rce" and values["alpha"] == 0):
        return values["alpha"], -values["beta"] * values["log_zero"]
    return None


def _spellings(a: float, k: float) -> Iterator[_Setting]:
    """Yield the settings that are -a log p_y + k (1 - p_y), always in the same order."""
    if (a, k) == (1.0, 0.0):
        yield _CROSS_ENTROPY
    if (a, k) == (0.0, 2.0):
        yield "mean-absolute-error", ()
    if (a, k) in ((1.0, 0.0), (0.0, 1.0)):
        yield "generalised-cross-entropy", (("q", k),)
    if a == 1.0:
        yield "poly-1", (("epsilon", k),)
    unit = CATALOGUE["symmetric-cross-entropy"].parameters[-1].default
    if k >= 0:
        reverse = (("alpha", a), ("beta", k / -unit), ("log_zero", unit))
        yield "symmetric-cross-entropy", reverse
        if a == 0:
            yield "nce-rce", reverse


def _without_what_has_no_say(setting: _Setting) -> _Setting:
    """Write a product of two parameters as one where only the product matters, and weights that never come as 1."""
    name, values = setting[0], dict(setting[1])
    if name == "nce-rce":
        unit = CATALOGUE[name].parameters[-1].default
        values |= {"beta": values["beta"] * values["log_zero"] / unit, "log_zero": unit}
    if name == "ldam" and (values["beta"] == 0 or values["deferral"] == 1):
        values |= {"beta": 0.0, "deferral": 1.0}
    return name, tuple(values.items())


def _words(setting: tuple[Any, ...]) -> str:
    name, values = setting
    told = " and ".join(f"{key} {value:g}" for key, value in values)
    return f"{name} with {told}" if told else str(name)
