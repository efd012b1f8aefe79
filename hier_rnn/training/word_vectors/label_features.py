"""What labels say of words, for an encoder that is about to learn from the labels of the same text.

Words that are used alike have vectors alike, though one of them may give the label away and the
other not. So counts by label stand beside a word's vector (log-count ratios as of naive Bayes, Wang
and Manning 2012), and the encoder learns to spell both, in misspelled copies too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import TypeAlias

import numpy as np

from hier_rnn.text.subtokens import content_subtokens, subtokens
from hier_rnn.training.word_vectors.pmi_svd import unit_rows
from hier_rnn.training.word_vectors.targets import Targets

# A word stands in as many texts more, of all labels alike: what few texts say is mostly chance, and
# they are the very texts that are to be learnt from.
PRIOR = 20.0
# To tell two labels apart is one bit, four apart is two. So a word says less of fewer than four.
FEWEST = 4
# Bounds the memory, not what is usual: 300 labels are as wide as a word's vector.
LABELS = 300

Texts: TypeAlias = "Iterable[tuple[Sequence[str], list[str]]]"


def append_label_features(targets: Targets, texts: Texts, weight: float) -> Targets:
    """Returns the targets with label features appended to the vectors.

    Args:
        targets: What is to be learnt.
        texts: Each text's labels and words.
        weight: Length of the features of a word that stands under one label alone, if labels are
            equally frequent and four at least. A word's vector has length one.
    """
    features = weight * label_log_ratios(targets.words, texts)
    return targets._replace(vectors=unit_rows(np.hstack([targets.vectors, features])))


def label_log_ratios(words: Sequence[str], texts: Texts) -> np.ndarray:
    """Returns max(0, log(P(word | label) / P(word))) / log(max(4, labels)), `(words, labels)`.

    Of the `LABELS` most frequent labels, in alphabetical order. The ratio of a word is the product
    of those of its content subtokens; counted are the texts that one stands in, and `PRIOR` more.

    Args:
        words: Spellings.
        texts: Each text's labels and words, of two labels at least.
    """
    subtokens_of = lru_cache(maxsize=1_000_000)(lambda word: content_subtokens(subtokens(word)))
    columns: dict[str, int] = {}
    columns_of = [
        [columns.setdefault(token, len(columns)) for token in subtokens_of(word)] for word in words
    ]
    counts = _texts_by_label(texts, subtokens_of, columns)
    # A label without any known word is no more likely beside one word than beside another.
    share = np.maximum(counts.sum(1, keepdims=True), np.finfo(float).tiny) / max(counts.sum(), 1)
    ratios = np.log((counts + PRIOR * share) / ((counts.sum(0) + PRIOR) * share))
    information = np.stack([ratios[:, found].sum(1) for found in columns_of])
    features: np.ndarray = np.maximum(information, 0) / np.log(max(FEWEST, len(share)))
    return features.astype(np.float32)


def _texts_by_label(
    texts: Texts,
    subtokens_of: Callable[[str], list[str]],
    columns: Mapping[str, int],
) -> np.ndarray:
    """Returns in how many texts of each label each subtoken stands, `(labels, subtokens)`."""
    from scipy import sparse
    from sklearn.feature_extraction.text import CountVectorizer

    labels: list[str] = []
    text_of: list[int] = []  # the text that each of these labels is of

    def subtokens_of_texts() -> Iterator[Iterator[str]]:
        for number, (names, words) in enumerate(texts):
            labels.extend(names)
            text_of.extend([number] * len(names))
            yield chain.from_iterable(map(subtokens_of, words))

    count = CountVectorizer(analyzer=iter, vocabulary=columns, binary=True, dtype=np.float64)
    stands = count.transform(subtokens_of_texts())
    frequent = sorted(sorted(set(labels)), key=Counter(labels).__getitem__, reverse=True)[:LABELS]
    rows = {label: row for row, label in enumerate(sorted(frequent))}
    kept = [text for text, label in zip(text_of, labels, strict=True) if label in rows]
    of_label = [rows[label] for label in labels if label in rows]
    shape = (len(rows), stands.shape[0])
    selection = sparse.csr_matrix((np.ones(len(kept)), (of_label, kept)), shape)
    counts: np.ndarray = (selection @ stands).toarray()
    return counts
