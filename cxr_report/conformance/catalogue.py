"""Every comparison there is, and the run of all of them: nothing in, one Check per function and witness out."""

from __future__ import annotations

import platform
from importlib.metadata import version

from cxr_report import __version__
from cxr_report.conformance.entries import cases, joint, losses, pairs, scores
from cxr_report.conformance.value import Check, Conformance

__all__ = ["COMPARISONS", "measure", "run_checks"]

COMPARISONS = (
    *joint.COMPARISONS,
    *losses.COMPARISONS,
    *pairs.COMPARISONS,
    *cases.COMPARISONS,
    *scores.COMPARISONS,
)
"""From the headline analysis down; several witnesses of one function stand together."""


def run_checks() -> tuple[Check, ...]:
    """Compare every public function of `stats` and `metrics` with its witnesses, on this machine.

    Neither R nor any other of the witnesses is needed: what they said is stored. It takes some seconds.

    Returns:
        One check per function and witness.

    Example:
        >>> checks = run_checks()
        >>> all(check.agrees for check in checks)
        True
    """
    return tuple(comparison.check() for comparison in COMPARISONS)


def measure() -> Conformance:
    """Run all checks and say with which versions.

    Example:
        >>> sorted(measure().versions)
        ['cxr_report', 'numpy', 'python', 'scipy', 'statsmodels']
    """
    versions = {"cxr_report": __version__, "python": platform.python_version()}
    versions |= {name: version(name) for name in ("numpy", "scipy", "statsmodels")}
    return Conformance(run_checks(), versions)
