"""What is told at the start of a run."""

from __future__ import annotations

import logging

from hier_rnn.configuration.toml import merge
from hier_rnn.training.classification.summary import log_summary
from hier_rnn.training.classification.training_data import open_sources, read_training_data


def test_summary(caplog, tiny):
    caplog.set_level(logging.INFO, "hier_rnn")

    def told(configuration) -> str:
        caplog.clear()
        data = read_training_data(configuration, open_sources(configuration))
        log_summary(configuration, data, passes=1, epochs=2)
        return caplog.text

    plain = tiny()
    text = told(plain)
    assert "train.tsv: 60 examples, " in text and "3 labels" in text
    assert "validation.tsv: 24 examples" in text
    assert "set aside" not in text and "longer" not in text

    alone = tiny(text={"maximum_word_length": 3})
    data = merge(alone.data.model_dump(), {"validation": ""})
    text = told(alone.model_copy(update={"data": type(alone.data)(**data)}))
    assert "no data.validation was given" in text and "54 examples" in text
    assert "words are longer than 3 characters" in text
