"""Whatever is sent: what is wrong is answered with a 4xx that says what, and the server goes on."""

from __future__ import annotations

import gzip
import json
import socket
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

JSON = {"Content-Type": "application/json"}


def infer(**changes: object) -> bytes:
    tensor = {"name": "text", "datatype": "BYTES", "shape": [1], "data": ["good"]}
    tensor |= changes
    return json.dumps({"inputs": [{k: v for k, v in tensor.items() if v is not None}]}).encode()


BODIES = {
    "nothing": (b"", 400),
    "not JSON": (b"good", 400),
    "cut short": (b'{"text": "go', 400),
    "not UTF-8": (b'{"text": "\xff"}', 400),
    "UTF-16": ('{"text": "good"}'.encode("utf-16"), 400),
    "byte order mark": (b'\xef\xbb\xbf{"text": "good"}', 400),
    "a list": (b'["good"]', 400),
    "a string": (b'"good"', 400),
    "null": (b"null", 400),
    "NaN": (b'{"text": "good", "top": NaN}', 400),
    "a number too long": (b'{"text": "good", "top": ' + b"9" * 5000 + b"}", 400),
    "too deep": (b'{"text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400),
    "no text": (b"{}", 400),
    "text and texts": (b'{"text": "a", "texts": ["b"]}', 400),
    "text a number": (b'{"text": 1}', 400),
    "text null": (b'{"text": null}', 400),
    "text a list": (b'{"text": ["good"]}', 400),
    "texts a string": (b'{"texts": "good"}', 400),
    "texts empty": (b'{"texts": []}', 400),
    "texts with null": (b'{"texts": ["good", null]}', 400),
    "texts an object": (b'{"texts": {"0": "good"}}', 400),
    "an unknown field": (b'{"txt": "good"}', 400),
    "top nought": (b'{"text": "good", "top": 0}', 400),
    "top true": (b'{"text": "good", "top": true}', 400),
    "top a fraction": (b'{"text": "good", "top": 1.5}', 400),
    "top a string": (b'{"text": "good", "top": "3"}', 400),
    "too many texts": (json.dumps({"texts": ["a"] * 1001}).encode(), 413),
    "a text too long": (json.dumps({"text": "a" * 100_001}).encode(), 413),
    "too large": (b'{"text": "' + b"a" * (1 << 20) + b'"}', 413),
    "much too large": (b'{"text": "' + b"a" * (20 << 20) + b'"}', 413),
}
INFERENCES = {
    "no inputs": (b"{}", 400),
    "inputs an object": (b'{"inputs": {}}', 400),
    "two inputs": (b'{"inputs": [{}, {}]}', 400),
    "input a string": (b'{"inputs": ["good"]}', 400),
    "another name": (infer(name="TEXT"), 400),
    "a name that is a list": (infer(name=["text"]), 400),
    "another datatype": (infer(datatype="FP32"), 400),
    "no datatype": (infer(datatype=None), 400),
    "no shape": (infer(shape=None), 400),
    "another shape": (infer(shape=[2]), 400),
    "three dimensions": (infer(shape=[1, 1, 1]), 400),
    "a negative shape": (infer(shape=[-1]), 400),
    "a shape of floats": (infer(shape=[1.0]), 400),
    "a shape of nothing": (infer(shape=[0], data=[]), 400),
    "a huge shape": (infer(shape=[2**63, 1]), 400),
    "no data": (infer(data=None), 400),
    "data a string": (infer(data="good"), 400),
    "data of numbers": (infer(data=[1]), 400),
    "data of bytes that are not there": (
        infer(data=None, parameters={"binary_data_size": 8}),
        400,
    ),
    "parameters a list": (infer(parameters=[]), 400),
    "shared memory": (infer(data=None, parameters={"shared_memory_region": "x"}), 400),
    "an unknown output": (infer()[:-1] + b', "outputs": [{"name": "logits"}]}', 400),
    "an output's name a list": (infer()[:-1] + b', "outputs": [{"name": []}]}', 400),
    "outputs a string": (infer()[:-1] + b', "outputs": "label"}', 400),
    "classification": (
        infer()[:-1] + b', "outputs": [{"name": "label", "parameters": {"classification": 2}}]}',
        400,
    ),
    "id a number": (infer()[:-1] + b', "id": 7}', 400),
    "binary_data_output a string": (
        infer()[:-1] + b', "parameters": {"binary_data_output": "yes"}}',
        400,
    ),
}


def check(answer, status: int) -> None:
    assert answer.status_code == status, answer.text
    message = answer.json()["error"]
    assert message.endswith((".", "…")) or len(message) > 20


@pytest.mark.parametrize("kind", BODIES)
def test_bodies(server, kind):
    body, status = BODIES[kind]
    check(server.client.post("/predict", content=body, headers=JSON), status)
    if b"texts" not in body and b"top" not in body:
        check(server.client.post("/explain", content=body, headers=JSON), status)


@pytest.mark.parametrize("kind", INFERENCES)
def test_inferences(server, small_run, kind):
    body, status = INFERENCES[kind]
    check(server.client.post(f"/v2/models/{small_run.name}/infer", content=body), status)


@pytest.mark.parametrize(
    ("length", "body"),
    [
        ("x", infer()),
        ("-1", infer()),
        ("9" * 30, infer()),
        ("1000000", infer()),
        ("0", infer()),
        (str(len(infer())), infer() + b"more"),
        ("²", infer()),
    ],
)
def test_lengths_of_binary_data(server, small_run, length, body):
    headers = {"Inference-Header-Content-Length": length.encode("latin-1", "replace")}
    url = f"/v2/models/{small_run.name}/infer"
    check(server.client.post(url, content=body, headers=headers), 400)


@pytest.mark.parametrize(
    "binary",
    [
        b"\x04\x00\x00",
        b"\x04\x00\x00\x00goo",
        b"\xff\xff\xff\xffgood",
        b"\x01\x00\x00\x00\xff",
        b"\x04\x00\x00\x00good\x00",
        b"\x00\x00\x00\x00" * 5000,
    ],
)
def test_binary_strings(server, small_run, binary):
    head = infer(data=None, parameters={"binary_data_size": len(binary)})
    headers = {"Inference-Header-Content-Length": str(len(head))}
    url = f"/v2/models/{small_run.name}/infer"
    answer = server.client.post(url, content=head + binary, headers=headers)
    assert answer.status_code in (400, 413)
    assert answer.json()["error"]


def test_models_methods_and_paths(server, small_run):
    call = server.client.request
    for path in ("/v2/models/none", "/v2/models/none/ready", "/v2/models/%ff%00", "/nothing"):
        check(call("GET", path), 404)
    check(call("GET", f"/v2/models/{small_run.name}/versions/1"), 404)
    check(call("POST", "/v2/models/none/infer", content=infer()), 404)
    for method, path in (
        ("GET", "/predict"),
        ("PUT", "/predict"),
        ("DELETE", "/explain"),
        ("POST", "/health"),
        ("PATCH", "/"),
        ("OPTIONS", "/predict"),
        ("NONSENSE", "/predict"),
        ("GET", f"/v2/models/{small_run.name}/infer"),
    ):
        answer = call(method, path)
        check(answer, 405)
        assert answer.headers["allow"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Type": "application/json", "Content-Encoding": "br"},
    ],
)
def test_content_of_another_kind(server, headers):
    check(server.client.post("/predict", content=b'{"text": "good"}', headers=headers), 415)


@pytest.mark.slow
def test_compressed_bodies(server):
    body = b'{"text": "good"}'
    for encoding, compress in (("gzip", gzip.compress), ("deflate", zlib.compress)):
        headers = JSON | {"Content-Encoding": encoding}
        sent = [
            (compress(body), 200),
            (compress(body)[:-5], 400),
            (b"no such data", 400),
            (compress(body) + b"more", 400),
            # A bomb: a hundred times larger than it looks, and than is accepted.
            (compress(b'{"text": "' + b"a" * (100 << 20) + b'"}'), 413),
        ]
        for content, status in sent:
            answer = server.client.post("/predict", content=content, headers=headers)
            assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    "sent",
    [
        b"\x00\x01\x02\x03\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",  # no Host
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nBroken header\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        b"POST /predict HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: nonsense\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",  # somebody speaks TLS
    ],
)
def test_what_is_no_http(server, sent):
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(sent)
        status = connection.makefile("rb").readline()
    assert status.split()[1].startswith(b"4"), status


def test_clients_that_go_before_they_have_sent_everything(server):
    head = b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
            connection.sendall(head + b'Content-Length: 100\r\n\r\n{"text"')
    for _ in range(20):  # and before they have read anything
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
            connection.sendall(head + b'Content-Length: 16\r\n\r\n{"text": "good"}')
    assert server.predict("good").status_code == 200


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["text", "texts", "top", "label", "inputs", "name", "data"])
            | st.text(),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
fields = st.dictionaries(
    st.sampled_from(["text", "texts", "top", "label", "inputs", "outputs", "id", "parameters"]),
    anything,
    max_size=4,
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=st.binary(max_size=200) | fields.map(json.dumps).map(str.encode))
@pytest.mark.slow
def test_any_body_is_answered_or_refused(server, small_run, body):
    for path in ("/predict", "/explain", f"/v2/models/{small_run.name}/infer"):
        answer = server.client.post(path, content=body, headers=JSON)
        assert answer.status_code in (200, 400, 413), (path, body, answer.text)
        assert answer.json()


tensors = st.fixed_dictionaries(
    {},
    optional={
        "name": st.just("text") | anything,
        "datatype": st.just("BYTES") | anything,
        "shape": st.lists(st.integers(-1, 3), max_size=3) | anything,
        "data": st.lists(st.text(max_size=5), max_size=3) | anything,
        "parameters": st.just({"binary_data_size": 9}) | anything,
    },
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(tensor=tensors, binary=st.none() | st.binary(max_size=12), shift=st.integers(-2, 2))
def test_any_inference_is_answered_or_refused(server, small_run, tensor, binary, shift):
    head = json.dumps({"inputs": [tensor]}).encode()
    headers = {}
    if binary is not None:
        headers["Inference-Header-Content-Length"] = str(len(head) + shift)
    url = f"/v2/models/{small_run.name}/infer"
    answer = server.client.post(url, content=head + (binary or b""), headers=headers)
    assert answer.status_code in (200, 400, 413), (tensor, binary, answer.text)
    assert answer.headers["content-type"] == "application/json"
