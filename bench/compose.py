"""How fast mails are written: `python -m bench.compose [--readers N]`, on one core, beside the plain way to do it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from itertools import count
from multiprocessing import get_context
from time import process_time
from typing import Any

import dkim
from markupsafe import Markup

from bench import captures, profiles, report
from digest import paths
from digest.compose import Composer, Letterhead, claims, contents, facts, marking, mime, opened, sharing, wording
from digest.compose.cards import LONG_LEAD, SHORT_LEAD, Level, anchor
from digest.compose.claims import Listed
from digest.compose.dkim import HASH, PADDING, Signer, new_key, pem, read_key
from digest.compose.lead import Lead, lead
from digest.compose.pages import environment
from digest.compose.papers import label_of, place_of
from digest.domain import Delivery, Kind, Mail, Paper, Pick, Preferences, Reader, Selection, Status, Window
from digest.links import Links
from digest.match import Matcher
from digest.topics import parse

DOMAIN, SELECTOR = "papers.example.org", "s1"
PICKS = 10
ROUNDS = 10
# The plain way is so slow that some mails say enough.
PLAIN_MAILS = 200
UNSIGNED_TARGET, SIGNED_TARGET, RATIO_TARGET = 5_000, 2_000, 15

Work = Sequence[tuple[Delivery, Selection]]
LETTERHEAD = Letterhead(
    mail_from=f"Paper Digest <digest@{DOMAIN}>",
    mail_domain=DOMAIN,
    links=Links(f"https://{DOMAIN}", ["a key for measurements"]),
    postal_address="12 Example Street, Exampleton",
)


@dataclass(frozen=True, slots=True)
class Day:
    """A day's papers, and readers with ten of them each; no two readers have the same topics."""

    day: date
    papers: Sequence[Paper]
    readers: dict[tuple[str, ...], Selection]

    def work(self, first_id: int = 1) -> Work:
        """One delivery for each reader; other ids are other readers."""
        due_at = datetime.combine(self.day, time(18), UTC)
        window = Window(due_at - timedelta(days=1), due_at, self.day)
        ids = count(first_id)
        return [
            (Delivery(id, Kind.DIGEST, _reader(id, topics, due_at), due_at, window), selection)
            for (topics, selection), id in zip(self.readers.items(), ids, strict=False)
        ]


def _reader(id: int, topics: tuple[str, ...], now: datetime) -> Reader:
    return Reader(id, f"reader{id}@mail{id % 50}.example.org", Status.ACTIVE, Preferences(topics), now)


def a_day(readers: int) -> Day:
    """Take the fullest day there is, and draw topics until so many readers have ten papers of it."""
    days = captures.days()
    day = max(days, key=lambda each: len(days[each]))
    matcher, found = Matcher(days[day]), dict[tuple[str, ...], Selection]()
    for topics in profiles.drawn((paper for papers in days.values() for paper in papers), readers * 1_000):
        selection = matcher.select(parse(topics), limit=PICKS)
        if len(selection.picks) == PICKS:
            found[tuple(topics)] = selection
        if len(found) == readers:
            break
    return Day(day, days[day], found)


def ours(composer: Composer, day: Day, first_id: int) -> float:
    """Write a mail to each reader; return how many a second of one core."""
    work = day.work(first_id)
    return _rate(work, lambda delivery, selection: composer.digest(delivery, selection, listed=len(day.papers)))


def _rate(work: Work, write: Callable[[Delivery, Selection], object]) -> float:
    before = process_time()
    for delivery, selection in work:
        write(delivery, selection)
    return len(work) / (process_time() - before)


class Plain:
    """The plain way: render each page for each reader with Jinja, build an EmailMessage, let dkimpy sign it."""

    def __init__(self, listed: int, key: bytes | None = None) -> None:
        self.pages, self.listed, self.key = environment(paths.templates() / "email"), listed, key

    def digest(self, delivery: Delivery, selection: Selection) -> bytes:
        message = EmailMessage(policy=SMTP)
        said = self._said(delivery, selection)
        said["subject"] = marking.shortened(mime.one_line(self._page("digest/subject.txt", said)), 74)
        for name, value in self._headers(delivery, str(said["subject"])):
            message[name] = value
        groups = contents.arranged(selection.picks, by_topic=True)
        bodies = []
        for kind in ("txt", "html"):
            parts = {"cards": self._cards(kind, delivery, groups), "contents": self._contents(kind, groups)}
            bodies.append(self._page(f"digest/body.{kind}", said | {k: Markup(v) for k, v in parts.items()}))
        message.set_content(bodies[0])
        message.add_alternative(bodies[1], subtype="html")
        content = message.as_bytes()
        return self._signature(message, content) + content if self.key else content

    def _said(self, delivery: Delivery, selection: Selection) -> dict[str, object]:
        reader, links = delivery.reader, LETTERHEAD.links
        wanted, today = reader.preferences, delivery.due_at.date()
        day = Listed(self.listed)
        words = sum(_words(pick, place) for place, pick in enumerate(selection.picks))
        return {
            "name": LETTERHEAD.name,
            "postal_address": LETTERHEAD.postal_address,
            "home": links.base_url,
            "unsubscribe": links.unsubscribe(reader.key),
            "preferences": links.preferences(reader.key),
            "view": links.view(reader.key, delivery.id),
            "email": reader.email,
            "why": wording.why(wanted),
            **claims.of_digest(
                selection.picks, day, today, order=wanted.order, weekly=False, left=selection.more, shared=False
            ),
            "greeting": "",
            "called": "",
            "related": "",
            "minutes": f"{max(1, round(words / 200))} min read",
            "subscribe": "",
            "own": f"{links.base_url}/{sharing.along(wanted.topics)}",
            "feed": f"{links.base_url}/feed.atom{sharing.along(wanted.topics)}",
            "references": f"{links.view(reader.key, delivery.id)}.bib",
            "useful": links.feedback(reader.key, delivery.id),
        }

    def _cards(self, kind: str, delivery: Delivery, groups: Sequence[contents.Group]) -> str:
        brief = {"txt": "digest/card.txt", "html": "digest/brief.html"}[kind]
        written, above = [], contents.said_above(groups)
        for group in groups:
            if group.topics:
                said: dict[str, object] = {"label": label_of(group.topics), "anchor": place_of(group.topics)}
                written.append(self._page(f"digest/group.{kind}", said))
            for each in group.papers:
                full = each.level is Level.FULL
                card = _card(each.pick, each.place, 3 if group.topics else 2)
                card["topics"] = facts.topics(each.pick, above.get(each.place, ""))
                card["own_page"] = LETTERHEAD.links.feedback(delivery.reader.key, delivery.id, each.pick.paper.id)
                written.append(self._page(f"digest/card.{kind}" if full else brief, card))
        return "".join(written).removesuffix("\n")

    def _contents(self, kind: str, groups: Sequence[contents.Group]) -> str:
        written, start = [], 1
        for group in groups:
            entries = [
                self._page(
                    f"digest/entry.{kind}",
                    {
                        "title": marking.shortened(each.pick.paper.title, 120),
                        "anchor": anchor(each.pick.paper),
                        "place": place,
                    },
                )
                for place, each in enumerate(group.cards, start)
            ]
            said = {"label": label_of(group.topics), "anchor": place_of(group.topics), "start": start}
            said |= {"count": len(group.papers), "entries": Markup("".join(entries).removesuffix("\n"))}
            written.append(self._page(f"digest/contents.{kind}", said))
            start += len(group.cards)
        return "".join(written).removesuffix("\n")

    def _page(self, template: str, said: dict[str, object]) -> str:
        return self.pages.get_template(template).render(said)

    def _headers(self, delivery: Delivery, subject: str) -> Iterator[tuple[str, str]]:
        links, reader = LETTERHEAD.links, delivery.reader
        way_out = links.unsubscribe(reader.key)
        mailto = f"mailto:unsubscribe+{way_out.rpartition('/')[2]}@{DOMAIN}?subject=unsubscribe"
        headers: dict[str, Any] = {
            "Date": delivery.due_at,
            "From": LETTERHEAD.mail_from,
            "To": reader.email,
            "Subject": subject,
            "Message-ID": f"<{Kind.DIGEST}.{delivery.id}@{DOMAIN}>",
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
            "List-Id": f"<digest.{DOMAIN}>",
            "List-Unsubscribe": f"<{way_out}>, <{mailto}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Feedback-ID": f"{Kind.DIGEST}:{delivery.due_at:%Y%m%d}:{DOMAIN}:paper-digest",
        }
        yield from headers.items()

    def _signature(self, message: EmailMessage, content: bytes) -> bytes:
        covered = [b"from", *(name.lower().encode() for name in message)]
        relaxed = (b"relaxed", b"relaxed")
        signature: bytes = dkim.sign(
            content, SELECTOR.encode(), DOMAIN.encode(), self.key, canonicalize=relaxed, include_headers=covered
        )
        return signature


def _lead(pick: Pick, place: int) -> Lead:
    return lead(pick, LONG_LEAD if place < contents.IN_FULL else SHORT_LEAD)


def _words(pick: Pick, place: int) -> int:
    runs = (*marking.title(pick), *_lead(pick, place).runs)
    return sum(len(run.text.split()) for run in runs)


def _card(pick: Pick, place: int, rank: int) -> dict[str, object]:
    told = _lead(pick, place)
    return {
        "title": marking.title(pick),
        "lead": told.runs,
        "label": told.label,
        "anchor": anchor(pick.paper),
        "rank": rank,
        "when": facts.when(pick.paper),
        "upvotes": pick.paper.upvotes,
        "who": facts.who(pick),
        "page": wording.page(pick.paper),
        "picture": "",
        "links": facts.links(pick.paper),
    }


def same(mail: Mail, plain: bytes) -> bool:
    """Both ways say the same, so they may be compared."""
    one, other = opened(mail.content), opened(plain)
    return (one.text.strip(), one.html.strip()) == (other.text.strip(), other.html.strip())


def resident() -> float:
    """What this process holds now, in MB."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


@dataclass(frozen=True, slots=True)
class Figures:
    """Mails a second of one core, round by round; and the MB held before, after the first, and after the last."""

    rates: list[float]
    held: list[float]
    octets: float = 0


def measure(readers: int, key: bytes | None) -> Figures:
    """Write to as many readers in each round, other ones each time; the first round finds empty caches."""
    day = a_day(readers)
    composer = Composer(replace(LETTERHEAD, signer=Signer(DOMAIN, SELECTOR, read_key(key)) if key else None))
    # The templates are compiled at the first mail of a process, whoever it is to.
    delivery, _ = day.work()[0]
    composer.digest(delivery, Selection((Pick(Paper("none", "None"), 0, ()),)))
    rates, held = [], [resident()]
    for round_ in range(ROUNDS):
        rates.append(ours(composer, day, 1 + round_ * readers))
        held.append(resident())
    sizes = [len(composer.digest(*work, listed=len(day.papers)).content) for work in day.work()]
    return Figures(rates, held, sum(sizes) / len(sizes))


def measure_plain(readers: int, key: bytes | None) -> Figures:
    """Write some mails the plain way; they say what ours say."""
    day = a_day(min(readers, PLAIN_MAILS))
    plain, composer, work = Plain(len(day.papers), key), Composer(LETTERHEAD), day.work()
    for delivery, selection in work[:20]:
        mail = composer.digest(delivery, selection, listed=len(day.papers))
        assert same(mail, plain.digest(delivery, selection)), "the two ways say different things"
    return Figures([_rate(work, plain.digest)], [])


def alone(task: Callable[..., Figures], *given: object) -> Figures:
    """Run a measurement in a process that has written nothing before."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(task, *given).result()


def rsa_rate(key: bytes, times: int = 1_000) -> float:
    """How many signatures of 2048 bits a core makes: more signed mails there cannot be."""
    signing, before = read_key(key), process_time()
    for _ in range(times):
        signing.sign(b"the headers of a mail" * 50, PADDING, HASH)
    return times / (process_time() - before)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--readers", type=int, default=2_000, help="readers, each with topics of their own")
    readers = asked.parse_args().readers
    key = pem(new_key())
    report.machine()
    day = a_day(readers)
    known = "a captured day" if captures.FOLDER.exists() else "the sample edition, because the captures are missing"
    report.heading(f"Digests of ten of {len(day.papers)} papers, {day.day} ({known}), to {len(day.readers):,} profiles")
    unsigned, signed = alone(measure, readers, None), alone(measure, readers, key)
    plain, plain_signed = alone(measure_plain, readers, None), alone(measure_plain, readers, key)
    report.table(
        ("mails a second of one core", "ours", "target", "the plain way", "times as fast", "target"),
        [
            _row("unsigned, caches empty", unsigned.rates[0], UNSIGNED_TARGET, plain),
            _row(f"unsigned, {ROUNDS - 1} more rounds", _mean(unsigned.rates[1:]), UNSIGNED_TARGET, plain),
            _row("signed, caches empty", signed.rates[0], SIGNED_TARGET, plain_signed),
            _row(f"signed, {ROUNDS - 1} more rounds", _mean(signed.rates[1:]), SIGNED_TARGET, plain_signed),
        ],
    )
    report.console.print(f"\nThe RSA signatures alone: {rsa_rate(key):,.0f} a second.")
    before, first, last = unsigned.held[0], unsigned.held[1], unsigned.held[-1]
    report.console.print(
        f"A mail has {unsigned.octets / 1000:.1f} kB. Memory: {before:.0f} MB before, {first:.0f} MB after "
        f"{readers:,} mails, {last:.0f} MB after {ROUNDS * readers:,}."
    )


def _row(name: str, rate: float, target: int, plain: Figures) -> tuple[object, ...]:
    peer = plain.rates[0]
    return name, f"{rate:,.0f}", f"{target:,}", f"{peer:,.0f}", f"{rate / peer:.0f}", RATIO_TARGET


def _mean(rates: Sequence[float]) -> float:
    """The rate of all rounds together, which are alike in size."""
    return len(rates) / sum(1 / rate for rate in rates)


if __name__ == "__main__":
    main()
