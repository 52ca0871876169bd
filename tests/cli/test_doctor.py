"""`digest doctor`: what it finds, on real parts and a name server of the test's own."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from dns.resolver import Resolver
from redis import Redis
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from digest.bootstrap import Service
from digest.cli.doctor import FRESH_FOR, Health, database, dns, examined
from digest.compose import dkim
from digest.domain import CollectionRun, Outcome, Preferences
from digest.settings import Settings
from digest.store import collections, heartbeats, readers
from digest.store.engine import connect, writing
from digest.store.heartbeats import Heartbeat
from tests.support.command import Digest
from tests.support.factories import NOW
from tests.support.name_server import NameServer

DOMAIN = "papers.example.org"
ALL_WELL = {
    (DOMAIN, "TXT"): ['"v=spf1 include:relay.example.net -all"'],
    (f"_dmarc.{DOMAIN}", "TXT"): ['"v=DMARC1; p=none"'],
    (DOMAIN, "MX"): ["10 mx.example.net."],
    ("digest.example.org", "A"): ["192.0.2.1"],
}


@pytest.fixture
def url(sqlite, tmp_path):
    url = sqlite(tmp_path)
    engine = connect(url)
    with writing(engine) as connection:
        found = CollectionRun("huggingface", NOW.date(), "api", 20, 0.1, Outcome.OK, "", NOW)
        collections.record(connection, found)
    engine.dispose()
    return url


def answers(status, text):
    """Our public address as it answers."""
    return lambda _method, _url: httpx.Response(status, text=text)


OURS = answers(200, "ok\n")


@pytest.fixture
def look(url):
    def look(records=ALL_WELL, get=OURS, everything=False, **settings):
        nowhere = {"broker_url": "redis://127.0.0.1:1/0", "smtp_url": "smtp://127.0.0.1:1", "now": NOW}
        mine = {"database_url": url, "mail_from": f"digest@{DOMAIN}", "base_url": "https://digest.example.org"}
        with NameServer(records) as names, Service(Settings(**nowhere | mine | settings)) as service:
            found = list(examined(service, names.resolver, get))
        return found if everything else {finding.what: finding for finding in reversed(found)}

    return look


def test_what_is_well_is_fine(look, broker, mail_server):
    found = look(broker_url=broker, smtp_url=mail_server.url, operator_email="ada@example.org")
    fine = {"database", "huggingface", "broker", "SPF", "DMARC", "returns", "endpoint", f"relay {mail_server.url[7:]}"}
    assert {what for what, finding in found.items() if finding.health is Health.FINE} == fine | {"address", "disk"}
    assert found["mailbox"].health is Health.WARNING


def test_what_is_broken_hides_nothing_else_and_says_what_to_do(look):
    found = look({}, database_url="postgresql://digest:hush@127.0.0.1:1/digest")
    broken = {what for what, finding in found.items() if finding.health is Health.BROKEN}
    assert broken == {"database", "broker", "relay 127.0.0.1:1", "SPF", "DMARC", "returns", "endpoint"}
    assert all(found[what].todo or "DIGEST_" in found[what].said for what in broken - {"database"})
    assert "hush" not in found["database"].said


def test_a_key_is_looked_up_where_receivers_look(look, tmp_path):
    ours, other = dkim.new_key(), dkim.new_key()
    (tmp_path / "key.pem").write_bytes(dkim.pem(ours))
    signing = {"dkim_selector": "one", "dkim_private_key": str(tmp_path / "key.pem")}

    def published(key):
        strings = " ".join(f'"{string}"' for string in dkim.record(key))
        return ALL_WELL | {(f"one._domainkey.{DOMAIN}", "TXT"): [strings]}

    assert look(published(ours), **signing)["DKIM"].health is Health.FINE
    assert look(published(other), **signing)["DKIM"].health is Health.BROKEN
    assert look(**signing)["DKIM"].health is Health.BROKEN
    assert look()["DKIM"].health is Health.WARNING


def test_a_policy_may_stand_at_the_domain_above(look):
    above = {name: texts for name, texts in ALL_WELL.items() if not name[0].startswith("_dmarc")}
    assert look(above)["DMARC"].health is Health.BROKEN
    assert look(above | {("_dmarc.example.org", "TXT"): ['"v=DMARC1; p=reject"']})["DMARC"].health is Health.FINE


def test_a_domain_that_says_it_takes_no_mail_gets_nothing_back(look):
    """RFC 7505: a null MX."""
    assert look(ALL_WELL | {(DOMAIN, "MX"): ["0 ."]})["returns"].health is Health.BROKEN


def test_a_source_that_is_silent_for_long_is_a_warning(look):
    assert look(now=NOW + FRESH_FOR)["huggingface"].health is Health.FINE
    late = look(now=NOW + FRESH_FOR + timedelta(minutes=1))["huggingface"]
    assert (late.health, "2025-12-24 18:00" in late.said) == (Health.WARNING, True)


def test_without_any_name_server_nobody_knows(url):
    def nobody():
        found = Resolver(configure=False)
        found.nameservers, found.port, found.lifetime = ["127.0.0.1"], 1, 0.2
        return found

    settings = Settings(database_url=url, mail_from=f"digest@{DOMAIN}", now=NOW, smtp_url="smtp://127.0.0.1:1")
    *_, last = examined(Service(settings), nobody, answers(200, "ok"))
    assert (last.what, last.health) == ("DNS", Health.UNKNOWN)


def test_the_command_prints_json_and_exits_1_when_something_is_broken(url):
    digest = Digest(database_url=url, broker_url="redis://127.0.0.1:1/0", smtp_url="smtp://127.0.0.1:1")
    assert digest("doctor", "--json").code == 1
    rows = {row["what"]: row for row in digest.rows}
    assert rows["database"]["health"] == "fine"
    assert rows["broker"]["health"] == "broken"
    assert digest("doctor").code == 1
    assert "broken\tbroker" in digest.out


def test_a_key_that_cannot_be_used_is_broken_and_hides_nothing_else(look, tmp_path):
    found = look(dkim_selector="one", dkim_private_key=str(tmp_path / "none.pem"))
    assert found["DKIM"].health is Health.BROKEN
    assert "DIGEST_DKIM_PRIVATE_KEY" in found["DKIM"].said
    assert found["SPF"].health is Health.FINE


def test_what_production_refuses_hides_nothing_else(tmp_path, broker):
    digest = Digest(
        env="production",
        secret_key="a" * 16,
        database_url=f"sqlite:///{tmp_path}/digest.sqlite3",
        broker_url=broker,
        smtp_url="smtp://127.0.0.1:1",
    )
    digest("doctor", "--json")
    said = [row["said"] for row in digest.rows if row["what"] == "settings" and row["health"] == "broken"]
    names = [text.partition(":")[0] for text in said]
    assert names == ["DIGEST_SECRET_KEY", "DIGEST_BASE_URL", "DIGEST_MAIL_FROM", "DIGEST_POSTAL_ADDRESS"]
    assert {"database", "broker", "relay 127.0.0.1:1", "clock"} <= {row["what"] for row in digest.rows}


def test_a_process_that_fell_silent_is_named_and_one_that_never_ran_is_a_warning(look, url):
    assert look()["worker"].health is Health.WARNING
    engine = connect(url)
    now = datetime.now(UTC)
    heartbeats.beat(engine, Heartbeat("worker", "one", 7, "0.1.0", now - timedelta(hours=1)))
    heartbeats.beat(engine, Heartbeat("web", "one", 8, "0.1.0", now))
    found = look()
    assert [found[what].health for what in ("worker", "beat", "web")] == [Health.BROKEN, Health.BROKEN, Health.FINE]
    assert "python -m workers" in found["worker"].todo
    engine.dispose()


def test_two_beats_and_two_versions_are_seen(look, url):
    engine = connect(url)
    for pid, version in ((1, "0.1.0"), (2, "0.2.0")):
        heartbeats.beat(engine, Heartbeat("beat", "one", pid, version, datetime.now(UTC)))
    said = {found.said for found in all_of(look, "beat")}
    assert "versions 0.1.0 and 0.2.0 run at once" in said
    assert any(text.startswith("2 run, on one (") for text in said)
    engine.dispose()


def all_of(look, what):
    return [found for found in look(everything=True) if found.what == what]


def test_secrets_that_others_may_read_and_names_that_are_none_are_told(look, tmp_path, monkeypatch):
    (tmp_path / ".env").write_text("DIGEST_SOMETHING_ELSE=1\n")
    (tmp_path / ".env").chmod(0o644)
    monkeypatch.setenv("DIGEST_SERVICE_HOST", "10.0.0.1")
    assert look()["secrets"].todo == "chmod 600 .env"
    said = " ".join(found.said for found in all_of(look, "settings"))
    assert "DIGEST_SERVICE_HOST is not a setting" in said
    assert "DIGEST_SOMETHING_ELSE is not a setting" in said


def test_a_rehearsals_clock_is_a_warning_and_in_production_broken(look):
    assert look()["clock"].health is Health.WARNING
    fit = {"env": "production", "secret_key": "0123456789abcdef", "postal_address": "1 Example Street"}
    assert "DIGEST_NOW" in look(**fit)["clock"].said
    assert look(**fit)["clock"].health is Health.BROKEN
    assert look(now=None)["clock"].health is Health.FINE


def test_a_reader_whose_zone_is_unknown_here_is_named(look, url):
    engine = connect(url)
    readers.admit(engine, "ada@example.org", Preferences(timezone="Mars/Olympus"), NOW)
    assert "Mars/Olympus" in look()["time zones"].said
    engine.dispose()


def test_a_status_or_a_state_that_no_version_knows_is_counted(look, url):
    engine = connect(url)
    assert "rows" not in look()
    ada = readers.admit(engine, "ada@example.org", Preferences(), NOW)
    with writing(engine) as connection:
        readers.turn(connection, ada.id, {"status": "asleep"})
    assert look()["rows"].said == "1 with the reader's status 'asleep', which this version does not know"
    engine.dispose()


def test_an_unknown_source_is_named_with_those_there_are(look):
    assert look(sources=("hugingface",))["sources"].todo.startswith("there are huggingface, arxiv")


def test_another_installation_on_the_broker_is_seen(look, broker):
    with Redis.from_url(broker) as client:
        client.set("digest-0badcafe:tasks", "x")
        assert "shared with digest-0badcafe" in look(broker_url=broker)["broker"].said
        client.set("mine:installation", "0badcafe")
        found = look(broker_url=broker, broker_prefix="mine")["broker"]
        assert (found.health, "DIGEST_BROKER_PREFIX" in found.todo) == (Health.BROKEN, True)
        client.flushdb()


@pytest.mark.parametrize(("status", "text"), [(404, "nginx"), (200, "<html>welcome</html>"), (301, "")])
def test_an_address_that_leads_elsewhere_is_broken(look, status, text):
    found = look(get=answers(status, text))["address"]
    assert (found.health, "let the proxy pass requests on" in found.todo) == (Health.BROKEN, True)


def test_an_address_that_does_not_answer_here_is_a_warning(look):
    def nobody(_method, _url):
        raise httpx.ConnectError("refused")

    assert look(get=nobody)["address"].health is Health.WARNING
    assert "hush" not in look(get=nobody, base_url="https://me:hush@digest.example.org")["address"].said


def test_a_policy_is_looked_for_above_a_public_suffix_of_two_labels():
    records = {("_dmarc.lab.ac.uk", "TXT"): ['"v=DMARC1; p=none"']}
    with NameServer(records) as names:
        assert dns._dmarc(names.resolver(), "digest.lab.ac.uk").health is Health.FINE
        assert dns._dmarc(names.resolver(), "other.ac.uk").health is Health.BROKEN


def test_a_file_that_is_no_database_says_the_mend(look, tmp_path):
    (tmp_path / "x").write_text("hello " * 1000)
    found = look(database_url=f"sqlite:///{tmp_path}/x")["database"]
    assert (found.health, "that file is something else" in found.todo) == (Health.BROKEN, True)


def test_a_pooler_that_mixes_sessions_is_seen_and_postgresql_itself_is_not_one(postgres, look):
    url = postgres()
    assert "pooler" not in look(database_url=url)
    engine = connect(url)
    # Both of our connections on one session of the server's, as pgbouncer gives them in transaction mode.
    pooled = create_engine(url, poolclass=StaticPool)
    assert database._pooled_by_transaction(pooled)
    pooled.dispose()
    engine.dispose()
