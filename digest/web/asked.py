"""What a search asks for, read from its address and written into another. What cannot be read is left out, and said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from urllib.parse import urlencode

from starlette.requests import Request

from digest.jobs.searches import LONGEST_QUERY, MOST_LINES, Asked, Found
from digest.store.wanted import Order
from digest.web.container import Site
from digest.web.rendering import asked_topics

FIELDS = ("q", "order", "since", "until", "source", "code", "from")
MOST_FAR = 2_000  # papers: nobody leafs further, and each page costs more than the one before
LONGEST_SAID = 60


def read(request: Request) -> tuple[Asked, Sequence[str]]:
    """Read what is asked for, and say what to type where that cannot be read; such a part is left out."""
    sources = Site.of(request).settings.sources
    mistakes: list[str] = []
    query = _query(asked_topics(request, "q"), mistakes)
    order = _choice(request, "order", [order.value for order in Order], mistakes)
    source = _choice(request, "source", sources, mistakes)
    code = _choice(request, "code", ["yes"], mistakes)
    since, until = _days(request, mistakes)
    first = place(request)
    if first is None:
        mistakes.append(f"A page begins at a number from 0 to {MOST_FAR}, such as from=20: this is the first page.")
    return Asked(query, Order(order or Order.FIT), since, until, source, bool(code), first or 0), mistakes


def place(request: Request) -> int | None:
    """Where the page begins that is asked for; None where there is none so far on."""
    text = request.query_params.get("from", "").strip()
    if not text:
        return 0
    known = text.isascii() and text.isdecimal() and len(text) <= len(str(MOST_FAR))
    return int(text) if known and int(text) <= MOST_FAR else None


def is_blank(asked: Asked) -> bool:
    """Tell whether nothing is asked for, whatever the order and the page."""
    return not (asked.query or asked.source or asked.code or asked.since or asked.until)


def written(asked: Asked) -> Mapping[str, str]:
    """Write what was asked as one would have typed it into the address."""
    said = {
        "q": asked.query,
        "order": "" if asked.order is Order.FIT else asked.order.value,
        "since": asked.since.isoformat() if asked.since else "",
        "until": asked.until.isoformat() if asked.until else "",
        "source": asked.source,
        "code": "yes" if asked.code else "",
    }
    return {name: value for name, value in said.items() if value}


def further(asked: Asked, found: Found) -> str:
    """The query of the next page; empty where there is none."""
    if not found.after or found.after > MOST_FAR:
        return ""
    return urlencode({**written(asked), "from": found.after})


def newest(asked: Asked) -> str:
    """The query of the same search as a feed reader wants it."""
    return urlencode({**written(asked), "order": Order.NEWEST.value})


def _query(text: str, mistakes: list[str]) -> str:
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if len(lines) > MOST_LINES:
        mistakes.append(f"Ask for at most {MOST_LINES} topics: here are papers on the first {MOST_LINES}.")
    kept = "\n".join(lines[:MOST_LINES])
    if len(kept) <= LONGEST_QUERY:
        return kept
    mistakes.append(f"Shorten this to {LONGEST_QUERY} characters: what comes after them was not looked for.")
    cut = kept[:LONGEST_QUERY]
    # A word that was cut is another word.
    return cut if kept[LONGEST_QUERY].isspace() else cut[: max(cut.rfind(" "), cut.rfind("\n")) + 1].strip() or cut


def _choice(request: Request, name: str, known: Sequence[str], mistakes: list[str]) -> str:
    """One of a few words; none where another stands."""
    given = request.query_params.get(name, "").strip()
    if given and given not in known:
        mistakes.append(f"There is no {name} “{given[:LONGEST_SAID]}”: write {name}={_either(known)}, or leave it out.")
    return given if given in known else ""


def _either(words: Sequence[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _days(request: Request, mistakes: list[str]) -> tuple[date | None, date | None]:
    since, until = (_day(request, name, mistakes) for name in ("since", "until"))
    if since and until and since > until:
        mistakes.append(f"Put the earlier date first: here is what was listed from {until} to {since}.")
        return until, since
    return since, until


def _day(request: Request, name: str, mistakes: list[str]) -> date | None:
    given = request.query_params.get(name, "").strip()
    try:
        return date.fromisoformat(given) if given else None
    except ValueError:
        said = "Please write dates like 2025-12-24."
        mistakes += [said] if said not in mistakes else []
        return None
