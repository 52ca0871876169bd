"""The papers readers were sent by mails that the ledger no longer keeps: one row for a reader and a month.

The ids of a month, sorted and compressed, take 3 bytes each; a row for each paper would take fifty. A month is written
once, so nothing grows that is rewritten every day.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date

from sqlalchemy import Connection, select

from digest.logs import get_logger
from digest.store.engine import insert_into
from digest.store.many import among
from digest.store.tables import seen

log = get_logger()
Month = tuple[int, date]


def pack(ids: Iterable[str]) -> bytes:
    return zlib.compress("\n".join(sorted(set(ids))).encode(), 9)


def unpack(packed: bytes) -> set[str]:
    """Raises ValueError for what we did not write."""
    try:
        return set(zlib.decompress(packed).decode().split("\n")) - {""}
    except (zlib.error, TypeError) as error:
        raise ValueError("no list of papers") from error


def by_readers(connection: Connection, reader_ids: Collection[int]) -> Iterator[tuple[int, set[str]]]:
    """The papers of each month of these readers."""
    question = select(seen.c.reader_id, seen.c.month, seen.c.papers).where(among(seen.c.reader_id, reader_ids))
    for reader_id, month, packed in connection.execute(question):
        try:
            yield reader_id, unpack(packed)
        except ValueError:
            log.warning("seen.unreadable", reader=reader_id, month=str(month))


def add(connection: Connection, found: Mapping[Month, set[str]]) -> None:
    """Add papers to the months of readers; once more is the same."""
    rows = [
        {"reader_id": reader_id, "month": month, "papers": pack(ids | _known(connection, reader_id, month))}
        for (reader_id, month), ids in found.items()
        if ids
    ]
    if rows:
        statement = insert_into(connection, seen)
        newer = {"papers": statement.excluded.papers}
        connection.execute(statement.on_conflict_do_update(index_elements=list(seen.primary_key), set_=newer), rows)


def _known(connection: Connection, reader_id: int, month: date) -> set[str]:
    mine = (seen.c.reader_id == reader_id) & (seen.c.month == month)
    packed = connection.execute(select(seen.c.papers).where(mine)).scalar_one_or_none()
    try:
        return unpack(packed) if packed else set()
    except ValueError:
        return set()
