"""What a mail says, as plain values: who, when, why it is here, where it leads. Refuses markup."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import quote

from digest.compose.aloud import all_aloud, is_exclusion
from digest.compose.marking import Run
from digest.domain import Cadence, Paper, Preferences, Reason
from digest.text import safe_url

LONGEST_NAME = 80
TOPICS = 5
MOST_TOPICS = 20
A_WEEK = timedelta(days=7)
# A paper that is so much older than its listing is no news, and says when it appeared.
LONG_AGO = timedelta(days=60)

# A space at which no line breaks: `1 comment` stays together on a phone.
KEEP = "\u00a0"
DOT = f"{KEEP}· "
# Where papers live that a source keys by more than an arXiv id.
PAGES = {"doi": "https://doi.org/", "openreview": "https://openreview.net/forum?id="}
ARXIV_ID = re.compile(r"\d{4}\.\d{4,5}|[a-z-]+(\.[A-Z]{2})?/\d{7}", re.ASCII)
LEAD = {"by": "the author "}
# As a heading says it.
NUMBERS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Link:
    """Where to go from a paper; `note` says more about it and is not part of the link."""

    label: str
    url: str
    note: str = ""


def number(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def full_stop(text: str) -> str:
    """End a sentence after `text`: `robot…` and `Is it?` need no dot."""
    return "" if text.endswith((".", "…", "?", "!")) else "."


def day(moment: date, year: int) -> str:
    """Write a date as the Daily Papers page does: `Jan 27` in the current year, `Oct 1, 2024` outside it."""
    short = f"{moment:%b} {moment.day}"
    return short if moment.year == year else f"{short}, {moment.year}"


def long_day(moment: date) -> str:
    return f"{moment:%A}, {moment:%B}{KEEP}{moment.day}"


def days(first: date, last: date, today: date) -> str:
    """Name the listed days a digest covers: `today`, `Thursday`, `June 14`, or `June 15 to 19`."""
    if first != last:
        return f"{_short_day(first, today)} to {_short_day(last, today, within=first)}"
    if last == today:
        return "today"
    return f"on {last:%A}" if today - A_WEEK < last < today else f"on {_short_day(last, today)}"


def _short_day(day: date, today: date, within: date | None = None) -> str:
    month = "" if within and (within.year, within.month) == (day.year, day.month) else f"{day:%B}{KEEP}"
    return f"{month}{day.day}" if day.year == today.year else f"{month}{day.day}, {day.year}"


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
    """Say why a paper is here, to whoever tries topics or reads a feed; nothing where nobody knows any more."""
    if not reasons:
        return []
    topics = [reason.topic for reason in reasons if reason.topic]
    return [Run("Matches "), *_followed(topics)] if topics else [Run("Trending")]


def rhythm(preferences: Preferences) -> str:
    """Say when a reader's digest comes."""
    match preferences.cadence:
        case Cadence.DAILY:
            return "every day"
        case Cadence.WEEKDAYS:
            return "on weekdays"
        case Cadence.WEEKLY:
            return f"every {DAYS[preferences.weekday]}"


def why(preferences: Preferences) -> tuple[Run, ...]:
    """Say what the reader asked for."""
    lead = f"You get this email {rhythm(preferences)} because you "
    if all(map(is_exclusion, preferences.topics)):
        return (Run(f"{lead}asked for the papers that are trending."),)
    followed = tuple(_followed(preferences.topics))
    return (Run(f"{lead}follow "), *followed, *map(Run, full_stop(followed[-1].text)))


def topics(preferences: Preferences) -> list[str]:
    """List the first topics a reader follows, read aloud."""
    said, unsaid = all_aloud(preferences.topics)
    named = [f"{LEAD.get(preposition, '')}{words}" for preposition, words in said[:MOST_TOPICS]]
    left = len(said[MOST_TOPICS:]) + unsaid
    return [*named, *([f"{left} more" if named else number(left, "topic")] if left else [])]


def _followed(topics: Iterable[str]) -> Iterator[Run]:
    """Say what a reader follows, as `*agents*, the author *Ada Lovelace* and 2 more`."""
    said, unsaid = all_aloud(topics)
    shown, left = said[:TOPICS], len(said[TOPICS:]) + unsaid
    for place, (preposition, words) in enumerate(shown):
        joint = "" if place == 0 else " and " if place == len(shown) - 1 and not left else ", "
        yield from (Run(joint + LEAD.get(preposition, "")), Run(words, marked=True))
    if left:
        yield Run(f" and {left} more" if shown else "a topic of yours" if left == 1 else "topics of yours")


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
