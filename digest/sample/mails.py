"""Every mail with invented data, written by the real composer: the sample edition, and all that makes mails break.

The readers have the number 0, so that the links in these mails lead to nobody.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from digest.compose import Composer
from digest.domain import (
    DISLIKED,
    EPOCH,
    LIKED,
    RELATED,
    Cadence,
    Delivery,
    Kind,
    Mail,
    Mute,
    Paper,
    Pick,
    Preferences,
    Quiet,
    Reader,
    Reason,
    Selection,
    Status,
    Window,
)
from digest.match import Matcher
from digest.sample import records
from digest.sources.huggingface.records import listings
from digest.topics import parse

TOPICS = (
    "speculative decoding",
    "large language models",
    "diffusion",
    "benchmark",
    'author:"Marit Halvorsen"',
    'org:"Orchard Institute"',
)
LONG_TITLE = (
    "On the Unreasonable Length of Titles: A Systematic, Reproducible, Multilingual and Frankly Exhausting Study of "
    "How Many Words Authors Put Before the Colon, How Many They Put After It, and Whether Anybody Who Reads a List of "
    "New Papers on a Small Phone in a Crowded Train Gets to the End of Them"
)
DEEP = "A retrospective over eleven years follows, with tables. " * 12 + "Only at the end comes speculative decoding."


def compose(composer: Composer, now: datetime) -> dict[str, Mail]:
    """Compose each kind of mail, some with more than one kind of data, under its own name."""
    return _digests(composer, now) | {
        "quiet": composer.quiet(
            _delivery(Kind.DIGEST, now),
            Quiet(
                143,
                now.date() - timedelta(days=8),
                now.date() - timedelta(days=19),
                ("language models", "video generation"),
            ),
        ),
        "quiet-named": composer.quiet(_named(_delivery(Kind.DIGEST, now))),
        "quiet-muted": composer.quiet(
            _delivery(Kind.DIGEST, now),
            Quiet(muted=tuple(Mute(topic, now.date() + timedelta(days=9)) for topic in ("agents", "robot*"))),
        ),
        "confirm": composer.letter(_delivery(Kind.CONFIRM, now)),
        "manage": composer.letter(_delivery(Kind.MANAGE, now)),
        "manage-other-topics": composer.letter(replace(_delivery(Kind.MANAGE, now), requested=OTHERS)),
        "move": composer.letter(_delivery(Kind.MOVE, now, recipient="marit@new.example.org")),
        "moved": composer.letter(_delivery(Kind.MOVED, now, recipient="marit@old.example.org")),
        "goodbye": composer.letter(_delivery(Kind.GOODBYE, now)),
        "goodbye-named": composer.letter(_named(_delivery(Kind.GOODBYE, now))),
        "trial": composer.trial("operator@example.org", 123456789, now),
        "alert": composer.alert("operator@example.org", ALERTS, now),
    }


def _digests(composer: Composer, now: datetime) -> dict[str, Mail]:
    edition = papers(now.date())
    matcher = Matcher(edition)
    chosen = matcher.select(parse(TOPICS), limit=10)
    daily = _delivery(Kind.DIGEST, now)
    weekly = _delivery(Kind.DIGEST, now, cadence=Cadence.WEEKLY)
    trending = _delivery(Kind.DIGEST, now, topics=())
    illustrated = _delivery(Kind.DIGEST, now, pictures=True)
    day, week = (now.date(), now.date()), (now.date() - timedelta(days=6), now.date())
    of_a_week = Matcher(_over_a_week(edition)).select(parse(TOPICS), limit=10)
    of_the_day: dict[str, Any] = {"listed": len(edition), "days": day}
    return {
        "digest": composer.digest(daily, chosen, **of_the_day),
        "digest-weekly": composer.digest(weekly, of_a_week, listed=143, days=week),
        "digest-trending": composer.digest(trending, matcher.select(parse(()), limit=10), **of_the_day),
        "digest-pictures": composer.digest(illustrated, chosen, **of_the_day),
        "digest-one": composer.digest(daily, Selection(chosen.picks[:1]), **of_the_day),
        "digest-fifty": composer.digest(trending, _fifty(edition), listed=187, days=day),
        "digest-awkward": composer.digest(daily, awkward(), listed=1_213),
        "digest-shared": composer.digest(daily, chosen, shared=True, **of_the_day),
        "digest-heard": composer.digest(_named(daily), _heard(chosen, edition), **of_the_day),
        "welcome": composer.digest(daily, of_a_week, listed=143, days=week, first=True),
        "welcome-named": composer.digest(_named(daily), of_a_week, listed=143, days=week, first=True),
    }


def _named(delivery: Delivery) -> Delivery:
    return replace(delivery, reader=replace(delivery.reader, name="my thesis"))


def _heard(chosen: Selection, edition: list[Paper]) -> Selection:
    """The same for somebody who voted, and wants what is related."""
    liked, disliked = Reason("", LIKED, ("tree search",), count=2), Reason("", DISLIKED, ("benchmarks",), count=1)
    first, second, *others = chosen.picks
    voted = [replace(first, reasons=(*first.reasons, liked)), replace(second, reasons=(*second.reasons, disliked))]
    picked = {pick.paper.id for pick in chosen.picks}
    beside = next(paper for paper in edition if paper.id not in picked)
    why = Reason("speculative decoding", RELATED, ("draft model", "verification"))
    return Selection((*voted, *others), 3, related=(Pick(beside, 0.2, (why,)),))


def _fifty(edition: list[Paper]) -> Selection:
    trending = (Reason("", "trending"),)
    again = [replace(paper, id=paper.id.replace("2512", "2511")) for paper in edition]
    return Selection(tuple(Pick(paper, 1.0, trending) for paper in (*edition, *again)))


def papers(day: date) -> list[Paper]:
    """The sample edition, as the store gives it back."""
    found, _ = listings(day, records(day))
    return [
        replace(listing.listed(), thumbnail_url=f"https://pictures.example.org/{listing.paper.id}.png")
        for listing in found
    ]


def _over_a_week(edition: list[Paper]) -> list[Paper]:
    return [
        replace(paper, listed_on=paper.listed_on and paper.listed_on - timedelta(days=place % 5))
        for place, paper in enumerate(edition)
    ]


def awkward() -> Selection:
    """Papers such as break a layout, each for a reason of its own."""
    return Selection(tuple(_pick(paper) for paper in AWKWARD), more=1_204)


def _pick(paper: Paper) -> Pick:
    sought = "speculative decoding"
    at = paper.abstract.lower().find(sought)
    span = (at, at + len(sought)) if at >= 0 else (0, 0)
    return Pick(paper, 1.0, (Reason(sought, "abstract", (sought,), (span,) if at >= 0 else ()),), span)


AWKWARD = (
    Paper("2512.91001", "Six Hundred Hands", "All helped.", authors=tuple(f"Author Number {n}" for n in range(664))),
    Paper(
        "2512.91002",
        "دراسة شاملة لنماذج اللغة الكبيرة",
        "نقدم دراسة شاملة مع speculative decoding.",
        authors=("محمد مثال", "רות דוגמה"),
    ),
    Paper(
        "2512.91003",
        "大規模言語モデルの評価と改善に関する研究" * 3,
        "本研究では、評価と改善を試みる。" * 20,
        authors=("例 太郎", "王 小明"),
    ),
    Paper("2512.91004", LONG_TITLE, DEEP, ("Ada Example",), organization="An Institute With a Name " * 5),
    Paper("2512.91005", "No Abstract, No Authors, No Date"),
    Paper("2512.91006", '<script>alert("no")</script> & <b>Friends</b>', "Speculative decoding <br> & more."),
    Paper("2512.91007", "Onewordwithoutanyplacetobreak" * 6, "x" * 500, authors=("A" * 200,)),
    Paper(
        "2512.91008",
        "سلام Hello שלום 你好 👩🏽‍🔬 \u202eevil\u202c",
        "Speculative decoding, in all directions.",
        authors=("O’Brien-Ñandú",),
        code_url="javascript:alert(1)",
        upvotes=1,
        comments=1,
        sources=("huggingface",),
    ),
    Paper("own:9", "From Elsewhere", project_url="https://elsewhere.example.org/" + "a" * 90, sources=("other",)),
)
OTHERS = Preferences(("protein folding", "benchmark"))
ALERTS = (
    "huggingface is suspicious: 3 papers on a Tuesday, where 31 are usual (2026-03-03).",
    "arxiv is late: no good answer since 2026-03-02 18:05 UTC. cs.CL: HTTP 503",
)

# Nobody's: a link that bears it opens nothing.
KEY = "k" + "0" * 16


def _delivery(kind: Kind, now: datetime, recipient: str = "", **wanted: object) -> Delivery:
    preferences = Preferences(**{"topics": TOPICS, **wanted})  # type: ignore[arg-type]
    since = (
        EPOCH if kind is not Kind.DIGEST else now - timedelta(days=7 if preferences.cadence is Cadence.WEEKLY else 1)
    )
    reader = Reader(0, "ada@example.org", Status.ACTIVE, preferences, created_at=now, new_email=recipient, key=KEY)
    return Delivery(0, kind, reader, now.astimezone(UTC), Window(since, now, since.date()), recipient=recipient)
