"""The report: one self-contained page, its figures as JSON, and its charts as SVG files."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path, PurePath
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from hier_rnn.configuration.differences import options_set
from hier_rnn.configuration.toml import format_configuration
from hier_rnn.evaluation import formatting
from hier_rnn.evaluation.comparison.paired_comparison import Comparison, json_document
from hier_rnn.evaluation.evaluate import Evaluation
from hier_rnn.evaluation.explanation import MOST_WORDS, Explanation, explain
from hier_rnn.evaluation.report.confusion_rows import ConfusionRow, confusion_rows
from hier_rnn.evaluation.report.plots import Plot, plots_of
from hier_rnn.evaluation.report.svg import standalone
from hier_rnn.evaluation.report.theme import DARK, LIGHT, STYLE
from hier_rnn.evaluation.selection import ScoredExample
from hier_rnn.evaluation.text_predictor import TextPredictor
from hier_rnn.files import write_atomically
from hier_rnn.metrics.confusion_matrix import SMALL
from hier_rnn.metrics.label_scores import LabelScores
from hier_rnn.model.weight_specs import weight_shapes
from hier_rnn.sources.example import shortened
from hier_rnn.storage.run_directory import RunDirectory
from hier_rnn.storage.training_record import TrainingRecord, read_training_record
from hier_rnn.version import __version__

# Explaining a long document takes as long as training on it that many times.
EXPLANATION_STEPS = 16
WORDS_SHOWN = 60


@dataclass(frozen=True)
class Explained:
    """An example with the reason for its prediction."""

    scored: ScoredExample
    explanation: Explanation


@dataclass(frozen=True)
class RunSection:
    """What the page shows of a run."""

    key: str
    evaluation: Evaluation
    record: TrainingRecord
    weights: int
    """How many numbers the model has learnt."""
    plots: dict[str, Plot]
    confusion: tuple[ConfusionRow, ...]
    """Empty where there are too many classes to draw, or a text may have several labels."""
    confusion_is_small: bool
    errors: tuple[Explained, ...]
    close_calls: tuple[Explained, ...]
    configuration: str
    """All options, as TOML."""
    options_set: dict[str, Any]
    """Those that are not at their defaults."""

    def best_of(self, figure: str) -> float | None:
        """The best of a figure on the run's own validation data; None if it was never evaluated."""
        return self.record.best_of(figure)


def write_report(
    directory: Path,
    evaluations: Sequence[Evaluation],
    predictors: Sequence[TextPredictor],
    comparison: Comparison | None = None,
    command: str = "",
    verify: bool = True,
) -> None:
    """Writes `report.html`, `report.json` and `figures/*.svg`.

    Args:
        directory: Where to.
        evaluations: What to report, a section each.
        predictors: The classifiers, to explain examples.
        comparison: How the runs compare, if there are several.
        command: What made it, if that is to be shown.
        verify: Whether a run's files must be as its manifest says. Default True.

    Raises:
        UserError: A run directory is incomplete, or a file cannot be written.
    """
    sections = [
        _section(f"run{number}", evaluation, predictor, verify)
        for number, (evaluation, predictor) in enumerate(zip(evaluations, predictors, strict=True))
    ]
    for number, section in enumerate(sections):
        prefix = f"{number}-" if len(sections) > 1 else ""
        for name, plot in section.plots.items():
            if plot.chart is not None:
                with write_atomically(directory / "figures" / f"{prefix}{name}.svg") as file:
                    file.write(_utf_8(standalone(plot.chart)))
    with write_atomically(directory / "report.json") as file:
        data = [{name: plot.data for name, plot in section.plots.items()} for section in sections]
        document = json_document(evaluations, comparison) | {"figures": data}
        json.dump(document, file, indent=2, allow_nan=False)
    with write_atomically(directory / "report.html") as file:
        file.write(render(sections, comparison, command))


def render(sections: Sequence[RunSection], comparison: Comparison | None, command: str) -> str:
    """Returns the page.

    Args:
        sections: The runs.
        comparison: How they compare, if there are several.
        command: What made it, if that is to be shown.
    """
    environment = Environment(
        loader=PackageLoader("hier_rnn.evaluation.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": formatting.percent,
        "percent_interval": formatting.percent_interval,
        "points_interval": formatting.points_interval,
        "p_value": formatting.p_value,
        "shortened": shortened,
        "breakable": _breakable,
        "code": _code,
        "data_name": _data_name,
        "capitalize_first": lambda text: text[:1].upper() + text[1:],
        "place": lambda where: where.rpartition("/")[2],
    }
    page = environment.get_template("report.html.j2").render(
        sections=sections,
        comparison=comparison,
        command=command,
        light=LIGHT,
        dark=DARK,
        chart_style=Markup(STYLE),
        words_shown=WORDS_SHOWN,
        version=__version__,
        made=datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
    )
    return _utf_8(page)


def _section(
    key: str, evaluation: Evaluation, predictor: TextPredictor, verify: bool
) -> RunSection:
    run, configuration = RunDirectory(predictor.run, verify), predictor.configuration
    record = read_training_record(run)
    shapes = weight_shapes(configuration, run.read_alphabet().size, len(evaluation.labels))

    def explained(examples: Sequence[ScoredExample]) -> tuple[Explained, ...]:
        return tuple(
            Explained(one, explain(predictor, one.text, steps=EXPLANATION_STEPS))
            for one in examples
            if len(predictor.words(one.text)) <= MOST_WORDS
        )

    return RunSection(
        key=key,
        evaluation=evaluation,
        record=record,
        weights=sum(math.prod(shape) for shape in shapes.values()),
        plots=plots_of(evaluation, record),
        confusion=_confusion(evaluation),
        confusion_is_small=len(evaluation.labels) <= SMALL,
        errors=explained(evaluation.selection.errors),
        close_calls=explained(evaluation.selection.close_calls),
        configuration=format_configuration(configuration),
        options_set=options_set(configuration),
    )


def _confusion(evaluation: Evaluation) -> tuple[ConfusionRow, ...]:
    scores = evaluation.scores
    if isinstance(scores, LabelScores):
        return ()
    return tuple(confusion_rows(scores.confusion_matrix, evaluation.labels))


def _data_name(source: str) -> str:
    """A source without the folders it is in; those are nobody's business in a title."""
    return source if source.startswith("tfds:") else PurePath(source).name or source


def _breakable(name: str) -> Markup:
    """A name that may be broken where its parts join."""
    return Markup(re.sub(r"([_/.\-:])", r"\1<wbr>", str(escape(name))))


def _code(text: str) -> Markup:
    """A sentence in which `...` is code."""
    return Markup(re.sub(r"`([^`]*)`", r"<code>\1</code>", str(escape(text))))


def _utf_8(text: str) -> str:
    """Texts come from anywhere; what UTF-8 has no bytes for cannot be in a page."""
    return text.encode("utf-8", "replace").decode("utf-8")
