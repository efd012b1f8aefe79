"""A served run of several labels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import hier_rnn

TEXTS = ["bad shop", "nice and why", "the my"]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def served(several_run, server_of) -> Iterator[Any]:
    with server_of(several_run) as server:
        yield server


def test_given_labels_are_named(served, several_run):
    answer = served.client.post("/predict", json={"texts": TEXTS, "top": 2}).json()
    found = hier_rnn.load(several_run).predict(TEXTS)
    assert [tuple(row["labels"]) for row in answer["predictions"]] == [p.labels for p in found]
    assert [row["label"] for row in answer["predictions"]] == [p.label for p in found]
    explained = served.client.post("/explain", json={"text": TEXTS[0]}).json()
    assert tuple(explained["labels"]) == found[0].labels


def test_open_inference(served, several_run):
    [model] = [served.client.get("/v2/models/several").json()]
    assert model["outputs"][-1] == {"name": "given", "datatype": "BOOL", "shape": [-1, 3]}
    tensor = {"name": "text", "datatype": "BYTES", "shape": [len(TEXTS)], "data": TEXTS}
    url = "/v2/models/several/infer"
    outputs = served.client.post(url, json={"inputs": [tensor]}).json()["outputs"]
    [given] = [output for output in outputs if output["name"] == "given"]
    run = hier_rnn.load(several_run)
    expected = run.decision.reached(run.probabilities(TEXTS))
    assert np.reshape(given["data"], given["shape"]).tolist() == expected.tolist()
    wanted = [{"name": "given", "parameters": {"binary_data": True}}]
    answer = served.client.post(url, json={"inputs": [tensor], "outputs": wanted})
    length = int(answer.headers["Inference-Header-Content-Length"])
    assert np.frombuffer(answer.content[length:], bool).tolist() == expected.ravel().tolist()


def test_it_is_documented(served):
    document = served.client.get("/openapi.json").json()
    response = document["paths"]["/predict"]["post"]["responses"]["200"]
    rows = response["content"]["application/json"]["schema"]["properties"]["predictions"]
    assert "labels" in rows["items"]["properties"]
