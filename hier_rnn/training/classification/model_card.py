"""The model card of a run: what it is, what it learnt from, how good, what it is not for.

It is Markdown with the front matter that hubs of models read (Mitchell et al. 2019, "Model Cards
for Model Reporting"). Names and labels come from anywhere, and are shown as text, never as
Markdown or YAML; of a path only its last part is told, since the folders are nobody's business.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath

import numpy as np
from scipy.sparse import csr_array

from hier_rnn.configuration.options import Configuration
from hier_rnn.decisions.decision import Decision
from hier_rnn.decisions.several_labels import SeveralLabels
from hier_rnn.metrics.bootstrap import Interval, bootstrap
from hier_rnn.metrics.label_bootstrap import bootstrap_labels
from hier_rnn.metrics.label_scores import score_labels
from hier_rnn.metrics.scores import ClassScores, score
from hier_rnn.training.classification.training_data import TrainingData
from hier_rnn.version import __version__

CLASSES_LISTED = 100
NAME_CHARACTERS = 100
OF_ONE = (
    "Every text gets one of the classes, also one that belongs to none of them: answers with a low"
    " probability are better not used (`--min-confidence`)."
)
OF_SEVERAL = (
    "A text gets every label whose probability reaches the label's threshold (`calibration.json`),"
    " which may be none."
)
# Invisible ones of which some turn the text around them; the two joiners belong to words.
HIDDEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
JOINERS = "\u200c\u200d"


def model_card(
    name: str,
    configuration: Configuration,
    data: TrainingData,
    weights: Mapping[str, np.ndarray],
    logits: np.ndarray,
    decision: Decision,
) -> str:
    """Returns the model card of a run that has been trained.

    Args:
        name: The run's name.
        configuration: The run's options.
        data: The run's data.
        weights: The weights that are kept, by name.
        logits: Theirs on the validation data, `(examples, classes)`.
        decision: What is made of logits.
    """
    corpus = data.corpus
    validation = _validation_name(configuration, data)
    figures, classes, always = _measured(data, logits, decision, configuration.seed)
    most = corpus.labels[int(np.argmax(corpus.label_counts))]
    lines = [
        *_front_matter(name, validation, figures),
        f"# {markdown(name)}",
        "",
        f"A text classifier of {len(corpus.labels):,} classes that reads words letter by letter:"
        f" {_architecture(configuration)};"
        f" {sum(math.prod(weight.shape) for weight in weights.values()):,} weights."
        f" Trained by hier_rnn {__version__},"
        f" seed {configuration.seed}; `config.toml` has every option.",
        "",
        "## How to use it",
        "",
        "```python",
        "import hier_rnn",
        "",
        'run = hier_rnn.load("the folder of this file")',
        'run.predict(["a text"])[0].label',
        "```",
        "",
        'or `hier-rnn predict FOLDER --text "a text"`. Loading it runs nothing that is in it.',
        "",
        "## Data",
        "",
        "| | | texts |",
        "| --- | --- | ---: |",
        f"| training | {markdown(_training_name(configuration, data))} | {corpus.examples:,} |",
        f"| validation | {markdown(validation)} | {len(data.targets):,} |",
        "",
        "## How good it is",
        "",
        "On the validation data, with 95% intervals:",
        "",
        "| | % | 95% interval |",
        "| --- | ---: | --- |",
        *(
            f"| {title} | {_percent(figure.value)} | {_ends(figure)} |"
            for title, figure in figures.items()
        ),
        f"| always “{markdown(most)}”, the most frequent | {_percent(always)} | |",
        "",
        *_classes(classes, corpus.label_counts),
        "## Limits",
        "",
        "- The validation data decided which epoch's weights are kept and how sure the model says"
        " it is, so these figures are a little too good."
        + (" `evaluation.json` has those of test data." if configuration.data.test else ""),
        "- " + (OF_SEVERAL if decision.thresholds is not None else OF_ONE),
        "- It was measured on text like its training text. On other topics, times, languages or"
        " ways of writing it may be much worse; `hier-rnn evaluate` measures it on yours.",
        "- It repeats what its training labels hold, mistakes and prejudice included. It was not"
        " tested for decisions about people.",
        "- `words.txt` holds the words of the training text; `hier-rnn export` writes a folder"
        " without them.",
        "",
        "## Licence",
        "",
        "None is stated: whoever passes the model on names it, as `license:` at the top of this"
        " file, and minds the licence of the training data.",
    ]
    return "\n".join(lines) + "\n"


def _measured(
    data: TrainingData, logits: np.ndarray, decision: Decision, seed: int
) -> tuple[dict[str, Interval], Sequence[ClassScores], float]:
    """Returns the scores on the validation data, those of each class, and a yardstick.

    The yardstick is what the first of the scores would be of always naming the most frequent class.
    """
    targets, labels = data.targets, data.corpus.labels
    most = int(np.argmax(data.corpus.label_counts))
    if isinstance(decision, SeveralLabels):
        given = decision.reached(decision.probabilities(logits))
        per_class = score_labels(targets, given, logits, labels).per_class
        intervals = bootstrap_labels(csr_array(targets), csr_array(given), seed)
        assert intervals.micro_f1 is not None  # it is what several labels are judged by
        figures = {
            "Micro-F1": intervals.micro_f1,
            "Macro-F1": intervals.macro_f1,
            "All labels of a text right": intervals.accuracy,
        }
        return figures, per_class, 2 * targets[:, most].sum() / (len(targets) + targets.sum())
    intervals = bootstrap(targets, logits.argmax(axis=-1), seed)
    figures = {"Accuracy": intervals.accuracy, "Macro-F1": intervals.macro_f1}
    return figures, score(targets, logits, labels).per_class, float(np.mean(targets == most))


def markdown(text: str) -> str:
    """Returns a name as Markdown that shows it as it is, on one line and cut where it is long."""
    return re.sub(
        r"([\\`*_{}\[\]<>#|~&:@$]|(?<=www)\.)", r"\\\1", _plain(text), flags=re.IGNORECASE
    )


def _plain(text: str) -> str:
    """One line of characters that can be seen."""
    shown = "".join(
        character if character in JOINERS or unicodedata.category(character) not in HIDDEN else " "
        for character in text[: 2 * NAME_CHARACTERS]
    )
    shown = " ".join(shown.split())
    return shown if len(shown) <= NAME_CHARACTERS else f"{shown[: NAME_CHARACTERS - 1]}…"


def _front_matter(name: str, dataset: str, figures: Mapping[str, Interval]) -> Iterator[str]:
    """Yields the YAML that hubs read; a string of JSON is one of YAML too."""
    shown, data = (json.dumps(_plain(text), ensure_ascii=False) for text in (name, dataset))
    yield from (
        "---",
        "library_name: hier_rnn",
        "pipeline_tag: text-classification",
        "tags: [text-classification, character-level, gru, lstm]",
        "# license: yours to say, for example cc-by-4.0",
        "# language: yours to say, for example en",
        "model-index:",
        f"- name: {shown}",
        "  results:",
        "  - task: {type: text-classification}",
        f"    dataset: {{name: {data}, type: {data}, split: validation}}",
        "    metrics:",
    )
    for title, figure in figures.items():
        kind = "f1" if title.endswith("F1") else "accuracy"
        yield f"    - {{type: {kind}, name: {json.dumps(title)}, value: {figure.value:.4f}}}"
    yield from ("---", "")


def _architecture(configuration: Configuration) -> str:
    characters, sentences = configuration.character_encoder, configuration.sentence_encoder
    words = "SentencePiece's pieces" if configuration.text.words == "sentencepiece" else "words"
    return (
        f"a character GRU ({characters.units} units) makes a vector of each of the {words}, a"
        f" bidirectional LSTM ({sentences.units} units each way, {sentences.pooling} pooling) reads"
        " the vectors"
    )


def _classes(classes: Sequence[ClassScores], training_texts: Sequence[int]) -> Iterator[str]:
    """Yields a table of the classes; of very many, those that are hardest."""
    rows = list(zip(classes, training_texts, strict=True))
    if len(rows) > CLASSES_LISTED:
        rows = sorted(rows, key=lambda row: row[0].f1)[:CLASSES_LISTED]
        yield f"The {CLASSES_LISTED} of {len(classes):,} classes with the lowest F1:"
        yield ""
    yield "| class | F1 | recall (95%) | precision (95%) | validation texts | training texts |"
    yield "| --- | ---: | --- | --- | ---: | ---: |"
    for row, texts in rows:
        recall = _ends(Interval(row.recall, *row.recall_interval))
        precision = _ends(Interval(row.precision, *row.precision_interval))
        shown = (
            f"{_percent(row.f1)} | {_percent(row.recall)} ({recall}) | {_percent(row.precision)}"
            f" ({precision})"
            if row.support
            else "– | – | –"
        )
        yield f"| {markdown(row.label)} | {shown} | {row.support:,} | {texts:,} |"
    yield ""


def _training_name(configuration: Configuration, data: TrainingData) -> str:
    named = configuration.data.train
    return ", ".join(map(_last_part, named)) if named else data.train.name


def _validation_name(configuration: Configuration, data: TrainingData) -> str:
    if data.validation_set_aside:
        named = configuration.data.train
        return f"a part set aside of {', '.join(map(_last_part, named)) or 'the training data'}"
    named_one = configuration.data.validation
    return _last_part(named_one) if named_one else data.validation.name


def _last_part(source: str) -> str:
    """A source without the folders it is in."""
    return source if source.startswith("tfds:") else PurePath(source).name or source


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _ends(interval: Interval) -> str:
    return f"{_percent(interval.low)} to {_percent(interval.high)}"
