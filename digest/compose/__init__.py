"""A digest to a finished mail: text, HTML and headers. Pure; refuses to send, and to say the same thing in two ways.

A card (a paper with its reasons) is rendered and quoted once for all its readers; of the frame around the cards, only
what is personal is written for each mail (see `forms`). Everything in a mail derives from the delivery, so that a retry
is the same message, byte for byte.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from itertools import accumulate
from zoneinfo import ZoneInfo

from digest import links as formats
from digest import paths
from digest.compose import marking, mime, wording
from digest.compose.cards import Card, Cards
from digest.compose.dkim import Signer
from digest.compose.forms import Form, Shape, form, shape
from digest.compose.kinds import RULES
from digest.compose.mime import Headers, Letter, opened
from digest.compose.pages import environment
from digest.domain import Cadence, Delivery, Kind, Mail, Selection
from digest.links import CONFIRM_WITHIN, Links, Purpose

__all__ = ["MOST_HTML_BYTES", "Composer", "Letter", "Letterhead", "opened"]

# Gmail cuts a message at about 102 kB and hides the unsubscribe link with the rest. Counted as quoted, never the less.
MOST_HTML_BYTES = 90_000
# What the frame may take of it: heading, footer, style, at its longest.
FRAME_BYTES = 16_000
# Whoever holds one of the two keys may end, move and delete.
KEPT_FROM_OTHERS = dict.fromkeys(("unsubscribe", "preferences", "email", "why"), "")
# The best papers are told in full, the others briefly.
IN_FULL = 5
LONGEST_SUBJECT = 74
PARTS = "subject.txt", "body.txt", "body.html"
# The frames of some busy days: for every number of papers and of what is left over; 10 kB each.
KEEP_FORMS = 1024
# What a mail says several times, and what many say; half a kB each.
KEEP_ENTRIES = 4096
# Readers are due at a few moments of a day, in some hundred zones.
KEEP_MOMENTS = 1024


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who writes: the same on every mail of a service."""

    mail_from: str
    mail_domain: str
    links: Links
    postal_address: str = ""
    name: str = "Paper Digest"
    signer: Signer | None = None


class Composer:
    """Writes the mails of one service."""

    def __init__(self, letterhead: Letterhead) -> None:
        self.letterhead = letterhead
        self._from = mime.named(letterhead.mail_from)
        self._sender = mime.bare(letterhead.mail_from)
        self._domain = mime.ascii_domain(letterhead.mail_domain)
        self._pages = environment(paths.templates() / "email")
        self._pages.globals |= {
            "name": letterhead.name,
            "postal_address": letterhead.postal_address,
            "home": letterhead.links.base_url,
        }
        self._quoted = lru_cache(KEEP_ENTRIES)(mime.quoted)
        self._frames = lru_cache(KEEP_FORMS)(self._open_frames)
        self._cards = Cards(self._pages, self._quoted)

    def digest(
        self,
        delivery: Delivery,
        selection: Selection,
        *,
        listed: int = 0,
        first: bool = False,
        most_bytes: int = MOST_HTML_BYTES,
        shared: bool = False,
    ) -> Mail:
        """Compose the picks for one window, out of so many papers `listed` (0: not said), best first.

        The `first` digest of a reader says in a line what to expect.
        Picks that do not fit into `most_bytes` are counted, and stand in the view on the web, which has no such limit.
        What is `shared` may be seen by anybody: it holds no key of the reader's, and does not name them.
        """
        picks, wanted, local = selection.picks, delivery.preferences, _local(delivery)
        weekly = wanted.cadence is Cadence.WEEKLY
        cards = [
            self._cards.card(pick, place < IN_FULL, local.year, weekly, wanted.pictures)
            for place, pick in enumerate(picks)
        ]
        sizes = accumulate(len(card.html) for card in cards)
        shown = sum(size <= most_bytes - FRAME_BYTES for size in sizes)
        more = len(picks) - shown + selection.more
        titles = [marking.shortened(pick.paper.title, LONGEST_SUBJECT) for pick in picks[:3]]
        personal = {"title": "".join(titles[:1]), "also": "; ".join(titles[1:])}
        if shared:
            personal |= KEPT_FROM_OTHERS
        said: dict[str, object] = {
            "count": shown,
            "more": more,
            "listed": listed,
            "week": wording.week(delivery.window, local) if weekly else "",
            "rhythm": wording.rhythm(wanted),
        }
        return self._mail("welcome" if first else "digest", delivery, cards[:shown], personal, **said)

    def letter(self, delivery: Delivery) -> Mail:
        """Write a mail without papers, as the table of kinds says."""
        rule = RULES[delivery.kind]
        folder = rule.folders[0]
        personal: dict[str, object] = {}
        if rule.link:
            links = self.letterhead.links
            make = {Purpose.CONFIRM: links.confirm, Purpose.MOVE: links.move}[rule.link]
            personal[folder] = make(delivery.reader.key, delivery.id, delivery.due_at)
        days = CONFIRM_WITHIN.days
        if delivery.kind is Kind.MOVED:
            personal["email"] = delivery.reader.email
        if rule.on_list:
            return self._mail(folder, delivery, personal=personal, days=days)
        return self._notice(folder, delivery.id, delivery.address, delivery.due_at, personal, days=days)

    def alert(self, operator: str, causes: Sequence[str], now: datetime) -> Mail:
        """Tell the operator what is wrong, a line a cause."""
        return self._notice("alert", 0, operator, now, {}, causes=tuple(causes))

    def quiet(self, delivery: Delivery, *, listed: int = 0) -> Mail:
        """Tell a reader that nothing matched in a while, out of so many papers `listed` (0: not said)."""
        return self._mail("quiet", delivery, listed=listed, topics=wording.topics(delivery.preferences))

    def _mail(
        self,
        kind: str,
        delivery: Delivery,
        cards: Sequence[Card] = (),
        personal: Mapping[str, object] | None = None,
        **said: object,
    ) -> Mail:
        """Write a mail from its folder of templates, which may ask about what is `said`, and print what is personal."""
        stamp = formats.stamp(delivery.kind, delivery.id, delivery.due_at)
        said["day"] = _long_day(delivery.due_at, delivery.preferences.timezone)
        said["weekly"] = delivery.preferences.cadence is Cadence.WEEKLY
        values = {**self._personal(delivery), **(personal or {})}
        subject, text, html = self._written(kind, said, values, cards)
        headers = self._headers(kind, delivery, stamp, subject, str(values["unsubscribe"]))
        return Mail(
            delivery.id, self._envelope(delivery), mime.bare(delivery.address), self._sealed(headers, stamp, text, html)
        )

    def _envelope(self, delivery: Delivery) -> str:
        """Say where a mail comes back to: an address of its own, but for one that went elsewhere than to the reader."""
        if delivery.recipient:
            return self._sender
        return self.letterhead.links.bounce_address(delivery.reader.key, delivery.id, self._domain)

    def _notice(
        self, kind: str, number: int, to: str, now: datetime, personal: dict[str, object], **said: object
    ) -> Mail:
        """Write a mail that belongs to no list: it has nothing to unsubscribe from, and no key of a reader."""
        stamp = formats.stamp(kind, number, now)
        subject, text, html = self._written(kind, said, personal)
        headers = self._notice_headers(to, now, stamp, subject)
        return Mail(number, self._sender, mime.bare(to), self._sealed(headers, stamp, text, html))

    def _written(
        self, kind: str, said: dict[str, object], values: dict[str, object], cards: Sequence[Card] = ()
    ) -> tuple[str, bytes, bytes]:
        """Fill in the subject, the text and the HTML of a kind of mail."""
        # The other two print the subject, so it comes first.
        blanks = shape({**values, "subject": True, "cards": cards})
        subject_form, text, html = self._frames(kind, _frozen(said), blanks)
        subject = marking.shortened(mime.one_line(subject_form.filled(values).decode()), LONGEST_SUBJECT)
        values = {**values, "subject": subject}
        return (
            subject,
            text.filled({**values, "cards": _joined([card.text for card in cards])}),
            html.filled({**values, "cards": _joined([card.html for card in cards])}),
        )

    def _open_frames(self, kind: str, said: tuple[tuple[str, object], ...], blanks: Shape) -> tuple[Form, Form, Form]:
        subject, text, html = (self._pages.get_template(f"{kind}/{part}") for part in PARTS)
        # A subject is a header, and written as headers are.
        return (
            form(subject, dict(said), blanks, str.encode),
            form(text, dict(said), blanks, self._quoted),
            form(html, dict(said), blanks, self._quoted),
        )

    def _sealed(self, headers: Headers, stamp: str, text: bytes, html: bytes) -> bytes:
        """Put a mail together and sign it, if there is a key."""
        content_type, body = mime.multipart(stamp, text, html)
        headers = [*headers, ("Content-Type", content_type)]
        if signer := self.letterhead.signer:
            headers.insert(0, signer.signature(headers, body))
        return mime.message(headers, body)

    def _personal(self, delivery: Delivery) -> dict[str, object]:
        """Gather what every mail may say around its cards to this reader alone."""
        links, reader = self.letterhead.links, delivery.reader
        return {
            "unsubscribe": links.unsubscribe(reader.key),
            "preferences": links.preferences(reader.key),
            "view": links.view(reader.key, delivery.id),
            "email": reader.email,
            "why": wording.why(delivery.preferences),
        }

    def _headers(self, kind: str, delivery: Delivery, stamp: str, subject: str, way_out: str) -> Headers:
        """Gather the headers of a mail from the list."""
        domain = self._domain
        # The token in it says whose mail this was.
        mailbox = self.letterhead.links.unsubscribe_address(delivery.reader.key, domain)
        headers = [
            *self._notice_headers(delivery.address, delivery.due_at, stamp, subject),
            ("List-Id", f"<digest.{domain}>"),
            ("List-Help", f"<{self.letterhead.links.base_url}>"),
            ("List-Post", "NO"),
            # RFC 8058: one https address, one mailto, and no fold within either.
            ("List-Unsubscribe", f"<{way_out}>, <mailto:{mailbox}?subject=unsubscribe>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
            # Google's feedback loop counts complaints by each of these: kind, day, domain, sender.
            ("Feedback-ID", f"{kind}:{formats.digits(delivery.due_at)[:8]}:{domain}:paper-digest"),
        ]
        # Complaints may come here too (RFC 9477), on the word of the domain that signs.
        return [*headers, ("CFBL-Address", f"{mailbox}; report=arf")] if self.letterhead.signer else headers

    def _notice_headers(self, to: str, now: datetime, stamp: str, subject: str) -> Headers:
        """Gather the headers of any mail."""
        return [
            ("Date", _date(now)),
            ("From", self._from),
            ("To", mime.bare(to)),
            ("Subject", mime.unstructured(subject)),
            ("Message-ID", formats.message_id(stamp, self._domain)),
            ("MIME-Version", "1.0"),
            ("Auto-Submitted", "auto-generated"),
            ("X-Auto-Response-Suppress", "All"),
        ]


def _local(delivery: Delivery) -> datetime:
    return delivery.due_at.astimezone(ZoneInfo(delivery.preferences.timezone))


@lru_cache(KEEP_MOMENTS)
def _long_day(moment: datetime, timezone: str) -> str:
    return wording.long_day(moment.astimezone(ZoneInfo(timezone)))


_date = lru_cache(KEEP_MOMENTS)(format_datetime)


def _frozen(said: dict[str, object]) -> tuple[tuple[str, object], ...]:
    return tuple([(name, tuple(value) if isinstance(value, list) else value) for name, value in said.items()])


def _joined(cards: Sequence[bytes]) -> bytes:
    """Join cards for a blank: the template ends the line it stands in."""
    return b"".join(cards).removesuffix(b"\r\n") + b"=\r\n" if cards else b""
