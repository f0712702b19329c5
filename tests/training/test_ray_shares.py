"""How many runs share a GPU of the cluster, and on which nodes a run may land; Ray itself is not started."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

ray = pytest.importorskip("ray", reason="the extra ray is not installed")

from cxr_report.training.cluster import ray_cluster  # noqa: E402 - after the skip
from cxr_report.training.cluster.ray_cluster import RayCluster  # noqa: E402


def cluster(*, gpu: bool) -> RayCluster:
    made = object.__new__(RayCluster)
    made.gpu, made.runs_per_gpu = gpu, None
    return made


def test_on_cpus_a_run_takes_one_core_and_any_number_may_be_under_way() -> None:
    made = cluster(gpu=False)
    assert made.most() is None
    assert made._needs() == {"num_cpus": 1, "num_gpus": 0}
    assert not made.shrink()


@given(st.integers(0, 10**12), st.integers(1, 10**12))
def test_runs_on_one_gpu_never_hold_more_than_it_has_and_ray_can_place_them(run: int, device: int) -> None:
    made = cluster(gpu=True)
    assert made.most() == 1
    made.measured(run, device)
    number = made.runs_per_gpu
    assert number is not None
    assert number == 1 or number * run <= device
    share = round(made._needs()["num_gpus"], 4)
    assert 0 < share <= 1
    assert made.most() is None


def test_a_small_run_shares_with_as_many_as_fit() -> None:
    made = cluster(gpu=True)
    made.measured(2 * 10**9, 80 * 10**9)
    assert made.runs_per_gpu == 36
    assert made._needs()["num_gpus"] == pytest.approx(1 / 36)
    made.measured(40 * 10**9, 80 * 10**9)
    assert made.runs_per_gpu == 36, "a later run has others beside it, and is no measure"


def test_memory_that_runs_out_halves_the_runs_of_a_gpu_down_to_one() -> None:
    made = cluster(gpu=True)
    assert not made.shrink()
    made.measured(16 * 10**9, 80 * 10**9)
    found: list[Any] = [made.runs_per_gpu]
    while made.shrink():
        found.append(made.runs_per_gpu)
    assert found == [4, 2, 1]


@pytest.mark.parametrize(
    ("avoid", "strictly", "options"),
    [
        ("", "", {}),
        ("a", "", {"label_selector": {"ray.io/node-id": "!in(a)"}, "fallback_strategy": [{"label_selector": {}}]}),
        ("", "b", {"label_selector": {"ray.io/node-id": "!in(b)"}}),
        (
            "a",
            "cb",
            {
                "label_selector": {"ray.io/node-id": "!in(a,b,c)"},
                "fallback_strategy": [{"label_selector": {"ray.io/node-id": "!in(b,c)"}}],
            },
        ),
    ],
)
def test_a_lost_run_prefers_other_nodes_and_an_unfit_node_is_never_taken(
    avoid: str, strictly: str, options: dict[str, Any]
) -> None:
    assert ray_cluster._selection(frozenset(avoid), frozenset(strictly)) == options
