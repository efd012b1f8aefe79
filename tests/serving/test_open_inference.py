"""The Open Inference Protocol, spoken by Triton's own client."""

from __future__ import annotations

import numpy as np
import pytest

import hier_rnn

tritonclient = pytest.importorskip("tritonclient.http")

TEXTS = ["good shop", "", "why", "my café is sad", "好吃 😀"]


@pytest.fixture
def client(server):
    with tritonclient.InferenceServerClient(server.url.removeprefix("http://")) as client:
        yield client


@pytest.fixture(scope="module")
def predictor(small_run):
    return hier_rnn.load(small_run)


def tensor(texts: list[str], binary: bool, shape: list[int] | None = None):
    values = np.array([text.encode() for text in texts], np.object_).reshape(shape or [-1])
    tensor = tritonclient.InferInput("text", values.shape, "BYTES")
    tensor.set_data_from_numpy(values, binary_data=binary)
    return tensor


def test_health_and_metadata(client, small_run):
    name = small_run.name
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready(name)
    assert not client.is_model_ready("another")
    assert client.get_server_metadata()["extensions"] == ["binary_tensor_data"]
    metadata = client.get_model_metadata(name)
    assert metadata["inputs"] == [{"name": "text", "datatype": "BYTES", "shape": [-1]}]
    assert {output["name"]: output["shape"] for output in metadata["outputs"]} == {
        "label": [-1],
        "probability": [-1],
        "probabilities": [-1, 3],
        "labels": [3],
    }


@pytest.mark.parametrize("binary_input", [False, True])
@pytest.mark.parametrize("binary_output", [False, True, None])
@pytest.mark.parametrize("shape", [[-1], [-1, 1]])
def test_inference(client, predictor, small_run, binary_input, binary_output, shape):
    outputs = None
    if binary_output is not None:
        outputs = [
            tritonclient.InferRequestedOutput(name, binary_data=binary_output)
            for name in ("label", "probability", "probabilities", "labels")
        ]
    inputs = [tensor(TEXTS, binary_input, shape)]
    result = client.infer(small_run.name, inputs, request_id="seven", outputs=outputs)
    assert result.get_response()["id"] == "seven"
    assert result.get_response()["model_name"] == small_run.name
    expected = predictor.predict(TEXTS)
    decoded = [
        value.decode() if isinstance(value, bytes) else value for value in result.as_numpy("label")
    ]
    assert decoded == [prediction.label for prediction in expected]
    np.testing.assert_allclose(
        result.as_numpy("probabilities"), [p.probabilities for p in expected], atol=1e-6
    )
    np.testing.assert_allclose(
        result.as_numpy("probability"), [p.probability for p in expected], atol=1e-6
    )
    assert len(result.as_numpy("labels")) == len(predictor.labels)


@pytest.mark.parametrize("compression", ["gzip", "deflate"])
def test_compressed_requests(client, small_run, compression):
    inputs = [tensor(["good"], True)]
    result = client.infer(small_run.name, inputs, request_compression_algorithm=compression)
    assert result.as_numpy("label").shape == (1,)


def test_only_the_outputs_asked_for(client, small_run):
    outputs = [tritonclient.InferRequestedOutput("label")]
    result = client.infer(small_run.name, [tensor(["good"], True)], outputs=outputs)
    assert result.as_numpy("label") is not None
    assert result.as_numpy("probabilities") is None


def test_a_mistake_is_told_by_the_client(client, small_run):
    from tritonclient.utils import InferenceServerException

    wrong = tritonclient.InferInput("words", [1], "BYTES")
    wrong.set_data_from_numpy(np.array([b"good"], np.object_))
    with pytest.raises(InferenceServerException, match=r"inputs\[0\]\.name: 'text' is expected"):
        client.infer(small_run.name, [wrong])
    with pytest.raises(InferenceServerException, match="There is no model 'another'"):
        client.infer("another", [tensor(["good"], True)])
    large = tensor(["x" * 300_000] * 5, True)
    with pytest.raises(InferenceServerException, match="too large"):
        client.infer(small_run.name, [large])
