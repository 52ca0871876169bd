"""Every address of the endpoint, and how each is answered: from memory, at once, or in its turn."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict

from starlette.routing import Route

from digest.web import (
    address,
    another,
    archive,
    asked,
    dev_mails,
    feedback,
    feeds,
    found,
    health,
    home,
    hooks,
    metrics,
    paper,
    pictures,
    preferences,
    references,
    search,
    start,
    subscribe,
    topics,
    unsubscribe,
    view,
    zones,
)
from digest.web.container import Limits
from digest.web.forms import Endpoint, both, dear, posted, posted_dear, shown, vital
from digest.web.limits import VisitorLimit
from digest.web.pools import Pools, Queue
from digest.web.rendering import limited, public
from digest.web.uploads import posted_with_file

BOTH = ["GET", "POST"]


class Waiting(TypedDict, total=False):
    """Where what is dear waits for its turn, and what its visits are counted against."""

    queue: Callable[[Pools], Queue]
    limit: Callable[[Limits], VisitorLimit]


def _button(path: str, show: Endpoint, act: Endpoint) -> Route:
    """Route to a page and to what its button does."""
    return Route(path, both(show, act), methods=BOTH)


DEAR: Waiting = {"queue": lambda pools: pools.dear, "limit": lambda limits: limits.preview}
FED: Waiting = {"queue": lambda pools: pools.feeds, "limit": lambda limits: limits.feed}
DRAWN: Waiting = {"queue": lambda pools: pools.pictures}

PUBLIC = [
    Route("/", public(home.home)),
    Route("/archive", public(archive.days)),
    Route("/archive/{when}.png", public(pictures.of_day, **DRAWN)),
    Route("/archive/{when}", public(archive.listed, asks=("page",))),
    Route("/papers/{name:path}.png", public(pictures.of_paper, **DRAWN)),
    # Whoever reads all papers, such as a search engine, waits with the others and is not counted.
    Route("/papers/{name:path}", public(paper.show, queue=lambda pools: pools.dear)),
    Route("/authors/{name:path}", public(search.author, asks=("from",), **DEAR)),
    Route("/organizations/{name:path}", public(search.organization, asks=("from",), **DEAR)),
    Route("/search", public(search.search, asks=asked.FIELDS, **DEAR)),
    *(Route(f"/search.{form}", public(feeds.search, asks=asked.FIELDS, **FED)) for form in ("atom", "json")),
    Route("/feeds", public(feeds.about)),
    *(Route(f"/feed.{form}", public(feeds.topics, asks=("topics",), **FED)) for form in ("atom", "json")),
    *(Route(f"/days.{form}", public(feeds.days, **FED)) for form in ("atom", "json")),
    Route("/picture.png", public(pictures.of_site, **DRAWN)),
    Route("/zones.json", public(zones.as_json)),
    Route("/zones", public(zones.as_page)),
    Route("/privacy", public(found.privacy)),
    Route("/robots.txt", public(found.robots)),
    Route("/sitemap.xml", public(found.sitemap)),
]

JOINING = [
    _button("/preview", limited(dear(subscribe.preview)), limited(posted_dear(subscribe.preview_typed))),
    Route("/preview/part", limited(posted_dear(subscribe.preview_part)), methods=["POST"]),
    _button("/start", shown(start.blank), limited(posted_with_file(start.propose))),
    Route("/subscribe", posted(subscribe.subscribe, lane=lambda pools: pools.joining), methods=["POST"]),
    _button("/confirm/{token}", vital(subscribe.ask), posted(subscribe.confirm)),
]

OWN = [
    # One click ends it whatever comes with it (RFC 8058, section 3.1), so that is not read.
    _button("/unsubscribe/{token}", vital(unsubscribe.ask), posted(unsubscribe.unsubscribe, heeded=False)),
    Route("/unsubscribe/{token}/weekly", posted(unsubscribe.weekly_instead), methods=["POST"]),
    Route("/unsubscribe/{token}/pause", posted(unsubscribe.pause_instead), methods=["POST"]),
    Route("/unsubscribe/{token}/undo", posted(unsubscribe.undo), methods=["POST"]),
    Route("/unsubscribe/{token}/all", posted(unsubscribe.end_all), methods=["POST"]),
    _button("/preferences/{token}", vital(preferences.show), posted(preferences.save)),
    _button(
        "/preferences/{token}/start",
        shown(start.blank_for_reader),
        limited(posted_with_file(start.propose_to_reader)),
    ),
    Route("/preferences/{token}/pause", posted(preferences.pause), methods=["POST"]),
    Route("/preferences/{token}/now", posted(preferences.send_now), methods=["POST"]),
    Route("/preferences/{token}/resume", posted(preferences.resume), methods=["POST"]),
    Route("/preferences/{token}/address", posted(preferences.move), methods=["POST"]),
    Route("/preferences/{token}/return", posted(unsubscribe.come_back), methods=["POST"]),
    Route("/preferences/{token}/export", vital(preferences.export)),
    _button("/preferences/{token}/delete", vital(unsubscribe.ask_to_delete), posted(unsubscribe.delete)),
    _button("/topics/{token}", vital(topics.ask), posted(topics.use)),
    Route("/preferences/{token}/forget", posted(unsubscribe.delete_one), methods=["POST"]),
    Route("/preferences/{token}/name", posted(preferences.rename), methods=["POST"]),
    _button("/preferences/{token}/another", vital(another.ask), posted(another.add)),
    _button("/address/{token}", vital(address.ask), posted(address.agree)),
    Route("/address/{token}/decline", posted(address.decline), methods=["POST"]),
    Route("/digest/{token}.bib", shown(references.of_digest)),
    Route("/digest/{token}", dear(view.view)),
    Route("/feedback/{token}", shown(feedback.ask)),
    _button("/feedback/{token}/{answer}", shown(feedback.ask), posted(feedback.act)),
    Route("/feedback/{token}/{answer}/undo", posted(feedback.undo), methods=["POST"]),
    Route("/saved/{token}", shown(feedback.saved)),
    Route("/saved/{token}/papers.{form}", shown(references.of_saved)),
]

OPERATING = [
    Route("/hooks/{provider}", hooks.told, methods=["POST"]),
    Route("/dev/mails", shown(dev_mails.index)),
    Route("/dev/mails/{name}.{form}", shown(dev_mails.show)),
    Route("/healthz", health.alive, methods=BOTH),
    Route("/readyz", vital(health.ready)),
    Route("/metrics", shown(metrics.metrics)),
]

ROUTES = [*PUBLIC, *JOINING, *OWN, *OPERATING]
