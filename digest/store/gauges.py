"""What a round measured, for those who look later, on whichever host: one value a name."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Engine, select

from digest.store.engine import insert_into, reading, writing
from digest.store.tables import gauges

MAILBOX_UNREAD = "mailbox unread"
# Messages that were flagged and deleted again and again, and wait still.
MAILBOX_UNKEPT = "mailbox unkept"
# The first day that is not counted in `day_counts`, as its number.
COUNTED_UNTIL = "counted until"
# What old mails are being folded (all before this day), which reader that has reached, and the day before which it is
# done; days by their numbers.
FOLDING, FOLDED_READER, FOLDED_UNTIL = "folding", "folded reader", "folded until"
# The day before which no address is kept that was only asked, or left behind.
ADDRESSES_UNTIL = "addresses until"
# How many steps of the last night's retention failed.
UNKEPT = "unkept"
UNFOLDED = "unfolded "
# When something last came through `digest bounce`, whatever it was, in seconds since 1970: the pipe works.
PIPED = "piped"


def started(process: str) -> str:
    """The name of when a process of a kind was last started, in seconds since 1970."""
    return f"{process} started"


def unfolded(reader_id: int) -> str:
    """The name that says of a reader that their old mails could not be folded."""
    return f"{UNFOLDED}{reader_id}"


def reader_unfolded(name: str) -> int | None:
    """The reader whom such a name is about."""
    number = name.removeprefix(UNFOLDED)
    return int(number) if number != name and number.isdecimal() else None


def measured(engine: Engine, name: str, value: float, now: datetime) -> None:
    with writing(engine) as connection:
        measured_in(connection, name, value, now)


def measured_in(connection: Connection, name: str, value: float, now: datetime) -> None:
    news = {"value": value, "at": now}
    statement = insert_into(connection, gauges).values(name=name, **news)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=news))


def forget_in(connection: Connection, *names: str) -> None:
    connection.execute(gauges.delete().where(gauges.c.name.in_(names)))


def known(engine: Engine) -> dict[str, float]:
    with reading(engine) as connection:
        return {row.name: row.value for row in connection.execute(select(gauges))}


def known_in(connection: Connection, name: str) -> float | None:
    return connection.execute(select(gauges.c.value).where(gauges.c.name == name)).scalar_one_or_none()
