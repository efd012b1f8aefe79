"""Which encoder a classifier starts from where nobody says."""

import logging
from pathlib import Path

import pytest

from hier_rnn.configuration.options import Configuration
from hier_rnn.sources.bundled import bundled
from hier_rnn.sources.source import open_source
from hier_rnn.storage.encoder_directory import EncoderDirectory
from hier_rnn.training.preparation.encoder_choice import (
    ENGLISH_SHARE,
    MANY,
    RECIPES,
    choose_encoder,
    english_share,
)

ENGLISH = [
    "where is my parcel? i ordered it two weeks ago",
    "A gorgeous, witty, seductive movie.",
    "Stocks rallied on Friday as oil prices fell to their lowest level in a month.",
    "What county is Modesto, California in ?",
    "i don't see the refund on my account!!",
]
OTHERS = [
    "¿Dónde está mi paquete? Lo pedí hace dos semanas y no ha llegado a la tienda.",
    "El señor Martínez dijo que en la ciudad de San José no hay agua desde el lunes.",
    "Où est mon colis ? Je l'ai commandé il y a deux semaines et le service est fermé.",
    "Wo ist mein Paket? Ich war in der Stadt, und die Dame am Schalter hat es nicht gesehen.",
    "Waar is mijn pakket? Ik heb het twee weken geleden besteld en het is nog niet hier.",
    "Dov'è il mio pacco? Ho ordinato due settimane fa e non è ancora arrivato a casa.",
    "Onde está a minha encomenda? Pedi há duas semanas e ainda não chegou a casa.",
    "Hvor er pakken min? Jeg bestilte den for to uker siden, og den er ikke her.",
    "Gdzie jest moja paczka? Zamówiłem ją dwa tygodnie temu i jeszcze nie dotarła.",
    "Di mana paket saya? Saya pesan dua minggu lalu dan belum sampai di rumah.",
    "Где моя посылка? Я заказал её две недели назад.",
    "배송이 정말 빨라서 좋아요",
    "这家酒店很好，房间干净",
    "",
]


def configured(**groups):
    return Configuration.model_validate(groups)


class Opened:
    """Texts that say whether they were read."""

    def __init__(self, spec):
        self.spec, self.read = spec, False

    def __call__(self):
        self.read = True
        return open_source(self.spec)


@pytest.fixture
def english_text():
    return Opened(bundled("train"))


@pytest.fixture
def german_text(tmp_path):
    path = tmp_path / "german.tsv"
    path.write_text(f"a\t{OTHERS[3]}\nb\tDas Wetter ist heute sehr schön\n" * 5, "utf-8")
    return Opened(str(path))


@pytest.mark.parametrize("text", ENGLISH)
def test_english(text):
    assert english_share([text]) >= ENGLISH_SHARE


@pytest.mark.parametrize("text", OTHERS)
def test_other_languages(text):
    assert english_share([text]) < ENGLISH_SHARE


def test_a_classifier_of_english_text_starts_from_the_encoder_of_the_package(english_text, caplog):
    caplog.set_level(logging.INFO, "hier_rnn")
    chosen = choose_encoder(Configuration(), None, english_text)
    assert chosen.data.encoder == chosen.encoder == "english"
    assert "starting from the English encoder" in caplog.text
    named = choose_encoder(configured(data={"encoder": "english"}), None, english_text)
    assert chosen == named


def test_one_of_another_language_does_not(german_text, caplog):
    caplog.set_level(logging.INFO, "hier_rnn")
    chosen = choose_encoder(Configuration(), None, german_text)
    assert chosen.data.encoder == "none" and chosen.encoder == "" and chosen.transferred == ()
    assert chosen.character_encoder == Configuration().character_encoder
    assert "starting without the English encoder" in caplog.text


@pytest.mark.parametrize(
    "given",
    [
        {"character_encoder": {"units": 31}},
        {"sentence_encoder": {"units": 31}},
        {"text": {"lowercase": None}},
        {"initializers": {"rules": [{"pattern": ".*/kernel", "initializer": "he_normal"}]}},
    ],
)
def test_options_that_contradict_it_win(given, english_text, caplog):
    if "text" in given:
        held = EncoderDirectory.find(Path("english")).read_configuration().text.lowercase
        given = {"text": {"lowercase": not held}}
    caplog.set_level(logging.INFO, "hier_rnn")
    chosen = choose_encoder(Configuration.model_validate(given), None, english_text)
    assert chosen.data.encoder == "none" and not english_text.read
    [group] = given
    assert f"starting without the English encoder: {group}." in caplog.text


def test_what_is_named_is_taken(german_text):
    configuration = configured(data={"encoder": "none"})
    assert choose_encoder(configuration, None, german_text) == configuration
    assert not german_text.read
    assert choose_encoder(configured(data={"encoder": "english"}), None, german_text).encoder


def test_many_labels_teach_a_sentence_encoder_of_their_own(english_text, caplog):
    caplog.set_level(logging.INFO, "hier_rnn")
    chosen = choose_encoder(Configuration(), None, english_text)
    assert chosen.transferred == ("character_encoder",) and chosen.warm_starts
    assert {name: getattr(chosen.training, name) for name in RECIPES["character"]} == RECIPES[
        "character"
    ]
    assert f"{MANY} labelled texts or more" in caplog.text


@pytest.mark.parametrize(("count", "parts"), [(MANY - 1, 2), (MANY, 1)])
def test_few_labels_begin_with_a_linear_head(tmp_path, count, parts, caplog):
    caplog.set_level(logging.INFO, "hier_rnn")
    path = tmp_path / "few.tsv"
    path.write_text("".join(f"{n % 2}\t{ENGLISH[n % 5]}\n" for n in range(count)), "utf-8")
    chosen = choose_encoder(Configuration(), None, Opened(str(path)))
    assert len(chosen.transferred) == parts
    assert chosen.warm_starts == (parts == 1)
    assert ("fewer than" in caplog.text) == (parts == 2)


def test_options_that_were_given_win_over_the_recipe(english_text):
    given = configured(training={"epochs": 9}, data={"transfer": "both"})
    chosen = choose_encoder(given, None, english_text)
    assert chosen.training.epochs == 9 and len(chosen.transferred) == 2
    assert chosen.training.encoder_learning_rate_multiplier == 0
    # A search may still choose what nobody gave.
    assert chosen.training.model_fields_set == {"epochs"}


@pytest.mark.parametrize("named", ["auto", "english"])
def test_a_run_goes_on_with_what_it_began_with(named, english_text, german_text):
    for recorded in (
        choose_encoder(Configuration(), None, english_text),
        choose_encoder(configured(data={"transfer": "both"}), None, english_text),
    ):
        again = choose_encoder(configured(data={"encoder": named}), recorded, german_text)
        assert again == recorded and not german_text.read


def test_a_run_from_nothing_goes_on_from_nothing(english_text):
    recorded = configured(data={"encoder": ""})  # as runs of before wrote it
    chosen = choose_encoder(Configuration(), recorded, english_text)
    assert chosen.data.encoder == "none" and not english_text.read


def test_a_directory_of_that_name_comes_first(tmp_path, monkeypatch):
    packaged = EncoderDirectory.find(Path("english")).path
    assert packaged.is_absolute() and (packaged / "README.md").is_file()
    monkeypatch.chdir(tmp_path)
    assert EncoderDirectory.find(Path("english")).path == packaged
    (tmp_path / "english").symlink_to(packaged, target_is_directory=True)
    assert EncoderDirectory.find(Path("english")).path == Path("english")
