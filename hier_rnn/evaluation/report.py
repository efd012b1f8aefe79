"""The report: one self-contained page, and its figures as JSON and PNG."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

import hier_rnn
from hier_rnn.configuration.options import Configuration
from hier_rnn.configuration.toml import read_configuration
from hier_rnn.evaluation import table
from hier_rnn.evaluation.comparison import flattened
from hier_rnn.evaluation.confusion_matrix import SMALL, Row, confusion_order, confusion_rows
from hier_rnn.evaluation.evaluate import Evaluation, json_document
from hier_rnn.evaluation.explanation import Explanation, explain
from hier_rnn.evaluation.report_figures import Drawn, drawings
from hier_rnn.evaluation.theme import DARK, LIGHT
from hier_rnn.evaluation.training_record import read_training_record
from hier_rnn.files import read_lines, write_atomically

if TYPE_CHECKING:
    from hier_rnn.evaluation.examples import Judged
    from hier_rnn.evaluation.side_by_side import Comparison
    from hier_rnn.inference.predictor import Predictor

# Explaining a long document takes as long as training on it that many times.
EXPLANATION_STEPS = 16
WORDS_SHOWN = 60


@dataclass(frozen=True)
class Explained:
    """An example with the reason for its prediction."""

    judged: Judged
    explanation: Explanation


@dataclass(frozen=True)
class RunSection:
    """What the page shows of a run."""

    key: str
    evaluation: Evaluation
    figures: dict[str, Drawn]
    confusion: tuple[Row, ...]
    confusion_is_small: bool
    errors: tuple[Explained, ...]
    close_calls: tuple[Explained, ...]
    configuration: str
    """The whole `config.toml`."""
    options_set: dict[str, Any]
    """Those of its options that are not at their defaults."""


def write_report(
    directory: Path,
    evaluations: Sequence[Evaluation],
    predictors: Sequence[Predictor],
    runs: Sequence[Path],
    comparison: Comparison | None = None,
    command: str = "",
) -> None:
    """Writes `report.html`, `report.json` and `figures/*.png`.

    Args:
        directory: Where to.
        evaluations: What to report, a section each.
        predictors: The classifiers, to explain examples.
        runs: The run directories, for configurations and training records.
        comparison: How the runs compare, if there are several.
        command: What made it; the process's own command line by default.

    Raises:
        UserError: A run directory is incomplete, or a file cannot be written.
    """
    sections, data = [], []
    for number, (evaluation, predictor, run) in enumerate(
        zip(evaluations, predictors, runs, strict=True)
    ):
        section, figure_data = _section(f"run{number}", evaluation, predictor, run)
        sections.append(section)
        data.append(figure_data)
        prefix = f"{number}-" if len(evaluations) > 1 else ""
        for name, drawn in section.figures.items():
            drawn.save(directory / "figures" / f"{prefix}{name}.png")
    page = render(sections, comparison, command or shlex.join(sys.argv))
    with write_atomically(directory / "report.html") as file:
        file.write(page)
    with write_atomically(directory / "report.json") as file:
        document = json_document(evaluations, comparison) | {"figures": data}
        json.dump(document, file, indent=2, allow_nan=False)


def render(sections: Sequence[RunSection], comparison: Comparison | None, command: str) -> str:
    """Returns the page.

    Args:
        sections: The runs.
        comparison: How they compare, if there are several.
        command: What made it.
    """
    environment = Environment(
        loader=PackageLoader("hier_rnn.evaluation", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": table.percent,
        "percent_interval": table.percent_interval,
        "points_interval": table.points_interval,
        "p_value": table.p_value,
        "shortened": table.shortened,
        "svg": Markup,
        "breakable": _breakable,
        "place": lambda where: where.rpartition("/")[2],
    }
    page = environment.get_template("report.html.j2").render(
        sections=sections,
        comparison=comparison,
        command=command,
        light=LIGHT,
        dark=DARK,
        words_shown=WORDS_SHOWN,
        version=hier_rnn.__version__,
        made=datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
    )
    # Texts come from anywhere; what UTF-8 has no bytes for cannot be in a page.
    return page.encode("utf-8", "replace").decode("utf-8")


def _section(
    key: str, evaluation: Evaluation, predictor: Predictor, run: Path
) -> tuple[RunSection, dict[str, Any]]:
    matrix = evaluation.scores.confusion_matrix
    order = confusion_order(matrix)
    ordered = matrix[order][:, order]
    names = [evaluation.labels[i] for i in order]
    figures = drawings(evaluation, read_training_record(run), ordered, names)

    def explained(judged: Sequence[Judged]) -> tuple[Explained, ...]:
        return tuple(
            Explained(one, explain(predictor, one.text, steps=EXPLANATION_STEPS)) for one in judged
        )

    section = RunSection(
        key=key,
        evaluation=evaluation,
        figures=figures,
        confusion=tuple(confusion_rows(ordered, names)),
        confusion_is_small=len(names) <= SMALL,
        errors=explained(evaluation.chosen.errors),
        close_calls=explained(evaluation.chosen.close_calls),
        configuration="\n".join(line for _, line in read_lines(run / "config.toml")),
        options_set=_options_set(run),
    )
    return section, {name: drawn.data for name, drawn in figures.items()}


def _options_set(run: Path) -> dict[str, Any]:
    defaults = flattened(Configuration().model_dump())
    options = flattened(read_configuration(run / "config.toml").model_dump())
    return {name: value for name, value in options.items() if value != defaults.get(name)}


def _breakable(name: str) -> Markup:
    """A name that may be broken where its parts join."""
    return Markup(re.sub(r"([_/.\-:])", r"\1<wbr>", str(escape(name))))
