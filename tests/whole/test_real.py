"""Real chest X-rays: a small study of each kind beats the pixel logistic regression fitted beside it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from cxr_report import stages

CXR3 = """
task = "multiclass"
seeds = 2

[data]
source = "manifest"
path = "{path}"
image_size = 64

[training]
epochs = 12

[losses.ce]
loss = "cross-entropy"

[losses.focal]
loss = "focal"
"""

PNEUMONIA = """
task = "binary"
seeds = 2

[data]
source = "medmnist"
path = "{path}"
image_size = 28
allow_leakage = true

[training]
epochs = 5
batch_size = 64

[losses.ce]
loss = "cross-entropy"

[losses.smoothing]
loss = "label-smoothing"
"""


def mean_aurocs(place: stages.Workplace) -> tuple[dict[str, float], float]:
    """Mean test AUROC of each loss, and that of the pixel logistic regression."""
    scores = pd.read_csv(place.folder.analysis().scores, keep_default_na=False, na_values=["nan"])
    overall = scores[(scores["metric"] == "auroc") & (scores["split"] == "test") & (scores["class"] == "")]
    means = overall.groupby("loss")["value"].mean()
    return {loss: float(means[loss]) for loss in place.study.losses}, float(means["control:pixels"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "text", "source"),
    [
        ("cxr3", CXR3, "cxr3/manifest.csv"),
        ("pneumonia", PNEUMONIA, "medmnist/pneumoniamnist.npz"),
    ],
)
def test_every_loss_learns_more_than_the_pixels_alone_say(
    name: str, text: str, source: str, shared_data: Path, tmp_path: Path
) -> None:
    file = tmp_path / f"{name}.toml"
    file.write_text(text.format(path=(shared_data / source).as_posix()))
    place = stages.Workplace.open(file, tmp_path / "runs")
    assert stages.run(place).stat().st_size > 50_000
    reached, pixels = mean_aurocs(place)
    print(f"{name}: mean test AUROC {reached}, pixel logistic regression {pixels:.3f}")
    assert pixels > 0.8
    assert min(reached.values()) > pixels


@pytest.mark.slow
def test_patients_that_can_be_identified_by_file_names_stay_out_of_the_run_folder(
    shared_data: Path, tmp_path: Path
) -> None:
    file = tmp_path / "private.toml"
    file.write_text(
        CXR3.format(path=(shared_data / "cxr3/manifest.csv").as_posix()).replace("epochs = 12", "epochs = 1")
    )
    place = stages.Workplace.open(file, tmp_path / "runs")
    stages.run(place)
    manifest = pd.read_csv(shared_data / "cxr3/manifest.csv")
    names = [Path(path).stem for path in manifest["path"]] + [str(patient) for patient in manifest["patient_id"]]
    identifying = [name.encode() for name in names if len(name) >= 8]
    assert len(identifying) > 1000
    for path in place.folder.path.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not [name for name in identifying if name in content], path.name
