from __future__ import annotations

import numpy as np

from benchmarks.peers.spelling import by_length, padded, spell
from hier_rnn.text.alphabet import BOS, EOS, Alphabet

WORDS = ["über", "a", "日本", "🙂ü"]


def test_words_are_spelled_as_the_alphabet_does():
    alphabet = Alphabet.count(WORDS[:3])
    for before, after in (([], []), ([BOS], [EOS])):
        spelled = spell(WORDS, alphabet.table(), marks=bool(before))
        expected = [before + alphabet.ids(word) + after for word in WORDS]
        assert spelled.characters.tolist() == [id for ids in expected for id in ids]
        assert spelled.lengths.tolist() == list(map(len, expected))


def test_rows_are_padded_behind():
    lengths = np.array([2, 0, 1])
    assert padded(np.array([5, 6, 7]), lengths).tolist() == [[5, 6], [0, 0], [7, 0]]
    assert padded(np.array([5, 6, 7]), lengths, 3).shape == (3, 3)
    assert padded(np.ones((3, 4)), lengths).shape == (3, 2, 4)


def test_inference_batches_hold_every_sentence_once_and_are_as_hier_rnn_cuts_them():
    from hier_rnn.inference.inference import BATCH_SENTENCES, BATCH_WORDS

    generator = np.random.default_rng(0)
    sentences = [["w"] * n for n in generator.integers(0, 100, 5000)]
    batches = list(by_length(sentences, BATCH_SENTENCES))
    assert sorted(n for batch in batches for n in batch) == list(range(5000))
    assert max(map(len, batches)) <= BATCH_SENTENCES
    assert max(sum(len(sentences[n]) for n in batch) for batch in batches) <= BATCH_WORDS
