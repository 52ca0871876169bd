"""`digest papers`: what is stored of a day."""

from __future__ import annotations

from typing import Annotated

import typer

from digest.bootstrap import Service
from digest.cli.commands import app_of
from digest.cli.console import Json, a_day, errors, print_json, print_table
from digest.domain import Listing
from digest.store import papers

app = app_of()


@app.command("papers")
def list_papers(
    context: typer.Context,
    day: Annotated[
        str | None, typer.Option("--date", metavar="YYYY-MM-DD", help="The day; the newest stored if left out.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what is stored of a day, in the sources' order."""
    service: Service = context.obj
    on = a_day(day) or papers.newest_listed(service.engine) or service.now.date()
    listings = papers.listings_on(service.engine, on)
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
