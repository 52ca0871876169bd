"""The tokens that a message bears, wherever it bears them. Believes none: `links` says which are true."""

from __future__ import annotations

import re
from collections.abc import Iterator

from digest.bounces.opening import MOST_BYTES, opened
from digest.links import BOUNCE_TOKEN, MESSAGE_ID, UNSUBSCRIBE_TOKEN

# A line folded in a header, or broken in quoted-printable.
BROKEN = re.compile(r"=?\n[ \t]+|=\n")
# A report bears a few; somebody who sends more is guessing.
MOST_MARKS = 20


def bounce_marks(content: bytes) -> Iterator[str]:
    """The tokens of bounce addresses, the recipient's own first."""
    yield from _found(BOUNCE_TOKEN, content)


def leave_marks(content: bytes) -> Iterator[str]:
    """The tokens of ways out: of the address written to, or in `List-Unsubscribe` of the mail that is returned."""
    yield from _found(UNSUBSCRIBE_TOKEN, content)


def delivery_marks(content: bytes) -> Iterator[int]:
    """The deliveries that Message-IDs name. Nobody signed these."""
    yield from map(int, _found(MESSAGE_ID, content))


def _found(mark: re.Pattern[str], content: bytes) -> list[str]:
    raw = content[:MOST_BYTES].replace(b"\r\n", b"\n").replace(b"\r", b"\n").decode("latin-1")
    message = opened(content)
    texts = (BROKEN.sub("", text) for text in (raw, message.text, message.returned))
    return list(dict.fromkeys(token for text in texts for token in mark.findall(text)))[:MOST_MARKS]
