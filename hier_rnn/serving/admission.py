"""Which requests are taken in, and their bodies: bounded in number, size and time."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from http import HTTPStatus

from starlette.requests import Request

from hier_rnn.serving.limits import Limits
from hier_rnn.serving.metrics import Metrics
from hier_rnn.serving.request_error import RequestError, bad_request, too_large

RETRY_SECONDS = 1
READ_AWAY_BYTES = 64 << 20
"""Of a body that is too large, so that its sender gets to read the refusal."""
# Both formats that zlib can tell apart by their first bytes.
_WINDOW_BITS = {"gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}


class Admission:
    """The requests that are being read or wait for their answer.

    Args:
        limits: How many, and how large.
        metrics: Shows how many there are.
    """

    def __init__(self, limits: Limits, metrics: Metrics) -> None:
        self.limits = limits
        self._metrics = metrics
        self._requests = 0
        self._bytes = 0

    @contextmanager
    def admitted(self) -> Iterator[Admitted]:
        """Holds a place for a request until it is answered.

        Raises:
            RequestError: There is none (503).
        """
        if self._requests >= self.limits.pending_requests:
            raise self._busy()
        place = Admitted(self)
        self._change(1, 0)
        try:
            yield place
        finally:
            self._change(-1, -place.bytes)

    def _change(self, requests: int, size: int) -> None:
        self._requests += requests
        self._bytes += size
        self._metrics.pending.set(self._requests)

    def _reserve(self, size: int) -> None:
        if self._bytes + size > self.limits.pending_bytes:
            raise self._busy()
        self._change(0, size)

    def _busy(self) -> RequestError:
        return RequestError(
            HTTPStatus.SERVICE_UNAVAILABLE,
            f"Too many requests are waiting ({self._requests}). Try again in {RETRY_SECONDS} s.",
            Retry_After=str(RETRY_SECONDS),
        )


class Admitted:
    """A request's place.

    Attributes:
        bytes: How much its body takes.
    """

    def __init__(self, admission: Admission) -> None:
        self.bytes = 0
        self._admission = admission

    async def body(self, request: Request) -> bytes:
        """Returns a request's body, decompressed.

        Raises:
            RequestError: It is too large (413), too slow (408), wrongly compressed (400),
                compressed in a way not supported (415), or there is no room for it now (503).
        """
        limits = self._admission.limits
        try:
            return await asyncio.wait_for(self._read(request, limits), limits.body_seconds)
        except asyncio.TimeoutError:
            raise RequestError(
                HTTPStatus.REQUEST_TIMEOUT,
                f"The request's body did not arrive within {limits.body_seconds:g} s.",
                Connection="close",
            ) from None

    async def _read(self, request: Request, limits: Limits) -> bytes:
        encoding = request.headers.get("content-encoding", "identity").strip().lower()
        if encoding != "identity" and encoding not in _WINDOW_BITS:
            raise RequestError(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                f"Content-Encoding: {encoding!r} received. Accepted: identity, gzip, deflate.",
            )
        chunks = request.stream()
        declared = request.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > limits.body_bytes:
            await _read_away(chunks)
            raise _body_too_large(limits)
        body = bytearray()
        inflate = zlib.decompressobj(_WINDOW_BITS[encoding]) if encoding != "identity" else None
        try:
            async for chunk in chunks:
                if inflate:
                    # One byte more than allowed is enough to see that it is too large.
                    chunk = inflate.decompress(chunk, limits.body_bytes + 1 - len(body))
                if len(body) + len(chunk) > limits.body_bytes:
                    await _read_away(chunks)
                    raise _body_too_large(limits)
                self._admission._reserve(len(chunk))
                self.bytes += len(chunk)
                body += chunk
        except zlib.error as error:
            raise bad_request(f"The body is not {encoding} data: {error}.") from None
        if inflate and not inflate.eof:
            raise bad_request(f"The body's {encoding} data are cut short.")
        if inflate and inflate.unused_data:
            raise bad_request(f"Something follows the body's {encoding} data.")
        return bytes(body)


def _body_too_large(limits: Limits) -> RequestError:
    return too_large(f"The body is too large. Accepted: at most {limits.body_bytes:,} bytes.")


async def _read_away(chunks: AsyncIterator[bytes]) -> None:
    """Reads on without keeping anything: a connection closed before that loses the answer."""
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > READ_AWAY_BYTES:
            return
