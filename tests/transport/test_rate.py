"""What one relay allows: so many mails a second, so many a day, and few while its address is new."""

from datetime import date

import pytest

from digest.domain import State
from digest.settings.servers import Broker
from digest.transport.rate import FIRST_DAY, RelayLimits, a_second, most_today
from digest.transport.relay import Relay
from digest.transport.smtp import Route, send_all
from tests.support.sending import mails

TODAY = date(2026, 3, 3)
NOWHERE = Broker("redis://127.0.0.1:1/0", "digest-one")


@pytest.mark.parametrize(("rate", "amount", "seconds"), [(14, 14, 1), (2.5, 5, 2), (0.5, 1, 2), (0.001, 1, 1000)])
def test_a_rate_is_so_many_in_so_many_seconds(rate, amount, seconds):
    limit = a_second(rate)
    assert (limit.amount, limit.multiples) == (amount, seconds)


@pytest.mark.parametrize(
    ("wanted", "most"),
    [
        ({}, None),
        ({"per_day": 50}, 50),
        ({"warmup": TODAY}, FIRST_DAY),
        ({"warmup": date(2026, 3, 1)}, FIRST_DAY * 4),
        ({"warmup": date(2026, 3, 1), "per_day": 300}, 300),
        ({"warmup": date(2026, 3, 4)}, FIRST_DAY),
        ({"warmup": date(2020, 1, 1)}, None),
        ({"warmup": date(2020, 1, 1), "per_day": 7}, 7),
    ],
)
def test_a_new_address_may_send_twice_as_much_each_day(wanted, most):
    assert most_today(Relay("relay.example.org", **wanted), TODAY) == most


def test_only_a_mail_that_goes_is_one_of_the_day(mail_server):
    """Whoever asks first and finds no mail, at the end of each group and on each connection, would use up the day."""
    at = Relay.at(f"{mail_server.url}?per_day=6")
    route = Route((at,), connections=4, limits={at: RelayLimits(at, NOWHERE, lambda: TODAY)})
    for _ in range(2):
        assert send_all(mails(3), route, lambda results: None) == {}
    assert len(mail_server.mails) == 6
    assert "6 mails of a day are sent" in send_all(mails(1), route, lambda results: None)[at]


def test_what_a_relay_takes_a_day_is_sent_and_the_rest_waits(mail_server):
    at = Relay.at(f"{mail_server.url}?per_day=3")
    limits = {at: RelayLimits(at, NOWHERE, lambda: TODAY)}
    results = []
    failed = send_all(mails(5), Route((at,), connections=1, limits=limits), results.extend)
    assert len(mail_server.mails) == 3
    assert [result.state for result in results].count(State.QUEUED) == 2
    assert "mails of a day are sent" in failed[at]
