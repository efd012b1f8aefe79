"""Cross-validation from Python: lists and tables, every option, label errors."""

from __future__ import annotations

import pytest

import hier_rnn
from hier_rnn.errors import UserError


@pytest.mark.slow
def test_a_table_is_cross_validated_and_a_wrong_label_is_doubted(eager, examples, options):
    texts, labels = list(examples[0]), list(examples[1])
    flipped = [row for row, label in enumerate(labels) if label == "good"][:5]
    for row in flipped:
        labels[row] = "bad"
    given = {**options, "training": {**options["training"], "epochs": 12}}
    result = hier_rnn.cross_validate({"text": texts, "label": labels}, 3, **given)
    assert len(result.folds) == 3
    assert result.figures["accuracy"].mean > 0.7
    errors = {error.where: error for error in result.label_errors().errors}
    found = [errors[where] for row in flipped if (where := f"data[{row}]") in errors]
    assert len(found) >= 3
    assert {(error.label, error.suggested) for error in found} == {("bad", "good")}


def test_mistakes_are_named(examples):
    with pytest.raises(UserError, match=r"training\.epoch: no such option"):
        hier_rnn.cross_validate(examples, training={"epoch": 3})
    with pytest.raises(UserError, match="folds: 2 to 1000"):
        hier_rnn.cross_validate(examples, 1)
