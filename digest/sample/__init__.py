"""The bundled sample edition: 25 invented papers in the shape of Hugging Face's API, for where the network is closed.

It is served from a local address, so that it comes in through the same door as a real day. No real day is in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

Record = dict[str, Any]


def records(day: date) -> list[Record]:
    """The sample edition as the API would list it on `day`."""
    stored = json.loads(files(__package__).joinpath("edition.json").read_text("utf-8"))
    return [_dated(record, day, place) for place, record in enumerate(stored)]


@contextmanager
def serve(day: date, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Answer `/api/daily_papers` with the sample edition on `day`, and with an empty list on others; yield the URL."""
    listed = records(day)

    class Api(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            params = parse_qs(url.query)
            asked = params.get("date", [str(day)]) == [str(day)] and params.get("p", ["0"]) == ["0"]
            body = json.dumps(listed if asked else []).encode()
            self.send_response(200 if url.path == "/api/daily_papers" else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the terminal belongs to the command."""

    with ThreadingHTTPServer((host, port), Api) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://{host}:{server.server_address[1]}"
        finally:
            server.shutdown()


def _dated(record: Record, day: date, place: int) -> Record:
    """Fill in what depends on the day, and what the API says twice."""
    listed = datetime.combine(day, time(0, 40), UTC) + timedelta(minutes=7 * place)
    published = listed - timedelta(days=1 + place % 4, hours=3)
    paper = record["paper"] | {"publishedAt": _said(published), "submittedOnDailyAt": _said(listed)}
    outer = {name: paper[name] for name in ("title", "summary", "organization") if name in paper}
    # The outer time is the same moment some hours off, as on real days.
    outer |= {"publishedAt": _said(published - timedelta(hours=5)), "submittedBy": paper["submittedOnDailyBy"]}
    return record | outer | {"paper": paper}


def _said(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
