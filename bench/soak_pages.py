"""Hugging Face and arXiv of a soak, over HTTP: they list what is listed by its clock, late and not at all where told.

`/api/daily_papers` and the pages answer as Hugging Face does, `/atom/…` and `/api/query` as arXiv.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import escape

from bench.judge import Listed
from bench.soak_days import SATURDAY, Day, Days, Record

A_DAY = timedelta(days=1)
# A third of a day's papers is there by each of these (UTC): all of the 1,245 captured came between 00:00 and 07:00.
APPEAR = (time(1), time(3), time(5, 30))
# arXiv's feed is made at midnight in New York, which is this in summer.
ANNOUNCED = time(4)
# What is late is there on the next day.
LATE_APPEARS = time(6)
# The timetable looks at five past each even hour, and is done in some minutes.
LOOK_MINUTE, LOOK_EVERY_HOURS, LOOK_TAKES = 5, 2, timedelta(minutes=5)
WINDOW = re.compile(r"submittedDate:\[(\d{12}) TO ")
ATOM = 'xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom"'
DULL: Record = {"paper": {"id": "2601.00001", "title": "On nothing in particular", "summary": "", "authors": []}}


@dataclass(frozen=True, slots=True)
class Away:
    """When Hugging Face answers nobody."""

    since: datetime
    until: datetime

    def __contains__(self, moment: datetime) -> bool:
        return self.since <= moment < self.until


Reply = tuple[int, Mapping[str, str], bytes]


class Pages:
    """`with Pages(days, late, away, clock) as pages:`, then `pages.url`, and `pages.listed()` for the judge."""

    def __init__(self, days: Days, late: date, away: Away, clock: Callable[[], datetime]) -> None:
        self.days = {day.on: day for day in days.days}
        self.late, self.away, self.clock = late, away, clock
        self.asked = 0

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def listed(self) -> list[Listed]:
        """Which paper is known from when on, to a service that looks when its timetable says so."""
        return [
            Listed(one["paper"]["id"], one["paper"]["title"], self._known(at, away))
            for day in self.days.values()
            for at, one, away in self._appearing(day)
        ]

    def _appearing(self, day: Day) -> Iterator[tuple[datetime, Record, bool]]:
        """When each paper of a day appears, and whether that is where they may be away."""
        for place, record in enumerate(day.records):
            yield self._appears(day, place), record, True
        for entry in day.entries:
            yield _at(day.on, ANNOUNCED), entry, False

    def _appears(self, day: Day, place: int) -> datetime:
        if day.on == self.late:
            return _at(day.on + A_DAY, LATE_APPEARS)
        return _at(day.on, APPEAR[place * len(APPEAR) // len(day.records)])

    def _known(self, appears: datetime, away: bool) -> datetime:
        look = appears.replace(minute=LOOK_MINUTE) + timedelta(hours=appears.hour % LOOK_EVERY_HOURS)
        while look < appears or (away and look in self.away):
            look += timedelta(hours=LOOK_EVERY_HOURS)
        return look + LOOK_TAKES

    def reply_to(self, path: str, params: Mapping[str, str]) -> Reply:
        self.asked += 1
        now = self.clock()
        if path.startswith("/atom/"):
            return _xml(self._feed(now))
        if path == "/api/query":
            return _xml(_submitted(params["search_query"]))
        if now in self.away:
            return 403, {"Content-Type": "text/html"}, b"<html><script>challenge()</script></html>"
        if path == "/api/daily_papers":
            return self._api(params, now)
        # As where there is no such day.
        return (302, {"Location": "/papers"}, b"") if path != "/papers" else (200, {}, b"<html>Daily Papers</html>")

    def _api(self, params: Mapping[str, str], now: datetime) -> Reply:
        on = date.fromisoformat(params["date"])
        if on > now.date():
            return _json({"error": "date cannot be after today"}, 400)
        day, limit, page = self.days.get(on, Day(on)), int(params["limit"]), int(params["p"])
        out = [one for place, one in enumerate(day.records) if self._appears(day, place) <= now]
        return _json(out[limit * page :][:limit])

    def _feed(self, now: datetime) -> str:
        """The feed of the last working day on which one was made, holidays with nothing in them too."""
        made = next(
            on for n in range(7) if (on := now.date() - n * A_DAY).weekday() < SATURDAY and _at(on, ANNOUNCED) <= now
        )
        day = self.days.get(made, Day(made))
        entries = "".join(_entry(one, f"{made}T00:00:00-04:00") for one in day.entries)
        return f"<feed {ATOM}><updated>{made}T04:00:19Z</updated>{entries}</feed>"


def _submitted(query: str) -> str:
    """The query API knows one paper of any day, which nobody looks for."""
    found = WINDOW.search(query)
    assert found
    since = datetime.strptime(found[1], "%Y%m%d%H%M").replace(tzinfo=UTC)
    return f"<feed {ATOM}>{_entry(DULL, (since + timedelta(hours=1)).isoformat())}</feed>"


def _entry(record: Record, published: str) -> str:
    paper = record["paper"]
    authors = "".join(f"<author><name>{escape(one['name'])}</name></author>" for one in paper["authors"])
    return (
        f"<entry><id>oai:arXiv.org:{paper['id']}v1</id><title>{escape(paper['title'])}</title>"
        f"<summary>arXiv:{paper['id']}v1 Announce Type: new \nAbstract: {escape(paper['summary'])}</summary>"
        f"<published>{published}</published><arxiv:announce_type>new</arxiv:announce_type>{authors}</entry>"
    )


def _at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, UTC)


def _json(value: object, status: int = 200) -> Reply:
    return status, {"Content-Type": "application/json"}, json.dumps(value).encode()


def _xml(feed: str) -> Reply:
    return 200, {"Content-Type": "application/atom+xml"}, feed.encode()


def _handler(pages: Pages) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            status, headers, body = pages.reply_to(url.path, dict(parse_qsl(url.query)))
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:  # noqa: ANN401 - as above
            pass

    return Handler
