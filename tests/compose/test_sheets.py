"""Readers who share a sheet: what many get is written once, and no word of one stands in the mail of another."""

import gc
from dataclasses import replace
from datetime import date, timedelta
from functools import _lru_cache_wrapper
from typing import Any

import pytest

from digest.compose import Composer, opened
from digest.domain import Cadence, Delivery, Kind, Mute, Order, Pick, Preferences, Reason, Selection, Window
from tests.emails import LETTERHEAD
from tests.support.factories import NOW, a_key, a_paper, a_reader

PAPERS = [
    a_paper(f"2512.0000{number}", title=f"Study {number} of Agents", upvotes=number, thumbnail_url=f"{number}.png")
    for number in range(1, 6)
]
AGENTS = Reason("agents", "title", ("Agents",), ((11, 17),))
VOTED = Reason("", "liked", ("tree search",), count=2)
NEAR = [
    (Pick(PAPERS[3], 0.5, (Reason("agents", "related", words),)),) for words in (("drafts", "trees"), ("one", "two"))
]
# Of each thing that a mail may depend on, what it may be; the first makes the mail that the others differ from.
MAY_BE: dict[str, list[Any]] = {
    "papers": [(0, 1), (1, 0), (0,), (0, 1, 2)],
    "why": [(AGENTS,), (AGENTS, VOTED), (AGENTS, replace(VOTED, count=1)), (Reason("", "trending"),)],
    "related": [NEAR[0], NEAR[1], ()],
    "more": [1, 0, 4],
    "topics": [("agents", "diffusion"), ("agents",), ()],
    "muted": [(), (Mute("diffusion", date(2026, 1, 9)),)],
    "cadence": [Cadence.DAILY, Cadence.WEEKLY],
    "hour": [7, 8],
    "timezone": ["UTC", "Pacific/Auckland"],
    "pictures": [False, True],
    "order": list(Order),
    "name": ["", "work", "my thesis"],
    "due_at": [NOW, NOW + timedelta(days=1)],
    "listed": [37, 0, 38],
    "days": [(date(2025, 12, 18), date(2025, 12, 24)), (date(2025, 12, 24),) * 2, None],
    "first": [False, True],
    "shared": [False, True],
    "most_bytes": [90_000, 19_000],
}
BASE = {name: values[0] for name, values in MAY_BE.items()}
CHOSEN = ("topics", "muted", "cadence", "hour", "timezone", "pictures", "order")
SAID = ("listed", "days", "first", "shared", "most_bytes")
COMPOSER = Composer(LETTERHEAD)
# All that composing remembers.
CACHES = [
    each
    for each in gc.get_objects()
    if isinstance(each, _lru_cache_wrapper) and each.__module__.startswith("digest.compose")
]


def written(number, mail):
    """The mail of the reader with this number."""
    wanted = Preferences(**{name: mail[name] for name in CHOSEN}).on(mail["due_at"].date())
    picks = tuple(Pick(PAPERS[place], 1.0, mail["why"]) for place in mail["papers"])
    reader = a_reader(number, email=f"reader{number}@example.org", name=mail["name"])
    window = Window(NOW - timedelta(days=1), NOW, NOW.date())
    delivery = Delivery(number, Kind.DIGEST, reader, mail["due_at"], window, snapshot=wanted)
    selection = Selection(picks, mail["more"], mail["related"])
    return COMPOSER.digest(delivery, selection, **{name: mail[name] for name in SAID}).content


def written_alone(number, mail):
    for cache in CACHES:
        cache.cache_clear()
    return written(number, mail)


def check(mails):
    assert len(CACHES) > 10
    mixed = [written(number, mail) for number, mail in enumerate(mails, 1)]
    for number, (mail, together) in enumerate(zip(mails, mixed, strict=True), 1):
        assert written_alone(number, mail) == together
        letter = opened(together)
        words = letter.text + letter.html + together.partition(b"\r\n\r\n")[0].decode()
        others = set(range(1, len(mails) + 1)) - {number}
        assert not [other for other in others if a_key(other) in words or f"reader{other}@" in words]
        voted = any(reason.is_vote for reason in mail["why"]) and not mail["shared"]
        assert voted or "tree search" not in words
        assert {name for name in ("work", "my thesis") if f"“{name}”" in words} <= {mail["name"]}


@pytest.mark.parametrize("like", [{}, {"first": True}, {"shared": True}, {"cadence": Cadence.WEEKLY, "name": "work"}])
def test_mails_that_differ_in_one_thing_are_each_as_they_are_alone(like):
    base = BASE | like
    check([base, *(base | {name: value} for name, values in MAY_BE.items() for value in values), base])
