"""Draws depend on (seed, purpose, epoch, step) and on nothing else."""

from __future__ import annotations

import itertools

import torch

from cxr_report.training.randomness import generator, number, seeded

CPU = torch.device("cpu")


def test_every_place_has_its_own_number() -> None:
    places = itertools.product(range(3), ("order", "augment"), range(3), range(3))
    numbers = [number(*place) for place in places]
    assert len(set(numbers)) == len(numbers)


def test_numbers_stay_what_they_are() -> None:
    """Weights of published studies hang on them."""
    assert number(1, "order", 2, 3) == 6506316618470056710
    assert torch.randperm(5, generator=generator(7, "order", 1)).tolist() == [1, 2, 3, 0, 4]


def test_a_seeded_block_leaves_the_global_generator_alone() -> None:
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    with seeded(CPU, 1, "dropout"):
        inside = torch.rand(2)
    assert torch.equal(torch.rand(2), expected)
    with seeded(CPU, 1, "dropout"):
        assert torch.equal(torch.rand(2), inside)
