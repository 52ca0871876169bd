"""A stand-in for the outside: answers like Hugging Face's API and pages do, and misbehaves on request."""

import json
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email.utils import format_datetime
from hashlib import sha1
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Thread
from urllib.parse import parse_qs, urlsplit

DEFAULT_LIMIT = 50
MOST_LIMIT = 100
_numbers = count(1)


def a_record(id=None, day=date(2025, 12, 24), *, authors=("Ada Lovelace",), upvotes=0, comments=0, **fields):
    """A record in the API's own shape; other fields go into its `paper`."""
    number = next(_numbers)
    paper = {
        "id": id or f"2512.{number:05}",
        "authors": [{"_id": f"{n:024x}", "name": name, "hidden": False} for n, name in enumerate(authors)],
        "publishedAt": "2025-12-22T18:00:00.000Z",
        "submittedOnDailyAt": f"{day}T01:30:00.000Z",
        "title": f"A Study of Subject {number}",
        "summary": "We study it. It works well.",
        "upvotes": upvotes,
    } | fields
    return {
        "paper": paper,
        "publishedAt": "2025-12-22T13:00:00.000Z",
        "title": paper["title"],
        "summary": paper["summary"],
        "thumbnail": f"https://thumbnails.example.org/{paper['id']}.png",
        "numComments": comments,
    }


@dataclass
class Reply:
    body: bytes = b""
    status: int = 200
    headers: dict = field(default_factory=dict)


@dataclass
class Seen:
    """One request as it came in."""

    path: str
    params: dict
    headers: dict


class PageServer:
    """Serve `days`, each a list of records in order; no day after `today` exists yet.

    Use it in a `with` statement, at `url`; `requests` holds what was asked.
    """

    def __init__(self, days=None, today=date(2025, 12, 24)):
        self.days = dict(days or {})
        self.today = today
        self.requests = []
        self._orders = []
        self._embeds_json = True
        self._ignored = set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self):
        # It looks whether to stop this often, and every test waits for that.
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def fails(self, path, status=500, times=None, headers=None):
        """Answer paths that begin so with an error, so many times, or for good."""
        self._orders.append([path, times, Reply(b"Something went wrong", status, headers or {})])

    def answers(self, path, body, headers=None, status=200, times=None):
        """Answer paths that begin so with these bytes."""
        self._orders.append([path, times, Reply(body, status, headers or {})])

    def sends(self, path, pieces, times=None):
        """Write what `pieces()` gives to the connection as it is, for as long as somebody listens."""
        self._orders.append([path, times, pieces])

    def hangs_up(self, path, times=None):
        """Close the connection without an answer."""
        self._orders.append([path, times, None])

    def loses_embedded_json(self):
        """Show pages with cards only, as after a change of layout."""
        self._embeds_json = False

    def ignores(self, *params):
        """Pay no attention to these parameters of the API, as an older server would."""
        self._ignored |= set(params)

    def paths(self):
        return [seen.path for seen in self.requests]

    def reply_to(self, path, params):
        for order in self._orders:
            prefix, times, reply = order
            if path.startswith(prefix) and times != 0:
                order[1] = times and times - 1
                return reply
        if path == "/api/daily_papers":
            return self._api({name: value for name, value in params.items() if name not in self._ignored})
        if path.startswith("/papers"):
            return self._page(path)
        return Reply(b"Not found", 404)

    def _api(self, params):
        limit, day = int(params.get("limit", DEFAULT_LIMIT)), params.get("date", str(self.today))
        if limit > MOST_LIMIT:
            return _json({"error": f"limit must be at most {MOST_LIMIT}"}, 400)
        if day > str(self.today):
            return _json({"error": "date cannot be after today"}, 400)
        start = limit * int(params.get("p", 0))
        return _json(self.days.get(date.fromisoformat(day), [])[start : start + limit])

    def _page(self, path):
        asked = path.removeprefix("/papers/date/")
        day = date.fromisoformat(asked) if asked != path else max(self.days, default=None)
        if day not in self.days:
            return Reply(b"", 302, {"Location": "/papers"}) if self.days else Reply(b"Not found", 404)
        return Reply(a_page(day, self.days[day], embeds_json=self._embeds_json), headers={"Content-Type": "text/html"})


def a_page(day, records, *, embeds_json=True):
    """A Daily Papers page: the JSON in it, and each card twice, once for wide windows and once for narrow ones."""
    props = {"date": f"{day}T00:00:00.000Z", "dailyPapers": records, "nextDate": "", "canSubmit": False}
    data = f'<div class="contents" data-target="DailyPapers" data-props="{escape(json.dumps(props))}">'
    links = f'<a href="/papers/date/{day}">Yesterday</a> <h3><a href="/papers/trending">Trending</a></h3>'
    cards = "".join(_card(record) * 2 for record in records)
    body = f"<main>{data if embeds_json else '<div>'}{links}{cards}</div></main>"
    return f"<!doctype html><html><head><title>Daily Papers</title></head><body>{body}</body></html>".encode()


def _card(record):
    paper = record["paper"]
    link = f"/papers/{paper['id']}"
    return (
        f'<article><a href="{link}"><img alt="" src="{record["thumbnail"]}"></a>'
        f'<a href="/login?next=%2Fpapers%2F{paper["id"]}"><div>{paper["upvotes"]}</div></a>'
        f'<h3><a href="{link}">{escape(paper["title"])}</a></h3><h3><a href="{link}#community">Talk</a></h3>'
        f'<a href="{link}"><ul><li>· {len(paper["authors"])} authors</li></ul></a>'
        f'<a href="{link}#community"><svg></svg> {record["numComments"]}</a></article>'
    )


def _json(value, status=200):
    return Reply(json.dumps(value, ensure_ascii=False).encode(), status, {"Content-Type": "application/json"})


def _handler(pages):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            url = urlsplit(self.path)
            params = {name: values[-1] for name, values in parse_qs(url.query).items()}
            pages.requests.append(Seen(url.path, params, {k.lower(): v for k, v in self.headers.items()}))
            reply = pages.reply_to(url.path, params)
            if callable(reply):
                self._pour(reply())
            elif reply:
                self._send(reply)

        def _pour(self, pieces):
            self.close_connection = True
            # Whoever had enough hangs up.
            with suppress(OSError):
                for piece in pieces:
                    self.wfile.write(piece)

        def _send(self, reply):
            tag = f'"{sha1(reply.body).hexdigest()}"'
            known = reply.status == 200 and self.headers.get("If-None-Match") == tag
            self.send_response(304 if known else reply.status)
            for name, value in ({"ETag": tag, "Content-Length": str(len(reply.body))} | reply.headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"" if known else reply.body)

        def date_time_string(self, timestamp=None):
            return format_datetime(datetime.combine(pages.today, datetime.min.time(), UTC), usegmt=True)

        def log_message(self, *_):
            pass

    return Handler
