"""Where somebody reads their mail, by the domain of their address. Asks nobody: an unknown domain has no link."""

from __future__ import annotations

from typing import NamedTuple


class Webmail(NamedTuple):
    name: str
    url: str


GMAIL = Webmail("Gmail", "https://mail.google.com/mail/u/0/#search/in%3Aanywhere+paper+digest")
OUTLOOK = Webmail("Outlook", "https://outlook.live.com/mail/0/")
YAHOO = Webmail("Yahoo Mail", "https://mail.yahoo.com/")
PROTON = Webmail("Proton Mail", "https://mail.proton.me/")
ICLOUD = Webmail("iCloud Mail", "https://www.icloud.com/mail")
GMX = Webmail("GMX", "https://www.gmx.net/")
FASTMAIL = Webmail("Fastmail", "https://app.fastmail.com/mail/")
QQ = Webmail("QQ Mail", "https://mail.qq.com/")
NETEASE = Webmail("163 Mail", "https://mail.163.com/")
NAVER = Webmail("Naver Mail", "https://mail.naver.com/")

BY_DOMAIN = {
    "gmail.com": GMAIL, "googlemail.com": GMAIL,
    "outlook.com": OUTLOOK, "hotmail.com": OUTLOOK, "live.com": OUTLOOK, "msn.com": OUTLOOK,
    "yahoo.com": YAHOO, "ymail.com": YAHOO, "yahoo.co.uk": YAHOO, "yahoo.de": YAHOO, "yahoo.fr": YAHOO,
    "proton.me": PROTON, "protonmail.com": PROTON, "pm.me": PROTON,
    "icloud.com": ICLOUD, "me.com": ICLOUD, "mac.com": ICLOUD,
    "gmx.de": GMX, "gmx.net": GMX, "gmx.at": GMX,
    "fastmail.com": FASTMAIL, "qq.com": QQ, "163.com": NETEASE, "naver.com": NAVER,
}  # fmt: skip


def of(email: str) -> Webmail | None:
    return BY_DOMAIN.get(email.rpartition("@")[2].lower())
