"""`digest send` and `digest stats`: deliver what is due, and say how things stand."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from digest import wiring
from digest.cli.console import Here, Json, console, print_json, print_table
from digest.domain import State
from digest.jobs import delivering
from digest.store import bounces, collections, deliveries, readers

# Long enough to see a trend, short enough that what was mended is gone.
LATELY = timedelta(days=7)


def add_to(app: typer.Typer) -> None:
    app.command()(send)
    app.command()(stats)


def send(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be sent; change nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Plan and deliver what is due, in this process. Run again, it goes on where it stopped."""
    here: Here = context.obj
    if dry_run:
        _rehearse(here, as_json)
        return
    planned = delivering.plan(here.engine, here.now)
    delivering.sweep(here.engine, here.now)
    account = delivering.deliver(here.engine, wiring.post(here.settings))
    if as_json:
        print_json([{"planned": planned} | {state.value: account[state] for state in State}])
        return
    done = ", ".join(f"{count} {state}" for state, count in sorted(account.items()))
    console.print(f"{planned} planned; {done or 'nothing was waiting'}.")


def _rehearse(here: Here, as_json: bool) -> None:
    drafts = delivering.rehearse(here.engine, wiring.composer(here.settings), here.now)
    rows = [(draft.delivery.reader.email, draft.delivery.kind, len(draft.papers), draft.reason) for draft in drafts]
    if as_json:
        print_json(dict(zip(("email", "kind", "papers", "skipped"), row, strict=True)) for row in rows)
    elif rows:
        print_table("Would be sent", ("Reader", "Mail", "Papers", "Skipped because"), rows)
    else:
        console.print("Nothing is due.")


def stats(context: typer.Context, as_json: Json = False) -> None:
    """Show readers by status, deliveries by state, what failed lately, and the last collection of each source."""
    here: Here = context.obj
    statuses, states = readers.counts(here.engine), deliveries.counts(here.engine)
    looks = collections.newest(here.engine)
    failed = bounces.counts(here.engine, here.now - LATELY)
    if as_json:
        last = {look.source: {name: getattr(look, name) for name in collections.FIELDS} for look in looks}
        print_json([{"readers": statuses, "deliveries": states, "verdicts": failed, "collections": last}])
        return
    print_table("Readers", ("Status", "Readers"), statuses.items())
    print_table("Deliveries", ("State", "Deliveries"), states.items())
    print_table(f"Mails that failed, last {LATELY.days} days", ("Verdict", "Mails"), failed.items())
    rows = [
        (look.source, look.day, look.outcome, look.papers, f"{look.collected_at:%Y-%m-%d %H:%M} UTC", look.note)
        for look in looks
    ]
    print_table("Last collections", ("Source", "Day", "Outcome", "Papers", "At", "Note"), rows)
