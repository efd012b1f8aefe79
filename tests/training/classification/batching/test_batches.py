"""Training batches."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from hier_rnn.configuration.options import Training
from hier_rnn.errors import UserError
from hier_rnn.packing.batch import TrieBuilder
from hier_rnn.sources.example import Example, Source
from hier_rnn.text.alphabet import CODE_POINTS
from hier_rnn.training.classification.batching.batches import (
    PackedBatches,
    Sentence,
    endless_batches,
    pass_batches,
)
from hier_rnn.training.classification.tasks.one_label import OneLabelTask

TASK = OneLabelTask(["a", "b", "c"], [1.0, 1.0, 1.0], 0.0)
CLEAN = {"kind": "none"}
TEXTS = [" ".join(["wonderful"] * (number % 13)) + f" w{number}" for number in range(100)]


def source(texts: list[str] = TEXTS) -> Source:
    return Source(
        "s", lambda: iter([Example("ab"[n % 2], t, f"s:{n}") for n, t in enumerate(texts)])
    )


def batches(texts=TEXTS, seed=0, epoch=0, skip=0, **options) -> list[list[Sentence]]:
    training = Training.model_validate(
        {"batch_size": 8, "bucket_batches": 1, "misspell": CLEAN, **options}
    )
    arguments = (source(texts), str.split, TASK.target, training, seed)
    number = len(list(pass_batches(*arguments, epoch)))
    return list(islice(endless_batches(*arguments, epoch, skip), number - skip))


def written(batches: list[list[Sentence]]) -> list[str]:
    return [" ".join(sentence.words) for batch in batches for sentence in batch]


def test_an_epoch_has_every_sentence_once_in_another_order():
    found = batches()
    assert sorted(written(found)) == sorted(text.strip() for text in TEXTS)
    assert [len(batch) for batch in found] == [8] * 12 + [4]
    number = {text.strip(): index for index, text in enumerate(TEXTS)}
    assert all(s.target == number[" ".join(s.words)] % 2 for batch in found for s in batch)
    assert written(found) != written(batches(epoch=1)) != written(batches(seed=1))
    assert found == batches()


def test_batch_size():
    assert [len(batch) for batch in batches(batch_size=40)] == [40, 40, 20]


def test_a_stream_can_be_taken_up_anywhere():
    options = {"bucket_batches": 3, "misspell": {"kind": "mixed", "rate": 1}}
    whole = batches(epoch=5, **options)
    for skip in (0, 1, 7, len(whole)):
        assert batches(epoch=5, skip=skip, **options) == whole[skip:]
    training = Training.model_validate({"batch_size": 8, **options})
    arguments = (source(), str.split, TASK.target, training, 0)
    endless = list(islice(endless_batches(*arguments, epoch=5, skip=7), len(whole)))
    assert endless == whole[7:] + batches(epoch=6, **options)[:7]


def test_an_epoch_of_several_passes():
    options = {"misspell": {"kind": "mixed", "rate": 1}}
    training = Training.model_validate({"batch_size": 8, "bucket_batches": 1, **options})
    arguments = (source(), str.split, TASK.target, training, 0)
    passes = [batches(epoch=number, **options) for number in range(9)]
    assert written(passes[6]) != written(passes[7])
    for skip in (0, 4, 20):
        stream = endless_batches(*arguments, epoch=2, skip=skip, passes=3)
        expected = (passes[6] + passes[7] + passes[8])[skip:]
        assert list(islice(stream, len(expected))) == expected


def test_batches_by_words():
    found = batches(batch_by="words", batch_size=20)
    sizes = [sum(len(sentence.words) for sentence in batch) for batch in found]
    assert sorted(written(found)) == sorted(text.strip() for text in TEXTS)
    assert max(sizes) <= 20
    # None could have taken the next batch's first sentence as well.
    firsts = [len(batch[0].words) for batch in found]
    assert all(size + first > 20 for size, first in zip(sizes, firsts[1:], strict=False))


def test_a_sentence_longer_than_a_batch_of_words_is_one_of_its_own():
    found = batches(["a b", "a b c d e", "a"], batch_by="words", batch_size=3)
    assert sorted(len(sentence.words) for batch in found for sentence in batch) == [1, 2, 5]
    assert all(len(batch) == 1 for batch in found if len(batch[0].words) == 5)


def test_empty_sentences_fill_batches_of_words():
    found = batches([""] * 10, batch_by="words", batch_size=3)
    assert [len(batch) for batch in found] == [3, 3, 3, 1]


@pytest.mark.parametrize("unit", ["sentences", "words"])
def test_buckets_hold_sentences_of_similar_length(unit):
    def spread(bucket_batches: int) -> float:
        options = {"batch_by": unit, "batch_size": 8 if unit == "sentences" else 56}
        found = batches(bucket_batches=bucket_batches, **options)
        assert sorted(written(found)) == sorted(text.strip() for text in TEXTS)
        return np.mean([np.ptp([len(s.words) for s in batch]) for batch in found])

    assert spread(1) > 8
    assert spread(12) < 3


def test_buckets_come_in_random_order():
    found = batches(bucket_batches=100)
    lengths = [len(batch[0].words) for batch in found]
    assert lengths != sorted(lengths)


def test_shuffle_buffer_bounds_how_early_a_sentence_comes():
    number = {text.strip(): index for index, text in enumerate(TEXTS)}
    early = [number[text] - place for place, text in enumerate(written(batches(shuffle_buffer=5)))]
    assert 0 < max(early) <= 5
    early = [number[text] - place for place, text in enumerate(written(batches()))]
    assert max(early) > 50


def test_misspelling_is_drawn_anew_each_epoch():
    def words(**options) -> list[str]:
        return [word for text in written(batches(**options)) for word in text.split()]

    def long(words: list[str]) -> list[str]:
        return [word for word in words if len(word) > 3]  # not w0 to w99

    clean, swap = words(), {"kind": "swap", "rate": 1}
    first, second = words(misspell=swap), words(misspell=swap, epoch=1)
    assert len(first) == len(clean)
    assert sorted(set(first) - set(long(first))) == sorted(set(clean) - set(long(clean)))
    assert "wonderful" not in first
    assert len(set(long(first))) > 1
    assert sorted(first) != sorted(second)
    assert first == words(misspell=swap) != words(misspell=swap, seed=1)
    seldom = long(words(misspell={"kind": "swap", "rate": 0.1}))
    assert 0.04 < np.mean([word != "wonderful" for word in seldom]) < 0.2
    assert words(misspell={"kind": "swap", "rate": 0}) == clean
    assert words(misspell={"kind": "none", "rate": 1}) == clean
    assert words(misspell={"kind": "drop", "rate": 1}) != first


@pytest.fixture(scope="module")
def spelling() -> TrieBuilder:
    return TrieBuilder(np.arange(CODE_POINTS, dtype=np.int32) % 200, marks=None)


def test_packed(spelling):
    nul = "a\0"
    stream = [[Sentence(["a", nul, "a"], 2), Sentence([], 1)], [Sentence([], 0)]]
    first, second = PackedBatches(lambda: iter(stream), spelling, TASK)
    assert first.targets.numpy().tolist() == [2, 1]
    assert int(first.words) == 3
    # "a" and "a\0" are two words, the second one letter longer, a half of the trie for each.
    [trie] = first.batch.prefix_tries
    assert trie.characters.numpy().tolist() == [ord("a"), ord("a"), 0]
    assert trie.ends.numpy().tolist() == [1, 3]
    assert (int(second.words), second.targets.numpy().tolist()) == (0, [0])


def test_a_mistake_in_the_data_comes_through(spelling):
    def stream():
        yield [Sentence(["a"], 0)]
        raise UserError("train.tsv:7: there is no label.")

    found = []
    with pytest.raises(UserError, match=r"train.tsv:7: there is no label"):
        for batch in PackedBatches(stream, spelling, TASK):
            found.append(int(batch.words))
    assert found == [1]
