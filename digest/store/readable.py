"""Rows that can be read, although some among them cannot: whatever stands in a row, it hides no other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from sqlalchemy import Column, ColumnElement, Connection, Date, Select, Text, func, type_coerce
from sqlalchemy.exc import SQLAlchemyError

from digest.logs import get_logger

log = get_logger()

# A number, an hour or `now` is a moment to SQLite, too.
DAY = "[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]"
MOMENT = f"{DAY} [0-9][0-9]:*"

Key = TypeVar("Key")
Value = TypeVar("Value")


def readable(
    read_all: Callable[[], list[Value]], keys: Callable[[], Iterable[Key]], read_one: Callable[[Key], list[Value]]
) -> tuple[list[Value], dict[Key, str]]:
    """Read everything at once or, if that fails, row by row; also return which could not be read, and why.

    What the database itself cannot do is no row's fault, and raised.
    """
    try:
        return read_all(), {}
    except SQLAlchemyError:
        raise
    except Exception:
        found: list[Value] = []
        unreadable: dict[Key, str] = {}
        for key in keys():
            try:
                found += read_one(key)
            except SQLAlchemyError:
                raise
            except Exception as error:
                unreadable[key] = type(error).__name__
        return found, unreadable


def is_dated(column: Column[Any]) -> ColumnElement[bool]:
    """Whether a column has a day or a moment in it. Of SQLite alone, where a column holds whatever was written."""
    pattern = DAY if isinstance(column.type, Date) else MOMENT
    return type_coerce(column, Text).bool_op("GLOB")(pattern) & func.julianday(column).is_not(None)


def dated(connection: Connection, question: Select[Any], column: Column[Any]) -> list[Any]:
    """Ask what depends on the dates in a column; where one of them is none, again without the rows that have such.

    Healthy rows pay nothing, and one that is broken by hand or by another program ends nobody's planning.
    """
    try:
        return list(connection.execute(question))
    except (ValueError, TypeError):
        if connection.dialect.name != "sqlite":
            raise
        log.error("rows.set_aside", table=column.table.name, why=f"{column.name} is no date")
        return list(connection.execute(question.where(is_dated(column))))
