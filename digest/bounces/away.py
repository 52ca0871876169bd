"""The subjects and first words of programs that answer for somebody who is away, in the languages of the world.

Kept as lists, so that a language is a line. Subjects are compared decoded, in lower case and composed (NFC).
"""

from __future__ import annotations

import re
import unicodedata

# What subjects begin with, after any `Re:`; forty languages, as Exchange, Gmail, Zimbra and vacation(1) write them.
BEGINNINGS = (
    # English
    *("automatic reply", "automatic response", "automated reply", "automated response", "auto reply", "auto-reply"),
    *("autoreply", "auto response", "auto-response", "autoresponse", "auto:", "autore:", "auto_reply", "auto repl"),
    *("out of office", "out of the office", "out-of-office", "ooo:", "ooo ", "[ooo]", "away from", "i am away"),
    *(
        "i am out",
        "i'm out",
        "i'm away",
        "on holiday",
        "on leave",
        "on vacation",
        "vacation",
        "annual leave",
        "absence",
    ),
    *("away:", "away notice", "currently away", "currently out", "maternity leave", "parental leave", "sabbatical"),
    # German, Dutch, Afrikaans
    *("automatische antwort", "automatische rückantwort", "autoantwort", "abwesenheit", "abwesend", "nicht im büro"),
    *("außer haus", "ausser haus", "urlaub", "im urlaub", "antw: abwesend", "automatisch", "automatisch antwoord"),
    *("automatische beantwoording", "afwezig", "afwezigheid", "niet aanwezig", "outomatiese antwoord"),
    # French, Spanish, Catalan, Galician, Portuguese, Italian, Romanian
    *(
        "réponse automatique",
        "reponse automatique",
        "absence du bureau",
        "absent du bureau",
        "en congé",
        "message d'absence",
    ),
    *("absent :", "absent:", "respuesta automática", "respuesta automatica", "fuera de la oficina", "fuera de oficina"),
    *("ausente", "ausencia", "de vacaciones", "resposta automàtica", "resposta automática", "resposta automatica"),
    *("fora do escritório", "ausência", "ausência temporária", "de férias", "risposta automatica", "fuori sede"),
    *(
        "fuori ufficio",
        "assenza",
        "in ferie",
        "răspuns automat",
        "raspuns automat",
        "absent de la birou",
        "în concediu",
    ),
    # Danish, Norwegian, Swedish, Finnish, Icelandic, Estonian, Latvian, Lithuanian
    *(
        "automatisk svar",
        "autosvar",
        "automatiskt svar",
        "frånvaro",
        "frånvarande",
        "fravær",
        "fraværende",
        "ikke til stede",
    ),
    *("ikke på kontoret", "inte på kontoret", "ferie", "semester", "automaattinen vastaus", "poissa", "lomalla"),
    *("poissaolo", "sjálfvirkt svar", "automaatvastus", "automaatne vastus", "kontorist väljas", "automātiskā atbilde"),
    *("automātiska atbilde", "automatinis atsakymas", "automatinis atsakas", "nesu biure"),
    # Polish, Czech, Slovak, Slovenian, Croatian, Serbian, Hungarian
    *("automatyczna odpowiedź", "odpowiedź automatyczna", "autoodpowiedź", "nieobecność", "poza biurem", "urlop"),
    *("automatická odpověď", "automatická odpoveď", "nepřítomnost", "mimo kancelář", "mimo kancelárie", "neprítomnosť"),
    *("samodejni odgovor", "automatski odgovor", "odsutnost", "odsoten", "automatikus válasz", "automatikus valasz"),
    *("házon kívül", "szabadság", "irodán kívül", "távollét"),
    # Russian, Ukrainian, Bulgarian, Serbian in Cyrillic, Macedonian, Greek, Turkish
    *("автоматический ответ", "автоответ", "автоматична відповідь", "автовідповідь", "автоматичен отговор"),
    *("аутоматски одговор", "автоматски одговор", "отсутствие", "в отпуске", "вне офиса", "відсутність"),
    *("αυτόματη απάντηση", "αυτοματη απαντηση", "εκτός γραφείου", "απουσία", "otomatik yanıt", "otomatik cevap"),
    *("ofis dışında", "ofis dışı", "izinde"),
    # Hebrew, Arabic, Persian, Hindi, Thai, Vietnamese, Indonesian, Malay
    *("תשובה אוטומטית", "מענה אוטומטי", "מחוץ למשרד", "رد تلقائي", "الرد التلقائي", "خارج المكتب", "پاسخ خودکار"),
    *(
        "स्वचालित उत्तर",
        "स्वतः उत्तर",
        "ตอบกลับอัตโนมัติ",
        "การตอบกลับอัตโนมัติ",
        "ไม่อยู่ที่สำนักงาน",
        "trả lời tự động",
        "thư trả lời tự động",
    ),
    *("balasan otomatis", "jawaban otomatis", "balasan automatik", "di luar kantor"),
    # Chinese, Japanese, Korean
    *("自动回复", "自動回覆", "自動回應", "自动答复", "自動答覆", "不在办公室", "外出", "休假", "自動返信", "自動応答"),
    *("不在通知", "不在", "休暇", "자동 회신", "자동회신", "자동 응답", "자동응답", "부재중", "부재 중"),
    # Basque, Irish, Welsh, Albanian, Georgian
    *("erantzun automatikoa", "freagra uathoibríoch", "ateb awtomatig", "përgjigje automatike", "ავტომატური პასუხი"),
)
# What is found anywhere in a subject: nobody who writes by hand says so.
ANYWHERE = re.compile(
    r"out[- ]of[- ](?:the[- ])?office|\bvacation (?:message|reply|notice|response)|auto-?reply|autoresponder"
    r"|\((?:auto|automatic)[ -]?(?:reply|response)\)|自动回复|自動返信|abwesenheitsnotiz|absence notification"
)
# The first words of an answer whose subject is our own, as programs quote it.
SAYS_AWAY = re.compile(
    r"out of (?:the |my )?office|away from (?:the |my )?(?:office|desk|e-?mail)"
    r"|on (?:annual|parental|maternity|sick) leave"
    r"|on (?:holiday|vacation)s?\b|limited access to (?:my )?e-?mail|this is an auto(?:mated|matic)"
    r"|automatically generated (?:reply|response)|no longer (?:work|employed|with the company)|has left the company"
    r"|nicht im (?:büro|hause?)|im urlaub|außer haus|abwesend|derzeit nicht erreichbar|en congé"
    r"|absente? d(?:u|e mon) bureau"
    r"|actuellement absent|fuera de la oficina|de vacaciones|fuori (?:sede|ufficio)|in ferie"
    r"|fora do escritório|de férias"
    r"|afwezig|niet op kantoor|nieobecn|na urlopie|mimo kancelář|na dovolen|szabadságon|házon kívül|в отпуске|отсутств"
    r"|у відпустці|poissa|lomalla|på semester|inte på kontoret|på ferie|ikke på kontoret|izindeyim|ofis dışında"
    r"|不在办公室|休假|外出しており|休暇を|不在にし|부재중|εκτός γραφείου|în concediu"
)
ANSWER = re.compile(
    r"^\W{0,9}(?:(?:re|aw|sv|vs|antw|odp|rif|res|ref|отв|答复|回复|回覆|fwd?|wg)\s?(?:\[\d{1,3}\])?[:：]\s{0,3}){0,4}"
)
LONGEST_SUBJECT, LONGEST_OPENING = 300, 600


def subject_is_away(subject: str) -> bool:
    """See whether a decoded subject is one of a program that answers."""
    said = unicodedata.normalize("NFC", subject[:LONGEST_SUBJECT]).casefold()
    bare = ANSWER.sub("", said).lstrip(" \t-–—*[(«\"'【")
    return bare.startswith(_FOLDED) or bool(ANYWHERE.search(said))


def text_is_away(text: str) -> bool:
    """See whether an answer begins with saying that somebody is away."""
    return bool(SAYS_AWAY.search(" ".join(text[:LONGEST_OPENING].split()).casefold()))


_FOLDED = tuple(unicodedata.normalize("NFC", one).casefold() for one in BEGINNINGS)
