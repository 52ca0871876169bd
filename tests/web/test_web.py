"""The endpoint as a whole: what never happens, how its pages are made, and bad days."""

import logging
import os
import re
import subprocess
import sys
from datetime import date, timedelta
from itertools import pairwise
from urllib.parse import quote, urlencode

import html5lib
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser
from starlette.routing import Route
from structlog.testing import capture_logs

from digest.domain import CollectionRun, Kind, Outcome, Status
from digest.links import Links, Purpose
from digest.logs import redact
from digest.store import collections, ledger, readers
from digest.store.engine import connect, writing
from digest.web.routes import ROUTES
from digest.web.security import mask_tokens
from tests.support.examples import some
from tests.support.factories import NOW
from tests.support.visitor import BASE, LINKS, a_subscriber, a_visitor, dump, mails, status_of


@pytest.fixture
def visitor(engine):
    return a_visitor(engine)


@pytest.fixture
def stranger():
    """A visitor while the database is away."""
    return a_visitor(connect("postgresql+psycopg://digest:hush@127.0.0.1:1/digest"))


def links_of(reader):
    return [LINKS.confirm(reader.key, 1, NOW), LINKS.unsubscribe(reader.key), LINKS.preferences(reader.key)]


@settings(max_examples=some(100), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_get_and_head_change_nothing_on_any_route(visitor, engine, data):
    """U5: link scanners follow every link in a mail."""
    known = list(readers.everyone(engine)) or [a_subscriber(engine, s, f"{s}@example.org") for s in Status]
    before = dump(engine)
    tokens = [LINKS.token(purpose, reader.key, 1, NOW) for reader in known for purpose in Purpose]
    token = data.draw(st.sampled_from(tokens) | st.text())
    path = data.draw(st.sampled_from(ROUTES)).path.replace("{token}", quote(token, safe=""))
    named = data.draw(st.sampled_from(["2512.00001", "2025-12-24", "2025-W52", "confirm", "Ada Lovelace"]) | st.text())
    path = re.sub(r"\{\w+(:path)?\}", lambda _: quote(named, safe=""), path)
    query = data.draw(
        st.sampled_from(["", "?List-Unsubscribe=One-Click", "?_method=POST&action=delete&topics=x", "?q=x&from=5"])
        | st.builds(lambda text: "?" + urlencode({"q": text, "topics": text, "since": text, "page": text}), st.text())
    )
    method = data.draw(st.sampled_from(["GET", "HEAD", "OPTIONS"]))
    answer = visitor.send(method, path + query, headers={"X-HTTP-Method-Override": "POST"})
    assert answer.status_code in (200, 404, 405)
    assert dump(engine) == before


@pytest.mark.parametrize("path", ["/confirm/0%2F", "/archive/", "/unsubscribe/x/"])
def test_nobody_is_redirected(visitor, path):
    assert visitor.get(path).status_code == 404


def test_even_an_empty_database_stays_empty_when_asked_how_it_is(tmp_path):
    engine = connect(f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    assert a_visitor(engine).get("/readyz").status_code == 503
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM sqlite_schema").scalar() == 0
    engine.dispose()


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("purpose", [Purpose.CONFIRM, Purpose.UNSUBSCRIBE, Purpose.PREFERENCES])
def test_a_bad_link_gets_the_same_answer_whatever_is_wrong_with_it(visitor, engine, method, purpose):
    """U6."""
    reader, deleted = a_subscriber(engine), a_subscriber(engine, email="gone@example.org")
    readers.forget(engine, deleted.email)
    with writing(engine) as connection:
        ledger.queue(connection, reader.id, Kind.CONFIRM, NOW)
    good = LINKS.token(purpose, reader.key, 1, NOW)
    other = Purpose.UNSUBSCRIBE if purpose is Purpose.PREFERENCES else Purpose.PREFERENCES
    bad = {
        "changed": good.replace(reader.key, deleted.key, 1),
        "cut off": good[:-4],
        "of another purpose": LINKS.token(other, reader.key),
        "of somebody who is gone": LINKS.token(purpose, deleted.key, 1, NOW),
        "of another key": Links(BASE, ["another key"]).token(purpose, reader.key, 1, NOW),
        "nonsense": "nonsense",
        "endless": "9" * 5000,
        "with a slash": good + "/x",
        "not ASCII": "é",
    }
    if purpose is Purpose.CONFIRM:
        bad["too old"] = LINKS.token(purpose, reader.key, 1, NOW - timedelta(days=30))
        bad["of an earlier mail"] = LINKS.token(purpose, reader.key, 1, NOW - timedelta(minutes=1))
    answers = {name: visitor.send(method, f"/{purpose}/{token}") for name, token in bad.items()}
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(bad, 404)
    assert len({answer.text for answer in answers.values()}) == 1
    assert len({tuple(answer.headers.items()) for answer in answers.values()}) == 1
    assert status_of(engine, reader) is Status.ACTIVE


def test_every_answer_is_guarded_by_its_headers(visitor, engine):
    def fails(request):
        raise RuntimeError("the inside")

    visitor.app.router.routes.append(Route("/fails", fails))
    reader = a_subscriber(engine)
    pages = [*links_of(reader), LINKS.preferences(reader.key) + "/export", LINKS.preferences(reader.key) + "/delete"]
    open_pages = ["/", "/archive", "/search", "/feeds", "/zones.json", *visitor.app.state.site.memory.files]
    for url in [*pages, *open_pages, "/nowhere", "/subscribe", "/healthz", "/readyz", "/fails"]:
        answer = visitor.get(url)
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "set-cookie" not in answer.headers
        assert (answer.headers["Cache-Control"] == "no-store") == (url not in open_pages)
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
        found = url in open_pages and not url.endswith((".css", ".js", ".svg"))
        assert (answer.headers["X-Robots-Tag"] == "noindex") == (not found)
        assert "the inside" not in answer.text
        # The one script is a file of ours; it presses no button (U5).
        assert answer.text.count("<script") <= 1


def test_no_token_and_no_query_reaches_the_access_log():
    def logged(path):
        args = ("192.0.2.1:4000", "POST", path, "1.1", 200)
        record = logging.LogRecord("uvicorn.access", 20, "", 0, '%s - "%s %s HTTP/%s" %d', args, None)
        assert mask_tokens(record)
        return record.getMessage()

    assert '"POST /unsubscribe/<token> HTTP/1.1" 200' in logged("/unsubscribe/7.secret")
    assert '"POST /preferences/<token>/delete HTTP/1.1" 200' in logged("/preferences/7.secret/delete?x=1")
    assert '"POST /lab/confirm/<token> HTTP/1.1" 200' in logged("/lab/confirm/7.123.secret")
    assert '"POST / HTTP/1.1" 200' in logged("/?topics=my+illness")


@pytest.mark.parametrize("purpose", Purpose)
def test_a_key_is_masked_by_its_shape_wherever_it_stands(purpose):
    token = LINKS.token(purpose, "k0123456789abcdef", 7, NOW)
    for around in ("/lab/prefrences/{}", "/{}/", "GET {} failed", "at {}.", "x={}&y", "%2F{}"):
        assert token.rpartition(".")[2] not in redact(around.format(token))
    for kept in ("/papers/2512.12345", "/archive/2025-12-24", "192.0.2.1:4000", "/static/style.c546c382ea9f.css"):
        assert redact(kept) == kept


@pytest.mark.parametrize("status", Status)
def test_every_page_is_fit_for_a_screen_reader(visitor, engine, status):
    reader = a_subscriber(engine, status)
    wrong = visitor.post(
        "/subscribe", data={"email": "", "topics": "x" * 300, "hour": "", "cadence": "", "timezone": ""}
    )
    answers = [wrong, *map(visitor.get, ["/", "/nowhere", "/subscribe", *links_of(reader)])]
    answers.append(visitor.get(LINKS.preferences(reader.key) + "/delete"))
    for answer in answers:
        html5lib.HTMLParser(strict=True).parse(answer.text)
        page = LexborHTMLParser(answer.text)
        assert page.css_first("html").attributes["lang"] == "en"
        assert page.css_first("title").text().endswith(" · Paper Digest")
        levels = [int(heading.tag[1]) for heading in page.css("h1, h2, h3")]
        assert levels[0] == 1
        assert all(later <= earlier + 1 for earlier, later in pairwise(levels))
        named = {label.attributes.get("for") for label in page.css("label")}
        for box in page.css("input:not([type=radio]):not([type=hidden]), select, textarea"):
            assert box.attributes["id"] in named
        ids = {node.attributes["id"] for node in page.css("[id]")}
        for node in page.css("[aria-describedby]"):
            assert set(node.attributes["aria-describedby"].split()) <= ids
        assert {link.attributes["href"][1:] for link in page.css("a[href^='#']")} <= ids
        assert "1 Example Street" in answer.text


def test_the_pages_live_under_the_path_of_the_base_url(engine):
    visitor = a_visitor(engine, base_url="https://lab.example.org/papers")
    page = LexborHTMLParser(visitor.get("/").text)
    assert page.css_first("form").attributes["action"] == "/papers/subscribe"
    assert page.css_first("link[rel=stylesheet]").attributes["href"].startswith("/papers/static/style.")


def test_without_the_database_a_visitor_reads_one_friendly_line_and_the_log_has_one(stranger):
    with capture_logs() as logged:
        answer = stranger.post("/subscribe", data={"email": "ada@example.org"})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "60"
    assert "please try again in a minute" in answer.text
    errors = [line["event"] for line in logged if line["log_level"] == "error"]
    assert len(errors) == 1
    assert "cannot use the database postgresql://127.0.0.1:1/digest" in errors[0]
    assert "\n" not in errors[0]


def test_without_the_database_the_process_lives_but_is_not_ready(stranger):
    assert stranger.get("/").status_code == 200
    assert stranger.get("/healthz").text == "ok\n"
    with capture_logs() as logged:
        answer = stranger.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"ready": False})
    assert "cannot use the database" in logged[0]["event"]


def test_without_the_broker_a_subscription_is_stored_all_the_same(visitor, engine):
    with capture_logs() as logged:
        assert visitor.post("/subscribe", data={"email": "ada@example.org"}).status_code == 200
    assert len(logged) == 1
    assert mails(engine) == ["confirm"]


def test_readiness_tells_how_fresh_each_source_is(engine):
    visitor = a_visitor(engine, sources="huggingface,arxiv")
    last = CollectionRun("huggingface", date(2025, 12, 24), "api", 42, 0.5, Outcome.OK, "", NOW)
    with writing(engine) as connection:
        collections.record(connection, last)
    answer = visitor.get("/readyz")
    assert answer.status_code == 200
    fresh = {"day": "2025-12-24", "outcome": "ok", "papers": 42, "collected_at": NOW.isoformat()}
    assert answer.json() == {"ready": True, "lacking": ["broker"], "sources": {"huggingface": fresh, "arxiv": None}}


def test_where_readers_are_nothing_is_ready_without_a_broker(engine, broker):
    fit = {
        "env": "production",
        "secret_key": "6f1d3c9ab27e48f05d",
        "base_url": "https://papers.example.org",
        "mail_from": "digest@papers.example.org",
        "postal_address": "1 Example Street",
    }
    for url, status, lacking in ((broker, 200, []), ("redis://127.0.0.1:1/0", 503, ["broker"])):
        answer = a_visitor(engine, **fit, broker_url=url).get("/readyz")
        assert (answer.status_code, answer.json()["lacking"]) == (status, lacking)


def test_a_wrong_setting_is_one_clear_line():
    started = subprocess.run(
        [sys.executable, "-c", "import digest.web; digest.web.app"],
        env=os.environ | {"DIGEST_SMTP_URL": "nonsense", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert started.returncode == 2
    assert started.stderr == "digest: DIGEST_SMTP_URL: give smtp://HOST:PORT or ses://KEY:SECRET@REGION\n"


@pytest.mark.parametrize("path", ["/preview", "/confirm/x", "/unsubscribe/x", "/preferences/x", "/address/x"])
@pytest.mark.parametrize("method", ["PUT", "OPTIONS"])
def test_a_refusal_names_every_method_there_is(visitor, method, path):
    answer = visitor.send(method, path)
    assert answer.status_code == 405
    assert "only appears after you press a button" in answer.text
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST"}
