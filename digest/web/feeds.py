"""Feeds for feed readers: the papers of any topics, and the days. Atom (RFC 4287) and JSON Feed 1.1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from digest.compose.mime import one_line
from digest.compose.wording import because
from digest.domain import Paper, Pick
from digest.web import listing
from digest.web.asked import is_blank, read, written
from digest.web.container import Site
from digest.web.rendering import OPEN, PUBLIC, asked_topics, page

MOST_ENTRIES = 50
MOST_DAYS = 14
MOST_OF_A_DAY = 30
MOST_NAMES = 20


def topics(request: Request) -> Response:
    """Give the newest papers for some topics; without any, those that are trending."""
    asked = asked_topics(request)
    picks = Site.of(request).previews.newest(asked, MOST_ENTRIES)
    query = urlencode({"topics": asked}) if asked else ""
    title = "Papers on " + ", ".join(asked.split("\n")) if asked else "Trending papers"
    return _of_picks(request, title, query, "/preview" if asked else "/", picks)


def search(request: Request) -> Response:
    """Give the first page of a search, as it stands there; of nothing, nothing."""
    asked, _ = read(request)
    asked = replace(asked, first=0)
    picks = () if is_blank(asked) else Site.of(request).searches.search(asked).picks
    title = "Papers on " + ", ".join(asked.query.split("\n")) if asked.query else "Papers found by a search"
    return _of_picks(request, title, urlencode(written(asked)), "/search", picks)


def _of_picks(request: Request, title: str, query: str, shown: str, picks: Sequence[Pick]) -> Response:
    """Write papers as a feed, in the form that is asked for; `shown` is the page that has the same."""
    site, path = Site.of(request), request.url.path
    query = f"?{query}" if query else ""
    headers = OPEN if query else PUBLIC
    if path.endswith(".json"):
        return _json(site, title, f"{path}{query}", shown + query, [_item(site, pick) for pick in picks], headers)
    latest = max((pick.paper.listed_on for pick in picks if pick.paper.listed_on), default=site.now().date())
    known = {"title": one_line(title), "here": path + query, "shown": shown + query, "picks": picks, "latest": latest}
    text = site.templates.get_template("feed.atom").render(known, today=site.now().date())
    return Response(text, headers=headers, media_type="application/atom+xml")


def days(request: Request) -> Response:
    """Give an entry for each of the last days, with the papers of that day."""
    site = Site.of(request)
    shown = [(day, _of(site, day)) for day in list(site.library.days())[:MOST_DAYS]]
    if request.url.path.endswith(".json"):
        items = [_day_item(site, day, papers) for day, papers in shown]
        return _json(site, "Papers, day by day", "/days.json", "/archive", items, PUBLIC)
    text = site.templates.get_template("days.atom").render(days=shown, today=site.now().date())
    return Response(text, headers=PUBLIC, media_type="application/atom+xml")


def about(request: Request) -> Response:
    """Say which feeds there are."""
    return page(request, "feeds", headers=PUBLIC)


def _of(site: Site, day: date) -> Sequence[Paper]:
    return site.library.liked(site.library.stretch(day, day), most=MOST_OF_A_DAY)


def _json(
    site: Site, title: str, path: str, shown: str, items: Sequence[dict[str, Any]], headers: Mapping[str, str]
) -> Response:
    home = site.settings.base_url
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": one_line(title),
        "home_page_url": home + shown,
        "feed_url": home + path,
        "language": "en",
        "items": items,
    }
    return JSONResponse(feed, headers=dict(headers), media_type="application/feed+json")


def _item(site: Site, pick: Pick) -> dict[str, Any]:
    paper = pick.paper
    url = site.settings.base_url + listing.own_page(paper)
    reason = one_line("".join(run.text for run in because(pick.reasons)))
    text = "\n\n".join(part for part in (one_line(paper.summary), reason, one_line(paper.abstract)) if part)
    item: dict[str, Any] = {"id": url, "url": url, "title": one_line(paper.title), "content_text": text}
    if paper.summary:
        item["summary"] = one_line(paper.summary)
    if paper.listed_on:
        item["date_published"] = f"{paper.listed_on}T00:00:00Z"
    if paper.authors:
        item["authors"] = [{"name": one_line(name)} for name in paper.authors[:MOST_NAMES]]
    return item


def _day_item(site: Site, day: date, papers: Sequence[Paper]) -> dict[str, Any]:
    url = f"{site.settings.base_url}/archive/{day}"
    lines = [f"{one_line(paper.title)}: {one_line(paper.summary)}".removesuffix(": ") for paper in papers]
    published = f"{day}T00:00:00Z"
    title = one_line(listing.long_date(day))
    return {"id": url, "url": url, "title": title, "content_text": "\n\n".join(lines), "date_published": published}
