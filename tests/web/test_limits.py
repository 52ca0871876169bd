"""How often one network may ask, with the broker and without."""

import asyncio
import threading
from ipaddress import ip_network

import httpx
import pytest
from structlog.testing import capture_logs

from digest.settings.servers import Broker
from digest.web import create_app
from digest.web.limits import WHOLE_CUSTOMER, VisitorLimit, customer, network
from digest.web.pools import DEAR_AT_ONCE, MOST_WAITING
from tests.support.visitor import BASE, a_visitor, the_settings

NOWHERE = Broker("redis://127.0.0.1:1/0", "digest-one")
TWICE = 2, "test"


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
        ("a-unix-socket", "unknown"),
        (None, "unknown"),
    ],
)
def test_a_visitor_is_an_ipv4_address_or_an_ipv6_network(host, counted):
    assert network(host) == counted


def test_beyond_the_limit_one_is_told_how_long_to_wait_and_others_are_not():
    subscribe_limit = VisitorLimit(NOWHERE, *TWICE)
    assert [subscribe_limit.wait("192.0.2.1") for _ in range(2)] == [0, 0]
    assert 3590 <= subscribe_limit.wait("192.0.2.1") <= 3600
    assert subscribe_limit.wait("192.0.2.2") == 0


@pytest.mark.slow
def test_all_processes_count_together_in_the_broker(broker):
    one, other = (VisitorLimit(Broker(broker, "digest-one"), *TWICE) for _ in range(2))
    assert [one.wait("192.0.2.1"), other.wait("192.0.2.1")] == [0, 0]
    assert one.wait("192.0.2.1") > 0
    assert other.wait("192.0.2.1") > 0
    elsewhere = VisitorLimit(Broker(broker, "digest-two"), *TWICE)
    assert elsewhere.wait("192.0.2.1") == 0, "another installation on the same broker counts its own visitors"


def test_without_the_broker_it_counts_alone_and_says_so_in_one_line():
    with capture_logs() as logged:
        limit = VisitorLimit(NOWHERE, *TWICE)
        waits = [limit.wait("192.0.2.1") for _ in range(3)]
        assert waits[:2] == [0, 0]
        assert waits[2] > 0
    assert [(line["log_level"], line["event"]) for line in logged] == [("warning", "broker.away")]


def test_the_many_networks_of_one_ipv6_customer_have_one_limit_together():
    limit = VisitorLimit(NOWHERE, *TWICE)
    waits = [limit.wait(f"2001:db8:1:{number:x}::1") for number in range(2 * WHOLE_CUSTOMER + 1)]
    assert waits[:-1] == [0] * (2 * WHOLE_CUSTOMER)
    assert waits[-1] > 0
    assert limit.wait("2001:db8:2::1") == 0
    assert customer("192.0.2.1") == customer("::ffff:192.0.2.1") == customer(None) == ""


def test_a_trusted_network_gets_a_hundred_times_as_much():
    limit = VisitorLimit(NOWHERE, *TWICE, [ip_network("192.0.2.0/24")])
    assert [limit.wait("192.0.2.1") for _ in range(200)] == [0] * 200
    assert limit.wait("192.0.2.1") > 0
    assert limit.wait("::ffff:192.0.2.2") == 0, "an IPv4 address in IPv6's clothes is in the network, too"


def test_who_hangs_up_takes_nobody_with_them(engine):
    """Two ask for the same page at once; it is being made for the one who leaves."""
    app = create_app(the_settings(), engine)
    stop = threading.Event()
    scope = {
        "type": "http", "http_version": "1.1", "method": "GET", "scheme": "https", "path": "/search",
        "raw_path": b"/search", "query_string": b"q=agents", "headers": [], "client": ("192.0.2.1", 1),
        "server": ("papers.example.org", 443),
    }  # fmt: skip

    async def visit(*events):
        said, coming = [], list(events)

        async def receive():
            if coming:
                return coming.pop(0)
            return await asyncio.Event().wait()

        async def send(message):
            said.append(message)

        await app(dict(scope), receive, send)
        return said[0]["status"]

    async def both():
        body = {"type": "http.request", "body": b"", "more_body": False}
        # Whoever comes first looks for a collection; nobody overtakes them meanwhile.
        await app.state.site.memory.refresh()
        for _ in range(DEAR_AT_ONCE):
            app.state.site.pools.begin(stop.wait)
        leaves = asyncio.create_task(visit({"type": "http.disconnect"}))
        stays = asyncio.create_task(visit(body))
        await leaves
        stop.set()
        return await stays

    assert asyncio.run(both()) == 200


@pytest.mark.parametrize("path", ["/start", "/preview"])
def test_who_finds_no_place_is_not_read(engine, path):
    app = a_visitor(engine).app
    pools = app.state.site.pools
    for queue in (pools.dear, pools.pastes):
        queue._waiting["elsewhere"] = MOST_WAITING
    read = []

    async def body():
        read.append(path)
        yield b"papers=2512.00001"

    async def visit():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            return await client.post(path, content=body(), headers=form)

    answer = asyncio.run(visit())
    assert (answer.status_code, read) == (503, [])
    assert answer.headers["Retry-After"] == "5"
    assert "Busy right now" in answer.text
