"""How servers say in other languages that somebody is not there, or that they do not want a sender.

Without accents, as `words` reads all replies. Few languages have a code beside their words for each case, and some
servers give none: `550 Benutzer nicht vorhanden`.
"""

from __future__ import annotations

LOCAL = {
    "LOCALNONE": "unbekannt|nicht vorhanden|existiert nicht|nicht gefunden"
    "|kein\\w{0,2} (?:solche\\w{0,2} )?(?:benutzer|postfach)|inconnue?\\b|inexistante?|n'existe pas"
    "|introuvable|desconocid[oa]|desconhecid[oa]|inexistente|n[oa]o? existe|no encontrad"
    "|nao encontrad|sconosciut|non esiste|non trovat|onbekend|bestaat niet|niet gevonden"
    "|nie istnieje|nieznan\\w{1,3}|okand\\b|finns inte|ukendt|ukjent|findes ikke|finnes ikke"
    "|tuntematon|ei loydy|neexistuj|neznam|ismeretlen|nem letezi|bulunamad|bilinmeyen|mevcut degil"
    "|(?:нет|не) (?:такого|найден|существует|зарегистрирован)|неизвестн|не існує|не знайден"
    "|δεν (?:υπαρχει|βρεθηκε)|غير موجود|لا يوجد|לא קיים|存在しません|見つかりません|宛先不明|不存在"
    "|无此|無此|未找到|找不到|查无|존재하지 않|없는 (?:사용자|수신자|계정|주소)|찾을 수 없"
    "|khong ton tai|tidak (?:ditemukan|dikenal)",
    "LOCALSENDER": "absender|expediteur|emetteur|remitente|remetente|mittente|afzender|avsandar|afsender|nadawc"
    "|odesilatel|gonderen|отправител|发件人|寄件者|寄件人|送信者|送信元|발신자|보낸",
    "LOCALNOT": "LOCALNONE|(?:un)?gultig|abgelehnt|gesperrt|blockiert|verweigert|refuse|invalide|bloque|rechaz"
    "|recus|rifiutat|bloccat|geweigerd|geblokkeerd|odrzucon|отклонен|заблокирован|запрещ|被拒|拒绝"
    "|拒絕|拒否|거부|차단",
}
