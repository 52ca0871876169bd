"""`digest papers` and `preview`: what is stored, and the digest that topics would bring."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer

from digest import bootstrap
from digest.cli.console import Failed, Here, Json, a_day, errors, print_json, print_table
from digest.cli.match import MINUS, Topics, readable
from digest.compose import opened
from digest.domain import EPOCH, INSTANT, Delivery, Kind, Listing, Preferences, Reader, Selection, Status, Window
from digest.match import Matcher
from digest.store import papers
from digest.store.engine import reading


class Format(StrEnum):
    TEXT = "text"
    HTML = "html"
    EML = "eml"


def add_to(app: typer.Typer) -> None:
    app.command("papers")(list_papers)
    app.command(context_settings=MINUS)(preview)


def list_papers(
    context: typer.Context,
    day: Annotated[
        str | None, typer.Option("--date", metavar="YYYY-MM-DD", help="The day; the newest stored if left out.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what is stored of a day, in the sources' order."""
    here: Here = context.obj
    on = a_day(day) or papers.newest_listed(here.engine) or here.now.date()
    listings = papers.listings_on(here.engine, on)
    if as_json:
        print_json(_listing(listing) for listing in listings)
    elif listings:
        rows = ((one.source, one.rank, one.paper.id, one.upvotes, one.paper.title) for one in listings)
        print_table(f"{on:%A, %B} {on.day}, {on.year}", ("Source", "Rank", "Id", "Upvotes", "Title"), rows)
    else:
        errors.print(f"Nothing is stored of {on}.")


def _listing(listing: Listing) -> dict[str, object]:
    paper = listing.paper
    return {
        "id": paper.id,
        "title": paper.title,
        "abstract": paper.abstract,
        "authors": paper.authors,
        "organization": paper.organization,
        "source": listing.source,
        "day": listing.day,
        "rank": listing.rank,
        "upvotes": listing.upvotes,
        "comments": listing.comments,
        "published_at": paper.published_at and paper.published_at.isoformat(),
        "summary": paper.summary,
        "keywords": paper.keywords,
        "categories": paper.categories,
        "code_url": paper.code_url,
        "code_stars": paper.code_stars,
        "project_url": paper.project_url,
        "thumbnail_url": paper.thumbnail_url,
    }


def preview(
    context: typer.Context,
    topics: Topics,
    format: Annotated[Format, typer.Option(help="How to print it.")] = Format.TEXT,
) -> None:
    """Print the digest that a new reader with these topics would get now."""
    here: Here = context.obj
    delivery = _for_a_new_reader(here, tuple(topics))
    edition = papers.in_window(here.engine, delivery.window)
    selection = Matcher(edition).select(readable(topics), limit=delivery.reader.preferences.most_papers)
    if not selection.picks:
        raise Failed(
            "nothing matches these topics now; a reader would get no mail" if edition else "nothing is stored yet"
        )
    _print(here, delivery, selection, len(edition), format)


def _for_a_new_reader(here: Here, topics: tuple[str, ...]) -> Delivery:
    now = here.now
    with reading(here.engine) as connection:
        since = papers.latest_day(connection) or now.date()
    reader = Reader(0, "reader@example.org", Status.ACTIVE, Preferences(topics), now, now)
    return Delivery(0, Kind.DIGEST, reader, now, Window(EPOCH, now + INSTANT, since))


def _print(here: Here, delivery: Delivery, selection: Selection, listed: int, format: Format) -> None:
    mail = bootstrap.composer(here.settings).digest(delivery, selection, listed=listed, first=True)
    if format is Format.EML:
        sys.stdout.buffer.write(mail.content)
        return
    letter = opened(mail.content)
    sys.stdout.write(letter.html if format is Format.HTML else f"Subject: {letter.subject}\n\n{letter.text}")
