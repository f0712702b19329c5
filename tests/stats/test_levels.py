"""Under the null every test rejects about as often as it says: seeds of 3, 5 and 10, rare classes, repeated patients.

Where a test is exact under the model its rate is alpha; where it is discrete, the largest level it can reach; where it
is an approximation, the rate it has in the long run, measured once (400,000 studies in an array program of its own;
40,000 where cases are drawn, 12,000 of areas over seeds) and written here. Each run must lie within three Monte-Carlo
errors of that. `fast` runs by default, `full` is slow.
"""

import numpy as np
import pytest

from cxr_report import stats

ALPHA = 0.05
LENGTHS = [pytest.param(400, id="fast"), pytest.param(10_000, id="full", marks=pytest.mark.slow)]
SHORT = [pytest.param(200, id="fast"), pytest.param(4000, id="full", marks=pytest.mark.slow)]


def within_three_errors(p, rate):
    """Whether the share of p at most alpha is what `rate` says, an undefined p being no rejection."""
    p = np.asarray(p, dtype=float)
    return abs((p <= ALPHA).mean() - rate) <= 3 * (rate * (1 - rate) / p.size) ** 0.5


def seed_table(rng, s, k):
    """Equal losses on paired seeds: a normal effect of the seed and normal noise."""
    return 0.85 + 0.02 * rng.normal(size=(s, 1)) + 0.01 * rng.normal(size=(s, k))


SEED_TESTS = {
    "paired t": lambda table: stats.paired_t(table[:, 0], table[:, 1]).p,
    "paired t, one-sided": lambda table: stats.paired_t(table[:, 0], table[:, 1], alternative="greater").p,
    "equivalence at the limit": lambda table: stats.tost(table[:, 0] + 0.1, table[:, 1], low=-0.5, high=0.1).p,
    "Wilcoxon": lambda table: stats.wilcoxon(table[:, 0], table[:, 1]).p,
    "sign flips": lambda table: stats.sign_flip(table[:, 0], table[:, 1]).p,
    "Welch": lambda table: stats.welch_t(table[:, 0] - table[:, 2], table[:, 1] - table[:, 3]).p,
    "repeated measures F": lambda table: stats.rm_anova(table).p,
    "Greenhouse-Geisser": lambda table: stats.rm_anova(table).p_gg,
    "Iman-Davenport F": lambda table: stats.friedman(table).p_f,
    "Friedman chi2": lambda table: stats.friedman(table).p,
    "mixed model": lambda table: stats.mixed_model(table).p,
    "Conover, one pair": lambda table: stats.conover(table).p[0, 1],
    "Nemenyi, any pair": lambda table: stats.nemenyi(table).p.min(),
    "Shapiro-Wilk": lambda table: stats.shapiro(table[:, 0] - table[:, 1]).p,
}

SEED_RATES = {
    "paired t": (0.05, 0.05, 0.05),
    "paired t, one-sided": (0.05, 0.05, 0.05),
    "equivalence at the limit": (0.05, 0.05, 0.05),
    "Wilcoxon": (0.0, 0.0, 50 / 1024),
    "sign flips": (0.0, 0.0, 50 / 1024),
    "Welch": (0.0357, 0.0446, 0.0482),
    "repeated measures F": (0.05, 0.05, 0.05),
    "Greenhouse-Geisser": (0.0082, 0.0205, 0.0337),
    "Iman-Davenport F": (0.0743, 0.0663, 0.0532),
    "Friedman chi2": (0.0171, 0.0336, 0.0446),
    "mixed model": (0.1355, 0.0905, 0.0671),
    "Conover, one pair": (0.0739, 0.0515, 0.0494),
    "Nemenyi, any pair": (0.0068, 0.0363, 0.0521),
    "Shapiro-Wilk": (0.05, 0.0480, 0.0494),
}
"""For 3, 5 and 10 seeds. Five seeds never let Wilcoxon or sign flips reject at 0.05."""


@pytest.mark.parametrize("repeats", LENGTHS)
@pytest.mark.parametrize("s", [3, 5, 10])
@pytest.mark.parametrize("name", SEED_TESTS)
def test_tests_over_seeds_reject_as_often_as_they_say(name, s, repeats):
    rng = np.random.default_rng([1, s])
    p = [SEED_TESTS[name](seed_table(rng, s, 4)) for _ in range(repeats)]
    assert within_three_errors(p, SEED_RATES[name][(3, 5, 10).index(s)])


def blocks(k, s):
    """Which runs share a loss and which share a seed, loss-major `(ks, ks)` each."""
    loss, seed = np.repeat(np.arange(k), s), np.tile(np.arange(s), k)
    return loss[:, None] == loss, seed[:, None] == seed


class JointStudy:
    """Equal losses by seeds on the same cases, drawn from the model of Obuchowski and Rockette."""

    def __init__(self, k, s, *, noisy=0.0, nested=False, seeds=True):
        same_loss, same_seed = blocks(k, s)
        shared = 0.0 if nested else 2e-5
        self.covariance = 1.8e-4 + 8e-5 * same_loss + shared * same_seed + (1.4e-4 - shared) * (same_loss & same_seed)
        self.root = np.linalg.cholesky(self.covariance)
        self.shape, self.nested, self.seeds = (k, s), nested, seeds
        self.spread = 8e-3 + noisy * (np.arange(k) == 0)[:, None]

    def draw(self, rng):
        """Return `(k, S)` metrics."""
        k, s = self.shape
        theta = 0.85 + (self.root @ rng.normal(size=k * s)).reshape(k, s)
        if not self.seeds:
            return theta
        theta += self.spread * rng.normal(size=(k, s))
        return theta if self.nested else theta + 0.01 * rng.normal(size=s)

    def p(self, rng, **options):
        """Return the p of equal losses, with the case covariance known."""
        return stats.obuchowski_rockette(self.draw(rng), self.covariance, **options).p


JOINT_TESTS = {
    "two losses": lambda s: (JointStudy(2, s), {}),
    "four losses": lambda s: (JointStudy(4, s), {}),
    "four losses, nested": lambda s: (JointStudy(4, s, nested=True), {"design": "nested"}),
    "seeds fixed": lambda s: (JointStudy(4, s, seeds=False), {"seeds": "fixed"}),
}
JOINT_RATES = {
    "two losses": (0.0561, 0.0504, 0.0496),
    "four losses": (0.0541, 0.0502, 0.0497),
    "four losses, nested": (0.0530, 0.0498, 0.0497),
    "seeds fixed": (0.05, 0.05, 0.05),
}


@pytest.mark.parametrize("repeats", LENGTHS)
@pytest.mark.parametrize("s", [3, 5, 10])
@pytest.mark.parametrize("name", JOINT_TESTS)
def test_the_joint_test_rejects_as_often_as_it_says(name, s, repeats):
    study, options = JOINT_TESTS[name](s)
    rng = np.random.default_rng([2, s])
    p = [study.p(rng, **options) for _ in range(repeats)]
    assert within_three_errors(p, JOINT_RATES[name][(3, 5, 10).index(s)])


FAMILY_RATES = {
    ("pair", 0.0): 0.0195,
    ("pair", 0.03): 0.0514,
    ("pooled", 0.0): 0.0438,
    ("pooled", 0.03): 0.0748,
}


@pytest.mark.parametrize("repeats", LENGTHS)
@pytest.mark.parametrize("noisy", [0.0, 0.03])
@pytest.mark.parametrize("error", ["pair", "pooled"])
def test_holm_over_all_pairs_keeps_the_family_error_with_pair_errors_and_not_with_pooled_ones(error, noisy, repeats):
    """Four equal losses, three seeds, one of the losses perhaps noisy; the smallest adjusted p of six."""
    study, rng = JointStudy(4, 3, noisy=noisy), np.random.default_rng(3)
    p = []
    for _ in range(repeats):
        rows = stats.obuchowski_rockette(study.draw(rng), study.covariance).differences(error=error)
        p.append(stats.adjust([row.p for row in rows], "holm").min())
    assert within_three_errors(p, FAMILY_RATES[error, noisy])
    if error == "pair":
        assert np.mean(np.array(p) <= ALPHA) <= ALPHA + 3 * (ALPHA * (1 - ALPHA) / repeats) ** 0.5


def rare(rng, images=1, patients=80, positives=8):
    """Truth with few positive patients and two scores of equal strength that share most of their noise."""
    truth = np.arange(patients) < positives
    of = np.repeat(np.arange(patients), images)
    common = rng.normal(size=patients)[of] + 0.4 * rng.normal(size=of.size)
    quirk = 0.6 * rng.normal(size=(2, patients))[:, of] + 0.3 * rng.normal(size=(2, of.size))
    return truth[of].astype(int), 1.3 * truth[of] + common + quirk, of


def right(rng, images=1, patients=60, k=3):
    """Whether each of k equally good classifiers is right, `(patients * images, k)`, and the patients."""
    of = np.repeat(np.arange(patients), images)
    hard, quirk = rng.normal(size=(patients, 1)), 0.8 * rng.normal(size=(patients, k))
    return (1.0 + hard[of] + quirk[of] + 0.8 * rng.normal(size=(of.size, k)) > 0).astype(int), of


def rating_table(rng, n=60):
    """Two raters who see the same, three classes of which one is rare."""
    seen = rng.choice(3, n, p=[0.55, 0.37, 0.08])
    one, other = (np.where(rng.random(n) < 0.65, seen, rng.choice(3, n, p=[0.55, 0.37, 0.08])) for _ in "ab")
    return np.bincount(3 * one + other, minlength=9).reshape(3, 3)


def delong_p(rng, images):
    truth, scores, of = rare(rng, images)
    return stats.delong_test(truth, *scores, groups=of).p


def mcnemar_p(rng, images, method):
    table, of = right(rng, images)
    return stats.mcnemar(table[:, 0], table[:, 1], method=method, groups=of).p


def cochran_p(rng, images):
    table, of = right(rng, images)
    return stats.cochran_q(table, groups=of).p


CASE_TESTS = {
    "DeLong": lambda rng: delong_p(rng, 1),
    "DeLong, three images each": lambda rng: delong_p(rng, 3),
    "McNemar exact": lambda rng: mcnemar_p(rng, 1, "exact"),
    "McNemar mid-p": lambda rng: mcnemar_p(rng, 1, "mid-p"),
    "McNemar chi2": lambda rng: mcnemar_p(rng, 1, "chi2"),
    "McNemar mid-p, three images each": lambda rng: mcnemar_p(rng, 3, "mid-p"),
    "McNemar chi2, three images each": lambda rng: mcnemar_p(rng, 3, "chi2"),
    "Cochran": lambda rng: cochran_p(rng, 1),
    "Cochran, three images each": lambda rng: cochran_p(rng, 3),
    "Bowker": lambda rng: stats.bowker(rating_table(rng)).p,
    "Stuart-Maxwell": lambda rng: stats.stuart_maxwell(rating_table(rng)).p,
}
CASE_RATES = {
    "DeLong": 0.0611,
    "DeLong, three images each": 0.0646,
    "McNemar exact": 0.0280,
    "McNemar mid-p": 0.0473,
    "McNemar chi2": 0.0495,
    "McNemar mid-p, three images each": 0.0508,
    "McNemar chi2, three images each": 0.0507,
    "Cochran": 0.0496,
    "Cochran, three images each": 0.0496,
    "Bowker": 0.0262,
    "Stuart-Maxwell": 0.0413,
}
"""Eight positive patients are few for DeLong's normal approximation."""


@pytest.mark.parametrize("repeats", LENGTHS)
@pytest.mark.parametrize("name", CASE_TESTS)
def test_tests_over_cases_reject_as_often_as_they_say(name, repeats):
    rng = np.random.default_rng(4)
    assert within_three_errors([CASE_TESTS[name](rng) for _ in range(repeats)], CASE_RATES[name])


def areas_study(rng, s, k=2, n=120, positives=40):
    """Scores with case effects of each loss's own, noise per seed, and equal mean areas."""
    truth = np.repeat([1, 0], [positives, n - positives])
    strength = 1.3 + 0.15 * rng.normal(size=s) + 0.15 * rng.normal(size=(k, s))
    shared, own = rng.normal(size=n), 0.7 * rng.normal(size=(k, 1, n))
    return truth, strength[:, :, None] * truth + shared + own + 0.3 * rng.normal(size=(k, s, n))


AREA_RATES = {3: (0.0484, 0.145), 5: (0.0463, 0.288), 10: (0.0528, 0.477)}
"""Seeds: (the joint test of the pair, the F over seeds alone)."""


@pytest.mark.parametrize(
    "repeats", [pytest.param(200, id="fast"), pytest.param(4000, id="full", marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("s", [3, 5, 10])
def test_areas_of_new_cases_and_seeds_need_the_joint_test(s, repeats):
    """With a loss x case interaction the F over seeds alone claims far too much about other patients."""
    rng, p, alone = np.random.default_rng([5, s]), [], []
    for _ in range(repeats):
        result = stats.mrmc(*areas_study(rng, s))
        p.append(result.differences()[0].p)
        alone.append(stats.rm_anova(result.auc.T).p)
    joint, seeds = AREA_RATES[s]
    assert within_three_errors(p, joint)
    assert within_three_errors(alone, seeds)
