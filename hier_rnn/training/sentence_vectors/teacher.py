"""A teacher: a sentence transformer that says which vector each text should have.

Reimers and Gurevych 2019, https://arxiv.org/abs/1908.10084; the extra `teacher` has the library.
"""

from __future__ import annotations

import hashlib
import shutil
from itertools import islice
from pathlib import Path

import numpy as np

from hier_rnn.errors import UserError
from hier_rnn.files import write_atomically
from hier_rnn.sources.source import Source
from hier_rnn.training.events import Listener, Stage

TEXTS_AT_ONCE = 1024
KIND = np.dtype("<f2")


class Teacher:
    """A model of the library sentence-transformers.

    Args:
        name: The name of a model on the Hugging Face Hub, or the directory of one. Code that comes
            with a model is never run.

    Attributes:
        name: As given.

    Raises:
        UserError: The library is not installed, or there is no such model.
    """

    def __init__(self, name: str) -> None:
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError:
            raise UserError(
                "data.teacher: a teacher needs the package sentence-transformers: pip install"
                " 'hier_rnn[teacher]'. Or give data.targets, a file of vectors."
            ) from None
        self.name = name
        try:
            self._model = SentenceTransformer(name, trust_remote_code=False)
        # The library raises all of these for a model that is missing, cut short or another kind.
        except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise UserError(
                f"data.teacher: {name}: can't load it: {reason}"
                " Accepted: the name of a sentence-transformers model, or its directory."
            ) from None

    def __call__(self, texts: list[str]) -> np.ndarray:
        """Returns the texts' vectors, of length one, float16 `(texts, dimensions)`."""
        vectors = self._model.encode(
            texts, convert_to_numpy=True, normalize_embeddings=True, show_progress_bar=False
        )
        return np.asarray(vectors, KIND)


def write_targets(teacher: Teacher, source: Source, path: Path, on_event: Listener) -> None:
    """Writes the vectors that a teacher gives the texts, row for row; or goes on writing them.

    What is written so far stands beside `path` until all is there, so an interrupted call loses a
    thousand texts at the most.

    Args:
        teacher: The teacher.
        source: The texts.
        path: The `.npy` file.
        on_event: Told how far it is.

    Raises:
        UserError: Something is wrong with the texts, or the file can't be written.
    """
    asked = hashlib.blake2b(f"{teacher.name}\n{source.name}".encode(), digest_size=4).hexdigest()
    part = path.with_name(f"{path.name}.{asked}.part")
    width = len(teacher(["a text"])[0])
    done = part.stat().st_size // (width * KIND.itemsize) if part.exists() else 0
    texts = (example.text for example in islice(source, done, None))
    path.parent.mkdir(parents=True, exist_ok=True)
    with part.open("ab") as file:
        file.truncate(done * width * KIND.itemsize)
        while block := list(islice(texts, TEXTS_AT_ONCE)):
            file.write(teacher(block).tobytes())
            file.flush()
            done += len(block)
            on_event(Stage(f"asking {teacher.name}", done, None, "texts"))
    with part.open("rb") as read, write_atomically(path, "wb") as file:
        header = {"descr": KIND.str, "fortran_order": False, "shape": (done, width)}
        np.lib.format.write_array_header_1_0(file, header)
        shutil.copyfileobj(read, file)
    part.unlink()
