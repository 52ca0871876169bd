"""The papers of a digest, quoted: a list of contents, headings of topics, a card each. Refuses to know the frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from operator import attrgetter
from typing import NamedTuple
from zlib import crc32

from jinja2 import Environment

from digest.compose import aloud, contents
from digest.compose.cards import ENDS, Card, Cards, CardStyle, Level, reading_time
from digest.compose.contents import Group
from digest.compose.forms import Blank, Encode, Form, Pieces, form
from digest.compose.marking import Run
from digest.domain import Pick

_place = attrgetter("place")

TOPICS_IN_A_LABEL = 3
# The headings of readers' topics; half a kB each.
KEEP_GROUPS = 2048


class Both(NamedTuple):
    """What stands in the text and in the HTML of a mail."""

    text: bytes
    html: bytes

    def __bool__(self) -> bool:
        return bool(self.html)


@dataclass(frozen=True, slots=True)
class Written:
    """The papers of a digest: how many of the picks are shown, what all take to read, and the parts they stand in.

    The address of a reader's own page is left open in a card: `own` are the papers that have one.
    """

    shown: int
    minutes: int
    contents: Both
    text: Pieces
    html: Pieces
    related_text: Pieces
    related_html: Pieces
    own: tuple[str, ...]


class Papers:
    """Writes the papers of one service's digests."""

    def __init__(self, pages: Environment, encode: Encode) -> None:
        self._pages, self._encode = pages, encode
        self._cards = Cards(pages, encode)
        self._heading = lru_cache(KEEP_GROUPS)(self._write_heading)
        self._frame = lru_cache(KEEP_GROUPS)(self._open_frame)

    def written(
        self,
        picks: Sequence[Pick],
        style: CardStyle,
        *,
        related: Sequence[Pick] = (),
        by_topic: bool,
        most_bytes: int,
    ) -> Written:
        """Write the picks, best first, as many as fit into so many bytes of HTML beside what is `related`."""
        apart = [self._cards.card(pick, style._replace(level=Level.BRIEF, grouped=True)) for pick in related]
        most_bytes -= sum(card.size for card in apart)
        groups = contents.arranged(picks, by_topic=by_topic)
        styles = {level: style._replace(level=level, grouped=len(groups) > 1) for level in Level}
        best_first = sorted((each for group in groups for each in group.papers), key=_place)
        above = contents.said_above(groups)
        cards = [self._cards.card(each.pick, _under(above.get(each.place), styles[each.level])) for each in best_first]
        shown = sum(size <= most_bytes for size in accumulate(card.size for card in cards))
        if shown < len(cards):
            groups = [kept for group in groups if (kept := group.up_to(shown)).papers]
        listed = self._contents(groups) if contents.has_contents(shown) else Both(b"", b"")
        text, html, own = self._pieces(groups, cards)
        text_apart = [piece for card in apart for piece in card.text]
        html_apart = [piece for card in apart for piece in card.html]
        own += tuple(pick.paper.id for pick, card in zip(related, apart, strict=True) if card.is_own)
        minutes = reading_time([*cards[:shown], *apart])
        opened = _left_open(text), _left_open(html), _left_open(text_apart), _left_open(html_apart)
        return Written(shown, minutes, listed, *opened, own)

    def _pieces(
        self, groups: Sequence[Group], cards: Sequence[Card]
    ) -> tuple[list[bytes | Blank], list[bytes | Blank], tuple[str, ...]]:
        text: list[bytes | Blank] = []
        html: list[bytes | Blank] = []
        own: list[str] = []
        for group in groups:
            if group.topics:
                heading = self._heading(group.topics)
                text.append(heading.text)
                html.append(heading.html)
            for each in group.cards:
                card = cards[each.place]
                text += card.text
                html += card.html
                own += [each.pick.paper.id] * card.is_own
            if lines := [_line(cards[each.place]) for each in group.lines]:
                text.append(b"".join([line.text for line in lines]))
                html.append(self._list(_joined(lines).html))
        return text, html, tuple(own)

    def _list(self, items: bytes) -> bytes:
        return self._frame("lines.html", (), True).filled({"entries": items})

    def _contents(self, groups: Sequence[Group]) -> Both:
        """List the titles of those that have a card, under their topics."""
        pieces, start = [], 1
        for group in groups:
            entries = [self._cards.entry(each.pick.paper, place) for place, each in enumerate(group.cards, start)]
            inner = _joined([Both(*entry) for entry in entries])
            frames = [
                self._frame(f"contents.{end}", group.topics, bool(entries), start, len(group.papers)) for end in ENDS
            ]
            pieces.append(Both(*(frame.filled({"entries": part}) for frame, part in zip(frames, inner, strict=True))))
            start += len(group.cards)
        return _joined(pieces)

    def _write_heading(self, topics: tuple[str, ...]) -> Both:
        return Both(*(self._frame(f"group.{end}", topics, False).filled({}) for end in ENDS))

    def _open_frame(self, name: str, topics: tuple[str, ...], entries: bool, start: int = 0, count: int = 0) -> Form:
        """Open what stands around the papers of a topic: its heading, a list."""
        said = {"label": label_of(topics), "anchor": place_of(topics), "start": start, "count": count}
        return form(self._pages.get_template(f"digest/{name}"), said, (("entries", entries),), self._encode)


def label_of(topics: tuple[str, ...]) -> tuple[Run, ...]:
    """Say what a group is about, as its heading does."""
    runs = list(aloud.listed(topics, TOPICS_IN_A_LABEL))
    return (Run(runs[0].text[:1].upper() + runs[0].text[1:]), *runs[1:]) if runs else ()


def place_of(topics: tuple[str, ...]) -> str:
    """Name the place of a group within a mail."""
    return f"t{crc32(repr(topics).encode()):x}" if topics else ""


def _under(topic: str | None, style: CardStyle) -> CardStyle:
    return style._replace(under=topic) if topic else style


def _line(card: Card) -> Both:
    """Take a card that is a line: nothing is left open in it."""
    return Both(*(b"".join([piece for piece in part if isinstance(piece, bytes)]) for part in (card.text, card.html)))


def _joined(pieces: Sequence[Both]) -> Both:
    """Join pieces for a blank: the template ends the line it stands in."""
    return Both(*(_unended(b"".join(parts)) for parts in zip(*pieces, strict=True))) if pieces else Both(b"", b"")


def _unended(piece: bytes) -> bytes:
    return piece.removesuffix(b"\r\n") + b"=\r\n" if piece else b""


def _left_open(pieces: Sequence[bytes | Blank]) -> Pieces:
    """Gather pieces for a blank. The last of them is no blank: a card ends with its own end."""
    if not pieces:
        return Pieces()
    *others, last = pieces
    return Pieces((*others, _unended(last) if isinstance(last, bytes) else last))


def of_text(values: Mapping[str, object]) -> dict[str, object]:
    """Choose what stands in the text of a mail."""
    return {name: value.text if isinstance(value, Both) else value for name, value in values.items()}


def of_html(values: Mapping[str, object]) -> dict[str, object]:
    """Choose what stands in the HTML of a mail."""
    return {name: value.html if isinstance(value, Both) else value for name, value in values.items()}
