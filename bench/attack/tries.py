"""One try of an attack, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple


class Try(NamedTuple):
    """What was tried, and why it got through, if it did. `figure` is what it cost, where that counts."""

    what: str
    through: str = ""
    figure: str = ""


# Tries an attack: all of it, or a small part that takes a second or two.
Attack = Callable[[bool], Iterator[Try]]


def at_most(most: float, took: float, unit: str = "s") -> str:
    """Why a figure is too much, if it is."""
    return f"{took:.2f} {unit}, of {most:g} allowed" if took > most else ""
