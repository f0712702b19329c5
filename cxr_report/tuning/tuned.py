"""A study as written and what its tuning chose in, the study as its runs are trained out."""

from __future__ import annotations

from collections.abc import Mapping

from cxr_report.study import Loss, Study
from cxr_report.tuning.outcome import Outcome
from cxr_report.tuning.trials import configured

__all__ = ["tuned"]


def tuned(study: Study, found: Mapping[str, Outcome]) -> Study:
    """Give every loss the values that were chosen for it.

    The further seeds of the baseline are trained as the baseline is. A loss of the noise floor that is identical to a
    compared one stays so: it takes the learning rate and the weight decay of its partner, and its parameters where both
    are the same formula; where they are not, the study has fixed the partner's.

    Args:
        study: as written.
        found: loss -> outcome; losses without one stay as written.

    Returns:
        The study as trained; the same one where nothing was found.
    """
    if not found:
        return study
    losses = {
        name: configured(loss, found[name].chosen.configuration).model_copy(update={"tuning": loss.tuning})
        if name in found
        else loss
        for name, loss in study.losses.items()
    }
    followed = {
        second: _following(study.entry(second), losses[first])
        for first, second in study.floor_twins()
        if first in found
    }
    identical = {**study.noise_floor.identical, **followed}
    floor = study.noise_floor.model_copy(update={"identical": identical})
    return study.model_copy(update={"losses": losses, "noise_floor": floor})


def _following(twin: Loss, partner: Loss) -> Loss:
    changes: dict[str, object] = {"training": partner.training}
    if (twin.loss, twin.function) == (partner.loss, partner.function):
        changes["parameters"] = partner.parameters
    return twin.model_copy(update=changes)
