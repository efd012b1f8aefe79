"""Information and decomposition against dense numpy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from hier_rnn import memory
from hier_rnn.errors import UserError
from hier_rnn.training.word_vectors import pmi_svd
from hier_rnn.training.word_vectors.cooccurrence import count_contexts
from hier_rnn.training.word_vectors.pmi_svd import (
    positive_information,
    principal_parts,
    required_memory,
    unit_rows,
    word_vectors,
)


@pytest.fixture(scope="module")
def counts():
    dense = np.random.default_rng(0).poisson(0.7, (40, 30)).astype(np.float32)
    dense[:, 3] = dense[5] = 0
    return sparse.csr_matrix(dense)


@pytest.fixture(scope="module")
def contexts():
    generator = np.random.default_rng(1)
    topics = [["cat", "dog", "bird", "fish"], ["car", "bus", "train", "boat"]]
    texts = []
    for _ in range(300):
        noun = topics[generator.integers(2)]
        texts.append([str(w) for w in generator.choice(["the", "a", *noun, *noun], 12)])
    words = sorted({word for text in texts for word in text})
    return words, count_contexts(texts, words, window=3)


@pytest.mark.parametrize("smoothing", [1.0, 0.75])
def test_positive_information_is_the_formula(counts, smoothing):
    dense = counts.toarray().astype(float)
    contexts = dense.sum(0) ** smoothing
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = dense / dense.sum(1, keepdims=True) / (contexts / contexts.sum())
        expected = np.nan_to_num(np.maximum(np.log(ratio), 0), nan=0.0)
    found = positive_information(counts, smoothing)
    np.testing.assert_allclose(found.toarray(), expected, atol=1e-5)
    assert (found.data > 0).all()


def test_positive_information_leaves_its_argument_alone(counts):
    before = counts.copy()
    positive_information(counts)
    assert (before != counts).nnz == 0 and counts.nnz == before.nnz


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_principal_parts_are_those_of_the_exact_decomposition(power):
    generator = np.random.default_rng(2)
    # Clear gaps between the singular values, or else the directions are anyone's choice.
    left = np.linalg.qr(generator.normal(size=(50, 8)))[0]
    right = np.linalg.qr(generator.normal(size=(40, 8)))[0]
    matrix = (left * 2.0 ** np.arange(8, 0, -1)) @ right.T
    u, s, _ = np.linalg.svd(matrix)
    exact = unit_rows(u[:, :5] * s[:5] ** power)
    found = principal_parts(sparse.csr_matrix(matrix.astype(np.float32)), 5, power)
    np.testing.assert_allclose(found @ found.T, exact @ exact.T, atol=2e-3)
    np.testing.assert_allclose(np.abs(found), np.abs(exact), atol=2e-3)


def test_narrow_and_empty_matrices_give_narrow_vectors(counts):
    assert principal_parts(counts, 100).shape == (40, 30)
    assert not principal_parts(sparse.csr_matrix((7, 9)), 5).any()


def test_words_of_a_topic_are_neighbours(contexts):
    words, counted = contexts
    vectors = word_vectors(counted, 9)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    similarity = vectors @ vectors.T
    animals = [words.index(w) for w in ("cat", "dog", "bird", "fish")]
    vehicles = [words.index(w) for w in ("car", "bus", "train", "boat")]
    within = similarity[np.ix_(animals, animals)][np.triu_indices(4, 1)]
    assert within.min() > similarity[np.ix_(animals, vehicles)].max()


def test_each_option_changes_the_vectors_and_the_seed_decides(contexts):
    _, counted = contexts
    base = word_vectors(counted, 6)
    np.testing.assert_array_equal(base, word_vectors(counted, 6))
    assert word_vectors(counted, 5).shape == (10, 5)
    assert not np.allclose(base, word_vectors(counted, 6, context_smoothing=0.5))
    for view in ("near", "adjacent", "text"):
        assert not np.allclose(base, word_vectors(counted, 6, views=[view]), atol=0.05)
    assert not np.array_equal(base, word_vectors(counted, 6, seed=1))


def test_rows_taken_some_at_a_time_give_the_same_information(counts, monkeypatch):
    whole = positive_information(counts)
    monkeypatch.setattr(pmi_svd, "ENTRIES_AT_ONCE", 7)
    assert (positive_information(counts) != whole).nnz == 0


def test_more_memory_than_there_is_is_said_before_it_is_taken(contexts, monkeypatch):
    _, counted = contexts
    needed = required_memory(counted, 9)
    monkeypatch.setattr(memory, "machine_memory", lambda: needed)
    assert len(word_vectors(counted, 9)) == 10
    monkeypatch.setattr(memory, "machine_memory", lambda: needed - 1)
    with pytest.raises(UserError, match=r"10 subtokens \(pretraining.vocabulary\) takes .* GiB"):
        word_vectors(counted, 9)
