"""Requests that TensorFlow Serving runs before it serves, so that the first answer is not slow.

A TFRecord file of `tensorflow.serving.PredictionLog` messages
(https://www.tensorflow.org/tfx/serving/saved_model_warmup). The messages are written field by
field: what defines them is in a package of TensorFlow Serving that nothing else here needs.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import tensorflow as tf

WARM_UP = "tf_serving_warmup_requests"
SIGNATURE = "serving_default"
POLYNOMIAL = 0x82F63B78  # of CRC-32C, reversed
MASK_DELTA = 0xA282EAD8  # TFRecord's

# Numbers of fields.
PREDICT_LOG = 6  # PredictionLog
REQUEST = 1  # PredictLog
MODEL_SPEC, INPUTS = 1, 2  # PredictRequest
SIGNATURE_NAME = 3  # ModelSpec
KEY, VALUE = 1, 2  # of a map's entry


def warm_up_records(name: str, texts: Sequence[str]) -> bytes:
    """Returns the content of the file: a request of one text, and one of all texts.

    Args:
        name: Of the signature's input.
        texts: The texts.
    """
    return b"".join(_record(_request(name, batch)) for batch in (texts[:1], texts))


def _request(name: str, texts: Sequence[str]) -> bytes:
    tensor = tf.make_tensor_proto([text.encode() for text in texts], tf.string)
    entry = _field(KEY, name.encode()) + _field(VALUE, tensor.SerializeToString())
    spec = _field(SIGNATURE_NAME, SIGNATURE.encode())
    request = _field(MODEL_SPEC, spec) + _field(INPUTS, entry)
    return _field(PREDICT_LOG, _field(REQUEST, request))


def _field(number: int, content: bytes) -> bytes:
    """Returns a field of bytes, or of a message, as protocol buffers have it."""
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    low = number & 0x7F
    return bytes([low]) if number < 0x80 else bytes([low | 0x80]) + _varint(number >> 7)


def _record(content: bytes) -> bytes:
    length = struct.pack("<Q", len(content))
    return length + _checksum(length) + content + _checksum(content)


def _checksum(data: bytes) -> bytes:
    register = 0xFFFFFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (POLYNOMIAL if register & 1 else 0)
    register ^= 0xFFFFFFFF
    masked = ((register >> 15 | register << 17) + MASK_DELTA) & 0xFFFFFFFF
    return struct.pack("<I", masked)
