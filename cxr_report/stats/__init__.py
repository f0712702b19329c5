"""Numbers in, tests, effect sizes, intervals, adjustment, ranking and power out; pure, nothing of ours imported."""

from cxr_report.stats.adjustment import adjust, smallest_p
from cxr_report.stats.anova import RmAnova, rm_anova
from cxr_report.stats.auc_bootstrap import AucBootstrap, auc_bootstrap
from cxr_report.stats.bayes import Posterior, bayes_correlated_t, bayes_signed_rank
from cxr_report.stats.bootstrap import BootstrapInterval, bootstrap_interval
from cxr_report.stats.crossed import CrossedBootstrap, crossed_bootstrap
from cxr_report.stats.delong import AucInterval, Delong, DelongTest, auc_interval, delong, delong_test
from cxr_report.stats.discordance import CochranQ, McNemar, cochran_q, mcnemar
from cxr_report.stats.dominance import StochasticOrder, almost_stochastic_order
from cxr_report.stats.effects import (
    Effect,
    StandardizedEffect,
    cliffs_delta,
    cohens_dav,
    cohens_dz,
    hedges_gz,
    rank_biserial,
    vargha_delaney,
)
from cxr_report.stats.equivalence import Equivalence, Noninferiority, equivalence, noninferiority
from cxr_report.stats.hand_till import HandTill, hand_till
from cxr_report.stats.jackknife import (
    BootstrapCovariance,
    bootstrap_covariance,
    jackknife_covariance,
    jackknife_covariance_of_sums,
)
from cxr_report.stats.mixed import MixedModel, mixed_model
from cxr_report.stats.mrmc import AucMrmc, mrmc
from cxr_report.stats.normality import Shapiro, shapiro
from cxr_report.stats.obuchowski_rockette import LossDifference, LossMean, Mrmc, obuchowski_rockette
from cxr_report.stats.planning import power_paired_t, seeds_needed
from cxr_report.stats.power_mrmc import MrmcPower, power_mrmc
from cxr_report.stats.proportions import (
    DifferenceInterval,
    ProportionInterval,
    newcombe_difference,
    proportion_interval,
)
from cxr_report.stats.published import ProbabilityBetter, probability_better
from cxr_report.stats.rank_bootstrap import RankBootstrap, rank_bootstrap
from cxr_report.stats.rank_tests import Conover, Friedman, Nemenyi, conover, critical_difference, friedman, nemenyi
from cxr_report.stats.resampled import CorrectedT, corrected_resampled_t
from cxr_report.stats.sign_flips import SignFlip, sign_flip
from cxr_report.stats.signed_rank import Wilcoxon, wilcoxon
from cxr_report.stats.t_tests import PairedT, TInterval, WelchT, paired_t, t_interval, welch_t
from cxr_report.stats.tables import Kappa, TableTest, bowker, cohen_kappa, stuart_maxwell
from cxr_report.stats.two_one_sided import Tost, tost

__all__ = [
    "AucBootstrap",
    "AucInterval",
    "AucMrmc",
    "BootstrapCovariance",
    "BootstrapInterval",
    "CochranQ",
    "Conover",
    "CorrectedT",
    "CrossedBootstrap",
    "Delong",
    "DelongTest",
    "DifferenceInterval",
    "Effect",
    "Equivalence",
    "Friedman",
    "HandTill",
    "Kappa",
    "LossDifference",
    "LossMean",
    "McNemar",
    "MixedModel",
    "Mrmc",
    "MrmcPower",
    "Nemenyi",
    "Noninferiority",
    "PairedT",
    "Posterior",
    "ProbabilityBetter",
    "ProportionInterval",
    "RankBootstrap",
    "RmAnova",
    "Shapiro",
    "SignFlip",
    "StandardizedEffect",
    "StochasticOrder",
    "TInterval",
    "TableTest",
    "Tost",
    "WelchT",
    "Wilcoxon",
    "adjust",
    "almost_stochastic_order",
    "auc_bootstrap",
    "auc_interval",
    "bayes_correlated_t",
    "bayes_signed_rank",
    "bootstrap_covariance",
    "bootstrap_interval",
    "bowker",
    "cliffs_delta",
    "cochran_q",
    "cohen_kappa",
    "cohens_dav",
    "cohens_dz",
    "conover",
    "corrected_resampled_t",
    "critical_difference",
    "crossed_bootstrap",
    "delong",
    "delong_test",
    "equivalence",
    "friedman",
    "hand_till",
    "hedges_gz",
    "jackknife_covariance",
    "jackknife_covariance_of_sums",
    "mcnemar",
    "mixed_model",
    "mrmc",
    "nemenyi",
    "newcombe_difference",
    "noninferiority",
    "obuchowski_rockette",
    "paired_t",
    "power_mrmc",
    "power_paired_t",
    "probability_better",
    "proportion_interval",
    "rank_biserial",
    "rank_bootstrap",
    "rm_anova",
    "seeds_needed",
    "shapiro",
    "sign_flip",
    "smallest_p",
    "stuart_maxwell",
    "t_interval",
    "tost",
    "vargha_delaney",
    "welch_t",
    "wilcoxon",
]
