"""`digest readers add`, `pause`, `resume`, `reactivate`, `resend` and `forget`: the operator's hand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from digest.bootstrap import Service
from digest.cli.console import console
from digest.cli.errors import Failed, Misused
from digest.cli.readers.importing import told
from digest.cli.readers.show import Digest, Email, called, chosen, known, listed
from digest.domain import Reader, Status
from digest.readers import operator, roster, subscriptions
from digest.readers.form import Mistakes
from digest.readers.life import Event
from digest.store import history, siblings
from digest.store.readers import AlreadyThere


def add(
    context: typer.Context,
    email: str,
    topic: Annotated[list[str], typer.Option(help="A topic; give the option once for each.")] = [],  # noqa: B006 - typer's way
    cadence: Annotated[str, typer.Option(help="daily, weekdays or weekly.")] = "daily",
    hour: Annotated[int, typer.Option(help="The hour of the digest, 0 to 23, in the reader's time zone.")] = 7,
    timezone: Annotated[str, typer.Option(help="A time zone such as Europe/Paris.")] = "UTC",
    most_papers: Annotated[int, typer.Option("--most-papers", help="The most papers in a digest.")] = 10,
    pictures: Annotated[
        bool, typer.Option("--pictures", help="Show each paper's picture, loaded from its site.")
    ] = False,
    digest: Annotated[str, typer.Option(metavar="NAME", help="What to call it, if the address has others.")] = "",
) -> None:
    """Add a reader who has agreed to it. No confirmation is asked, and the first digest is due at once."""
    service: Service = context.obj
    row = {"email": email, "topics": "\n".join(topic), "cadence": cadence, "hour": str(hour), "timezone": timezone}
    row |= {"most_papers": str(most_papers), "pictures": "yes" if pictures else "no", "digest": digest}
    try:
        reader = operator.admit(service.engine, roster.newcomer(row), service.now)
    except Mistakes as mistakes:
        raise Misused(told(mistakes)) from None
    except AlreadyThere as error:
        raise Failed(str(error)) from None
    console.print(
        f"Added {called(reader)}; the clock sends the first digest in a quarter of an hour, `digest send` now."
    )


def pause(context: typer.Context, email: Email, digest: Digest = None) -> None:
    """Pause every digest of an address, or one. What they chose is kept."""
    service: Service = context.obj
    _say(operator.pause(service.engine, chosen(service, email, digest), service.now), Status.PAUSED)


def resume(context: typer.Context, email: Email, digest: Digest = None) -> None:
    """Resume the paused digests of an address, or one."""
    service: Service = context.obj
    _say(operator.resume(service.engine, chosen(service, email, digest), service.now), Status.ACTIVE)


def reactivate(
    context: typer.Context,
    email: Annotated[str, typer.Argument(metavar="[EMAIL]")] = "",
    since: Annotated[str, typer.Option(metavar="ISO", help="Everyone given up since this moment or day.")] = "",
    reason: Annotated[str, typer.Option(help="Of these, only for this reason, such as no-such-user.")] = "",
) -> None:
    """Write to a bounced address again, for all its digests. Or to all that were given up since a moment."""
    service: Service = context.obj
    if bool(email) == bool(since):
        raise Misused("give an address, or --since with a moment such as 2025-12-24T18:00+00:00")
    if email:
        _reactivate_one(service, email)
        return
    back = operator.reactivate(service.engine, service.now, since=_moment(since), reason=reason)
    for reader in back:
        console.print(f"{reader.email} is active again.")
    console.print(f"{len(back)} taken back.")


def _reactivate_one(service: Service, email: str) -> None:
    reader = known(service, email)
    everyone = [reader, *siblings.of(service.engine, reader)]
    reader = next((one for one in everyone if one.status is Status.BOUNCED), reader)
    after = subscriptions.happens(service.engine, reader.id, Event.OPERATOR_REACTIVATES, service.now)
    if reader.status is not Status.BOUNCED or after is None or after.status is not Status.ACTIVE:
        raise Failed(f"{email} is {reader.status}; only who is bounced, and had confirmed, can be taken back here")
    console.print(f"{email} is active; the next digest is due {after.next_due_at:%Y-%m-%d %H:%M} UTC.")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Misused(f"--since: {text!r} is not a date and time; write it like 2025-12-24T18:00+00:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def resend(context: typer.Context, email: Email, digest: Digest = None) -> None:
    """Send the last digest, or confirmation, again. Of several digests, the first one's unless one is named."""
    service: Service = context.obj
    reader, *others = chosen(service, email, digest)
    _resend(service, reader)
    if others:
        console.print(f"There is also {listed(others)}: `--digest NAME` sends that of another.")


def _resend(service: Service, reader: Reader) -> None:
    email = called(reader)
    if reader.status is Status.PENDING:
        subscriptions.ask_again(service.engine, reader, service.now)
        console.print(f"The mail that asks {email} to confirm goes with the next `digest send`.")
        return
    last = history.last_digest(service.engine, reader.id)
    if reader.status is not Status.ACTIVE or last is None or not last.papers:
        raise Failed(f"{email} is {reader.status} and has no digest that could go again")
    if last.state.value in ("queued", "sending"):
        raise Failed(f"the last digest to {email} has not gone yet: it is {last.state}")
    history.send_again(service.engine, last.id)
    of = f" “{reader.name}”" if reader.name else ""
    console.print(f"The digest{of} of {last.due_at:%Y-%m-%d} goes again with the next `digest send`.")


def forget(context: typer.Context, email: str) -> None:
    """Delete a reader and all that is kept of them. With all their digests."""
    service: Service = context.obj
    if not operator.forget(service.engine, email, service.now):
        raise Failed(f"{email} is not on the list")
    console.print(f"Forgot {email}.")


def _say(everyone: list[Reader], wanted: Status) -> None:
    changed = [one for one in everyone if one.status is wanted]
    if not changed:
        raise Failed(f"{everyone[0].email} is {everyone[0].status}: nothing was changed")
    for after in changed:
        console.print(f"{called(after)} is {wanted} now.")
