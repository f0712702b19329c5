"""The tables of the report: an Analysis in, tables as values, and their CSV and LaTeX twins, out."""

from cxr_report.report.tables.table import Body, Cell, Column, Table
from cxr_report.report.tables.writing import to_csv, to_latex

__all__ = ["Body", "Cell", "Column", "Table", "to_csv", "to_latex"]
