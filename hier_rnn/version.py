"""The version of the package, which runs and encoders record."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("hier_rnn")
except PackageNotFoundError:  # a checkout that was never installed
    __version__ = "0.1.0"
