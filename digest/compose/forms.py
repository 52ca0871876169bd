"""Pages with blanks: what a template says is rendered and quoted once; only the blanks are filled in for each mail.

A template prints a blank as any other value, through the filters of `pages` too: they wait until it is filled in. It
may ask whether there is a value, but not which, nor join it to other text: that would be one answer for all readers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial, wraps
from typing import Any

from jinja2 import Template
from markupsafe import Markup, escape

from digest.compose.mime import printable

# Code points that are no characters, for use within a program (Unicode, section 23.7); `printable` lets none in.
MARKS = [Markup(chr(code)) for code in range(0xFDD0, 0xFDF0)]
MARK = re.compile(f"([{MARKS[0]}-{MARKS[-1]}])")

Filter = Callable[..., Any]
Shape = tuple[tuple[str, bool], ...]
Encode = Callable[[str], bytes]


class Blank:
    """A value that is not known yet, and what is to be done to it before it is printed."""

    def __init__(self, name: str, sheet: list[Blank], steps: tuple[Callable[[Any], Any], ...] = ()) -> None:
        self.name, self.steps, self._sheet = name, steps, sheet
        self.mark = MARKS[len(sheet)]
        sheet.append(self)

    def then(self, step: Callable[[Any], Any]) -> Blank:
        return Blank(self.name, self._sheet, (*self.steps, step))

    def __str__(self) -> str:
        raise TypeError(f"`{self.name}` differs from mail to mail: a template can only print it by itself")

    __iter__ = __html__ = __str__


def patient(step: Filter) -> Filter:
    """Let a filter wait for a blank to be filled in."""

    @wraps(step)
    def act(value: Any, *others: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever a template has at hand
        if isinstance(value, Blank):
            return value.then(partial(_later, step, others, named) if others or named else step)
        return step(value, *others, **named)

    return act


def _later(step: Filter, others: tuple[Any, ...], named: Mapping[str, Any], known: Any) -> Any:  # noqa: ANN401
    return step(known, *others, **named)


def final(value: object) -> object:
    """Make what is printed fit for a mail: whatever comes from outside passes here on its way to the page."""
    if isinstance(value, Blank):
        return value.mark
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


class Pieces(tuple[bytes | Blank, ...]):
    """What goes into a blank and has blanks of its own: encoded already."""

    __slots__ = ()


class Form:
    """A page in encoded pieces, with the blanks between them."""

    __slots__ = ("_encode", "_escaped", "_open", "pieces")

    def __init__(self, pieces: Sequence[bytes | Blank], *, escaped: bool, encode: Encode) -> None:
        self.pieces, self._escaped, self._encode = pieces, escaped, encode
        places: dict[Blank, list[int]] = {}
        for place, piece in enumerate(pieces):
            if isinstance(piece, Blank):
                places.setdefault(piece, []).append(place)
        # A mail has a dozen values, and prints most of them in several places.
        self._open = tuple(places.items())

    def filled(self, values: Mapping[str, object]) -> bytes:
        return b"".join(self.parts(values))

    def parts(self, values: Mapping[str, object]) -> Sequence[bytes]:
        """Fill in each blank, and give the pieces to be joined; a value in bytes is encoded already."""
        pieces: list[Any] = list(self.pieces)
        for blank, places in self._open:
            said = values[blank.name]
            if not isinstance(said, bytes):
                said = self._entry(blank, said)
            for place in places:
                pieces[place] = said
        return pieces

    def partly(self, values: Mapping[str, object]) -> Form:
        """Fill in the blanks whose values these are, and leave the others open."""
        known = {blank: self._known(blank, values[blank.name]) for blank, _ in self._open if blank.name in values}
        pieces: list[bytes | Blank] = []
        for piece in self.pieces:
            if isinstance(piece, Blank) and piece in known:
                pieces += known[piece]
            else:
                pieces.append(piece)
        return Form(pieces, escaped=self._escaped, encode=self._encode)

    def _known(self, blank: Blank, value: object) -> Pieces:
        return value if isinstance(value, Pieces) else Pieces((self._entry(blank, value),))

    def _entry(self, blank: Blank, value: Any) -> bytes:  # noqa: ANN401 - what a template takes
        if isinstance(value, bytes):
            return value
        for step in blank.steps:
            value = step(value)
        said = final(value)
        return self._encode(str(escape(said) if self._escaped else said))


def shape(values: Mapping[str, object]) -> Shape:
    """Say which values there are, and which of them are empty: what a form must know of them."""
    return tuple([(name, bool(value)) for name, value in values.items()])


def form(page: Template, said: Mapping[str, object], blanks: Shape, encode: Encode) -> Form:
    """Render a page with what is said in it, and leave the blanks open; what is empty needs none."""
    sheet: list[Blank] = []
    text = page.render(said, **{name: Blank(name, sheet) if there else "" for name, there in blanks})
    open_at: dict[str, Blank] = {blank.mark: blank for blank in sheet}
    pieces = [open_at[piece] if piece in open_at else encode(piece) for piece in MARK.split(text) if piece]
    return Form(pieces, escaped=str(page.name).endswith(".html"), encode=encode)
