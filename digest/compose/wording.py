"""What a mail says, as plain values: who, when, why it is here, where it leads. Refuses markup."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from urllib.parse import quote

from digest.compose.marking import Run, shortened
from digest.domain import Cadence, Paper, Pick, Preferences, Reason, Window
from digest.text import safe_url

NAMES = 3
LONGEST_NAME = 80
LONGEST_TOPIC = 80
TOPICS = 5
MOST_TOPICS = 20
# A window that begins earlier has no beginning worth naming.
A_SEASON = timedelta(days=60)
# Those that many readers have; 200 bytes each.
KEEP_TOPICS = 4096

# A space at which no line breaks: `1 comment` stays together on a phone.
KEEP = "\u00a0"
DOT = f"{KEEP}· "
# Where papers live that a source keys by more than an arXiv id.
PAGES = {"doi": "https://doi.org/", "openreview": "https://openreview.net/forum?id="}
ARXIV_ID = re.compile(r"\d{4}\.\d{4,5}|[a-z-]+(\.[A-Z]{2})?/\d{7}", re.ASCII)
# `"speculative decoding"` or `author:"Ada Lovelace"`: a topic whose marks can go when it is read aloud.
SIMPLE_TOPIC = re.compile(
    r'((?P<field>author|org|organization|title|abstract):)?"?(?P<words>[^":()]+)"?', re.IGNORECASE
)
LEAD = {"author": "the author "}
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Link:
    """Where to go from a paper; `note` says more about it and is not part of the link."""

    label: str
    url: str
    note: str = ""


def number(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def day(moment: date, year: int) -> str:
    """Write a date as the Daily Papers page does: `Jan 27` in the current year, `Oct 1, 2024` outside it."""
    short = f"{moment:%b} {moment.day}"
    return short if moment.year == year else f"{short}, {moment.year}"


def long_day(moment: date) -> str:
    return f"{moment:%A}, {moment:%B}{KEEP}{moment.day}"


def byline(pick: Pick) -> str:
    """Name the first authors, those the reader follows, how many more there are, and the organisation."""
    authors = pick.paper.authors
    shown = [*authors[:NAMES], *_followed_authors(pick, authors[NAMES:])]
    names = ", ".join(shortened(name, LONGEST_NAME) for name in shown)
    if len(authors) > len(shown):
        names = f"{names} +{KEEP}{len(authors) - len(shown)}"
    return DOT.join(part for part in (names, shortened(pick.paper.organization, LONGEST_NAME)) if part)


def _followed_authors(pick: Pick, others: Sequence[str]) -> list[str]:
    sought = {word.casefold() for reason in pick.reasons if reason.field == "author" for word in reason.words}
    return [name for name in others if name.casefold() in sought][:NAMES]


def week(window: Window, local: datetime) -> str:
    """Name the days of a weekly digest, `December 22 to 29`; nothing for the first one, which looks back a day."""
    start = window.start.astimezone(local.tzinfo)
    if local - start > A_SEASON:
        return ""
    first = f"{start:%B}{KEEP}{start.day}"
    return f"{first} to {local.day}" if start.month == local.month else f"{first} to {local:%B}{KEEP}{local.day}"


def facts(paper: Paper, year: int, *, weekly: bool = False) -> str:
    """Say when it appeared, in a `weekly` digest also on which day it was listed, and what people made of it."""
    when = paper.published_at.date() if paper.published_at else paper.listed_on
    said = [day(when, year)] if when else []
    if weekly and paper.listed_on:
        said.append(f"listed on {paper.listed_on:%A}")
    counts = (paper.upvotes, "upvote"), (paper.comments, "comment")
    said += [number(count, noun) for count, noun in counts if count > 0]
    return DOT.join(fact.replace(" ", KEEP) for fact in said)


def because(reasons: Collection[Reason]) -> list[Run]:
    """Say why a paper is here, in the reader's own words; nothing where nobody knows any more."""
    if not reasons:
        return []
    topics = list(dict.fromkeys(_topic(reason.topic) for reason in reasons if reason.topic))
    return [Run("Because you follow "), *_listed(topics)] if topics else [Run("Because it is trending")]


def rhythm(preferences: Preferences) -> str:
    """Say when a reader's digest comes."""
    match preferences.cadence:
        case Cadence.DAILY:
            return "every day"
        case Cadence.WEEKDAYS:
            return "on weekdays"
        case Cadence.WEEKLY:
            return f"every {DAYS[preferences.weekday]}"


def why(preferences: Preferences) -> list[Run]:
    """Say what the reader asked for."""
    lead = f"You get this mail {rhythm(preferences)} because you "
    if not preferences.topics:
        return [Run(f"{lead}asked for the papers that are trending.")]
    return [Run(f"{lead}follow "), *_listed([_topic(topic) for topic in preferences.topics]), Run(".")]


def topics(preferences: Preferences) -> list[str]:
    """List the first topics as the reader wrote them."""
    return [shortened(topic, LONGEST_TOPIC) for topic in preferences.topics[:MOST_TOPICS]]


@lru_cache(KEEP_TOPICS)
def _topic(topic: str) -> tuple[str, str]:
    """Read a topic aloud: what leads to it, and its words."""
    simple = SIMPLE_TOPIC.fullmatch(" ".join(topic.split()))
    field, words = (simple["field"] or "", simple["words"]) if simple else ("", topic)
    return LEAD.get(field.lower(), ""), shortened(words, LONGEST_TOPIC)


def _listed(topics: Sequence[tuple[str, str]]) -> Iterator[Run]:
    shown, others = topics[:TOPICS], len(topics) - TOPICS
    for place, (lead, words) in enumerate(shown):
        last = place == len(shown) - 1 and others <= 0
        joint = "" if place == 0 else " and " if last else ", "
        yield from (Run(joint + lead), Run(words, marked=True))
    if others > 0:
        yield Run(f" and {others} more")


def page(paper: Paper) -> str:
    """Find the page of a paper: where it is discussed, else on arXiv, else wherever it lives; may be empty."""
    if "huggingface" in paper.sources:
        return "https://huggingface.co/papers/" + quote(paper.id, errors="replace")
    if ARXIV_ID.fullmatch(paper.id):
        return f"https://arxiv.org/abs/{paper.id}"
    kind, _, key = paper.id.partition(":")
    if kind in PAGES:
        return PAGES[kind] + quote(key, safe="/")
    return safe_url(paper.project_url) or safe_url(paper.code_url)


def picture(paper: Paper) -> str:
    """Find the picture a source shows with a paper; only over https, and it may be empty."""
    url = safe_url(paper.thumbnail_url)
    return url if url.startswith("https://") else ""


def links(paper: Paper) -> list[Link]:
    """List where else a paper leads, beside its page."""
    on_arxiv = ARXIV_ID.fullmatch(paper.id)
    stars = number(paper.code_stars, "star") if paper.code_stars else ""
    found = [
        Link("arXiv", f"https://arxiv.org/abs/{paper.id}" if on_arxiv else ""),
        Link("PDF", f"https://arxiv.org/pdf/{paper.id}" if on_arxiv else ""),
        Link("Code", safe_url(paper.code_url), stars),
        Link("Project", safe_url(paper.project_url)),
        Link("Discussion", f"{page(paper)}#community" if "huggingface" in paper.sources and paper.comments > 0 else ""),
    ]
    return [link for link in found if link.url and link.url != page(paper)]
