"""Answers of machines, in many languages, and wishes to leave, which they are not."""

from email.header import Header

import pytest

from digest import bounces
from digest.domain import VerdictKind
from tests.support.returned import TO, a_letter, a_notice

WAY_OUT = "unsubscribe+7.abcdefghijklmnop@papers.example.org"
SUBJECTS = {
    "Albanian": "Përgjigje automatike: 3 papers",
    "Arabic": "رد تلقائي: 3 papers",
    "Basque": "Erantzun automatikoa: 3 papers",
    "Bulgarian": "Автоматичен отговор: 3 papers",
    "Catalan": "Resposta automàtica: 3 papers",
    "Chinese": "自动回复: 3 papers",
    "Chinese, traditional": "自動回覆：3 papers",
    "Croatian": "Automatski odgovor: 3 papers",
    "Czech": "Automatická odpověď: 3 papers",
    "Danish": "Automatisk svar: 3 papers",
    "Dutch": "Automatisch antwoord: 3 papers",
    "English": "Automatic reply: 3 papers",
    "English, after Re": "Re: Out of Office: 3 papers",
    "Estonian": "Automaatvastus: 3 papers",
    "Finnish": "Automaattinen vastaus: 3 papers",
    "French": "Réponse automatique : 3 papers",
    "German": "Automatische Antwort: 3 papers",
    "German, by hand": "AW: Abwesenheitsnotiz",
    "Greek": "Αυτόματη απάντηση: 3 papers",
    "Hebrew": "תשובה אוטומטית: 3 papers",
    "Hindi": "स्वचालित उत्तर: 3 papers",
    "Hungarian": "Automatikus válasz: 3 papers",
    "Indonesian": "Balasan otomatis: 3 papers",
    "Irish": "Freagra uathoibríoch: 3 papers",
    "Italian": "Risposta automatica: 3 papers",
    "Japanese": "自動応答: 3 papers",
    "Korean": "자동 회신: 3 papers",
    "Latvian": "Automātiskā atbilde: 3 papers",
    "Lithuanian": "Automatinis atsakymas: 3 papers",
    "Norwegian": "Automatisk svar: 3 papers",
    "Persian": "پاسخ خودکار: 3 papers",
    "Polish": "Odpowiedź automatyczna: 3 papers",
    "Portuguese": "Resposta automática: 3 papers",
    "Romanian": "Răspuns automat: 3 papers",
    "Russian": "Автоматический ответ: 3 papers",
    "Serbian": "Аутоматски одговор: 3 papers",
    "Slovak": "Automatická odpoveď: 3 papers",
    "Slovenian": "Samodejni odgovor: 3 papers",
    "Spanish": "Respuesta automática: 3 papers",
    "Swedish": "Automatiskt svar: 3 papers",
    "Thai": "ตอบกลับอัตโนมัติ: 3 papers",
    "Turkish": "Otomatik yanıt: 3 papers",
    "Ukrainian": "Автоматична відповідь: 3 papers",
    "Vietnamese": "Trả lời tự động: 3 papers",
}
HEADERS = [
    {"Auto_Submitted": "auto-replied (vacation)"},
    {"Precedence": "auto_reply"},
    {"X_Autoreply": "yes"},
    {"X_Autorespond": "3 papers"},
    {"X_Auto_Response_Suppress": "All", "In_Reply_To": "<digest.1.20260101000000@papers.example.org>"},
    {"X_MS_Exchange_Inbox_Rules_Loop": "ada@example.org"},
    {"X_Mailer": "vacation 1.2.7"},
]


def encoded(subject, charset="utf-8"):
    return Header(subject, charset).encode()


@pytest.mark.parametrize("to", [TO, WAY_OUT], ids=["to the bounce address", "to the way out"])
@pytest.mark.parametrize("language", SUBJECTS)
def test_an_answer_of_a_machine_is_known_by_its_subject(language, to):
    for subject in (SUBJECTS[language], encoded(SUBJECTS[language])):
        assert bounces.of_message(a_letter(subject, "...", to=to)).kind is VerdictKind.AUTO_REPLY


@pytest.mark.parametrize("headers", HEADERS, ids=str)
@pytest.mark.parametrize("to", [TO, WAY_OUT], ids=["to the bounce address", "to the way out"])
def test_an_answer_of_a_machine_is_known_by_its_headers(headers, to):
    assert bounces.of_message(a_letter("Ağrı", "...", to=to, **headers)).kind is VerdictKind.AUTO_REPLY


def test_octets_that_nobody_announced_are_read():
    letter = a_letter("X", "...", to=WAY_OUT).replace(b"Subject: X", "Subject: Automatikus válasz".encode("latin-1"))
    assert bounces.of_message(letter).kind is VerdictKind.AUTO_REPLY


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-generated"},
        {"Precedence": "bulk"},
        {"Return_Path": "<>"},
        {"X_Auto_Response_Suppress": "OOF"},
        {"In_Reply_To": "<digest.1.20260101000000@papers.example.org>"},
    ],
    ids=str,
)
def test_nobody_leaves_by_an_answer_in_a_language_that_nobody_here_knows(headers):
    verdict = bounces.of_message(a_letter("Kuyapuj willana", "Manam kanichu.", to=WAY_OUT, **headers))
    assert verdict.kind in {VerdictKind.NONE, VerdictKind.AUTO_REPLY}
    # The subject of our own link is a wish, whatever program sent it.
    wish = bounces.of_message(a_letter("unsubscribe", "", to=WAY_OUT, **headers))
    assert wish.kind is VerdictKind.UNSUBSCRIBE


@pytest.mark.parametrize("subject", ["unsubscribe", "Unsubscribe", "", "please unsubscribe me", "Stop", "退订"])
def test_a_mail_to_the_way_out_leaves(subject):
    assert bounces.of_message(a_letter(subject, "", to=WAY_OUT)).kind is VerdictKind.UNSUBSCRIBE


@pytest.mark.parametrize(
    "text",
    [
        "I am on annual leave until Monday, with limited access to my email.",
        "Ich bin derzeit nicht im Büro.",
        "Je suis absent du bureau.",
        "Я в отпуске до понедельника.",
        "Szabadságon vagyok.",
        "只今休暇をいただいております。",
    ],
)
def test_an_answer_is_known_by_its_first_words(text):
    assert bounces.of_message(a_letter("Re: 3 papers", text)).kind is VerdictKind.AUTO_REPLY


def test_a_read_receipt_is_an_answer():
    receipt = a_letter("Read: 3 papers", "Your message was read.").replace(
        b"text/plain", b"multipart/report; report-type=disposition-notification; boundary=b"
    )
    assert bounces.of_message(receipt).kind is VerdictKind.AUTO_REPLY


def test_a_failure_is_no_answer_even_of_one_who_is_away():
    notice = a_notice("<ada@example.org>: 550 5.1.1 user unknown\n\nI am on vacation.")
    assert bounces.of_message(notice).kind is VerdictKind.HARD
