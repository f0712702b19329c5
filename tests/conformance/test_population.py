"""Equal losses that interact with cases: tests over seeds alone mislead about patients, the joint ones do not."""

import importlib.util
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from cxr_report.conformance import population_claim

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "stats" / "population_claim.py"
CLAIM = population_claim()


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("population_claim", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # a dataclass looks its module up by name
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def rates(name):
    return next(test.rates for test in CLAIM.tests if test.name == name)


@pytest.mark.parametrize("test", [test for test in CLAIM.tests if test.target == "both"], ids=lambda test: test.name)
def test_the_joint_tests_keep_their_level(test):
    """Within three Monte-Carlo errors of a rate of 0.05."""
    error = (0.05 * 0.95 / CLAIM.replications) ** 0.5
    assert max(test.rates) <= CLAIM.alpha + 3 * error
    assert min(test.rates) >= 0.03


@pytest.mark.parametrize("test", [test for test in CLAIM.tests if test.target == "seeds"], ids=lambda test: test.name)
def test_tests_over_seeds_reject_too_often_and_more_seeds_make_it_worse(test):
    at = dict(zip(CLAIM.seeds, test.rates, strict=True))
    assert at[5] > 0.13
    assert 0.25 < at[10] < 0.65
    assert (np.diff(test.rates) > 0).all()


def test_tests_over_cases_reject_too_often_with_few_seeds():
    assert min(rates("delong")) > 0.1
    assert rates("fixed")[0] > 0.1
    assert rates("fixed_pair")[0] > 0.07


def test_the_errors_are_those_of_a_proportion():
    for test in CLAIM.tests:
        for rate, error in zip(test.rates, test.errors, strict=True):
            assert error == pytest.approx((rate * (1 - rate) / CLAIM.replications) ** 0.5)


def test_the_stored_model_is_that_of_the_script(script):
    assert dict(CLAIM.model) == asdict(script.Model())
    assert CLAIM.words == script.WORDS
    assert CLAIM.seeds == script.SEEDS
    assert [(t.name, t.title, t.target, t.compares) for t in CLAIM.tests] == list(script.TESTS)
    noise = [CLAIM.model[name] for name in ("sd_case", "sd_loss_case", "sd_seed_case", "sd_run_case")]
    assert sum(sd**2 for sd in noise) == pytest.approx(1, abs=1e-3)


def test_the_losses_are_exchangeable_in_the_population(script):
    """Their mean areas over many studies are equal within Monte-Carlo error, though they differ in each study."""
    from cxr_report.stats import mrmc

    rng = np.random.default_rng(5)
    areas = np.array([mrmc(*script.draw(script.Model(), 2, rng)).auc.mean(axis=1) for _ in range(400)])
    spread = areas.std(axis=0, ddof=1) / 20
    assert (np.abs(areas.mean(axis=0) - areas.mean()) < 4 * spread).all()
    assert areas.std(axis=1, ddof=1).mean() > 0.01


@pytest.mark.slow
def test_a_cell_simulated_anew_agrees_with_the_stored_one(script):
    """Other random numbers, S = 5: within three Monte-Carlo errors of both."""
    again, place = script.cell(5, 1500, root=7), CLAIM.seeds.index(5)
    for test in CLAIM.tests:
        rate, error = again["rates"][test.name], again["monte_carlo_errors"][test.name]
        assert abs(rate - test.rates[place]) <= 3 * np.hypot(error, test.errors[place]), test.name


def test_the_first_studies_of_a_cell_are_those_of_the_script(script):
    """The same random numbers give the same p values, of which each lies in [0, 1] or is undefined."""
    one, two = (script.p_values(*script.draw(script.Model(), 3, np.random.default_rng([1, 3]))) for _ in range(2))
    assert one == two
    assert all(0 <= p <= 1 for p in one.values())
