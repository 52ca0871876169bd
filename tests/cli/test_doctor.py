"""`digest doctor`: what it finds, on real parts and a name server of the test's own."""

from datetime import timedelta

import pytest
from dns.resolver import Resolver

from digest.bootstrap import Service
from digest.cli.doctor import FRESH_FOR, Health, examined
from digest.compose import dkim
from digest.domain import CollectionRun, Outcome
from digest.settings import Settings
from digest.store import collections
from digest.store.engine import connect, migrate, writing
from tests.cli.test_cli import Digest
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
def url(tmp_path):
    url = f"sqlite:///{tmp_path}/digest.sqlite3"
    engine = connect(url)
    migrate(engine)
    with writing(engine) as connection:
        found = CollectionRun("huggingface", NOW.date(), "api", 20, 0.1, Outcome.OK, "", NOW)
        collections.record(connection, found)
    engine.dispose()
    return url


@pytest.fixture
def look(url):
    def look(records=ALL_WELL, **settings):
        nowhere = {"broker_url": "redis://127.0.0.1:1/0", "smtp_url": "smtp://127.0.0.1:1", "now": NOW}
        mine = {"database_url": url, "mail_from": f"digest@{DOMAIN}", "base_url": "https://digest.example.org"}
        here = Service(Settings(**nowhere | mine | settings))
        with NameServer(records) as names:
            found = {finding.what: finding for finding in examined(here, names.resolver)}
        here.close()
        return found

    return look


def test_what_is_well_is_fine(look, broker, mail_server):
    found = look(broker_url=broker, smtp_url=mail_server.url, operator_email="ada@example.org")
    fine = {"database", "huggingface", "broker", "SPF", "DMARC", "returns", "endpoint", f"relay {mail_server.url[7:]}"}
    assert {what for what, finding in found.items() if finding.health is Health.FINE} == fine
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
    *_, last = examined(Service(settings), nobody)
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
