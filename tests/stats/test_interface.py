"""The names that others rely on: arguments, defaults, which are by keyword only, and the attributes of every result."""

import inspect

import numpy as np
import pytest

from cxr_report import stats

TABLE = np.array([[0.80, 0.82, 0.85], [0.81, 0.82, 0.88], [0.79, 0.83, 0.84], [0.80, 0.84, 0.85]])
X, Y = TABLE[:, 0], TABLE[:, 1]
TRUTH = np.array([0, 1, 1, 0, 1, 0, 0, 1, 1, 0])
SCORES = np.random.default_rng(2).normal(size=(10, 2))
RUNS = np.random.default_rng(4).normal(size=(2, 3, 10))
SQUARE = [[5, 2, 1], [1, 6, 2], [0, 1, 7]]
P = np.random.default_rng(5).dirichlet(np.ones(3), 10)


def rng():
    return np.random.default_rng(1)


MRMC = (
    "f df1 df2 p chi2 ms_loss ms_seed ms_loss_seed var_seed var_loss_seed var_error cov1 cov2 cov3 cov2_by_loss "
    "ms_seed_by_loss means differences note"
)
INTERFACE = [
    (
        "friedman(scores, *, higher_is_better=True)",
        (TABLE,),
        {},
        "mean_ranks chi2 df p kendall_w f df1 df2 p_f note",
    ),
    (
        "rm_anova(scores)",
        (TABLE,),
        {},
        "f df1 df2 p epsilon_gg p_gg epsilon_hf p_hf partial_eta2 generalized_eta2 mauchly_w mauchly_p note",
    ),
    ("mixed_model(scores)", (TABLE,), {}, "effects standard_errors sd_seed sd_residual chi2 df p singular note"),
    ("cochran_q(correct)", ((SCORES > 0),), {}, "q df p note"),
    ("nemenyi(scores, *, higher_is_better=True)", (TABLE,), {}, "p note"),
    ("critical_difference(k, n, alpha=0.05)", (4, 10), {}, ""),
    ("conover(scores, *, higher_is_better=True)", (TABLE,), {}, "t df p note"),
    ("paired_t(x, y, *, confidence=0.95)", (X, Y), {}, "difference sd t df p low high note"),
    (
        "corrected_resampled_t(x, y, *, n_train, n_test, confidence=0.95)",
        (X, Y),
        {"n_train": 90, "n_test": 10},
        "difference se t df p low high note",
    ),
    ("welch_t(x, y, *, confidence=0.95)", (X, Y), {}, "difference t df p low high note"),
    ("wilcoxon(x, y, *, zeros='wilcox', method='exact')", (X, Y), {}, "w_plus w_minus n_zero p note"),
    ("sign_flip(x, y, *, rng=None)", (X, Y), {}, "difference p exact note"),
    (
        "tost(x, y, *, low, high)",
        (X, Y),
        {"low": -0.1, "high": 0.1},
        "t_lower t_upper p_lower p_upper p df note",
    ),
    ("bayes_correlated_t(x, y, *, rope, correlation=0.0)", (X, Y), {"rope": 0.01}, "p_left p_rope p_right note"),
    (
        "bayes_signed_rank(x, y, *, rope, rng, samples=50000)",
        (X, Y),
        {"rope": 0.01, "rng": rng()},
        "p_left p_rope p_right note",
    ),
    (
        "almost_stochastic_order(x, y, *, rng, confidence=0.95, samples=1000)",
        (X, Y),
        {"rng": rng()},
        "epsilon_min violation_ratio note",
    ),
    ("shapiro(x)", (X,), {}, "w p note"),
    ("delong(truth, scores)", (TRUTH, SCORES), {}, "auc covariance note"),
    (
        "delong_test(truth, score_a, score_b, *, confidence=0.95)",
        (TRUTH, *SCORES.T),
        {},
        "auc_a auc_b difference se z p low high note",
    ),
    (
        "auc_interval(truth, score, *, confidence=0.95, method='delong')",
        (TRUTH, SCORES[:, 0]),
        {},
        "auc se low high note",
    ),
    ("hand_till(truth, probabilities)", (np.arange(10) % 3, P), {}, "auc pairwise note"),
    (
        "mcnemar(correct_a, correct_b, *, method='mid-p')",
        (SCORES[:, 0] > 0, SCORES[:, 1] > 0),
        {},
        "b c statistic p note",
    ),
    ("bowker(table)", (SQUARE,), {}, "chi2 df p note"),
    ("stuart_maxwell(table)", (SQUARE,), {}, "chi2 df p note"),
    ("cohen_kappa(table, *, confidence=0.95)", (SQUARE,), {}, "kappa se low high note"),
    (
        "obuchowski_rockette(theta, covariance, *, seeds='random', cases='random', design='crossed', confidence=0.95)",
        (TABLE.T[:2], 1e-4 * (np.eye(8) + 1)),
        {},
        MRMC,
    ),
    (
        "mrmc(truth, scores, *, covariance='delong', seeds='random', cases='random', design='crossed', "
        "average='macro', groups=None, confidence=0.95)",
        (TRUTH, RUNS),
        {},
        f"auc {MRMC}",
    ),
    ("jackknife_covariance(statistic, *arrays, groups=None)", (np.mean, X), {}, "shape"),
    (
        "crossed_bootstrap(values, statistic, *, rng, samples=2000, groups=None, design='crossed', method='or-t', "
        "confidence=0.95)",
        (RUNS[0], np.mean),
        {"rng": rng(), "samples": 100},
        "estimate se df low high variance_seeds variance_cases variance_both redrawn note",
    ),
    (
        "equivalence(estimate, se, df, *, low, high)",
        (0.0, 0.1, 5),
        {"low": -1, "high": 1},
        "t_lower t_upper p df low high note",
    ),
    ("noninferiority(estimate, se, df, *, margin)", (0.0, 0.1, 5), {"margin": 1}, "t p df low high note"),
    (
        "power_mrmc(delta, n_seeds, *, ms, case, comparisons=1, alpha=0.05)",
        (0.02, 5),
        {"ms": 1e-4, "case": 1e-5},
        "power width",
    ),
    ("cohens_dz(x, y)", (X, Y), {}, "estimate low high note"),
    ("hedges_gz(x, y)", (X, Y), {}, "estimate low high note"),
    ("cohens_dav(x, y)", (X, Y), {}, "estimate note"),
    ("rank_biserial(x, y)", (X, Y), {}, "estimate note"),
    ("cliffs_delta(x, y)", (X, Y), {}, "estimate note"),
    ("vargha_delaney(x, y)", (X, Y), {}, "estimate note"),
    ("proportion_interval(successes, n, *, method='wilson', confidence=0.95)", (9, 10), {}, "estimate low high note"),
    ("newcombe_difference(x1, n1, x2, n2, *, confidence=0.95)", (5, 10, 6, 12), {}, "difference low high note"),
    (
        "bootstrap_interval(data, statistic, *, rng, samples=10000, method='bca', confidence=0.95)",
        (X, np.mean),
        {"rng": rng(), "samples": 200},
        "estimate se low high note",
    ),
    ("adjust(p, method='holm')", ([0.01, 0.2],), {}, "shape"),
    ("power_paired_t(d_z, n, *, alpha=0.05)", (1.0, 5), {}, ""),
    ("seeds_needed(d_z, *, power=0.8, alpha=0.05)", (1.0,), {}, ""),
    ("smallest_p(test, n, *, comparisons=1, k=2)", ("wilcoxon", 5), {}, ""),
    (
        "rank_bootstrap(scores, *, rng, samples=10000, higher_is_better=True)",
        (TABLE,),
        {"rng": rng(), "samples": 200},
        "distribution mean_ranks low high tau note",
    ),
    ("probability_better(n, x_a, x_b)", (100, 90, 86), {}, "discordant probability note"),
]
CLUSTERED = (
    "delong delong_test auc_interval mrmc bootstrap_interval crossed_bootstrap proportion_interval mcnemar cochran_q"
)


def parameters(text):
    """Read `name(a, b, *, c=1)` as the signature of a function of that name."""
    space = {}
    exec(f"def {text}: pass", space)  # noqa: S102 - the text is written above
    name = text.split("(")[0]
    return name, inspect.signature(space[name]).parameters


@pytest.mark.parametrize(("text", "arguments", "options", "attributes"), INTERFACE, ids=[row[0] for row in INTERFACE])
def test_a_function_has_its_arguments_defaults_and_attributes(text, arguments, options, attributes):
    name, promised = parameters(text)
    function = getattr(stats, name)
    real = inspect.signature(function).parameters
    assert list(real)[: len([p for p in promised.values() if p.kind is p.POSITIONAL_OR_KEYWORD])] == [
        p.name for p in promised.values() if p.kind is p.POSITIONAL_OR_KEYWORD
    ]
    for parameter in promised.values():
        assert real[parameter.name].kind is parameter.kind, parameter.name
        if parameter.default is not parameter.empty:
            assert real[parameter.name].default == parameter.default, parameter.name
    extra = [real[key] for key in real if key not in promised]
    assert all(one.kind is one.KEYWORD_ONLY and one.default is not one.empty for one in extra)
    found = function(*arguments, **options)
    for attribute in attributes.split():
        assert hasattr(found, attribute), attribute


@pytest.mark.parametrize("name", CLUSTERED.split())
def test_functions_with_a_clustered_form_take_patient_ids(name):
    assert inspect.signature(getattr(stats, name)).parameters["groups"].default is None


@pytest.mark.parametrize("name", ["paired_t", "wilcoxon", "sign_flip", "delong_test"])
def test_tests_of_two_have_one_sided_alternatives_that_share_the_p(name):
    arguments = (TRUTH, *SCORES.T) if name == "delong_test" else (X, Y)
    call = getattr(stats, name)
    two, up, down = (call(*arguments, alternative=word).p for word in ("two-sided", "greater", "less"))
    assert two == pytest.approx(min(1, 2 * min(up, down)))
    assert up + down >= 1 - 1e-12


def no_numbers(argument):
    """Every way in which an array can fail to be one of numbers, of the same shape where it has one."""
    first = np.arange(np.size(argument)).reshape(np.shape(argument)) == 0
    numbers = np.asarray(argument, dtype=float)
    yield np.where(first, np.nan, numbers)
    yield np.where(first, np.inf, numbers)
    yield np.where(first, None, numbers.astype(object))
    yield numbers.astype(str)
    yield numbers * 1j
    yield np.ma.masked_array(numbers, mask=first)
    yield numbers[None]
    yield numbers[:0]
    yield [[1.0, 2.0], [3.0]]
    yield "many"
    yield None


TOLERANT = ("jackknife_covariance", "bootstrap_interval", "crossed_bootstrap", "adjust", "proportion_interval")
"""These take data of any kind (a truth may be NaN), an undefined p, or a number as well as an array."""
READ = [row for row in INTERFACE if np.ndim(row[1][0]) and row[0].split("(")[0] not in TOLERANT]


@pytest.mark.parametrize(("text", "arguments", "options", "_"), READ, ids=[row[0].split("(")[0] for row in READ])
def test_what_is_no_array_of_numbers_is_refused_in_one_sentence(text, arguments, options, _):
    function = getattr(stats, text.split("(")[0])
    for place, argument in enumerate(arguments):
        before = np.array(argument, copy=True)
        for bad in no_numbers(argument):
            with pytest.raises(ValueError, match=r"^[^\n]{10,250}\.$"):
                function(*arguments[:place], bad, *arguments[place + 1 :], **options)
        np.testing.assert_array_equal(argument, before)
