"""A small data set, the options of a tiny model, and a run of it."""

from __future__ import annotations

import logging
import os
import random
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from hier_rnn.configuration.options import Configuration
from hier_rnn.configuration.toml import merge

# The same examples each time, on a machine of any speed: a run that was green is green again.
# HYPOTHESIS_PROFILE=search looks for new ones.
steady = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("steady", derandomize=True, **steady)
settings.register_profile("search", **steady)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

WORDS = {
    "bad": "bad sad late",
    "good": "good nice love",
    "question": "who what why",
}
OTHERS = ["the", "it", "is", "my", "shop", "café"]


@pytest.fixture(autouse=True, scope="session")
def ctrl_c():
    """Ctrl-C interrupts, as on a terminal: what a shell starts in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def quiet_log():
    """What a command tells people of the log is its own affair: the next test starts without."""
    yield
    logger = logging.getLogger("hier_rnn")
    for handler in list(logger.handlers):
        logger.removeHandler(handler)


def write_examples(path: Path, count: int, seed: int, labels: str = "bad good question") -> Path:
    """Writes labelled lines; some texts are empty, and `bad` comes twice as often."""
    draw = random.Random(seed)
    names = labels.split()
    lines = []
    for number in range(count):
        label = names[number % len(names)] if number % 4 else names[0]
        words = [draw.choice(WORDS[label].split()), *draw.choices(OTHERS, k=draw.randint(0, 3))]
        draw.shuffle(words)
        lines.append(f"{label}\t{'' if number % 19 == 7 else ' '.join(words)}\n")
    path.write_text("".join(lines), "utf-8")
    return path


@pytest.fixture(scope="session")
def data(tmp_path_factory) -> dict[str, str]:
    """The options `data` of a small data set."""
    folder = tmp_path_factory.mktemp("data")
    return {
        "train": str(write_examples(folder / "train.tsv", 60, seed=1)),
        "validation": str(write_examples(folder / "validation.tsv", 24, seed=2)),
    }


@pytest.fixture(scope="session")
def tiny(data) -> Callable[..., Configuration]:
    """`tiny(training={"epochs": 3})` is a configuration of a tiny model on the small data set."""

    def tiny(**groups: Any) -> Configuration:
        small = {
            "data": data,
            "character_encoder": {"embedding_dim": 4, "units": 8},
            "sentence_encoder": {"units": 6},
            "training": {
                "epochs": 2,
                "minimum_steps_per_epoch": 0,
                "batch_size": 20,
                "learning_rate": 0.03,
                "patience": 0,
                "warm_start_epochs": 0,
                "moving_average": 0.0,
                "label_smoothing": 0.0,
                "misspell": {"kind": "none"},
            },
        }
        return Configuration.model_validate(merge(small, groups))

    return tiny


@pytest.fixture(scope="session")
def small_run(tiny, tmp_path_factory) -> Path:
    """A finished run that has learnt something."""
    import tensorflow as tf

    from hier_rnn.training.classification.train import train_classifier

    path = tmp_path_factory.mktemp("runs") / "small"
    eager = tf.config.functions_run_eagerly()  # as some tests have it; this run is longer
    tf.config.run_functions_eagerly(False)
    training = {"epochs": 12, "learning_rate": 0.1}
    train_classifier(tiny(training=training), path)
    tf.config.run_functions_eagerly(eager)
    return path


@pytest.fixture(scope="session")
def taught(small_run, tmp_path_factory) -> Path:
    """An encoder directory with both encoders of a run, and a map of its vectors of texts."""
    from hier_rnn.storage.encoder_directory import EncoderDirectory
    from hier_rnn.storage.run_directory import RunDirectory

    run, path = RunDirectory(small_run), tmp_path_factory.mktemp("encoders") / "taught"
    generator = np.random.default_rng(0)
    EncoderDirectory(path).finish(
        run.read_configuration(),
        run.read_alphabet(),
        run.read_weights(),
        run.read_vocabulary(),
        {"objective": "sentence-vectors"},
        sentence_vector_map={
            "sentence_vectors/kernel": generator.normal(size=(12, 4)).astype(np.float32),
            "sentence_vectors/bias": generator.normal(size=4).astype(np.float32),
        },
    )
    return path


def write_label_sets(path: Path, count: int, seed: int) -> Path:
    """Writes fastText lines of any number of labels, each with a word of its own in the text."""
    draw = random.Random(seed)
    lines = []
    for _ in range(count):
        labels = [label for label in WORDS if draw.random() < 0.4]
        words = [draw.choice(WORDS[label].split()) for label in labels]
        words += draw.choices(OTHERS, k=draw.randint(1, 3))
        draw.shuffle(words)
        lines.append(" ".join([*(f"__label__{label}" for label in labels), *words]) + "\n")
    path.write_text("".join(lines), "utf-8")
    return path


@pytest.fixture(scope="session")
def label_sets(tmp_path_factory) -> dict[str, str]:
    """The options `data` of a small data set whose texts have several labels, or none."""
    folder = tmp_path_factory.mktemp("label_sets")
    return {
        "train": str(write_label_sets(folder / "train.txt", 90, seed=1)),
        "validation": str(write_label_sets(folder / "validation.txt", 40, seed=2)),
        "test": str(write_label_sets(folder / "test.txt", 30, seed=3)),
    }


@pytest.fixture(scope="session")
def several_run(tiny, label_sets, tmp_path_factory) -> Path:
    """A finished run of several labels that has learnt something."""
    import tensorflow as tf

    from hier_rnn.training.classification.train import train_classifier

    path = tmp_path_factory.mktemp("runs") / "several"
    eager = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(False)
    training = {"epochs": 12, "learning_rate": 0.1}
    train_classifier(tiny(data=label_sets, training=training), path)
    tf.config.run_functions_eagerly(eager)
    return path


@pytest.fixture(scope="module")  # not longer: while Playwright runs there is no other event loop
def browser() -> Iterator[Any]:
    """Chromium; whoever asks for it is skipped where there is none, or no Playwright."""
    playwright = pytest.importorskip("playwright.sync_api")
    chromium = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if chromium is None:
        pytest.skip("no Chromium is installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()
