"""What a process of the cluster does first: it says where it is, and trains only with the driver's own versions.

This module is sent by value and imports the standard library alone, so that it also runs, and can say what is missing,
where our package is absent or another one.
"""

from __future__ import annotations

import hashlib
import importlib.util
import platform
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

__all__ = ["difference", "errand", "facts"]

PACKAGES = ("torch", "numpy", "monai", "safetensors")
"""Besides our own and Python, those whose version may change a run's bytes."""

ROOMS = ("losses", "losses.py", "metrics", "study", "training")
"""What of our own package decides a run's bytes: two checkouts of one version may differ there."""


def facts() -> dict[str, str]:
    """Return the versions of this process, ``none`` where a package is not installed."""
    found = {name: _version(name) for name in PACKAGES}
    return {"cxr_report": _own_version(), "python": platform.python_version(), **found}


def difference(driver: Mapping[str, str], here: Mapping[str, str], *, builds: bool) -> str:
    """Say which versions differ, as the end of a sentence that begins with the node; empty where none does.

    Args:
        driver: the driver's `facts`.
        here: those of a process of the cluster.
        builds: whether builds of one version differ, such as 2.13.0+cpu and 2.13.0+cu130. They do where a CPU trains;
            a driver without a GPU need not have the build for one.

    Example:
        >>> difference({"torch": "2.13.0+cpu"}, {"torch": "2.13.0+cu130"}, builds=False)
        ''
        >>> difference({"torch": "2.13.0"}, {"torch": "2.12.1"}, builds=True)
        'has torch 2.12.1 and the driver torch 2.13.0'
    """

    def compared(version: str) -> str:
        return version if builds else version.partition("+")[0]

    names = [name for name in driver if compared(driver[name]) != compared(here.get(name, "none"))]
    if not names:
        return ""
    theirs, ours = (", ".join(f"{name} {told.get(name, 'none')}" for name in names) for told in (here, driver))
    return f"has {theirs} and the driver {ours}"


def errand(driver: Mapping[str, Any], where: list[Any], task: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Train a run and yield what there is to say, as `remote.serve` does; first which node this is.

    Args:
        driver: its ``versions``, and whether ``builds`` count.
        where: the reference to the parcel, in a list so that it is opened only when all is well.
        task: the run: loss, seed and identity.
    """
    import ray

    node = ray.get_runtime_context().get_node_id()
    yield {"kind": "begun", "node": node, "address": ray.util.get_node_ip_address()}
    differing = difference(driver["versions"], facts(), builds=driver["builds"])
    if differing:
        yield {"kind": "unfit", "sentence": f"{differing}; install the same versions on every node"}
        return
    from cxr_report.training.cluster import remote

    yield from remote.serve(ray.get(where[0]), task, node=node)


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "none"


def _own_version() -> str:
    """Return our version, and what the sources that decide a run's bytes are."""
    spec = importlib.util.find_spec("cxr_report")
    if spec is None or not spec.submodule_search_locations:
        return "none"
    root = Path(next(iter(spec.submodule_search_locations)))
    content = hashlib.sha256()
    for room in ROOMS:
        sources = [root / room] if room.endswith(".py") else sorted((root / room).rglob("*.py"))
        for source in sources:
            if source.is_file():
                content.update(source.relative_to(root).as_posix().encode() + b"\0" + source.read_bytes())
    return f"{_version('cxr_report')} (sources {content.hexdigest()[:8]})"
