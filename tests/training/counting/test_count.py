"""Counts in a directory: those of a double loop, whoever counts, and nothing else is read."""

from __future__ import annotations

import gzip
import json
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hier_rnn.configuration.options import Configuration
from hier_rnn.errors import UserError
from hier_rnn.sources.source import open_source
from hier_rnn.storage.counts_directory import CountsDirectory, list_files
from hier_rnn.text.subtokens import subtokens
from hier_rnn.text.tokenizer import Tokenizer
from hier_rnn.training.counting import local
from hier_rnn.training.counting.count import count
from hier_rnn.training.word_vectors import cooccurrence, pair_sums
from hier_rnn.training.word_vectors.cooccurrence import UNIT, count_contexts
from hier_rnn.training.word_vectors.from_counts import take_counts_options, targets_from_counts
from hier_rnn.training.word_vectors.targets import targets_from_text

WINDOW = 3


def configuration(*sources: Path, **pretraining) -> Configuration:
    options = {"minimum_count": 1, "window": WINDOW, "dimensions": 6, **pretraining}
    return Configuration.model_validate(
        {
            "data": {"text": tuple(map(str, sources))},
            "text": {"words": "whitespace"},
            "pretraining": options,
        }
    )


def texts_of(made: Configuration) -> list[list[str]]:
    words = Tokenizer(made.text)
    return [words(one.text) for one in open_source(made.data.text, labelled=False)]


def brute_force(texts: list[list[str]]):
    """Near and adjacent pairs in units, and the texts of each subtoken."""
    near, adjacent, stands = Counter(), Counter(), set()
    for number, words in enumerate(texts):
        parts = [part for word in words for part in subtokens(word)]
        stands |= {(number, part) for part in parts}
        for i, one in enumerate(parts):
            for distance in range(1, max(WINDOW, 2) + 1):
                if i + distance < len(parts):
                    pair = one, parts[i + distance]
                    near[pair] += UNIT // distance
                    adjacent[pair] += UNIT // distance * (distance <= 2)
    return near, +adjacent, stands


def tables(counts: CountsDirectory, texts: list[list[str]]):
    """What a directory holds, by spelling, as `brute_force`."""
    parts = Counter(part for words in texts for word in words for part in subtokens(word))
    known = sorted(parts, key=lambda part: (-parts[part], part))
    found = []
    for table in ("near", "adjacent"):
        pairs = {}
        for keys, weights in counts.tables(table):
            for key, weight in zip(keys.tolist(), weights.tolist(), strict=True):
                row, column = divmod(key, len(known))
                assert (known[row], known[column]) not in pairs
                pairs[known[row], known[column]] = weight
        found.append(pairs)
    stands = [divmod(key, len(known)) for keys in counts.text_keys() for key in keys.tolist()]
    assert len(set(stands)) == len(stands)
    return *found, {(number, known[part]) for number, part in stands}


@settings(max_examples=12)
@given(
    texts=st.lists(st.text(st.characters(codec="utf-8"), max_size=20), min_size=1, max_size=8),
    cut=st.integers(0, 8),
    files=st.sampled_from([1, 3]),
    at_once=st.sampled_from([1, 5, 1000]),
)
def test_counts_of_any_unicode_are_those_of_a_double_loop(
    tmp_path_factory, texts, cut, files, at_once
):
    folder = tmp_path_factory.mktemp("counts")
    sources = []
    for number, part in enumerate((texts[:cut], texts[cut:])):
        if part:
            sources.append(folder / f"{number}.jsonl")
            sources[-1].write_text("".join(json.dumps({"text": text}) + "\n" for text in part))
    made = configuration(*sources, maximum_types=max(2, at_once))
    read = texts_of(made)
    words = Counter(word for text in read for word in text)
    assume(len({part for word in words for part in subtokens(word)}) > 1)
    assume(len(words) <= made.pretraining.maximum_types)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cooccurrence, "BUFFERED_WORDS", at_once)
        patch.setattr(pair_sums, "BUFFERED_PAIRS", at_once)
        patch.setattr(pair_sums, "HELD_PAIRS", at_once)
        record = count(made, folder / "out", files=files)
    counts = CountsDirectory(folder / "out")
    assert dict(counts.words()) == words
    assert (record.texts, record.tokens) == (len(texts), words.total())
    near, adjacent, stands = brute_force(read)
    assert tables(counts, read) == (near, adjacent, stands)


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> list[Path]:
    """Text in files of several formats."""
    folder = tmp_path_factory.mktemp("sources")
    generator = np.random.default_rng(0)
    words = ["der", "die", "Haus.", "don't", "Café", "日本", "läuft", "rot", "grün", "(blau)", "!"]
    lines = [" ".join(generator.choice(words, 12)) for _ in range(300)]
    lines[7] = ""
    first, second, third = lines[:100], lines[100:180], lines[180:]
    (folder / "a.txt").write_text("\n".join(first) + "\n", "utf-8")
    with gzip.open(folder / "b.tsv.gz", "wt", encoding="utf-8") as file:
        file.write("text\tid\n" + "".join(f"{line}\t{n}\n" for n, line in enumerate(second)))
    import pyarrow
    import pyarrow.parquet

    pyarrow.parquet.write_table(pyarrow.table({"text": third}), folder / "c.parquet")
    return [folder / "[abc].*"]


@pytest.fixture(scope="module")
def counted(sources, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("counted") / "counts"
    count(configuration(*sources), out)
    return out


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def copy(counted, tmp_path) -> Path:
    return Path(shutil.copytree(counted, tmp_path / "copy"))


def with_counts(path: Path, **pretraining) -> Configuration:
    groups = {"data": {"counts": str(path)}, "pretraining": {"dimensions": 6, **pretraining}}
    return Configuration.model_validate(groups)


def test_targets_are_those_of_the_text_itself_bit_for_bit(counted, sources):
    made = configuration(*sources)
    texts = texts_of(made)
    own = targets_from_text(texts, made.pretraining, made.seed)
    taken = take_counts_options(with_counts(counted))
    assert taken.pretraining.window == WINDOW and taken.text.words == "whitespace"
    found = targets_from_counts(CountsDirectory(counted), taken)
    assert (found.words, found.metadata) == (own.words, own.metadata)
    assert np.array_equal(found.counts, own.counts)
    assert np.array_equal(found.vectors, own.vectors)


def test_so_they_are_where_not_all_has_room(counted, sources, monkeypatch):
    from hier_rnn.training.word_vectors import from_counts

    made = configuration(*sources)
    texts = texts_of(made)
    known = CountsDirectory(counted).record.subtokens
    whole = targets_from_text(texts, made.pretraining)
    monkeypatch.setattr(from_counts, "MAXIMUM_PAIRS", 40)
    monkeypatch.setattr(
        from_counts, "contexts_of", lambda *given: cooccurrence.contexts_of(*given, 40)
    )
    monkeypatch.setattr(
        "hier_rnn.training.word_vectors.targets.count_contexts",
        lambda *given: count_contexts(*given, 40),
    )
    own = targets_from_text(texts, made.pretraining)
    found = targets_from_counts(CountsDirectory(counted), take_counts_options(with_counts(counted)))
    assert 0 < own.metadata["forgotten_pairs"] < 1 and own.metadata["text_share"] < 1
    assert found.metadata == own.metadata and np.array_equal(found.vectors, own.vectors)
    assert known and not np.array_equal(own.vectors, whole.vectors)


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        (),
        ("direct_num_workers=2", "direct_running_mode=multi_processing"),
    ],
)
def test_beam_counts_the_same_to_the_last_byte(counted, sources, tmp_path, options):
    pytest.importorskip("apache_beam")
    count(
        configuration(*sources),
        tmp_path / "out",
        runner="DirectRunner",
        runner_options=options,
    )
    assert content(tmp_path / "out") == content(counted)


@pytest.mark.slow
def test_beam_hands_on_what_it_cannot_hold(counted, sources, tmp_path, monkeypatch):
    pytest.importorskip("apache_beam")
    from hier_rnn.training.counting import pipeline

    for module, name in (
        (pipeline, "HELD_TYPES"),
        (pair_sums, "WAITING_PAIRS"),
        (cooccurrence, "BUFFERED_WORDS"),
        (pair_sums, "HELD_PAIRS"),
    ):
        monkeypatch.setattr(module, name, 20)
    runner = "apache_beam.runners.portability.fn_api_runner.FnApiRunner"  # in this process
    count(configuration(*sources), tmp_path / "out", runner=runner)
    assert content(tmp_path / "out") == content(counted)


@pytest.mark.slow
def test_a_mistake_that_a_worker_meets_is_told_as_ever(sources, tmp_path):
    pytest.importorskip("apache_beam")
    (tmp_path / "bad.txt").write_bytes(b"good\n" * 20 + b"\xff\n")
    with pytest.raises(UserError, match=r"bad.txt:21: not UTF-8"):
        count(configuration(tmp_path / "bad.txt"), tmp_path / "out", runner="DirectRunner")
    assert [path.name for path in tmp_path.iterdir()] == ["bad.txt"]


@pytest.mark.slow
def test_standard_input_is_for_this_process_alone(tmp_path):
    pytest.importorskip("apache_beam")
    with pytest.raises(UserError, match="a runner needs files"):
        count(configuration(Path("-")), tmp_path / "out", runner="DirectRunner")


@pytest.mark.slow
def test_a_runner_that_is_none_is_told(sources, tmp_path):
    pytest.importorskip("apache_beam")
    with pytest.raises(UserError, match="NoRunner"):
        count(configuration(*sources), tmp_path / "out", runner="NoRunner")


def test_without_beam_a_runner_is_a_mistake(sources, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"hier_rnn\[beam\]"):
        count(configuration(*sources), tmp_path / "out", runner="DirectRunner")
    with pytest.raises(UserError, match="need a runner"):
        count(configuration(*sources), tmp_path / "out", runner_options=["x=1"])


def test_what_is_interrupted_leaves_nothing(sources, tmp_path, monkeypatch):
    monkeypatch.setattr(local, "TEXTS_BETWEEN_EVENTS", 50)

    def interrupt(event):
        if event.name == "counting contexts":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        count(configuration(*sources), tmp_path / "out", on_event=interrupt)
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_stays_unless_it_is_counts_and_by_force(sources, copy, tmp_path):
    made = configuration(*sources)
    before = content(copy)
    with pytest.raises(UserError, match="holds counts already"):
        count(made, copy)
    assert content(copy) == before
    count(made, copy, files=2, force=True)
    assert CountsDirectory(copy).record.files == 2
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mine").touch()
    with pytest.raises(UserError, match="holds no counts"):
        count(made, tmp_path / "other", force=True)
    with pytest.raises(UserError, match="1 to 1,000"):
        count(made, tmp_path / "new", files=0)


def test_too_little_text_is_told(tmp_path):
    (tmp_path / "a.txt").write_text("one\n")
    with pytest.raises(UserError, match="too little text"):
        count(configuration(tmp_path / "a.txt"), tmp_path / "out")
    with pytest.raises(UserError, match="no file matches"):
        count(configuration(tmp_path / "b*.txt"), tmp_path / "out")


def targets(path: Path):
    return targets_from_counts(CountsDirectory(path), take_counts_options(with_counts(path)))


@pytest.mark.parametrize("name", ["words", "near", "adjacent", "text"])
def test_a_damaged_or_missing_file_is_named(copy, name):
    path = max(copy.glob(f"{name}-*"), key=lambda path: path.stat().st_size)
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)
    with pytest.raises(UserError, match=f"{path.name}: damaged"):
        targets(copy)
    path.unlink()
    with pytest.raises(UserError, match=f"{path.name}: missing"):
        targets(copy)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("near", lambda array: array[:, ::-1]),
        ("near", lambda array: array + 1),
        ("near", lambda array: -array),
        ("near", lambda array: array.astype(np.float64)),
        ("near", lambda array: array[0]),
        ("near", lambda array: np.stack([array[0], array[1] + (1 << 62)])),
        ("adjacent", lambda array: array * 10**6),
        ("text", lambda array: np.stack([array, array])),
        ("text", lambda array: array + 10**12),
    ],
)
def test_numbers_that_cannot_be_are_refused_though_their_checksum_is_right(copy, name, change):
    path = next(path for path in sorted(copy.glob(f"{name}-*")) if np.load(path).shape[-1] > 1)
    np.save(path, change(np.load(path)))
    list_files(copy)
    with pytest.raises(UserError, match=f"{path.name}: damaged"):
        targets(copy)


@pytest.mark.parametrize("line", ['["x"]', '["x", -1]', "[1, 1]", "{", '["zzz", 1]\n["aaa", 2]'])
def test_words_that_cannot_be_are_refused(copy, line):
    path = sorted(copy.glob("words-*"))[0]
    path.write_text(f"{line}\n")
    list_files(copy)
    with pytest.raises(UserError, match=rf"{path.name}:\d: damaged"):
        targets(copy)


@pytest.mark.parametrize(
    "change",
    [{"files": 0}, {"files": "16"}, {"subtokens": -1}, {"options": {}}, {"texts": None}],
)
def test_a_record_that_cannot_be_is_refused(copy, change):
    path = copy / "counts.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    list_files(copy)
    with pytest.raises(UserError, match="counts.json: damaged"):
        CountsDirectory(copy)


def test_counts_of_other_subtokens_are_refused(copy):
    path = copy / "counts.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "subtokens_fingerprint": "x"}))
    list_files(copy)
    with pytest.raises(UserError, match="Count again"):
        targets(copy)


def test_what_is_no_directory_of_counts_is_refused(copy, tmp_path, small_run):
    for path, message in (
        (tmp_path / "nothing", "no such directory"),
        (small_run, "not the directory of a counts"),
        (tmp_path, "not a directory of counts"),
    ):
        with pytest.raises(UserError, match=message):
            CountsDirectory(path)
    (copy / "manifest.json").unlink()
    with pytest.raises(UserError, match="not a directory of counts"):
        CountsDirectory(copy)


def test_options_that_contradict_the_counts_are_refused(counted, sources):
    with pytest.raises(UserError, match=r"pretraining.window: 4 contradicts .* made with 3"):
        take_counts_options(with_counts(counted, window=4))
    made = with_counts(counted)
    lower = made.text.model_copy(update={"lowercase": True})
    lower = type(lower).model_validate({"lowercase": True})
    with pytest.raises(UserError, match=r"text.lowercase: True contradicts"):
        take_counts_options(made.model_copy(update={"text": lower}))
    with pytest.raises(UserError, match="objective word-vectors"):
        take_counts_options(with_counts(counted, objective="next-character"))
    both = made.model_copy(
        update={"data": made.data.model_copy(update={"text": (str(sources[0]),)})}
    )
    with pytest.raises(UserError, match="counted already"):
        take_counts_options(both)
