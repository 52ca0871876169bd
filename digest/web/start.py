"""Start from papers one likes: pasted, or in a file; and choose from what they propose. Stores nothing."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from digest.jobs.starting import Start, start
from digest.links import Purpose
from digest.readers.form import NOTHING, Typed
from digest.web.container import Site
from digest.web.lookup import reader_behind
from digest.web.rendering import page
from digest.web.uploads import NO_FORM, ODD, TOO_LARGE, TOO_SLOW, WRONG

# The boxes to tick: each has a name of its own, as a form keeps one value a name.
TICKED = "pick-"
STATUS = {TOO_LARGE: 413, TOO_SLOW: 408, ODD: 422, NO_FORM: 422}


def blank(request: Request) -> Response:
    """Ask for papers."""
    return _page(request, "/preview#preview", "/start")


def propose(request: Request, filled: Typed) -> Response:
    """Show what the pasted papers propose, as boxes that go on into the form."""
    return _page(request, "/preview#preview", "/start", filled)


def blank_for_reader(request: Request) -> Response:
    return _page(request, *_ways(request))


def propose_to_reader(request: Request, filled: Typed) -> Response:
    """The same for a reader, to whose topics it adds."""
    return _page(request, *_ways(request), filled)


def ticked(filled: Typed) -> list[str]:
    """List what was chosen from the proposals."""
    return [value for name, value in filled.items() if name.startswith(TICKED) and value]


def _ways(request: Request) -> tuple[str, str]:
    """Where a reader's choice goes, and where this page is."""
    reader_behind(request, Purpose.PREFERENCES)
    own = f"/preferences/{request.path_params['token']}"
    return own, f"{own}/start"


def _page(request: Request, goes_to: str, here: str, filled: Typed = NOTHING) -> Response:
    site = Site.of(request)
    texts = list(filter(None, (filled.get(name, "") for name in ("papers", "file"))))
    # An empty file was sent, too: there are no papers in it.
    looked = bool(texts) or "file" in filled
    found = start(site.engine, site.previews, site.searches, *texts) if texts else Start()
    ways: dict[str, Any] = {"goes_to": goes_to, "here": here, "own": here != "/start"}
    wrong = filled.get(WRONG, "")
    known: dict[str, Any] = {"found": found, "papers": filled.get("papers", ""), "looked": looked, **ways}
    mistakes = {"file": wrong} if wrong else {}
    return page(request, "start", STATUS.get(wrong, 200), **known, mistakes=mistakes, ticked=TICKED)
