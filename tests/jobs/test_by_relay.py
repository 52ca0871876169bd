"""What each relay did with the mails it was asked to take: counted by day, told without who logs in."""

from collections import Counter

import pytest

from digest.domain import State
from digest.jobs import routing
from digest.store import breakers, day_counts, ledger
from digest.store.engine import connect
from digest.transport.smtp import FAILURES_TO_REST, RelayAway
from tests.support.factories import NOW
from tests.support.ses_server import REGION, SesServer, refusal


def test_attempts_are_counted_by_relay_and_outcome(two, mail_server):
    mail_server.refuse("bob@example.org", "450 4.2.1 Come back later")
    two.sends()
    name = mail_server.url.removeprefix("smtp://")
    assert day_counts.totals(two.engine, day_counts.RELAYS) == {(name, "sent"): 1, (name, "deferred"): 1}
    two.delivers()
    assert day_counts.totals(two.engine, day_counts.RELAYS).total() == 2


def test_relays_of_both_kinds_share_the_mails_and_keep_their_own_account(service):
    service.admits_many(20)
    smtp = service.mail_server
    with SesServer() as ses:
        service.mail_server = type("Both", (), {"url": f"{smtp.url} {ses.url}", "mails": []})
        service.sends()
    counted = day_counts.totals(service.engine, day_counts.RELAYS)
    assert counted[f"ses:{REGION}", "sent"] == len(ses.mails) > 0
    assert counted.total() == len(ses.mails) + len(smtp.mails) == 20
    assert not any("AKID" in name for name, _ in counted)


def test_what_ses_gave_no_answer_to_goes_once_more_and_what_it_minds_costs_no_reader(two):
    silent = [True]
    with SesServer(lambda recipient, peer: b"" if silent else None) as two.mail_server:
        assert two.sends() == {State.UNCERTAIN: 2}
        silent.clear()
        two.now = max(one.due_at for one in two.of("ada@example.org")) + routing.LONGEST_RELAY_REST * 8
        assert two.delivers() == {State.SENT: 2}
    assert two.of("ada@example.org")[0].reason.startswith("200 0102018f-")


def test_figures_that_cannot_be_written_hold_up_nobody(tmp_path):
    nowhere = connect(f"sqlite:///{tmp_path}/not-migrated.sqlite3")
    routing._count(nowhere, Counter({("a:25", "sent"): 3}), NOW)
    nowhere.dispose()


def test_a_quota_of_a_provider_opens_its_circuit_and_costs_no_reader(service):
    service.admits_many(20)
    full = refusal(429, "TooManyRequestsException", "Daily message quota exceeded.")
    service.settings["smtp_connections"] = 1
    with SesServer(lambda recipient, peer: full) as service.mail_server, pytest.raises(RelayAway, match="quota"):
        service.sends()
    assert len(service.mail_server.asked) == FAILURES_TO_REST
    states = ledger.counts(service.engine)
    assert (states["failed"], states["queued"] + states["deferred"]) == (0, 20)
    [breaker] = breakers.known(service.engine).values()
    assert breaker.until - service.now == routing.ACCOUNT_REST


def test_too_fast_for_a_relay_is_the_relays_affair_and_slows_no_domain(two):
    """Amazon's own words by SMTP."""
    two.mail_server.refuse("ada@example.org", "454 Throttling failure: Maximum sending rate exceeded.")
    two.sends()
    assert breakers.known(two.engine) == {}
    assert two.of("ada@example.org")[0].state is State.DEFERRED
