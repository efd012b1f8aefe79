"""Matplotlib figures as files and as inline SVG that follows the page's light or dark colours."""

from __future__ import annotations

import contextlib
import html
import io
import re
import warnings
from collections.abc import Iterator
from pathlib import Path

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from hier_rnn.evaluation.theme import LIGHT
from hier_rnn.files import write_atomically

PNG_DPI = 200
# Labels are the user's own, so a dollar sign in one is no formula.
STYLE = {
    "font.family": "sans-serif",
    "font.size": 9,
    "text.parse_math": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "hier_rnn",
    "text.color": LIGHT["ink"],
    "axes.edgecolor": LIGHT["muted"],
    "axes.labelcolor": LIGHT["ink"],
    "xtick.color": LIGHT["muted"],
    "ytick.color": LIGHT["muted"],
    "xtick.labelcolor": LIGHT["ink"],
    "ytick.labelcolor": LIGHT["ink"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": LIGHT["rule"],
    "grid.linewidth": 0.7,
    "lines.linewidth": 1.8,
    "lines.markersize": 4.5,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "figure.facecolor": LIGHT["paper"],
    "axes.facecolor": "none",
}
_VARIABLES = {colour: f"var(--{name})" for name, colour in LIGHT.items()}


def inline_svg(figure: Figure, name: str, description: str) -> str:
    """Returns a figure as an `<svg>` element whose colours are the page's CSS variables.

    Args:
        figure: Drawn with the colours of the light theme.
        name: Makes the element's identifiers unique in the page.
        description: What a reader who cannot see it should be told.
    """
    with _drawing():
        buffer = io.StringIO()
        FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r'((?:xlink:)?href="|url\()#', rf"\1#{name}-", svg)
    svg = re.sub(r"#[0-9a-f]{6}\b", lambda match: _VARIABLES.get(match[0], match[0]), svg)
    svg = re.sub(r"(font(?:-family)?: [^;\"]*?)'[^;\"]*", r"\1var(--font)", svg)
    box = re.search(r'viewBox="[^"]*"', svg)[0]
    opening = f'<svg {box} role="img" aria-label="{html.escape(description)}">'
    return re.sub(r"<svg[^>]*>", lambda _: opening, svg, count=1)


def save_png(figure: Figure, path: Path) -> None:
    """Writes a figure as a PNG file, in the light theme's colours.

    Raises:
        UserError: The file cannot be written.
    """
    with _drawing(), write_atomically(path, "wb") as file:
        FigureCanvasAgg(figure)
        figure.savefig(file, format="png", dpi=PNG_DPI)


@contextlib.contextmanager
def _drawing() -> Iterator[None]:
    # Labels may be in a script that matplotlib's own font lacks; the page has the browser's fonts.
    with matplotlib.rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield
