"""What the tests of training share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import tensorflow as tf


@pytest.fixture(scope="module")
def eager() -> Iterator[None]:
    """No graphs, which take longer to build than a few small steps to run."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)
