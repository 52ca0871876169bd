"""The settings: what is wrong names itself and says what to give, and nothing ever shows a password."""

import secrets

import pytest

from digest.settings import DEVELOPMENT_KEY, BadSetting, Settings, load, urls
from digest.settings.production import LEAST_BITS, bits
from digest.settings.servers import Relay


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SMTP_URL", "mail.example.org"),
        ("BASE_URL", "ftp://x"),
        ("ENV", "staging"),
        ("NOW", "soon"),
        ("NOW", "0001-01-01T00:00+14:00"),
        ("NOW", "9999-12-31T23:59:59.999999"),
        ("SOURCES", ","),
        ("DATABASE_URL", "postgresql://example.org:port/digest"),
        ("DATABASE_URL", "sqlite+nonsense:///digest.sqlite3"),
        ("DATABASE_URL", "sqlite://example.org/digest.sqlite3"),
        ("DATABASE_URL", "sqlite:digest.sqlite3"),
        ("BASE_URL", "https://"),
        ("BASE_URL", "https:///path"),
        ("BASE_URL", "https://example.org?q"),
        ("BASE_URL", "https://example.org#q"),
    ],
)
def test_a_wrong_setting_names_itself(monkeypatch, name, value):
    monkeypatch.setenv(f"DIGEST_{name}", value)
    with pytest.raises(BadSetting, match=f"DIGEST_{name}: "):
        load()


@pytest.mark.parametrize("stray", ["\r\nBcc: eve@example.org", "\n", "\t", "\x7f", "\u2028", " x", "\u202e"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BASE_URL", "https://example.org/{}x"),
        ("HUGGINGFACE_URL", "https://example.org{}"),
        ("ARXIV_URL", "https://example.org{}"),
        ("BROKER_URL", "redis://localhost{}:6379/0"),
        ("SMTP_URL", "smtp://{}localhost:25"),
        ("BOUNCE_MAILBOX_URL", "imap://me@example.org/IN{}BOX"),
        ("MAIL_DOMAIN", "example{}.org"),
        ("MAIL_FROM", "Digest <digest{}@example.org>"),
        ("OPERATOR_EMAIL", "ada{}@example.org"),
    ],
)
def test_what_reaches_headers_holds_no_blank_and_no_end_of_a_line(name, value, stray):
    load(**{name.lower(): value.format("")})
    with pytest.raises(BadSetting, match=f"DIGEST_{name}: "):
        load(**{name.lower(): value.format(stray)})


@pytest.mark.parametrize("stray", ["\r\nBcc: eve@example.org", "\n", "\t", "\u2028"])
def test_the_senders_name_may_hold_spaces_but_ends_no_line(stray):
    assert load(mail_from="The Pâper Digest <digest@example.org>").domain == "example.org"
    with pytest.raises(BadSetting, match="DIGEST_MAIL_FROM: take out the control characters"):
        load(mail_from=f"The{stray}Digest <digest@example.org>")


def test_an_env_file_that_is_no_text_is_one_line(tmp_path):
    (tmp_path / ".env").write_bytes(b"\xff\xfe")
    with pytest.raises(BadSetting, match=r"^\.env: "):
        load()


FIT = {
    "env": "production",
    "secret_key": "0123456789abcdef,fedcba9876543210",
    "base_url": "https://example.org/digest",
    "mail_from": "digest@example.org",
    "postal_address": "1 Example Street",
}


def test_production_says_at_once_all_that_it_needs(monkeypatch):
    assert load(**FIT).env == "production"
    monkeypatch.setenv("DIGEST_ENV", "production")
    with pytest.raises(BadSetting) as refused:
        load()
    for name in ("SECRET_KEY", "BASE_URL", "MAIL_FROM", "POSTAL_ADDRESS"):
        assert f"DIGEST_{name}: " in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("secret_key", "x"),
        ("secret_key", "0123456789abcdef,short"),
        ("secret_key", f"0123456789abcdef,{DEVELOPMENT_KEY}"),
        ("secret_key", "a" * 16),
        ("secret_key", "passwordpassword"),
        ("smtp_url", "smtp://me:hush@mail.example.org"),
        ("smtp_url", "smtps://a.example.org smtp://me:hush@b.example.org:25"),
        ("bounce_mailbox_url", "imap://me:hush@mail.example.org/INBOX"),
        ("base_url", "http://example.org"),
        ("base_url", "https://localhost"),
        ("base_url", "https://127.0.0.1:8443"),
        ("base_url", "https://me:secret@example.org"),
        ("mail_from", "Paper Digest <digest@localhost>"),
        ("postal_address", "   "),
    ],
)
def test_production_refuses_what_cannot_be_used_and_development_does_not(name, value):
    with pytest.raises(BadSetting, match=f"^DIGEST_{name.upper()}: [^;]*$") as refused:
        load(**FIT | {name: value})
    assert "secret@" not in str(refused.value)
    assert "hush" not in str(refused.value)
    load(**FIT | {name: value, "env": "development"})


def test_a_sender_of_brackets_within_brackets_is_one_clear_line():
    with pytest.raises(BadSetting, match="DIGEST_MAIL_FROM: shorten it"):
        load(mail_from="(" * 2_000 + "digest@example.org")


@pytest.mark.parametrize("url", ["https://bücher.example", "https://example.org/pää", "https://example.org/a=b"])
def test_an_address_that_cannot_stand_in_every_mail_is_refused_before_any_is_written(url):
    with pytest.raises(BadSetting, match=r"^DIGEST_BASE_URL: write its host in ASCII \(xn--"):
        load(base_url=url)


def test_a_key_drawn_by_chance_is_strong_and_one_typed_is_not():
    assert min(bits(secrets.token_hex(16)) for _ in range(200)) > LEAST_BITS
    assert (
        max(map(bits, ["a" * 64, "abc" * 20, "0123" * 8, "passwordpassword", "secretsecret1111"[:12] * 2])) < LEAST_BITS
    )


@pytest.mark.parametrize("where", ["smtp://mail.example.org", "smtp://me:hush@localhost", "smtp://me:hush@10.0.0.2"])
def test_a_password_may_go_in_the_clear_where_nobody_listens(where):
    assert load(**FIT, smtp_url=where).relays


AWKWARD = [
    "qx/vy",
    "qx#vy",
    "qx?vy",
    "1/vy",
    "25/vy",
    "q@vy",
    "q@vy/w",
    "qx[vy",
    "qx]vy",
    "q:x/vy",
    "q%zz/",
    "q?x=b@vy",
]


@pytest.mark.parametrize("password", AWKWARD)
@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("smtp_url", "smtp://me:{}@mail.example.org:25"),
        ("smtp_url", "smtps://a.example.org smtp+starttls://me:{}@mail.example.org"),
        ("broker_url", "redis://me:{}@redis.example.org:6379/0"),
        ("bounce_mailbox_url", "imaps://me:{}@mail.example.org/INBOX"),
        ("database_url", "postgresql://me:{}@db.example.org/digest"),
    ],
)
def test_a_password_that_breaks_its_url_is_never_shown_in_pieces(name, url, password):
    """Written as it is, it would make another host of the URL: the advice is to encode it."""
    said = what_is_said(**{name: url.format(password)})
    assert not any(piece in said for piece in ("qx", "vy", "q@", "q:", "mail.example.org", "db.example.org", "%zz"))


def what_is_said(**given):
    """The refusal, or else all that a log may show of the settings, in which another host would be seen."""
    try:
        settings = load(**given)
    except BadSetting as error:
        return str(error)
    own = [relay.host for relay in settings.relays if not relay.password]
    return f"{settings!r} {settings} {own}"


@pytest.mark.parametrize("host", ["..", "a..b", ".a", "a" * 64, "xn--", "xn--ls8h", "ü" * 60, "a\u2060b.."])
@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("smtp_url", "smtp://me:hush@{}:25"),
        ("broker_url", "rediss://me:hush@{}/0"),
        ("bounce_mailbox_url", "imaps://me:hush@{}"),
        ("database_url", "postgresql://me:hush@{}/digest"),
        ("base_url", "https://{}"),
        ("heartbeat_url", "https://me:hush@{}/x"),
        ("alert_webhook", "https://{}/x"),
    ],
)
def test_a_host_that_no_library_can_ask_for_is_refused_before_any_tries(name, url, host):
    with pytest.raises(BadSetting, match=f"DIGEST_{name.upper()}: ") as refused:
        load(**{name: url.format(host)})
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(
    "host", ["db", "my_redis", "h.example.org.", "10.0.0.1", "[::1]", "bücher.example", "xn--bcher-kva.de"]
)
def test_a_host_that_can_be_asked_for_is_taken(host):
    assert load(smtp_url=f"smtp://{host}:25").relays[0].host == host.strip("[]")


@pytest.mark.parametrize(
    ("behind", "fine"),
    [
        ("", True),
        ("/", True),
        ("/15?socket_timeout=2.5&ssl_cert_reqs=none&health_check_interval=30", True),
        ("/x", False),
        ("/-1", False),
        ("/0?timeout=soon", False),
        ("/0?max_connections=-1", False),
        ("/0?hush=1", False),
        ("/hush?ssl_hush", False),
    ],
)
def test_what_stands_behind_a_broker_is_what_its_library_takes(behind, fine):
    if fine:
        assert load(broker_url=f"redis://localhost{behind}").broker.url.endswith(behind)
        return
    with pytest.raises(BadSetting, match="DIGEST_BROKER_URL: ") as refused:
        load(broker_url=f"redis://localhost{behind}")
    assert "hush" not in str(refused.value)


def test_a_password_written_as_advised_arrives_as_it_is():
    [relay] = load(smtp_url="smtps://me:a%2Fb%23c%3Fd%40e%3Af%25@mail.example.org").relays
    assert (relay.password, relay.host) == ("a/b#c?d@e:f%", "mail.example.org")


def test_the_bounds_of_a_relay_are_read_once_into_numbers():
    [one, two] = load(
        smtp_url="smtps://a.example.org?weight=3&rate=2.5 smtps://b.example.org?per_day=500&warmup=2026-11-26"
    ).relays
    assert (one.weight, one.rate, one.per_day, one.warmup) == (3, 2.5, None, None)
    assert (two.weight, two.rate, two.per_day, str(two.warmup)) == (1, None, 500, "2026-11-26")


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("weight=0", "a weight of 1 or more"),
        ("rate=0", r"\?rate=14"),
        ("rate=nan", r"\?rate=14"),
        ("rate=fast", r"\?rate=14"),
        ("per_day=1.5", r"\?per_day="),
        ("per_day=-1", r"\?per_day="),
        ("warmup=soon", r"\?warmup=2026-11-26"),
        ("wieght=2", "'wieght' is not an option of a relay"),
    ],
)
def test_an_option_that_says_nothing_is_refused(option, said):
    with pytest.raises(BadSetting, match=f"DIGEST_SMTP_URL: .*{said}"):
        load(smtp_url=f"smtp://mail.example.org?{option}")


def test_a_name_that_is_nearly_one_of_ours_is_named_with_the_one_meant(monkeypatch, tmp_path):
    monkeypatch.setenv("DIGEST_SMTPURL", "smtp://mail.example.org")
    with pytest.raises(BadSetting, match="^DIGEST_SMTPURL: there is no such setting; did you mean DIGEST_SMTP_URL"):
        load()
    monkeypatch.delenv("DIGEST_SMTPURL")
    (tmp_path / ".env").write_text("DIGEST_DATABSE_URL=sqlite:///x\n")
    with pytest.raises(BadSetting, match="did you mean DIGEST_DATABASE_URL"):
        load()


@pytest.mark.parametrize("name", ["DIGEST_SERVICE_HOST", "DIGEST_PORT", "DIGEST_PORT_8000_TCP_ADDR", "DIGEST_HOME"])
def test_a_name_that_is_somebody_elses_stops_nobody(monkeypatch, name):
    """Kubernetes makes such names of a service called `digest`."""
    monkeypatch.setenv(name, "10.0.0.1")
    load()


def test_two_installations_have_two_names_and_the_hosts_of_one_have_the_same():
    def prefix(**given):
        return Settings(**given).broker.prefix

    one = prefix(database_url="postgresql://a:b@localhost/papers", base_url="https://papers.example.org")
    assert one == prefix(
        database_url="postgresql://c:d@db.example.org:6432/papers", base_url="https://papers.example.org"
    )
    assert one != prefix(database_url="postgresql://a:b@localhost/other", base_url="https://papers.example.org")
    assert one != prefix(database_url="postgresql://a:b@localhost/papers", base_url="https://other.example.org")
    assert prefix(database_url="sqlite:////srv/one.sqlite3") != prefix(database_url="sqlite:////srv/two.sqlite3")
    assert prefix(broker_prefix="papers") == "papers"


def test_a_value_names_itself_without_its_password():
    assert "hush" not in repr(Relay.at("smtp://me:hush@mail.example.org"))


def test_a_provider_in_the_clear_is_refused_where_mails_go_to_strangers():
    far = "ses://AK:secret@eu-west-1?endpoint=http://mail.example.net"
    with pytest.raises(BadSetting, match="in the clear"):
        load(**FIT, smtp_url=far)
    assert load(**FIT, smtp_url=far.replace("http:", "https:")).relays
    assert load(**FIT, smtp_url="ses://AK:secret@eu-west-1?endpoint=http://localhost:4579").relays


def test_rates_of_domains_are_read_with_their_period():
    given = load(domain_rate="yahoodns.net=20/m, Gmail.com=600/h").domain_rate
    assert [urls.domain_rate(one) for one in given] == [("yahoodns.net", 20, 60), ("gmail.com", 600, 3600)]


@pytest.mark.parametrize("rate", ["gmail.com", "gmail.com=0/m", "=3/m", "gmail.com=3/w", "gmail.com=1e9/s", "a b=3/m"])
def test_a_rate_that_says_nothing_is_refused(rate):
    with pytest.raises(BadSetting, match=r"DIGEST_DOMAIN_RATE: .*gmail\.com=600/m"):
        load(domain_rate=rate)
