"""What the operator hears: each cause once a day, and again if the mail did not go out."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from digest import bootstrap
from digest.compose import Composer, opened
from digest.domain import CollectionRun, Outcome
from digest.jobs import alerts, routing
from digest.jobs.alerts import FAILING_FOR
from digest.settings import Settings
from digest.store import breakers, collections
from digest.store.engine import writing
from digest.transport.smtp import Relay
from tests.support.factories import NOW

DAY = date(2025, 12, 24)
OPERATOR = "operator@example.org"


def a_look(outcome=Outcome.SUSPICIOUS, source="huggingface", day=DAY, at=NOW):
    note = "3 papers on a Wednesday, where 31 are usual" if outcome is Outcome.SUSPICIOUS else "HTTP 503"
    return CollectionRun(source, day, "api", 3, 0.5, outcome, "" if outcome is Outcome.OK else note, at)


@pytest.fixture
def tell(engine, mail_server):
    def tell(*looks, at=NOW, operator=OPERATOR, notify=None):
        post = bootstrap.post(Settings(smtp_url=mail_server.url))
        return alerts.tell(engine, replace(post, clock=lambda: at), operator, looks, notify)

    return tell


def test_a_suspicious_day_is_told_once_with_what_was_found(tell, mail_server):
    line = "huggingface is suspicious: 3 papers on a Wednesday, where 31 are usual (2025-12-24)."
    assert tell(a_look()) == [line]
    assert tell(a_look(), at=NOW + timedelta(hours=2)) == []
    [(to, content)] = mail_server.mails
    letter = opened(content)
    assert to == OPERATOR
    assert line in " ".join(letter.text.split())
    assert line in letter.html
    assert b"Auto-Submitted: auto-generated" in content
    assert b"List-" not in content


def test_several_causes_make_one_mail(tell, mail_server):
    assert len(tell(a_look(), a_look(source="arxiv"), a_look(day=DAY - timedelta(days=1)))) == 3
    assert [opened(content).subject for _, content in mail_server.mails] == ["Paper Digest: 3 things need a look"]


def test_a_source_is_late_when_it_has_been_failing_for_long_and_that_is_told_daily(tell, engine):
    with writing(engine) as connection:
        collections.record(connection, a_look(Outcome.OK))
    failed = a_look(Outcome.FAILED)
    assert tell(failed, at=NOW + FAILING_FOR) == []
    later = NOW + FAILING_FOR + timedelta(hours=1)
    assert tell(failed, at=later) == ["huggingface is late: no good answer since 2025-12-24 18:00 UTC. HTTP 503"]
    assert tell(failed, at=later + timedelta(hours=2)) == []
    assert len(tell(failed, at=later + timedelta(days=1))) == 1


def test_what_is_well_is_not_told_nor_is_anything_without_an_operator(tell, mail_server):
    assert tell(a_look(Outcome.OK)) == []
    assert tell(a_look(), operator="") == []
    assert mail_server.mails == []


def test_the_webhook_hears_the_same_once_with_an_operator_or_without(tell, engine, mail_server):
    heard = []
    for operator in ("", "", OPERATOR):
        tell(a_look(), operator=operator, notify=lambda lines: not heard.append(lines))
    breakers.trip(engine, "relay a:25", "550 5.7.750 client blocked", routing.RELAY_REST, routing.RELAY_REST, NOW)
    post = replace(bootstrap.post(Settings(smtp_url=mail_server.url)), clock=lambda: NOW)
    for _ in range(2):
        alerts.watch(engine, post, "", 0, lambda lines: not heard.append(lines))
    assert [line.split(":")[0] for [line] in heard] == ["huggingface is suspicious", "relay a"]
    assert mail_server.mails == []


def test_a_relay_that_rests_is_left_alone_until_it_is_tried_and_back(tell, engine, mail_server):
    port = mail_server.url.rpartition(":")[2]
    routing.open_circuits(engine, {Relay("127.0.0.1", int(port)): "421 not now"}, NOW)
    tell(a_look())
    assert mail_server.connections == 0
    assert len(tell(a_look(), at=NOW + routing.RELAY_REST)) == 1
    assert mail_server.recipients == [OPERATOR]
    assert breakers.known(engine) == {}


def test_a_mail_that_could_not_be_written_is_told_later(tell, mail_server, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(Composer, "alert", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            tell(a_look())
    tell(a_look())
    assert mail_server.recipients == [OPERATOR]


def test_what_could_not_be_told_is_told_later(tell, mail_server):
    url, mail_server.url = mail_server.url, "smtp://127.0.0.1:1"
    tell(a_look())
    mail_server.url = url
    mail_server.refuse(OPERATOR, "450 4.7.1 later, please")
    tell(a_look())
    assert mail_server.mails == []
    mail_server.behave()
    tell(a_look())
    assert mail_server.recipients == [OPERATOR]
