"""A worker that is gone."""

from __future__ import annotations

from hier_rnn.errors import UserError


class WorkerLostError(UserError):
    """A worker is gone; with TensorFlow's means, the others can't go on in the same processes."""
