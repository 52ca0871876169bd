"""`digest collect`: fetch and store what the sources listed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

import typer
from rich.progress import track

from digest.bootstrap import Service
from digest.cli.commands import app_of
from digest.cli.console import Json, a_day, console, errors, print_json
from digest.cli.errors import Failed, Misused
from digest.compose.wording import number
from digest.domain import Outcome
from digest.jobs import collection
from digest.jobs.collection import Collected

Day = Annotated[str | None, typer.Option("--date", metavar="YYYY-MM-DD", help="The day to look at; today if left out.")]
Since = Annotated[
    str | None, typer.Option(metavar="YYYY-MM-DD", help="Back-fill the archive from this day on; it reaches no digest.")
]
OneSource = Annotated[str | None, typer.Option("--source", help="Only this source.")]

# The first of Hugging Face's Daily Papers; arXiv's feeds know but the last days.
FIRST_DAY = date(2023, 5, 4)


app = app_of()


@app.command()
def collect(
    context: typer.Context, source: OneSource = None, day: Day = None, since: Since = None, as_json: Json = False
) -> None:
    """Fetch and store what the sources listed.

    Without options: today, and the recent days worth another look.
    """
    service: Service = context.obj
    asked = _asked(service, a_day(day), a_day(since))
    plan = [
        (site, on)
        for site in service.sources(source)
        for on in asked or collection.days(service.engine, site, service.now)
    ]
    looks = []
    for site, on in track(plan, "Collecting", console=errors, disable=not errors.is_terminal, transient=True):
        look = collection.collect(service.engine, site, on, service.client, service.clock, backfill=bool(since))
        print_json([_row(look)]) if as_json else console.print(_line(look))
        looks.append(look)
    failed = sum(look.collection.outcome is Outcome.FAILED for look in looks)
    if failed:
        raise Failed(
            f"{failed} of {len(looks)} collections failed; what was stored is kept, and the next look tries again"
        )


def _asked(service: Service, day: date | None, since: date | None) -> list[date]:
    """The days asked for, newest first: what is older than a stored day is the archive's."""
    last = day or service.now.date()
    first = since or last
    if last > service.now.date():
        raise Misused(f"{last} is in the future; today is {service.now.date()} (UTC)")
    if first < FIRST_DAY:
        raise Misused(f"{first} is too early; no source lists papers before {FIRST_DAY}")
    if first > last:
        raise Misused(f"--since {first} is after {last}")
    return [last - timedelta(days=back) for back in range((last - first).days + 1)] if day or since else []


def _row(look: Collected) -> dict[str, object]:
    found = look.collection
    return {
        "source": found.source,
        "day": found.day,
        "outcome": found.outcome,
        "papers": found.papers,
        "new": look.new,
        "step": found.step,
        "seconds": round(found.seconds, 3),
        "note": found.note,
    }


def _line(look: Collected) -> str:
    found = look.collection
    doubt = "" if found.outcome is Outcome.OK else f", {found.outcome}"
    note = f": {found.note}" if found.note else ""
    how = f"by its {found.step} in {found.seconds:.1f} s" if found.step else f"after {found.seconds:.1f} s"
    return f"{found.day} {found.source}: {number(found.papers, 'paper')}, {look.new} new, {how}{doubt}{note}"
