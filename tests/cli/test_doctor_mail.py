"""What takes a mail, a name server or an endpoint to see: test mails, the name of the sending host, who answers."""

import io
import sys

import httpx
import pytest

from digest.bootstrap import Service
from digest.cli.doctor import Health, aside, processes, sender, trial
from digest.domain import Preferences
from digest.jobs import delivery
from digest.jobs import trial as trials
from digest.settings import Settings, urls
from digest.store import gauges, readers
from tests.cli.test_cli import Digest
from tests.support.factories import NOW
from tests.support.name_server import NameServer
from tests.support.visitor import a_visitor

MAIL_FROM = "digest@papers.example.org"


@pytest.fixture
def service(sqlite, tmp_path, mail_server):
    given = {
        "database_url": sqlite(tmp_path),
        "smtp_url": mail_server.url,
        "mail_from": MAIL_FROM,
        "secret_key": "a key",
    }
    with Service(Settings(**given)) as service:
        yield service


class Pipe:
    """A mail server that hands what comes to the bounce address to `digest bounce`, as time goes on."""

    def __init__(self, service, mail_server, changed=lambda content: content):
        self.service, self.mail_server, self.changed = service, mail_server, changed
        self.passed, self.now = 0, 0.0

    def clock(self):
        self.now += 1.0
        arrived, self.passed = self.mail_server.mails[self.passed :], len(self.mail_server.mails)
        for recipient, content in arrived:
            if "bounce+trial." in str(recipient):
                trials.came_back(self.service.engine, self.changed(content), NOW)
        return self.now


def test_a_test_mail_that_comes_back_is_fine_and_one_goes_to_the_address_too(service, mail_server):
    [found] = trial.look(service, "ada@example.org", 5, Pipe(service, mail_server).clock)
    assert (found.health, "taken, and back" in found.said) == (Health.FINE, True)
    text = " ".join(map(str, mail_server.recipients))
    assert "ada@example.org" in text
    assert "bounce+trial." in text
    assert not [name for name in gauges.known(service.engine) if name.startswith("trial")], "nothing is left of it"


def test_a_relay_that_takes_a_mail_and_drops_it_is_missing(service):
    ticks = iter(range(100))
    [found] = trial.look(service, "ada@example.org", 0, lambda: next(ticks))
    assert (found.health, found.said.startswith("missing: taken")) == (Health.BROKEN, True)
    assert "drops them" in found.todo
    assert "bounce+…@papers.example.org" in found.todo


def test_a_relay_that_refuses_it_says_so(service, mail_server):
    mail_server.refuse("ada@example.org", "550 5.7.1 relaying denied")
    [found] = trial.look(service, "ada@example.org", 0, lambda: 1.0)
    assert (found.health, "relaying denied" in found.said) == (Health.BROKEN, True)


@pytest.mark.parametrize(
    "changed",
    [
        lambda content: b"Subject: returned\r\n\r\n" + content,
        lambda content: content.replace(b"X-Paper-Digest-Trial: ", b"X-Paper-Digest-Trial: 7"),
        lambda content: b"",
    ],
)
def test_a_bounce_of_it_and_one_that_is_made_up_are_no_return(service, mail_server, changed):
    [found] = trial.look(service, "ada@example.org", 2, Pipe(service, mail_server, changed).clock)
    assert found.health is Health.BROKEN


def test_digest_bounce_knows_a_test_mail(service, monkeypatch):
    number = trials.number()
    mail = trials.make(
        service.composer, "bounce+trial.1@papers.example.org", number, trials.mark(service.engine, number), NOW
    )
    stdin = io.TextIOWrapper(io.BytesIO(mail.content))
    monkeypatch.setattr(sys, "stdin", stdin)
    digest = Digest(database_url=service.settings.database_url, secret_key="a key")
    assert digest("bounce").code == 0
    assert trials.is_back(service.engine, number)
    assert not trials.is_back(service.engine, number)


PUBLIC = {("mx.example.org", "A"): ["8.8.4.4"]}
BACK = {("4.4.8.8.in-addr.arpa", "PTR"): ["mx.example.org."]}
OTHER = {("4.4.8.8.in-addr.arpa", "PTR"): ["dsl-7.example.net."], ("dsl-7.example.net", "A"): ["8.8.8.8"]}


@pytest.mark.parametrize(
    ("records", "health", "said"),
    [
        (PUBLIC | BACK, Health.FINE, "name each other"),
        (PUBLIC, Health.BROKEN, "8.8.4.4, which mx.example.org sends from, has no name"),
        (PUBLIC | OTHER, Health.BROKEN, "is called dsl-7.example.net"),
        ({("mx.example.org", "A"): ["10.0.0.7"]}, Health.WARNING, "no public address"),
    ],
)
def test_the_address_that_sends_leads_back_to_its_name(service, records, health, said):
    with NameServer(records) as names:
        [found] = sender.look(service, names.resolver, lambda: "mx.example.org")
    assert (found.health, said in found.said) == (health, True)


def test_a_host_without_a_whole_name_is_told_and_somebody_elses_relay_is_theirs(service):
    [found] = sender.look(service, None, lambda: "worker-7")
    assert found.health is Health.UNKNOWN
    theirs = Service(Settings(smtp_url="smtps://smtp.example.net"))
    assert not list(sender.look(theirs, None, lambda: "worker-7"))


def ours(service, engine, **other):
    """The endpoint, asked as over the network."""
    visitor = a_visitor(engine, **{"secret_key": "a key", "database_url": service.settings.database_url} | other)
    return lambda method, url: visitor.send(method, url)


@pytest.fixture
def public(service):
    return Service(
        service.settings.model_copy(update={"base_url": "https://papers.example.org"}), engine=service.engine
    )


def address(service, get):
    [found] = processes._endpoint(service.settings, get)
    return found


def test_an_address_that_leads_to_this_installation_is_fine(public):
    assert address(public, ours(public, public.engine)).health is Health.FINE


@pytest.mark.parametrize("other", [{"secret_key": "another key"}, {"database_url": "sqlite:///elsewhere.sqlite3"}])
def test_an_address_that_leads_to_another_installation_is_broken(public, other):
    found = address(public, ours(public, public.engine, **other))
    assert (found.health, "another installation" in found.said) == (Health.BROKEN, True)


@pytest.mark.parametrize("status", [301, 403, 404, 405])
def test_a_proxy_that_does_not_pass_post_on_is_broken(public, status):
    through = ours(public, public.engine)

    def get(method, url):
        return httpx.Response(status) if method == "POST" else through(method, url)

    found = address(public, get)
    assert (found.health, f"answers {status} to POST" in found.said) == (Health.BROKEN, True)


def test_the_badge_tells_nobody_what_it_is_made_of(public):
    headers = ours(public, public.engine)("GET", "/healthz").headers
    assert headers[urls.BADGE] == public.settings.badge
    assert public.settings.installation not in headers[urls.BADGE]


def test_readers_who_are_set_aside_are_named(service):
    assert not list(aside.look(service))
    reader = readers.admit(service.engine, "ada@example.org", Preferences(timezone="Mars/Olympus"), service.now)
    delivery.plan(service.engine, service.now)
    [found] = aside.look(service)
    assert (found.health, f"reader {reader.id}: " in found.said) == (Health.WARNING, True)
    assert "ada@" not in found.said
