"""`train classify` and `train pretrain`; without either, `train` means `train classify`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from hier_rnn.commands.embedded import embedded
from hier_rnn.commands.group import CommandGroup
from hier_rnn.commands.options import path_option
from hier_rnn.configuration.command_line import (
    ConfiguredCommand,
    configuration_options,
    resolve,
)
from hier_rnn.configuration.options import Configuration
from hier_rnn.configuration.transfer import take_encoder_options
from hier_rnn.errors import UserError
from hier_rnn.quiet import import_tensorflow

EMBEDDED_OUT = Path("runs/messages")

READING = {
    "seed": "--seed",
    "data.label_column": "--label-column NAME",
    "data.text_column": "--text-column NAME",
    "data.delimiter": "--delimiter CHARACTER",
    "data.quoting": "--quoting",
    "data.tfds_data_dir": "--tfds-data-dir DIR",
}

config_option = path_option("--config", "FILE.toml", "options from a file; the command line wins")
force_option = click.option("--force", is_flag=True, help="start over what --out already holds")
quiet_option = click.option("--quiet", is_flag=True, help="no progress bar and no tables")


@click.group(cls=CommandGroup)
def train() -> None:
    """Trains a classifier or a character encoder.

    Options without a command are those of `classify`; with none at all it trains on the embedded
    data set into runs/messages.
    """


train.default = "classify"


@train.command(cls=ConfiguredCommand)
@configuration_options(
    flags={
        "data.train": "--train SRC",
        "data.validation": "--validation SRC",
        "data.test": "--test SRC",
        "data.encoder": "--encoder DIR",
        "training.freeze_encoder": "--freeze-encoder",
        **READING,
    },
    groups=["text", "character_encoder", "sentence_encoder", "head", "initializers", "training"],
)
@path_option("--out", "DIR", f"the run directory [embedded data: {EMBEDDED_OUT}]")
@config_option
@force_option
@quiet_option
@click.option("--tensorboard", is_flag=True, help="write TensorBoard's logs into the run as well")
def classify(
    out: Path | None,
    config: Path | None,
    force: bool,
    quiet: bool,
    tensorboard: bool,
    **given: Any,
) -> None:
    """Trains a classifier on labelled sentences.

    SRC is FILE.tsv, FILE.csv, FILE.jsonl, FILE.txt (fastText lines), any of them .gz, FILE.parquet,
    FILE.arrow, a FOLDER with a sub-folder per class, tfds:NAME[/CONFIG][:SPLIT], or - for standard
    input; --train takes several. The same command again resumes a run that was interrupted.
    """
    configuration = resolve(config, given)
    configuration, out = _with_data(configuration, out)
    configuration = take_encoder_options(configuration)
    import_tensorflow()
    from hier_rnn.training.classify import train_classifier

    train_classifier(configuration, out, force=force, quiet=quiet, tensorboard=tensorboard)


def _with_data(configuration: Configuration, out: Path | None) -> tuple[Configuration, Path]:
    """Fills in the embedded data set where no data is named."""
    data = configuration.data
    if data.train:
        if out is None:
            raise UserError("--out DIR is needed: where shall the run go?")
        return configuration, out
    if data.validation:
        raise UserError("--validation needs --train SRC beside it.")
    splits: dict[str, Any] = {"train": (embedded("train"),), "validation": embedded("validation")}
    splits["test"] = data.test or embedded("test")
    data = data.model_copy(update=splits)
    return configuration.model_copy(update={"data": data}), out or EMBEDDED_OUT


@train.command(cls=ConfiguredCommand)
@configuration_options(
    flags={
        "data.text": "--text SRC",
        "pretraining.objective": "--objective",
        "pretraining.vectors": "--vectors FILE",
        "data.encoder": "--encoder DIR",
        **READING,
    },
    groups=["text", "character_encoder", "initializers", "pretraining"],
)
@path_option("--out", "DIR", "the encoder directory", required=True)
@config_option
@force_option
@quiet_option
def pretrain(out: Path, config: Path | None, force: bool, quiet: bool, **given: Any) -> None:
    """Pretrains the character encoder on text without labels.

    With --encoder it goes on from an encoder, and keeps what that knows. SRC is as for `classify`,
    but a FILE.txt has one text per line; --text takes several. The same command again resumes a run
    that was interrupted.
    """
    configuration = resolve(config, given)
    from_vectors = configuration.pretraining.objective == "word-vectors" and (
        configuration.pretraining.vectors
    )
    if not configuration.data.text and not from_vectors:
        raise UserError("--text SRC [SRC ...] is needed: what shall the encoder learn from?")
    configuration = take_encoder_options(configuration)
    import_tensorflow()
    from hier_rnn.pretraining.pretrain import pretrain as pretrain_encoder

    pretrain_encoder(configuration, out, force=force, quiet=quiet)
