"""How many threads TensorFlow has; once it has computed, that is settled for the process."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

import hier_rnn

SHOW = """
import json
from tensorflow import config
threading = config.threading

def show():
    print(json.dumps([
        threading.get_intra_op_parallelism_threads(), threading.get_inter_op_parallelism_threads()
    ]))
"""


def shown(script: str) -> list[list[int]]:
    """Threads within an operation and beside each other, at every `show()` of a script."""
    root = os.path.dirname(os.path.dirname(hier_rnn.__file__))
    process = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": root},
        timeout=120,
    )
    assert process.returncode == 0, process.stderr
    return [json.loads(line) for line in process.stdout.splitlines()]


@pytest.mark.slow
def test_an_operation_gets_half_until_something_was_computed():
    script = f"""{SHOW}
from hier_rnn.tensorflow_setup import share_out_threads
for processors in (8, 3, 1):
    share_out_threads(processors)
    show()
import tensorflow as tf
assert float(tf.constant(1.0) + 1.0) == 2
share_out_threads(16)
show()
"""
    assert shown(script) == [[4, 8], [1, 3], [1, 1], [1, 1]]


@pytest.mark.parametrize("before", ["", "import tensorflow"], ids=["first", "after the program"])
@pytest.mark.parametrize(
    ("processors", "threads"),
    [
        ("os.sched_getaffinity = lambda process: {1, 2, 5, 7}", [2, 4]),
        ("del os.sched_getaffinity; os.cpu_count = lambda: 6", [3, 6]),
        ("del os.sched_getaffinity; os.cpu_count = lambda: None", [1, 1]),
    ],
)
@pytest.mark.slow
def test_as_many_as_the_process_may_use(before, processors, threads):
    script = f"""
import os
{processors}
{before}
from hier_rnn.tensorflow_setup import import_tensorflow
import_tensorflow()
import_tensorflow()
{SHOW}
show()
"""
    assert shown(script) == [threads]


@pytest.mark.parametrize("name", ["intra", "inter"])
@pytest.mark.slow
def test_threads_that_the_program_has_set_stay(name):
    script = f"""{SHOW}
threading.set_{name}_op_parallelism_threads(7)
from hier_rnn.tensorflow_setup import import_tensorflow
import_tensorflow()
show()
"""
    assert shown(script) == [[7, 0] if name == "intra" else [0, 7]]


def test_importing_the_package_sets_nothing():
    script = """
import os
before = dict(os.environ)
import hier_rnn
assert dict(os.environ) == before
"""
    assert shown(script) == []
