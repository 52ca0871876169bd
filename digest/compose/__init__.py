"""A digest to a finished mail: text, HTML and headers. Pure; refuses to send, and to say the same thing in two ways.

A card (a paper with its reasons) is rendered and quoted once for all its readers; of the frame around the cards, only
what is personal is written for each mail (see `forms`). Everything in a mail derives from the delivery, so that a retry
is the same message, byte for byte.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from digest import links as formats
from digest import paths
from digest.compose import aloud, claims, marking, mime, sharing, wording
from digest.compose.cards import CardStyle
from digest.compose.claims import Listed
from digest.compose.forms import Form, Shape, form, shape
from digest.compose.headers import HeadersOf, Letterhead
from digest.compose.kinds import RULES
from digest.compose.mime import Headers, Letter, opened
from digest.compose.pages import environment
from digest.compose.papers import OwnPage, Papers, of_html, of_text
from digest.domain import Cadence, Delivery, Kind, Mail, Order, Pick, Selection
from digest.links import CONFIRM_WITHIN, Purpose

__all__ = ["MOST_HTML_BYTES", "Composer", "Letter", "Letterhead", "opened"]

# Gmail cuts a message at about 102 kB and hides the unsubscribe link with the rest. Counted as quoted, never the less.
MOST_HTML_BYTES = 90_000
# What the frame may take of it: heading, footer, style, at its longest.
FRAME_BYTES = 16_000
# Whoever holds one of the two keys may end, move and delete.
KEPT_FROM_OTHERS: dict[str, object] = dict.fromkeys(
    ("unsubscribe", "preferences", "email", "called", "why", "useful"), ""
)
MOST_BROADER = 2
LONGEST_SUBJECT = 74
PARTS = "subject.txt", "body.txt", "body.html"
# The frames of some busy days: for every number of papers and of what is left over; 10 kB each.
KEEP_FORMS = 1024
# What a mail says several times, and what many say; half a kB each.
KEEP_ENTRIES = 4096


class Composer:
    """Writes the mails of one service."""

    def __init__(self, letterhead: Letterhead) -> None:
        self.letterhead = letterhead
        self._headers = HeadersOf(letterhead)
        self._pages = environment(paths.templates() / "email")
        self._pages.globals |= {
            "name": letterhead.name,
            "postal_address": letterhead.postal_address,
            "home": letterhead.links.base_url,
            # What belongs to no digest has no name of one.
            "called": "",
        }
        self._quoted = lru_cache(KEEP_ENTRIES)(mime.quoted)
        self._frames = lru_cache(KEEP_FORMS)(self._open_frames)
        self._papers = Papers(self._pages, self._quoted)

    def digest(
        self,
        delivery: Delivery,
        selection: Selection,
        *,
        listed: int = 0,
        days: tuple[date, date] | None = None,
        first: bool = False,
        most_bytes: int = MOST_HTML_BYTES,
        shared: bool = False,
    ) -> Mail:
        """Compose the picks for one window, out of so many papers `listed` on these `days` (0, None: not said).

        The `first` digest of a reader says in a line what to expect.
        Picks that do not fit into `most_bytes` are counted, and stand in the view on the web, which has no such limit.
        What is `shared` may be seen by anybody: it holds no key of the reader's, and does not name them.
        """
        picks, wanted = _picks(selection, shared), delivery.preferences
        style = CardStyle(weekly=wanted.cadence is Cadence.WEEKLY, pictures=wanted.pictures, own=not shared)
        written = self._papers.written(
            picks,
            style,
            self._own_pages(delivery),
            related=selection.related,
            by_topic=wanted.order is Order.MIXED,
            most_bytes=most_bytes - FRAME_BYTES,
        )
        shown = picks[: written.shown]
        left = len(picks) - len(shown) + selection.more
        personal: dict[str, object] = {
            **_claims(delivery, shown, Listed(listed, days), left=left, shared=shared),
            "minutes": f"{written.minutes} min read" if shown else "",
            "contents": written.contents,
            "cards": written.cards,
            "related": written.related,
            **self._shares(delivery, shared),
        }
        return self._mail("welcome" if first and not shared else "digest", delivery, personal)

    def _own_pages(self, delivery: Delivery) -> OwnPage:
        """Say where a reader tells what they make of a paper; quoted, as it stands in a card three times."""
        address = self.letterhead.links.feedbacks(delivery.reader.key, delivery.id)
        return lambda paper: mime.quoted_address(address(paper.id))

    def _shares(self, delivery: Delivery, shared: bool) -> dict[str, object]:
        """Gather the ways on that a digest offers beside its papers: to its reader, or to anybody."""
        links, key, topics = self.letterhead.links, delivery.reader.key, delivery.preferences.topics
        ways: dict[str, object] = {
            "own": sharing.with_topics(f"{links.base_url}/", topics),
            "feed": sharing.with_topics(f"{links.base_url}/feed.atom", topics),
            "references": f"{links.view(key, delivery.id)}.bib",
            "useful": links.feedback(key, delivery.id),
            "subscribe": "",
        }
        return ways | KEPT_FROM_OTHERS | {"subscribe": ways["own"]} if shared else ways

    def letter(self, delivery: Delivery) -> Mail:
        """Write a mail without papers, as the table of kinds says."""
        rule = RULES[delivery.kind]
        folder = rule.folders[0]
        personal: dict[str, object] = {}
        said: dict[str, object] = {}
        if rule.link:
            links = self.letterhead.links
            make = {Purpose.CONFIRM: links.confirm, Purpose.MOVE: links.move, Purpose.TOPICS: links.topics}[rule.link]
            personal[folder] = make(delivery.reader.key, delivery.id, delivery.due_at)
        if delivery.kind is Kind.MANAGE:
            said = claims.both_sets(delivery)
        days = CONFIRM_WITHIN.days
        if delivery.kind is Kind.MOVED:
            personal["email"] = delivery.reader.email
        if rule.on_list:
            return self._mail(folder, delivery, personal, days=days, **said)
        return self._notice(folder, delivery.id, delivery.address, delivery.due_at, personal, days=days)

    def alert(self, operator: str, causes: Sequence[str], now: datetime) -> Mail:
        """Tell the operator what is wrong, a line a cause."""
        return self._notice("alert", 0, operator, now, {}, causes=tuple(causes))

    def trial(self, to: str, number: int, now: datetime) -> Mail:
        """Write a test mail that `digest doctor` sends."""
        return self._notice("trial", number, to, now, {}, trial=number)

    def quiet(
        self,
        delivery: Delivery,
        *,
        listed: int = 0,
        since: date | None = None,
        last_match: date | None = None,
        broader: Sequence[str] = (),
    ) -> Mail:
        """Tell a reader that nothing matched in a while.

        What is not known is not said: out of how many papers `listed` since which day, when something matched last, and
        which `broader` topics would bring something.
        """
        wanted, today = delivery.preferences, _local(delivery).date()
        personal: dict[str, object] = {
            "looked_at": claims.looked_at(listed, since, today),
            "last_match": claims.last_match(last_match, today),
        }
        topics, broader = (
            tuple(wording.topics(wanted)),
            tuple(filter(None, map(aloud.quotable, broader[:MOST_BROADER]))),
        )
        return self._mail("quiet", delivery, personal, topics=topics, broader=broader)

    def _mail(
        self,
        kind: str,
        delivery: Delivery,
        personal: Mapping[str, object] | None = None,
        **said: object,
    ) -> Mail:
        """Write a mail from its folder of templates, which may ask about what is `said`, and print what is personal."""
        stamp = formats.stamp(delivery.kind, delivery.id, delivery.due_at)
        values = {**self._personal(delivery), **(personal or {})}
        subject, text, html = self._written(kind, said, values)
        headers = self._headers.of_list(kind, delivery, stamp, subject, str(values["unsubscribe"]))
        return Mail(
            delivery.id,
            self._envelope(delivery),
            mime.bare(delivery.address),
            self._sealed(headers, stamp, delivery.due_at, text, html),
        )

    def _envelope(self, delivery: Delivery) -> str:
        """Say where a mail comes back to: an address of its own, but for one that went elsewhere than to the reader."""
        if delivery.recipient:
            return self._headers.sender
        return self.letterhead.links.bounce_address(delivery.reader.key, delivery.id, self._headers.domain)

    def _notice(
        self, kind: str, number: int, to: str, now: datetime, personal: dict[str, object], **said: object
    ) -> Mail:
        """Write a mail that belongs to no list: it has nothing to unsubscribe from, and no key of a reader."""
        stamp = formats.stamp(kind, number, now)
        subject, text, html = self._written(kind, said, personal)
        headers = self._headers.of_notice(to, now, stamp, subject)
        return Mail(number, self._headers.sender, mime.bare(to), self._sealed(headers, stamp, now, text, html))

    def _written(self, kind: str, said: dict[str, object], values: dict[str, object]) -> tuple[str, bytes, bytes]:
        """Fill in the subject, the text and the HTML of a kind of mail. What differs between the two is a `Both`."""
        # The other two print the subject, so it comes first.
        blanks = shape({**values, "subject": True})
        subject_form, text, html = self._frames(kind, _frozen(said), blanks)
        subject = marking.shortened(mime.one_line(subject_form.filled(values).decode()), LONGEST_SUBJECT)
        values = {**values, "subject": subject}
        return subject, text.filled(of_text(values)), html.filled(of_html(values))

    def _open_frames(self, kind: str, said: tuple[tuple[str, object], ...], blanks: Shape) -> tuple[Form, Form, Form]:
        subject, text, html = (self._pages.get_template(f"{kind}/{part}") for part in PARTS)
        # A subject is a header, and written as headers are.
        return (
            form(subject, dict(said), blanks, str.encode),
            form(text, dict(said), blanks, self._quoted),
            form(html, dict(said), blanks, self._quoted),
        )

    def _sealed(self, headers: Headers, stamp: str, moment: datetime, text: bytes, html: bytes) -> bytes:
        """Put a mail together and sign it, if there is a key."""
        content_type, body = mime.multipart(stamp, text, html)
        headers = [*headers, ("Content-Type", content_type)]
        if signer := self.letterhead.signer:
            headers.insert(0, signer.signature(headers, body, moment))
        return mime.message(headers, body)

    def _personal(self, delivery: Delivery) -> dict[str, object]:
        """Gather what every mail may say around its cards to this reader alone."""
        links, reader = self.letterhead.links, delivery.reader
        return {
            "unsubscribe": links.unsubscribe(reader.key),
            "preferences": links.preferences(reader.key),
            "view": links.view(reader.key, delivery.id),
            "email": reader.email,
            "called": aloud.name(reader.name),
            "why": wording.why(delivery.preferences),
        }


def _picks(selection: Selection, shared: bool) -> tuple[Pick, ...]:
    """Give the picks; where anybody may see them, without what a reader said of other papers."""
    return tuple(map(_without_votes, selection.picks)) if shared else selection.picks


def _without_votes(pick: Pick) -> Pick:
    return replace(pick, reasons=tuple([reason for reason in pick.reasons if not reason.is_vote]))


def _claims(
    delivery: Delivery, shown: tuple[Pick, ...], listed: Listed, *, left: int, shared: bool
) -> Mapping[str, object]:
    """Gather what a digest claims about itself, on its reader's own day, by the name they gave it."""
    today, called = _local(delivery).date(), aloud.name(delivery.reader.name)
    return claims.of_digest(shown, delivery.preferences, listed, today, left=left, shared=shared, called=called)


def _local(delivery: Delivery) -> datetime:
    return delivery.due_at.astimezone(ZoneInfo(delivery.preferences.timezone))


def _frozen(said: dict[str, object]) -> tuple[tuple[str, object], ...]:
    return tuple([(name, tuple(value) if isinstance(value, list) else value) for name, value in said.items()])
