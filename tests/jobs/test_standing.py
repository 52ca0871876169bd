"""What is wrong just now: by which measure, told once until it clears, by mail or by webhook."""

from dataclasses import replace
from datetime import timedelta

import pytest

from digest import bootstrap
from digest.domain import Breaker
from digest.jobs import standing
from digest.jobs.standing import Figures
from digest.settings import Settings
from digest.store import alerts, gauges
from digest.transport import notices
from tests.support.factories import NOW
from tests.support.webhook import a_webhook

MINUTES, A_DAY = timedelta(minutes=1), timedelta(days=1)
WELL = Figures(NOW - 29 * MINUTES, {}, {"huggingface": NOW - 3 * A_DAY}, 500, 0.06, 1_000, 52, 20, 1)


def away(failures, until):
    return {"relay a:25": Breaker("relay a:25", failures, until, "421 later")}


WRONG = {
    "mails are overdue": replace(WELL, oldest_due=NOW - 31 * MINUTES),
    "relay a:25 is away": replace(WELL, breakers=away(4, NOW + 1 * MINUTES)),
    "huggingface is stale": replace(WELL, last_good={"huggingface": NOW - 5 * A_DAY}),
    "the mailbox is unread": replace(WELL, unread=501),
    "the disk is full": replace(WELL, disk_free=0.04),
    "mails fail": replace(WELL, failed=53),
    "mails come back": replace(WELL, bounced=21),
    "the mailbox keeps no flags": replace(WELL, unkept_flags=1),
    "old mails stay": replace(WELL, unfolded=1),
    "readers complain": replace(WELL, complained=2),
}


@pytest.mark.parametrize("cause", WRONG)
def test_each_measure_is_passed_by_what_is_beyond_it(cause):
    assert [found for found, _ in standing.causes(WRONG[cause], NOW)] == [cause]


@pytest.mark.parametrize(
    "well",
    [
        WELL,
        replace(WELL, oldest_due=None, last_good={}, sent=0, failed=99, bounced=99, complained=99),
        replace(WELL, breakers=away(3, NOW + 1 * MINUTES)),
        replace(WELL, breakers=away(9, NOW - A_DAY)),
        replace(WELL, breakers={"domain a": Breaker("domain a", 9, NOW + A_DAY, "")}),
    ],
)
def test_what_is_well_or_says_nothing_wakes_nobody(well):
    assert list(standing.causes(well, NOW)) == []


def test_a_cause_is_told_once_until_it_clears_and_then_again(engine, mail_server, monkeypatch):
    monkeypatch.setattr(standing, "LEAST_FREE", 0.0)
    post = replace(bootstrap.post(Settings(smtp_url=mail_server.url)), clock=lambda: NOW)

    def look(unread):
        gauges.measured(engine, gauges.MAILBOX_UNREAD, unread, NOW)
        return standing.tell(engine, post, "operator@example.org", "sqlite://", None)

    assert [look(unread) for unread in (0, 900, 901, 0, 900)] == [True, False, False, True, False]
    assert mail_server.recipients == ["operator@example.org"] * 2


def test_with_mail_down_the_webhook_is_enough_and_without_both_it_is_told_later(engine, monkeypatch):
    monkeypatch.setattr(standing, "LEAST_FREE", 0.0)
    post = replace(bootstrap.post(Settings(smtp_url="smtp://127.0.0.1:1")), clock=lambda: NOW)
    gauges.measured(engine, gauges.MAILBOX_UNREAD, 900, NOW)
    heard = []
    for works in (False, True, True):
        notify = lambda lines, works=works: heard.append(lines) or works  # noqa: E731
        standing.tell(engine, post, "operator@example.org", "sqlite://", notify)
    assert len(heard) == 2
    assert alerts.standing(engine, standing.STANDING) == {"the mailbox is unread"}


def test_who_gave_no_address_is_told_by_the_webhook_alone(engine, mail_server, monkeypatch):
    monkeypatch.setattr(standing, "LEAST_FREE", 0.0)
    post = replace(bootstrap.post(Settings(smtp_url=mail_server.url)), clock=lambda: NOW)
    gauges.measured(engine, gauges.MAILBOX_UNREAD, 900, NOW)
    heard = []
    for _ in range(2):
        standing.tell(engine, post, "", "sqlite://", lambda lines: not heard.append(lines))
    assert len(heard) == 1
    assert mail_server.mails == []


def test_a_webhook_gets_json_and_one_that_fails_raises_nothing():
    with a_webhook() as (url, heard):
        assert notices.notify(f"{url}/good", "https://papers.example.org", ["one", "two"])
        assert not notices.notify(f"{url}/bad", "https://papers.example.org", ["one"])
    assert heard[0]["alerts"] == ["one", "two"]
    assert not notices.ping("http://127.0.0.1:1/")
