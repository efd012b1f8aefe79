"""How many threads TensorFlow has; once it has computed, that is settled for the process."""

from __future__ import annotations

import json
import os
import subprocess
import sys

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
    )
    assert process.returncode == 0, process.stderr
    return [json.loads(line) for line in process.stdout.splitlines()]


def test_an_operation_gets_half_until_something_was_computed():
    script = f"""{SHOW}
from hier_rnn.threads import share_out_threads
for processors in (8, 3, 1):
    share_out_threads(processors)
    show()
import tensorflow as tf
assert float(tf.constant(1.0) + 1.0) == 2
share_out_threads(16)
show()
"""
    assert shown(script) == [[4, 8], [1, 3], [1, 1], [1, 1]]


def test_as_many_as_the_process_may_use():
    script = f"""{SHOW}
import os
from hier_rnn.threads import share_out_threads
os.sched_getaffinity = lambda process: {{1, 2, 5, 7}}
share_out_threads()
show()
del os.sched_getaffinity  # not on every system
for count in (6, None):
    os.cpu_count = lambda: count
    share_out_threads()
    show()
"""
    assert shown(script) == [[2, 4], [3, 6], [1, 1]]


def test_so_tensorflow_starts():
    script = f"""
import os
os.sched_getaffinity = lambda process: set(range(10))
from hier_rnn.quiet import import_tensorflow
import_tensorflow()
{SHOW}
show()
"""
    assert shown(script) == [[5, 10]]
