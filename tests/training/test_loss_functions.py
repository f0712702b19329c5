"""Every loss of the catalogue against its definition, computed with 50 digits, and against the laws it obeys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import mpmath
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from cxr_report.losses import CATALOGUE, SIGMOID, alike, identity
from cxr_report.training import losses

mpmath.mp.dps = 50
COUNTS = torch.tensor([30.0, 5.0, 65.0])
FINDINGS = torch.tensor([[40.0, 10.0], [5.0, 45.0], [50.0, 0.0]])

ORDINARY = torch.tensor([[0.3, -1.2, 2.0], [1.5, 0.1, -0.4], [-0.7, 0.9, 0.2], [2.2, -2.1, 0.0]], dtype=torch.float64)
EXTREME = torch.tensor([[50.0, -50, 0], [-50, 50, 50], [50, 50, 50], [-50, 0, 50], [-50, 50, -50]]).double()
BATCHES = {"ordinary": ORDINARY, "extreme": EXTREME}
CLASSES = torch.tensor([0, 1, 2, 0, 2])
LABELS = torch.tensor([[1.0, 0, torch.nan], [0, 1, 1], [1, 1, 0], [torch.nan, 0, 0], [0, 0, 1]])


def log_softmax(row: Sequence[Any]) -> list[Any]:
    total = mpmath.log(sum(mpmath.exp(z) for z in row))
    return [z - total for z in row]


def mp_cross_entropy(rows: Any, target: Any) -> Any:
    return sum(-log_softmax(row)[y] for row, y in zip(rows, target, strict=True)) / len(rows)


def mp_weighted(rows: Any, target: Any, *, power: float) -> Any:
    weight = [mpmath.mpf(n.item()) ** -power for n in COUNTS]
    terms = [-weight[y] * log_softmax(row)[y] for row, y in zip(rows, target, strict=True)]
    return sum(terms) / sum(weight[y] for y in target)


def mp_focal(rows: Any, target: Any, *, gamma: float) -> Any:
    value = mpmath.mpf(0)
    for row, y in zip(rows, target, strict=True):
        logs = log_softmax(row)
        missing = sum(mpmath.exp(log) for place, log in enumerate(logs) if place != y)
        value -= missing**gamma * logs[y]
    return value / len(rows)


def mp_smoothing(rows: Any, target: Any, *, epsilon: float) -> Any:
    share = mpmath.mpf(epsilon)
    value = mpmath.mpf(0)
    for row, y in zip(rows, target, strict=True):
        logs = log_softmax(row)
        value -= (1 - share) * logs[y] + share / len(row) * sum(logs)
    return value / len(rows)


def mp_kl(rows: Any, target: Any) -> Any:
    value = mpmath.mpf(0)
    for row, y in zip(rows, target, strict=True):
        t = [mpmath.mpf(place == y) for place in range(len(row))]
        value += sum(t_c * (mpmath.log(t_c) - log) for t_c, log in zip(t, log_softmax(row), strict=True) if t_c)
    return value / len(rows)


def mp_logit_adjustment(rows: Any, target: Any, *, tau: float) -> Any:
    cases = [mpmath.mpf(n) for n in COUNTS.tolist()]
    moved = [[z + tau * mpmath.log(n / sum(cases)) for z, n in zip(row, cases, strict=True)] for row in rows]
    return mp_cross_entropy(moved, target)


def mp_balanced_softmax(rows: Any, target: Any) -> Any:
    value = mpmath.mpf(0)
    for row, y in zip(rows, target, strict=True):
        parts = [mpmath.mpf(n) * mpmath.exp(z) for z, n in zip(row, COUNTS.tolist(), strict=True)]
        value -= mpmath.log(parts[y] / sum(parts))
    return value / len(rows)


def mp_sigmoid(rows: Any, target: Any, term: Callable[[Any, Any, int], Any]) -> Any:
    """Average ``term(log p, log (1 - p), column)`` of the label that holds over the known labels."""
    terms = []
    for row, labels in zip(rows, target, strict=True):
        for column, (z, t) in enumerate(zip(row, labels, strict=True)):
            if not mpmath.isnan(t):
                log_p, log_q = -mpmath.log(1 + mpmath.exp(-z)), -mpmath.log(1 + mpmath.exp(z))
                terms.append(term(log_p, log_q, column) if t == 1 else term(log_q, log_p, column + 100))
    return sum(terms) / len(terms)


def mp_bce(rows: Any, target: Any) -> Any:
    return mp_sigmoid(rows, target, lambda right, _, __: -right)


def mp_weighted_bce(rows: Any, target: Any, *, power: float) -> Any:
    cases = [[mpmath.mpf(max(n, 1.0)) for n in pair] for pair in FINDINGS.tolist()]
    weight = {column: (pair[0] / pair[1]) ** power for column, pair in enumerate(cases)}
    return mp_sigmoid(rows, target, lambda right, _, column: -weight.get(column, 1) * right)


def mp_sigmoid_focal(rows: Any, target: Any, *, gamma: float, alpha: float) -> Any:
    share = mpmath.mpf(alpha)
    return mp_sigmoid(
        rows,
        target,
        lambda right, wrong, column: -(share if column < 100 else 1 - share) * mpmath.exp(wrong) ** gamma * right,
    )


CASES: list[tuple[str, Callable[..., Any], dict[str, float]]] = [
    ("cross-entropy", mp_cross_entropy, {}),
    ("weighted-cross-entropy", mp_weighted, {"power": 1.0}),
    ("weighted-cross-entropy", mp_weighted, {"power": 0.5}),
    ("focal", mp_focal, {"gamma": 2.0}),
    ("focal", mp_focal, {"gamma": 0.5}),
    ("label-smoothing", mp_smoothing, {"epsilon": 0.1}),
    ("label-smoothing", mp_smoothing, {"epsilon": 1.0}),
    ("kl-divergence", mp_kl, {}),
    ("logit-adjustment", mp_logit_adjustment, {"tau": 1.0}),
    ("logit-adjustment", mp_logit_adjustment, {"tau": 2.5}),
    ("balanced-softmax", mp_balanced_softmax, {}),
    ("bce", mp_bce, {}),
    ("weighted-bce", mp_weighted_bce, {"power": 1.0}),
    ("sigmoid-focal", mp_sigmoid_focal, {"gamma": 2.0, "alpha": 0.25}),
    ("sigmoid-focal", mp_sigmoid_focal, {"gamma": 0.5, "alpha": 0.7}),
]


def bound(name: str, parameters: dict[str, float]) -> Callable[[Tensor, Tensor], Tensor]:
    """Bind a loss's parameters, and the counts where it takes them."""
    entry = CATALOGUE[name]
    counts = FINDINGS if entry.tasks == SIGMOID else COUNTS
    return partial(losses.FUNCTIONS[name], **parameters, **({"counts": counts} if entry.uses_counts else {}))


def target_of(name: str, size: int) -> Tensor:
    return (LABELS if CATALOGUE[name].tasks == SIGMOID else CLASSES)[:size]


def slope(function: Callable[[Any], Any], rows: list[list[Any]], row: int, column: int) -> Any:
    """Differentiate at 50 digits by a central difference whose error is far below float64."""
    step = mpmath.mpf(10) ** -15
    values = []
    for sign in (1, -1):
        moved = [list(entries) for entries in rows]
        moved[row][column] += sign * step
        values.append(function(moved))
    return (values[0] - values[1]) / (2 * step)


def test_catalogue_and_functions_name_the_same_losses() -> None:
    assert set(losses.FUNCTIONS) == set(CATALOGUE)


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_loss_takes_the_parameters_of_the_catalogue_and_no_other(name: str) -> None:
    defaults = {parameter.name: parameter.default for parameter in CATALOGUE[name].parameters}
    assert bound(name, defaults)(ORDINARY, target_of(name, 4)).shape == ()
    with pytest.raises(TypeError):
        bound(name, {**defaults, "another": 1.0})(ORDINARY, target_of(name, 4))


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize(
    ("name", "reference", "parameters"), CASES, ids=lambda case: getattr(case, "__name__", str(case)[:30])
)
def test_value_and_gradient_are_those_of_the_definition(
    name: str, reference: Callable[..., Any], parameters: dict[str, float], batch: str
) -> None:
    logits = BATCHES[batch]
    target = target_of(name, len(logits))
    point = logits.clone().requires_grad_()
    value = bound(name, parameters)(point, target)
    (gradient,) = torch.autograd.grad(value, point)
    rows = [[mpmath.mpf(z) for z in row] for row in logits.tolist()]
    expected = partial(reference, target=target.tolist(), **parameters)
    assert value.item() == pytest.approx(float(expected(rows)), rel=1e-13, abs=1e-15)
    for row in range(len(rows)):
        for column in range(3):
            wanted = float(slope(expected, rows, row, column))
            assert gradient[row, column].item() == pytest.approx(wanted, rel=1e-11, abs=1e-14)


@pytest.mark.parametrize("name", CATALOGUE)
def test_float32_holds_at_extreme_logits(name: str) -> None:
    defaults = {parameter.name: parameter.default for parameter in CATALOGUE[name].parameters}
    target = target_of(name, 5)
    point = EXTREME.float().requires_grad_()
    value = bound(name, defaults)(point, target)
    (gradient,) = torch.autograd.grad(value, point)
    exact = EXTREME.clone().requires_grad_()
    (wanted,) = torch.autograd.grad(bound(name, defaults)(exact, target), exact)
    assert value.item() == pytest.approx(bound(name, defaults)(EXTREME, target).item(), rel=1e-6)
    torch.testing.assert_close(gradient.double(), wanted, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", CATALOGUE)
def test_half_precision_is_widened_and_autocast_changes_nothing(name: str) -> None:
    defaults = {parameter.name: parameter.default for parameter in CATALOGUE[name].parameters}
    function, target = bound(name, defaults), target_of(name, 4)
    rough = ORDINARY.bfloat16()
    plain = function(rough.float(), target)
    assert function(rough, target).dtype == torch.float32
    with torch.autocast("cpu", torch.bfloat16):
        assert function(rough.float(), target).item() == plain.item()
    assert function(rough, target).item() == plain.item()


@pytest.mark.parametrize(
    ("name", "_reference", "parameters"), CASES, ids=lambda case: getattr(case, "__name__", str(case)[:30])
)
def test_torch_agrees_that_the_gradient_is_the_derivative(
    name: str, _reference: Callable[..., Any], parameters: dict[str, float]
) -> None:
    function, target = bound(name, parameters), target_of(name, 4)
    assert torch.autograd.gradcheck(lambda z: function(z, target), ORDINARY.clone().requires_grad_())


LOGITS = st.lists(st.lists(st.floats(-50, 50), min_size=3, max_size=3), min_size=5, max_size=5)


SAME: list[tuple[str, dict[str, float], str, dict[str, float]]] = [
    ("focal", {"gamma": 0.0}, "cross-entropy", {}),
    ("label-smoothing", {"epsilon": 0.0}, "cross-entropy", {}),
    ("weighted-cross-entropy", {"power": 0.0}, "cross-entropy", {}),
    ("kl-divergence", {}, "cross-entropy", {}),
    ("logit-adjustment", {"tau": 0.0}, "cross-entropy", {}),
    ("balanced-softmax", {}, "logit-adjustment", {"tau": 1.0}),
    ("weighted-bce", {"power": 0.0}, "bce", {}),
]


@pytest.mark.parametrize(("name", "parameters", "other", "others"), SAME, ids=[f"{row[0]}={row[2]}" for row in SAME])
@settings(max_examples=30, deadline=None)
@given(rows=LOGITS)
def test_what_the_catalogue_calls_identical_has_the_same_value_and_gradient(
    name: str, parameters: dict[str, float], other: str, others: dict[str, float], rows: list[list[float]]
) -> None:
    point = torch.tensor(rows, dtype=torch.float64, requires_grad=True)
    values = [
        bound(which, given_)(point, target_of(which, 5)) for which, given_ in ((name, parameters), (other, others))
    ]
    gradients = [torch.autograd.grad(value, point)[0] for value in values]
    assert values[0].item() == pytest.approx(values[1].item(), rel=1e-12, abs=1e-13)
    torch.testing.assert_close(gradients[0], gradients[1], rtol=1e-11, atol=1e-13)
    assert identity(name, parameters) == identity(other, others)


def test_every_pair_that_the_catalogue_calls_identical_is_held_against_its_values() -> None:
    told = {setting for name in CATALOGUE for setting in alike(name, {})[1:]}
    told |= set(alike("logit-adjustment", {"tau": 1.0})[1:])
    shown = {f"{name}{''.join(f' with {key} {value:g}' for key, value in p.items())}" for name, p, *_ in SAME}
    assert told == shown


@pytest.mark.parametrize("name", [name for name, entry in CATALOGUE.items() if entry.tasks != SIGMOID])
def test_losses_that_the_catalogue_holds_apart_differ_on_ordinary_logits(name: str) -> None:
    defaults = {key: {one.name: one.default for one in CATALOGUE[key].parameters} for key in CATALOGUE}
    mine = bound(name, defaults[name])(ORDINARY, CLASSES[:4]).item()
    for other, entry in CATALOGUE.items():
        if entry.tasks == SIGMOID or identity(other, {}) == identity(name, {}):
            continue
        assert bound(other, defaults[other])(ORDINARY, CLASSES[:4]).item() != pytest.approx(mine, rel=1e-6)


def test_the_divergence_is_computed_by_its_own_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    def reached(*_: object, **__: object) -> Tensor:
        raise AssertionError("cross-entropy was called")

    monkeypatch.setattr(torch.nn.functional, "cross_entropy", reached)
    monkeypatch.setattr(torch.nn.functional, "nll_loss", reached)
    assert losses.kl_divergence(ORDINARY, CLASSES[:4]) > 0
    assert losses.balanced_softmax(ORDINARY, CLASSES[:4], counts=COUNTS) > 0


def test_adjusted_logits_ask_more_of_a_rare_class() -> None:
    logits = torch.zeros((2, 2), dtype=torch.float64, requires_grad=True)
    for function in (partial(losses.logit_adjustment, tau=1.0), losses.balanced_softmax):
        value = function(logits, torch.tensor([0, 1]), counts=torch.tensor([90.0, 10.0]))
        (gradient,) = torch.autograd.grad(value, logits)
        assert gradient[1, 1].item() / gradient[0, 0].item() == pytest.approx(9.0)


@settings(max_examples=30, deadline=None)
@given(rows=LOGITS)
def test_the_sigmoid_losses_reduce_to_bce(rows: list[list[float]]) -> None:
    logits = torch.tensor(rows, dtype=torch.float64)
    plain = losses.bce(logits, LABELS).item()
    weighted = losses.weighted_bce(logits, LABELS, counts=FINDINGS, power=0.0).item()
    focal = losses.sigmoid_focal(logits, LABELS, gamma=0.0, alpha=0.5).item()
    assert weighted == pytest.approx(plain, rel=1e-12)
    assert 2 * focal == pytest.approx(plain, rel=1e-12)


@settings(max_examples=30, deadline=None)
@given(rows=LOGITS, shift=st.floats(-20, 20))
def test_a_softmax_loss_does_not_see_a_shift_of_all_logits(rows: list[list[float]], shift: float) -> None:
    logits = torch.tensor(rows, dtype=torch.float64)
    for name, parameters in (
        ("focal", {"gamma": 2.0}),
        ("label-smoothing", {"epsilon": 0.1}),
        ("kl-divergence", {}),
        ("logit-adjustment", {"tau": 1.0}),
        ("balanced-softmax", {}),
    ):
        function = bound(name, parameters)
        before, after = function(logits, CLASSES).item(), function(logits + shift, CLASSES).item()
        assert after == pytest.approx(before, rel=1e-9, abs=1e-10)


@pytest.mark.parametrize("name", [name for name, entry in CATALOGUE.items() if entry.tasks == SIGMOID])
def test_an_unknown_label_has_no_say_and_no_gradient(name: str) -> None:
    defaults = {parameter.name: parameter.default for parameter in CATALOGUE[name].parameters}
    function = bound(name, defaults)
    labels = LABELS[:4].clone()
    labels[:, 1] = torch.nan
    point = ORDINARY.clone().requires_grad_()
    value = function(point, labels)
    (gradient,) = torch.autograd.grad(value, point)
    assert gradient[labels.isnan()].abs().max() == 0
    assert gradient[~labels.isnan()].abs().min() > 0
    other = torch.where(labels.isnan(), ORDINARY + 7, ORDINARY)
    assert function(other, labels).item() == value.item()


@pytest.mark.parametrize("name", [name for name, entry in CATALOGUE.items() if entry.tasks == SIGMOID])
def test_a_batch_without_any_known_label_costs_nothing(name: str) -> None:
    defaults = {parameter.name: parameter.default for parameter in CATALOGUE[name].parameters}
    point = ORDINARY.clone().requires_grad_()
    value = bound(name, defaults)(point, torch.full((4, 3), torch.nan))
    (gradient,) = torch.autograd.grad(value, point)
    assert value.item() == 0
    assert gradient.abs().max() == 0


def test_an_absent_class_leaves_the_weights_finite() -> None:
    counts = torch.tensor([10.0, 0.0, 5.0])
    value = losses.weighted_cross_entropy(ORDINARY, CLASSES[:4], counts=counts, power=1.0)
    assert value.isfinite()


def test_weights_make_a_rare_class_count_more() -> None:
    logits = torch.zeros((2, 2), dtype=torch.float64, requires_grad=True)
    counts = torch.tensor([90.0, 10.0])
    value = losses.weighted_cross_entropy(logits, torch.tensor([0, 1]), counts=counts, power=1.0)
    (gradient,) = torch.autograd.grad(value, logits)
    assert gradient[1, 1].item() / gradient[0, 0].item() == pytest.approx(9.0)
