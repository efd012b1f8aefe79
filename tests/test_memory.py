"""Memory is asked for before it is taken."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest

from hier_rnn.errors import UserError
from hier_rnn.memory import check_memory, check_training_memory, machine_memory


def test_it_is_what_the_machine_has():
    pages = resource.getpagesize()
    assert 1 << 28 < machine_memory() < 1 << 50
    assert machine_memory() % pages == 0


def test_a_limit_on_the_process_counts():
    script = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (1 << 31, 1 << 31));"
        "from hier_rnn.memory import machine_memory; print(machine_memory())"
    )
    command = [sys.executable, "-c", script]
    out = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert out.stdout == f"{1 << 31}\n"


def test_too_much_is_told_with_both_figures():
    check_memory("nothing", 1)
    with pytest.raises(UserError, match=r"It takes 1,048,576.0 GiB .*this machine has"):
        check_memory("It", 1 << 50)
    shapes = {"head/bias": (3,), "head/kernel": (10**6, 10**7)}
    check_training_memory({"head/bias": (3,)}, 11)
    with pytest.raises(UserError, match=r"10,000,000,000,003 parameters \(of which head/kernel"):
        check_training_memory(shapes, 11)
