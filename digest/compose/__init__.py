"""A digest to a finished mail: text, HTML and headers. Pure; refuses to send, and to say the same thing in two ways.

A card (a paper with its reasons) is rendered and quoted once for all its readers; of the frame around the cards, only
what is personal is written for each mail (see `forms`). Everything in a mail derives from the delivery, so that a retry
is the same message, byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from markupsafe import escape

from digest import links as formats
from digest import paths
from digest.compose import aloud, claims, mime, sharing, wording
from digest.compose.cards import CardStyle, own_page
from digest.compose.claims import Listed
from digest.compose.forms import Form, Shape, form, shape
from digest.compose.headers import HeadersOf, Letterhead
from digest.compose.kinds import RULES
from digest.compose.mime import Headers, Letter, opened
from digest.compose.pages import environment
from digest.compose.papers import Papers
from digest.compose.sheets import Asked, Sheet, Sheets, subject_of
from digest.domain import Cadence, Delivery, Kind, Mail, Pick, Quiet, Selection
from digest.links import CONFIRM_WITHIN, Purpose

__all__ = ["MOST_HTML_BYTES", "Composer", "Letter", "Letterhead", "opened"]

# Gmail cuts a message at about 102 kB and hides the unsubscribe link with the rest. Counted as quoted, never the less.
MOST_HTML_BYTES = 90_000
# What the frame may take of it: heading, footer, style, at its longest.
FRAME_BYTES = 16_000
# Whoever holds one of the two keys may end, move and delete.
KEPT_FROM_OTHERS: dict[str, object] = dict.fromkeys(("unsubscribe", "preferences", "email", "why", "useful"), "")
# What a digest leaves open for each reader.
PERSONAL = (
    *("unsubscribe", "preferences", "view", "email", "why", "own", "feed", "references", "useful"),
    *("subject", "subscribe", "greeting"),
)
MOST_BROADER = 2
NOTHING_KNOWN = Quiet()
PARTS = "subject.txt", "body.txt", "body.html"
# The frames of some busy days: for every number of papers and of what is left over; 10 kB each.
KEEP_FORMS = 1024

# What is joined once, with all that is around it.
Pieced = Iterable[bytes]


class Composer:
    """Writes the mails of one service."""

    def __init__(self, letterhead: Letterhead) -> None:
        self.letterhead = letterhead
        self._headers = HeadersOf(letterhead)
        self._is_plain = str(escape(letterhead.links.base_url)) == letterhead.links.base_url
        self._pages = environment(paths.templates() / "email")
        self._pages.globals |= {
            "name": letterhead.name,
            "postal_address": letterhead.postal_address,
            "home": letterhead.links.base_url,
            # What belongs to no digest has no name of one.
            "called": "",
        }
        self._frames = lru_cache(KEEP_FORMS)(self._open_frames)
        papers = Papers(self._pages, mime.quoted)
        self._sheets = Sheets(papers, lambda kind, blanks: self._frames(kind, (), blanks), _open_to)

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
        wanted = delivery.preferences
        asked = Asked(
            kind="welcome" if first and not shared else "digest",
            picks=_picks(selection, shared),
            related=selection.related,
            more=selection.more,
            style=CardStyle(weekly=wanted.cadence is Cadence.WEEKLY, pictures=wanted.pictures, own=not shared),
            order=wanted.order,
            listed=Listed(listed, days),
            today=_local(delivery).date(),
            most_bytes=most_bytes - FRAME_BYTES,
            called="" if shared else aloud.name(delivery.called),
            shared=shared,
        )
        sheet = self._sheets.sheet(asked)
        values = self._of_reader(delivery, asked) | self._own_pages(delivery, sheet)
        text, html = sheet.text.parts(values), sheet.html.parts(values)
        return self._posted(asked.kind, delivery, sheet.subject, text, html, shared=shared)

    def _of_reader(self, delivery: Delivery, asked: Asked) -> dict[str, object]:
        """Gather what a digest says to one reader, and what of it may be seen by anybody."""
        view = self.letterhead.links.view(delivery.reader.key, delivery.id)
        values = {**self._personal(delivery, view), **self._shares(delivery, view), "subscribe": ""}
        if asked.kind == "welcome":
            values["greeting"] = claims.greeting(delivery.preferences, asked.listed, asked.today, asked.called)
        return values | KEPT_FROM_OTHERS | {"subscribe": values["own"]} if asked.shared else values

    def _own_pages(self, delivery: Delivery, sheet: Sheet) -> dict[str, object]:
        """Say where a reader tells what they make of each paper; quoted, as it stands in a card three times."""
        address = self.letterhead.links.feedbacks(delivery.reader.key, delivery.id)
        return {own_page(paper).name: mime.quoted_address(address(paper)) for paper in sheet.own}

    def _shares(self, delivery: Delivery, view: str) -> dict[str, object]:
        """Gather the ways on that a digest offers beside its papers."""
        links, key = self.letterhead.links, delivery.reader.key
        along = sharing.along(delivery.preferences.topics)
        return {
            "own": self._address(f"{links.base_url}/{along}"),
            "feed": self._address(f"{links.base_url}/feed.atom{along}"),
            "references": self._address(f"{view}.bib"),
            "useful": self._address(links.feedback(key, delivery.id)),
        }

    def _address(self, url: str) -> str | bytes:
        """Quote an address once for text and HTML, where it is the same in both."""
        return mime.quoted(url) if self._is_plain else url

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

    def quiet(self, delivery: Delivery, note: Quiet = NOTHING_KNOWN) -> Mail:
        """Tell a reader that nothing matched in a while, or that all is muted. What is not known is not said."""
        wanted, today = delivery.preferences, _local(delivery).date()
        personal: dict[str, object] = {
            "looked_at": claims.looked_at(note.listed, note.since, today),
            "last_match": claims.last_match(note.last_match, today),
        }
        topics, broader = (
            tuple(wording.topics(wanted)),
            tuple(filter(None, map(aloud.quotable, note.broader[:MOST_BROADER]))),
        )
        muted = claims.muted(note.muted, today)
        return self._mail("quiet", delivery, personal, topics=topics, broader=broader, muted=muted)

    def _mail(
        self,
        kind: str,
        delivery: Delivery,
        personal: Mapping[str, object] | None = None,
        **said: object,
    ) -> Mail:
        """Write a mail from its folder of templates, which may ask about what is `said`, and print what is personal."""
        view = self.letterhead.links.view(delivery.reader.key, delivery.id)
        called = aloud.name(delivery.called)
        values = {**self._personal(delivery, view), "called": called, **(personal or {})}
        return self._posted(kind, delivery, *self._written(kind, said, values))

    def _posted(
        self, kind: str, delivery: Delivery, subject: str, text: Pieced, html: Pieced, *, shared: bool = False
    ) -> Mail:
        """Address a mail of the list to its reader."""
        stamp, to = formats.stamp(delivery.kind, delivery.id, delivery.due_at), mime.bare(delivery.address)
        way_out = "" if shared else self.letterhead.links.unsubscribe(delivery.reader.key)
        headers = self._headers.of_list(kind, delivery, to, stamp, subject, way_out)
        content = self._sealed(headers, stamp, delivery.due_at, text, html)
        return Mail(delivery.id, self._envelope(delivery), to, content)

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
        to = mime.bare(to)
        headers = self._headers.of_notice(to, now, stamp, subject)
        return Mail(number, self._headers.sender, to, self._sealed(headers, stamp, now, text, html))

    def _written(self, kind: str, said: dict[str, object], values: dict[str, object]) -> tuple[str, Pieced, Pieced]:
        """Fill in the subject, the text and the HTML of a kind of mail."""
        # The other two print the subject, so it comes first.
        subject_form, text, html = self._frames(kind, _frozen(said), shape({**values, "subject": True}))
        subject = subject_of(subject_form, values)
        values = {**values, "subject": subject}
        return subject, text.parts(values), html.parts(values)

    def _open_frames(self, kind: str, said: tuple[tuple[str, object], ...], blanks: Shape) -> tuple[Form, Form, Form]:
        subject, text, html = (self._pages.get_template(f"{kind}/{part}") for part in PARTS)
        # A subject is a header, and written as headers are.
        return (
            form(subject, dict(said), blanks, str.encode),
            form(text, dict(said), blanks, mime.quoted),
            form(html, dict(said), blanks, mime.quoted),
        )

    def _sealed(self, headers: Headers, stamp: str, moment: datetime, text: Pieced, html: Pieced) -> bytes:
        """Put a mail together and sign it, if there is a key."""
        content_type, body = mime.multipart(stamp, text, html)
        headers = [*headers, ("Content-Type", content_type)]
        if signer := self.letterhead.signer:
            headers.insert(0, signer.signature(headers, body, moment))
        return mime.message(headers, body)

    def _personal(self, delivery: Delivery, view: str) -> dict[str, object]:
        """Gather what every mail may say around its cards to this reader alone."""
        links, reader = self.letterhead.links, delivery.reader
        return {
            "unsubscribe": self._address(links.unsubscribe(reader.key)),
            "preferences": self._address(links.preferences(reader.key)),
            "view": self._address(view),
            # A plain one is the same in text and HTML, too.
            "email": mime.quoted(reader.email) if mime.is_plain(reader.email) else reader.email,
            "why": wording.why(delivery.preferences),
        }


def _open_to(shared: bool) -> Shape:
    """Say which of the personal values of a digest there are: to a stranger it holds no key."""
    missing = KEPT_FROM_OTHERS if shared else ("subscribe",)
    return tuple((name, name not in missing) for name in PERSONAL)


def _picks(selection: Selection, shared: bool) -> tuple[Pick, ...]:
    """Give the picks; where anybody may see them, without what a reader said of other papers."""
    return tuple(map(_without_votes, selection.picks)) if shared else selection.picks


def _without_votes(pick: Pick) -> Pick:
    return replace(pick, reasons=tuple([reason for reason in pick.reasons if not reason.is_vote]))


def _local(delivery: Delivery) -> datetime:
    return delivery.due_at.astimezone(ZoneInfo(delivery.preferences.timezone))


def _frozen(said: dict[str, object]) -> tuple[tuple[str, object], ...]:
    return tuple([(name, tuple(value) if isinstance(value, list) else value) for name, value in said.items()])
