"""What a request says: JSON, its fields and texts, each checked before anything is computed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

from starlette.requests import Request

from hier_rnn.errors import nearest
from hier_rnn.serving.limits import Limits
from hier_rnn.serving.request_error import RequestError, bad_request, too_large

TOP = 5
"""Labels returned for each text unless the request says otherwise."""
_SHOWN = 40


class Prediction(NamedTuple):
    """A request to classify."""

    texts: list[str]
    top: int


class Explanation(NamedTuple):
    """A request to explain."""

    text: str
    label: str | None
    top: int


def require_json(request: Request, or_bytes: bool = False) -> None:
    """Checks that a request says that it sends JSON, or does not say what.

    Args:
        request: The request.
        or_bytes: Whether `application/octet-stream` will do as well.

    Raises:
        RequestError: It says otherwise (415).
    """
    received = request.headers.get("content-type", "")
    kind, _, parameters = received.lower().partition(";")
    kind = kind.strip()
    charset = parameters.partition("charset=")[2].partition(";")[0].strip(' "')
    accepted = (
        kind in ("", "application/json")
        or (kind.startswith("application/") and kind.endswith("+json"))
        or (or_bytes and kind == "application/octet-stream")
    )
    if not accepted or charset not in ("", "utf-8", "utf8"):
        raise RequestError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            f"Content-Type: {shown(received)} received. Accepted: application/json (in UTF-8).",
        )


def json_object(body: bytes) -> dict[str, Any]:
    """Returns a body's JSON object.

    Raises:
        RequestError: It is none (400).
    """
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_no_number)
    except UnicodeDecodeError as error:
        raise bad_request(f"The body is not UTF-8 (byte {error.start + 1}).") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise bad_request(f"The body is not JSON: {error.msg} ({where}).") from None
    except RecursionError:
        raise bad_request("The body's JSON is nested too deeply.") from None
    except ValueError as error:  # a number that JSON or Python has no room for
        raise bad_request(f"The body is not JSON that can be read: {error}") from None
    if not isinstance(value, dict):
        raise bad_request(f"The body: a JSON object is expected. Received: {shown(value)}.")
    return value


def prediction(value: dict[str, Any], limits: Limits) -> Prediction:
    """Returns what a request to classify asks.

    Args:
        value: Its JSON object: `text` or `texts`, and `top`.
        limits: How much is accepted.

    Raises:
        RequestError: A field is unknown, missing or wrong (400), or too large (413).
    """
    _check_fields(value, ("text", "texts", "top"))
    if ("text" in value) == ("texts" in value):
        raise bad_request("One of 'text' (a string) and 'texts' (a list of strings) is expected.")
    texts = [value["text"]] if "text" in value else value["texts"]
    if not isinstance(texts, list):
        raise bad_request(f"texts: a list of strings is expected. Received: {shown(texts)}.")
    names = ["text"] if "text" in value else [f"texts[{number}]" for number in range(len(texts))]
    check_texts(texts, names, limits)
    return Prediction(texts, _top(value))


def explanation(value: dict[str, Any], labels: Sequence[str], limits: Limits) -> Explanation:
    """Returns what a request to explain asks.

    Args:
        value: Its JSON object: `text`, `label` and `top`.
        labels: The run's.
        limits: How much is accepted.

    Raises:
        RequestError: A field is unknown, missing or wrong (400), or too large (413).
    """
    _check_fields(value, ("text", "label", "top"))
    if "text" not in value:
        raise bad_request("text: a string is expected. Received: no such field.")
    text, label = value["text"], value.get("label")
    check_texts([text], ["text"], limits)
    if len(text) > limits.explained_characters:
        raise too_large(
            f"text: {len(text):,} characters received. Accepted for an explanation: at most"
            f" {limits.explained_characters:,}."
        )
    if label is not None and (not isinstance(label, str) or label not in labels):
        guess = nearest(label, labels) if isinstance(label, str) else ""
        raise bad_request(f"label: the model has no label {shown(label)}.{guess}")
    return Explanation(text, label, _top(value))


def check_texts(texts: list[Any], names: Sequence[str], limits: Limits) -> None:
    """Checks a request's texts.

    Args:
        texts: What was received.
        names: What each is called in a message.
        limits: How much is accepted.

    Raises:
        RequestError: One is no string, or there is none (400); too many, or one too long (413).
    """
    if not texts:
        raise bad_request("At least one text is expected. Received: an empty list.")
    if len(texts) > limits.texts:
        raise too_large(f"{len(texts):,} texts received. Accepted: at most {limits.texts:,}.")
    for text, name in zip(texts, names, strict=True):
        if not isinstance(text, str):
            raise bad_request(f"{name}: a string is expected. Received: {shown(text)}.")
        if len(text) > limits.characters:
            raise too_large(
                f"{name}: {len(text):,} characters received. Accepted: at most"
                f" {limits.characters:,}."
            )


def shown(value: Any) -> str:
    """Returns a received value for a message, cut short."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _check_fields(value: dict[str, Any], known: Sequence[str]) -> None:
    for name in value:
        if name not in known:
            raise bad_request(
                f"Unknown field {shown(name)}.{nearest(name, known)} Accepted: {', '.join(known)}."
            )


def _top(value: dict[str, Any]) -> int:
    top = value.get("top", TOP)
    if not isinstance(top, int) or isinstance(top, bool) or top < 1:
        raise bad_request(f"top: a whole number from 1 is expected. Received: {shown(top)}.")
    return top


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON number.")
