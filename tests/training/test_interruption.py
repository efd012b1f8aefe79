"""Ctrl-C, once and twice."""

from __future__ import annotations

import signal
import threading

import pytest

from hier_rnn.training.interruption import Interruption


def test_the_first_asks_and_the_second_stops():
    with Interruption() as interruption:
        assert not interruption.requested
        signal.raise_signal(signal.SIGINT)
        assert interruption.requested
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_afterwards_it_is_as_before():
    before = signal.getsignal(signal.SIGINT)
    with Interruption():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_another_thread_leaves_ctrl_c_alone():
    before, seen = signal.getsignal(signal.SIGINT), []

    def run():
        with Interruption() as interruption:
            seen.append((signal.getsignal(signal.SIGINT), interruption.requested))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(60)
    assert seen == [(before, False)]
