"""`digest readers show`, `find` and `list`: who is on the list, and where a reader's mail is."""

from __future__ import annotations

from calendar import day_name
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from email.utils import parseaddr
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from digest.bootstrap import Service
from digest.cli.console import Json, console, print_json, print_table
from digest.cli.errors import Failed, Misused
from digest.domain import Cadence, Reader, Status
from digest.jobs import whereabouts
from digest.jobs.whereabouts import Coverage, Whereabouts
from digest.readers import names
from digest.readers.form import typed
from digest.store import history, readers, siblings, suppressed
from digest.store.engine import reading

# One screen of them; a list of hundreds is a search that was too wide.
MOST_FOUND = 50
MOST_LISTED = 1_000_000_000
MOST_TOPICS_IN_A_ROW = 3
# An address has 254 characters at most (RFC 5321, 4.5.3.1.3, with its brackets).
LONGEST_ADDRESS = 254
Email = Annotated[str, typer.Argument(metavar="EMAIL")]
Digest = Annotated[
    str | None, typer.Option("--digest", metavar="NAME", help="Of several, this one; '' is the one without a name.")
]


def show(context: typer.Context, email: Email, digest: Digest = None, as_json: Json = False) -> None:
    """Answer "where is my mail?". Status, next due, the last mails, what came back, and what the next would bring."""
    service: Service = context.obj
    everyone = chosen(service, email, digest)
    found = (whereabouts.of(service.engine, one, service.now) for one in everyone)
    if as_json:
        print_json(_row(one.reader) | _facts(one) for one in found)
        return
    for place, one in enumerate(found):
        if place:
            console.print()
        _print(one, service.now)


def find(context: typer.Context, part: Annotated[str, typer.Argument(metavar="PART")], as_json: Json = False) -> None:
    """Show the readers whose address has PART in it."""
    service: Service = context.obj
    if not part.strip():
        raise Misused("give a part of an address, such as a name or a domain")
    everyone = history.find(service.engine, part.strip(), MOST_FOUND + 1)
    _list(everyone[:MOST_FOUND], as_json)
    if len(everyone) > MOST_FOUND:
        raise Failed(f"there are more than these {MOST_FOUND}: give a longer part")
    if not everyone:
        raise Failed("no address on the list has that in it")


def list_readers(
    context: typer.Context,
    status: Annotated[str, typer.Option(help=f"Only those who are {', '.join(Status)}.")] = "",
    limit: Annotated[
        int | None, typer.Option(min=1, max=MOST_LISTED, help="The most to show; all if left out.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show every reader, or those of a status."""
    service: Service = context.obj
    if status and status not in list(Status):
        raise Misused(f"--status: give one of {', '.join(Status)}")
    wanted = Status(status) if status else None
    if limit:
        _list(history.listed(service.engine, wanted, limit), as_json)
        return
    everyone = readers.everyone(service.engine)
    _list((one for one in everyone if wanted in (None, one.status)), as_json)


def known(service: Service, email: str) -> Reader:
    """Find a reader by the whole address, alone or as a mail has it; raise Failed with what there is instead."""
    email = (parseaddr(email)[1] if email.rstrip().endswith(">") else email).strip()
    if not 0 < len(email) <= LONGEST_ADDRESS:
        raise Misused("give an address such as ada@example.org")
    try:
        with reading(service.engine) as connection:
            found = readers.by_email(connection, email)
    except (ValueError, TypeError, LookupError) as error:
        raise Failed(
            f"the row of {email} cannot be read ({type(error).__name__}): correct it in the table `readers`; "
            "until then they get no mail"
        ) from None
    if found:
        return found
    near = history.alike(service.engine, email, 3)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    raise Failed(f"{email} is not on the list{_remembered(service, email)}{hint}")


def _remembered(service: Service, email: str) -> str:
    """What is kept of one who had everything deleted."""
    with reading(service.engine) as connection:
        status = suppressed.status(connection, email)
    if not status:
        return ""
    return f": all about it was deleted, it is remembered as {status}, and its owner alone can come back, by the form"


def chosen(service: Service, email: str, digest: str | None) -> list[Reader]:
    """Find all digests of an address, or the one of this name; raise Failed with what there is instead."""
    first = known(service, email)
    everyone = [first, *siblings.of(service.engine, first)]
    found = [one for one in everyone if digest is None or names.key(one.name) == names.key(digest.strip())]
    if not found:
        raise Failed(f"{email} has no digest called {digest!r}: there is {listed(everyone)}")
    return found


def listed(everyone: Sequence[Reader]) -> str:
    """Name digests as `--digest` takes them."""
    return ", ".join(repr(one.name) for one in everyone)


def called(reader: Reader) -> str:
    """The address, and which of its digests this is if it has a name."""
    return f"{reader.email} ({reader.name})" if reader.name else reader.email


def row_of(reader: Reader) -> dict[str, Any]:
    return _row(reader)


def _list(everyone: Any, as_json: bool) -> None:  # noqa: ANN401 - any iterable of readers
    if as_json:
        print_json(_row(reader) for reader in everyone)
        return
    rows = (
        (
            called(one),
            one.status,
            one.preferences.cadence,
            one.next_due_at or "",
            _topics(one.preferences.topics),
        )
        for one in everyone
    )
    print_table("", ("Email", "Status", "Cadence", "Next due", "Topics"), rows)


def _topics(topics: Sequence[str]) -> str:
    """All of them for a program; a few for people, who see the others in `show`."""
    more = len(topics) - MOST_TOPICS_IN_A_ROW
    if not console.is_terminal or more <= 1:
        return ", ".join(topics) or "(trending)"
    return f"{', '.join(topics[:MOST_TOPICS_IN_A_ROW])}, and {more} more"


def _row(reader: Reader) -> dict[str, Any]:
    return {
        "email": reader.email,
        "digest": reader.name,
        "list_name": reader.list_name,
        "status": reader.status,
        **typed(reader.preferences),
        "topics": reader.preferences.topics,
        "muted": {mute.topic: mute.until.isoformat() for mute in reader.preferences.muted},
        "hour": reader.preferences.hour,
        "most_papers": reader.preferences.most_papers,
        "pictures": reader.preferences.pictures,
        "related": reader.preferences.related,
        "paused_until": reader.paused_until and reader.paused_until.isoformat(),
        "created_at": reader.created_at.isoformat(),
        "next_due_at": reader.next_due_at and reader.next_due_at.isoformat(),
    }


def _facts(found: Whereabouts) -> dict[str, Any]:
    reader = found.reader
    return {
        "how": found.how,
        "confirmed_at": reader.confirmed_at and reader.confirmed_at.isoformat(),
        "trouble": found.trouble,
        "last_mail": found.last_mail,
        "votes": {"more": found.votes[0], "less": found.votes[1]},
        "saved_papers": found.saved,
        "mails": [asdict(mail) for mail in found.mails],
        "came_back": [asdict(back) for back in found.returned],
        "last_window": _coverage(found.last),
        "next_window": _coverage(found.next),
    }


def _coverage(found: Coverage | None) -> dict[str, Any] | None:
    return asdict(found) | {"why_nothing": found.why_nothing} if found else None


def _print(found: Whereabouts, now: datetime) -> None:
    reader, chosen = found.reader, found.reader.preferences
    console.print(f"{called(reader)} is {reader.status}: {found.how}.")
    console.print(f"On the list since {_moment(reader.created_at)}; last said yes {_moment(reader.confirmed_at)}.")
    cadence = f"weekly, on {day_name[chosen.weekday]}," if chosen.cadence is Cadence.WEEKLY else chosen.cadence
    due = f"{_moment(reader.next_due_at)}{_there(reader.next_due_at, chosen.timezone)}"
    console.print(f"Wants {cadence} at {chosen.hour:02}:00 in {chosen.timezone}; next due {due}.")
    console.print(f"Topics: {', '.join(chosen.topics) or '(trending)'}")
    if resting := chosen.resting(chosen.today(now)):
        console.print(f"Muted: {', '.join(f'{mute.topic} until {mute.until}' for mute in resting)}")
    console.print(_heard(found))
    if found.trouble:
        console.print(f"Trouble: {found.trouble}.")
    if found.last_mail:
        console.print(f"The last mail: {found.last_mail}.")
    if found.last:
        console.print(f"The last digest was empty: {found.last.why_nothing or 'the topics were others then'}.")
    if found.next:
        console.print(_told(found.next))
    rows = [(_moment(one.due_at), one.kind, one.papers, one.state, one.reason or "-") for one in found.mails]
    print_table("Last mails", ("Due", "Mail", "Papers", "State", "Reason"), rows, keep_title=True)
    returned = [
        (_moment(one.noted_at), one.kind, one.reason, one.status, str(one.delivery_id)) for one in found.returned
    ]
    if returned:
        print_table("Came back", ("Noted", "Verdict", "Reason", "Status", "Mail"), returned, keep_title=True)


def _heard(found: Whereabouts) -> str:
    """Say what they made of their mails."""
    more, less = found.votes
    related = "wanted" if found.reader.preferences.related else "not wanted"
    return f"Votes: {more} for more, {less} for less; saved papers: {found.saved}; related papers: {related}."


def _told(coverage: Coverage) -> str:
    if coverage.why_nothing:
        return f"The next would be empty now: {coverage.why_nothing}."
    each = ", ".join(f"{count} for {topic}" for topic, count in coverage.by_topic.items())
    return f"The next would have {coverage.fitting} of {coverage.listed} papers ({each or 'trending'})."


def _there(moment: datetime | None, zone: str) -> str:
    """The same on the reader's own clock, in the words of who complains."""
    try:
        return f", {moment.astimezone(ZoneInfo(zone)):%A %H:%M} there" if moment and zone != "UTC" else ""
    except (KeyError, ValueError, OSError):
        return ""


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "never"
