"""An address in, a Ray cluster that runs can be sent to out; the only module that knows Ray."""

from __future__ import annotations

import logging
import os
import re
import signal
import socket
import threading
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cxr_report.errors import Refusal
from cxr_report.training.bench import Assignment
from cxr_report.training.cluster import errand
from cxr_report.training.cluster.dispatch import Notice

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # Ray's coming default, and no warning about it

import ray  # after its settings

__all__ = ["RayCluster", "connected"]

ENVIRONMENT = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "CUBLAS_WORKSPACE_CONFIG": ":4096:8"}
"""As the fleet gives it to its workers, so that their numbers are equal."""

SECONDS_TO_ANSWER = 10.0
"""Chosen: how long a head node may take to take a connection."""

SPARE = 0.9
"""Chosen: share of a GPU's memory that is given away; allocators lose some to fragments."""

MOST_PER_GPU = 100
"""As many as leave each a share that Ray, which counts in ten thousandths, can tell from none; CPUs end before that."""

AHEAD = 0.01
"""Chosen: the share of the run that goes ahead; small, so that those that follow fit beside it, one fewer of them."""

NODE_ID = "ray.io/node-id"
"""The label that every node has."""

Pack = Callable[[bool], Mapping[str, Any]]
"""Called with whether GPUs train; gives the parcel."""


@contextmanager
def connected(address: str) -> Iterator[None]:
    """Join a cluster for the time of the block.

    Args:
        address: ``auto``, or host:port of the head node.

    Raises:
        Refusal: there is none, or it runs another version of Ray or Python.
    """
    if ray.is_initialized():
        yield
        return
    _refuse_silence(address)
    in_main = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(
            address=address,
            log_to_driver=False,
            logging_level=logging.ERROR,
            runtime_env={"env_vars": ENVIRONMENT},
        )
    except (ConnectionError, TimeoutError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        raise _no_cluster(address, " ".join(str(error).split())[:300]) from None
    finally:
        if in_main:
            signal.signal(signal.SIGTERM, before)  # which Ray has taken
    try:
        # Ray prints there what befalls its nodes, with pages of its logs; the driver says it in a sentence
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
            yield
    finally:
        ray.shutdown()


def _refuse_silence(address: str) -> None:
    """Ask whether anyone listens at an address, as Ray itself would go on asking for minutes.

    Raises:
        Refusal: nobody does, or it is no address.
    """
    if address == "auto":
        return
    found = re.fullmatch(r"\[?([^\s/]+?)\]?:([0-9]{1,5})", address)
    if found is None:
        raise Refusal(
            f"--address takes auto, or host:port of a cluster's head node such as 10.0.0.1:6379, got {address!r}"
        )
    try:
        socket.create_connection((found[1], int(found[2])), SECONDS_TO_ANSWER).close()
    except (OSError, OverflowError) as error:
        raise _no_cluster(address, str(error)) from None


def _no_cluster(address: str, reason: str) -> Refusal:
    return Refusal(
        f"--address {address}: no Ray cluster can be joined there ({reason}); start one with `ray start --head`, and "
        "run this command on one of its nodes"
    )


class RayCluster:
    """Runs as Ray's tasks, one each; a task tells as it goes on, by what it yields.

    On GPUs the first run goes ahead alone. What it holds of its GPU after an epoch says how many runs share one, and
    all others are sent with that share.
    """

    def __init__(self, pack: Pack) -> None:
        """Put the parcel into the object store.

        Args:
            pack: makes the parcel.
        """
        self.gpu = ray.cluster_resources().get("GPU", 0.0) > 0
        self.runs_per_gpu: int | None = None
        """None before it was measured, and on CPUs."""
        try:
            self._parcel = ray.put(pack(self.gpu))
        except (ray.exceptions.ObjectStoreFullError, ray.exceptions.OutOfDiskError) as error:
            raise Refusal(
                f"the data set does not fit into the cluster's object store ({' '.join(str(error).split())[:200]}); "
                "start its nodes with a larger --object-store-memory"
            ) from None
        self._driver = {"versions": errand.facts(), "builds": not self.gpu}
        ray.cloudpickle.register_pickle_by_value(errand)
        self._errand = ray.remote(errand.errand)
        self._sent: list[Any] = []

    def send(self, task: Assignment, *, avoid: frozenset[str], strictly: frozenset[str]) -> Hashable:
        """Send a run; see `dispatch.Cluster`."""
        options = {**self._needs(), **_selection(avoid, strictly)}
        # what is lost is sent again by the driver, who knows where it was and says so
        sent: Hashable = self._errand.options(num_returns="streaming", max_retries=0, **options).remote(
            self._driver, [self._parcel], asdict(task)
        )
        self._sent.append(sent)
        return sent

    def hear(self, seconds: float) -> list[Notice]:
        """Return what is heard; see `dispatch.Cluster`."""
        if not self._sent:
            return []
        ready, _ = ray.wait(self._sent, num_returns=1, timeout=seconds, fetch_local=False)
        if ready and len(self._sent) > 1:
            ready, _ = ray.wait(self._sent, num_returns=len(self._sent), timeout=0, fetch_local=False)
        return [notice for sent in ready if (notice := self._notice(sent)) is not None]

    def room(self, strictly: frozenset[str]) -> bool:
        """Say whether a node that may be taken is there; see `dispatch.Cluster`."""
        wanted = {"GPU": self._needs()["num_gpus"], "CPU": 1}
        alive = [node for node in ray.nodes() if node["Alive"] and node["NodeID"] not in strictly]
        return any(all(node["Resources"].get(name, 0.0) >= least for name, least in wanted.items()) for node in alive)

    def most(self) -> int | None:
        """Return 1 before it is known how many runs share a GPU; see `dispatch.Cluster`."""
        return 1 if self.gpu and self.runs_per_gpu is None else None

    def measured(self, bytes_of_run: int, bytes_of_device: int) -> None:
        """Decide how many runs share a GPU, at the first measurement; see `dispatch.Cluster`."""
        if self.runs_per_gpu is None:
            self.runs_per_gpu = min(MOST_PER_GPU, max(1, int(SPARE * bytes_of_device // max(bytes_of_run, 1))))

    def shrink(self) -> bool:
        """Halve the runs on one GPU; see `dispatch.Cluster`."""
        if not self.gpu or self.runs_per_gpu in (None, 1):
            return False
        self.runs_per_gpu = (self.runs_per_gpu + 1) // 2
        return True

    def recall(self) -> None:
        """Stop every run that is under way; see `dispatch.Cluster`."""
        for sent in self._sent:
            ray.cancel(sent, force=True)
        self._sent.clear()

    def said(self) -> str:
        """Describe the cluster in a sentence."""
        found = ray.cluster_resources()
        nodes = sum(node["Alive"] for node in ray.nodes())
        kind = "GPU" if self.gpu else "CPU"
        how = "as many runs share one as the first finds room for" if self.gpu else "one run on each"
        return f"Ray cluster of {nodes} node{'s' * (nodes != 1)} with {found.get(kind, 0.0):g} {kind}s: {how}"

    def _needs(self) -> dict[str, float]:
        if not self.gpu:
            return {"num_cpus": 1, "num_gpus": 0}
        return {"num_cpus": 1, "num_gpus": AHEAD if self.runs_per_gpu is None else 1 / self.runs_per_gpu}

    def _notice(self, sent: Any) -> Notice | None:
        """Take the next word of a task that has one ready."""
        try:
            content: dict[str, Any] = dict(ray.get(next(sent)))
        except StopIteration:
            self._sent.remove(sent)
            return Notice(sent, "lost", {"reason": "it ended without a result"})
        except ray.exceptions.RayTaskError as error:
            self._sent.remove(sent)
            lines = str(error).strip().splitlines()
            return Notice(sent, "failure", {"sentence": lines[-1], "traceback": str(error)})
        except ray.exceptions.RayError as error:
            self._sent.remove(sent)
            return Notice(sent, "lost", {"reason": _reason(error)})
        return Notice(sent, content.pop("kind"), content)


def _selection(avoid: frozenset[str], strictly: frozenset[str]) -> dict[str, Any]:
    """Write which nodes are not to be taken as Ray's options: first neither kind, else at least not the unfit ones."""
    both, never = _without(avoid | strictly), _without(strictly)
    if not both:
        return {}
    return {"label_selector": both, **({"fallback_strategy": [{"label_selector": never}]} if both != never else {})}


def _without(nodes: frozenset[str]) -> dict[str, str]:
    return {NODE_ID: f"!in({','.join(sorted(nodes))})"} if nodes else {}


def _reason(error: ray.exceptions.RayError) -> str:
    known = {
        ray.exceptions.NodeDiedError: "the node died",
        ray.exceptions.OutOfMemoryError: "Ray ended it, since the node's memory ran out",
        ray.exceptions.WorkerCrashedError: "its process ended unexpectedly",
        ray.exceptions.ObjectLostError: "its result was lost with its node",
    }
    for kind, sentence in known.items():
        if isinstance(error, kind):
            return sentence
    first = str(error).strip().splitlines()
    return f"{type(error).__name__}: {first[0]}" if first else type(error).__name__
