"""Mails, the way they go, and what became of each."""

from digest.domain import Mail
from digest.transport.smtp import Relay, Route, send_all

CONTENT = b"Subject: hello\r\nFrom: a@example.org\r\n\r\n.a dot first\r\nend\r\n"


def mails(count):
    return [
        Mail(number, "digest@example.org", f"reader{number}@example.org", CONTENT) for number in range(1, count + 1)
    ]


def route(*servers, connections=4, **more):
    return Route(tuple(Relay.at(server.url) for server in servers), connections, **more)


def sent(mails, *servers, failures=(), **route_of):
    """Send, and return each delivery's result; every mail must be answered for exactly once."""
    results = []
    found = send_all(mails, route(*servers, **route_of), results.extend)
    assert sorted(result.delivery_id for result in results) == [mail.delivery_id for mail in mails]
    assert [str(relay) for relay in found] == list(failures)
    return {result.delivery_id: result for result in results}
