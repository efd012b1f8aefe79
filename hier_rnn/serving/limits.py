"""How much a server takes: the sizes of a request, and how many it holds at once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What is refused with a 4xx answer, and when the server says that it is busy (503)."""

    body_bytes: int = 1 << 20
    """Of one request's body, once decompressed."""
    texts: int = 1_000
    """In one request."""
    characters: int = 100_000
    """Of one text."""
    explained_characters: int = 500
    """Of a text to be explained, which is classified again without each of its words."""
    pending_requests: int = 1_000
    """Requests accepted and not yet answered."""
    pending_bytes: int = 64 << 20
    """Of the bodies of those requests."""
    body_seconds: float = 30.0
    """For a client to send its request's body."""
