"""Rows that can be read, although some among them cannot: whatever stands in a row, it hides no other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError

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
