"""One piece of work of one size, in a process of its own: what `benchmarks.scale` starts.

It reads a JSON object from standard input (`piece`, `size`, and what the piece needs) and writes
one to standard output: the seconds, the most memory that the process had, and figures of the piece.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import chain, islice, repeat
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

PAIRS_PER_WORD = 60  # of the near view, for vocabularies that no text at hand has
TEXTS_PER_WORD = 2
Figures = dict[str, Any]


def count(task: dict[str, Any]) -> Figures:
    """Counts so many words of a text, into a directory."""
    from hier_rnn.training.counting.count import count as count_text

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = folder / "text.jsonl"
        size = _write_text(text, task["text"], task["size"])
        begun = time.perf_counter()
        record = count_text(_configuration(text), folder / "counts")
        seconds = time.perf_counter() - begun
        written = sum(path.stat().st_size for path in (folder / "counts").iterdir())
        return {
            "seconds": seconds,
            "size": record.tokens,
            "text_bytes": size,
            "written_bytes": written,
            "subtokens": record.subtokens,
        }


def factorize(task: dict[str, Any]) -> Figures:
    """Makes vectors of so many words from counts drawn at random, as sparse as real ones."""
    from hier_rnn.training.word_vectors.cooccurrence import Contexts
    from hier_rnn.training.word_vectors.pmi_svd import word_vectors

    size = task["size"]
    generator = np.random.default_rng(0)

    def drawn(rows: int, columns: int, entries: int) -> sparse.csr_matrix:
        # Frequent words come first, and have most of the pairs.
        ids = [
            (limit * generator.random(entries, np.float32) ** 2).astype(np.int32)
            for limit in (rows, columns)
        ]
        ones = np.ones(entries, np.float32)
        return sparse.csr_matrix((ones, ids), (rows, columns))

    near = drawn(size, size, PAIRS_PER_WORD * size // 2)
    contexts = Contexts(
        (near + near.T).tocsr(),
        drawn(size, 2 * size, PAIRS_PER_WORD * size // 2),
        drawn(size, TEXTS_PER_WORD * size, PAIRS_PER_WORD * size // 2),
    )
    del near
    before = _peak()
    begun = time.perf_counter()
    word_vectors(contexts, 300)
    pairs = sum(matrix.nnz for matrix in contexts[:3])
    seconds = time.perf_counter() - begun
    return {"seconds": seconds, "size": size, "pairs": pairs, "counts_peak_bytes": before}


def distill(task: dict[str, Any]) -> Figures:
    """Has an encoder learn vectors drawn at random of so many words of a text for an epoch."""
    from hier_rnn.storage.weights.vectors_file import write_vectors
    from hier_rnn.training.events import Step
    from hier_rnn.training.pretraining.pretrain import pretrain

    words = _spellings(task["text"], task["size"])
    vectors = np.random.default_rng(0).normal(size=(len(words), 300)).astype(np.float32)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_vectors(folder / "v.vec", words, vectors)
        made = _configuration(vectors=str(folder / "v.vec"), vocabulary=len(words), epochs=2)
        steps: list[tuple[float, Step]] = []

        def listen(event: object) -> None:
            if isinstance(event, Step):
                steps.append((time.perf_counter(), event))

        pretrain(made, folder / "encoder", on_event=listen)
    # The second epoch, the one in which nothing is compiled any more.
    second = [(at, step) for at, step in steps if step.epoch == 2]
    seconds = second[-1][0] - second[0][0]
    done = second[-1][1].done - second[0][1].done
    return {"seconds": seconds, "size": len(words), "spellings": done}


def train(task: dict[str, Any]) -> Figures:
    """Trains a classifier on so many sentences, once each."""
    from hier_rnn.configuration.options import Configuration
    from hier_rnn.training.classification.train import train_classifier
    from hier_rnn.training.events import Step

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        examples = _write_examples(folder / "train.jsonl", task)
        with (folder / "dev.jsonl").open("w", encoding="utf-8") as file:
            for example in examples[:200]:
                file.write(json.dumps({"label": example.label, "text": example.text}) + "\n")
        made = Configuration.model_validate(
            {
                "data": {
                    "train": [str(folder / "train.jsonl")],
                    "validation": str(folder / "dev.jsonl"),
                },
                "training": {
                    "epochs": 1,
                    "maximum_steps": 0,
                    "minimum_steps_per_epoch": 0,
                    "warm_start_epochs": 0,
                    "batch_size": task["batch_size"],
                },
            }
        )
        steps: list[tuple[float, Step]] = []

        def listen(event: object) -> None:
            if isinstance(event, Step):
                steps.append((time.perf_counter(), event))

        begun = time.perf_counter()
        train_classifier(made, folder / "run", on_event=listen)
        seconds = time.perf_counter() - begun
    return {
        "seconds": seconds,
        "size": task["size"],
        "training_seconds": steps[-1][0] - steps[0][0],
        "trained": steps[-1][1].done - steps[0][1].done,
        "words_per_second": steps[-1][1].words_per_second,
    }


def read(task: dict[str, Any]) -> Figures:
    """Reads, cuts into words and misspells so many sentences: what every worker does for all."""
    from hier_rnn.configuration.options import Text, Training
    from hier_rnn.sources.source import open_source
    from hier_rnn.text.tokenizer import Tokenizer
    from hier_rnn.training.classification.batching.batches import endless_batches

    options = Training(batch_size=task["batch_size"])
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "train.jsonl"
        _write_examples(path, task)
        words = Tokenizer(Text(words="whitespace"))
        batches = endless_batches(open_source(str(path)), words, lambda example: 0, options, seed=0)
        begun = time.perf_counter()
        sentences = [
            len(batch) for batch in islice(batches, -(-task["size"] // options.batch_size))
        ]
        return {"seconds": time.perf_counter() - begun, "size": sum(sentences)}


def classify(task: dict[str, Any]) -> Figures:
    """Classifies so many sentences, each of them new to the cache as far as the data have them."""
    import hier_rnn
    from hier_rnn.sources.source import open_source

    predictor = hier_rnn.load(task["run"])
    source = open_source(task["data"], labelled=False)
    texts = [example.text for example in source]
    list(predictor.predictions(["warm up"]))
    begun = time.perf_counter()
    stream = islice(chain.from_iterable(repeat(texts)), task["size"])
    answers = sum(1 for _ in predictor.predictions(stream))
    seconds = time.perf_counter() - begun
    words = sum(len(predictor.words(text)) for text in texts) / len(texts) * answers
    return {"seconds": seconds, "size": answers, "words": round(words)}


PIECES: dict[str, Callable[[dict[str, Any]], Figures]] = {
    "count": count,
    "factorize": factorize,
    "distill": distill,
    "train": train,
    "read": read,
    "classify": classify,
}


def main() -> None:
    """Measures."""
    task = json.load(sys.stdin)
    figures = PIECES[task["piece"]](task)
    json.dump({**figures, "peak_bytes": _peak()}, sys.stdout)


def _configuration(text: Path | None = None, **pretraining: Any) -> Any:
    from hier_rnn.configuration.options import Configuration

    return Configuration.model_validate(
        {
            "data": {"text": [str(text)] if text else []},
            "text": {"words": "whitespace"},
            "pretraining": pretraining,
        }
    )


def _texts(source: str) -> Iterator[str]:
    from hier_rnn.sources.source import open_source

    return (example.text for example in open_source(source, labelled=False))


def _write_text(path: Path, source: str, words: int) -> int:
    """Writes texts of so many words, and returns how many bytes of text these are."""
    size = written = 0
    with path.open("w", encoding="utf-8") as file:
        for text in _texts(source):
            file.write(json.dumps({"text": text}) + "\n")
            size += len(text.encode("utf-8", "surrogatepass"))
            written += len(text.split())
            if written >= words:
                break
    return size


def _write_examples(path: Path, task: dict[str, Any]) -> list[Any]:
    """Writes so many labelled sentences, and returns those that there are."""
    from hier_rnn.sources.source import open_source

    examples = list(open_source(task["data"]))
    with path.open("w", encoding="utf-8") as file:
        for example in islice(chain.from_iterable(repeat(examples)), task["size"]):
            file.write(json.dumps({"label": example.label, "text": example.text}) + "\n")
    return examples


def _spellings(source: str, count: int) -> list[str]:
    """The first distinct words of a text; where it has fewer, with numbers after them."""
    found: dict[str, None] = {}
    for text in _texts(source):
        found.update(dict.fromkeys(word[:40] for word in text.split()))
        if len(found) >= count:
            break
    words = list(found)
    more = (f"{word}{number}" for number in range(1, count) for word in words)
    for word in more:
        if len(found) >= count:
            break
        found[word[:40]] = None
    return list(found)[:count]


def _peak() -> int:
    """Returns the most memory that this process had."""
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert peak is not None
    return 1024 * int(peak[1])


if __name__ == "__main__":
    main()
