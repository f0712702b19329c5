"""Stored reference values of other programs and publications in, how far this installation is from them out."""

from cxr_report.conformance.stored import stored_names, witness

__all__ = ["stored_names", "witness"]
