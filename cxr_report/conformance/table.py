"""A Conformance in, its table as plain text out."""

from __future__ import annotations

from cxr_report.conformance.value import Check, Conformance

__all__ = ["text_table"]

HEAD = ("function", "witness", "values", "deviation", "tolerance", "held to", "agrees")
RIGHT = (2, 3, 4)
"""Columns of numbers."""


def text_table(conformance: Conformance) -> str:
    """Lay out one line per check, and a sentence that sums up.

    Args:
        conformance: all checks.

    Returns:
        Lines without a last line break.

    Example:
        >>> check = Check("stats.x", "R 4.2.2, x", 3, 2e-15, 1e-15, "relative", 1e-8, "double precision")
        >>> print(text_table(Conformance((check,), {"numpy": "2.0.0"})))
        function  witness     values  deviation  tolerance  held to                     agrees
        stats.x   R 4.2.2, x       3      1e-15      1e-08  relative, double precision  yes
        1 checks of 1 functions, 3 values: all agree (numpy 2.0.0)
    """
    rows = [HEAD, *(_cells(check) for check in conformance.checks)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = [_line(row, widths) for row in rows]
    return "\n".join([*lines, _summary(conformance)])


def _cells(check: Check) -> tuple[str, ...]:
    return (
        check.function,
        check.witness,
        f"{check.values}",
        f"{check.deviation:.0e}" if check.deviation else "0",
        f"{check.tolerance:.0e}" if check.tolerance else "0",
        f"{check.held_to}, {check.reason}",
        "yes" if check.agrees else "NO",
    )


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    cells = [
        cell.rjust(width) if column in RIGHT else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


def _summary(conformance: Conformance) -> str:
    checks = conformance.checks
    functions = {check.function for check in checks}
    apart = [check for check in checks if not check.agrees]
    verdict = f"{len(apart)} {'deviates' if len(apart) == 1 else 'deviate'}" if apart else "all agree"
    versions = ", ".join(f"{name} {version}" for name, version in conformance.versions.items())
    values = sum(check.values for check in checks)
    return f"{len(checks)} checks of {len(functions)} functions, {values} values: {verdict} ({versions})"
