"""Findings in, what people and programs read out: a table, a JSON document, the text with its marks."""
