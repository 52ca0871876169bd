"""The tokens that a message bears, wherever it bears them. Believes none: `links` says which are true."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from digest.bounces.opening import MOST_BYTES, Opened, opened
from digest.links import BOUNCE_TOKEN, MESSAGE_ID, UNSUBSCRIBE_TOKEN

# A line folded in a header, or broken in quoted-printable.
BROKEN = re.compile(r"=?\n[ \t]+|=\n")
# A report bears a few; somebody who sends more is guessing.
MOST_TOKENS = 20


def bounce_tokens(content: bytes) -> Iterator[str]:
    """The tokens of bounce addresses, the recipient's own first."""
    yield from bounce_tokens_in(content, opened(content))


def leave_tokens(content: bytes) -> Iterator[str]:
    """The tokens of ways out: of the address written to, or in `List-Unsubscribe` of the mail that is returned."""
    yield from leave_tokens_in(content, opened(content))


def delivery_ids(content: bytes) -> Iterator[int]:
    """The deliveries that Message-IDs name. Nobody signed these."""
    yield from delivery_ids_in(content, opened(content))


def bounce_tokens_in(content: bytes, message: Opened) -> list[str]:
    return _found(BOUNCE_TOKEN, content, message)


def leave_tokens_in(content: bytes, message: Opened) -> list[str]:
    return _found(UNSUBSCRIBE_TOKEN, content, message)


def delivery_ids_in(content: bytes, message: Opened) -> list[int]:
    return [int(number) for number in _found(MESSAGE_ID, content, message)]


def tokens_of(texts: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...], tuple[int, ...]]:
    """The tokens of bounce addresses, of ways out, and the deliveries named, in texts that are no message."""
    bounce, leave, delivery = (_in(mark, texts) for mark in (BOUNCE_TOKEN, UNSUBSCRIBE_TOKEN, MESSAGE_ID))
    return tuple(bounce), tuple(leave), tuple(map(int, delivery))


def _found(mark: re.Pattern[str], content: bytes, message: Opened) -> list[str]:
    raw = content[:MOST_BYTES].replace(b"\r\n", b"\n").replace(b"\r", b"\n").decode("latin-1")
    return _in(mark, [BROKEN.sub("", text) for text in (raw, message.text, message.returned)])


def _in(mark: re.Pattern[str], texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(token for text in texts for token in mark.findall(text)))[:MOST_TOKENS]
