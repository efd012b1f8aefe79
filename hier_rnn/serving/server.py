"""The server process: it listens, answers, and on SIGTERM or Ctrl-C stops in good order."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from pathlib import Path

import uvicorn

from hier_rnn.errors import UserError
from hier_rnn.serving.application import application
from hier_rnn.serving.limits import Limits
from hier_rnn.serving.metrics import Metrics
from hier_rnn.serving.workers.pool import Pool

logger = logging.getLogger(__name__)

KEEP_ALIVE_SECONDS = 75  # longer than load balancers keep a connection, so that they end it
GRACE_SECONDS = 30
BACKLOG = 2048


def serve(
    run: Path,
    host: str = "127.0.0.1",
    port: int = 8000,
    workers: int = 1,
    name: str = "",
    limits: Limits | None = None,
) -> None:
    """Serves a run until the process receives SIGTERM or Ctrl-C.

    Then no connection is accepted any more, and every request that was accepted is answered.

    Args:
        run: A run directory.
        host: The address to listen at; 0.0.0.0 or :: for all of the machine's.
        port: The port; 0 for any free one.
        workers: Processes that compute, each with the run loaded.
        name: What the model is called; default, the name of the run directory.
        limits: How much is accepted.

    Raises:
        UserError: The run can't be loaded, or the address can't be listened at.
    """
    listener = _bound(host, port)
    try:
        logger.info("loading %s", run)
        name = name or Path(run).resolve().name
        asyncio.run(_serve(listener, run, workers, name, limits or Limits()))
        logger.info("stopped: every accepted request was answered")
    finally:
        listener.close()


async def _serve(
    listener: socket.socket,
    run: Path,
    workers: int,
    name: str,
    limits: Limits,
) -> None:
    metrics = Metrics()
    pool = Pool(run, workers, metrics)
    await pool.start()
    # uvicorn raises the signal that stopped it once more, when it has ended: to no effect then.
    handlers = {
        number: signal.signal(number, lambda number, frame: None)
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        config = uvicorn.Config(
            application(name, pool, limits, metrics),
            lifespan="off",
            http="h11",  # it bounds the size of a request's head
            ws="none",
            log_config=None,
            log_level="error",
            access_log=False,
            server_header=False,
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        await _Server(config, name).serve(sockets=[listener])
    finally:
        await pool.stop()
        for number, handler in handlers.items():
            signal.signal(number, handler)


class _Server(uvicorn.Server):
    """A server that says when it listens."""

    def __init__(self, config: uvicorn.Config, name: str) -> None:
        super().__init__(config)
        self._name = name

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts listening."""
        await super().startup(sockets)
        for listener in sockets or ():
            logger.info("serving %s at %s (Ctrl-C stops it)", self._name, _url(listener))


def _bound(host: str, port: int) -> socket.socket:
    """Returns a socket bound to an address, before the run is loaded: a mistake shows at once."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise UserError(f"host {host}: {error.strerror or error}.") from None
    try:
        if hasattr(socket, "SO_REUSEADDR") and hasattr(signal, "SIGHUP"):  # not on Windows
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise UserError(f"Can't listen at {host}:{port}: {error.strerror or error}.") from None
    return listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
