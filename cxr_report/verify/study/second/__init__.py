"""The headline numbers by another way: truth and predictions in, what scipy, statsmodels and written-out forms say out.

Nothing here is shared with `cxr_report.stats`, `cxr_report.metrics` or `cxr_report.analysis`.
"""

from cxr_report.verify.study.second.route import step

__all__ = ["step"]
