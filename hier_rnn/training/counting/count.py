"""`count`: words and contexts of any amount of text, into a directory."""

from __future__ import annotations

import importlib.util
import logging
import os
import shutil
import uuid
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

from hier_rnn.configuration.options import Configuration
from hier_rnn.errors import UserError
from hier_rnn.sources.patterns import expanded
from hier_rnn.sources.source import STANDARD_INPUT, TFDS_PREFIX
from hier_rnn.storage.counts_directory import (
    KIND,
    MOST_FILES,
    WORDS_MODEL,
    CountsDirectory,
    CountsRecord,
    list_files,
    spellings_fingerprint,
    table_path,
)
from hier_rnn.storage.manifest import read_manifest
from hier_rnn.training.counting.job import SUBTOKENS, Engine, Job
from hier_rnn.training.counting.local import Local
from hier_rnn.training.events import Listener, to_nobody
from hier_rnn.training.interruption import interruptible
from hier_rnn.training.preparation.words import load_words, resolve_word_segmentation
from hier_rnn.training.pretraining.text_corpus import text_source
from hier_rnn.training.word_vectors.from_counts import OPTIONS
from hier_rnn.training.word_vectors.pair_sums import FILES
from hier_rnn.training.word_vectors.targets import known_subtokens
from hier_rnn.training.word_vectors.word_counts import most_frequent_words, read_word_counts


def count(
    configuration: Configuration,
    out: Path,
    *,
    runner: str = "",
    runner_options: Sequence[str] = (),
    files: int = FILES,
    force: bool = False,
    on_event: Listener = to_nobody,
) -> CountsRecord:
    """Counts words and contexts, for `data.counts` of a pretraining.

    Args:
        configuration: The options: `data.text`, how it is read, `text`, and of `pretraining` the
            vocabulary, the window and the like.
        out: The directory, which is there whole or not at all.
        runner: A runner of Apache Beam, as `DirectRunner`. Default "": this process, without Beam.
        runner_options: Options of the runner, `name=value`.
        files: How many files each table is cut into. Default 16.
        force: Replace counts that `out` already holds. Default False.
        on_event: Told how far it is. Default nobody.

    Raises:
        UserError: A mistake in the text or the options, too little text, or `out` holds something.
        KeyboardInterrupt: Ctrl-C or SIGTERM; nothing is kept.
    """
    if not 1 <= files <= MOST_FILES:
        raise UserError(f"files: 1 to {MOST_FILES:,} are expected. Received: {files:,}.")
    _check_out(out, force)
    engine = _engine(runner, runner_options, on_event)
    data = configuration.data.model_copy(update={"text": expanded(configuration.data.text)})
    configuration = configuration.model_copy(update={"data": data})
    if runner and STANDARD_INPUT in data.text:
        raise UserError("-: standard input is read by this process alone; a runner needs files.")
    source = text_source(configuration)
    configuration = resolve_word_segmentation(configuration, None, lambda: source)
    words, model = load_words(configuration, source)
    options = configuration.pretraining
    folder = out.absolute().with_name(f".{out.name}.{uuid.uuid4().hex[:8]}")
    try:
        with interruptible(lambda: f"{out} was not written."):
            folder.mkdir(parents=True)
            job = Job(
                tuple(map(_absolute, data.text)) if runner else data.text,
                data.reading,
                words,
                options.window,
                files,
                folder,
                options.maximum_types,
            )
            figures = engine.count_words(job)
            job.write_empty()
            texts, tokens = (sum(column) for column in zip(*figures, strict=True))
            counted = (
                item
                for part in range(files)
                for item in read_word_counts(table_path(folder, "words", part, files))
            )
            written = most_frequent_words(counted, tokens, options.maximum_types)
            known = known_subtokens(written, options).words
            job.write_subtokens(known)
            first_texts = [0, *accumulate(figure.texts for figure in figures)][:-1]
            engine.count_contexts(job, first_texts)
            (folder / SUBTOKENS).unlink()
            if model:
                (folder / WORDS_MODEL).write_bytes(model)
            text = configuration.text.model_copy(update={"sentencepiece_model": ""})
            record = CountsRecord(
                files=files,
                options={
                    "text": text.model_dump(),
                    "pretraining": {name: getattr(options, name) for name in OPTIONS},
                },
                sources=list(data.text),
                texts=texts,
                tokens=tokens,
                subtokens=len(known),
                subtokens_fingerprint=spellings_fingerprint(known),
            )
            record.write(folder)
            list_files(folder)
            if out.exists():
                shutil.rmtree(out)  # looked at before: counts that may go, or an empty folder
            os.replace(folder, out)
    except OSError as error:
        raise UserError(f"{out}: can't write it: {error.strerror or error}.") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return CountsDirectory(out).record


def _absolute(source: str) -> str:
    """What a worker finds wherever it is started."""
    return source if source.startswith(TFDS_PREFIX) else os.path.abspath(source)


def _check_out(out: Path, force: bool) -> None:
    if not os.path.lexists(out) or (out.is_dir() and not any(out.iterdir())):
        return
    if not out.is_dir() or out.is_symlink() or read_manifest(out, KIND) is None:
        raise UserError(f"{out}: exists, and holds no counts. Give another `out`.")
    if not force:
        raise UserError(
            f"{out}: holds counts already. Give another `out`, or `force=True` to count again."
        )


def _engine(runner: str, options: Sequence[str], on_event: Listener) -> Engine:
    if not runner:
        if options:
            raise UserError("Options of a Beam runner need a runner: DirectRunner, for example.")
        return Local(on_event)
    if importlib.util.find_spec("apache_beam") is None:
        raise UserError(
            "a runner needs Apache Beam, which is not installed: pip install 'hier_rnn[beam]'"
        )
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)  # of what else it would need on Google's cloud
    from hier_rnn.training.counting.pipeline import Pipeline

    logging.disable(before)
    return Pipeline(runner, options)
