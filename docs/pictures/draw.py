"""Draws the pictures of the documentation: `python docs/pictures/draw.py` writes them beside it.

They stand on white paper of their own, so that they can be read in any theme.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from pathlib import Path

INK, MUTED, RULE, PAPER = "#1c2024", "#57606b", "#c3cad2", "#ffffff"
BLUE, BLUE_PALE, ORANGE, ORANGE_PALE = "#0b6bb8", "#dcebfa", "#c4500b", "#fdeadb"
GREEN, GREEN_PALE, GREY_PALE = "#08805c", "#d8f1e7", "#eef1f4"
WIDTH = 760


class Picture:
    """An SVG that grows: boxes, circles, texts, arrows.

    Args:
        height: In pixels; it is 760 wide.
        description: What a reader who cannot see it should be told.
    """

    def __init__(self, height: int, description: str) -> None:
        self.height, self.description, self.parts = height, description, list[str]()

    def box(self, x, y, width, height, fill=PAPER, line=RULE, radius=5, dash="") -> None:
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(
            f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="{radius}" fill="{fill}"'
            f' stroke="{line}" stroke-width="1.4"{dashes}/>'
        )

    def circle(self, x, y, radius, fill=PAPER, line=RULE) -> None:
        self.parts.append(
            f'<circle cx="{x}" cy="{y}" r="{radius}" fill="{fill}" stroke="{line}"'
            ' stroke-width="1.4"/>'
        )

    def text(self, x, y, words, size=14, colour=INK, anchor="middle", weight=400, mono=False):
        family = ' font-family="ui-monospace, Menlo, Consolas, monospace"' if mono else ""
        self.parts.append(
            f'<text x="{x}" y="{y}" font-size="{size}" fill="{colour}" text-anchor="{anchor}"'
            f' font-weight="{weight}"{family}>{escape(words)}</text>'
        )

    def line(
        self, points: Iterable[tuple[float, float]], colour=MUTED, arrow=True, dash=""
    ) -> None:
        path = " ".join(f"{x},{y}" for x, y in points)
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        head = f' marker-end="url(#{colour[1:]})"' if arrow else ""
        self.parts.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.6"'
            f"{dashes}{head}/>"
        )

    def svg(self) -> str:
        heads = "".join(
            f'<marker id="{colour[1:]}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7"'
            f' markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="{colour}"/></marker>'
            for colour in (MUTED, BLUE, ORANGE, GREEN)
        )
        body = "\n".join(self.parts)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.height}"'
            f' width="{WIDTH}" height="{self.height}" role="img"'
            ' font-family="system-ui, -apple-system, Segoe UI, Roboto, DejaVu Sans, sans-serif">\n'
            f"<title>{escape(self.description)}</title>\n<defs>{heads}</defs>\n"
            f'<rect width="{WIDTH}" height="{self.height}" rx="10" fill="{PAPER}"/>\n'
            f"{body}\n</svg>\n"
        )


def model() -> Picture:
    picture = Picture(
        396,
        "A sentence goes letter by letter through one character GRU, the word vectors through a"
        " bidirectional LSTM, and its pooled states through a head to the class order_status.",
    )
    words = ("wheres", "my", "parcle??")
    for number, word in enumerate(words):
        centre = 150 + 210 * number
        left = centre - 11 * len(word)
        for place, letter in enumerate(word):
            picture.box(left + 22 * place, 22, 20, 26, BLUE_PALE, BLUE, 3)
            picture.text(left + 22 * place + 10, 41, letter, 15, mono=True)
        picture.line([(centre, 52), (centre, 76)])
        picture.box(centre - 66, 80, 132, 40, BLUE_PALE, BLUE)
        picture.text(centre, 105, "character GRU", 14, BLUE, weight=600)
        picture.line([(centre, 122), (centre, 150)])
        picture.box(centre - 40, 154, 80, 22, GREY_PALE)
        picture.text(centre, 170, "word vector", 12, MUTED)
        picture.line([(centre, 178), (centre, 206)])
        picture.box(centre - 60, 210, 120, 34, ORANGE_PALE, ORANGE)
        picture.text(centre, 232, "LSTM", 14, ORANGE, weight=600)
        if number:
            picture.line([(centre - 150, 220), (centre - 62, 220)], ORANGE)
            picture.line([(centre - 62, 234), (centre - 148, 234)], ORANGE)
        picture.line([(centre, 246), (centre, 264), (360, 264), (360, 280)], arrow=number == 1)
    picture.box(280, 282, 160, 30, ORANGE_PALE, ORANGE)
    picture.text(360, 302, "pooling over words", 13)
    picture.line([(360, 314), (360, 336)])
    picture.box(262, 340, 196, 36, GREEN_PALE, GREEN)
    picture.text(360, 363, "order_status  0.97", 15, GREEN, weight=600)
    for y, note in (
        (40, "letters"),
        (104, "one GRU"),
        (120, "for all words"),
        (232, "reads both"),
        (248, "ways"),
        (302, "max, mean, last"),
        (318, "or attention"),
    ):
        picture.text(752, y, note, 11.5, MUTED, "end")
    return picture


def trie() -> Picture:
    picture = Picture(
        300,
        "The words walk, walks, walking and talk have 20 characters, but only 12 distinct"
        " prefixes: the first three share the states of walk.",
    )
    picture.text(150, 28, "word by word: 20 steps", 14, weight=600)
    for row, word in enumerate(("walk", "walks", "walking", "talk")):
        for place, letter in enumerate(word):
            x, y = 44 + 32 * place, 56 + 56 * row
            shared = row in (1, 2) and place < 4
            picture.circle(x, y, 13, GREY_PALE if shared else BLUE_PALE, RULE if shared else BLUE)
            picture.text(x, y + 5, letter, 14, MUTED if shared else INK, mono=True)
            if place:
                picture.line([(x - 19, y), (x - 14, y)], arrow=False)
    picture.line([(278, 20), (278, 280)], RULE, arrow=False, dash="4 4")
    picture.text(520, 28, "by prefix: 12 steps, the same states", 14, weight=600)
    step, left = 58, 318
    branches = {
        "walk": [(left + step * (i + 1), 120) for i in range(4)],
        "talk": [(left + step * (i + 1), 230) for i in range(4)],
    }
    picture.circle(left, 175, 8, INK, INK)
    picture.text(left, 205, "initial", 11, MUTED)
    picture.text(left, 219, "state", 11, MUTED)
    for places in branches.values():
        before = (left, 175)
        for x, y in places:
            picture.line([before, (x, y)], arrow=False)
            before = (x, y)
    end = branches["walk"][-1]
    s, ing = (end[0] + step, 76), [(end[0] + step * (i + 1), 152) for i in range(3)]
    picture.line([end, s], arrow=False)
    picture.line([end, *ing], arrow=False)
    for word, places in (*branches.items(), ("s", [s]), ("ing", ing)):
        for letter, (x, y) in zip(word, places, strict=True):
            picture.circle(x, y, 14, BLUE_PALE, BLUE)
            picture.text(x, y + 5, letter, 15, mono=True)
    for (x, y), word in (
        (end, "walk"),
        (s, "walks"),
        (ing[-1], "walking"),
        (branches["talk"][-1], "talk"),
    ):
        picture.text(x, y - 20, word, 12.5, GREEN, weight=600)
        picture.circle(x + 11, y - 11, 4, GREEN, GREEN)
    return picture


def packed_sentences() -> Picture:
    picture = Picture(
        332,
        "Four sentences of 3, 6, 2 and 5 words: padded they take 24 cells at every layer, packed by"
        " falling length 16. Two stacked layers each have weights of their own.",
    )
    lengths = (3, 6, 2, 5)
    colours = (
        (BLUE_PALE, BLUE),
        (ORANGE_PALE, ORANGE),
        (GREEN_PALE, GREEN),
        ("#f3e3f2", "#983d96"),
    )
    picture.text(140, 28, "padded: 24 steps", 14, weight=600)
    picture.text(400, 28, "packed: 16 steps", 14, weight=600)
    for row, length in enumerate(lengths):
        for word in range(6):
            x, y = 44 + 32 * word, 48 + 34 * row
            fill, line = colours[row] if word < length else (PAPER, RULE)
            picture.box(x, y, 28, 28, fill, line, 3, "" if word < length else "3 3")
            if word >= length:
                picture.text(x + 14, y + 18, "pad", 10, MUTED)
    ranked = sorted(range(4), key=lambda row: -lengths[row])
    for rank, row in enumerate(ranked):
        for word in range(lengths[row]):
            picture.box(304 + 32 * word, 48 + 34 * rank, 28, 28, *colours[row], 3)
    for word in range(6):
        reach = sum(length > word for length in lengths)
        x = 304 + 32 * word
        picture.box(x - 2, 45, 32, 34 * reach, "none", INK, 4)
        picture.text(x + 14, 204, f"{reach}", 12.5, weight=600)
    picture.text(400, 224, "sentences at each step: one matrix product", 12, MUTED)
    picture.text(140, 204, "most work of short sentences", 12, MUTED)
    picture.text(140, 220, "is done on padding", 12, MUTED)
    picture.text(640, 28, "stacked", 14, weight=600)
    for y, name, fill, line in (
        (150, "lstm_0", ORANGE_PALE, ORANGE),
        (80, "lstm_1", GREEN_PALE, GREEN),
    ):
        picture.box(570, y, 140, 40, fill, line)
        picture.text(640, y + 25, name, 14, line, weight=600, mono=True)
    picture.line([(640, 148), (640, 124)])
    picture.line([(640, 214), (640, 194)])
    picture.line([(640, 78), (640, 56)])
    picture.text(640, 230, "word vectors", 12, MUTED)
    picture.box(44, 252, 672, 62, GREY_PALE, GREY_PALE)
    picture.text(
        60,
        278,
        "Across steps and sentences a layer's weights are shared; across layers they are not,",
        13.5,
        anchor="start",
    )
    picture.text(
        60,
        300,
        "unless share_layer_weights makes lstm_1 the same cell as lstm_0.",
        13.5,
        anchor="start",
    )
    return picture


def warm_start() -> Picture:
    picture = Picture(
        272,
        "Before it learns from labels, the encoder learns to spell: contexts of words are counted,"
        " become vectors, and the GRU learns to make them from spellings, misspelled ones too.",
    )
    steps = (
        ("your texts", "1,874 messages", GREY_PALE, RULE),
        ("counting", "what is near what", GREY_PALE, RULE),
        ("word vectors", "parcel ~ package", ORANGE_PALE, ORANGE),
        ("learn to spell", "p-a-r-c-l-e makes it", BLUE_PALE, BLUE),
        ("learn labels", "order_status", GREEN_PALE, GREEN),
    )
    for number, (name, what, fill, line) in enumerate(steps):
        x = 14 + 149 * number
        picture.box(x, 62, 128, 68, fill, line)
        picture.text(x + 64, 91, name, 14, weight=600)
        picture.text(x + 64, 113, what, 11.5, MUTED)
        if number:
            picture.line([(x - 19, 96), (x - 2, 96)])
    picture.line([(14, 44), (14, 34), (589, 34), (589, 44)], BLUE, arrow=False)
    picture.text(301, 26, "the warm start: words, before sentences", 13, BLUE, weight=600)
    picture.box(311, 168, 277, 82, BLUE_PALE, BLUE)
    for row, (spelling, known) in enumerate(
        (
            ("parcel", "as counted"),
            ("parcle", "made up: parcel's"),
            ("paarcel", "made up: parcel's"),
        )
    ):
        picture.text(326, 192 + 22 * row, spelling, 14, anchor="start", mono=True)
        picture.line([(398, 187 + 22 * row), (434, 187 + 22 * row)], BLUE)
        picture.text(440, 192 + 22 * row, known, 12.5, MUTED, "start")
    picture.line([(525, 166), (525, 134)], BLUE)
    return picture


def transfer() -> Picture:
    picture = Picture(
        292,
        "Of a run, the folder encoder/ is a model of its own: it starts another run, is a layer of"
        " a Keras model, or gives word vectors, without the sentence encoder and the head.",
    )
    picture.box(20, 40, 250, 224, GREY_PALE, RULE)
    picture.text(145, 30, "runs/messages", 14, weight=600, mono=True)
    for y, name, note, fill, line in (
        (58, "head", "8 classes", PAPER, RULE),
        (124, "sentence_encoder", "bidirectional LSTM", PAPER, RULE),
        (190, "character_encoder", "also by itself: encoder/", BLUE_PALE, BLUE),
    ):
        picture.box(38, y, 214, 52, fill, line)
        picture.text(145, y + 22, name, 14, weight=600, mono=True)
        picture.text(145, y + 41, note, 12, MUTED)
    goals = (
        (44, "another run: other labels", "hier-rnn train --encoder runs/messages/encoder"),
        (122, "a layer in a Keras model", 'CharacterEncoderLayer.load("runs/messages")'),
        (200, "word vectors in NumPy", 'hier_rnn.load_encoder("runs/messages")'),
    )
    for y, name, code in goals:
        picture.box(360, y, 384, 58, BLUE_PALE, BLUE)
        picture.text(376, y + 24, name, 14, anchor="start", weight=600)
        picture.text(376, y + 45, code, 12, MUTED, "start", mono=True)
        picture.line([(254, 216), (306, 216), (306, y + 29), (357, y + 29)], BLUE)
    return picture


def gates() -> Picture:
    picture = Picture(
        300,
        "An LSTM's kernel is one matrix of four gates side by side; an initializer's rule can name"
        " one gate, such as the forget gate's bias.",
    )
    names = ("input", "forget", "cell", "output")
    for row, (name, y, height) in enumerate(
        (("kernel", 50, 62), ("recurrent_kernel", 122, 62), ("bias", 194, 28))
    ):
        picture.text(146, y + height / 2 + 5, name, 13.5, anchor="end", mono=True)
        for number, gate in enumerate(names):
            chosen = row == 2 and gate == "forget"
            fill, line = (ORANGE_PALE, ORANGE) if chosen else (BLUE_PALE, BLUE)
            picture.box(160 + 128 * number, y, 122, height, fill, line, 3)
            if row == 0:
                picture.text(221 + 128 * number, 38, gate, 14, weight=600)
            value = ("Glorot", "orthogonal", "2" if chosen else "0")[row]
            picture.text(
                221 + 128 * number,
                y + height / 2 + 5,
                value,
                13,
                ORANGE if chosen else MUTED,
                weight=600 if chosen else 400,
            )
    picture.line([(349, 264), (349, 226)], ORANGE)
    picture.text(
        349, 284, 'pattern "sentence_encoder/.*/bias", gate "forget": constant 2', 13, mono=True
    )
    picture.text(690, 84, "each gate", 12, MUTED, "start")
    picture.text(690, 100, "drawn by", 12, MUTED, "start")
    picture.text(690, 116, "itself", 12, MUTED, "start")
    return picture


def initial_states() -> Picture:
    picture = Picture(
        262,
        "The state before the first word is a weight that the gradient reaches; at the border of a"
        " segment the forward state is carried on, and the gradient stops.",
    )
    picture.box(20, 92, 104, 62, ORANGE_PALE, ORANGE)
    picture.text(72, 118, "initial state", 13, weight=600)
    picture.text(72, 138, "h and c, learned", 11.5, MUTED)
    xs = [172, 262, 352, 492, 582, 672]
    for number, x in enumerate(xs):
        picture.box(x, 98, 62, 50, BLUE_PALE, BLUE)
        picture.text(x + 31, 128, "LSTM", 13, BLUE, weight=600)
        picture.text(x + 31, 190, f"word {number + 1}", 12, MUTED)
        picture.line([(x + 31, 176), (x + 31, 151)])
        before = 124 if number == 0 else xs[number - 1] + 62
        if number != 3:
            picture.line([(before, 123), (x - 2, 123)], ORANGE if number == 0 else MUTED)
    picture.line([(414, 123), (490, 123)], GREEN)
    picture.text(452, 112, "carried", 12, GREEN, weight=600)
    picture.line([(452, 140), (452, 214)], RULE, arrow=False, dash="4 4")
    for left, right, name in ((172, 414, "segment 1"), (492, 734, "segment 2")):
        picture.line([(left, 206), (left, 214), (right, 214), (right, 206)], MUTED, arrow=False)
        picture.text((left + right) / 2, 236, name, 13)
    for a, b in ((412, 128), (732, 496)):
        picture.line([(a, 70), (b, 70)], ORANGE, dash="5 4")
    picture.text(270, 58, "gradient: as far as the initial state", 12, ORANGE)
    picture.text(614, 58, "gradient: stops at the border", 12, ORANGE)
    picture.text(452, 252, "sentence_encoder.segment_words = 3", 12, MUTED, mono=True)
    return picture


PICTURES = (model, trie, packed_sentences, warm_start, transfer, gates, initial_states)


def drawn() -> dict[str, str]:
    """Returns every picture's file name and content."""
    return {f"{make.__name__.replace('_', '-')}.svg": make().svg() for make in PICTURES}


if __name__ == "__main__":
    for name, content in drawn().items():
        Path(__file__).with_name(name).write_text(content, "utf-8")
