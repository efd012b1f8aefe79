"""Word vectors from the contexts of words: pointwise mutual information, and one SVD per view.

Three views of a word are each worth having: the words near it say what it is about, the words
adjacent, and on which side, how it is used (Levy and Goldberg 2014), and the texts it stands in to
which subject and mood it belongs (Deerwester et al. 1990). Each is reduced by itself and given the
same weight. Averaged and fed to a linear classifier, the three did better on four data sets (SST-2,
TREC, AG news, Banking77) than any one of them with as many dimensions.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy import sparse

from hier_rnn.memory import check_memory
from hier_rnn.training.events import Listener, Stage, to_nobody
from hier_rnn.training.word_vectors.cooccurrence import Contexts

VIEWS = ("near", "adjacent", "text")
OVERSAMPLES = 16  # dimensions that the randomized SVD computes beyond those that are kept
ENTRIES_AT_ONCE = 1 << 22
SPARSE_BYTES = 20  # of an entry: itself, its information, and its column, twice
SVD_ARRAYS = 3  # of rows and columns by dimensions, 32 bits each; measured: 2.4 to 2.8


def word_vectors(
    contexts: Contexts,
    dimensions: int = 300,
    context_smoothing: float = 1.0,
    views: Sequence[str] = VIEWS,
    seed: int = 0,
    on_event: Listener = to_nobody,
) -> np.ndarray:
    """Returns a vector of length one for each word, its parts one view each, shape `(words, d)`.

    `d` is `dimensions`, shared out evenly, or less where a view has fewer words or contexts than
    its share. A word without any context has the vector of zeros.

    Args:
        contexts: Counts from `count_contexts`.
        dimensions: Width of the vectors.
        context_smoothing: Exponent of the contexts' counts, below 1 to favour frequent contexts.
        views: Which of `VIEWS` to use.
        seed: Of the randomized SVD.
        on_event: Told of the stages. Default nobody.
    """
    check_memory(
        f"Making vectors of {contexts.near.shape[0]:,} subtokens (pretraining.vocabulary)",
        required_memory(contexts, dimensions, views),
    )
    shares = [len(part) for part in np.array_split(np.empty(dimensions), len(views))]
    parts: list[np.ndarray] = []
    for view, share in zip(views, shares, strict=True):
        on_event(Stage("factorizing counts", len(parts), len(views), "views"))
        if share:
            information = positive_information(getattr(contexts, view), context_smoothing)
            parts.append(principal_parts(information, share, seed=seed))
    on_event(Stage("factorizing counts", len(views), len(views), "views"))
    return unit_rows(np.hstack(parts))


def required_memory(contexts: Contexts, dimensions: int = 300, views: Sequence[str] = VIEWS) -> int:
    """Returns about how many bytes `word_vectors` takes at most, besides the counts themselves.

    Args:
        contexts: Counts.
        dimensions: Width of the vectors.
        views: Which of `VIEWS` to use.
    """
    matrices = [getattr(contexts, view) for view in views]
    return max(
        SPARSE_BYTES * int(matrix.nnz) + svd_memory(matrix.shape, -(-dimensions // len(views)))
        for matrix in matrices
    )


def svd_memory(shape: tuple[int, int], dimensions: int) -> int:
    """Returns about how many bytes `principal_parts` takes, besides the matrix itself.

    Args:
        shape: Of the matrix.
        dimensions: Singular values kept.
    """
    return SVD_ARRAYS * 4 * (dimensions + OVERSAMPLES) * sum(shape)


def positive_information(
    counts: sparse.csr_matrix, context_smoothing: float = 1.0
) -> sparse.csr_matrix:
    """Returns max(0, log(P(word, context) / (P(word) P(context)))), shape as `counts`.

    Args:
        counts: One row per word, one column per context, not negative.
        context_smoothing: P(context) is proportional to its count to this power (Levy et al. 2015).
    """
    counts = counts.tocsr()
    words = np.asarray(counts.sum(axis=1, dtype=np.float64)).ravel()
    contexts = np.asarray(counts.sum(axis=0, dtype=np.float64)).ravel() ** context_smoothing
    total = contexts.sum()
    information = np.empty(counts.nnz, np.float32)
    # Some rows at a time: of all, what stands between the lines takes ten times the counts' memory.
    rows = np.unique(np.searchsorted(counts.indptr, range(0, counts.nnz, ENTRIES_AT_ONCE)))
    for first, last in pairwise([*rows.tolist(), counts.shape[0]]):
        start, end = counts.indptr[first], counts.indptr[last]
        word_of = np.repeat(np.arange(first, last), np.diff(counts.indptr[first : last + 1]))
        expected = words[word_of] * contexts[counts.indices[start:end]] / total
        information[start:end] = np.log(np.maximum(counts.data[start:end] / expected, 1))
    positive = sparse.csr_matrix(
        (information, counts.indices, counts.indptr), counts.shape, copy=True
    )
    positive.eliminate_zeros()
    return positive


def principal_parts(
    matrix: sparse.csr_matrix, dimensions: int, power: float = 0.5, seed: int = 0
) -> np.ndarray:
    """Returns the rows of U S^power of the truncated SVD U S V', scaled to length one.

    Args:
        matrix: Of rank `dimensions` at least, or else the result is as narrow as the rank allows.
        dimensions: Singular values kept.
        power: Weight of the singular values: 1 keeps the rows' distances, 0 makes directions equal.
        seed: Of the randomized range finder (Halko et al. 2011).
    """
    from sklearn.utils.extmath import randomized_svd

    if not matrix.nnz:
        return np.zeros((matrix.shape[0], 1), np.float32)
    left, values, _ = randomized_svd(
        matrix,
        min(dimensions, *matrix.shape),
        n_oversamples=OVERSAMPLES,
        n_iter=2,
        # Without it the small directions drown in float32.
        power_iteration_normalizer="LU",
        random_state=seed,
    )
    return unit_rows(left * values**power)


def unit_rows(matrix: np.ndarray) -> np.ndarray:
    """Returns each row divided by its length, float32; a row of zeros stays."""
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    return (matrix / np.where(lengths > 0, lengths, 1)).astype(np.float32)
