"""The types of columns, once, for SQLite and PostgreSQL alike."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Dialect, Integer, Text, TypeDecorator
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

_ENCODER = json.JSONEncoder(ensure_ascii=False)


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime; SQLite, which knows no zones, keeps it as naive UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or dialect.name != "sqlite":
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        # PostgreSQL gives UTC already.
        if value is None or value.tzinfo is UTC:
            return value
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Strings(TypeDecorator[tuple[str, ...]]):
    """A tuple of strings, as a JSON array in text: read whole or not at all.

    What is no list of text, as UTF-8 can write it, raises ValueError here, and not where the strings are used.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any | None, dialect: Dialect) -> str | None:  # noqa: ANN401 - the base class's signature
        return None if value is None else as_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...] | None:
        return None if value is None else _strings(value)


def as_text(strings: Iterable[str]) -> str:
    """Write strings as a column of them keeps them."""
    return _ENCODER.encode(list(strings))


def _strings(written: str) -> tuple[str, ...]:
    # Most deliveries have no papers yet.
    if written == "[]":
        return ()
    try:
        found = json.loads(written)
        # Joining looks at the type of each, in a third of the time that asking takes.
        if isinstance(found, list):
            "".join(found).encode()
            return tuple(found)
    except (TypeError, RecursionError) as error:
        raise ValueError(f"no list of text: {type(error).__name__}") from None
    raise ValueError("no list of text")


class RandomKey(FunctionElement[str]):
    """Draw a key for a reader (`links.KEY`): 64 random bits in hex after a letter, so that it is no number.

    The database draws it, so that no row can come to be without one, whoever writes it.
    """

    type = Text()
    inherit_cache = True


@compiles(RandomKey, "sqlite")
def _on_sqlite(_element: RandomKey, _compiler: SQLCompiler, **_: object) -> str:
    return "('k' || lower(hex(randomblob(8))))"


@compiles(RandomKey, "postgresql")
def _on_postgresql(_element: RandomKey, _compiler: SQLCompiler, **_: object) -> str:
    # Of a random UUID, the last twelve and the first four digits are all random.
    return "('k' || right(gen_random_uuid()::text, 12) || left(gen_random_uuid()::text, 4))"


# SQLite numbers rows by itself only in a column of type INTEGER.
Number = BigInteger().with_variant(Integer, "sqlite")


def text_column(name: str) -> Column[str]:
    """A column of text that is empty where nothing is known."""
    return Column(name, Text, nullable=False, server_default="")
