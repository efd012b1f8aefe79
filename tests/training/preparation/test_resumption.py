"""Going on with a run whose data are elsewhere by now, or are others."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from hier_rnn.configuration.options import Configuration
from hier_rnn.errors import UserError
from hier_rnn.sources.example import Example, Source
from hier_rnn.storage.weights.weights_file import read_weights
from hier_rnn.training.events import Event, Step
from hier_rnn.training.preparation.fingerprint import fingerprint_of
from hier_rnn.training.preparation.resumption import comparable

pytestmark = [
    pytest.mark.usefixtures("eager"),
    pytest.mark.filterwarnings("ignore:Even though the"),  # tf.data keeps its graphs
]


def stop(event: Event) -> None:
    if isinstance(event, Step) and event.step == 4:
        raise KeyboardInterrupt


@pytest.mark.slow
def test_the_same_data_at_another_path_are_the_same_data(train, data, plain, tmp_path):
    first = {name: shutil.copy(path, tmp_path / f"first-{name}.tsv") for name, path in data.items()}
    with pytest.raises(KeyboardInterrupt):
        train(settings={"on_event": stop}, data={n: str(path) for n, path in first.items()})
    moved = {n: str(Path(path).rename(tmp_path / f"moved-{n}.tsv")) for n, path in first.items()}
    found, wanted = train(data=moved), read_weights(plain / "model.safetensors")
    for name in wanted:
        np.testing.assert_array_equal(found[name], wanted[name])
    train(data=data)  # finished, and the data are those of the run, where they were at first

    other = Path(moved["validation"])
    other.write_text(other.read_text("utf-8") + "good\tnice\n", "utf-8")
    with pytest.raises(UserError, match="data.validation: not the data that the run in"):
        train(data=moved)


def source(*examples: tuple[str, str]) -> Source:
    return Source("s", lambda: iter([Example(*example, "s:1") for example in examples]))


def test_a_fingerprint_is_of_labels_texts_and_their_order():
    one = fingerprint_of(source(("a", "b"), ("c", "d")))
    assert one == fingerprint_of(source(("a", "b"), ("c", "d")))
    others = [
        source(("c", "d"), ("a", "b")),
        source(("a", "b")),
        source(("ab", ""), ("c", "d")),
        source(("a", "bc"), ("", "d")),
    ]
    assert len({one, *map(fingerprint_of, others)}) == 5


def test_only_what_does_not_decide_what_is_learnt_may_change():
    begun = Configuration()
    changed = Configuration.model_validate(
        {
            "data": {"train": "elsewhere.tsv"},
            "training": {"on_divergence": "skip", "checkpoint_seconds": 5, "epochs": 3},
        }
    )
    found = comparable(changed, begun, data_known=True)
    assert found.training == begun.training.model_copy(update={"epochs": 3})
    assert found.data == begun.data
    assert comparable(changed, begun, data_known=False).data == changed.data
