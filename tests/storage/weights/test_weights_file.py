"""Weights on disk: what is written comes back, and what a stranger wrote is looked at first."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest
import safetensors.numpy

from hier_rnn.errors import UserError
from hier_rnn.storage.weights.weights_file import (
    largest_size,
    parse_weights,
    read_weights,
    weights_bytes,
)

WEIGHTS = {
    "head/kernel": np.arange(6, dtype=np.float32).reshape(2, 3),
    "head/bias": np.zeros(3, np.float32),
    "character_encoder/gru_0/kernel": np.full((1, 2), np.float32(0.1)),
}
SHAPES = {name: values.shape for name, values in WEIGHTS.items()}


def with_header(header: object, data: bytes = bytes(44)) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(shape=(3,), dtype="F32", start=0, end=12):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [start, end]}


def test_they_come_back_by_name_in_the_order_of_the_model(tmp_path):
    path = tmp_path / "w.safetensors"
    path.write_bytes(weights_bytes(WEIGHTS))
    found = read_weights(path, SHAPES)
    assert list(found) == list(WEIGHTS)
    for name, values in WEIGHTS.items():
        np.testing.assert_array_equal(found[name], values)
        assert found[name].dtype == np.float32


def test_the_same_weights_make_the_same_file():
    backwards = dict(reversed(WEIGHTS.items()))
    assert weights_bytes(WEIGHTS) == weights_bytes(backwards)
    assert len(weights_bytes(WEIGHTS)) <= largest_size(SHAPES)


def test_other_tools_read_them(tmp_path):
    (tmp_path / "w").write_bytes(weights_bytes(WEIGHTS))
    assert safetensors.numpy.load_file(tmp_path / "w").keys() == WEIGHTS.keys()


def test_halves_are_written_as_halves():
    halves = {name: values.astype(np.float16) for name, values in WEIGHTS.items()}
    written = safetensors.numpy.load(weights_bytes(halves))
    assert {values.dtype for values in written.values()} == {np.dtype(np.float16)}
    doubles = {name: values.astype(np.float64) for name, values in WEIGHTS.items()}
    assert weights_bytes(doubles) == weights_bytes(WEIGHTS)


def test_halves_are_widened(tmp_path):
    data = safetensors.numpy.save({"a": np.array([0.5, -2], np.float16)})
    found = parse_weights(data, tmp_path, {"a": (2,)})["a"]
    assert found.dtype == np.float32 and found.tolist() == [0.5, -2]


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("head/bias", None, "there is no weight 'head/bias'"),
        ("head/other", np.zeros(3, np.float32), "'head/other' is none of the model"),
        ("\x1b[2Jhead\n", np.zeros(3, np.float32), r"weight '\\x1b\[2Jhead\\n' is none of"),
        ("head/bias", np.zeros(4, np.float32), r"has shape \(4,\).* asks for \(3,\)"),
        ("head/bias", np.zeros((3, 1), np.float32), r"has shape \(3, 1\)"),
        ("head/bias", np.float32(0), r"has shape \(\)"),
        ("head/bias", np.array([0, np.nan, 0], np.float32), "'head/bias': 1 of 3 values are not"),
        ("head/bias", np.full(3, np.inf, np.float32), "3 of 3 values are not finite"),
        ("head/bias", np.array([0, np.inf, 0], np.float16), "1 of 3 values are not finite"),
        ("head/bias", np.zeros(3, np.float64), "'head/bias': its numbers are 'F64'"),
        ("head/bias", np.zeros(3, np.int32), "its numbers are 'I32'"),
        ("head/bias", np.zeros(3, bool), "its numbers are 'BOOL'"),
        ("head/bias", np.zeros(3, np.complex64), "its numbers are 'C64'"),
    ],
)
def test_weights_that_are_not_the_models(tmp_path, name, values, message):
    changed = {**WEIGHTS, name: np.asarray(values)}
    if values is None:
        del changed[name]
    data = safetensors.numpy.save(changed)
    with pytest.raises(UserError, match=f"w.safetensors: .*{message}"):
        parse_weights(data, tmp_path / "w.safetensors", SHAPES)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 7,
        b"\xff" * 8,
        struct.pack("<Q", 10**6) + b"{}",
        with_header(b"["),
        with_header(b"[" * 100_000),
        with_header([]),
        with_header(b'{"a": 1' + b"0" * 5000 + b"}"),
        with_header({"a": 3}),
        with_header({"a": {"shape": [3]}}),
        with_header({"a": entry(dtype="F32", shape="3")}),
        with_header({"a": entry(shape=[-3])}),
        with_header({"a": entry(shape=[True])}),
        with_header({"a": entry(shape=[10**11])}, bytes(12)),
        with_header({"a": entry(shape=[2**40, 2**40])}, bytes(12)),
        with_header({"a": entry(shape=[1] * 100)}, bytes(4)),
        with_header({"a": entry(end=10**12)}, bytes(12)),
        with_header({"a": entry(), "b": entry()}, bytes(12)),
        with_header({"a": entry(start=4, end=16)}, bytes(16)),
        with_header({"a": entry()}, bytes(11)),
        with_header({"a": entry()}, bytes(13)),
        with_header(b'{"a": %s, "a": %s}' % ((json.dumps(entry()).encode(),) * 2), bytes(12)),
        with_header({"a": entry(dtype="F99")}, bytes(12)),
        with_header({"\ud800": entry()}, bytes(12)),
        with_header({"x" * 2000: entry()}, bytes(12)),
        with_header({"__metadata__": {"a": 1}, "a": entry()}, bytes(12)),
        with_header({f"w{n}": entry([0], end=0) for n in range(20_000)}, b""),
    ],
)
@pytest.mark.parametrize("shapes", [None, {"a": (3,)}])
def test_files_that_are_none(tmp_path, data, shapes):
    with pytest.raises(UserError, match=r"w.safetensors: "):
        parse_weights(data, tmp_path / "w.safetensors", shapes)
