"""`digest readers add`, `pause`, `resume`, `reactivate`, `resend` and `forget`: the operator's hand."""

from __future__ import annotations

from typing import Annotated

import typer

from digest.bootstrap import Service
from digest.cli.console import console
from digest.cli.errors import Failed, Misused
from digest.cli.readers.importing import told
from digest.cli.readers.show import Email, known
from digest.domain import Status
from digest.readers import schedule, subscriptions
from digest.readers.form import Mistakes, subscription
from digest.store import history, readers
from digest.store.engine import writing
from digest.store.readers import AlreadyThere


def add(
    context: typer.Context,
    email: str,
    topic: Annotated[list[str], typer.Option(help="A topic; give the option once for each.")] = [],  # noqa: B006 - typer's way
    cadence: Annotated[str, typer.Option(help="daily, weekdays or weekly.")] = "daily",
    hour: Annotated[int, typer.Option(help="The hour of the digest, 0 to 23, in the reader's time zone.")] = 7,
    timezone: Annotated[str, typer.Option(help="A time zone such as Europe/Paris.")] = "UTC",
    most_papers: Annotated[int, typer.Option("--most-papers", help="At most so many papers in a digest.")] = 10,
    pictures: Annotated[
        bool, typer.Option("--pictures", help="Show each paper's picture, loaded from its site.")
    ] = False,
) -> None:
    """Add a reader who has agreed to it; no confirmation is asked. The first digest is due at once."""
    service: Service = context.obj
    row = {"email": email, "topics": "\n".join(topic), "cadence": cadence, "hour": str(hour), "timezone": timezone}
    row |= {"most_papers": str(most_papers), "pictures": "yes" if pictures else "no"}
    try:
        reader = readers.admit(service.engine, *subscription({k: v for k, v in row.items() if v}), service.now)
    except Mistakes as mistakes:
        raise Misused(told(mistakes)) from None
    except AlreadyThere as error:
        raise Failed(str(error)) from None
    console.print(f"Added {reader.email}; the first digest is due at the next `digest send`.", markup=False)


def pause(context: typer.Context, email: Email) -> None:
    """Keep a reader's place, without digests."""
    service: Service = context.obj
    _say(email, subscriptions.pause(service.engine, known(service, email).id), Status.PAUSED)


def resume(context: typer.Context, email: Email) -> None:
    """Go on with the digests of a reader who pauses."""
    service: Service = context.obj
    _say(email, subscriptions.resume(service.engine, known(service, email).id, service.now), Status.ACTIVE)


def reactivate(context: typer.Context, email: Email) -> None:
    """Try again the address of a reader whose mails came back."""
    service: Service = context.obj
    reader = known(service, email)
    if reader.status is not Status.BOUNCED or not reader.confirmed_at:
        raise Failed(f"{email} is {reader.status}; only who is bounced, and had confirmed, can be taken back here")
    due = schedule.next_due(reader.preferences, service.now)
    with writing(service.engine) as connection:
        readers.set_status(connection, reader.id, Status.ACTIVE, next_due_at=due)
    console.print(f"{email} is active; the next digest is due {due:%Y-%m-%d %H:%M} UTC.", markup=False)


def resend(context: typer.Context, email: Email) -> None:
    """Send the last digest again as it was, or the mail that asks to confirm."""
    service: Service = context.obj
    reader = known(service, email)
    if reader.status is Status.PENDING:
        with writing(service.engine) as connection:
            subscriptions.ask(connection, reader, subscriptions.CONFIRM, service.now, reader.preferences)
        console.print(f"The mail that asks {email} to confirm goes with the next `digest send`.", markup=False)
        return
    last = history.last_digest(service.engine, reader.id)
    if reader.status is not Status.ACTIVE or last is None or not last.papers:
        raise Failed(f"{email} is {reader.status} and has no digest that could go again")
    if last.state.value in ("queued", "sending"):
        raise Failed(f"the last digest to {email} has not gone yet: it is {last.state}")
    history.send_again(service.engine, last.id)
    console.print(f"The digest of {last.due_at:%Y-%m-%d} goes again with the next `digest send`.", markup=False)


def forget(context: typer.Context, email: str) -> None:
    """Delete a reader and everything kept about them."""
    service: Service = context.obj
    if not readers.forget(service.engine, email):
        raise Failed(f"{email} is not on the list")
    console.print(f"Forgot {email}.", markup=False)


def _say(email: str, after: object, wanted: Status) -> None:
    status = getattr(after, "status", None)
    if status is not wanted:
        raise Failed(f"{email} is {status}: nothing was changed")
    console.print(f"{email} is {wanted} now.", markup=False)
