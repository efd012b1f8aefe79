"""Cross-validation from Python: lists and tables, every option, label errors."""

from __future__ import annotations

import pytest

import hier_rnn
from hier_rnn.errors import UserError


@pytest.mark.slow
def test_a_table_is_cross_validated_and_a_wrong_label_is_doubted(eager, examples, options):
    texts, labels = list(examples[0]), list(examples[1])
    row = labels.index("good")
    labels[row] = "bad"
    result = hier_rnn.cross_validate({"text": texts, "label": labels}, 3, **options)
    assert len(result.folds) == 3
    assert result.figures["accuracy"].mean > 0.8
    errors = {error.where: error for error in result.label_errors().errors}
    error = errors[f"data[{row}]"]
    assert (error.label, error.suggested) == ("bad", "good")


def test_mistakes_are_named(examples):
    with pytest.raises(UserError, match=r"training\.epoch: no such option"):
        hier_rnn.cross_validate(examples, training={"epoch": 3})
    with pytest.raises(UserError, match="folds: 2 to 1000"):
        hier_rnn.cross_validate(examples, 1)
