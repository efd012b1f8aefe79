"""The HTTP application: its routes, and what all answers have in common."""

from __future__ import annotations

import json
import time
from http import HTTPStatus
from typing import Any

import numpy as np
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hier_rnn.serving import content, open_inference
from hier_rnn.serving.admission import Admission
from hier_rnn.serving.limits import Limits
from hier_rnn.serving.metrics import Metrics
from hier_rnn.serving.openapi import openapi
from hier_rnn.serving.pages import Page, documentation_page, typing_page
from hier_rnn.serving.request_error import RequestError
from hier_rnn.serving.workers.pool import Pool
from hier_rnn.version import __version__

PROMETHEUS_TEXT = "text/plain; version=0.0.4; charset=utf-8"


def application(name: str, pool: Pool, limits: Limits, metrics: Metrics) -> Starlette:
    """Returns the application.

    Args:
        name: What the model is called in paths and answers.
        pool: Its workers, started.
        limits: How much is accepted.
        metrics: Counts the requests.
    """
    app = Starlette(
        routes=_Endpoints(name, pool, limits, metrics).routes(),
        exception_handlers={
            RequestError: _refused,
            HTTPException: _http_error,
            ClientDisconnect: _gone,
            Exception: _failed,
        },
    )
    app.add_middleware(_Observed, metrics=metrics)
    return app


class _Endpoints:
    """What is answered on each route."""

    def __init__(self, name: str, pool: Pool, limits: Limits, metrics: Metrics) -> None:
        self._name = name
        self._pool = pool
        self._limits = limits
        self._metrics = metrics
        self._admission = Admission(limits, metrics)
        self._openapi = openapi(name, pool.labels, limits, pool.decision.thresholds is not None)
        self._page = typing_page(name, limits)
        self._documentation = documentation_page(self._openapi)

    def routes(self) -> list[Route]:
        """Returns every route."""
        model = "/v2/models/{model}"
        return [
            Route("/", self.page),
            Route("/docs", self.documentation),
            Route("/openapi.json", self.openapi),
            Route("/health", self.health),
            Route("/metrics", self.metrics),
            Route("/predict", self.predict, methods=["POST"]),
            Route("/explain", self.explain, methods=["POST"]),
            Route("/v2", self.server_metadata),
            Route("/v2/health/live", self.server_live),
            Route("/v2/health/ready", self.server_ready),
            Route(model, self.model_metadata),
            Route(f"{model}/ready", self.model_ready),
            Route(f"{model}/infer", self.infer, methods=["POST"]),
        ]

    async def page(self, request: Request) -> Response:
        """The page where a person types a text."""
        return _html(self._page)

    async def documentation(self, request: Request) -> Response:
        """The OpenAPI document as a page."""
        return _html(self._documentation)

    async def openapi(self, request: Request) -> Response:
        """The OpenAPI document."""
        return _json(self._openapi)

    async def health(self, request: Request) -> Response:
        """Whether texts can be classified now."""
        ready = self._pool.ready
        workers = {"ready": ready, "wanted": self._pool.workers}
        status = "ok" if ready else "loading"
        return _json({"status": status, "model": self._name, "workers": workers}, _ready(ready))

    async def metrics(self, request: Request) -> Response:
        """Prometheus's text."""
        return Response(
            self._metrics.exposition(), headers=_HEADERS | {"Content-Type": PROMETHEUS_TEXT}
        )

    async def predict(self, request: Request) -> Response:
        """Classifies texts."""
        content.require_json(request)
        with self._admission.admitted() as place:
            asked = content.prediction(content.json_object(await place.body(request)), self._limits)
            probabilities = await self._pool.predict(asked.texts)
        self._metrics.texts.labels("predict").inc(len(asked.texts))
        rows = [self._answer(row, asked.top) for row in probabilities]
        return _json({"model": self._name, "predictions": rows})

    async def explain(self, request: Request) -> Response:
        """Explains a text's label."""
        content.require_json(request)
        with self._admission.admitted() as place:
            asked = content.explanation(
                content.json_object(await place.body(request)), self._pool.labels, self._limits
            )
            explained = await self._pool.explain(asked.text, asked.label)
        self._metrics.texts.labels("explain").inc()
        top = self._answer(np.array(explained.pop("probabilities"), np.float32), asked.top)
        explained_label = explained.pop("label")
        return _json({"model": self._name, **top, "explained": explained_label, **explained})

    async def server_metadata(self, request: Request) -> Response:
        """The Open Inference Protocol's description of the server."""
        extensions = list(open_inference.EXTENSIONS)
        return _json({"name": "hier_rnn", "version": __version__, "extensions": extensions})

    async def server_live(self, request: Request) -> Response:
        """Whether the server runs."""
        return _json({"live": True})

    async def server_ready(self, request: Request) -> Response:
        """Whether texts can be classified now."""
        ready = self._pool.ready > 0
        return _json({"live": True, "ready": ready}, _ready(ready))

    async def model_metadata(self, request: Request) -> Response:
        """The model's tensors."""
        self._require_model(request)
        return _json(
            {
                "name": self._name,
                "platform": open_inference.PLATFORM,
                "inputs": [open_inference.INPUT],
                "outputs": open_inference.outputs(self._pool.decision, len(self._pool.labels)),
            }
        )

    async def model_ready(self, request: Request) -> Response:
        """Whether texts can be classified now."""
        self._require_model(request)
        ready = self._pool.ready > 0
        return _json({"name": self._name, "ready": ready}, _ready(ready))

    async def infer(self, request: Request) -> Response:
        """Classifies a tensor of texts."""
        self._require_model(request)
        length = request.headers.get(open_inference.JSON_LENGTH_HEADER)
        content.require_json(request, or_bytes=length is not None)
        labels, decision = self._pool.labels, self._pool.decision
        with self._admission.admitted() as place:
            body = await place.body(request)
            asked = open_inference.inference_request(
                body, length, self._limits, open_inference.outputs(decision, len(labels))
            )
            probabilities = await self._pool.predict(asked.texts)
        self._metrics.texts.labels("infer").inc(len(asked.texts))
        answer = open_inference.inference_response(
            self._name, asked, probabilities, labels, decision
        )
        if answer.json_length is None:
            return Response(answer.body, headers=_HEADERS, media_type="application/json")
        headers = _HEADERS | {open_inference.JSON_LENGTH_HEADER: str(answer.json_length)}
        return Response(answer.body, headers=headers, media_type="application/octet-stream")

    def _answer(self, row: np.ndarray, top: int) -> dict[str, Any]:
        """Returns a text's label and its most probable ones, as JSON values.

        Where a text may have several, `labels` are those that it is given.
        """
        labels, decision = self._pool.labels, self._pool.decision
        order = np.argsort(-row, kind="stable")[:top]
        ranked = [{"label": labels[i], "probability": float(row[i])} for i in order]
        given = {}
        if decision.thresholds is not None:
            given = {"labels": [labels[i] for i in decision.given(row)]}
        return {**ranked[0], **given, "top": ranked}

    def _require_model(self, request: Request) -> None:
        received = request.path_params["model"]
        if received != self._name:
            raise RequestError(
                HTTPStatus.NOT_FOUND,
                f"There is no model {content.shown(received)}. There is: '{self._name}'.",
            )


class _Observed:
    """Counts and times every request by its route."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = time.perf_counter()
        status = 500

        async def observe(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, observe)
        finally:
            # What no route matches has one name, so that strangers' paths make no new counters.
            route = getattr(scope.get("endpoint"), "__name__", "none")
            self._metrics.requests.labels(route, str(status)).inc()
            self._metrics.seconds.labels(route).observe(time.perf_counter() - start)


_HEADERS = {"X-Content-Type-Options": "nosniff"}


def _json(
    value: Any, status: int = HTTPStatus.OK, headers: dict[str, str] | None = None
) -> Response:
    # ASCII, since a text may hold what UTF-8 cannot: half of a surrogate pair.
    body = json.dumps(value, allow_nan=False).encode()
    headers = _HEADERS | (headers or {})
    return Response(body, status, headers, media_type="application/json")


def _html(page: Page) -> Response:
    headers = {
        "Content-Security-Policy": page.policy,
        "Cache-Control": "no-cache",
        "Referrer-Policy": "no-referrer",
    }
    return Response(page.html, headers=_HEADERS | headers, media_type="text/html")


def _ready(ready: int) -> HTTPStatus:
    return HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestError)
    return _json({"error": error.message}, error.status, error.headers)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message = f"{request.method} {request.url.path}: {error.detail}."
    if error.status_code == HTTPStatus.NOT_FOUND:
        message += " GET /docs lists what there is."
    return _json({"error": message}, error.status_code, dict(error.headers or {}))


async def _gone(request: Request, error: Exception) -> Response:
    """Answers nobody: the client went before its request was whole."""
    return _json({"error": "The request's body is not whole."}, HTTPStatus.BAD_REQUEST)


async def _failed(request: Request, error: Exception) -> Response:
    """Answers a fault of ours; the traceback is in the log."""
    return _json({"error": "Internal error."}, HTTPStatus.INTERNAL_SERVER_ERROR)
