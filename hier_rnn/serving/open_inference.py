"""The Open Inference Protocol, version 2, for KServe's, Triton's and MLServer's clients.

https://github.com/kserve/open-inference-protocol, with the binary tensor data extension that
Triton's client uses unless it is told otherwise: behind the JSON object, whose length a header
gives, stand the tensors' bytes. A text goes in as a BYTES tensor; labels and probabilities come
out.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from hier_rnn.decisions.decision import Decision
from hier_rnn.decisions.several_labels import SeveralLabels
from hier_rnn.errors import nearest
from hier_rnn.serving.content import check_texts, json_object, shown
from hier_rnn.serving.limits import Limits
from hier_rnn.serving.request_error import bad_request

JSON_LENGTH_HEADER = "Inference-Header-Content-Length"
EXTENSIONS = ("binary_tensor_data",)
PLATFORM = "hier_rnn_run"
INPUT = {"name": "text", "datatype": "BYTES", "shape": [-1]}
_SIZE = struct.Struct("<I")


class InferenceRequest(NamedTuple):
    """A request's texts, and the outputs that it asks for with whether each is wanted as bytes."""

    id: str | None
    texts: list[str]
    outputs: dict[str, bool]


class Encoded(NamedTuple):
    """An answer's body; `json_length` where bytes follow its JSON object."""

    body: bytes
    json_length: int | None


def outputs(decision: Decision, classes: int) -> list[dict[str, Any]]:
    """Returns the metadata of the output tensors.

    Args:
        decision: What the run makes of logits: where a text may have several labels, `given` says
            which it is given.
        classes: How many labels the run has.
    """
    given = {"name": "given", "datatype": "BOOL", "shape": [-1, classes]}
    return [
        {"name": "label", "datatype": "BYTES", "shape": [-1]},
        {"name": "probability", "datatype": "FP32", "shape": [-1]},
        {"name": "probabilities", "datatype": "FP32", "shape": [-1, classes]},
        {"name": "labels", "datatype": "BYTES", "shape": [classes]},
        *([] if decision.thresholds is None else [given]),
    ]


def inference_request(
    body: bytes, json_length: str | None, limits: Limits, tensors: Sequence[dict[str, Any]]
) -> InferenceRequest:
    """Returns what an inference request asks.

    Args:
        body: Its body.
        json_length: The header that gives the length of its JSON object, if there is one.
        limits: How much is accepted.
        tensors: The outputs that there are.

    Raises:
        RequestError: It is not one (400), or too large (413).
    """
    binary = b""
    if json_length is not None:
        if not (json_length.isascii() and json_length.isdigit() and len(json_length) < 20):
            raise bad_request(f"{JSON_LENGTH_HEADER}: {shown(json_length)} is no number of bytes.")
        if int(json_length) > len(body):
            raise bad_request(
                f"{JSON_LENGTH_HEADER}: {json_length} is more than the body's {len(body)} bytes."
            )
        body, binary = body[: int(json_length)], body[int(json_length) :]
    value = json_object(body)
    identity = value.get("id")
    if identity is not None and not isinstance(identity, str):
        raise bad_request(f"id: a string is expected. Received: {shown(identity)}.")
    parameters = _parameters(value, "parameters")
    texts = _texts(value.get("inputs"), binary, limits)
    default = _flag(parameters, "binary_data_output")
    return InferenceRequest(identity, texts, _requested(value.get("outputs"), default, tensors))


def inference_response(
    name: str,
    request: InferenceRequest,
    probabilities: np.ndarray,
    labels: Sequence[str],
    decision: Decision,
) -> Encoded:
    """Returns the answer to an inference request.

    Args:
        name: The model's.
        request: What was asked.
        probabilities: `(texts, classes)`.
        labels: The run's.
        decision: What the run makes of logits.
    """
    best = probabilities.argmax(axis=1)
    values: dict[str, Any] = {
        "label": [labels[number] for number in best],
        "probability": probabilities[np.arange(len(best)), best],
        "probabilities": probabilities,
        "labels": list(labels),
    }
    if isinstance(decision, SeveralLabels):
        values["given"] = decision.reached(probabilities)
    tensors, parts = [], []
    for tensor in outputs(decision, len(labels)):
        if tensor["name"] not in request.outputs:
            continue
        value = values[tensor["name"]]
        tensor["shape"] = list(np.shape(value))
        if request.outputs[tensor["name"]]:
            parts.append(_bytes_of(value))
            tensor["parameters"] = {"binary_data_size": len(parts[-1])}
        else:
            tensor["data"] = value if isinstance(value, list) else value.ravel().tolist()
        tensors.append(tensor)
    answer: dict[str, Any] = {"model_name": name}
    if request.id is not None:
        answer["id"] = request.id
    head = json.dumps({**answer, "outputs": tensors}).encode()
    return Encoded(b"".join((head, *parts)), len(head) if parts else None)


def _texts(inputs: Any, binary: bytes, limits: Limits) -> list[str]:
    """Returns the texts of the one input tensor."""
    if not isinstance(inputs, list) or len(inputs) != 1 or not isinstance(inputs[0], dict):
        raise bad_request("inputs: a list of one tensor, named 'text', is expected.")
    tensor = inputs[0]
    if tensor.get("name") != INPUT["name"]:
        raise bad_request(
            f"inputs[0].name: 'text' is expected. Received: {shown(tensor.get('name'))}."
        )
    if tensor.get("datatype") != INPUT["datatype"]:
        raise bad_request(
            f"inputs[0].datatype: 'BYTES' is expected. Received: {shown(tensor.get('datatype'))}."
        )
    count = _count(tensor.get("shape"))
    size = _parameters(tensor, "inputs[0].parameters").get("binary_data_size")
    if (size is None) == ("data" not in tensor):
        raise bad_request(
            "inputs[0]: either 'data' or the parameter 'binary_data_size' is expected."
        )
    if size is None:
        if binary:
            raise bad_request(f"{len(binary)} bytes follow the JSON object, of no tensor.")
        texts = _flat(tensor["data"])
    elif isinstance(size, bool) or size != len(binary):
        raise bad_request(
            f"inputs[0].parameters.binary_data_size: {len(binary)} bytes follow the JSON object."
            f" Received: {shown(size)}."
        )
    else:
        texts = _strings_of(binary, limits)
    if len(texts) != count:
        raise bad_request(
            f"inputs[0].shape: {shown(tensor['shape'])} are {count} texts. Received: {len(texts)}."
        )
    check_texts(texts, [f"inputs[0].data[{number}]" for number in range(len(texts))], limits)
    return texts


def _count(shape: Any) -> int:
    """Returns the number of texts of a shape `[texts]` or `[texts, 1]`."""
    whole = isinstance(shape, list) and all(
        isinstance(size, int) and not isinstance(size, bool) and size >= 0 for size in shape
    )
    if not whole or len(shape) not in (1, 2) or shape[1:] not in ([], [1]):
        raise bad_request(
            f"inputs[0].shape: [texts] or [texts, 1] is expected. Received: {shown(shape)}."
        )
    return math.prod(shape)


def _flat(data: Any) -> list[Any]:
    """Returns the elements of data given flat or in the shape `[texts, 1]`."""
    if not isinstance(data, list):
        raise bad_request(f"inputs[0].data: a list is expected. Received: {shown(data)}.")
    if data and all(isinstance(row, list) for row in data):
        return list(chain.from_iterable(data))
    return data


def _strings_of(binary: bytes, limits: Limits) -> list[str]:
    """Returns the strings of a BYTES tensor: each behind its length in four bytes."""
    texts: list[str] = []
    position = 0
    while position < len(binary) and len(texts) <= limits.texts:
        start = position + _SIZE.size
        end = start + _SIZE.unpack(binary[position:start])[0] if start <= len(binary) else start
        if end > len(binary):
            raise bad_request(f"The tensor's bytes are cut short in element {len(texts)}.")
        try:
            texts.append(binary[start:end].decode("utf-8"))
        except UnicodeDecodeError as error:
            raise bad_request(
                f"inputs[0].data[{len(texts)}]: not UTF-8 (byte {error.start + 1})."
            ) from None
        position = end
    return texts


def _requested(requested: Any, default: bool, tensors: Sequence[dict[str, Any]]) -> dict[str, bool]:
    """Returns the outputs that a request asks for, and whether each is wanted as bytes."""
    known = [tensor["name"] for tensor in tensors]
    if requested is None or requested == []:
        return dict.fromkeys(known, default)
    if not isinstance(requested, list) or not all(isinstance(one, dict) for one in requested):
        raise bad_request(f"outputs: a list of objects is expected. Received: {shown(requested)}.")
    wanted = {}
    for number, output in enumerate(requested):
        where, name = f"outputs[{number}]", output.get("name")
        if name not in known:
            guess = nearest(name, known) if isinstance(name, str) else ""
            raise bad_request(
                f"{where}.name: {shown(name)} is no output.{guess} Accepted: {', '.join(known)}."
            )
        parameters = _parameters(output, f"{where}.parameters")
        for parameter in parameters:
            if parameter != "binary_data":
                raise bad_request(
                    f"{where}.parameters: {shown(parameter)} is not supported. Accepted:"
                    " binary_data."
                )
        wanted[name] = _flag(parameters, "binary_data", default)
    return wanted


def _parameters(holder: dict[str, Any], where: str) -> dict[str, Any]:
    parameters = holder.get("parameters")
    if parameters is None:
        return {}
    if not isinstance(parameters, dict):
        raise bad_request(f"{where}: an object is expected. Received: {shown(parameters)}.")
    return parameters


def _flag(parameters: dict[str, Any], name: str, default: bool = False) -> bool:
    value = parameters.get(name, default)
    if not isinstance(value, bool):
        raise bad_request(f"{name}: true or false is expected. Received: {shown(value)}.")
    return value


def _bytes_of(value: Any) -> bytes:
    """Returns a tensor's bytes."""
    if isinstance(value, list):
        strings = [text.encode("utf-8", "replace") for text in value]
        return b"".join(_SIZE.pack(len(string)) + string for string in strings)
    kind = np.bool_ if value.dtype == np.bool_ else np.dtype("<f4")
    return np.ascontiguousarray(value, kind).tobytes()
