"""`digest send` and `digest stats`: deliver what is due, and say how things stand."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated

import typer

from digest import bootstrap
from digest.cli.console import Here, Json, console, print_json, print_table
from digest.domain import Breaker, CollectionRun, Run, State
from digest.jobs import delivery
from digest.store import accounts, bounces, breakers, collections, ledger, readers

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
        _dry_run(here, as_json)
        return
    planned = delivery.plan(here.engine, here.now)
    delivery.sweep(here.engine, here.now)
    account = delivery.deliver(here.engine, bootstrap.post(here.settings))
    if as_json:
        print_json([{"planned": planned} | {state.value: account[state] for state in State}])
        return
    done = ", ".join(f"{count} {state}" for state, count in sorted(account.items()))
    console.print(f"{planned} planned; {done or 'nothing was waiting'}.")
    for run in _runs(here)[:1]:
        console.print(f"Digests of {run.day}: {run}.")
    for breaker in _brakes(here):
        console.print(f"{breaker.name} rests until {_moment(breaker.until)}: {breaker.reason}")


def _runs(here: Here) -> list[Run]:
    return accounts.since(here.engine, here.now - LATELY)


def _brakes(here: Here) -> list[Breaker]:
    return [breaker for breaker in breakers.known(here.engine).values() if breaker.until > here.now]


def _dry_run(here: Here, as_json: bool) -> None:
    drafts = delivery.dry_run(here.engine, bootstrap.post(here.settings))
    rows = [(draft.delivery.reader.email, draft.delivery.kind, len(draft.papers), draft.reason) for draft in drafts]
    if as_json:
        print_json(dict(zip(("email", "kind", "papers", "skipped"), row, strict=True)) for row in rows)
    elif rows:
        print_table("Would be sent", ("Reader", "Mail", "Papers", "Skipped because"), rows)
    else:
        console.print("Nothing is due.")


def stats(context: typer.Context, as_json: Json = False) -> None:
    """Show readers, deliveries, the account of the last runs, what failed, what rests, and the last collections."""
    here: Here = context.obj
    statuses, states = readers.counts(here.engine), ledger.counts(here.engine)
    account, looks = _runs(here), collections.newest(here.engine)
    failed, resting = bounces.counts(here.engine, here.now - LATELY), _brakes(here)
    if as_json:
        print_json(
            [
                {
                    "readers": statuses,
                    "deliveries": states,
                    "runs": [{"day": run.day, "planned": run.planned} | _states(run) for run in account],
                    "verdicts": failed,
                    "resting": [asdict(breaker) for breaker in resting],
                    "collections": {look.source: _fields(look) for look in looks},
                }
            ]
        )
        return
    print_table("Readers", ("Status", "Readers"), statuses.items())
    print_table("Deliveries", ("State", "Deliveries"), states.items())
    rows = [(run.day, run.planned, *_states(run).values()) for run in account]
    print_table("Digests by the day they were due", ("Day", "planned =", *State), rows)
    print_table(f"Mails that failed, last {LATELY.days} days", ("Verdict", "Mails"), failed.items())
    if resting:
        rows = [(breaker.name, _moment(breaker.until), breaker.reason) for breaker in resting]
        print_table("Resting", ("What", "Until", "Because"), rows)
    _print_collections(looks)


def _fields(look: CollectionRun) -> dict[str, object]:
    return {name: getattr(look, name) for name in collections.FIELDS}


def _states(run: Run) -> dict[str, int]:
    return {state.value: run.states.get(state, 0) for state in State}


def _print_collections(looks: list[CollectionRun]) -> None:
    rows = [(look.source, look.day, look.outcome, look.papers, _moment(look.collected_at), look.note) for look in looks]
    print_table("Last collections", ("Source", "Day", "Outcome", "Papers", "At", "Note"), rows)


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
