"""`digest preview`: the digest that topics would bring."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer

from digest.bootstrap import Service
from digest.cli.commands import app_of
from digest.cli.errors import Failed
from digest.cli.match import MINUS, Topics, readable
from digest.compose import opened
from digest.domain import EPOCH, INSTANT, Delivery, Kind, Paper, Preferences, Reader, Selection, Status, Window
from digest.match import Matcher
from digest.store import papers
from digest.store.engine import reading
from digest.store.planning import FIRST_REACHES_BACK


class Format(StrEnum):
    TEXT = "text"
    HTML = "html"
    EML = "eml"


app = app_of()


@app.command(context_settings=MINUS)
def preview(
    context: typer.Context,
    topics: Topics = None,
    format: Annotated[Format, typer.Option(help="How to print it.")] = Format.TEXT,
) -> None:
    """Print the digest that a new reader with these topics would get now."""
    service: Service = context.obj
    delivery = _for_a_new_reader(service, tuple(topics or ()))
    edition = papers.in_window(service.engine, delivery.window)
    selection = Matcher(edition).select(readable(topics or []), limit=delivery.reader.preferences.most_papers)
    if not selection.picks:
        raise Failed(
            "nothing matches these topics now: a reader would get no digest" if edition else "nothing is stored yet"
        )
    _print(service, delivery, selection, edition, format)


def _for_a_new_reader(service: Service, topics: tuple[str, ...]) -> Delivery:
    now = service.now
    with reading(service.engine) as connection:
        latest = papers.latest_day(connection) or now.date()
        since = papers.back_from(connection, latest, FIRST_REACHES_BACK) if topics else latest
    reader = Reader(0, "reader@example.org", Status.ACTIVE, Preferences(topics), now, now)
    return Delivery(0, Kind.DIGEST, reader, now, Window(EPOCH, now + INSTANT, since))


def _print(service: Service, delivery: Delivery, selection: Selection, edition: list[Paper], format: Format) -> None:
    days = [paper.listed_on for paper in edition if paper.listed_on]
    spanned = (min(days), max(days)) if days else None
    mail = service.composer.digest(delivery, selection, listed=len(edition), days=spanned, first=True)
    if format is Format.EML:
        sys.stdout.buffer.write(mail.content)
        return
    letter = opened(mail.content)
    sys.stdout.write(letter.html if format is Format.HTML else f"Subject: {letter.subject}\n\n{letter.text}")
