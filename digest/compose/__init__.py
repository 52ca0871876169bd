"""A digest to a finished mail: text, HTML and headers. Pure; refuses to send, and to say the same thing in two ways.

A card (a paper with its reasons) is rendered and quoted once for all its readers; only the frame around it is personal.
Everything in a mail derives from the delivery, so that a retry is the same message, byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from itertools import accumulate
from zoneinfo import ZoneInfo

from markupsafe import Markup

from digest import paths
from digest.compose import marking, mime, wording
from digest.compose.mime import Letter, opened
from digest.compose.pages import environment
from digest.domain import Cadence, Delivery, Mail, Paper, Pick, Reason, Selection
from digest.links import CONFIRM_WITHIN, Links, Purpose

__all__ = ["MOST_HTML_BYTES", "Composer", "Letter", "Letterhead", "opened"]

# Gmail cuts a message at about 102 kB and hides the unsubscribe link with the rest. Counted as quoted, never the less.
MOST_HTML_BYTES = 90_000
# What the frame may take of it: heading, footer, style, at its longest.
FRAME_BYTES = 16_000
# The best papers get a short abstract, the others a sentence.
IN_FULL = 5
LONG_EXCERPT, SHORT_EXCERPT = 420, 180
LONGEST_SUBJECT = 74
# Some ten busy days for every mix of topics that readers share; 3 kB each.
KEEP_CARDS = 4096
# Where the cards go in a frame. Nothing from outside can hold it, because the templates print no control character.
SLOT = Markup("\0")


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who writes: the same on every mail of a service."""

    mail_from: str
    mail_domain: str
    links: Links
    postal_address: str = ""
    name: str = "Paper Digest"


@dataclass(frozen=True, slots=True)
class Card:
    """One paper as its readers see it, quoted."""

    text: bytes
    html: bytes


class Composer:
    """Writes the mails of one service."""

    def __init__(self, letterhead: Letterhead) -> None:
        self.letterhead = letterhead
        self._from = mime.named(letterhead.mail_from)
        self._domain = mime.ascii_domain(letterhead.mail_domain)
        self._pages = environment(paths.templates() / "email")
        self._card = lru_cache(KEEP_CARDS)(self._printed_card)

    def digest(
        self, delivery: Delivery, selection: Selection, *, listed: int = 0, most_bytes: int = MOST_HTML_BYTES
    ) -> Mail:
        """Compose the picks for one window, out of so many papers `listed` (0: not said), best first.

        Picks that do not fit into `most_bytes` are counted, and stand in the view on the web, which has no such limit.
        """
        picks, year = selection.picks, _local(delivery).year
        cards = [
            self._card(pick.paper, pick.reasons, pick.snippet, place < IN_FULL, year)
            for place, pick in enumerate(picks)
        ]
        sizes = accumulate(len(card.html) for card in cards)
        shown = sum(size <= most_bytes - FRAME_BYTES for size in sizes)
        more = len(picks) - shown + selection.more
        titles = [marking.shortened(pick.paper.title, LONGEST_SUBJECT) for pick in picks[:3]]
        return self._mail("digest", delivery, cards[:shown], count=shown, more=more, listed=listed, titles=titles)

    def confirm(self, delivery: Delivery) -> Mail:
        """Ask a new reader to confirm. Repeats nothing a stranger typed: they may not be the one who reads it."""
        confirm = self.letterhead.links.confirm(delivery.reader.id, delivery.due_at)
        return self._mail("confirm", delivery, confirm=confirm, days=CONFIRM_WITHIN.days)

    def manage(self, delivery: Delivery) -> Mail:
        """Tell a reader who subscribed again that they are subscribed."""
        return self._mail("manage", delivery)

    def quiet(self, delivery: Delivery, *, listed: int = 0) -> Mail:
        """Tell a reader that nothing matched in a while, out of so many papers `listed` (0: not said)."""
        return self._mail("quiet", delivery, listed=listed, topics=wording.topics(delivery.reader.preferences))

    def _printed_card(
        self, paper: Paper, reasons: tuple[Reason, ...], snippet: tuple[int, int], full: bool, year: int
    ) -> Card:
        pick = Pick(paper, 0, reasons, snippet)
        said = {
            "title": marking.title(pick),
            "page": wording.page(paper),
            "byline": wording.byline(pick),
            "facts": wording.facts(paper, year),
            "excerpt": marking.excerpt(pick, LONG_EXCERPT if full else SHORT_EXCERPT),
            "because": wording.because(reasons),
            "links": wording.links(paper),
        }
        text, html = (self._pages.get_template(f"digest/card.{kind}").render(said) for kind in ("txt", "html"))
        return Card(mime.quoted(text), mime.quoted(html))

    def _mail(self, kind: str, delivery: Delivery, cards: Sequence[Card] = (), **said: object) -> Mail:
        # Same delivery, same name; the moment is in it, because ids begin anew with a new database.
        stamp = f"{kind}.{delivery.id}.{delivery.due_at:%Y%m%d%H%M%S}"
        said |= self._frame(delivery)
        subject = mime.one_line(self._pages.get_template(f"{kind}/subject.txt").render(said))
        said["subject"] = subject = marking.shortened(subject, LONGEST_SUBJECT)
        text = self._part(f"{kind}/body.txt", said, (card.text for card in cards))
        html = self._part(f"{kind}/body.html", said, (card.html for card in cards))
        content = mime.message(self._headers(kind, delivery, stamp, subject), stamp, text, html)
        sender = self.letterhead.links.bounce_address(delivery.reader.id, delivery.id, self._domain)
        return Mail(delivery.id, sender, mime.bare(delivery.reader.email), content)

    def _frame(self, delivery: Delivery) -> dict[str, object]:
        """Gather what every mail may say around its cards."""
        links, reader = self.letterhead.links, delivery.reader
        return {
            "name": self.letterhead.name,
            "postal_address": self.letterhead.postal_address,
            "home": links.base_url,
            "unsubscribe": links.unsubscribe(reader.id),
            "preferences": links.preferences(reader.id),
            "view": links.view(delivery.id),
            "email": reader.email,
            "why": wording.why(reader.preferences),
            "day": wording.long_day(_local(delivery)),
            "weekly": reader.preferences.cadence is Cadence.WEEKLY,
            "cards": SLOT,
        }

    def _part(self, template: str, said: dict[str, object], cards: Iterable[bytes]) -> bytes:
        """Render a frame, quote it, and put the quoted cards in their place."""
        head, slot, tail = self._pages.get_template(template).render(said).partition(f"{SLOT}\n")
        return b"".join((mime.quoted(head), *cards, mime.quoted(tail))) if slot else mime.quoted(head)

    def _headers(self, kind: str, delivery: Delivery, stamp: str, subject: str) -> list[tuple[str, str]]:
        links, reader = self.letterhead.links, delivery.reader
        domain = self._domain
        mailto = f"mailto:unsubscribe+{links.token(Purpose.UNSUBSCRIBE, reader.id)}@{domain}?subject=unsubscribe"
        return [
            ("Date", format_datetime(delivery.due_at)),
            ("From", self._from),
            ("To", mime.bare(reader.email)),
            ("Subject", mime.unstructured(subject)),
            ("Message-ID", f"<{stamp}@{domain}>"),
            ("MIME-Version", "1.0"),
            ("List-Id", f"<digest.{domain}>"),
            ("List-Help", f"<{links.base_url}>"),
            ("List-Post", "NO"),
            # RFC 8058: one https address, one mailto, and no fold within either.
            ("List-Unsubscribe", f"<{links.unsubscribe(reader.id)}>, <{mailto}>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
            ("Auto-Submitted", "auto-generated"),
            ("X-Auto-Response-Suppress", "All"),
            # Google's feedback loop counts complaints by each of these: kind, day, domain, sender.
            ("Feedback-ID", f"{kind}:{delivery.due_at:%Y%m%d}:{domain}:paper-digest"),
        ]


def _local(delivery: Delivery) -> datetime:
    return delivery.due_at.astimezone(ZoneInfo(delivery.reader.preferences.timezone))
