"""Plain functions that make domain values, with every field one can leave out filled in."""

from datetime import UTC, datetime
from itertools import count

from digest.domain import Cadence, CollectionRun, Listing, Outcome, Paper, Preferences, Reader, Status

NOW = datetime(2025, 12, 24, 18, 0, tzinfo=UTC)
DAY = NOW.date()
_numbers = count(1)


def a_paper(id=None, **fields):
    number = next(_numbers)
    given = {
        "title": f"A Study of Subject {number}",
        "abstract": "We study it. It works well.",
        "authors": ("Ada Lovelace",),
    }
    return Paper(id=id or f"2512.{number:05}", **given | fields)


def a_listing(
    paper=None,
    *,
    source="huggingface",
    day=DAY,
    rank=1,
    upvotes=0,
    comments=0,
    borrowed=False,
    **fields,
):
    return Listing(source, day, rank, paper or a_paper(**fields), upvotes, comments, borrowed)


def a_collection(source="huggingface", day=DAY, at=NOW, papers=1, outcome=Outcome.OK):
    return CollectionRun(source, day, "api", papers, 0.5, outcome, "", at)


def a_key(number):
    """The key of the reader with this number, as the database might have drawn it."""
    return f"k{number:016x}"


def a_reader(
    id=1,
    *,
    email="reader@example.org",
    status=Status.ACTIVE,
    topics=(),
    cadence=Cadence.DAILY,
    hour=7,
    timezone="UTC",
    most_papers=10,
    pictures=False,
    name="",
):
    preferences = Preferences(tuple(topics), cadence, hour, timezone, most_papers, pictures)
    return Reader(
        id, email, status, preferences, created_at=NOW, confirmed_at=NOW, next_due_at=NOW, key=a_key(id), name=name
    )
