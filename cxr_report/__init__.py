"""Compare loss functions of chest X-ray classifiers, from training to the tables of the paper."""

from importlib.metadata import PackageNotFoundError, version

__all__ = ["__version__"]

try:
    __version__ = version("cxr_report")
except PackageNotFoundError:  # a bare checkout that nobody installed
    __version__ = "0.0.0+checkout"
