"""Who is behind a link, and whether it still opens anything. Whatever is wrong with it, the answer is the same: nobody.

A link names a reader by their own random key, so that none made for another database, or before an import, ever finds
somebody else. After a change of address, links in older mails end the digest and show what those mails showed, and
nothing else; after a deletion they do nothing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, Engine

from digest.domain import Delivery, Preferences, Reader
from digest.links import PASSING, Links, Named, Purpose, is_of
from digest.store import keys, ledger, readers
from digest.store.engine import reading

# What an older mail may still do after its reader has moved: the way out works for as long as the mail may exist. The
# mail that asked the new address may be opened again by whoever has that address.
ALWAYS = (Purpose.UNSUBSCRIBE, Purpose.VIEW, Purpose.MOVE)


def reader_behind(engine: Engine, links: Links, purpose: Purpose, token: str, now: datetime) -> Reader | None:
    """Find whose page a link opens; without address, key and choices if it is of before they moved."""
    named = links.read(purpose, token, now)
    with reading(engine) as connection:
        reader = reader_of(connection, named, purpose) if named else None
        known = named and reader_of(connection, named, Purpose.PREFERENCES)
    # By a link of before they moved, whoever has their old address may end it, and learns nothing of them.
    return reader if known else reader and _unknown(reader)


def _unknown(reader: Reader) -> Reader:
    return replace(reader, email="", new_email="", key="", name="", list_name="", preferences=Preferences())


def opens(engine: Engine, links: Links, purpose: Purpose, token: str, now: datetime) -> bool:
    """Whether a link was made for the address that its reader has now: an older one ends the digest, and no more."""
    named = links.read(purpose, token, now)
    with reading(engine) as connection:
        return bool(named and (holder := keys.holder(connection, named.key)) and holder.opens)


def reader_of(connection: Connection, named: Named, purpose: Purpose) -> Reader | None:
    """Find whom a true token names, if it may still be used for this."""
    holder = keys.holder(connection, named.key)
    may = holder and (holder.opens or purpose in ALWAYS)
    return readers.find_in(connection, holder.reader_id) if holder and may else None


def delivery_behind(engine: Engine, links: Links, purpose: Purpose, token: str, now: datetime) -> Delivery | None:
    """Find the mail that a link is about."""
    named = links.read(purpose, token, now)
    delivery = ledger.find(engine, named.delivery_id) if named else None
    if named is None or delivery is None or (purpose in PASSING and not is_of(named, delivery.due_at)):
        return None
    with reading(engine) as connection:
        return delivery if _is_theirs(connection, named, delivery, purpose) else None


def is_too_old(engine: Engine, links: Links, purpose: Purpose, token: str, now: datetime) -> bool:
    """Whether a link is about a mail of a reader's that is no longer kept."""
    named = links.read(purpose, token, now)
    if named is None or not named.key:
        return False
    with reading(engine) as connection:
        return bool(keys.holder(connection, named.key)) and ledger.was_kept(connection, named.delivery_id)


def _is_theirs(connection: Connection, named: Named, delivery: Delivery, purpose: Purpose) -> bool:
    """Whether a mail is of the reader the link names: ids of deliveries begin anew with a new database, keys do not."""
    # Before readers had keys, a link named the mail alone; it is believed as its reader's number is.
    holder = keys.holder(connection, named.key or str(delivery.reader.id))
    if holder is None or holder.reader_id != delivery.reader.id or not (holder.opens or purpose in ALWAYS):
        return False
    return holder.until is None or delivery.due_at <= holder.until
