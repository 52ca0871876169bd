"""What a refusal means, by its words and codes, in the form the ledger keeps a reply."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.bounces import of_reply
from digest.domain import Verdict, VerdictKind

HARD, SOFT, OURS, NONE = VerdictKind.HARD, VerdictKind.SOFT, VerdictKind.SENDER_FAULT, VerdictKind.NONE

REPLIES = {
    "550 5.1.1 <nobody@example.org>: no such user": (HARD, "no-such-user", "5.1.1"),
    "550-5.1.1 The account you tried to reach 550 5.1.1 does not exist": (HARD, "no-such-user", "5.1.1"),
    "550 Unknown recipient": (HARD, "no-such-user", ""),
    "550 5.1.2 Host unknown": (HARD, "no-such-domain", "5.1.2"),
    "551 5.1.6 Mailbox has moved, no forwarding address": (HARD, "moved", "5.1.6"),
    "556 5.1.10 Recipient address has null MX": (HARD, "takes-no-mail", "5.1.10"),
    "450 4.1.1 <nobody@example.org>: user unknown": (SOFT, "no-such-user", "4.1.1"),
    "552 5.2.2 Mailbox full": (SOFT, "mailbox-full", "5.2.2"),
    "552 5.1.1 recipient is over quota": (SOFT, "mailbox-full", "5.1.1"),
    "550 5.2.1 This account has been disabled": (SOFT, "disabled", "5.2.1"),
    "450 4.2.0 Greylisted, come back in 60 seconds": (SOFT, "busy", "4.2.0"),
    "421 4.3.2 System going down": (SOFT, "system", "4.3.2"),
    "550 5.7.1 No such user": (SOFT, "no-such-user", "5.7.1"),
    "550 5.1.1 Mail from 192.0.2.1 blocked using bl.example.net": (OURS, "reputation", "5.1.1"),
    "550 5.7.26 This mail is not authenticated": (OURS, "authentication", "5.7.26"),
    "550 5.7.515 Access denied, sending domain fails the bar": (OURS, "authentication", "5.7.515"),
    "554 5.7.1 Message looks like spam": (OURS, "spam", "5.7.1"),
    "552 5.3.4 Message too big for system": (OURS, "too-big", "5.3.4"),
    "554 5.6.0 Bad content": (OURS, "content", "5.6.0"),
    "501 5.5.4 Syntax error": (OURS, "protocol", "5.5.4"),
    "550 5.1.8 Sender domain does not exist": (OURS, "sender", "5.1.8"),
    "552 5.1.1 Delivery restricted by a policy": (OURS, "policy", "5.1.1"),
    "554 5.7.1 Relay access denied": (OURS, "relaying", "5.7.1"),
    "550 Something happened": (SOFT, "unknown", ""),
    "250 2.0.0 OK": (NONE, "delivered", "2.0.0"),
    "Connection lost": (SOFT, "network", ""),
    "Timed out connecting to 192.0.2.1 on port 25": (SOFT, "network", ""),
    "": (SOFT, "network", ""),
}


@pytest.mark.parametrize(("words", "means"), REPLIES.items())
def test_words_and_codes_together_say_whose_fault_it_is(words, means):
    kind, reason, status = means
    assert of_reply(words) == Verdict(kind, (), reason, status)


# Without a code that says more, as servers of these languages write it, with accents or without.
ABROAD = {
    HARD: "Benutzer nicht vorhanden/Adresse existiert nicht/L'adresse n'existe pas/Destinataire introuvable/"
    "La dirección no existe/Usuario desconocido/L'utente non esiste/O endereço não existe/Usuario nao encontrado/"
    "Onbekende ontvanger/Użytkownik nie istnieje/Okänd mottagare/Tuntematon vastaanottaja/Uživatel neexistuje/"
    "Ismeretlen címzett/Kullanıcı bulunamadı/Нет такого пользователя/Пользователь не найден/المستخدم غير موجود/"
    "Користувача не знайдено/Ο χρήστης δεν υπάρχει/找不到收件人/查无此人/宛先が存在しません/존재하지 않는 사용자입니다",
    SOFT: "Postfach voll/Das Kontingent des Empfängers ist überschritten/Boîte aux lettres pleine/Quota dépassé/"
    "Buzón lleno/Casella piena/Caixa postal cheia/Postvak is vol/Skrzynka pełna/Почтовый ящик переполнен/邮箱已满/"
    "メールボックスがいっぱいです/받은편지함이 가득 찼습니다/This address no longer accepts mail",
    OURS: "Ihre IP steht auf einer Sperrliste/Votre IP est sur une liste noire/Su IP está en una lista negra/"
    "Ваш IP в черном списке/您的IP在黑名单中/Die Absenderdomain existiert nicht/Expéditeur inconnu/Expéditeur refusé/"
    "Remitente rechazado/Mittente sconosciuto/Отправитель не найден/发件人被拒绝/送信者が存在しません/"
    "#5.7.1 Your access to submit messages to this system has been rejected/192.0.2.1 listed at bl.example.org",
}


@pytest.mark.parametrize(("kind", "words"), [(kind, one) for kind, all_ in ABROAD.items() for one in all_.split("/")])
def test_servers_of_other_languages_say_whose_fault_it_is(kind, words):
    assert of_reply(f"{552 if kind is SOFT else 550} {words}").kind is kind


def test_an_address_or_a_link_says_nothing_of_the_reason():
    assert of_reply("550 5.1.1 <spam.quota@example.org> unknown user, see https://spam.example.org/dmarc").kind is HARD


@given(st.text())
def test_any_words_have_a_verdict(words):
    assert of_reply(words).kind in {HARD, SOFT, OURS, NONE}


@given(st.text(), st.sampled_from(["4.1.1", "4.7.0", "5.7.1", "5.7.26"]))
def test_no_refusal_that_may_pass_or_was_about_us_gives_anybody_up(words, status):
    assert of_reply(f"{status[0]}50 {status} {words}").kind is not HARD
