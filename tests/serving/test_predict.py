"""POST /predict: one text or many, from one client or fifty, as `predict` answers them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import pytest

import hier_rnn

TEXTS = ["good shop", "", "my café is sad", "why", "bad\x00word", "好吃 😀 ﬁne", "bad " * 300]
CLIENTS, REQUESTS = 50, 6


@pytest.fixture(scope="module")
def predictor(small_run):
    return hier_rnn.load(small_run)


def probabilities(prediction: dict, labels: list[str]) -> list[float]:
    by_label = {entry["label"]: entry["probability"] for entry in prediction["top"]}
    return [by_label[label] for label in labels]


def test_many_texts_are_answered_as_the_library_answers_them(server, predictor):
    answer = server.predict(*TEXTS, top=3)
    assert answer.status_code == 200
    assert answer.json()["model"] == predictor.run.name
    expected = predictor.predict(TEXTS)
    for prediction, one in zip(answer.json()["predictions"], expected, strict=True):
        received = probabilities(prediction, predictor.labels)
        np.testing.assert_allclose(received, one.probabilities, atol=1e-6)
        assert prediction["label"] == one.label
        assert prediction["probability"] == pytest.approx(one.probability, abs=1e-6)
        ranked = [entry["probability"] for entry in prediction["top"]]
        assert ranked == sorted(ranked, reverse=True)


def test_one_text_and_fewer_labels(server):
    answer = server.client.post("/predict", json={"text": "good", "top": 1}).json()
    (prediction,) = answer["predictions"]
    assert len(prediction["top"]) == 1
    assert prediction["top"][0]["label"] == prediction["label"]
    everything = server.client.post("/predict", json={"text": "good", "top": 99}).json()
    assert len(everything["predictions"][0]["top"]) == 3


def test_half_of_a_surrogate_pair_is_a_text_too(server):
    answer = server.client.post(
        "/predict",
        content=b'{"text": "good \\ud800"}',
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 200
    explained = server.client.post(
        "/explain",
        content=b'{"text": "good \\ud800"}',
        headers={"Content-Type": "application/json"},
    )
    assert explained.json()["text"] == "good \ud800"


@pytest.mark.slow
def test_fifty_clients_at_once_get_the_answers_of_one(server, predictor):
    words = ["good", "nice", "sad", "late", "who", "what", "shop", "café", "it"]

    def texts_of(client: int, request: int) -> list[str]:
        draw = np.random.default_rng([client, request])
        return [
            " ".join(f"{word}{client}" if draw.random() < 0.3 else word for word in chosen)
            for chosen in draw.choice(words, [draw.integers(1, 4), 5])
        ]

    def ask(client: int) -> list[tuple[list[str], httpx.Response]]:
        with httpx.Client(base_url=server.url, timeout=60) as session:
            asked = [texts_of(client, request) for request in range(REQUESTS)]
            return [
                (texts, session.post("/predict", json={"texts": texts, "top": 3}))
                for texts in asked
            ]

    with ThreadPoolExecutor(CLIENTS) as threads:
        answered = [
            pair for pairs in threads.map(ask, range(CLIENTS), timeout=120) for pair in pairs
        ]
    assert len(answered) == CLIENTS * REQUESTS
    expected = predictor.probabilities([text for texts, _ in answered for text in texts])
    received = []
    for texts, answer in answered:
        assert answer.status_code == 200
        predictions = answer.json()["predictions"]
        assert len(predictions) == len(texts)
        received += [probabilities(prediction, predictor.labels) for prediction in predictions]
    np.testing.assert_allclose(received, expected, atol=1e-6)
    # Many requests were computed together.
    assert server.metric("hier_rnn_batch_texts_count") < server.metric("hier_rnn_texts_total")
