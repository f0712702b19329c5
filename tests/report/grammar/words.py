"""How numbers, metrics and adjustments are printed, and what it is to agree with a printed number."""

from __future__ import annotations

from cxr_report.metrics import METRICS

ADJUSTED = {
    "none": "without adjustment for multiple comparisons",
    "bonferroni": "after Bonferroni’s adjustment",
    "holm": "after Holm’s adjustment",
    "hochberg": "after Hochberg’s adjustment",
    "hommel": "after Hommel’s adjustment",
    "bh": "after Benjamini and Hochberg’s adjustment",
    "by": "after Benjamini and Yekutieli’s adjustment",
}
SPOKEN = {
    "auroc": "AUROC",
    "brier": "Brier score",
    "log_loss": "log loss",
    "balanced_accuracy": "balanced accuracy",
    "mcc": "Matthews correlation coefficient",
    "f1": "F1 score",
    "kappa": "Cohen’s kappa",
    "average_precision": "average precision",
    "sensitivity_youden": METRICS["sensitivity_youden"].title[0].lower() + METRICS["sensitivity_youden"].title[1:],
    "ece": METRICS["ece"].title[0].lower() + METRICS["ece"].title[1:],
}
STATISTICS = {
    "mrmc": "Obuchowski–Rockette F",
    "mrmc-seeds-fixed": "Obuchowski–Rockette χ²",
    "iman-davenport": "Iman–Davenport F",
    "friedman": "Friedman χ²",
    "rm-anova": "repeated-measures ANOVA F",
    "mixed-model": "mixed-model χ²",
}
EFFECTS = {"Kendall’s W": "Kendall's W", "generalised η²": "generalised eta2"}
ABBREVIATIONS = {
    "AUROC": "area under the receiver operating characteristic curve",
    "CI": "confidence interval",
    "SD": "standard deviation",
}
COUNT, VALUE, DIFFERENCE, STATISTIC = r"\d[\d\u202f]*", r"−?\d+\.\d{3}", r"−?\d+\.\d{4}", r"−?\d+\.\d\d|∞"
EXACT = r"−?\d+(?:\.\d+)?(?: × 10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?|∞"
P = r"\u00a0[=<>]\u00a0\d\.\d+"
_LEVEL = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


class Broken(AssertionError):  # noqa: N818 - the text is broken
    """The text says what the analysis does not."""


def curly(text: str) -> str:
    """Write apostrophes as printers do."""
    return text.replace("'", "’")


def demand(condition: object, *words: object) -> None:
    """Fail with words where a condition does not hold."""
    if not condition:
        raise Broken(" ".join(map(str, words)))


def number(text: str) -> tuple[float, float]:
    """Read a printed number and half a unit of its last decimal."""
    mantissa, _, power = text.partition(" × 10")
    plain = mantissa.replace("−", "-").replace("\u202f", "").replace("∞", "inf")
    decimals, scale = len(plain.partition(".")[2]), 10.0 ** int(power.translate(_LEVEL) or 0)
    return float(plain) * scale, 0.5 * 10.0**-decimals * scale * (1 + 1e-9)


def same(text: str, value: float, what: str) -> None:
    """Demand that a printed number is the value, rounded."""
    shown, half = number(text)
    close = shown == value or abs(shown - value) <= half
    demand(close, what, "is printed as", text, "and is", value)


def roughly(text: str, value: float, what: str) -> None:
    """Demand that a printed number is the value to four digits, as degrees of freedom are written."""
    shown, half = number(text)
    close = shown == value or abs(shown - value) <= max(half, 1e-3 * abs(shown))
    demand(close, what, "is printed as", text, "and is", value)


def same_p(text: str, value: float, alpha: float, what: str) -> None:
    """Demand that a printed p is the value, on the same side of alpha."""
    sign, digits = (text[1], text[3:]) if text.startswith("\u00a0") else ("=", text)
    shown, half = number(digits)
    if sign == "=":
        demand(shown > 0 and (shown < 1 or value == 1), what, "is printed as", text, "which no p value is")
        demand(abs(shown - value) <= half, what, "is printed as", text, "and is", value)
        demand((shown <= alpha) == (value <= alpha), what, text, "lies on the other side of alpha than", value)
    else:
        demand(shown in (0.001, 0.999), what, "is cut off at", shown)
        demand(value < shown if sign == "<" else value > shown, what, "is printed as", text, "and is", value)
