"""The laws that the losses obey: identities, shifts, unknown labels, absent classes, half precision, extreme logits."""

from __future__ import annotations

import doctest
import importlib
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from cxr_report.losses import CATALOGUE, SIGMOID, alike, identity
from cxr_report.training.losses import FUNCTIONS, entropy, imbalance, robust, sigmoid

COUNTS = torch.tensor([30.0, 5.0, 65.0])
FINDINGS = torch.tensor([[40.0, 10.0], [5.0, 45.0], [50.0, 0.0]])

ORDINARY = torch.tensor([[0.3, -1.2, 2.0], [1.5, 0.1, -0.4], [-0.7, 0.9, 0.2], [2.2, -2.1, 0.0]], dtype=torch.float64)
EXTREME = torch.tensor([[50.0, -50, 0], [-50, 50, 50], [50, 50, 50], [-50, 0, 50], [-50, 50, -50]]).double()
CLASSES = torch.tensor([0, 1, 2, 0, 2])
LABELS = torch.tensor([[1.0, 0, torch.nan], [0, 1, 1], [1, 1, 0], [torch.nan, 0, 0], [0, 0, 1]])

MULTILABEL = [name for name, entry in CATALOGUE.items() if entry.tasks == SIGMOID]
SINGLE = [name for name in CATALOGUE if name not in MULTILABEL]


def bound(name: str, parameters: dict[str, float] | None = None, progress: float = 0.0) -> Callable[..., Tensor]:
    """Bind a loss's parameters, the defaults if none are given, and the rest that it takes."""
    entry = CATALOGUE[name]
    extra: dict[str, Any] = {one.name: one.default for one in entry.parameters} | (parameters or {})
    if entry.uses_counts:
        extra["counts"] = FINDINGS if entry.tasks == SIGMOID else COUNTS
    if entry.uses_progress:
        extra["progress"] = progress
    for place, one in enumerate(entry.learned):
        extra[one.name] = torch.tensor([0.75, 0.5, 0.125]) / (place + 1)
    return partial(FUNCTIONS[name], **extra)


def target_of(name: str, size: int) -> Tensor:
    return (LABELS if name in MULTILABEL else CLASSES)[:size]


def value_and_slope(function: Callable[..., Tensor], logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    point = logits.clone().requires_grad_()
    value = function(point, target)
    (gradient,) = torch.autograd.grad(value, point)
    return value.detach(), gradient


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_loss_takes_the_parameters_of_the_catalogue_and_no_other(name: str) -> None:
    assert bound(name)(ORDINARY, target_of(name, 4)).shape == ()
    with pytest.raises(TypeError):
        bound(name, {"another": 1.0})(ORDINARY, target_of(name, 4))


@pytest.mark.parametrize("name", CATALOGUE)
def test_float32_holds_at_extreme_logits(name: str) -> None:
    target = target_of(name, 5)
    if name == "dca":  # which of two equal probabilities is the largest is not defined
        logits, target = EXTREME[[0, 3, 4]], CLASSES[:3]
    else:
        logits = EXTREME
    value, gradient = value_and_slope(bound(name), logits.float(), target)
    exact, wanted = value_and_slope(bound(name), logits, target)
    assert value.dtype == torch.float32
    assert value.item() == pytest.approx(exact.item(), rel=1e-5, abs=1e-7)
    torch.testing.assert_close(gradient.double(), wanted, rtol=1e-5, atol=2e-7)


@pytest.mark.parametrize("name", CATALOGUE)
@pytest.mark.parametrize("scale", [1.0, 200.0], ids=["at 50", "at 10,000"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_value_and_gradient_are_finite_at_any_logit(name: str, dtype: torch.dtype, scale: float) -> None:
    for corner in ({one.name: one.low for one in CATALOGUE[name].parameters}, {}):
        for progress in (0.0, 0.9):
            function = bound(name, corner, progress)
            value, gradient = value_and_slope(function, (EXTREME * scale).to(dtype), target_of(name, 5))
            assert value.dtype == torch.float32
            assert value.isfinite()
            assert gradient.isfinite().all()


@pytest.mark.parametrize("name", CATALOGUE)
def test_half_precision_is_widened_and_autocast_changes_nothing(name: str) -> None:
    function, target = bound(name), target_of(name, 4)
    rough = ORDINARY.bfloat16()
    plain = function(rough.float(), target)
    assert function(rough, target).dtype == torch.float32
    with torch.autocast("cpu", torch.bfloat16):
        assert function(rough.float(), target).item() == plain.item()
    assert function(rough, target).item() == plain.item()


@pytest.mark.parametrize("name", CATALOGUE)
def test_torch_agrees_that_the_gradient_is_the_derivative(name: str) -> None:
    function, target = bound(name), target_of(name, 4)
    assert torch.autograd.gradcheck(lambda z: function(z, target), ORDINARY.clone().requires_grad_())


LOGITS = st.lists(st.lists(st.floats(-50, 50), min_size=3, max_size=3), min_size=5, max_size=5)

CE: tuple[str, dict[str, float]] = ("cross-entropy", {})
SAME: list[tuple[str, dict[str, float], str, dict[str, float]]] = [
    ("generalised-cross-entropy", {"q": 0.0}, *CE),
    ("poly-1", {"epsilon": 0.0}, *CE),
    ("symmetric-cross-entropy", {"alpha": 1.0, "beta": 0.0}, *CE),
    ("weighted-cross-entropy", {"power": 0.0}, *CE),
    ("class-balanced", {"beta": 0.0}, *CE),
    ("focal", {"gamma": 0.0}, *CE),
    ("label-smoothing", {"epsilon": 0.0}, *CE),
    ("confidence-penalty", {"beta": 0.0}, *CE),
    ("dca", {"beta": 0.0}, *CE),
    ("kl-divergence", {}, *CE),
    ("logit-adjustment", {"tau": 0.0}, *CE),
    ("bi-tempered", {"t1": 1.0, "t2": 1.0}, *CE),
    ("balanced-softmax", {}, "logit-adjustment", {"tau": 1.0}),
    ("symmetric-cross-entropy", {"alpha": 0.0, "beta": 0.5, "log_zero": -4.0}, "mean-absolute-error", {}),
    ("nce-rce", {"alpha": 0.0, "beta": 1.0, "log_zero": -2.0}, "mean-absolute-error", {}),
    ("symmetric-cross-entropy", {"alpha": 0.0, "beta": 0.25}, "generalised-cross-entropy", {"q": 1.0}),
    ("symmetric-cross-entropy", {"alpha": 1.0, "beta": 0.5}, "poly-1", {"epsilon": 2.0}),
    ("nce-rce", {"alpha": 1.0, "beta": 2.0, "log_zero": -2.0}, "nce-rce", {"alpha": 1.0, "beta": 1.0}),
    ("ldam", {"deferral": 1.0}, "ldam", {"beta": 0.0, "deferral": 1.0}),
    ("ldam", {"beta": 0.0}, "ldam", {"beta": 0.0, "deferral": 1.0}),
    ("weighted-bce", {"power": 0.0}, "bce", {}),
    ("asymmetric", {"gamma_positive": 0.0, "gamma_negative": 0.0, "clip": 0.0}, "bce", {}),
]


@pytest.mark.parametrize(
    ("name", "parameters", "other", "others"), SAME, ids=[f"{row[0]} {row[1]} = {row[2]}" for row in SAME]
)
@settings(max_examples=30, deadline=None)
@given(rows=LOGITS)
def test_what_the_catalogue_calls_identical_has_the_same_value_and_gradient(
    name: str, parameters: dict[str, float], other: str, others: dict[str, float], rows: list[list[float]]
) -> None:
    logits = torch.tensor(rows, dtype=torch.float64)
    mine = value_and_slope(bound(name, parameters, progress=0.9), logits, target_of(name, 5))
    theirs = value_and_slope(bound(other, others, progress=0.9), logits, target_of(other, 5))
    assert mine[0].item() == pytest.approx(theirs[0].item(), rel=1e-12, abs=1e-13)
    torch.testing.assert_close(mine[1], theirs[1], rtol=1e-11, atol=1e-13)
    assert identity(name, parameters) == identity(other, others)


def test_every_setting_that_the_catalogue_calls_identical_is_held_against_its_values() -> None:
    kept = {str(identity(name, parameters)): (name, parameters) for name, parameters, *_ in SAME}
    listed = {setting for one in kept.values() for setting in alike(*one)}
    shown: set[str] = set()
    for name, parameters, other, others in SAME:
        for key, values in ((name, parameters), (other, others)):
            full = {one.name: values.get(one.name, one.default) for one in CATALOGUE[key].parameters}
            shown.add(
                key + "".join(f"{' with' if not i else ' and'} {k} {v:g}" for i, (k, v) in enumerate(full.items()))
            )
    unseen = {"nce-rce with alpha 0 and beta 0.5 and log_zero -4", "nce-rce with alpha 0 and beta 0.25 and log_zero -4"}
    assert listed - shown <= unseen  # the same mixture as two that are shown, in another spelling


@given(a=st.floats(0, 100), b=st.floats(0, 100), log_zero=st.floats(-20, -0.1))
def test_a_setting_is_among_those_that_are_like_it(a: float, b: float, log_zero: float) -> None:
    for name in ("symmetric-cross-entropy", "nce-rce"):
        parameters = {"alpha": a, "beta": b, "log_zero": log_zero}
        first = alike(name, parameters)[0]
        assert identity(name, parameters)[0] == first.split(" with ", maxsplit=1)[0]


def test_a_limit_is_approached_and_not_jumped_to() -> None:
    plain = bound("cross-entropy")(ORDINARY, CLASSES[:4]).item()
    for name, key in (("generalised-cross-entropy", "q"), ("poly-1", "epsilon"), ("focal", "gamma")):
        assert bound(name, {key: 1e-9})(ORDINARY, CLASSES[:4]).item() == pytest.approx(plain, rel=1e-7)
    near = {"t1": 1 - 1e-9, "t2": 1 + 1e-9}
    assert bound("bi-tempered", near)(ORDINARY, CLASSES[:4]).item() == pytest.approx(plain, rel=1e-6)
    rare = bound("class-balanced", {"beta": 0.999999})(ORDINARY, CLASSES[:4], reduction="none")
    inverse = bound("cross-entropy")(ORDINARY, CLASSES[:4], reduction="none") / COUNTS[CLASSES[:4]]
    torch.testing.assert_close(rare / rare.sum(), inverse / inverse.sum(), rtol=1e-4, atol=0)


@pytest.mark.parametrize("name", CATALOGUE)
def test_losses_that_the_catalogue_holds_apart_differ_on_ordinary_logits(name: str) -> None:
    room = MULTILABEL if name in MULTILABEL else SINGLE
    mine = bound(name)(ORDINARY, target_of(name, 4)).item()
    for other in room:
        if identity(other, {}) != identity(name, {}):
            assert bound(other)(ORDINARY, target_of(other, 4)).item() != pytest.approx(mine, rel=1e-6)


def test_the_divergence_is_computed_by_its_own_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    def reached(*_: object, **__: object) -> Tensor:
        raise AssertionError("cross-entropy was called")

    monkeypatch.setattr(torch.nn.functional, "cross_entropy", reached)
    monkeypatch.setattr(torch.nn.functional, "nll_loss", reached)
    assert entropy.kl_divergence(ORDINARY, CLASSES[:4]) > 0
    assert imbalance.balanced_softmax(ORDINARY, CLASSES[:4], counts=COUNTS) > 0


def test_adjusted_logits_ask_more_of_a_rare_class() -> None:
    logits = torch.zeros((2, 2), dtype=torch.float64)
    counts = torch.tensor([90.0, 10.0])
    for function in (partial(imbalance.logit_adjustment, tau=1.0), imbalance.balanced_softmax):
        _, gradient = value_and_slope(partial(function, counts=counts), logits, torch.tensor([0, 1]))
        assert gradient[1, 1].item() / gradient[0, 0].item() == pytest.approx(9.0)


@settings(max_examples=30, deadline=None)
@given(rows=LOGITS)
def test_a_focal_form_is_half_of_another_and_so_is_the_other_function(rows: list[list[float]]) -> None:
    logits = torch.tensor(rows, dtype=torch.float64)
    plain = sigmoid.bce(logits, LABELS).item()
    focal = sigmoid.sigmoid_focal(logits, LABELS, gamma=0.0, alpha=0.5).item()
    assert 2 * focal == pytest.approx(plain, rel=1e-12)
    assert identity("sigmoid-focal", {"gamma": 0.0, "alpha": 0.5}) != identity("bce", {})
    even = sigmoid.asymmetric(logits, LABELS, gamma_positive=2.0, gamma_negative=2.0, clip=0.0).item()
    assert even == pytest.approx(2 * sigmoid.sigmoid_focal(logits, LABELS, alpha=0.5).item(), rel=1e-12)


@settings(max_examples=30, deadline=None)
@given(rows=LOGITS, shift=st.floats(-20, 20))
def test_a_softmax_loss_does_not_see_a_shift_of_all_logits(rows: list[list[float]], shift: float) -> None:
    logits = torch.tensor(rows, dtype=torch.float64)
    for name in SINGLE:
        if name == "dca":  # rounding may break a tie
            continue
        before, after = bound(name)(logits, CLASSES).item(), bound(name)(logits + shift, CLASSES).item()
        assert after == pytest.approx(before, rel=1e-9, abs=1e-10)


@settings(max_examples=30, deadline=None)
@given(rows=LOGITS, order=st.permutations(range(5)))
def test_the_order_of_the_cases_does_not_matter(rows: list[list[float]], order: list[int]) -> None:
    logits = torch.tensor(rows, dtype=torch.float64)
    for name in CATALOGUE:
        target = target_of(name, 5)
        assert bound(name)(logits[order], target[order]).item() == pytest.approx(
            bound(name)(logits, target).item(), rel=1e-9, abs=1e-12
        )


@pytest.mark.parametrize("name", MULTILABEL)
def test_an_unknown_label_has_no_say_and_no_gradient(name: str) -> None:
    function = bound(name)
    labels = LABELS[:4].clone()
    labels[:, 1] = torch.nan
    value, gradient = value_and_slope(function, ORDINARY, labels)
    assert gradient[labels.isnan()].abs().max() == 0
    assert gradient[~labels.isnan()].abs().max(dim=0).values > 0
    other = torch.where(labels.isnan(), ORDINARY + 7, ORDINARY)
    assert function(other, labels).item() == value.item()


@pytest.mark.parametrize("name", MULTILABEL)
def test_a_batch_without_any_known_label_costs_nothing(name: str) -> None:
    value, gradient = value_and_slope(bound(name), ORDINARY, torch.full((4, 3), torch.nan))
    assert value.item() == 0
    assert gradient.abs().max() == 0


@pytest.mark.parametrize("name", [name for name in SINGLE if CATALOGUE[name].uses_counts])
@pytest.mark.parametrize("progress", [0.0, 0.9])
def test_an_absent_class_leaves_the_loss_finite_and_the_other_classes_alone(name: str, progress: float) -> None:
    counts = torch.tensor([10.0, 0.0, 5.0])
    function = bound(name, progress=progress)
    value, gradient = value_and_slope(partial(function, counts=counts), ORDINARY, CLASSES[:4])
    assert value.isfinite()
    assert gradient.isfinite().all()
    if name in ("class-balanced", "ldam"):
        pair = counts[[0, 2]]
        alone = imbalance.effective_weights(pair, 0.9999)
        torch.testing.assert_close(imbalance.effective_weights(counts, 0.9999)[[0, 2]], alone)


def test_weights_make_a_rare_class_count_more() -> None:
    logits = torch.zeros((2, 2), dtype=torch.float64)
    counts = torch.tensor([90.0, 10.0])
    for function, ratio in (
        (partial(imbalance.weighted_cross_entropy, power=1.0), 9.0),
        (partial(imbalance.class_balanced, beta=0.9), (1 - 0.9**90) / (1 - 0.9**10)),
    ):
        _, gradient = value_and_slope(partial(function, counts=counts), logits, torch.tensor([0, 1]))
        assert gradient[1, 1].item() / gradient[0, 0].item() == pytest.approx(ratio)


def test_weights_of_the_margin_loss_come_when_their_share_of_the_epochs_is_done() -> None:
    counts = torch.tensor([90.0, 10.0])
    terms = [
        imbalance.ldam(ORDINARY[:2, :2], CLASSES[:2], counts=counts, progress=progress, beta=0.99, reduction="none")
        for progress in (0.0, 0.79, 0.8, 0.99)
    ]
    assert torch.equal(terms[0], terms[1])
    assert torch.equal(terms[2], terms[3])
    weight = imbalance.effective_weights(counts, 0.99)
    torch.testing.assert_close(terms[2] / terms[0], weight)


def test_the_rarest_class_has_the_largest_margin() -> None:
    logits = torch.zeros((3, 3), dtype=torch.float64)
    counts = torch.tensor([160.0, 10.0, 810.0])
    terms = imbalance.ldam(logits, torch.arange(3), counts=counts, progress=0.0, scale=2.0, reduction="none")
    lowered = -torch.log((torch.exp(terms) - 1) / 2)
    torch.testing.assert_close(
        lowered, -2.0 * 0.5 * torch.tensor([0.5, 1.0, 1 / 3], dtype=torch.float64), atol=1e-12, rtol=0
    )


def test_a_tempered_softmax_sums_to_one_and_has_heavier_tails() -> None:
    logs = robust.log_tempered_softmax(EXTREME, 1.3)
    torch.testing.assert_close(logs.exp().sum(dim=1), torch.ones(5, dtype=torch.float64))
    plain = torch.log_softmax(EXTREME, dim=1)
    assert (logs[EXTREME < 0] > plain[EXTREME < 0]).all()


def test_at_its_optimum_the_auc_margin_loss_is_the_squared_margin_of_every_pair() -> None:
    """The minimum over a and b and the maximum over alpha give p (1 - p) E[(m - h + h')^2] over pairs (Ying 2016)."""
    logits = torch.randn((40, 1), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    target = (torch.arange(40) % 4 == 0).double()[:, None]
    score = torch.sigmoid(logits)
    positive, negative = score[target == 1], score[target == 0]
    best = {
        "a": positive.mean()[None],
        "b": negative.mean()[None],
        "alpha": (1 + negative.mean() - positive.mean())[None],
    }
    found = sigmoid.auc_margin(logits, target, counts=torch.tensor([[30.0, 10.0]]), **best)
    pairs = (1 - positive[:, None] + negative[None, :]) ** 2
    assert found.item() == pytest.approx(0.25 * 0.75 * pairs.mean().item())
    for key, sign in (("a", 1), ("b", 1), ("alpha", -1)):
        for step in (-0.1, 0.1):
            other = sigmoid.auc_margin(
                logits, target, counts=torch.tensor([[30.0, 10.0]]), **{**best, key: best[key] + step}
            )
            assert sign * (other - found) > 0


@pytest.mark.parametrize("module", ["entropy", "imbalance", "robust", "sigmoid"])
def test_the_examples_are_right(module: str) -> None:
    found = doctest.testmod(importlib.import_module(f"cxr_report.training.losses.{module}"))
    assert found.attempted > 0
    assert found.failed == 0
