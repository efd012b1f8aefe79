"""From text, or from a file, to the words and vectors that the encoder learns."""

from __future__ import annotations

import numpy as np
import pytest

from hier_rnn.configuration.options import Pretraining
from hier_rnn.errors import UserError
from hier_rnn.storage.weights.vectors_file import write_vectors
from hier_rnn.training.word_vectors.targets import (
    compose,
    count_subtokens,
    targets_from_file,
    targets_from_text,
)
from hier_rnn.training.word_vectors.word_counts import count_words

OPTIONS = Pretraining(vocabulary=30, minimum_count=2, dimensions=6, window=3)


@pytest.fixture(scope="module")
def texts():
    generator = np.random.default_rng(0)
    forms = ["cat", "Cat", "cat.", "dog", "dog,", "isn't", "is", "the", "The", "!!"]
    return [[str(w) for w in generator.choice(forms, 9)] for _ in range(80)]


def test_spellings_of_a_word_share_its_vector(texts):
    targets = targets_from_text(texts, OPTIONS)
    vector = dict(zip(targets.words, targets.vectors, strict=True))
    np.testing.assert_array_equal(vector["cat"], vector["Cat"])
    np.testing.assert_array_equal(vector["cat"], vector["cat."])
    assert not np.allclose(vector["cat"], vector["dog"])
    assert not np.allclose(vector["is"], vector["isn't"])
    np.testing.assert_allclose(np.linalg.norm(targets.vectors, axis=1), 1, rtol=1e-5)


def test_counts_are_of_words_as_written_and_descend(texts):
    targets = targets_from_text(texts, OPTIONS)
    written = count_words(texts)
    assert targets.words == written.words
    np.testing.assert_array_equal(targets.counts, written.counts)
    assert targets.metadata["corpus_words"] == 80 * 9
    assert targets.metadata["parts_coverage"] == 1


def test_each_option_changes_the_targets(texts):
    base = targets_from_text(texts, OPTIONS)

    def vectors(**change):
        return targets_from_text(texts, OPTIONS.model_copy(update=change)).vectors

    assert vectors(dimensions=3).shape == (10, 3)
    assert len(vectors(vocabulary=4)) == 4
    assert len(vectors(minimum_count=75)) < 10
    assert len(vectors(maximum_types=5)) < 10
    assert not np.allclose(vectors(window=1), base.vectors)
    assert not np.allclose(vectors(context_smoothing=0.5), base.vectors)


def test_too_little_text_is_an_error_that_says_so():
    with pytest.raises(UserError, match="of its 3 words, 1 are seen 2 times"):
        targets_from_text([["a", "a", "b"]], OPTIONS)


def test_parts_are_counted_with_their_words():
    found = count_subtokens(count_words([["a.", "a", "a", "b."]]))
    assert dict(zip(found.words, found.counts.tolist(), strict=True)) == {"a": 3, ".": 2, "b": 1}


def test_composition_is_the_sum_of_core_parts():
    words, vectors = compose(
        ["X!", "x-ray", "xn't", "unknown", "!", "X"], ["x", "n't", "!"], np.eye(3), limit=4
    )
    assert words == ["X!", "xn't", "!", "X"]
    half = np.sqrt(0.5)
    np.testing.assert_allclose(vectors, [[1, 0, 0], [half, half, 0], [0, 0, 1], [1, 0, 0]])
    assert compose(["x", "!"], ["x", "!"], np.eye(2), limit=1)[0] == ["x"]


def test_ready_vectors_are_scaled_and_counted(tmp_path):
    write_vectors(tmp_path / "v.txt", ["the", "cat", "x"], np.array([[3.0, 4], [0, 2], [1, 0]]))
    ready = targets_from_file(tmp_path / "v.txt")
    np.testing.assert_allclose(ready.vectors, [[0.6, 0.8], [0, 1], [1, 0]])
    assert ready.counts.tolist() == [3, 1, 1]
    counted = targets_from_file(tmp_path / "v.txt", count_words([["cat", "cat"]]))
    assert counted.counts.tolist() == [1, 2, 1]
