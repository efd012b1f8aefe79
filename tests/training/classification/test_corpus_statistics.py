"""What one pass over the training data finds out."""

from __future__ import annotations

import pytest

from hier_rnn.errors import UserError
from hier_rnn.sources.example import Example, Source
from hier_rnn.training.classification import corpus_statistics
from hier_rnn.training.classification.corpus_statistics import count_corpus


def source(*examples: tuple[str, str]) -> Source:
    return Source(
        "s", lambda: iter([Example(*example, f"s:{n}") for n, example in enumerate(examples)])
    )


EXAMPLES = source(("b", "to be or not to be"), ("a", ""), ("b", "bee"))


def test_counts():
    found = count_corpus(EXAMPLES, str.split, 2)
    assert (found.labels, found.label_counts) == (["a", "b"], [1, 2])
    assert (found.examples, found.word_count) == (3, 7)
    assert found.vocabulary == {"to": 2, "be": 2, "or": 1, "not": 1, "bee": 1}
    assert found.alphabet.characters == tuple("eobt")  # by count; n and r are seen once


def test_minimum_character_count():
    assert count_corpus(EXAMPLES, str.split, 4).alphabet.characters == ("e", "o")
    assert count_corpus(EXAMPLES, str.split, 1).alphabet.size == 3 + 6


def test_rare_words_are_dropped_but_their_characters_count(monkeypatch):
    monkeypatch.setattr(corpus_statistics, "KEPT_TYPES", 4)
    whole = source(*[("ab"[n % 2], f"be be c{n}") for n in range(20)])
    found = count_corpus(whole, str.split, 1)
    assert (found.word_count, found.vocabulary["be"]) == (60, 40)
    assert len(found.vocabulary) <= 4
    monkeypatch.undo()
    assert found.alphabet == count_corpus(whole, str.split, 1).alphabet


def test_one_class_only():
    with pytest.raises(UserError, match="s: every example has the label 'x'.*needs two classes"):
        count_corpus(source(("x", "a"), ("x", "b")), str.split, 1)
