"""The workers gather before they connect: nobody waits for somebody who does not come.

TensorFlow's own connecting waits without a limit and can't be interrupted. So each worker first
says that it is there, on the chief's own port, and all go on when all are there. Whoever answers
there meanwhile is not the chief: TensorFlow's server of a training that is about to notice that it
has lost a worker.
"""

from __future__ import annotations

import contextlib
import json
import selectors
import socket
import time

from hier_rnn.errors import UserError
from hier_rnn.training.distribution.cluster import Cluster

GO = b"go\n"
SECONDS_BETWEEN_CALLS = 0.5
MOST_BYTES = 200
SHOWN = 5


def gather(cluster: Cluster, seconds: float) -> None:
    """Returns when all workers are there.

    Args:
        cluster: The workers.
        seconds: How long to wait for them.

    Raises:
        UserError: Somebody did not come, or the chief's port is taken.
    """
    if len(cluster.addresses) == 1:
        return
    if cluster.number:
        _call(cluster, seconds)
    else:
        _wait(cluster, seconds)


def _greeting(cluster: Cluster, index: int) -> bytes:
    return json.dumps([index, *cluster.addresses]).encode() + b"\n"


def _wait(cluster: Cluster, seconds: float) -> None:
    """The chief's part: it lets all go when it has heard from all."""
    deadline = time.monotonic() + seconds
    port = int(cluster.addresses[0].rpartition(":")[2])
    expected = {_greeting(cluster, i): i for i in range(1, len(cluster.addresses))}
    there: dict[int, socket.socket] = {}
    with contextlib.ExitStack() as opened, selectors.DefaultSelector() as selector:
        selector.register(opened.enter_context(_server(port)), selectors.EVENT_READ)
        while len(there) < len(expected):
            left = deadline - time.monotonic()
            if left <= 0:
                missing = [i for i in range(1, len(cluster.addresses)) if i not in there]
                raise _nobody(cluster, missing, seconds)
            for key, _ in selector.select(left):
                if key.data is None:
                    connection, _ = key.fileobj.accept()  # type: ignore[union-attr]
                    connection.setblocking(False)
                    opened.enter_context(connection)
                    selector.register(connection, selectors.EVENT_READ, bytearray())
                    continue
                heard = _heard(key.fileobj, key.data)  # type: ignore[arg-type]
                index = expected.get(bytes(key.data))
                if heard and index is not None:
                    there[index] = key.fileobj  # type: ignore[assignment]
                elif not heard or not any(full.startswith(key.data) for full in expected):
                    # It went, or is no worker of this cluster.
                    selector.unregister(key.fileobj)
                    there = {i: c for i, c in there.items() if c is not key.fileobj}
                    key.fileobj.close()  # type: ignore[union-attr]
        for connection in there.values():
            with contextlib.suppress(OSError):  # it went just now, which will be noticed
                connection.sendall(GO)


def _server(port: int) -> socket.socket:
    both = socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if both else socket.AF_INET
    try:
        return socket.create_server(("", port), family=family, dualstack_ipv6=both)
    except OSError as error:
        raise UserError(
            f"TF_CONFIG: the chief can't have its port {port}: {error.strerror or error}."
        ) from None


def _heard(connection: socket.socket, said: bytearray) -> bool:
    """Adds what a connection says; returns whether it is still there."""
    try:
        received = connection.recv(MOST_BYTES * 100)
    except BlockingIOError:
        return True
    except OSError:
        return False
    said += received
    return bool(received)


def _call(cluster: Cluster, seconds: float) -> None:
    """The others' part: they call the chief until it lets them go."""
    deadline = time.monotonic() + seconds
    host, _, port = cluster.addresses[0].rpartition(":")
    greeting = _greeting(cluster, cluster.number)
    chief = False
    while (left := deadline - time.monotonic()) > 0:
        with (
            contextlib.suppress(OSError),
            socket.create_connection((host.strip("[]"), int(port)), left) as connection,
        ):
            connection.sendall(greeting)
            connection.settimeout(left)
            chief = True  # it listens, and perhaps waits for others
            if connection.recv(len(GO)) == GO:
                return
            chief = False
        time.sleep(min(SECONDS_BETWEEN_CALLS, max(0.0, deadline - time.monotonic())))
    if chief:
        raise UserError(
            f"TF_CONFIG: the chief {cluster.addresses[0]} waited for other workers for"
            f" {seconds:g} seconds (training.worker_timeout). Start all workers again: they go on"
            " from the last checkpoint."
        )
    raise _nobody(cluster, [0], seconds)


def _nobody(cluster: Cluster, missing: list[int], seconds: float) -> UserError:
    names = [f"{i} ({cluster.addresses[i]})" for i in missing[:SHOWN]]
    rest = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
    return UserError(
        f"TF_CONFIG: worker {', '.join(names)}{rest} did not come within {seconds:g} seconds"
        " (training.worker_timeout). What was saved before is kept. Start all workers again: they"
        " go on from the last checkpoint."
    )
