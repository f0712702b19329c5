"""A study's predictions in, the number of test cases whose label depends on the loss, and on the seed, out."""

from __future__ import annotations

import numpy as np

from cxr_report.analysis.context import Context
from cxr_report.analysis.value import LabelChanges
from cxr_report.metrics.changes import changes
from cxr_report.metrics.predictions import decide

__all__ = ["label_changes"]


def label_changes(context: Context) -> tuple[LabelChanges, ...]:
    """Count the test cases whose label changes from loss to loss, and from seed to seed.

    Args:
        context: the study and its predictions.

    Returns:
        One; none where predictions are no probabilities, or are not there, or no seed is finished for every loss.
    """
    study, seeds = context.study, context.finished
    if not study.decides or not seeds:
        return ()
    labels = np.stack([decide(study.task, each) for each in context.logits()])
    found = changes(labels.reshape(len(context.losses), len(seeds), *labels.shape[1:]))
    whole = (len(context.test.ids), -1)
    by_loss, by_seed = (np.asarray(each.reshape(whole).any(axis=1)) for each in (found.by_loss, found.by_seed))
    return (
        LabelChanges(
            n_cases=len(by_loss),
            n_losses=len(context.losses),
            n_seeds=len(seeds),
            by_loss=int(by_loss.sum()),
            by_seed=int(by_seed.sum()),
            both=int((by_loss & by_seed).sum()),
        ),
    )
