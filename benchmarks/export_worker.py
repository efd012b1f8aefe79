"""One runtime of an exported folder, in a process of its own: what `benchmarks.export` starts.

It reads a JSON object from standard input (`runtime`, `folder`, `texts`, `begun`) and writes one
to standard output. `begun` is when the process was started, so that imports count.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.measure import processors

BATCH = 64
SINGLE = 300  # texts asked one at a time
PAGE = Path(__file__).parents[1] / "docs" / "export.md"

Logits = Callable[[Sequence[str]], np.ndarray]


def numpy_engine(folder: Path) -> Logits:
    """hier_rnn itself, which takes all texts at once."""
    import hier_rnn

    predictor = hier_rnn.load(folder)
    return lambda texts: np.array(list(predictor.logits(texts)))


def tensorflow(folder: Path) -> Logits:
    """The SavedModel in TensorFlow."""
    import tensorflow as tf

    model = tf.saved_model.load(str(folder / "1"))
    classify = model.signatures["serving_default"]
    return _in_batches(lambda texts: classify(texts=tf.constant(texts))["logits"].numpy())


def onnx(folder: Path) -> Logits:
    """The graph in onnxruntime, called as the documentation's own example does."""
    sys.argv = ["classify.py", str(folder)]
    names: dict = {"__name__": "classify"}
    example = re.search(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.S)
    assert example is not None
    exec(compile(example[1].replace('"probabilities"', '"logits"'), str(PAGE), "exec"), names)
    return _in_batches(names["classify"])


def _in_batches(logits: Logits) -> Logits:
    """Texts of similar length together."""

    def batched(texts: Sequence[str]) -> np.ndarray:
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        found: list[np.ndarray] = [np.empty(0)] * len(texts)
        for start in range(0, len(order), BATCH):
            part = order[start : start + BATCH]
            for place, row in zip(part, logits([texts[i] for i in part]), strict=True):
                found[place] = row
        return np.array(found)

    return batched


def pytorch(folder: Path) -> Logits:
    """The run's own weights in PyTorch's packed sequences; without words it answers all alike."""
    from benchmarks.peers.pytorch_model import PyTorchPacked
    from benchmarks.peers.task import Task
    from hier_rnn.model.weight_specs import weight_shapes
    from hier_rnn.storage.run_directory import RunDirectory

    run = RunDirectory(folder)
    configuration, alphabet = run.read_configuration(), run.read_alphabet()
    classes = len(run.read_labels())
    weights = run.read_weights(weight_shapes(configuration, alphabet.size, classes))
    model = PyTorchPacked(Task(configuration, alphabet, classes, weights, processors(), 0, BATCH))

    def logits(texts: Sequence[str]) -> np.ndarray:
        worded = [text if text.strip() else "." for text in texts]  # it packs no empty sequence
        return model.logits(worded)[0]

    return logits


def fast_text(folder: Path) -> Logits:
    """fastText, with the log of its probabilities."""
    import fasttext

    model = fasttext.load_model(str(folder / "fasttext.bin"))
    columns = json.loads((folder / "columns.json").read_text("utf-8"))

    def logits(texts: Sequence[str]) -> np.ndarray:
        rows = np.full((len(texts), len(columns)), -np.inf)
        for row, text in zip(rows, texts, strict=True):
            for probability, label in model.f.predict(" ".join(text.split()) + "\n", -1, 0, ""):
                row[columns[int(label.removeprefix("__label__"))]] = np.log(probability)
        return rows

    return logits


def mini_lm(folder: Path) -> Logits:
    """all-MiniLM-L6-v2's vectors of texts and a logistic regression."""
    from benchmarks.peers.sentence_transformer import Vectors

    head = np.load(folder / "minilm.npz")
    vectors = Vectors(str(head["folder"]))
    return lambda texts: vectors(texts) @ head["kernel"] + head["bias"]


RUNTIMES = {
    "numpy": numpy_engine,
    "tensorflow": tensorflow,
    "onnx": onnx,
    "pytorch": pytorch,
    "fasttext": fast_text,
    "minilm": mini_lm,
}


def main() -> None:
    """Measures."""
    task = json.load(sys.stdin)
    texts = task["texts"]
    logits = RUNTIMES[task["runtime"]](Path(task["folder"]))
    logits(texts[:1])
    first_answer = time.time() - task["begun"]
    cold, warm = (_seconds(lambda: logits(texts)) for _ in range(2))
    latencies = [_seconds(lambda text=text: logits([text])) for text in texts[:SINGLE]]
    figures = {
        "first_answer_seconds": first_answer,
        "cold_seconds": cold,
        "warm_seconds": warm,
        "latency_p50": float(np.percentile(latencies, 50)),
        "latency_p99": float(np.percentile(latencies, 99)),
        "memory_bytes": _peak(),
        "logits": logits(texts).tolist(),
    }
    json.dump(figures, sys.stdout)


def _peak() -> int:
    """Returns the most memory that this process had; what it was started from doesn't count."""
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert peak is not None
    return 1024 * int(peak[1])


def _seconds(action: Callable[[], object]) -> float:
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
