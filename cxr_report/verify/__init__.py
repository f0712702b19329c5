"""Recompute a study, re-check the statistics that a text prints, audit a published table."""
