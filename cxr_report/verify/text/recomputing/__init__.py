"""Printed numbers to the interval of what they allow: tails of tests, ranks, proportions, areas, moments."""
