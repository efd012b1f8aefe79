"""Too much at once is answered 503 with Retry-After, too slow 408; places are given back."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.requests import Request

from hier_rnn.serving.admission import Admission
from hier_rnn.serving.limits import Limits
from hier_rnn.serving.metrics import Metrics
from hier_rnn.serving.request_error import RequestError

LONG = " ".join(f"good{number}" for number in range(4000))


def request(*chunks: bytes, pause: float = 0.0) -> Request:
    """A request whose body comes in chunks, each after a pause."""
    coming = list(chunks)

    async def receive() -> dict:
        await asyncio.sleep(pause)
        chunk = coming.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(coming)}

    return Request({"type": "http", "method": "POST", "headers": []}, receive)


def admission(**limits: object) -> Admission:
    return Admission(Limits(**limits), Metrics())


@pytest.mark.slow
def test_an_overloaded_server_says_when_to_try_again(serve, small_run):
    server = serve(small_run, "--max-pending", "2")
    with ThreadPoolExecutor(12) as threads:
        asking = [threads.submit(server.predict, *[LONG] * 5) for _ in range(12)]
        answers = [answer.result(60) for answer in asking]
    statuses = {answer.status_code for answer in answers}
    assert statuses == {200, 503}
    for answer in answers:
        if answer.status_code == 503:
            assert answer.headers["retry-after"] == "1"
            assert "Try again" in answer.json()["error"]
    assert server.client.get("/health").status_code == 200
    assert server.predict("good").status_code == 200  # the places were given back
    assert server.metric("hier_rnn_pending_requests") == 0


def test_bodies_are_bounded_in_sum():
    async def run() -> None:
        some = admission(pending_bytes=10, body_bytes=8)
        with some.admitted() as first:
            assert await first.body(request(b"1234", b"567")) == b"1234567"
            with pytest.raises(RequestError) as refused, some.admitted() as second:
                await second.body(request(b"1234"))
            assert refused.value.status == 503
            assert refused.value.headers == {"Retry-After": "1"}
            with some.admitted() as third:
                assert await third.body(request(b"123")) == b"123"
        with some.admitted() as again:
            assert await again.body(request(b"12345678")) == b"12345678"
        with pytest.raises(RequestError) as refused, some.admitted() as large:
            await large.body(request(b"12345", b"6789"))
        assert refused.value.status == 413

    asyncio.run(run())


def test_a_body_that_comes_too_slowly():
    async def run() -> None:
        with pytest.raises(RequestError) as refused, admission(body_seconds=0.05).admitted() as one:
            await one.body(request(*[b"x"] * 100, pause=0.02))
        assert refused.value.status == 408

    asyncio.run(run())
