"""What columns are usually called: the words that tell a header, its label and its text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hier_rnn.text.normalization import normalize

_LABELS = """
label labels class classes category categories target targets sentiment sentiments intent intents
topic topics tag tags polarity emotion emotions genre rating stars score spam toxic toxicity
stance outcome annotation gold y kind type types group cat verdict mood decision result department
priority urgency severity grade flag theme themes aspect domain subcategory code
étiquette etiquette classe classes catégorie categorie sentiment klasse kategorie stimmung thema
etiqueta clase categoría categoria sentimiento sentimento etichetta rótulo rotulo categoria klass
kategori etikett etiket luokka kategoria etykieta klasa
метка класс категория тональность тема мітка клас категорія
ラベル クラス カテゴリ カテゴリー 分類 感情 标签 類別 类别 分类 情感 標籤
라벨 레이블 분류 감정 범주 유형 종류
type typ soort groep gevoel art gruppe bewertungsklasse anliegen bezeichnung note urteil
genre thème theme tipo tipología humor puntuación nota calificación ánimo sinif sınıf duygu etiket
kategorija třída druh címke osztály érzelem ετικέτα κατηγορία κλάση συναίσθημα תווית קטגוריה رده
التصنيف تصنيف الفئة فئة المشاعر وسم برچسب دسته احساس लेबल श्रेणी वर्ग भावना ป้าย หมวดหมู่ ประเภท
nhãn loại lớp kelas kategorija clasă categorie оценка тип тема група настроение
種別 種類 評価 类型 標記 标记 评价 类 type
"""

_TEXTS = """
text texts message messages msg review reviews tweet tweets comment comments sentence sentences
content body description document doc utterance question query headline sms email mail post
phrase feedback request transcript abstract statement statements snippet notes ticket issue
remark opinion opinions article story passage paragraph utterances dialog dialogue chat question
questions posts reply response complaint narrative
texte phrase commentaire avis contenu nachricht satz kommentar bewertung beschreibung inhalt
rezension mensaje texto frase comentario reseña contenido opinión opinion mensagem comentário
conteúdo testo messaggio frase commento recensione contenuto tekst bericht zin opmerking melding
meddelande text kommentar mening viesti teksti wiadomość treść opinia
текст сообщение отзыв комментарий предложение повідомлення відгук коментар
テキスト 本文 文章 内容 コメント 文 レビュー 文本 评论 正文 句子 文字 內容 評論
텍스트 내용 문장 리뷰 댓글 본문 메시지 질문 문의
metin yorum mesaj cümle szöveg üzenet vélemény věta zpráva komentář κείμενο μήνυμα σχόλιο πρόταση
טקסט הודעה ביקורת نص النص رسالة تعليق مراجعة جملة متن نظر पाठ संदेश टिप्पणी समीक्षा वाक्य ข้อความ
ความคิดเห็น รีวิว văn bản bình luận teks ulasan pesan kalimat recenzie содержание вопрос запрос
anfrage frage aussage eintrag verbatim énoncé requête pregunta consulta enunciado pergunta domanda
recensie besked anmeldelse omtale
問い合わせ 質問 感想 口コミ 发言 语句 问题 短信 消息 内容文本 評価文
"""

_OTHERS = """
id ids idx index key row no nr number num uid uuid guid unnamed date time timestamp datetime
created user username author name url link lang language split fold source hash
datum nom nombre fecha sprache langue idioma numéro nummer número дата имя
日期 日付 编号 番号 날짜 번호
"""

# Names of columns that are as well names of classes.
_LABELS_TOO = set(
    """
spam toxic question questions complaint request feedback query issue opinion remark note reply type
flag
""".split()  # noqa: SIM905
)

_ROLE = {
    **dict.fromkeys(_OTHERS.split(), "other"),
    **dict.fromkeys(_TEXTS.split(), "text"),
    **dict.fromkeys(_LABELS.split(), "label"),
}


def folded(name: str) -> str:
    """A column's name as names are compared: in NFC, without case or white space around it."""
    return normalize(name, "NFC").strip().casefold()


def usual_role(name: str, whole: bool = False) -> str | None:
    """What a column of this name usually holds.

    Args:
        name: As the header has it: `Tweet`, `comment_text`, `airlineSentiment`.
        whole: Only go by the whole name, not by the words in it. Default False.

    Returns:
        "label", "text", "other" (an id, a date, ...) or None: no such name, or words of several.
    """
    role = _ROLE.get(folded(name))
    if role or whole or len(name) > 60:
        return role
    words = re.findall(r"[^\W_]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", name))
    if len(words) > 4:  # a sentence, not a name
        return None
    words = [re.sub(r"(?<=[^\W\d])\d$", "", folded(word)) for word in words]  # `sentence1`
    roles = {_ROLE[word] for word in words if word in _ROLE}
    if "other" in roles and len(roles) > 1:
        return "label" if roles == {"label", "other"} else "other"  # `class_index`, but `text_id`
    return roles.pop() if len(roles) == 1 else None


def may_be_label(name: str) -> bool:
    """Whether the name of a column is as well the name of a class, as `question` is."""
    return folded(name) in _LABELS_TOO


def has_row_names(rows: Sequence[list[str]]) -> bool:
    """Whether a table is one with row names, whose column R leaves out of the header.

    Args:
        rows: Rows of the table from its start.
    """
    first, body = rows[0], rows[1:]
    names = [row[0] for row in body]
    return (
        len(body) > 1
        and {len(row) for row in body} == {len(first) + 1}
        and len(set(names)) == len(names)
        and any(usual_role(cell) in ("label", "text") for cell in first)
    )
