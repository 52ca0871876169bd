"""What a reader makes of a paper or a mail, and what it could change: proposed in words, done and undone by a press.

A vote moves no paper out of anybody's digest. What picks papers are topics, so a vote proposes one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from zlib import crc32

from sqlalchemy import Engine

from digest.domain import Cadence, Mute, Order, Paper, Preferences, Reader
from digest.readers import changes
from digest.readers.changes import Details
from digest.readers.life import Event
from digest.store import feedback, readers
from digest.store.engine import retried, writing
from digest.topics import parse

TERMS, TOPICS = 3, 4
MUTED_FOR = timedelta(days=30)
LIKED_FROM = 10
# What an answer may change beside the topics.
CHANGEABLE = ("most_papers", "cadence", "order")
FEWEST_PAPERS = 3
# What papers of every field say of themselves: a topic of it would bring everything, or hide everything.
COMMON = frozenset(
    [
        "benchmark",
        "benchmarks",
        "dataset",
        "datasets",
        "evaluation",
        "framework",
        "model",
        "models",
        "method",
        "methods",
        "baseline",
        "training",
        "inference",
        "performance",
        "generalization",
        "scalability",
        "robustness",
        "efficiency",
        "accuracy",
        "state-of-the-art",
    ]
)
PLAIN_TERM = re.compile(r"[^\W_][\w -]{2,58}[^\W_]")
# A topic that can be narrowed by adding to it.
PLAIN_TOPIC = re.compile(r'"?[\w\s-]+"?')
NAME = re.compile(r"[^\W\d_][\w .'’-]{1,60}")


class Answer(StrEnum):
    """What a reader may say: of a paper the first three, of a mail the others."""

    MORE = "more"
    LESS = "less"
    SAVE = "save"
    YES = "yes"
    MANY = "many"
    OFF = "off"


OF_A_PAPER = (Answer.MORE, Answer.LESS, Answer.SAVE)
OF_A_MAIL = (Answer.YES, Answer.MANY, Answer.OFF)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change one may press: in words, before and after what it is about, and the preferences it leads to."""

    name: str
    words: str
    about: str
    wanted: Preferences
    after: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the paper that an answer is about: its `terms` set it apart, and `topics` of the reader fit."""

    paper: Paper
    terms: Sequence[str] = ()
    topics: Sequence[str] = ()


def proposals(answer: Answer, now: Preferences, today: date, known: Known | None = None) -> list[Proposal]:
    """Say what an answer could change; nothing that would change nothing."""
    match answer:
        case Answer.MORE if known:
            found = list(_follow(now, known.paper, known.terms))
        case Answer.LESS if known:
            found = [*_mute(now, known.topics, today), *_narrow(now, known.topics), *_hide(now, known.terms)]
        case Answer.MANY:
            found = list(_send_less(now))
        case Answer.OFF:
            found = list(_send_closer(now, today))
        case _:
            return []
    # A name that any form can carry, whatever the topic in it.
    short = [replace(each, name=f"{crc32(each.name.encode()):x}") for each in found]
    return [each for each in short if each.wanted != now]


def _follow(now: Preferences, paper: Paper, terms: Sequence[str]) -> Iterator[Proposal]:
    for term in terms:
        yield Proposal(f"follow {term}", "Follow", term, _with(now, term))
    if paper.authors and NAME.fullmatch(paper.authors[0]):
        author = paper.authors[0]
        yield Proposal("follow author", "Follow the author", author, _with(now, f'author:"{author}"'))
    if NAME.fullmatch(paper.organization):
        wanted = _with(now, f'org:"{paper.organization}"')
        yield Proposal("follow org", "Follow papers from", paper.organization, wanted)


def _mute(now: Preferences, topics: Sequence[str], today: date) -> Iterator[Proposal]:
    """Let a topic rest, but not the last one: that is a pause."""
    followed = parse(now.on(today).topics).topics
    for topic in topics[:TERMS] if len(followed) > 1 else ():
        others = [mute for mute in now.muted if mute.topic != topic]
        muted = (*others, Mute(topic, today + MUTED_FOR))
        wanted = replace(now, muted=muted)
        yield Proposal(f"mute {topic}", "Mute", topic.strip('"'), wanted, after="for a month")


def _narrow(now: Preferences, topics: Sequence[str]) -> Iterator[Proposal]:
    for topic in [topic for topic in topics if PLAIN_TOPIC.fullmatch(topic)][:TERMS]:
        narrowed = f"{topic} + upvotes:>={LIKED_FROM}"
        topics = tuple(narrowed if each == topic else each for each in now.topics)
        words = f"Only papers with {LIKED_FROM} or more upvotes on"
        yield Proposal(f"narrow {topic}", words, topic.strip('"'), replace(now, topics=topics))


def _hide(now: Preferences, terms: Sequence[str]) -> Iterator[Proposal]:
    for term in terms:
        yield Proposal(f"hide {term}", "No papers on", term, _with(now, f"-{_quoted(term)}"))


def _send_less(now: Preferences) -> Iterator[Proposal]:
    if now.most_papers > FEWEST_PAPERS:
        fewer = max(FEWEST_PAPERS, now.most_papers // 2)
        wanted = replace(now, most_papers=fewer)
        yield Proposal("fewer", "Send at most", f"{fewer} papers at a time", wanted)
    if now.cadence is not Cadence.WEEKLY:
        yield Proposal("weekly", "Send the digest", "once a week", replace(now, cadence=Cadence.WEEKLY))


def _send_closer(now: Preferences, today: date) -> Iterator[Proposal]:
    if now.topics and now.order is not Order.BEST:
        yield Proposal("best", "Put first", "what matches best", replace(now, order=Order.BEST))
    # What is left out is not followed, and to let it in again would bring more of what was off.
    for topic in [line for line in now.topics if parse(line).topics][:TOPICS]:
        wanted = replace(now, topics=tuple(each for each in now.topics if each != topic))
        # With nothing left but what rests or is left out, a digest would bring what is trending.
        if parse(wanted.on(today).topics).topics:
            yield Proposal(f"drop {topic}", "Stop following", topic, wanted)


def telling_terms(terms: Iterable[str], topics: Sequence[str]) -> list[str]:
    """Of the terms of a paper, those that set it apart from what is followed already."""
    followed = {word.casefold() for topic in topics for word in re.findall(r"\w+", topic)}
    found = []
    for term in dict.fromkeys(term.strip() for term in terms):
        words = {word.casefold() for word in re.findall(r"\w+", term)}
        if PLAIN_TERM.fullmatch(term) and not words <= followed | COMMON and term.casefold() not in COMMON:
            found.append(term)
    return found[:TERMS]


def _quoted(term: str) -> str:
    return f'"{term}"' if re.search(r"\W", term) else term


def _with(now: Preferences, topic: str) -> Preferences:
    return now if topic in now.topics else replace(now, topics=(*now.topics, topic))


@retried
def answer(
    engine: Engine,
    reader: Reader,
    delivery_id: int,
    paper_id: str,
    said: Answer,
    wanted: Preferences | None,
    now: datetime,
    about: Sequence[str] = (),
) -> Reader | None:
    """Take an answer, and change what was pressed with it, in one transaction. Twice is as good as once.

    `about` are the terms that a vote is for or against.
    """
    with writing(engine) as connection:
        # The reader's row first, as everywhere: two presses at once wait for each other.
        after = readers.lock(connection, reader.id)
        if after is None:
            return None
        changed = wanted if wanted and wanted != after.preferences else None
        if said is Answer.SAVE:
            feedback.save(connection, reader.id, paper_id, now)
            return after
        change = (after.preferences, changed) if changed else None
        feedback.note(connection, reader.id, delivery_id, paper_id, said, now, change, about)
        return changes.apply(connection, reader.id, Event.CHANGE, now, Details(changed)) if changed else after


def said_before(engine: Engine, reader: Reader, delivery_id: int, paper_id: str, said: Answer) -> bool:
    """Whether a reader gave this answer before."""
    mine = feedback.rows_of(engine, reader.id)
    return any((row["delivery_id"], row["paper_id"], row["answer"]) == (delivery_id, paper_id, said) for row in mine)


@retried
def undo(engine: Engine, reader: Reader, delivery_id: int, paper_id: str, said: Answer, now: datetime) -> Reader | None:
    """Take an answer back, and what it had changed."""
    with writing(engine) as connection:
        after = readers.lock(connection, reader.id)
        if after is None:
            return None
        if said is Answer.SAVE:
            feedback.drop(connection, reader.id, paper_id)
            return after
        change = feedback.take_back(connection, reader.id, delivery_id, paper_id)
        if change is None:
            return after
        before = without(after.preferences, *change)
        return changes.apply(connection, reader.id, Event.CHANGE, now, Details(before))


def without(now: Preferences, before: Preferences, after: Preferences) -> Preferences:
    """Take one change out of preferences, and leave alone whatever has been changed since."""
    kept = tuple(topic for topic in now.topics if topic in before.topics or topic not in after.topics)
    lost = tuple(topic for topic in before.topics if topic not in after.topics and topic not in kept)
    same = {
        name: getattr(before, name)
        for name in CHANGEABLE
        if getattr(after, name) != getattr(before, name) and getattr(now, name) == getattr(after, name)
    }
    muted = tuple(mute for mute in now.muted if mute in before.muted or mute not in after.muted)
    return replace(now, topics=(*kept, *lost), muted=muted, **same)
