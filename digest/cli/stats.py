"""`digest stats`: how things stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta

import typer

from digest.bootstrap import Service
from digest.cli.commands import app_of
from digest.cli.console import Json, moment, print_json, print_table
from digest.domain import Breaker, CollectionRun, Run, SetAside, State
from digest.store import accounts, bounces, breakers, collections, day_counts, folding, planning, readers

# Long enough to see a trend, short enough that what was mended is gone.
LATELY = timedelta(days=7)

# What becomes of an attempt.
TRIED = (State.SENT, State.DEFERRED, State.FAILED, State.UNCERTAIN)

UNFOLDED = "old mails could not be let go, and stay"

app = app_of()


@app.command()
def stats(context: typer.Context, as_json: Json = False) -> None:
    """Show readers, deliveries, the account of the last runs, what failed, open breakers, and the last collections."""
    service: Service = context.obj
    statuses, states = readers.counts(service.engine), day_counts.by_state(service.engine)
    account, looks = runs(service), collections.newest(service.engine)
    failed, rests = bounces.counts(service.engine, service.now - LATELY), resting(service)
    relays = day_counts.totals(service.engine, day_counts.RELAYS, (service.now - LATELY).date())
    aside = planning.set_aside(service.engine, service.now - LATELY)
    aside += [SetAside(reader_id, UNFOLDED) for reader_id in folding.passed_over(service.engine)]
    if as_json:
        print_json(
            [
                {
                    "readers": statuses,
                    "deliveries": states,
                    "runs": [{"day": run.day, "planned": run.planned} | _states(run) for run in account],
                    "verdicts": failed,
                    "relays": _by_relay(relays),
                    "set_aside": [asdict(one) for one in aside],
                    "resting": [asdict(breaker) for breaker in rests],
                    "collections": {look.source: _fields(look) for look in looks},
                }
            ]
        )
        return
    print_table("Readers", ("Status", "Readers"), statuses.items(), keep_title=True)
    print_table("Deliveries", ("State", "Deliveries"), states.items(), keep_title=True)
    rows = [(run.day, run.planned, *_states(run).values()) for run in account]
    print_table("Digests by the day they were due", ("Day", "planned =", *State), rows, keep_title=True)
    if relays:
        rows = [(relay, *(tried.get(state, 0) for state in TRIED)) for relay, tried in _by_relay(relays).items()]
        print_table(f"Attempts by relay, last {LATELY.days} days", ("Relay", *TRIED), rows, keep_title=True)
    print_table(f"Mails that failed, last {LATELY.days} days", ("Verdict", "Mails"), failed.items(), keep_title=True)
    if rests:
        rows = [(breaker.name, moment(breaker.until), breaker.reason) for breaker in rests]
        print_table("Resting", ("What", "Until", "Because"), rows, keep_title=True)
    if aside:
        rows = [(str(one.reader_id), str(one.delivery_id or ""), one.reason) for one in aside]
        print_table("Set aside", ("Reader", "Delivery", "Because"), rows, keep_title=True)
    _print_collections(looks)


def _fields(look: CollectionRun) -> dict[str, object]:
    return {name: getattr(look, name) for name in collections.FIELDS}


def _states(run: Run) -> dict[str, int]:
    return {state.value: run.states.get(state, 0) for state in State}


def _by_relay(relays: Mapping[tuple[str, str], int]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (relay, outcome), count in sorted(relays.items()):
        found.setdefault(relay, {})[outcome] = count
    return found


def _print_collections(looks: list[CollectionRun]) -> None:
    rows = [(look.source, look.day, look.outcome, look.papers, moment(look.collected_at), look.note) for look in looks]
    print_table("Last collections", ("Source", "Day", "Outcome", "Papers", "At", "Note"), rows, keep_title=True)


def runs(service: Service) -> list[Run]:
    return accounts.since(service.engine, service.now - LATELY)


def resting(service: Service) -> list[Breaker]:
    return [breaker for breaker in breakers.known(service.engine).values() if breaker.until > service.now]
