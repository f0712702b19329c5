"""Settings of the built-in phantom in, its Listing out: patients, findings, ages, and images that draw themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cxr_report.data.anatomy import FINDINGS, Lesion, draw_anatomy, draw_exposure, draw_lesion
from cxr_report.data.images import pixel_sha256
from cxr_report.data.listing import Kind, Listing, Picture, Record
from cxr_report.data.radiograph import draw
from cxr_report.errors import Refusal, nearest
from cxr_report.study import Data, Phantom, digest

__all__ = ["Images", "list_phantom"]

DRAWING = 1
"""Changes whenever the same settings would give other pixels."""

PATIENT, IMAGE, LOOK, LESION = 1, 2, 3, 4
"""Purposes in the derivation of random numbers."""

NORMAL = "normal"

PARALLEL_SIZE = 256
"""Pixels, chosen: smaller drawings hold Python's lock nearly all the time, so that threads only wait for each other."""


@dataclass(frozen=True, slots=True)
class Person:
    """One synthetic patient."""

    number: int
    female: bool
    age: float
    findings: tuple[str, ...]
    portable: tuple[bool, ...]
    """One per image: taken from the front in bed."""


@dataclass(frozen=True, slots=True)
class Images:
    """Images that are drawn when they are asked for, each from its own seed."""

    settings: Phantom
    people: Sequence[Person]
    places: Sequence[tuple[int, int]]
    """Patient and image of each record."""
    size: int

    def quick_key(self) -> str:
        """Hash the settings."""
        return self.exact_key()

    def exact_key(self) -> str:
        """Hash the settings, and which findings the people have, which depends on the task."""
        people = digest([[list(person.findings), person.portable] for person in self.people])
        settings = self.settings.model_dump(mode="json")
        return digest({"drawing": DRAWING, "settings": settings, "people": people, "size": self.size})

    def read(self, index: int) -> Picture:
        """Draw one image."""
        number, image = self.places[index]
        person = self.people[number]
        seed = self.settings.seed
        anatomy = draw_anatomy(_generator(seed, LOOK, number), female=person.female, age=person.age)
        exposure = draw_exposure(_generator(seed, IMAGE, number, image), portable=person.portable[image])
        lesions = tuple(self._lesion(number, name) for name in person.findings)
        pixels = draw(anatomy, exposure, lesions, size=self.size)
        return Picture(pixels, pixel_sha256(pixels), self.size, self.size, blank=False)

    def _lesion(self, number: int, finding: str) -> Lesion:
        rng = _generator(self.settings.seed, LESION, number, FINDINGS.index(finding))
        return draw_lesion(rng, finding, difficulty=self.settings.difficulty)


def list_phantom(data: Data, *, task: Kind) -> Listing:
    """List the images of the phantom.

    Findings belong to patients: multiclass and binary patients have one or none, multilabel patients any number.

    Args:
        data: the study's section.
        task: what the labels are.

    Raises:
        Refusal: an unknown finding, or prevalences that leave no room for normal patients.
    """
    settings = data.phantom or Phantom()
    classes = _classes(data, settings, task)
    people = [_person(settings, task, number) for number in range(settings.patients)]
    places = [(person.number, image) for person in people for image in range(len(person.portable))]
    records = [_record(people[number], image, settings, task) for number, image in places]
    return Listing(
        kind="phantom",
        name="phantom",
        classes=classes,
        records=tuple(records),
        origin=Images(settings, people, places, data.image_size),
        found=len(records),
        columns=("patient", "sex", "age", "view"),
        class_words="findings" if task == "multilabel" else "classes",
        parallel=data.image_size >= PARALLEL_SIZE,
    )


def _classes(data: Data, settings: Phantom, task: Kind) -> tuple[str, ...]:
    for finding in settings.findings:
        if finding not in FINDINGS:
            raise Refusal(
                f"data.phantom.findings: unknown finding {finding!r}; allowed: {', '.join(FINDINGS)}"
                f"{nearest(finding, FINDINGS)}"
            )
    if len(set(settings.findings)) < len(settings.findings):
        raise Refusal("data.phantom.findings: a finding is named twice")
    share = settings.prevalence * len(settings.findings)
    if task != "multilabel" and share > 0.95:
        raise Refusal(
            f"data.phantom.prevalence: {settings.prevalence:g} for each of {len(settings.findings)} findings leaves "
            "no room for normal patients; their sum may be at most 0.95"
        )
    if task == "multilabel":
        classes = settings.findings
    elif task == "multiclass":
        classes = (NORMAL, *settings.findings)
    else:
        classes = (NORMAL, settings.findings[0] if len(settings.findings) == 1 else "abnormal")
    if data.classes is not None and data.classes != classes:
        raise Refusal(f"data.classes: the phantom's classes are {', '.join(classes)} in this order")
    if data.positive is not None and data.positive != classes[-1]:
        raise Refusal(f"data.positive: the phantom's positive class is {classes[-1]!r}, got {data.positive!r}")
    return classes


def _generator(seed: int, *purpose: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence([seed, *purpose]))


def _person(settings: Phantom, task: Kind, number: int) -> Person:
    rng = _generator(settings.seed, PATIENT, number)
    chances = rng.uniform(size=len(FINDINGS))
    if task == "multilabel":
        findings = tuple(name for name in settings.findings if chances[FINDINGS.index(name)] < settings.prevalence)
    else:
        place = int(chances[0] / settings.prevalence)
        findings = settings.findings[place : place + 1]
    older = 6.0 * ("cardiomegaly" in findings) + 4.0 * ("effusion" in findings)
    age = float(np.clip(np.rint(rng.normal(52.0 + older, 16.0)), 18, 95))
    female = bool(rng.uniform() < 0.46)
    images = 1 + int(rng.poisson(settings.images_per_patient - 1.0))
    portable = rng.uniform(size=images) < 0.2 + 0.12 * bool(findings)
    return Person(number, female, age, findings, tuple(bool(value) for value in portable))


def _record(person: Person, image: int, settings: Phantom, task: Kind) -> Record:
    label: int | tuple[float, ...]
    if task == "multilabel":
        label = tuple(float(name in person.findings) for name in settings.findings)
    elif task == "binary":
        label = int(bool(person.findings))
    else:
        label = settings.findings.index(person.findings[0]) + 1 if person.findings else 0
    return Record(
        key=f"{person.number:07d}/{image:02d}",
        label=label,
        patient=str(person.number),
        sex="F" if person.female else "M",
        age=person.age,
        view="AP" if person.portable[image] else "PA",
    )
