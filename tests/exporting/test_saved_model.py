"""The SavedModel answers a text as the run does, in TensorFlow alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_serving.apis import prediction_log_pb2

from hier_rnn.errors import UserError

GRIDS = {
    "default": {},
    "both ways, segments": {
        "character_encoder": {"bidirectional": True, "initial_state": "trainable"},
        "sentence_encoder": {"segment_words": 6, "layers": 2, "pooling": "attention"},
    },
    "lower case, NFD": {
        "text": {
            "lowercase": True,
            "normalization": "NFD",
            "maximum_word_length": 5,
            "boundary_marks": False,
        }
    },
    "pieces": {"text": {"words": "sentencepiece"}},
}
WITHOUT_US = """
import sys
sys.modules["hier_rnn"] = None
import tensorflow as tf
model = tf.saved_model.load(sys.argv[1])
answer = model.signatures["serving_default"](texts=tf.constant(["abc de", "", "é"]))
labels = model.signatures["labels"]()["labels"].numpy()
for label, probability in zip(answer["label"].numpy(), answer["probability"].numpy()):
    assert label in labels
    print(label.decode(), float(probability), sep="\\t")
"""


@pytest.fixture(scope="module")
def saved(random_run, tmp_path_factory):
    """`saved(...)`: a run of these options, and its SavedModel's folder."""
    folders = {}

    def saved(**groups):
        if groups.get("text", {}).get("words") == "sentencepiece":
            pytest.importorskip("tensorflow_text")  # there is none for Windows
        run = random_run(**groups)
        if run.path not in folders:
            folders[run.path] = tmp_path_factory.mktemp("saved") / "out"
            run.predictor.export(folders[run.path], "savedmodel")
        return run, folders[run.path] / "1"

    return saved


def answers(model, texts: list[str]) -> dict[str, np.ndarray]:
    given = tf.constant([text.encode() for text in texts], tf.string, [len(texts)])
    outputs = model.signatures["serving_default"](texts=given)
    return {name: values.numpy() for name, values in outputs.items()}


@pytest.mark.parametrize("options", GRIDS.values(), ids=GRIDS)
@pytest.mark.slow
def test_texts_have_the_answers_of_the_run(saved, texts, logits, options):
    run, folder = saved(**options)
    model = tf.saved_model.load(folder)
    for batch in (texts, [], [""], texts[:1], texts[::-1] * 3):
        found = answers(model, batch)
        np.testing.assert_allclose(found["logits"], logits(run.predictor, batch), atol=1e-5)
        predicted = run.predictor.predict(batch)
        assert [label.decode() for label in found["label"]] == [p.label for p in predicted]
        probabilities = run.predictor.probabilities(batch)
        np.testing.assert_allclose(found["probabilities"], probabilities, atol=1e-5)
        np.testing.assert_allclose(found["probability"], [p.probability for p in predicted], 1e-4)
    names = model.signatures["labels"]()["labels"].numpy()
    assert [name.decode() for name in names] == run.predictor.labels


@pytest.mark.slow
def test_any_text(saved, logits):
    run, folder = saved()
    model = tf.saved_model.load(folder)
    characters = st.characters(exclude_categories=["Cs"])

    @settings(max_examples=40, deadline=None)
    @given(st.lists(st.text(characters, max_size=40), max_size=6))
    def check(texts):
        found = answers(model, texts)["logits"]
        np.testing.assert_allclose(found, logits(run.predictor, texts), atol=1e-5)

    check()


@pytest.mark.slow
def test_texts_beyond_any_length_are_cut_as_ours(saved, logits):
    run, folder = saved()
    model = tf.saved_model.load(folder)
    # One character to look at around each place where a text is cut.
    half = [
        "a" * (250_000 - 3) + " b c" + " d e f " * 9 + "e o" + " i" * 125_000,
        "\ufdfa" * 50_000,
    ]
    np.testing.assert_allclose(
        answers(model, half)["logits"], logits(run.predictor, half), atol=1e-5
    )


@pytest.mark.slow
def test_without_us(saved):
    run, folder = saved()
    process = subprocess.run(
        [sys.executable, "-c", WITHOUT_US, folder], capture_output=True, check=True, timeout=120
    )
    rows = [line.split("\t") for line in process.stdout.decode().splitlines()]
    predicted = run.predictor.predict(["abc de", "", "é"])
    assert [row[0] for row in rows] == [prediction.label for prediction in predicted]
    probabilities = [float(row[1]) for row in rows]
    np.testing.assert_allclose(probabilities, [p.probability for p in predicted], atol=1e-5)


@pytest.mark.slow
def test_warm_up_requests_are_what_serving_reads(saved):
    _, folder = saved()
    model = tf.saved_model.load(folder)
    path = folder / "assets.extra" / "tf_serving_warmup_requests"
    requests = [
        prediction_log_pb2.PredictionLog.FromString(record.numpy()).predict_log.request
        for record in tf.data.TFRecordDataset(str(path))  # it looks at the checksums
    ]
    assert [len(request.inputs["texts"].string_val) for request in requests] == [1, 3]
    for request in requests:
        signature = model.signatures[request.model_spec.signature_name]
        texts = tf.constant(tf.make_ndarray(request.inputs["texts"]))
        assert signature(texts=texts)["label"].shape == texts.shape


def test_pieces_take_tensorflow_text(random_run, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_text", None)
    run = random_run(text={"words": "sentencepiece"})
    with pytest.raises(UserError, match=r"hier_rnn\[savedmodel\].*--format onnx"):
        run.predictor.export(tmp_path / "out", "savedmodel")
    assert not Path(tmp_path / "out").exists()


@pytest.mark.slow
def test_the_folder_is_a_run(saved, texts, logits):
    import hier_rnn

    run, folder = saved()
    again = hier_rnn.load(folder.parent)
    np.testing.assert_array_equal(logits(again, texts), logits(run.predictor, texts))
    listed = again.run / "manifest.json"
    assert "1/saved_model.pb" in listed.read_text("utf-8")


@pytest.mark.slow
def test_any_words_in_pieces(saved, texts, logits):
    """Known words, as of two ways to cut that are as good either may be taken."""
    run, folder = saved(**GRIDS["pieces"])
    model = tf.saved_model.load(folder)
    words = [word for text in texts for word in text.split()] + ["\u2581", "z", "語", "\u2581ab"]

    @settings(max_examples=30, deadline=None)
    @given(st.lists(st.lists(st.sampled_from(words), max_size=9).map(" ".join), max_size=5))
    def check(texts):
        found = answers(model, texts)["logits"]
        np.testing.assert_allclose(found, logits(run.predictor, texts), atol=1e-5)

    check()
    check.hypothesis.inner_test(["\u2581", "", "\u2581 \u2581", "ab \u2581ab", "\u2581ab"])


def test_graph_calls_no_python_and_opens_no_file(saved):
    """But for what every SavedModel has to save and restore its variables."""
    _, folder = saved()
    message = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    graph = message.meta_graphs[0].graph_def
    of_functions = {node.op for f in graph.library.function for node in f.node_def}
    operations = {node.op for node in graph.node} | of_functions
    assert "UnicodeDecodeWithOffsets" in operations or "UnicodeDecode" in operations
    harmful = {
        "PyFunc",
        "EagerPyFunc",
        "ReadFile",
        "WriteFile",
        "MatchingFiles",
        "Print",
        "PrintV2",
    }
    assert not operations & harmful
