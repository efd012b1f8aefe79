"""What the encoder is to learn: words as written, each with its count and its vector.

From text: the words are counted, their subtokens (`text/subtokens.py`) get vectors from their
contexts, and a word as written gets the sum of its subtokens' vectors. Or from a file of ready
vectors.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hier_rnn.configuration.options import Pretraining
from hier_rnn.errors import UserError
from hier_rnn.memory import check_memory
from hier_rnn.storage.weights.vectors_file import read_vectors
from hier_rnn.text.subtokens import content_subtokens, subtokens
from hier_rnn.training.events import Listener, to_nobody
from hier_rnn.training.word_vectors.cooccurrence import Contexts, count_contexts
from hier_rnn.training.word_vectors.pmi_svd import VIEWS, svd_memory, unit_rows, word_vectors
from hier_rnn.training.word_vectors.word_counts import WordCounts, count_words


class Targets(NamedTuple):
    """Words as written by descending count, and what was left out.

    Attributes:
        words: Spellings.
        counts: How often each was seen, shape `(words,)`.
        vectors: Of length one, shape `(words, dimensions)`.
        metadata: Figures on the counting by name, for whoever asks how the vectors came about.
    """

    words: list[str]
    counts: np.ndarray
    vectors: np.ndarray
    metadata: dict[str, float]


def targets_from_text(
    texts: Iterable[list[str]],
    options: Pretraining,
    seed: int = 0,
    written: WordCounts | None = None,
    on_event: Listener = to_nobody,
) -> Targets:
    """Counts words and contexts, and makes a vector for every frequent word as written.

    Args:
        texts: Word lists as the encoder will read them; read once, or twice if not yet counted.
        options: The limits and the window.
        seed: Of the randomized SVD.
        written: What `count_words` counted in the texts.
        on_event: Told of the stages. Default nobody.

    Raises:
        UserError: No word is seen often enough.
    """
    subtokens_of = lru_cache(maxsize=options.maximum_types)(subtokens)
    written = written or count_words(texts, options.maximum_types)
    known = known_subtokens(written, options)
    size = len(known.words)
    check_memory(  # before hours of counting
        f"Making vectors of {size:,} subtokens (pretraining.vocabulary)",
        svd_memory((size, 2 * size), options.dimensions // len(VIEWS)),
    )
    contexts = count_contexts(
        ([part for word in text for part in subtokens_of(word)] for text in texts),
        known.words,
        options.window,
    )
    return targets_of(written, known, contexts, options, seed, on_event)


def known_subtokens(written: WordCounts, options: Pretraining) -> WordCounts:
    """Returns the subtokens that get vectors, given the words as written.

    Raises:
        UserError: No word is seen often enough.
    """
    known = count_subtokens(written).most_frequent(options.vocabulary, options.minimum_count)
    if len(known.words) < 2:
        raise UserError(
            f"too little text to learn word vectors: of its {written.tokens} words,"
            f" {len(known.words)} are seen {options.minimum_count} times (at least 2 must be)."
            " More text, or a lower pretraining.minimum_count, would do."
        )
    return known


def targets_of(
    written: WordCounts,
    known: WordCounts,
    contexts: Contexts,
    options: Pretraining,
    seed: int = 0,
    on_event: Listener = to_nobody,
) -> Targets:
    """Makes a vector for every frequent word as written, given all counts.

    Args:
        written: Words as written.
        known: Their subtokens that get vectors.
        contexts: What these stand with.
        options: The limits.
        seed: Of the randomized SVD.
        on_event: Told of the stages. Default nobody.
    """
    vectors = word_vectors(
        contexts, options.dimensions, options.context_smoothing, seed=seed, on_event=on_event
    )
    frequent = written.most_frequent(len(written.words), options.minimum_count)
    words, vectors = compose(frequent.words, known.words, vectors, options.vocabulary)
    count = dict(zip(frequent.words, frequent.counts.tolist(), strict=True))
    metadata = {
        "corpus_words": written.tokens,
        "word_types": len(written.words),
        "pruned_words": written.pruned,
        "parts": len(known.words),
        "parts_coverage": known.coverage,
        "forgotten_pairs": contexts.forgotten,
        "text_share": contexts.text_share,
    }
    return Targets(words, np.array([count[word] for word in words]), vectors, metadata)


def targets_from_file(
    path: str | Path, written: WordCounts | None = None, limit: int | None = None
) -> Targets:
    """Reads ready vectors, scaled to length one; counts fall as 1 / rank (Zipf) if none are given.

    Args:
        path: In word2vec's text format; words in the order of the file.
        written: Counts of a text, for the words found there.
        limit: Words to read, from the top of the file; default all.

    Raises:
        UserError: See `read_vectors`.
    """
    words, vectors = read_vectors(path, limit)
    zipf = np.maximum(1, len(words) // np.arange(1, len(words) + 1))
    seen = dict(zip(written.words, written.counts.tolist(), strict=True)) if written else {}
    counts = np.array([seen.get(word, 1) for word in words]) if written else zipf
    return Targets(words, counts, unit_rows(vectors), {"vectors": len(words)})


def count_subtokens(written: WordCounts) -> WordCounts:
    """Returns the counts of the subtokens of counted words."""
    counter: Counter[str] = Counter()
    for word, count in zip(written.words, written.counts.tolist(), strict=True):
        for part in subtokens(word):
            counter[part] += count
    ranked = sorted(counter.items(), key=lambda item: (-item[1], item[0]))
    counts = np.fromiter((n for _, n in ranked), np.int64, len(ranked))
    return WordCounts([part for part, _ in ranked], counts, int(counts.sum()))


def compose(
    words: Iterable[str], known: Sequence[str], vectors: np.ndarray, limit: int
) -> tuple[list[str], np.ndarray]:
    """Returns the first `limit` words whose content subtokens are all known, and their vectors.

    A vector is the sum of those of the word's content subtokens, scaled to length one. Punctuation
    counts only in words that are nothing else: counted in `movie.` too, it changed nothing or cost
    half a point (averaged vectors, Banking77).

    Args:
        words: As written, by descending count.
        known: Subtokens, one for each row of `vectors`.
        vectors: Shape `(known, dimensions)`.
        limit: Words wanted.
    """
    row = {part: index for index, part in enumerate(known)}
    composed: list[str] = []
    rows: list[int] = []
    owner: list[int] = []
    for word in words:
        parts = content_subtokens(subtokens(word))
        if parts and all(part in row for part in parts):
            found = [row[part] for part in parts]
            owner.extend([len(composed)] * len(found))
            rows.extend(found)
            composed.append(word)
            if len(composed) == limit:
                break
    sums = np.zeros((len(composed), vectors.shape[1]), np.float32)
    np.add.at(sums, np.array(owner, int), vectors[np.array(rows, int)])
    return composed, unit_rows(sums)
