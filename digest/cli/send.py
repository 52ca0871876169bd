"""`digest send`: deliver what is due, in this process."""

from __future__ import annotations

from typing import Annotated

import typer

from digest.bootstrap import Service
from digest.cli.commands import app_of
from digest.cli.console import Json, console, moment, print_json, print_table
from digest.cli.stats import resting, runs
from digest.domain import State
from digest.jobs import delivery

app = app_of()


@app.command()
def send(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be sent; change nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Plan and deliver what is due, in this process. Run again, it goes on where it stopped."""
    service: Service = context.obj
    if dry_run:
        _dry_run(service, as_json)
        return
    service.check_clock()
    planned = delivery.plan(service.engine, service.now)
    delivery.sweep(service.engine, service.now)
    account = delivery.deliver(service.engine, service.dispatcher)
    if as_json:
        print_json([{"planned": planned} | {state.value: account[state] for state in State}])
        return
    done = ", ".join(f"{count} {state}" for state, count in sorted(account.items()))
    console.print(f"{planned} planned; {done or 'nothing was waiting'}.")
    for run in runs(service)[:1]:
        console.print(f"Digests of {run.day}: {run}.")
    for breaker in resting(service):
        console.print(f"{breaker.name} rests until {moment(breaker.until)}: {breaker.reason}")


def _dry_run(service: Service, as_json: bool) -> None:
    drafts = delivery.dry_run(service.engine, service.dispatcher)
    rows = [(draft.delivery.reader.email, draft.delivery.kind, len(draft.papers), draft.reason) for draft in drafts]
    if as_json:
        print_json(dict(zip(("email", "kind", "papers", "skipped"), row, strict=True)) for row in rows)
    elif rows:
        print_table("Would be sent", ("Reader", "Mail", "Papers", "Skipped because"), rows)
    else:
        console.print("Nothing is due.")
