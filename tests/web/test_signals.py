"""The metrics that alerts and dashboard ask for: all are there, and they say what is so."""

from datetime import UTC, datetime, timedelta

from prometheus_client.parser import text_string_to_metric_families

from digest.domain import Result, State, Verdict, VerdictKind
from digest.jobs import returns
from digest.jobs.returns import Whose
from digest.store import breakers, day_counts, gauges, heartbeats, ledger, outcomes, papers
from digest.store.heartbeats import Heartbeat
from tests.support.factories import NOW, a_collection, a_listing
from tests.support.metrics import METRICS
from tests.support.stored import plan
from tests.support.visitor import a_subscriber, a_visitor

A_DAY = timedelta(days=1)
HARD = Verdict(VerdictKind.HARD, reason="no-such-user")


def scraped(engine, now=NOW):
    text = a_visitor(engine, host="127.0.0.1", now=now, smtp_url="smtp://a:25 smtp://b:25").get("/metrics").text
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }, {sample.name: set(sample.labels) for family in text_string_to_metric_families(text) for sample in family.samples}


def send(engine, reader, state=State.SENT, now=NOW):
    plan(engine, now)
    [delivery] = ledger.claim(engine, 10, now)
    outcomes.record(engine, [(delivery, Result(delivery.id, state), now)], now + timedelta(minutes=4))
    return delivery


def test_all_that_alerts_and_dashboard_ask_for_is_there_with_its_labels(engine):
    papers.keep(engine, [a_listing()], a_collection())
    reader = a_subscriber(engine)
    delivery = send(engine, reader)
    returns._act(engine, Whose(reader, delivery.id), HARD, NOW)
    day_counts.add(engine, day_counts.RELAYS, "a:25", "sent", NOW)
    heartbeats.beat(engine, Heartbeat("web", "here", 1, "1", datetime.now(UTC)))
    _, labels = scraped(engine)
    assert {name: labels.get(name) for name in METRICS} == METRICS


def test_what_is_so_is_said(engine):
    reader = a_subscriber(engine)
    delivery = send(engine, reader)
    returns._act(engine, Whose(reader, delivery.id), HARD, NOW)
    returns._act(engine, Whose(reader, delivery.id), HARD, NOW)
    breakers.trip(engine, "relay a:25", "421", A_DAY, A_DAY, NOW)
    breakers.trip(engine, "domain example.org", "421", A_DAY, A_DAY, NOW)
    gauges.measured(engine, gauges.MAILBOX_UNREAD, 7, NOW)
    a_subscriber(engine, email="late@example.org")
    found, _ = scraped(engine, NOW + timedelta(minutes=40))
    expected = {
        ("paper_digest_deliveries_total", "digest", "sent"): 1,
        ("paper_digest_bounces_total", "hard", "no-such-user"): 1,
        ("paper_digest_circuit_open", "a:25"): 1,
        ("paper_digest_circuit_open", "b:25"): 0,
        ("paper_digest_throttled_domains",): 1,
        ("paper_digest_mailbox_unread",): 7,
        ("paper_digest_oldest_due_seconds",): 40 * 60,
        ("paper_digest_time_to_send_seconds_bucket", "60.0"): 0,
        ("paper_digest_time_to_send_seconds_bucket", "300.0"): 1,
        ("paper_digest_time_to_send_seconds_bucket", "+Inf"): 1,
    }
    assert {name: found.get(name) for name in expected} == expected
    assert 0 < found[("paper_digest_disk_free_ratio",)] < 1


def test_counted_at_night_the_figures_stay_the_same_and_a_mail_that_went_late_joins_them(engine):
    reader = a_subscriber(engine)
    for day in range(2):
        send(engine, reader, now=NOW + day * A_DAY)
    late = send(engine, reader, State.DEFERRED, NOW + 2 * A_DAY)
    before = day_counts.all_deliveries(engine), day_counts.all_delays(engine)
    assert before[0] == {("digest", "sent"): 2, ("digest", "deferred"): 1}
    for _ in range(2):
        day_counts.fold(engine, NOW + 3 * A_DAY)
        assert (day_counts.all_deliveries(engine), day_counts.all_delays(engine)) == before
    [again] = ledger.claim(engine, 10, NOW + 3 * A_DAY)
    assert again.id == late.id
    outcomes.record(engine, [(again, Result(late.id, State.SENT), NOW)], NOW + 3 * A_DAY)
    day_counts.fold(engine, NOW + 4 * A_DAY)
    assert day_counts.all_deliveries(engine) == {("digest", "sent"): 3}
    assert sum(day_counts.all_delays(engine).values()) == 3


def test_the_oldest_due_is_none_when_all_is_sent(engine):
    assert day_counts.oldest_due(engine, NOW) is None
    send(engine, a_subscriber(engine))
    assert day_counts.oldest_due(engine, NOW) is None
