"""A collection survives whatever an answer holds: what cannot be read is said, and its neighbours are kept."""

import json
from dataclasses import replace
from datetime import date
from functools import partial

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.domain import Outcome
from digest.jobs import alerts
from digest.jobs.collection import Site, collect, collect_all, days
from digest.sources import FetchResult, Request, Source, by_name, fetch
from digest.store import collections, papers
from digest.store.engine import connect
from tests.support.endings import ended_in_the_middle, time_is_up
from tests.support.examples import some
from tests.support.factories import NOW, a_listing, a_paper
from tests.support.page_server import PageServer, a_page, a_record

DAY = date(2025, 12, 24)
HUGGINGFACE = by_name("huggingface")


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda seconds: None)


@pytest.fixture
def server():
    with PageServer({DAY: [a_record("2512.00001", upvotes=34, comments=3), a_record("2512.00002")]}) as server:
        yield server


def looked(engine, *sites):
    with fetch.client(base_url="") as client:
        return collect_all(engine, sites, client, lambda: NOW)


def look(engine, server, source=HUGGINGFACE):
    with fetch.client(base_url="") as client:
        return collect(engine, Site(source, server.url), DAY, client, lambda: NOW).collection


def kept(engine):
    return {listing.paper.id: listing for listing in papers.listings_on(engine, DAY)}


HOSTS = [
    "https://xn--/",
    "https://xn--ls8h.la/",
    "https://[::1",
    "https://xn--a.xn--/",
    "http://\u2488.example/",
    "https://%00/",
]


def test_the_address_of_one_paper_is_not_the_others_loss(engine, server):
    for number, address in enumerate(HOSTS, 10):
        fields = dict.fromkeys(["projectPage", "githubRepo"], address)
        server.days[DAY].append(a_record(f"2512.000{number}", **fields) | {"thumbnail": address})
    assert look(engine, server).outcome is Outcome.OK
    assert len(kept(engine)) == 2 + len(HOSTS)


def test_a_redirect_to_such_an_address_is_a_failed_look(engine):
    for address in HOSTS:
        with PageServer() as server:
            server.answers("/", b"", {"Location": address.encode("ascii", "ignore").decode()}, status=302)
            assert look(engine, server).outcome is Outcome.FAILED


def an_ask(day):
    yield Request("/")
    raise RuntimeError("fell over \ud800 and \0")


def an_ask_that_never_begins(day):
    raise KeyError(day)


def a_poisoned_ask(day):
    yield Request("/")
    good, bad = a_listing(a_paper("2512.00001"), day=day), a_listing(a_paper("2512.00002", title="\0\ud800"), day=day)
    return FetchResult((good, bad), "test")


@pytest.mark.parametrize("ask", [an_ask, an_ask_that_never_begins])
def test_a_source_that_falls_over_is_one_failed_look_and_the_next_is_looked_at(engine, server, ask):
    broken, sound = Site(Source("broken", "", ask), server.url), Site(HUGGINGFACE, server.url)
    runs = looked(engine, broken, sound)
    assert {(run.source, run.outcome) for run in runs if run.day == DAY} == {
        ("broken", Outcome.FAILED),
        ("huggingface", Outcome.OK),
    }
    assert alerts.causes(runs, collections.last_good(engine), NOW)


def test_a_look_in_which_the_time_of_the_task_ends_is_no_fault_of_the_source(engine, server):
    def ask(day):
        if not asked:
            time_is_up()
        return (yield from HUGGINGFACE.ask(day))

    asked, source = [], replace(HUGGINGFACE, ask=ask)
    with ended_in_the_middle():
        looked(engine, Site(source, server.url))
    assert collections.history(engine, source.name, DAY) == []
    asked.append(True)
    assert {run.outcome for run in looked(engine, Site(source, server.url))} >= {Outcome.OK}


def test_a_look_that_cannot_even_be_planned_is_told_of(engine, server):
    runs = looked(
        engine, Site(Source("nowhere", "", an_ask, zone="No/Where"), server.url), Site(HUGGINGFACE, server.url)
    )
    assert (runs[0].source, runs[0].outcome) == ("nowhere", Outcome.FAILED)
    assert runs[-1].outcome is Outcome.OK


def test_a_listing_the_database_refuses_is_dropped_and_named(engine, server):
    run = look(engine, server, Source("test", "", a_poisoned_ask))
    assert set(kept(engine)) == {"2512.00001"}
    assert run.papers == 1
    assert "'2512.00002' cannot be stored" in run.note
    assert collections.history(engine, "test", DAY) == [run]


@pytest.mark.parametrize("missing", [{"upvotes": None}, {"upvotes": "34"}, {"upvotes": -1}, {"upvotes": True}])
def test_a_missing_count_is_not_zero(engine, server, missing):
    look(engine, server)
    server.days[DAY] = [a_record("2512.00001", **missing) | {"numComments": None}]
    look(engine, server)
    assert (kept(engine)["2512.00001"].upvotes, kept(engine)["2512.00001"].comments) == (34, 3)


def test_a_card_without_a_count_changes_none(engine, server):
    look(engine, server)
    server.fails("/api", 404)
    page = a_page(DAY, server.days[DAY], embeds_json=False).replace(b"<div>34</div>", b"<div>Upvote</div>")
    server.answers(f"/papers/date/{DAY}", page)
    assert look(engine, server).step == "cards"
    assert kept(engine)["2512.00001"].upvotes == 34


def test_a_problem_is_noted_once(engine, server):
    server.fails("/", 500)
    assert look(engine, server).note == "api: HTTP 500; page: HTTP 500"


def test_a_source_that_asks_for_patience_is_not_asked_until_then(engine, server):
    server.fails("/", 429, headers={"Retry-After": "3600"})
    site = Site(HUGGINGFACE, server.url)
    look(engine, server)
    assert days(engine, site, NOW) == []
    assert days(engine, site, NOW.replace(hour=NOW.hour + 2)) != []


texts = st.sampled_from(
    [
        "",
        "\0",
        "\ud800",
        "x" * 100_000,
        "\\" * 5_000,
        "{" * 3_000,
        "https://xn--/",
        "2512.00003",
        "cs/0112017",
        "\u202e",
        "2025-12-24",
    ]
) | st.text(st.characters(), max_size=20)
numbers = st.sampled_from([0, -1, 2**31, 2**64, 10**4000, True, 1e308, float("inf"), float("nan")]) | st.integers()
dates = st.sampled_from(
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2025-02-30", "1969-12-31", "2025-W52"]
)
values = st.recursive(
    st.none() | texts | numbers | dates,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
deep = st.sampled_from([b"[" * 900 + b"]" * 900, b'{"a":' * 900 + b"1" + b"}" * 900])
PLACES = [*a_record()["paper"], "ai_summary", "ai_keywords", "organization", "githubRepo", "githubStars", "projectPage"]


@st.composite
def records(draw):
    """A sound record with hostile values somewhere in it, or in its place."""
    record = a_record("2512.00009")
    for name in draw(st.sets(st.sampled_from(PLACES), max_size=4)):
        record["paper"][name] = draw(values)
    for name in draw(st.sets(st.sampled_from(["title", "summary", "thumbnail", "numComments", "paper"]), max_size=1)):
        record[name] = draw(values)
    return draw(st.just(record) | values)


def answered(body, page=b""):
    """A client for whom the outside says this."""

    def outside(request):
        return httpx.Response(200, content=body if request.url.path.startswith(("/api", "/atom")) else page)

    return httpx.Client(transport=httpx.MockTransport(outside))


def survived(engine, source, client):
    with client:
        runs = collect_all(engine, [Site(source, "https://papers.example")], client, lambda: NOW)
    assert all(run.outcome in Outcome for run in runs)
    assert not any("Error" in run.note and run.step == "" and "answer" not in run.note for run in runs)
    return runs


many = partial(
    settings, max_examples=some(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@many()
@given(st.lists(records(), max_size=3), deep)
def test_no_list_of_records_stops_a_collection(engine, found, nested):
    body = json.dumps([a_record("2512.00001"), *found]).encode()
    survived(engine, HUGGINGFACE, answered(body[:-1] + b"," + nested + b"]"))
    assert "2512.00001" in {paper.id for paper in papers.listed(engine, DAY, DAY)}


@many(max_examples=some(20))
@given(values.map(json.dumps).map(str.encode) | st.binary() | deep, records().map(lambda each: [each]))
def test_no_page_stops_a_collection(engine, api, found):
    data = json.dumps({"dailyPapers": found}).replace("&", "&amp;").replace('"', "&quot;")
    page = (
        f'<div data-target="DailyPapers" data-props="{data}"><article><h3><a href="/papers/{data[:50]}">{data}</a></h3>'
    )
    survived(engine, HUGGINGFACE, answered(api, page.encode(errors="replace")))


ENTRY = """<entry><id>{}</id><title>{}</title><summary>{}</summary><published>{}</published>
<category term="{}"/><author><name>{}</name></author></entry>"""
shown = (texts | dates).map(
    lambda text: "".join(c for c in text if c >= " " and c not in '<&"' and not "\ud800" <= c <= "\udfff")
)


@many(max_examples=some(20))
@given(st.lists(st.tuples(*[shown] * 6).map(lambda each: ENTRY.format(*each)), max_size=3), shown)
def test_no_feed_stops_a_collection(engine, entries, updated):
    feed = f'<feed xmlns="http://www.w3.org/2005/Atom"><updated>{updated}</updated>{"".join(entries)}</feed>'
    survived(engine, by_name("arxiv", categories=["cs.CL"]), answered(feed.encode()))


def test_a_database_that_cannot_be_used_fails_each_source_and_asks_none(tmp_path, server):
    empty = connect(f"sqlite:///{tmp_path}/empty.sqlite3")
    runs = looked(empty, Site(HUGGINGFACE, server.url), Site(by_name("arxiv"), server.url))
    empty.dispose()
    assert [(run.source, run.outcome) for run in runs] == [("huggingface", Outcome.FAILED), ("arxiv", Outcome.FAILED)]
    assert server.requests == []
