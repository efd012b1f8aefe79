from __future__ import annotations

import pytest

from benchmarks.peers.task import configuration
from benchmarks.workload import Workload, read_workload, shown
from hier_rnn.errors import UserError
from hier_rnn.sources.example import Example, Source
from hier_rnn.text.alphabet import Alphabet
from hier_rnn.text.tokenizer import Tokenizer

WORDS = Tokenizer(configuration(4, 8, 8, 1e-3, False).text)


def source(*examples: tuple[str, str]) -> Source:
    return Source("here", lambda: (Example(label, text, "") for label, text in examples))


@pytest.fixture
def workload() -> Workload:
    sentences = [["a", "b"], ["c"], ["d", "e", "f"]]
    return Workload(sentences, [0, 1, 0], 2, Alphabet.count(sentences))


def test_sentences_without_words_are_left_out():
    read = read_workload(source(("x", "one two"), ("y", "  "), ("z", "three")), WORDS, 10, seed=0)
    assert sorted(read.sentences) == [["one", "two"], ["three"]]
    assert read.classes == 2
    assert read.words == 3


def test_the_order_is_the_seeds():
    examples = [(str(n % 3), f"word{n}") for n in range(50)]
    first, again, other = (read_workload(source(*examples), WORDS, 20, seed) for seed in (0, 0, 1))
    assert first.sentences == again.sentences != other.sentences
    assert len(first.sentences) == 20
    for (word,), label in zip(first.sentences, first.labels, strict=True):
        assert label == int(word.removeprefix("word")) % 3


def test_without_a_word_there_is_nothing_to_measure():
    with pytest.raises(UserError, match="no word"):
        read_workload(source(("x", " "), ("y", "")), WORDS, 10, seed=0)


def test_batches_start_over_when_the_data_end(workload):
    assert workload.batches(2, 2) == [[("a b", 0), ("c", 1)], [("d e f", 0), ("a b", 0)]]


def test_a_stream_has_the_words_asked_for(workload):
    assert workload.stream(7) == ["a b", "c", "d e f", "a b"]
    assert workload.stream(0) == []


def test_sentences_of_one_length(workload):
    cut = workload.of_length(2)
    assert cut.sentences == [["a", "b"], ["c", "d"], ["e", "f"]]
    assert workload.of_length(8).sentences == [[*"abcdefab"]]


def test_a_name_does_not_say_where_the_data_lie():
    assert shown("/home/somebody/data/ag_news/train.tsv") == "ag_news/train.tsv"
    assert shown("/train.tsv") == "train.tsv"
    assert shown("tfds:trec/config:train[:90%]") == "tfds:trec/config:train[:90%]"
