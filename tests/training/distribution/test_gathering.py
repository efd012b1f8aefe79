"""The workers gather, and nobody waits for ever."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from hier_rnn.errors import UserError
from hier_rnn.training.distribution.cluster import Cluster
from hier_rnn.training.distribution.gathering import gather

SECONDS = 20


def clusters(addresses: list[str]) -> list[Cluster]:
    return [Cluster(tuple(addresses), number, False) for number in range(len(addresses))]


@pytest.mark.parametrize("first", [0, 2])
def test_all_go_on_when_all_are_there(free_addresses, first):
    members = clusters(free_addresses(3))
    with ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(gather, m, SECONDS) for m in members if m.number != first]
        time.sleep(0.3)
        assert not any(future.done() for future in waiting)
        gather(members[first], SECONDS)
        for future in waiting:
            future.result(SECONDS)


@pytest.mark.slow
def test_who_is_missing_is_told(free_addresses):
    members = clusters(free_addresses(3))
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(gather, members[1], 4)
        with pytest.raises(UserError, match=r"worker 2 \(localhost:\d+\) did not come within 2 s"):
            gather(members[0], 2)
        with pytest.raises(UserError, match="waited for other workers|did not come"):
            other.result(SECONDS)


@pytest.mark.slow
def test_a_missing_chief_is_told(free_addresses):
    with pytest.raises(UserError, match=r"worker 0 \(localhost:\d+\) did not come within 1 second"):
        gather(clusters(free_addresses(2))[1], 1)


def test_a_worker_that_went_is_waited_for_again(free_addresses):
    chief, other = clusters(free_addresses(2))
    host, port = chief.addresses[0].split(":")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(gather, chief, SECONDS)
        for said in (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x00" * 5000, b""):
            deadline = time.monotonic() + SECONDS
            while time.monotonic() < deadline:
                try:
                    with socket.create_connection((host, int(port)), SECONDS) as stranger:
                        stranger.sendall(said)
                        break
                except ConnectionRefusedError:
                    time.sleep(0.05)
        assert not waiting.done()
        gather(other, SECONDS)
        waiting.result(SECONDS)


def test_what_answers_in_the_chiefs_place_is_not_the_chief(free_addresses):
    chief, other = clusters(free_addresses(2))
    port = int(chief.addresses[0].split(":")[1])
    with ThreadPoolExecutor(1) as pool:
        with socket.create_server(("localhost", port)) as server:
            waiting = pool.submit(gather, other, SECONDS)
            connection, _ = server.accept()
            connection.sendall(b"\x00\x00\x18\x04 HTTP/2")
            connection.close()
        gather(chief, SECONDS)
        waiting.result(SECONDS)


def test_a_taken_port_is_told(free_addresses):
    chief = clusters(free_addresses(2))[0]
    with (
        socket.create_server(("", int(chief.addresses[0].split(":")[1]))),
        pytest.raises(UserError, match="can't have its port"),
    ):
        gather(chief, 1)
