"""An explanation as a notebook shows it."""

from __future__ import annotations

from dataclasses import fields
from html import escape

from hier_rnn.evaluation.explanation import LEVELS, Explanation, MarkedWord
from hier_rnn.evaluation.report.theme import LIGHT

CLASSES_SHOWN = 5
OPACITIES = {1: "40", 2: "73", 3: "a6", 4: "d9"}
"""By shade, as two hexadecimal digits: what lies beneath shows, light or dark."""
_CELL = "padding:1px 12px 1px 0;text-align:left;border:none;background:none"


class NotebookExplanation(Explanation):
    """An explanation that notebooks show with its text in colours; see `Explanation`."""

    @classmethod
    def of(cls, explanation: Explanation) -> NotebookExplanation:
        """Returns the same explanation for notebooks."""
        values = {field.name: getattr(explanation, field.name) for field in fields(explanation)}
        return cls(**values)

    def _repr_html_(self) -> str:
        """The most probable classes, the text with its characters shaded, and what shades mean."""
        rows = "".join(self._row(rank, label) for rank, label in enumerate(self.probabilities))
        text = "".join(map(_word_html, self.marked()))
        legend = "".join(
            f'<span style="{_shading(level)};padding:0 .4em">{meaning}</span> '
            for level, meaning in ((LEVELS, "for"), (-LEVELS, "against"))
        )
        return (
            f'<div><table style="border:none;margin:0 0 .6em">{rows}</table>'
            f'<p style="white-space:pre-wrap;line-height:1.9;margin:0 0 .6em">{text}</p>'
            f'<p style="font-size:85%;margin:0">{legend}{escape(self.label)}</p></div>'
        )

    def _row(self, rank: int, label: str) -> str:
        explained = label == self.label
        if rank >= CLASSES_SHOWN and not explained:
            return ""
        weight = "bold" if explained else "normal"
        mark = " ✓" if label in (self.given or ()) else ""
        share = self.probabilities[label]
        bar = (
            f'<div style="background:{LIGHT["line-1"]};height:.7em;width:{8 * share:.2f}em"></div>'
        )
        return (
            f'<tr style="background:none"><td style="{_CELL};font-weight:{weight}">'
            f'{escape(label)}{mark}</td><td style="{_CELL}">{share:.1%}</td>'
            f'<td style="{_CELL}">{bar}</td></tr>'
        )


def _word_html(word: MarkedWord) -> str:
    """A word, underlined by its own share, its characters shaded by theirs."""
    characters = "".join(
        f'<span style="{_shading(span.level)}">{escape(span.text)}</span>'
        if span.level
        else escape(span.text)
        for span in word.spans
    )
    if not word.level:
        return characters
    return f'<span style="border-bottom:3px solid {_colour(word.level)}">{characters}</span>'


def _shading(level: int) -> str:
    return f"background:{_colour(level)}"


def _colour(level: int) -> str:
    side = "for" if level > 0 else "against"
    return f"{LIGHT[f'{side}-3']}{OPACITIES[abs(level)]}"
