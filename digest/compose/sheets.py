"""A digest as all see it who get the same papers on a day: only what is personal is left open. Knows no reader."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from digest.compose import claims, marking, mime
from digest.compose.cards import CardStyle
from digest.compose.claims import Listed
from digest.compose.forms import Form, Shape, shape
from digest.compose.papers import Papers, of_html, of_text
from digest.domain import Order, Pick

# 12 kB each, beside the cards and the frame, which they share.
KEEP_SHEETS = 128
LONGEST_SUBJECT = 74


class Asked(NamedTuple):
    """All that a sheet depends on, and nothing else."""

    kind: str
    picks: tuple[Pick, ...]
    related: tuple[Pick, ...]
    # How many more fitted.
    more: int
    style: CardStyle
    order: Order
    listed: Listed
    today: date
    most_bytes: int
    # What the reader calls the digest, which is in its subject; most say nothing.
    called: str
    # What speaks to a stranger.
    shared: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """A subject, and a text and an HTML with the blanks of one reader; `own` are the papers with a page of theirs."""

    subject: str
    text: Form
    html: Form
    own: tuple[str, ...]


class Sheets:
    """The sheets of one service, each written once while readers ask for it."""

    def __init__(
        self, papers: Papers, frames: Callable[[str, Shape], tuple[Form, Form, Form]], personal: Callable[[bool], Shape]
    ) -> None:
        self._papers, self._frames, self._personal = papers, frames, personal
        self.sheet = lru_cache(KEEP_SHEETS)(self._sheet)

    def _sheet(self, asked: Asked) -> Sheet:
        by_topic = asked.order is Order.MIXED
        written = self._papers.written(
            asked.picks, asked.style, related=asked.related, by_topic=by_topic, most_bytes=asked.most_bytes
        )
        shown = asked.picks[: written.shown]
        known: dict[str, object] = {
            **claims.of_digest(
                shown,
                asked.listed,
                asked.today,
                order=asked.order,
                weekly=asked.style.weekly,
                left=len(asked.picks) - len(shown) + asked.more,
                shared=asked.shared,
            ),
            "called": asked.called,
            "minutes": f"{written.minutes} min read" if shown else "",
            "contents": written.contents,
        }
        blanks = shape(known | {"cards": written.text, "related": written.related_text})
        subject_form, text, html = self._frames(asked.kind, blanks + self._personal(asked.shared))
        known["subject"] = subject = subject_of(subject_form, known)
        return Sheet(
            subject,
            text.partly(of_text(known) | {"cards": written.text, "related": written.related_text}),
            html.partly(of_html(known) | {"cards": written.html, "related": written.related_html}),
            written.own,
        )


def subject_of(form: Form, values: Mapping[str, object]) -> str:
    """Write a subject, in one line of a length that lists of mails show."""
    return marking.shortened(mime.one_line(form.filled(values).decode()), LONGEST_SUBJECT)
