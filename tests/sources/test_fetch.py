import gzip
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
import stamina

from digest.sources import FetchResult, Request, Source, fetch
from tests.support.factories import NOW
from tests.support.page_server import PageServer

DAY = NOW.date()


@pytest.fixture
def server():
    with PageServer() as server:
        yield server


@pytest.fixture
def naps(monkeypatch):
    """The pauses between attempts, in seconds, noted instead of slept."""
    naps = []
    monkeypatch.setattr("tenacity.nap.time.sleep", naps.append)
    return naps


def asked(server, *paths, **request):
    """What the answers were to a source that asks for these paths, one after the other."""
    answers = []

    def ask(day):
        for path in paths:
            answer = yield Request(path, **request)
            answers.append(answer)
        return FetchResult(step="last")

    with fetch.client(base_url="https://digest.example.org", operator="operator@example.org") as client:
        result, seconds = fetch.collect(Source("test", "", ask), DAY, base_url=server.url, client=client)
    assert result == FetchResult(step="last")
    assert seconds >= 0
    return answers


def test_a_source_gets_the_answers_to_what_it_asks(server):
    server.answers("/one", b"first", {"X-Odd": "yes"})
    server.answers("/two", b"second")
    one, two = asked(server, "/one", "/two", params={"date": "2025-12-24"}, headers={"Accept": "text/plain"})
    assert (one.status, one.body, one.headers["x-odd"], one.error) == (200, b"first", "yes", "")
    assert (two.body, two.url) == (b"second", f"{server.url}/two?date=2025-12-24")
    assert server.requests[0].params == {"date": "2025-12-24"}
    assert server.requests[0].headers["accept"] == "text/plain"


def test_every_request_says_who_asks_and_whom_to_write_to(server):
    server.answers("/api", b"[]")
    asked(server, "/api")
    agent = server.requests[0].headers["user-agent"]
    assert agent.startswith("PaperDigest/")
    assert "(+https://digest.example.org; mailto:operator@example.org)" in agent


def test_a_base_url_may_have_a_folder_and_a_slash_at_its_end(server):
    def ask(day):
        yield Request("/api")
        return FetchResult()

    with fetch.client(base_url="") as client:
        fetch.collect(Source("test", "", ask), DAY, base_url=f"{server.url}/mirror/", client=client)
    assert server.paths() == ["/mirror/api"]


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_passing_failure_is_tried_again(server, naps, status):
    server.fails("/api", status, times=2)
    server.answers("/api", b"[]")
    assert [answer.body for answer in asked(server, "/api")] == [b"[]"]
    assert len(naps) == 2


def test_a_lost_connection_is_tried_again(server, naps):
    server.hangs_up("/api", times=1)
    server.answers("/api", b"[]")
    assert asked(server, "/api")[0].status == 200


def test_a_failure_that_stays_becomes_an_answer(server, naps):
    server.fails("/api", 503)
    (answer,) = asked(server, "/api")
    assert (answer.status, answer.error) == (503, "HTTP 503")
    assert len(server.requests) == fetch.ATTEMPTS


@pytest.mark.parametrize("status", [400, 401, 404, 410])
def test_a_refusal_is_an_answer_at_once(server, naps, status):
    server.fails("/api", status)
    assert asked(server, "/api")[0].status == status
    assert (len(server.requests), naps) == (1, [])


def test_where_nobody_answers_the_next_question_is_tried_once(naps):
    with PageServer() as gone:
        pass
    first, second = asked(gone, "/api", "/papers")
    assert (first.status, second.status) == (0, 0)
    assert "no answer: ConnectError" in first.error
    assert len(naps) == fetch.ATTEMPTS - 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Retry-After": "7"},
        {"RateLimit": '"api";r=0;t=7', "RateLimit-Policy": '"fixed window";"api";q=500;w=300'},
    ],
)
def test_it_waits_as_long_as_it_is_asked_to(server, naps, headers):
    server.fails("/api", 429, times=1, headers=headers)
    server.answers("/api", b"[]")
    assert asked(server, "/api")[0].status == 200
    assert naps == [7]


def test_it_waits_until_the_moment_it_is_told(server, naps):
    server.fails("/api", 503, 1, {"Retry-After": format_datetime(datetime.now(UTC) + timedelta(seconds=20))})
    server.fails("/api", 503, 1, {"Retry-After": "Wed, 24 Dec 2025 08:00:00 GMT"})
    server.answers("/api", b"[]")
    assert asked(server, "/api")[0].status == 200
    assert 10 < naps[0] <= 20
    assert naps[1] == 0


@pytest.mark.parametrize("wait", ["3600", "9" * 400])
def test_it_gives_up_at_once_where_it_should_wait_too_long(server, naps, wait):
    server.fails("/api", 429, headers={"Retry-After": wait})
    (answer,) = asked(server, "/api")
    assert answer.error.startswith("HTTP 429, come back in ")
    assert (len(server.requests), naps) == (1, [])


@pytest.mark.parametrize("wait", ["soon", "-1", "", "Wed, 99 Dec 2025 08:00:00 GMT", "1e3"])
def test_a_wait_that_makes_no_sense_is_not_waited_for(server, naps, wait):
    server.fails("/api", 503, times=1, headers={"Retry-After": wait})
    asked(server, "/api")
    assert len(naps) == 1
    assert naps[0] < fetch.LONGEST_WAIT_SECONDS


def test_retries_can_be_switched_off(server):
    server.fails("/api", 503)
    stamina.set_active(False)
    try:
        asked(server, "/api")
    finally:
        stamina.set_active(True)
    assert len(server.requests) == 1


def test_a_redirect_on_the_same_host_is_followed(server):
    server.answers("/papers/date", b"", {"Location": "/papers?from=date"}, status=302)
    server.answers("/papers", b"latest")
    (answer,) = asked(server, "/papers/date/2025-12-25")
    assert (answer.body, answer.url) == (b"latest", f"{server.url}/papers?from=date")


@pytest.mark.parametrize(
    "location", ["http://elsewhere.invalid/", "//elsewhere.invalid/", "http://127.0.0.1:9/", "ftp://127.0.0.1/"]
)
def test_a_redirect_to_another_place_is_not_followed(server, naps, location):
    server.answers("/api", b"", {"Location": location}, status=301)
    (answer,) = asked(server, "/api")
    assert answer.error.startswith("a redirect elsewhere")
    assert len(server.requests) == 1


@pytest.mark.parametrize(("start", "steps"), [("http", 2), ("https", 1)])
def test_a_redirect_leads_to_https_and_never_away_from_it(start, steps):
    asked = []

    def outside(request):
        asked.append(request)
        other = "http" if request.url.scheme == "https" else "https"
        return httpx.Response(301, headers={"Location": f"{other}://papers.example/"})

    def ask(day):
        answer = yield Request("/")
        return FetchResult(problem=answer.error)

    with httpx.Client(transport=httpx.MockTransport(outside)) as client:
        result, _ = fetch.collect(Source("test", "", ask), DAY, base_url=f"{start}://papers.example", client=client)
    assert result.problem.startswith("a redirect elsewhere")
    assert len(asked) == steps


def test_a_redirect_in_circles_ends(server):
    server.answers("/api", b"", {"Location": "/api"}, status=302)
    assert asked(server, "/api")[0].error == "more than 5 redirects"
    assert len(server.requests) == 1 + fetch.MOST_REDIRECTS


def test_an_answer_that_is_too_large_is_not_read_to_the_end(server, monkeypatch):
    monkeypatch.setattr(fetch, "MOST_ANSWER_BYTES", 1000)
    server.answers("/api", b"x" * 1001)
    server.answers("/fits", b"x" * 1000)
    too_large, fits = asked(server, "/api", "/fits")
    assert too_large.error == "an answer larger than 1,000 bytes"
    assert fits.error == ""


def test_a_small_answer_that_unpacks_to_a_huge_one_is_found_out(server):
    bomb = gzip.compress(bytes(2 * fetch.MOST_ANSWER_BYTES))
    server.answers("/api", bomb, {"Content-Encoding": "gzip"})
    (answer,) = asked(server, "/api")
    assert "larger than" in answer.error
    assert len(bomb) < 100_000


def test_an_answer_that_drips_in_for_ever_is_left(server, monkeypatch):
    monkeypatch.setattr(fetch, "SECONDS_A_REQUEST", -1)
    server.answers("/api", b"slow")
    assert "takes longer" in asked(server, "/api")[0].error


def test_a_packed_answer_that_is_broken_is_an_answer(server, naps):
    server.answers("/api", b"no gzip at all", {"Content-Encoding": "gzip"})
    (answer,) = asked(server, "/api")
    assert (answer.status, naps) == (0, [])
    assert "incorrect header check" in answer.error


def test_an_answer_cut_off_in_the_middle_is_tried_again(server, naps):
    server.answers("/api", b"half", {"Content-Length": "100"}, times=1)
    server.answers("/api", b"whole")
    assert asked(server, "/api")[0].body == b"whole"


def test_an_address_that_is_none_is_an_answer(naps):
    class Nowhere:
        url = "gopher://127.0.0.1"

    (answer,) = asked(Nowhere, "/api")
    assert answer.status == 0
    assert naps == []


def test_a_proxy_of_the_environment_does_not_stand_before_this_machine(server, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.invalid:1")
    server.answers("/api", b"here")
    assert asked(server, "/api")[0].body == b"here"
