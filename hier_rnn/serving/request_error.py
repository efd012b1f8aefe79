"""A request that is not answered as asked: its status and the message for whoever sent it."""

from __future__ import annotations

from http import HTTPStatus


class RequestError(Exception):
    """Ends a request with an error status.

    Args:
        status: The HTTP status.
        message: What was wrong, where, what was received and what is accepted.
        headers: Further headers of the answer.
    """

    def __init__(self, status: HTTPStatus, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def bad_request(message: str) -> RequestError:
    """Returns the refusal of a request whose content is wrong."""
    return RequestError(HTTPStatus.BAD_REQUEST, message)


def too_large(message: str) -> RequestError:
    """Returns the refusal of a request that is larger than the server's limits."""
    return RequestError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message)
