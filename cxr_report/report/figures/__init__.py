"""The figures of the report: an Analysis in, numbered pictures with alternative texts out."""

from cxr_report.report.figures.picture import Picture, standalone

__all__ = ["Picture", "standalone"]
