"""One mailbox, however its address is spelt: to count the mails that strangers have sent there. Never for identity."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from unicodedata import normalize

from sqlalchemy import ColumnElement, Connection, func, select, text

from digest.store import keyed
from digest.store.tables import ASKED, deliveries

# Several names of one provider, whose mailboxes are the same under each.
SAME: Mapping[str, str] = {
    "googlemail.com": "gmail.com",
    "me.com": "icloud.com",
    "mac.com": "icloud.com",
    "pm.me": "proton.me",
    "protonmail.com": "proton.me",
    "protonmail.ch": "proton.me",
    "ya.ru": "yandex.ru",
    "yandex.com": "yandex.ru",
}
# Marks that a provider leaves out of the local part, as its help pages say.
LEFT_OUT: Mapping[str, str] = {"gmail.com": ".", "proton.me": ".-_", "yandex.ru": ".-"}
# What follows it is a tag, with nearly every provider; with the others, some few mailboxes are counted as one.
TAG = "+"
# Where the user's name is a domain of its own: anything@ada.fastmail.com goes to ada@fastmail.com.
SUBDOMAINS = ("fastmail.com", "fastmail.fm")


def mailbox_key(address: str) -> str:
    """The mailbox that mail to an address ends in, as far as its spelling tells. For limits, not for identity."""
    local, _, domain = normalize("NFC", address.strip()).lower().rpartition("@")
    domain = SAME.get(domain, domain)
    user, _, provider = domain.partition(".")
    if provider in SUBDOMAINS:
        local, domain = user, provider
    local = local.partition(TAG)[0] or local
    kept = local.translate(dict.fromkeys(map(ord, LEFT_OUT.get(domain, ""))))
    return f"{kept or local}@{domain}"


def hashed(connection: Connection, address: str) -> str:
    """What stands for a mailbox in the ledger, for as long as it is counted."""
    return keyed.newest(connection, "mailbox", mailbox_key(address))


def lock(connection: Connection, address: str) -> None:
    """Let nobody else begin something with this mailbox until the transaction ends; the first lock of all.

    It is there for addresses that no reader has yet. SQLite has one writer at a time and needs none.
    """
    if connection.dialect.name == "postgresql":
        number = int(hashed(connection, address)[:15], 16)
        connection.execute(select(func.pg_advisory_xact_lock(number)))


def asked(connection: Connection, address: str, since: datetime) -> int:
    """How many mails that somebody asked for went to this mailbox since then."""
    mine = (deliveries.c.mailbox == hashed(connection, address)) & (deliveries.c.due_at > since)
    return _count(connection, mine)


def asked_of_all(connection: Connection, since: datetime) -> int:
    """How many mails that somebody asked for went out to everybody since then."""
    return _count(connection, deliveries.c.due_at > since)


def _count(connection: Connection, where: ColumnElement[bool]) -> int:
    question = select(func.count()).select_from(deliveries).where(where, text(ASKED))
    return connection.execute(question).scalar_one()
