"""The references: a DOI or a text is cited, a number comes back, and the list of what was cited stands at the end."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from cxr_report.losses import CATALOGUE

__all__ = ["KNOWN", "Bibliography", "Reference"]


@dataclass(frozen=True, slots=True)
class Reference:
    """One entry of the list."""

    number: int
    text: str
    doi: str
    """Empty where there is none."""


_WORKS = {
    "10.1016/j.ipm.2009.03.002": "Sokolova M, Lapalme G. A systematic analysis of performance measures for "
    "classification tasks. Information Processing & Management. 2009;45(4):427-437.",
    "10.1109/ICPR.2010.764": "Brodersen KH, Ong CS, Stephan KE, Buhmann JM. The balanced accuracy and its posterior "
    "distribution. 20th International Conference on Pattern Recognition. 2010:3121-3124.",
    "10.1136/bmj.308.6943.1552": "Altman DG, Bland JM. Diagnostic tests 1: sensitivity and specificity. BMJ. "
    "1994;308:1552.",
    "10.1136/bmj.309.6947.102": "Altman DG, Bland JM. Diagnostic tests 2: predictive values. BMJ. 1994;309:102.",
    "10.1016/j.patrec.2005.10.010": "Fawcett T. An introduction to ROC analysis. Pattern Recognition Letters. "
    "2006;27(8):861-874.",
    "10.1002/1097-0142(1950)3:1<32::aid-cncr2820030106>3.0.co;2-3": "Youden WJ. Index for rating diagnostic tests. "
    "Cancer. 1950;3(1):32-35.",
    "10.1016/j.compbiolchem.2004.09.006": "Gorodkin J. Comparing two K-category assignments by a K-category "
    "correlation coefficient. Computational Biology and Chemistry. 2004;28(5-6):367-374.",
    "10.1177/001316446002000104": "Cohen J. A coefficient of agreement for nominal scales. Educational and "
    "Psychological Measurement. 1960;20(1):37-46.",
    "10.1148/radiology.143.1.7063747": "Hanley JA, McNeil BJ. The meaning and use of the area under a receiver "
    "operating characteristic (ROC) curve. Radiology. 1982;143(1):29-36.",
    "10.1023/A:1010920819831": "Hand DJ, Till RJ. A simple generalisation of the area under the ROC curve for multiple "
    "class classification problems. Machine Learning. 2001;45:171-186.",
    "10.1145/1143844.1143874": "Davis J, Goadrich M. The relationship between precision-recall and ROC curves. 23rd "
    "International Conference on Machine Learning. 2006:233-240.",
    "10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2": "Brier GW. Verification of forecasts expressed in terms of "
    "probability. Monthly Weather Review. 1950;78(1):1-3.",
    "10.1609/aaai.v29i1.9602": "Naeini MP, Cooper GF, Hauskrecht M. Obtaining well calibrated probabilities using "
    "Bayesian binning. AAAI Conference on Artificial Intelligence. 2015;29(1).",
    "10.1080/01621459.1937.10503522": "Friedman M. The use of ranks to avoid the assumption of normality implicit in "
    "the analysis of variance. Journal of the American Statistical Association. 1937;32(200):675-701.",
    "10.1080/03610928008827904": "Iman RL, Davenport JM. Approximations of the critical region of the Friedman "
    "statistic. Communications in Statistics - Theory and Methods. 1980;9(6):571-595.",
    "10.2307/3001968": "Wilcoxon F. Individual comparisons by ranking methods. Biometrics Bulletin. 1945;1(6):80-83.",
    "10.2307/2531595": "DeLong ER, DeLong DM, Clarke-Pearson DL. Comparing the areas under two or more correlated "
    "receiver operating characteristic curves: a nonparametric approach. Biometrics. 1988;44(3):837-845.",
    "10.2307/2533958": "Obuchowski NA. Nonparametric analysis of clustered ROC curve data. Biometrics. "
    "1997;53(2):567-578.",
    "10.1080/03610919508813243": "Obuchowski NA, Rockette HE. Hypothesis testing of diagnostic accuracy for multiple "
    "readers and multiple tests: an ANOVA approach with dependent observations. Communications in Statistics - "
    "Simulation and Computation. 1995;24(2):285-308.",
    "10.1002/sim.2532": "Hillis SL. A comparison of denominator degrees of freedom methods for multiple observer ROC "
    "analysis. Statistics in Medicine. 2007;26(3):596-619.",
    "10.1016/j.acra.2007.12.015": "Hillis SL, Berbaum KS, Metz CE. Recent developments in the Dorfman-Berbaum-Metz "
    "procedure for multireader ROC study analysis. Academic Radiology. 2008;15(5):647-661.",
    "10.1002/sim.5926": "Hillis SL. A marginal-mean ANOVA approach for analyzing multireader multicase radiological "
    "imaging data. Statistics in Medicine. 2014;33(2):330-360.",
    "10.1002/9780470316856": "Searle SR, Casella G, McCulloch CE. Variance components. Wiley. 1992.",
    "nemenyi": "Nemenyi P. Distribution-free multiple comparisons. PhD thesis, Princeton University. 1963.",
    "steiger": "Steiger JH, Fouladi RT. Noncentrality interval estimation and the evaluation of statistical models. "
    "In: Harlow LL, Mulaik SA, Steiger JH, editors. What if there were no significance tests? Erlbaum. 1997:221-257.",
    "10.2307/2983325": "Goldstein H, Spiegelhalter DJ. League tables and their limitations: statistical issues in "
    "comparisons of institutional performance. Journal of the Royal Statistical Society Series A. 1996;159(3):385-443.",
    "10.1016/S0378-3758(01)00077-5": "Westfall PH, Krishen A. Optimally weighted, fixed sequence and gatekeeper "
    "multiple testing procedures. Journal of Statistical Planning and Inference. 2001;99(1):25-40.",
    "10.1007/BF01068419": "Schuirmann DJ. A comparison of the two one-sided tests procedure and the power approach for "
    "assessing the equivalence of average bioavailability. Journal of Pharmacokinetics and Biopharmaceutics. "
    "1987;15(6):657-680.",
    "10.1001/jama.2012.87802": "Piaggio G, Elbourne DR, Pocock SJ, Evans SJW, Altman DG. Reporting of noninferiority "
    "and equivalence randomized trials: extension of the CONSORT 2010 statement. JAMA. 2012;308(24):2594-2604.",
    "10.1007/BF02289823": "Greenhouse SW, Geisser S. On methods in the analysis of profile data. Psychometrika. "
    "1959;24(2):95-112.",
    "10.1137/1.9781611970319": "Efron B. The jackknife, the bootstrap and other resampling plans. Society for "
    "Industrial and Applied Mathematics. 1982.",
    "demsar": "Demšar J. Statistical comparisons of classifiers over multiple data sets. Journal of Machine Learning "
    "Research. 2006;7:1-30.",
    "10.1177/1745691616658637": "Steegen S, Tuerlinckx F, Gelman A, Vanpaemel W. Increasing transparency through a "
    "multiverse analysis. Perspectives on Psychological Science. 2016;11(5):702-712.",
    "10.1038/s41562-020-0912-z": "Simonsohn U, Simmons JP, Nelson LD. Specification curve analysis. Nature Human "
    "Behaviour. 2020;4:1208-1214.",
    "10.1175/2007WAF2006116.1": "Stephenson DB, Coelho CAS, Jolliffe IT. Two extra components in the Brier score "
    "decomposition. Weather and Forecasting. 2008;23(4):752-757.",
    "bergstra": "Bergstra J, Bengio Y. Random search for hyper-parameter optimization. Journal of Machine Learning "
    "Research. 2012;13:281-305.",
    "benavoli": "Benavoli A, Corani G, Demšar J, Zaffalon M. Time for a change: a tutorial for comparing multiple "
    "classifiers through Bayesian analysis. Journal of Machine Learning Research. 2017;18(77):1-36.",
    "10.1093/biomet/75.4.800": "Hochberg Y. A sharper Bonferroni procedure for multiple tests of significance. "
    "Biometrika. 1988;75(4):800-802.",
    "10.1093/biomet/75.2.383": "Hommel G. A stagewise rejective multiple test procedure based on a modified Bonferroni "
    "test. Biometrika. 1988;75(2):383-386.",
    "10.1111/j.2517-6161.1995.tb02031.x": "Benjamini Y, Hochberg Y. Controlling the false discovery rate: a practical "
    "and powerful approach to multiple testing. Journal of the Royal Statistical Society Series B. 1995;57(1):289-300.",
    "10.1214/aos/1013699998": "Benjamini Y, Yekutieli D. The control of the false discovery rate in multiple testing "
    "under dependency. Annals of Statistics. 2001;29(4):1165-1188.",
    "10.1109/CVPR.2016.90": "He K, Zhang X, Ren S, Sun J. Deep residual learning for image recognition. IEEE "
    "Conference on Computer Vision and Pattern Recognition. 2016:770-778.",
    "10.1109/CVPR.2017.243": "Huang G, Liu Z, van der Maaten L, Weinberger KQ. Densely connected convolutional "
    "networks. IEEE Conference on Computer Vision and Pattern Recognition. 2017:2261-2269.",
    "10.48550/arXiv.1711.05101": "Loshchilov I, Hutter F. Decoupled weight decay regularization. International "
    "Conference on Learning Representations. 2019.",
    "10.48550/arXiv.1708.07120": "Smith LN, Topin N. Super-convergence: very fast training of neural networks using "
    "large learning rates. arXiv. 2017.",
    "10.48550/arXiv.1608.03983": "Loshchilov I, Hutter F. SGDR: stochastic gradient descent with warm restarts. "
    "International Conference on Learning Representations. 2017.",
    "10.48550/arXiv.2211.02701": "Cardoso MJ, Li W, Brown R, et al. MONAI: an open-source framework for deep learning "
    "in healthcare. arXiv. 2022.",
    "10.48550/arXiv.1912.01703": "Paszke A, Gross S, Massa F, et al. PyTorch: an imperative style, high-performance "
    "deep learning library. arXiv. 2019.",
    "10.1038/s41592-019-0686-2": "Virtanen P, Gommers R, Oliphant TE, et al. SciPy 1.0: fundamental algorithms for "
    "scientific computing in Python. Nature Methods. 2020;17:261-272.",
    "10.1038/s41597-022-01721-8": "Yang J, Shi R, Wei D, et al. MedMNIST v2: a large-scale lightweight benchmark for "
    "2D and 3D biomedical image classification. Scientific Data. 2023;10:41.",
    "10.1148/ryai.240300": "Tejani AS, Klontzas ME, Gatti AA, et al. Checklist for artificial intelligence in medical "
    "imaging (CLAIM): 2024 update. Radiology: Artificial Intelligence. 2024;6(4):e240300.",
    "10.1136/bmj-2023-078378": "Collins GS, Moons KGM, Dhiman P, et al. TRIPOD+AI statement: updated guidance for "
    "reporting clinical prediction models that use regression or machine learning methods. BMJ. 2024;385:e078378.",
    "10.1038/s41591-025-03953-8": "Sounderajah V, Guni A, Liu X, et al. The STARD-AI reporting guideline for "
    "diagnostic accuracy studies using artificial intelligence. Nature Medicine. 2025;31:3283-3289.",
    "holm": "Holm S. A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics. "
    "1979;6(2):65-70.",
    "bonferroni": "Dunn OJ. Multiple comparisons among means. Journal of the American Statistical Association. "
    "1961;56(293):52-64.",
}

KNOWN: Mapping[str, str] = MappingProxyType(
    {**{entry.doi: entry.reference for entry in CATALOGUE.values() if entry.doi}, **_WORKS}
)
"""DOI, or a key without a dot, -> reference."""

_DOI_OF = {"bonferroni": "10.1080/01621459.1961.10482090"}


@dataclass(slots=True)
class Bibliography:
    """Numbers references in the order in which they are first cited."""

    cited: dict[str, int] = field(default_factory=dict)

    def cite(self, *works: str) -> str:
        """Return the numbers of some works, such as ``3`` or ``3,4``; an empty work is left out.

        Args:
            *works: a DOI or a key of `KNOWN`, or else the text of a reference.
        """
        numbers = [self.cited.setdefault(work, len(self.cited) + 1) for work in works if work]
        return ",".join(map(str, sorted(set(numbers))))

    def references(self) -> tuple[Reference, ...]:
        """Return the list as cited so far."""
        return tuple(_reference(work, number) for work, number in self.cited.items())


def _reference(work: str, number: int) -> Reference:
    doi = work if work.startswith("10.") else _DOI_OF.get(work, "")
    text = KNOWN.get(work) or ("" if doi else work)
    return Reference(number, re.sub(r"(?<=\d)-(?=\d)", "\N{EN DASH}", text), doi)
