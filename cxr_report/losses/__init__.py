"""The catalogue of losses, without torch: name in, task, parameters, formula and source out."""

from __future__ import annotations

from cxr_report.losses.catalogue import CATALOGUE
from cxr_report.losses.entry import SIGMOID, SOFTMAX, Learned, LossEntry, Parameter
from cxr_report.losses.sameness import alike, identity

__all__ = ["CATALOGUE", "SIGMOID", "SOFTMAX", "Learned", "LossEntry", "Parameter", "alike", "identity"]
