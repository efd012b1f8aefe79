from __future__ import annotations

import itertools
import pickle
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hier_rnn.configuration.options import Text
from hier_rnn.errors import UserError
from hier_rnn.text.normalization import normalize
from hier_rnn.text.segmentation import (
    SentencePieceWords,
    WhitespaceWords,
    segmenter,
    train_sentencepiece,
)

_random = random.Random(0)
_ENGLISH = [
    "the",
    "hotel",
    "room",
    "is",
    "very",
    "good",
    "clean",
    "small",
    "staff",
    "friendly",
    "breakfast",
    "bad",
    "and",
    "not",
]
_CHINESE = ["酒店", "很好", "房间", "干净", "服务", "早餐", "不好", "很差", "，"]
TEXTS = [" ".join(_random.choices(_ENGLISH, k=8)) for _ in range(300)]
TEXTS += ["".join(_random.choices(_CHINESE, k=8)) for _ in range(300)]

any_text = st.text(st.characters())
words_and_spaces = st.text(st.sampled_from("the room▁ 很好酒店🎉é\u3000\t\n\0Ａ▅<unk>"))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "words.model"
    train_sentencepiece(TEXTS, path, vocabulary_size=120, seed=1)
    return path


@pytest.fixture(scope="module")
def pieces(model):
    return SentencePieceWords(model)


@pytest.fixture(scope="module", params=["nmt_nfkc_cf", "bytes"])
def foreign_pieces(request, tmp_path_factory):
    """Models made elsewhere, whose pieces are not always the text."""
    import sentencepiece

    own = request.param == "nmt_nfkc_cf"
    prefix = tmp_path_factory.mktemp("model") / request.param
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXTS),
        model_prefix=str(prefix),
        vocab_size=400,
        hard_vocab_limit=False,
        normalization_rule_name="nmt_nfkc_cf" if own else "identity",
        byte_fallback=not own,
        minloglevel=2,
    )
    return SentencePieceWords(prefix.with_suffix(".model"))


def without_space(text: str) -> str:
    return "".join(text.split())


@given(any_text)
def test_whitespace_words_are_all_of_the_text_but_its_white_space(text):
    words = WhitespaceWords()(normalize(text))
    assert all(words)
    assert "".join(words) == without_space(normalize(text))


@settings(max_examples=300)
@given(st.one_of(any_text, words_and_spaces))
def test_pieces_are_all_of_the_text_but_its_white_space(pieces, text):
    words = pieces(normalize(text))
    assert all(words)
    assert all(word == without_space(word) for word in words)
    assert "".join(words) == without_space(normalize(text))


@given(st.one_of(any_text, words_and_spaces))
def test_so_are_those_of_models_from_elsewhere(foreign_pieces, text):
    text = normalize(text, "none")
    assert "".join(foreign_pieces(text)) == without_space(text)


def test_a_model_from_elsewhere_still_cuts(foreign_pieces):
    words = foreign_pieces("THE room 酒店很好，房间很干净 🎉")
    assert {"room", "🎉"} <= set(words)
    assert len(words) > 6


def test_pieces_are_shorter_than_a_text_without_spaces(pieces):
    words = pieces("酒店很好，房间很干净")
    assert 1 < len(words) < 10


def test_a_word_reads_the_same_wherever_it_stands(pieces):
    assert pieces("room")[-1:] == pieces("the room")[-1:] == ["room"]


def test_unknown_characters_stay(pieces):
    assert "🎉" in pieces("very good 🎉")


def test_a_visible_space_in_the_text_stays(pieces):
    assert "".join(pieces("▁a ▁ b▁")) == "▁a▁b▁"


def test_pieces_survive_pickling(pieces):
    text = "the room 酒店很好"
    assert pickle.loads(pickle.dumps(pieces))(text) == pieces(text)


def test_training_is_the_same_for_the_same_seed(tmp_path, model):
    train_sentencepiece(iter(TEXTS), tmp_path / "again.model", vocabulary_size=120, seed=1)
    assert (tmp_path / "again.model").read_bytes() == model.read_bytes()


def test_the_type_changes_the_model(tmp_path, model):
    train_sentencepiece(TEXTS, tmp_path / "bpe.model", type="bpe", vocabulary_size=120, seed=1)
    assert (tmp_path / "bpe.model").read_bytes() != model.read_bytes()


def test_the_vocabulary_size_changes_the_pieces(tmp_path):
    sizes = [
        train_sentencepiece(TEXTS, tmp_path / "words.model", vocabulary_size=size)
        for size in (70, 100)
    ]
    assert sizes == [70, 100]


@pytest.mark.parametrize("type", ["unigram", "bpe"])
def test_a_vocabulary_larger_than_the_text_allows_shrinks(tmp_path, type):
    path = tmp_path / "words.model"
    assert 1 < train_sentencepiece(["hello you"], path, type, vocabulary_size=8000) < 50
    assert "".join(SentencePieceWords(path)("you said hello")) == "yousaidhello"


def test_a_vocabulary_too_small_for_the_characters_says_what_would_do(tmp_path):
    path = tmp_path / "words.model"
    with pytest.raises(UserError, match=r"text.vocabulary_size: 10 .* Accepted: (\d+)") as caught:
        train_sentencepiece(TEXTS, path, vocabulary_size=10)
    assert not path.exists()
    needed = int(str(caught.value).rpartition(": ")[2].split()[0])
    assert train_sentencepiece(TEXTS, path, vocabulary_size=needed) == needed


@pytest.mark.parametrize("texts", [[], [""], [" \n\u3000", "\0"]])
def test_no_text_to_train_on(tmp_path, texts):
    with pytest.raises(UserError, match="no text"):
        train_sentencepiece(texts, tmp_path / "words.model")


def test_training_takes_what_sentencepiece_would_skip(tmp_path):
    """Long lines, lines with its own marks, and null characters."""
    path = tmp_path / "words.model"
    text = "hello▅\0▁" + "there my good friend " * 1000
    train_sentencepiece([text], path, vocabulary_size=60)
    assert "friend" in SentencePieceWords(path)("friend")


def test_training_on_more_than_the_sample_depends_on_the_seed(tmp_path, monkeypatch):
    monkeypatch.setattr("hier_rnn.text.segmentation.SAMPLED_PASSAGES", 20)
    texts = ["".join(letters) for letters in itertools.permutations("abcdef")]
    models = []
    for seed in (1, 1, 2):
        train_sentencepiece(iter(texts), tmp_path / "words.model", "bpe", 60, seed=seed)
        models.append((tmp_path / "words.model").read_bytes())
    assert models[0] == models[1] != models[2]


@settings(max_examples=15, deadline=None)
@given(texts=st.lists(any_text, max_size=4), type=st.sampled_from(["unigram", "bpe"]))
def test_training_on_any_text_gives_a_model_or_says_why(tmp_path_factory, texts, type):
    path = tmp_path_factory.mktemp("any") / "words.model"
    texts = [normalize(text) for text in texts]
    try:
        train_sentencepiece(texts, path, type)
    except UserError:
        assert not path.exists()
    else:
        words = SentencePieceWords(path)
        assert ["".join(words(text)) for text in texts] == [without_space(text) for text in texts]


@pytest.mark.parametrize("content", [b"", b"garbage" * 10])
def test_what_is_no_model_is_refused(tmp_path, content):
    path = tmp_path / "words.model"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"words\.model: damaged, or not"):
        SentencePieceWords(path)


def test_a_model_cut_short_anywhere_is_refused(tmp_path, model):
    path = tmp_path / "words.model"
    whole = model.read_bytes()
    for missing in range(1, len(whole), 7):
        path.write_bytes(whole[:-missing])
        with pytest.raises(UserError, match="damaged"):
            SentencePieceWords(path)


def test_a_missing_model_is_named(tmp_path):
    with pytest.raises(UserError, match=r"missing\.model: can't read"):
        SentencePieceWords(tmp_path / "missing.model")


def test_segmenter_goes_by_the_options(model):
    assert isinstance(segmenter(Text()), WhitespaceWords)
    text = "房间很小 good"
    by_path = segmenter(Text(words="sentencepiece"), model)
    by_option = segmenter(Text(words="sentencepiece", sentencepiece_model=str(model)))
    assert by_path(text) == by_option(text) != segmenter(Text())(text)


def test_sentencepiece_needs_a_model():
    with pytest.raises(UserError, match=r"text\.sentencepiece_model"):
        segmenter(Text(words="sentencepiece"))
