"""Analyses made up for the tests of the report: their scores are drawn, their statistics are computed from them."""
