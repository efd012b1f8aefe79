"""TensorFlow Datasets: a small one is prepared here, then read by name, split and columns."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import pytest
import tensorflow_datasets as tfds

from hier_rnn.errors import UserError
from hier_rnn.sources.sampling.split import stratified_split
from hier_rnn.sources.source import open_source

TEXTS = ["good", "", "schön 😀\nzwei", "bad"]


class SmallReviews(tfds.core.GeneratorBasedBuilder):
    """A few reviews with labels of every kind."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        features = {
            "text": tfds.features.Text(),
            "label-coarse": tfds.features.ClassLabel(names=["neg", "pos"]),
            "label-fine": tfds.features.ClassLabel(num_classes=3),
            "stars": np.int64,
            "language": tfds.features.Text(),
            "words": tfds.features.Sequence(tfds.features.Text()),
            "topics": tfds.features.Sequence(tfds.features.ClassLabel(names=["food", "price"])),
        }
        return self.dataset_info_from_configs(features=tfds.features.FeaturesDict(features))

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples(60), "test": self._generate_examples(4)}

    def _generate_examples(self, size):
        for i in range(size):
            yield (
                i,
                {
                    "text": TEXTS[i % 4] + (f" {i}" if i >= 4 else ""),
                    "label-coarse": i % 2,
                    "label-fine": i % 3,
                    "stars": i % 5,
                    "language": "",
                    "words": ["a", "b"],
                    "topics": ["food", "price"][: i % 3],
                },
            )


class SingleLabel(tfds.core.GeneratorBasedBuilder):
    """One class label and one text, under other names than the usual, in two configurations."""

    VERSION = tfds.core.Version("2.1.0")
    BUILDER_CONFIGS = tuple(tfds.core.BuilderConfig(name=name) for name in ("plain", "broken"))

    def _info(self):
        features = {
            "sentence": tfds.features.Text(),
            "intent": tfds.features.ClassLabel(names=["buy", "sell"]),
        }
        return self.dataset_info_from_configs(features=tfds.features.FeaturesDict(features))

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples()}

    def _generate_examples(self):
        yield 0, {"sentence": "one", "intent": "buy"}
        if self.builder_config.name == "broken":
            yield 1, {"sentence": b"caf\xe9", "intent": -1}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tfds")
    SmallReviews(data_dir=folder).download_and_prepare()
    for name in ("plain", "broken"):
        SingleLabel(data_dir=folder, config=name).download_and_prepare()
    return str(folder)


def read(spec, data_dir, label_column="label-coarse", **options):
    return list(open_source(spec, label_column, tfds_data_dir=data_dir, **options))


def test_default_split_and_class_names(data_dir):
    source = open_source("tfds:small_reviews", "label-coarse", tfds_data_dir=data_dir)
    first, again = list(source), list(source)
    assert first == again
    assert len(first) == 60
    assert {example.label for example in first} == {"neg", "pos"}
    assert first[29].where == "tfds:small_reviews:train example 30"


def test_several_labels(data_dir):
    found = read("tfds:small_reviews:test", data_dir, "words", multi_label=True)
    assert [(example.label, example.labels) for example in found] == [(None, ("a", "b"))] * 4
    found = read("tfds:small_reviews:test", data_dir, "topics", multi_label=True)
    # TFDS decides the order.
    assert sorted(e.labels for e in found) == [(), (), ("food",), ("food", "price")]


@pytest.mark.slow
def test_nothing_but_the_examples_is_shown(data_dir):
    code = (
        "import sys; from hier_rnn.sources.source import open_source;"
        "source = open_source('tfds:small_reviews', 'label-coarse', tfds_data_dir=sys.argv[1]);"
        "print(len(list(source)))"
    )
    command = [sys.executable, "-c", code, data_dir]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert (ran.stdout, ran.stderr) == ("60\n", "")


def test_texts_come_unchanged(data_dir):
    examples = read("tfds:small_reviews:test", data_dir)
    assert sorted((example.text, example.label) for example in examples) == sorted(
        zip(TEXTS, ["neg", "pos"] * 2, strict=True)
    )


@pytest.mark.parametrize(
    ("split", "size"),
    [
        ("train[:90%]", 54),
        ("train[90%:]", 6),
        ("train[-7:]", 7),
        ("train[:3]+test", 7),
        ("train+test", 64),
        ("all", 64),
    ],
)
def test_splits_are_written_as_in_tfds(data_dir, split, size):
    assert len(read(f"tfds:small_reviews:{split}", data_dir)) == size


def test_slices_partition(data_dir):
    whole = [example.text for example in read("tfds:small_reviews", data_dir)]
    parts = [read(f"tfds:small_reviews:train[{s}]", data_dir) for s in (":90%", "90%:")]
    assert [example.text for part in parts for example in part] == whole


def test_label_columns(data_dir):
    for column, names in {
        "label-fine": {"0", "1", "2"},
        "stars": {"0", "1", "2", "3", "4"},
    }.items():
        examples = read("tfds:small_reviews", data_dir, column)
        assert {example.label for example in examples} == names
    examples = read("tfds:small_reviews:test", data_dir, "nothing", labelled=False)
    assert [example.label for example in examples] == [None] * 4


def test_the_only_label_and_the_only_text_need_no_name(data_dir):
    (example,) = open_source("tfds:single_label/plain", tfds_data_dir=data_dir)
    assert example[:2] == ("buy", "one")
    assert read("tfds:single_label/plain:2.1.0:train", data_dir, "intent")[0] == (
        example._replace(where="tfds:single_label/plain:2.1.0:train example 1")
    )


def test_bad_examples(data_dir):
    with pytest.raises(UserError, match="broken:train example .: (no label|not UTF-8)"):
        list(open_source("tfds:single_label/broken", tfds_data_dir=data_dir))
    with pytest.raises(UserError, match="broken:train example .: not UTF-8: byte 0xe9 at posit"):
        list(open_source("tfds:single_label/broken", tfds_data_dir=data_dir, labelled=False))


@pytest.mark.parametrize(
    ("spec", "column", "message"),
    [
        ("tfds:small_review", "x", "not prepared in .*mean 'small_reviews:1.0.0'.*single_label/pl"),
        ("tfds:imdb_reviews", "x", "tfds:imdb_reviews is not prepared in"),
        ("tfds:single_label/x", "x", "tfds:single_label/x is not prepared in"),
        ("tfds:small_reviews:3.0.0", "x", "small_reviews:3.0.0 is not prepared"),
        ("tfds:small_reviews:tset", "stars", "no split 'tset'.*mean 'test'.*'train', 'test'"),
        ("tfds:small_reviews:train[:x]", "stars", r"no split 'train\[:x\]'.*'train\[:90%\]'"),
        ("tfds:small_reviews:train[:61]", "stars", "no split .*incompatible with 60"),
        ("tfds:small_reviews:train[:0]", "stars", "the split .* is empty"),
        ("tfds:small_reviews:train[5:2]", "stars", "the split .* is empty"),
        (
            "tfds:small_reviews",
            "label",
            "'label' is unknown.*'label-coarse', 'label-fine'.*'words'.*data.label_column",
        ),
        ("tfds:small_reviews", "words", "more than one label: 'a', 'b'.*data.multi_label true"),
        ("tfds:", "x", r"written tfds:NAME\[/CONFIG\]\[:SPLIT\]"),
        ("tfds:a b", "x", "tfds:a b is not prepared"),
        ("tfds:single_label", "x", "several configurations: .*'single_label/broken:2.1.0'"),
    ],
)
def test_mistakes(data_dir, spec, column, message):
    with pytest.raises(UserError, match=message) as error:
        read(spec, data_dir, column)
    assert "\n" not in str(error.value)


def test_unknown_text_column(data_dir):
    with pytest.raises(UserError, match="column 'txt' is unknown. Did you mean 'text'"):
        read("tfds:small_reviews", data_dir, text_column="txt")
    with pytest.raises(UserError, match="column 'stars' holds no text"):
        read("tfds:small_reviews", data_dir, text_column="stars")


def test_no_data_dir(tmp_path):
    with pytest.raises(UserError, match="data.tfds_data_dir .*nowhere: no such folder"):
        read("tfds:small_reviews", str(tmp_path / "nowhere"))
    with pytest.raises(UserError, match="is not prepared in .* There is nothing"):
        read("tfds:small_reviews", str(tmp_path))


@pytest.mark.parametrize("damage", ["shorten data", "remove data", "shorten dataset_info.json"])
def test_damaged_files(data_dir, tmp_path, damage):
    shutil.copytree(data_dir, tmp_path / "copy")
    folder = tmp_path / "copy" / "small_reviews" / "1.0.0"
    file = folder / "dataset_info.json"
    if damage.endswith("data"):
        (file,) = folder.glob("*train.tfrecord*")
    if damage.startswith("remove"):
        file.unlink()
    else:
        os.truncate(file, file.stat().st_size - 100)
    with pytest.raises(UserError, match="tfds:small_reviews: .*(damaged or missing|can't read)"):
        read("tfds:small_reviews", str(tmp_path / "copy"))


def test_splitting_a_data_set(data_dir):
    source = open_source("tfds:small_reviews", "label-coarse", tfds_data_dir=data_dir)
    train, held_out = stratified_split(source, 0.1, seed=1)
    assert (len(list(train)), len(list(held_out))) == (54, 6)


class Nested(tfds.core.GeneratorBasedBuilder):
    """Features within features, as in amazon_us_reviews, and a label of every kind."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        data = {
            "review_body": tfds.features.Text(),
            "verified": np.bool_,
            "stars": np.int32,
            "kind": tfds.features.ClassLabel(names=["a", "b"]),
            "helpful": np.float32,
        }
        features = {"data": data, "language": tfds.features.Text()}
        return self.dataset_info_from_configs(features=tfds.features.FeaturesDict(features))

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples()}

    def _generate_examples(self):
        for i in range(2):
            data = {
                "review_body": f"text {i}",
                "verified": bool(i),
                "stars": i,
                "kind": i,
                "helpful": 0.5,
            }
            yield i, {"data": data, "language": " en "}


@pytest.fixture(scope="module")
def nested(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nested")
    Nested(data_dir=folder).download_and_prepare()
    return str(folder)


@pytest.mark.parametrize(
    ("column", "labels"),
    [
        ("data/verified", {"false", "true"}),
        ("data/stars", {"0", "1"}),
        ("data/kind", {"a", "b"}),
        ("language", {"en"}),
        ("label", {"a", "b"}),  # the only class label
    ],
)
def test_nested_features_and_labels_of_every_kind(nested, column, labels):
    examples = read("tfds:nested", nested, column, text_column="data/review_body")
    assert {example.label for example in examples} == labels
    assert {example.text for example in examples} == {"text 0", "text 1"}


def test_what_can_be_read_is_named(nested):
    with pytest.raises(
        UserError,
        match="'data/helpful' holds no label.*'data/kind', 'data/review_body', 'data/stars'",
    ):
        read("tfds:nested", nested, "data/helpful", text_column="data/review_body")
    with pytest.raises(UserError, match="'text' is unknown.*'data/review_body', 'language'"):
        read("tfds:nested", nested, "data/kind")


EVIL = "runs_of_a_stranger.evil.Text"


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("tensorflow_datasets.core.features.text_feature.Text", EVIL),
        lambda text: text.replace(
            "tensorflow_datasets.core.features.class_label_feature.ClassLabel", EVIL
        ),
        lambda text: text.replace(
            "tensorflow_datasets.core.features.features_dict.FeaturesDict", EVIL
        ),
        lambda text: text.replace("pythonClassName", "python_class_name").replace(
            "tensorflow_datasets.core.features.text_feature.Text", EVIL
        ),
        lambda text: '{"type": "' + EVIL + '", "content": {}}',
        lambda text: text.replace("text_feature.Text", "../../evil.Text"),
    ],
)
def test_a_module_named_by_the_data_is_not_imported(nested, tmp_path, monkeypatch, change):
    shutil.copytree(nested, tmp_path / "data")
    package = tmp_path / "runs_of_a_stranger"
    package.mkdir()
    (package / "evil.py").write_text(f"open({str(tmp_path / 'EXECUTED')!r}, 'w').close()\n")
    monkeypatch.syspath_prepend(tmp_path)
    path = tmp_path / "data" / "nested" / "1.0.0" / "features.json"
    changed = change(path.read_text())
    assert EVIL in changed or "../evil" in changed
    path.write_text(changed)
    with pytest.raises(UserError, match="names the Python class .*refused"):
        read("tfds:nested", str(tmp_path / "data"), "label")
    assert not (tmp_path / "EXECUTED").exists()


def test_a_class_that_the_program_has_imported_is_let_through(tmp_path):
    class OwnText(tfds.features.Text):
        pass

    class OwnReviews(SingleLabel):
        BUILDER_CONFIGS = (tfds.core.BuilderConfig(name="plain"),)

        def _info(self):
            features = {
                "sentence": OwnText(),
                "intent": tfds.features.ClassLabel(names=["buy", "sell"]),
            }
            return self.dataset_info_from_configs(features=tfds.features.FeaturesDict(features))

    OwnReviews(data_dir=tmp_path, config="plain").download_and_prepare()
    (example,) = open_source("tfds:own_reviews", tfds_data_dir=str(tmp_path))
    assert example[:2] == ("buy", "one")


@pytest.mark.parametrize(
    "content", ["", "[" * 100_000, "[]", "{}", '{"pythonClassName": 1}', "\xff"]
)
def test_damaged_descriptions(nested, tmp_path, content):
    shutil.copytree(nested, tmp_path / "data")
    path = tmp_path / "data" / "nested" / "1.0.0" / "features.json"
    path.write_text(content, "latin-1")
    with pytest.raises(UserError, match="tfds:nested: "):
        read("tfds:nested", str(tmp_path / "data"), "label")
