"""The OpenAPI document: every route, with an example that can be sent as it stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hier_rnn.serving import open_inference
from hier_rnn.serving.content import TOP
from hier_rnn.serving.limits import Limits
from hier_rnn.version import __version__

EXAMPLE_TEXT = "wheres my parcle??"

_LABELLED = {
    "label": {"type": "string"},
    "probability": {"type": "number", "minimum": 0, "maximum": 1},
}
_RANKED = {
    **_LABELLED,
    "top": {
        "type": "array",
        "description": "The most probable labels, first the most probable.",
        "items": {"type": "object", "properties": _LABELLED},
    },
}
_GIVEN = {
    "labels": {
        "type": "array",
        "description": "The labels that the text is given, most probable first; it may have none.",
        "items": {"type": "string"},
    }
}
_ERROR = {"type": "object", "properties": {"error": {"type": "string"}}}


def openapi(name: str, labels: Sequence[str], limits: Limits, multi_label: bool) -> dict[str, Any]:
    """Returns the document.

    Args:
        name: The model's.
        labels: The run's.
        limits: How much is accepted.
        multi_label: Whether a text may have several labels.
    """
    ranked = {**_RANKED, **(_GIVEN if multi_label else {})}
    text = {"type": "string", "maxLength": limits.characters}
    top = {
        "type": "integer",
        "minimum": 1,
        "default": TOP,
        "description": "How many labels to return for each text.",
    }
    predict_body = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "text": text,
            "texts": {"type": "array", "items": text, "minItems": 1, "maxItems": limits.texts},
            "top": top,
        },
        "oneOf": [{"required": ["text"]}, {"required": ["texts"]}],
    }
    explain_body = {
        "type": "object",
        "additionalProperties": False,
        "required": ["text"],
        "properties": {
            "text": {"type": "string", "maxLength": limits.explained_characters},
            "label": {
                "type": ["string", "null"],
                "enum": [*labels, None],
                "description": "The label to explain; the predicted one by default.",
            },
            "top": top,
        },
    }
    explained = {
        **ranked,
        "model": {"type": "string"},
        "explained": {"type": "string", "description": "The label that is explained."},
        "text": {"type": "string"},
        "characters": {
            "type": "array",
            "items": {"type": "string"},
            "description": "As a reader sees them; joined, they are the text.",
        },
        "attributions": {
            "type": "array",
            "items": {"type": "number"},
            "description": "What each character adds to the log-odds of the explained label.",
        },
        "words": {
            "type": "array",
            "items": {"type": "array", "items": {"type": "integer"}},
            "description": "Where each word begins and ends among the characters.",
        },
        "decisive_words": {
            "type": "array",
            "items": {"type": "array"},
            "description": "Words with their shares; those of all words sum to 1, without signs.",
        },
    }
    answers = {"type": "array", "items": {"type": "object", "properties": ranked}}
    infer_body = {
        "type": "object",
        "required": ["inputs"],
        "properties": {
            "id": {"type": "string"},
            "parameters": {"type": "object"},
            "inputs": {"type": "array", "items": {"type": "object"}, "maxItems": 1},
            "outputs": {"type": "array", "items": {"type": "object"}},
        },
    }
    infer_example = {"inputs": [{**open_inference.INPUT, "shape": [1], "data": [EXAMPLE_TEXT]}]}
    model = "/v2/models/{model}"
    parameter = {
        "name": "model",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "enum": [name]},
    }

    def of_model(operation: dict[str, Any]) -> dict[str, Any]:
        return {**operation, "parameters": [parameter]}

    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"hier_rnn: {name}",
            "version": __version__,
            "description": f"Classifies texts. The labels are: {', '.join(labels[:100])}.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": {
            "/predict": {
                "post": _post(
                    "Classify one text or many",
                    predict_body,
                    {"texts": [EXAMPLE_TEXT], "top": 3},
                    {"model": {"type": "string"}, "predictions": answers},
                )
            },
            "/explain": {
                "post": _post(
                    "Say which words and characters of a text its label hangs on",
                    explain_body,
                    {"text": EXAMPLE_TEXT},
                    explained,
                )
            },
            "/health": {"get": _get("Whether texts can be classified now", may_be_busy=True)},
            "/metrics": {"get": _get("Counters for Prometheus", "text/plain")},
            "/": {"get": _get("A page to type a text into", "text/html")},
            "/docs": {"get": _get("This document as a page", "text/html")},
            "/openapi.json": {"get": _get("This document")},
            "/v2": {"get": _get("Open Inference Protocol: the server")},
            "/v2/health/live": {"get": _get("Open Inference Protocol: whether the server runs")},
            "/v2/health/ready": {
                "get": _get("Open Inference Protocol: whether it can answer", may_be_busy=True)
            },
            model: {"get": of_model(_get("Open Inference Protocol: the model's tensors"))},
            f"{model}/ready": {
                "get": of_model(
                    _get("Open Inference Protocol: whether it can answer", may_be_busy=True)
                )
            },
            f"{model}/infer": {
                "post": of_model(
                    _post(
                        "Open Inference Protocol: classify a BYTES tensor of texts",
                        infer_body,
                        infer_example,
                        {
                            "model_name": {"type": "string"},
                            "id": {"type": "string"},
                            "outputs": {"type": "array", "items": {"type": "object"}},
                        },
                    )
                )
            },
        },
    }


def _post(
    summary: str, body: dict[str, Any], example: dict[str, Any], answer: dict[str, Any]
) -> dict[str, Any]:
    errors = {
        "400": "The content is wrong; the message says where.",
        "408": "The body did not arrive in time.",
        "413": "A text, their number or the body is too large.",
        "415": "The content is not JSON, or compressed in a way not supported.",
        "503": "Too many requests are waiting; Retry-After says when to try again.",
    }
    return {
        "summary": summary,
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": body, "example": example}},
        },
        "responses": {
            "200": _response("The answer.", {"type": "object", "properties": answer}),
            **{status: _response(meaning, _ERROR) for status, meaning in errors.items()},
        },
    }


def _get(summary: str, kind: str = "application/json", may_be_busy: bool = False) -> dict[str, Any]:
    schema = {"type": "object" if kind == "application/json" else "string"}
    responses = {"200": {"description": "The answer.", "content": {kind: {"schema": schema}}}}
    if may_be_busy:
        responses["503"] = _response("Not now.", {"type": "object"})
    return {"summary": summary, "responses": responses}


def _response(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}
