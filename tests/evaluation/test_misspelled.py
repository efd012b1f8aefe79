from __future__ import annotations

import numpy as np
import pytest

from hier_rnn.errors import UserError
from hier_rnn.evaluation.attack import Attack, attacked, parse_attack
from hier_rnn.evaluation.misspelled import misspelled, parse_misspelling
from hier_rnn.text.misspelling import single_edits


def accuracy(predictor, examples) -> float:
    examples = list(examples)
    rows = predictor.logits([example.text for example in examples])
    predictions = [predictor.labels[row.argmax()] for row in rows]
    pairs = zip(predictions, examples, strict=True)
    return np.mean([prediction == example.label for prediction, example in pairs])


def test_the_same_seed_misspells_the_same_way(predictor, examples):
    first = list(misspelled(examples, "mixed:0.5", predictor, seed=1))
    assert first == list(misspelled(examples, "mixed:0.5", predictor, seed=1))
    assert first != list(misspelled(examples, "mixed:0.5", predictor, seed=2))
    assert [e.label for e in first] == [e.label for e in examples]
    assert [e.where for e in first] == [e.where for e in examples]


def test_rate_and_kind_decide_what_changes(predictor, examples):
    def changed(specification: str) -> int:
        return sum(
            a != b
            for one, other in zip(
                examples, misspelled(examples, specification, predictor, 0), strict=True
            )
            for a, b in zip(one.text.split(), other.text.split(), strict=True)
        )

    assert changed("swap:0") == 0
    assert 0 < changed("swap:0.3") < changed("swap:1")
    assert accuracy(predictor, misspelled(examples, "swap:1", predictor, 0)) < accuracy(
        predictor, examples
    )


def test_a_higher_rate_has_the_same_misspellings_and_more(predictor, examples):
    few = list(misspelled(examples, "key:0.3", predictor, seed=4))
    many = list(misspelled(examples, "key:0.8", predictor, seed=4))
    for plain, some, more in zip(examples, few, many, strict=True):
        words = zip(plain.text.split(), some.text.split(), more.text.split(), strict=True)
        assert all(b in (a, c) for a, b, c in words)


def test_misspellings_come_from_a_file(predictor, examples, tmp_path):
    listed = tmp_path / "natural.txt"
    listed.write_text("parcel\tparsel\nrefund\trefnd\n", "utf-8")
    texts = [e.text for e in misspelled(examples, f"file:{listed}:1", predictor, 0)]
    expected = [e.text.replace("refund", "refnd").replace("parcel", "parsel") for e in examples]
    assert texts == [text.replace("refnded", "refunded") for text in expected]


def test_specifications():
    assert parse_misspelling("mixed:0.5") == ("mixed", 0.5)
    assert parse_misspelling("attack:2") == Attack(2, ("swap", "drop", "add", "key"))
    assert parse_attack("attack:1:swap,drop") == Attack(1, ("swap", "drop"))


@pytest.mark.parametrize(
    "wrong", ["attack", "attack:", "attack:0", "attack:x", "attack:-1", "attack:" + "9" * 5000]
)
def test_an_attack_needs_a_number_of_words(wrong):
    with pytest.raises(UserError, match="number of words"):
        parse_misspelling(wrong)


def test_an_attack_ends_where_no_edit_makes_it_worse(predictor, examples):
    ample, endless = (
        [one.text for one in attacked(examples[:3], parse_attack(f"attack:{words}"), predictor)]
        for words in ("50", "999999999")
    )
    assert ample == endless


def test_an_attack_names_the_kinds_it_knows():
    with pytest.raises(UserError, match="Did you mean 'swap'"):
        parse_misspelling("attack:1:swop")


def test_one_edit_is_the_worst_of_all_edits(predictor, examples):
    """Against trying every edit of every word of a sentence, one by one."""
    for example in examples[:12]:
        target = predictor.labels.index(example.label)

        def margin(text, target=target):
            logits = next(iter(predictor.logits([text])))
            return logits[target] - np.delete(logits, target).max()

        words = example.text.split()
        texts = [
            " ".join([*words[:i], edit, *words[i + 1 :]])
            for i, word in enumerate(words)
            for edit in single_edits(word, ("swap", "drop"))
        ]
        (found,) = attacked([example], Attack(1, ("swap", "drop")), predictor)
        if margin(example.text) < 0:
            assert found == example
        else:
            worst = min(map(margin, [example.text, *texts]))
            assert margin(found.text) == pytest.approx(worst)


def test_more_words_and_more_kinds_make_it_worse(predictor, examples):
    some = examples[:80]
    clean = accuracy(predictor, some)
    one = accuracy(predictor, attacked(some, Attack(1, ("swap",)), predictor))
    two = accuracy(predictor, attacked(some, Attack(2, ("swap",)), predictor))
    any_edit = accuracy(predictor, attacked(some, Attack(1, ("swap", "drop", "key")), predictor))
    assert clean > one > two
    assert any_edit < one


def test_a_word_is_edited_once(predictor, examples):
    some = examples[:40]
    for before, after in zip(some, attacked(some, Attack(3, ("drop",)), predictor), strict=True):
        pairs = list(zip(before.text.split(), after.text.split(), strict=True))
        assert sum(a != b for a, b in pairs) <= 3
        assert all(len(a) - len(b) in (0, 1) for a, b in pairs)


def test_a_text_without_words_cannot_be_attacked(predictor, examples):
    empty = examples[0]._replace(text="")
    assert list(attacked([empty], Attack(1, ("swap",)), predictor)) == [empty]
