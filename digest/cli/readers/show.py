"""`digest readers show`, `find` and `list`: who is on the list, and where a reader's mail is."""

from __future__ import annotations

from calendar import day_name
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any

import typer

from digest.bootstrap import Service
from digest.cli.console import Json, console, print_json, print_table
from digest.cli.errors import Failed, Misused
from digest.domain import Cadence, Reader, Status
from digest.jobs import whereabouts
from digest.jobs.whereabouts import Coverage, Whereabouts
from digest.readers.form import typed
from digest.store import history, readers, siblings
from digest.store.engine import reading

# One screen of them; a list of hundreds is a search that was too wide.
MOST_FOUND = 50
Email = Annotated[str, typer.Argument(metavar="EMAIL")]


def show(context: typer.Context, email: Email, as_json: Json = False) -> None:
    """Answer "where is my mail?". Status, next due, the last mails, what came back, and what the next would bring."""
    service: Service = context.obj
    reader = known(service, email)
    everyone = [reader, *siblings.of(service.engine, reader)]
    found = (whereabouts.of(service.engine, one, service.now) for one in everyone)
    if as_json:
        print_json(_row(one.reader) | _facts(one) for one in found)
        return
    for place, one in enumerate(found):
        if place:
            _say("")
        _print(one, service.now.date())


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
    limit: Annotated[int | None, typer.Option(min=1, help="The most to show; all if left out.")] = None,
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
    """Find a reader by the whole address; raise Failed with what there is instead."""
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
    raise Failed(f"{email} is not on the list{hint}")


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
            ", ".join(one.preferences.topics) or "(trending)",
        )
        for one in everyone
    )
    print_table("", ("Email", "Status", "Cadence", "Next due", "Topics"), rows)


def _row(reader: Reader) -> dict[str, Any]:
    return {
        "email": reader.email,
        "digest": reader.name,
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
        "mails": [asdict(mail) for mail in found.mails],
        "came_back": [asdict(back) for back in found.returned],
        "last_window": _coverage(found.last),
        "next_window": _coverage(found.next),
    }


def _coverage(found: Coverage | None) -> dict[str, Any] | None:
    return asdict(found) | {"why_nothing": found.why_nothing} if found else None


def _print(found: Whereabouts, today: date) -> None:
    reader, chosen = found.reader, found.reader.preferences
    _say(f"{called(reader)} is {reader.status}: {found.how}.")
    _say(f"On the list since {_moment(reader.created_at)}; last said yes {_moment(reader.confirmed_at)}.")
    cadence = f"weekly, on {day_name[chosen.weekday]}," if chosen.cadence is Cadence.WEEKLY else chosen.cadence
    _say(f"Wants {cadence} at {chosen.hour}:00 in {chosen.timezone}; next due {_moment(reader.next_due_at)}.")
    _say(f"Topics: {', '.join(chosen.topics) or '(trending)'}")
    if resting := chosen.resting(today):
        _say(f"Muted: {', '.join(f'{mute.topic} until {mute.until}' for mute in resting)}")
    if found.trouble:
        _say(f"Trouble: {found.trouble}.")
    if found.last_mail:
        _say(f"The last mail: {found.last_mail}.")
    if found.last:
        _say(f"The last digest was empty: {found.last.why_nothing or 'the topics were others then'}.")
    if found.next:
        _say(_told(found.next))
    rows = [(_moment(one.due_at), one.kind, one.papers, one.state, one.reason or "-") for one in found.mails]
    print_table("Last mails", ("Due", "Mail", "Papers", "State", "Reason"), rows, keep_title=True)
    returned = [(_moment(one.noted_at), one.kind, one.reason, one.status, one.delivery_id) for one in found.returned]
    if returned:
        print_table("Came back", ("Noted", "Verdict", "Reason", "Status", "Mail"), returned, keep_title=True)


def _say(text: str) -> None:
    # No topic is read as markup.
    console.print(text, markup=False)


def _told(coverage: Coverage) -> str:
    if coverage.why_nothing:
        return f"The next would be empty now: {coverage.why_nothing}."
    each = ", ".join(f"{count} for {topic}" for topic, count in coverage.by_topic.items())
    return f"The next would have {coverage.fitting} of {coverage.listed} papers ({each or 'trending'})."


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "never"
